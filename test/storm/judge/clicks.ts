/** Clicks that were acknowledged: what became of each is in the ledger, or was said to whoever pressed, or it was over by then. */
import type { AnyEvent, EventType } from '../../../contract/events.js';
import type { Told } from '../far/eyes.js';
import type { Press } from '../notebook.js';
import { at, type Facts, type Violation } from './facts.js';

/** What an acknowledged click may wait for its answer, or be overtaken by the end of what it was about, in milliseconds. */
const ANSWER_MS = 15_000;
const OVERTAKEN_MS = 5000;
/** A vote waits to be judged, and may be overtaken meanwhile; a worker that died over it is waited for ten seconds, some twice. */
const UNJUDGED_MS = 30_000;
/** Between our clock's look and the product's: the press is noted before it is sent, and instants are cut to milliseconds. */
const CLOCK_MS = 1000;
/** What was pressed so short before the verdict is still under way, in milliseconds. */
const UNDER_WAY_MS = 30_000;

/** Says only that the click is under way: of what became of it the person knows nothing. */
const UNDER_WAY = /not been handed over yet|^Done: your click was handed over|was already received and has been handed over/;

/** Nothing is left to end, to decide or to lengthen. */
const OVER: readonly EventType[] = [
  'denied',
  'lapsed',
  'withdrawn',
  'arm-refused',
  'grant-failed',
  'start-missed',
  'expired',
  'revoked',
  'ended',
  'contact-lost',
  'gone',
  'swept',
  'closed',
];

/** What one kind of click leaves in the ledger, what it claims to be there when it is refused, and what makes it needless. */
interface Kind {
  readonly refused: string;
  readonly overtakenBy: readonly EventType[];
  readonly graceMs: number;
  readonly made: (event: AnyEvent, press: Press) => boolean;
}

const vote = (decision: 'approve' | 'deny', overtakenBy: readonly EventType[]): Kind => ({
  refused: decision,
  overtakenBy: [...OVER, ...overtakenBy],
  graceMs: UNJUDGED_MS,
  // A vote holds the instant at which its click was sealed: one of a later press does not answer for a press that was lost.
  made: ({ type, data }, press) =>
    type === 'voted' &&
    data.vote.decision === decision &&
    data.vote.personId === press.personId &&
    data.vote.roundDigest === press.digest &&
    at(data.vote.at) <= endOf(press) + CLOCK_MS,
});

const act = (refused: string, type: EventType, overtakenBy: readonly EventType[] = []): Kind => ({
  refused,
  overtakenBy: [...OVER, ...overtakenBy],
  graceMs: OVERTAKEN_MS,
  // What was ended past its run is heard there once more, as a Cancel, and is that very end.
  made: (event, { personId }) =>
    (event.type === type && event.actor.personId === personId) || (event.type === 'revoked' && event.data.cause === 'cancel'),
});

const KINDS: Readonly<Record<string, Kind>> = {
  approve: vote('approve', ['approved']),
  deny: vote('deny', ['armed']),
  'ext-approve': vote('approve', ['extended', 'extension-closed']),
  'ext-deny': vote('deny', ['extended', 'extension-closed']),
  revoke: act('revoke', 'revoked'),
  end: act('end', 'ended'),
  withdraw: act('withdraw', 'withdrawn', ['armed']),
  extend: act('askExtension', 'extension-asked'),
  review: {
    refused: 'review',
    overtakenBy: [],
    graceMs: 0,
    made: ({ type, actor }, { personId }) => type === 'review-closed' && actor.personId === personId,
  },
};

/** When it was acknowledged, as far as that is known. */
function endOf({ at: pressedAt, ackAt }: Press): number {
  return ackAt ?? pressedAt;
}

/** Every click that was acknowledged and then lost. Of a run that somebody terminated or reset in Temporal none is counted. */
export function lostClicks(facts: Facts): Violation[] {
  const events = new Map(facts.recorded.map((r) => [r.requestId, r.events]));
  return facts.notebook.presses
    .filter((press) => isTaken(press) && endOf(press) < facts.now - UNDER_WAY_MS && !isCutOff(facts, press))
    .filter((press) => !isTraced(press, events.get(press.requestId) ?? []) && !isAnswered(facts, press))
    .map((press) => ({
      rule: 'click',
      requestId: press.requestId,
      what: `${press.actionId} of ${press.personId} at ${new Date(press.at).toISOString()} was acknowledged and lost`,
    }));
}

const kindOf = ({ actionId }: Press): string => actionId.split(':')[0] ?? '';

/** A press that opens a form is only half the click: what was taken is the form. */
function isTaken(press: Press): boolean {
  const kind = kindOf(press);
  return kind in KINDS && (/deny$|^review$/.test(kind) ? press.form === 'ok' : press.ack === 'ok');
}

function isCutOff({ notebook }: Facts, { requestId }: Press): boolean {
  const touched = [...(notebook.touched.get(requestId) ?? [])];
  return touched.some((kind) => kind === 'temporal-terminate' || kind.startsWith('temporal-reset'));
}

/** The ledger knows it, refused it, or had what made it needless. */
function isTraced(press: Press, events: readonly AnyEvent[]): boolean {
  const kind = KINDS[kindOf(press)];
  return events.some(
    (event) =>
      kind?.made(event, press) ||
      (kind?.overtakenBy.includes(event.type) && at(event.at) <= endOf(press) + kind.graceMs) ||
      (kind !== undefined && isRefusal(event, press, kind.refused)),
  );
}

/** The entry of a message that could not be opened names nobody. */
function isRefusal(event: AnyEvent, press: Press, refused: string): boolean {
  if (event.type !== 'refused' || at(event.at) < press.at - CLOCK_MS) return false;
  const { personId } = event.actor;
  return event.data.kind === refused && (personId === undefined || personId === press.personId);
}

function isAnswered({ world, answers }: Facts, press: Press): boolean {
  const slack = world.people.find(({ id }) => id === press.personId)?.slack;
  const tells = ({ to, at: saidAt, text }: Told) =>
    to === slack &&
    saidAt >= press.at - CLOCK_MS &&
    saidAt <= endOf(press) + ANSWER_MS &&
    !UNDER_WAY.test(text) &&
    isOf(press, text);
  return answers.some(tells);
}

/** Most answers name no elevation; one that names another is not about this click. */
function isOf({ requestId }: Press, text: string): boolean {
  const named = /\b[Ee]levation ([a-z2-7]{8})\b/.exec(text)?.[1];
  return named === undefined || requestId.startsWith(named);
}
