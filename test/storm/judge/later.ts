/** A later start: nothing is there, nor taken, before the time that was asked for, or long after it, or once it was called off. */
import type { AnyEvent } from '../../../contract/events.js';
import { LATER } from '../law.js';
import { type Access, askOf, at, type Facts, placeOf, type Violation } from './facts.js';
import { only, type Recorded } from './ledger.js';

/** What takes it back while it waits. */
const CALLED_OFF: ReadonlySet<AnyEvent['type']> = new Set<AnyEvent['type']>(['denied', 'withdrawn', 'revoked']);

export function judgeLater(facts: Facts, { requestId, view, events }: Recorded, all: readonly Access[]): Violation[] {
  const { request } = view;
  const serial = placeOf(request.target);
  const say = (rule: string, what: string): Violation => ({ rule, requestId, serial, what });
  const ask = askOf(facts, requestId);
  const recorded = request.startAt === undefined ? undefined : at(request.startAt);
  if (ask && ask.startAt !== recorded)
    return [say('ask', `was asked for ${startText(ask.startAt)}, and is recorded for ${startText(recorded)}`)];
  if (recorded === undefined) return [];
  const began = all.filter(({ of }) => of?.requestId === requestId).map(({ held }) => held.from);
  const armed = only(events, 'armed').map((e) => at(e.at));
  const off = events.find((e) => CALLED_OFF.has(e.type) && at(e.at) < recorded);
  return [
    ...began
      .filter((from) => from < recorded)
      .map((from) => say('I5', `access began ${recorded - from} ms before its start, ${request.startAt}`)),
    ...armed
      .filter((when) => when < recorded)
      .map((when) => say('I5', `its target was taken ${recorded - when} ms before its start, ${request.startAt}`)),
    ...armed
      .filter((when) => when > recorded + LATER.missedMs)
      .map((when) => say('I5', `it began ${when - recorded} ms after its start, ${LATER.missedMs} allowed`)),
    ...(off && began.length > 0 ? [say('I5', `access began although it was ${off.type} before its start, at ${off.at}`)] : []),
  ];
}

const startText = (start: number | undefined): string => (start === undefined ? 'at once' : new Date(start).toISOString());
