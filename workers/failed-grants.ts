/**
 * Grants that came to nothing, told to operators from their entries: the person hears of their own, but only whoever looks
 * after Stint can renew credentials, give back a right, or have a quota raised.
 */
import type { Alarm } from '../contract/alarms.js';
import type { AnyEvent } from '../contract/events.js';
import { type Instant, msOf, shortId } from '../contract/ids.js';
import type { Store } from '../contract/ports.js';
import type { ElevationRequest, TargetKind } from '../contract/request.js';

/** What is older was told by whoever watched then: well within the day for which each of these is said once. */
const STALE_MS = 12 * 3_600_000;

/** No fault of anything: ended or frozen by a person, who knows, or asked for by somebody who has it. */
const EXPECTED: ReadonlySet<string> = new Set(['fenced', 'frozen', 'have-already']);

/** What nearly always keeps an access from coming to be. A Mac that is off or asleep is nothing that anybody has to look at. */
const WHY_MISSED: { readonly [K in TargetKind]: string | undefined } = {
  'mac-admin': undefined,
  'aws-permission-set':
    'Nearly always AWS is slow or asks for fewer calls, or does not take our credentials: "stint doctor --only aws" says, and the log of the worker has each answer. When it is mended they ask anew.',
};

/** The alarms of those entries that are of such a grant, once for each elevation. Throws when the store can't be read. */
export async function failedGrants(
  { ledger }: { readonly ledger: Pick<Store['ledger'], 'find'> },
  events: readonly AnyEvent[],
  nowMs: number,
): Promise<readonly Alarm[]> {
  const alarms: Alarm[] = [];
  for (const event of events) {
    if (!isOfGrant(event) || nowMs - msOf(event.at) > STALE_MS) continue;
    const request = (await ledger.find(event.requestId))?.view.request;
    const alarm = request && alarmOf(event, request);
    if (alarm) alarms.push(alarm);
  }
  return alarms;
}

type OfGrant = Extract<AnyEvent, { readonly type: 'grant-failed' | 'start-missed' }>;

const isOfGrant = (event: AnyEvent): event is OfGrant => event.type === 'grant-failed' || event.type === 'start-missed';

function alarmOf(event: OfGrant, request: ElevationRequest): Alarm | undefined {
  // An attempt that found the start deadline over said so before the deadline's own timer did.
  if (event.type === 'start-missed' || event.data.code === 'too-late') return missedAlarm(request, event.at);
  const { code, reason } = event.data;
  if (EXPECTED.has(code)) return undefined;
  return {
    ...common('grant-failed', request),
    sentence: `The grant of ${whose(request)} failed at ${event.at} with ${code}${reason ? `: ${reason}` : '.'}`,
    todo: `${reason ? 'Mend what it names' : 'Look at the log of the worker for the whole error'}; then they ask anew. Whatever it left behind Stint takes back by itself.`,
  };
}

function missedAlarm(request: ElevationRequest, at: Instant): Alarm | undefined {
  const todo = WHY_MISSED[request.target.kind];
  if (todo === undefined) return undefined;
  const sentence = `The access of ${whose(request)} was approved, and was not seen to be there by its start deadline (${at}). It is not granted any more.`;
  return { ...common('start-missed', request), sentence, todo };
}

/** Said once in a day: it is read again from its entry after each start. */
function common(what: OfGrant['type'], { requestId, target }: ElevationRequest): Omit<Alarm, 'sentence' | 'todo'> {
  return { key: `${what}/${requestId}`, step: 1, severity: 'warning', requestId, target: target.key };
}

const whose = ({ requestId, subject, target }: ElevationRequest): string =>
  `${subject.personId} to ${target.display} (${target.key}, elevation ${shortId(requestId)})`;
