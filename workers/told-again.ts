/**
 * Ends past a workflow, told again from their entries: whoever ended it may have died before they told anybody. Under the
 * same keys as they use, so that what they did tell is not said twice.
 */
import type { Alarm } from '../contract/alarms.js';
import type { AnyEvent } from '../contract/events.js';
import { msOf } from '../contract/ids.js';
import type { Store } from '../contract/ports.js';
import { AGAIN_MS } from './alarms.js';
import { alarmOf } from './drift-alarms.js';
import { leftAlarm, sweptAlarm } from './grant-alarms.js';

/** What is older was told by whoever watched then: well within the day for which each of these is said once. */
const STALE_MS = 12 * 3_600_000;

/** The alarms of those entries that are of an end past the workflow. Throws when the store can't be read. */
export async function toldAgain(
  store: Pick<Store, 'fence' | 'ledger'>,
  events: readonly AnyEvent[],
  nowMs: number,
): Promise<readonly Alarm[]> {
  const alarms: Alarm[] = [];
  for (const event of events) {
    const alarm = await alarmFor(store, event, nowMs - msOf(event.at));
    if (alarm) alarms.push(alarm);
  }
  return alarms;
}

async function alarmFor(store: Pick<Store, 'fence' | 'ledger'>, event: AnyEvent, ageMs: number): Promise<Alarm | undefined> {
  const { type, actor, requestId } = event;
  const left = type === 'revoked' && event.data.cause === 'left';
  const swept = type === 'swept' && actor.via === 'sweep';
  // The reconciler's alarms are said again after an hour: what is older than that could be said twice.
  const drifted = type === 'swept' && actor.via === 'reconciler' && ageMs < AGAIN_MS;
  if (!(left || swept || drifted) || ageMs > STALE_MS) return undefined;
  const grant = await store.fence.grant(requestId);
  if (!grant) return undefined;
  if (left) return leftAlarm(grant);
  if (swept) return sweptAlarm(grant);
  const timeline = await store.ledger.timeline(requestId);
  // By the order of the entries: the instant of an observation is the target's own.
  const before = timeline.slice(
    0,
    timeline.findIndex(({ id }) => id === event.id),
  );
  const drift = before.findLast((one) => one.type === 'drift');
  return drift?.type === 'drift' ? alarmOf({ ...drift.data, requestId, target: grant.target }, 'removed') : undefined;
}
