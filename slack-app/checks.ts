/**
 * The single checks of the identity gate that need nobody to be asked: pure, each throws the `StintError` of its
 * refusal. `gatekeeper.ts` has their order and the checks that ask Slack, the directory and the policy.
 */
import type { ActionTarget } from '../cards/actions.js';
import { StintError } from '../contract/errors.js';
import type { Person } from '../contract/ports.js';
import type { ClickKind } from '../contract/preview.js';
import type { ElevationView } from '../contract/view.js';
import type { SlackAppConfig } from './config.js';
import type { Claim, Place } from './payload.js';
import type { Recalled } from './recall.js';
import { now, RULES, tooLate, windowFits } from './standing.js';

/** Which button, which elevation, which round. */
export type RoundAsk = ActionTarget & { readonly kind: ClickKind };

// ---- 1 to 2: the payload is for us, and from a member of our workspace ------------------------------------------------

/** Bolt does not compare these: a correctly signed payload naming another app reaches its listeners (tried with 5.1). */
export function checkApp(claim: Claim, config: SlackAppConfig): void {
  if (claim.appId !== config.appId)
    throw new StintError('foreign-workspace', 'This came from another Slack app and was ignored.');
}

export function checkTeam(claim: Claim, config: SlackAppConfig): void {
  const { teamId, enterpriseId } = config;
  const ourOrg = enterpriseId !== undefined && claim.enterpriseId === enterpriseId;
  if (claim.orgInstall && !ourOrg) throw new StintError('foreign-workspace');
  // `team` is null only for installations on a whole organisation.
  if (claim.teamId === undefined ? !(claim.orgInstall && ourOrg) : claim.teamId !== teamId) {
    throw new StintError('foreign-workspace');
  }
  // Members of a connected organisation see our messages and can press what is on them (docs.slack.dev/apis/slack-connect).
  // Inside our own organisation another workspace is allowed here, and `users.info` then has to say the same.
  if (claim.userTeamId === undefined || !(claim.userTeamId === teamId || ourOrg)) throw new StintError('foreign-workspace');
}

// ---- 3: on the card that we posted --------------------------------------------------------------------------------

export function checkPlace(place: Place, kind: ClickKind, known: Recalled): void {
  // What is shown to one person only holds no decisions, and is recorded nowhere.
  if (place.ephemeral) throw new StintError('wrong-place');
  if (place.home) {
    // Drawn for one person, and on record nowhere. That the elevation is theirs is checked below; nothing is added from there.
    if (RULES[kind].who === 'holder' && !RULES[kind].adds) return;
    throw new StintError('wrong-place', 'This cannot be pressed here. Use the card, or your direct message with Stint.');
  }
  if (place.channelId?.startsWith('D')) {
    // A direct message with the bot is seen by its one person; that this is the holder is checked below.
    if (RULES[kind].who === 'holder') return;
    throw new StintError('wrong-place');
  }
  if (!place.messageTs || !place.channelId) throw new StintError('wrong-place');
  if (known.card && known.card.channel !== place.channelId) throw new StintError('wrong-place');
  if (known.card) {
    if (known.card.ts === place.messageTs) return;
    throw new StintError(
      'wrong-place',
      'This is a copy, or an older card. Use the card that Stint keeps current in the approver channel.',
    );
  }
  /*
   * The place of the card is not on record: a store that is down or behind. Slack brings presses of our own messages alone,
   * from a member who sees them, and says who it is: for taking away that is what counts, since to wait would keep access
   * alive. The worst that a colleague can do by it is to end one early, under their name.
   */
  if (RULES[kind].adds) throw cannotKnow(known);
}

/** A button in a direct message acts from where this person was written to about this elevation, if that is on record. */
export function checkDm(place: Place, ours: readonly string[]): void {
  if (ours.length > 0 && !ours.some((channel) => channel === place.channelId)) throw new StintError('wrong-place');
}

export function checkChannel(trouble: string | undefined): void {
  if (trouble !== undefined) throw new StintError('wrong-place', `Nothing can be approved now: ${trouble}`);
}

// ---- 6: about this elevation, and not one's own -----------------------------------------------------------------------

/** People are compared by `personId`: a second Slack account of the requester is the requester. */
function isOwn(person: Person, view: ElevationView): boolean {
  return [view.request.requester.personId, view.request.subject.personId].includes(person.personId);
}

export function checkOwn(person: Person, view: ElevationView, kind: ClickKind): void {
  const rule = RULES[kind];
  if (rule.notOwn && isOwn(person, view)) throw new StintError('own-request');
  if (rule.who === 'holder' && !isOwn(person, view)) throw new StintError('not-yours');
}

// ---- 6: the round and the state that the button was drawn for --------------------------------------------------------

export function checkRound(view: ElevationView, ask: RoundAsk): void {
  const expected = RULES[ask.kind].round === 'extension' ? view.extension?.roundDigest : view.digest;
  if (ask.roundDigest !== expected) {
    throw new StintError('state-conflict', `This button belongs to an older version of the request. ${now(view)}`);
  }
}

export function checkStanding(person: Person, view: ElevationView, ask: RoundAsk): void {
  const late = tooLate(view, ask.kind);
  if (late !== undefined) throw new StintError('state-conflict', late);
  if (!windowFits(view, ask.kind, ask.windowMs)) {
    throw new StintError('bad-input', 'The policy does not offer this length of time for this request.');
  }
  const votes = RULES[ask.kind].round === 'extension' ? (view.extension?.votes ?? []) : view.votes;
  const voted = votes.some(
    (v) => v.personId === person.personId && v.roundDigest === ask.roundDigest && v.decision === 'approve',
  );
  if (voted && RULES[ask.kind].sends === 'approve') {
    throw new StintError('state-conflict', `You have already approved this; it still needs someone else. ${now(view)}`);
  }
}

// ---- when the store does not say ------------------------------------------------------------------------------------

export function cannotKnow(known: Recalled): StintError {
  if (known.how === 'down') return new StintError('store-unavailable');
  if (known.how === 'unrecorded' && !known.asked) return new StintError('unknown-request');
  return new StintError('unknown-request', 'Stint has not finished recording this request. Press again in a few seconds.');
}
