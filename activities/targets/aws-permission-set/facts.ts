/**
 * What there is to know of AWS for whoever asks and whoever judges, over the catalogue. A request can name any account, set
 * and user: nothing in it is believed that the catalogue, and the binding of the person, don't say too.
 */
import { isStintError, StintError } from '../../../contract/errors.js';
import { msOf } from '../../../contract/ids.js';
import type { Candidate, Fence, Person, TargetFacts, TargetLook } from '../../../contract/ports.js';
import type { AwsPermissionSetTarget } from '../../../contract/request.js';
import type { Catalogue, Catalogued } from './catalogue.js';
import { haveAlready } from './errors.js';
import type { HeldLook } from './held.js';
import { aboutPair, candidateOf, readKey, setArnOf, targetFor } from './offer.js';
import type { Pair } from './search.js';
import { bindUser, notTheirs, type WhoDeps } from './who.js';

export interface AwsFactsDeps extends WhoDeps {
  readonly catalogue: Catalogue;
  readonly held: HeldLook;
  readonly fence: Pick<Fence, 'live'>;
}

/** A catalogue that was not read anew for so long says nothing of today. */
const STALE_MS = 30 * 60_000;
/** Whoever asks waits no longer to hear that they have it already. */
const HELD_MS = 2_000;

export function createAwsFacts(deps: AwsFactsDeps): TargetFacts<AwsPermissionSetTarget> {
  const { catalogue } = deps;
  return {
    kind: 'aws-permission-set',
    searchable: true,
    note: () => note(deps),
    listed: async () => [],
    search: async (_person, text, limit, may) => inMemory(deps).search.find(text, limit, once(may)).map(candidateOf),
    async candidate(_person, key) {
      const pair = await pairOf(deps, key);
      return pair && candidateOf(pair);
    },
    pin: (person, key) => pin(deps, person, key),
    look: (target, holder) => look(deps, target, holder),
    known({ accountId, permissionSetArn }) {
      const now = catalogue.now();
      const [account, set] = [now?.accounts.get(accountId), now?.sets.get(permissionSetArn)];
      // Without tags it is as if nothing were known: a rule may go by them.
      return account?.tags && set && aboutPair(account, set);
    },
  };
}

const once = (may: (found: Candidate) => boolean) => (pair: Pair) => may(candidateOf(pair));

/** Whoever types waits for no load: Slack gives them three seconds. */
function inMemory({ catalogue, now }: AwsFactsDeps): Catalogued {
  const known = catalogue.now();
  if (known) return fresh(catalogue, known, now());
  catalogue.refresh().catch(() => undefined);
  throw new StintError('aws-unavailable', notYet(catalogue));
}

function notYet(catalogue: Catalogue): string {
  const why = catalogue.state().failing?.sentence ?? 'Stint is still reading what there is. Try again in a minute.';
  return `AWS cannot be searched yet. ${why}`;
}

/** Why a search may miss something, for who does not find it. */
function note(deps: AwsFactsDeps): string | undefined {
  const { catalogue, now } = deps;
  const known = catalogue.now();
  if (!known) return notYet(catalogue);
  try {
    fresh(catalogue, known, now());
  } catch (error) {
    return isStintError(error) ? error.sentence : 'AWS cannot be searched now.';
  }
  return [known.limits.untold, tagsNote(catalogue)].filter(Boolean).join(' ') || undefined;
}

function tagsNote(catalogue: Catalogue): string | undefined {
  const { untagged, untold } = catalogue.state();
  if (untold) return `The tags of ${untagged} AWS accounts can't be looked up, so some may not be found. ${untold}`;
  return untagged ? `The tags of ${untagged} AWS accounts are still being read; some may not be found for a minute.` : undefined;
}

function fresh(catalogue: Catalogue, known: Catalogued, now: number): Catalogued {
  // A load that hangs fails never, and a computer that slept knows of none: only the age tells. Set back, a clock tells nothing.
  if (Math.abs(now - msOf(known.loadedAt)) <= STALE_MS) return known;
  const why = catalogue.state().failing?.sentence ?? 'It is being read anew. Try again in a minute.';
  catalogue.refresh().catch(() => undefined);
  throw new StintError('aws-unavailable', `What is known of AWS is of ${known.loadedAt}, too old to go by. ${why}`);
}

async function pairOf({ catalogue, now }: AwsFactsDeps, key: string): Promise<Pair | undefined> {
  const ids = readKey(key);
  if (!ids) return undefined;
  const { instance } = await catalogue.loaded();
  const arn = setArnOf(instance, ids.setId);
  // Each is looked for anew when it is not known; what is then known holds both.
  const account = await catalogue.account(ids.accountId);
  const there = account && (await catalogue.permissionSet(arn));
  return there && fresh(catalogue, await catalogue.loaded(), now()).search.pair(ids.accountId, arn);
}

async function pin(deps: AwsFactsDeps, person: Person, key: string): Promise<AwsPermissionSetTarget> {
  const pair = await pairOf(deps, key);
  if (!pair) throw new StintError('unknown-target', 'AWS has no such account or permission set any more. Search again.');
  if (pair.barred) throw new StintError('not-eligible', pair.barred);
  const user = await bindUser(deps, person);
  const target = targetFor(pair, (await deps.catalogue.loaded()).instance, user.id);
  await refuseHeld(deps, target);
  return target;
}

/**
 * What somebody has, and not from us, is said when it is asked for. It goes last in line, so that asking takes no call from
 * grants and proofs. What can't be seen soon is not said: a person's own assignment is looked at again before the grant, and
 * what comes through a group no grant and no revoke touches.
 */
async function refuseHeld({ held, fence }: AwsFactsDeps, target: AwsPermissionSetTarget): Promise<void> {
  const signal = AbortSignal.timeout(HELD_MS);
  const found = await held(target, { rank: 'background', signal, what: target.display }).catch(() => undefined);
  if (found?.by === 'group') throw haveAlready(target.display, found.group);
  // What is ours is told by whoever knows the elevation: it may end any moment.
  if (found && !(await fence.live(target.key))) throw haveAlready(target.display);
}

async function look(deps: AwsFactsDeps, target: AwsPermissionSetTarget, holder: Person): Promise<TargetLook> {
  // Before all that may be a ground for a no: a people file that can't be read just now is none, and a later look heals it.
  const named = await deps.directory.personByAwsUser(target.principalId);
  try {
    return await looked({ ...deps, directory: { personByAwsUser: async () => named } }, target, holder);
  } catch (error) {
    // What may work later is asked again by whoever judges; what is said for good is no ground for a yes.
    if (!isStintError(error) || error.retryable) throw error;
    return { refusal: error.sentence };
  }
}

async function looked(deps: AwsFactsDeps, target: AwsPermissionSetTarget, holder: Person): Promise<TargetLook> {
  const { accountId, permissionSetArn, principalId } = target;
  const setId = permissionSetArn.slice(permissionSetArn.lastIndexOf('/') + 1);
  const pair = await pairOf(deps, `aws/${accountId}/${setId}`);
  if (!pair) return { refusal: `AWS has no account ${accountId} in use, or not the permission set of this request.` };
  const about = aboutPair(pair.account, pair.set);
  const pinned = targetFor(pair, (await deps.catalogue.loaded()).instance, principalId);
  const refusal = differs(target, pinned) ?? pair.barred ?? (await notTheirs(deps, principalId, holder));
  return refusal === undefined ? { about } : { about, refusal };
}

/** Approvers decide by what a request shows, the fence goes by its key: both must be what AWS says. */
function differs(target: AwsPermissionSetTarget, pinned: AwsPermissionSetTarget): string | undefined {
  const { instanceArn, permissionSetArn, key } = target;
  if (instanceArn !== pinned.instanceArn || permissionSetArn !== pinned.permissionSetArn)
    return 'The request names another instance of Identity Center than the one that Stint works with. Ask anew.';
  if (key !== pinned.key) return 'The key of the request does not fit its ids.';
  const misnamed = (['display', 'accountName', 'setName'] as const).find((name) => target[name] !== pinned[name]);
  if (misnamed) return `The request calls it "${target[misnamed]}"; AWS calls it "${pinned[misnamed]}" now. Ask anew.`;
  if (target.sessionMs < pinned.sessionMs) return `Sessions of ${target.display} last longer than the request says. Ask anew.`;
  return undefined;
}
