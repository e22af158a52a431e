/**
 * Walks the pairs of account and permission set that the policy names, and lists who holds each: AWS tells that by pair alone
 * to a delegated administrator. Last in line for the budget, so that no grant and no revoke waits for it.
 */
import { instant } from '../../../contract/ids.js';
import type { AwsAbout, Place, Walk } from '../../../contract/ports.js';
import type { AssignmentCalls } from './calls.js';
import type { Catalogue, Catalogued } from './catalogue.js';
import { aboutPair, candidateOf, targetFor } from './offer.js';
import type { Pair } from './search.js';

export interface AwsWalkDeps {
  readonly catalogue: Pick<Catalogue, 'loaded'>;
  readonly calls: Pick<AssignmentCalls, 'assigned'>;
  /** What users are called, by id. Without it, or while it fails, they are told by their ids. */
  readonly names?: (signal: AbortSignal) => Promise<ReadonlyMap<string, string>>;
  /** Whether some rule of the policy as it is now speaks of it. Throws when the policy can't be read. */
  readonly named: () => Promise<(about: AwsAbout) => boolean>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** So many calls are out at once; the budget says how often. */
const AT_ONCE = 3;
/** How long one walk may take, unless all is asked for; in ms. A quiet AWS answers 300 places in twenty seconds. */
const WALK_MS = 60_000;

/** How long names are asked for at most, and how long they are gone by; in ms. */
const NAMES_MS = 15_000;
const NAMES_KEPT_MS = 30 * 60_000;
const NO_NAMES: ReadonlyMap<string, string> = new Map();

/** Asked for only where somebody was found; no walk fails by it. */
function createNames({ names, now }: AwsWalkDeps): () => Promise<ReadonlyMap<string, string>> {
  let kept = { all: NO_NAMES, at: Number.NEGATIVE_INFINITY };
  return async () => {
    if (!names || now() - kept.at < NAMES_KEPT_MS) return kept.all;
    const all = await names(AbortSignal.timeout(NAMES_MS)).catch(() => undefined);
    if (all) kept = { all, at: now() };
    return all ?? NO_NAMES;
  };
}

export function createAwsWalk(deps: AwsWalkDeps): Walk {
  const names = createNames(deps);
  return {
    kind: 'aws-permission-set',
    async walk(after, max) {
      const known = await deps.catalogue.loaded();
      const all = placesOf(known, await deps.named());
      const places: Place[] = [];
      const failures: { place: string; error: unknown }[] = [];
      const turn = nextOf(all, after, max);
      const until = Number.isFinite(max) ? deps.now() + WALK_MS : Number.POSITIVE_INFINITY;
      for (let i = 0; i < turn.length && deps.now() < until; i += AT_ONCE) {
        const asked = turn.slice(i, i + AT_ONCE);
        const answers = await Promise.allSettled(asked.map((stop) => ask(deps, known, stop)));
        answers.forEach((answer, n) => {
          if (answer.status === 'fulfilled') places.push(answer.value);
          else failures.push({ place: asked[n]?.key ?? '', error: answer.reason });
        });
        // AWS answers nobody now. Whoever else is looked after must not wait for each of these to fail, too.
        if (answers.every(({ status }) => status === 'rejected')) break;
      }
      const called = places.some(({ holders }) => holders.length > 0) ? await names() : NO_NAMES;
      return { places: places.map((place) => ({ ...place, called })), of: all.length, failures };
    },
  };
}

interface Stop {
  readonly key: string;
  readonly pair: Pair;
}

/** By key. What AWS would not let us list is left out, and so are accounts that are suspended: nobody gets in there. */
function placesOf({ accounts, sets, search }: Catalogued, named: (about: AwsAbout) => boolean): readonly Stop[] {
  const found: Stop[] = [];
  for (const account of accounts.values()) {
    for (const set of sets.values()) {
      const pair = search.pair(account.id, set.arn);
      if (pair && !pair.barred && named(aboutPair(account, set))) found.push({ key: candidateOf(pair).key, pair });
    }
  }
  return found.sort((a, b) => (a.key < b.key ? -1 : 1));
}

/** From the first one behind `after` on, around the end, each at most once. */
function nextOf(all: readonly Stop[], after: string | undefined, max: number): readonly Stop[] {
  const from =
    after === undefined
      ? 0
      : Math.max(
          0,
          all.findIndex(({ key }) => key > after),
        );
  return [...all.slice(from), ...all.slice(0, from)].slice(0, Math.min(max, all.length));
}

async function ask({ calls, now }: AwsWalkDeps, { instance }: Catalogued, { key, pair }: Stop): Promise<Place> {
  const observedAt = instant(now());
  const [accountId, permissionSetArn] = [pair.account.id, pair.set.arn];
  const users = await calls.assigned({ instanceArn: instance.arn, accountId, permissionSetArn }, { rank: 'background' });
  return { key, observedAt, holders: users.map((user) => targetFor(pair, instance, user)) };
}
