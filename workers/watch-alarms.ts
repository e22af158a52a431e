/** What the watch has to say, from what it sees. Pure. */
import { type Alarm, alarmStep } from '../contract/alarms.js';
import type { AnyEvent, EventType } from '../contract/events.js';
import { instant, msOf, shortId } from '../contract/ids.js';
import type { Grant } from '../contract/ports.js';
import type { TargetKind } from '../contract/request.js';
import { grantFix } from './grant-pulse.js';
import type { Backlog, Trouble } from './pulse.js';

/** A revoke that is not proved yet: who, where, since when. Undefined before its first minute. */
export function pendingAlarm(grant: Grant, nowMs: number): Alarm | undefined {
  const { requestId, personId, target, targetKey, endedAt, notAfter } = grant;
  const sinceMs = Math.min(msOf(notAfter), endedAt ? msOf(endedAt) : Number.POSITIVE_INFINITY);
  const step = alarmStep(nowMs - sinceMs);
  if (step === undefined) return undefined;
  const ended = endedAt ? `ended at ${instant(sinceMs)}` : `was to end at ${instant(sinceMs)} and nobody has ended it`;
  return {
    key: `revoke-pending/${requestId}`,
    step,
    severity: step >= 5 ? 'error' : 'warning',
    sentence: `The access of ${personId} to ${target.display} (${targetKey}) ${ended}, and is not proved gone after ${step} min.`,
    todo: `Stint goes on by itself. ${WHY_PENDING[target.kind]}; else see "A revoke stays pending" in docs/operations.md.`,
    requestId,
    target: targetKey,
  };
}

/** What nearly always keeps the proof away. */
const WHY_PENDING: { readonly [K in TargetKind]: string } = {
  'mac-admin': 'Nearly always the Mac is asleep or offline, and has ended by itself',
  'aws-permission-set': 'Nearly always AWS is slow, or no longer takes our credentials: the log of the worker has what it says',
};

/** The entries that the watch reads. */
export const HEARD: readonly EventType[] = [
  'alarm',
  'evidence-settled',
  'grant-failed',
  'refused',
  'revoked',
  'start-missed',
  'swept',
];

/** What a seal can be refused for. Ordinary conflicts (a late click) are not among them. */
const SEALS: ReadonlySet<string> = new Set([
  'bad-seal',
  'seal-expired',
  'stale-call',
  'wrong-sender',
  'bad-input',
  'too-large',
  'replayed',
]);
const COUNTED_MS = 10 * 60_000;
/** What is older was told by whoever watched then. */
const STALE_MS = 12 * 3_600_000;

/** A log that did not come, in an elevation that is over. */
export function evidenceAlarm(event: AnyEvent, nowMs: number): Alarm | undefined {
  const missing =
    (event.type === 'alarm' && event.data.what === 'evidence-missing') ||
    (event.type === 'evidence-settled' && !event.data.complete);
  if (!missing || nowMs - msOf(event.at) > STALE_MS) return undefined;
  return {
    key: `evidence-missing/${event.requestId}`,
    step: 1,
    severity: 'warning',
    sentence: `The log of elevation ${shortId(event.requestId)} did not come in time; it was closed as "log missing".`,
    todo: 'It is taken whenever it comes. If it does not, ask the person: silence is a finding.',
    requestId: event.requestId,
  };
}

type Refused = Extract<AnyEvent, { type: 'refused' }>;

const isRefused = (event: AnyEvent): event is Refused => event.type === 'refused';

/** An entry that stands for many refusals: its `total` is of all that its elevation ever refused. */
export const isFlood = (event: AnyEvent): event is Refused => isRefused(event) && event.data.code === 'flood';

/** How many refusals a flood's entry is the first to tell of, by the entries of its elevation in their order. */
export function floodGrowth(flood: Refused, timeline: readonly AnyEvent[]): number {
  const end = timeline.findIndex(({ id }) => id === flood.id);
  const before = timeline.slice(0, Math.max(0, end)).filter(isRefused);
  const last = before.findLastIndex(isFlood);
  const listed = before.length - 1 - last;
  return Math.max(0, (flood.data.total ?? 0) - (before[last]?.data.total ?? 0) - listed);
}

/** Refused messages, counted by ten minutes. */
export interface RefusalCount {
  /** `growth`: of a flood's entry, how many it stands for. */
  note(event: AnyEvent, growth?: number): void;
  /** One alarm for each span of this last hour that has any; it grows with powers of ten. */
  alarms(nowMs: number): readonly Alarm[];
}

export function createRefusalCount(): RefusalCount {
  const spans = new Map<number, { count: number; codes: Set<string> }>();
  return {
    note(event, growth = 0) {
      if (!isRefused(event)) return;
      const { code } = event.data;
      const more = code === 'flood' ? growth : Number(SEALS.has(code));
      if (more === 0) return;
      const span = Math.floor(msOf(event.at) / COUNTED_MS);
      const { count, codes } = spans.get(span) ?? { count: 0, codes: new Set<string>() };
      spans.set(span, { count: count + more, codes: codes.add(code) });
    },
    alarms(nowMs) {
      for (const span of spans.keys()) if (nowMs - span * COUNTED_MS > 60 * 60_000) spans.delete(span);
      return [...spans].map(([span, { count, codes }]) => refusedAlarm(span * COUNTED_MS, count, [...codes].sort()));
    },
  };
}

function refusedAlarm(fromMs: number, count: number, codes: readonly string[]): Alarm {
  const step = 10 ** Math.floor(Math.log10(count));
  const few = count < 10 && codes.every((code) => code === 'replayed' || code === 'seal-expired');
  return {
    key: `refused-seals/${instant(fromMs)}`,
    step,
    severity: few ? 'info' : count >= 10 ? 'error' : 'warning',
    sentence: `${count} ${count === 1 ? 'message was' : 'messages were'} refused for ${codes.join(', ')} in the ten minutes from ${instant(fromMs)}. Nothing was changed by them.`,
    todo: 'Look in Temporal who may write to the namespace and who did ("stint show" names the elevations). After a rotation of keys: does every process have its new key?',
  };
}

/** How long a queue, the store or Temporal may fail before somebody is told, in milliseconds. */
export const FAILING_MS = 120_000;

/** Work that piles up because its far end does not answer. */
export function troubleAlarm({ queue, names, sinceMs, failures, code }: Trouble, nowMs: number): Alarm {
  return downAlarm(
    `queue/${queue}`,
    `On the queue ${queue} this has not worked since ${instant(sinceMs)}: ${names.join(', ')}. ${failures} calls failed, the last one with ${code}. The work is kept and waits.`,
    grantFix(queue, code) ?? DOWN[queue] ?? 'Look at the log of this worker for the whole error.',
    { sinceMs, nowMs },
  );
}

/** How long a card, a letter or an entry may wait, whatever else comes through, before somebody is told, in milliseconds. */
export const WAITING_MS = 5 * 60_000;

/** Work of which too little gets through: it is kept, and there is more of it all the time. */
export function backlogAlarm({ queue, names, sinceMs, calls, code }: Backlog, nowMs: number): Alarm {
  return downAlarm(
    `waiting/${queue}`,
    `On the queue ${queue} the oldest of ${calls} calls that fail again and again (${names.join(', ')}) waits since ${instant(sinceMs)}, whatever else comes through. The last one failed with ${code}. The work is kept and waits.`,
    DOWN[queue] ?? 'Look at the log of this worker for the whole error.',
    { sinceMs, nowMs },
  );
}

const DOWN: { readonly [queue: string]: string } = {
  'stint-slack':
    'Is Slack up (slack-status.com), the bot in the channel, the channel not archived, the token valid? "stint doctor" says. Revokes and deadlines go on meanwhile.',
  'stint-store':
    'Is the database up, and the policy file valid? "stint doctor" says. Nothing new is granted; revokes and deadlines go on meanwhile.',
};

/** Since when something is as it is, and now, in milliseconds since 1970. */
export interface Times {
  readonly sinceMs: number;
  readonly nowMs: number;
}

/** For how many minutes. */
export const minutesOf = ({ sinceMs, nowMs }: Times): number => Math.round((nowMs - sinceMs) / 60_000);

/** How far apart two workers may notice one outage, in milliseconds, and two outages that are told apart. */
const OUTAGE_MS = 10 * 60_000;

/**
 * Something that this process can't reach. Told by when it began, so that another outage of the same is told as well; workers
 * that notice it a moment apart say one thing.
 */
export function downAlarm(what: string, sentence: string, todo: string, { sinceMs, nowMs }: Times): Alarm {
  const key = `${what}/${instant(Math.floor(sinceMs / OUTAGE_MS) * OUTAGE_MS)}`;
  return { key, step: Math.max(1, alarmStep(nowMs - sinceMs) ?? 1), severity: 'error', sentence, todo };
}
