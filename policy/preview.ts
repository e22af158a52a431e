/** The policy's answers to an entrance: what a person may ask for, and whether a click could count. */
import type { Digest } from '../contract/ids.js';
import type { Directory, Fence, Person, Requests, Store, TargetFacts, Tickets, UsageBook } from '../contract/ports.js';
import type { ClickKind, ClickVerdict, Preview } from '../contract/preview.js';
import type { TargetKind } from '../contract/request.js';
import type { ElevationView } from '../contract/view.js';
import { judgeClick, TAKES_AWAY } from './click.js';
import { recalled } from './judge.js';
import { offersFor, others, pin, type Shelf, search } from './offers.js';
import { outlookOf } from './outlook.js';
import type { Policy } from './rules.js';
import { ONLY_MACS } from './targets.js';

export interface PreviewDeps {
  /** The policy as it is now. May throw `bad-policy`; an error is never a yes. */
  readonly policy: () => Promise<Policy>;
  /** Policies by hash: who may review is said by that of the taking; and who may end it, where that of now can't be read. */
  readonly policies?: Pick<Store['policies'], 'get'>;
  /** By which policy a target was taken; without it nobody may review that. */
  readonly grants?: Pick<Fence, 'grant'>;
  readonly directory: Directory;
  /** Whom clicks that take access away are judged by, while the people file is not valid; the directory where none is given. */
  readonly lastGood?: Directory;
  /** Of all kinds of target that may be asked for; Macs alone where none are given. */
  readonly targets?: readonly TargetFacts[];
  /** What people wrote, by its digest: for clicks on requests whose rule asks something of the reason. */
  readonly texts?: Pick<Requests, 'getText'>;
  /** For rules that want a ticket looked up; without it no approval under them is let through. */
  readonly tickets?: Tickets | undefined;
  /** What counts against limits; without it no approval under them is let through. */
  readonly usage?: UsageBook;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
}

/** The preview of the policy and the directory as they are at each call. */
export function createPreview(deps: PreviewDeps): Preview {
  const { policy, policies, grants, directory, lastGood = directory, targets = ONLY_MACS, texts, tickets, usage, clock } = deps;
  const recorded = async (hash: Digest): Promise<Policy | undefined> =>
    policies && recalled(policies, hash).catch(() => undefined);

  async function click(now: Policy, view: ElevationView, person: Person, kind: ClickKind, windowMs?: number) {
    const sources = { directory: TAKES_AWAY.has(kind) ? lastGood : directory, targets, texts, tickets, ...(usage && { usage }) };
    return judgeClick(kind, { policy: now, policies, grants, ...sources, view, person, windowMs, now: clock() });
  }

  /**
   * A mistake in a file must not keep access alive. Whom the verdict on record names, and the holder, are judged by that
   * alone, without the store.
   */
  async function withoutPolicy(view: ElevationView, person: Person, kind: ClickKind): Promise<ClickVerdict> {
    const hash = view.verdict.policyHash;
    const verdict = await click({ hash, source: '', rules: [] }, view, person, kind);
    const then = verdict.ok ? undefined : await recorded(hash);
    return then ? click(then, view, person, kind) : verdict;
  }

  const shelf = async (only?: TargetKind): Promise<Shelf> => {
    const shown = only ? targets.filter(({ kind }) => kind === only) : targets;
    return { policy: await policy(), directory, targets: shown, now: clock() };
  };
  return {
    offersFor: async (person, subject = person, kind) => offersFor(await shelf(kind), { person, subject }),
    search: async (person, text, limit, subject = person, how = 'asking', kind) =>
      search(await shelf(kind), { person, subject, how }, text, limit),
    others: async (person, text, limit) => others(await shelf(), person, text, limit),
    pin: async (person, key, subject = person, how = 'asking') => pin(await shelf(), { person, subject, how }, key),
    outlook: async (ask) => outlookOf({ directory, targets, ...(usage && { usage }) }, await policy(), ask, clock()),
    async judgeClick(view, person, kind, windowMs) {
      const now = TAKES_AWAY.has(kind) ? await policy().catch(() => undefined) : await policy();
      return now ? click(now, view, person, kind, windowMs) : withoutPolicy(view, person, kind);
    },
  };
}
