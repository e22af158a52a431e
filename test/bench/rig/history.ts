/** What a run costs in Temporal: its events and bytes, and which step causes how many of them. */
import type { Client } from '@temporalio/client';
import protos from '@temporalio/proto';

type Event = protos.temporal.api.history.v1.IHistoryEvent;

export interface Cost {
  readonly events: number;
  readonly bytes: number;
  readonly activities: number;
  readonly timers: number;
  /** One line for each kind of step, the dearest first. */
  readonly lines: readonly string[];
}

const size = (event: Event): number => protos.temporal.api.history.v1.HistoryEvent.encode(event).finish().length;

/** Reads the whole history of a run. */
export async function costOf(client: Client, workflowId: string): Promise<Cost> {
  const { events } = await client.workflow.getHandle(workflowId).fetchHistory();
  return tally(events ?? []);
}

/** What it still had to do from an instant on, in ms since 1970: the activities and timers that it began. */
export async function begunSince(client: Client, workflowId: string, at: number): Promise<Pick<Cost, 'activities' | 'timers'>> {
  const { events } = await client.workflow.getHandle(workflowId).fetchHistory();
  const { activities, timers } = tally((events ?? []).filter(({ eventTime }) => msOf(eventTime) >= at));
  return { activities, timers };
}

const msOf = (time: Event['eventTime']): number => Number(time?.seconds ?? 0) * 1000 + (time?.nanos ?? 0) / 1e6;

/** Pure. */
export function tally(events: readonly Event[]): Cost {
  const names = new Map<string, string>();
  const steps = new Map<string, { times: number; events: number; bytes: number }>();
  let [bytes, activities, timers] = [0, 0, 0];
  for (const event of events) {
    const name = stepOf(event, names);
    const step = steps.get(name) ?? { times: 0, events: 0, bytes: 0 };
    const begins = begun(event);
    steps.set(name, { times: step.times + (begins ? 1 : 0), events: step.events + 1, bytes: step.bytes + size(event) });
    bytes += size(event);
    if (event.activityTaskScheduledEventAttributes) activities += 1;
    if (event.timerStartedEventAttributes) timers += 1;
  }
  const sorted = [...steps].sort(([, a], [, b]) => b.events - a.events || b.bytes - a.bytes);
  const lines = sorted.map(([name, s]) => `${name}: ${s.times} times, ${s.events} events, ${(s.bytes / 1024).toFixed(1)} KB`);
  return { events: events.length, bytes, activities, timers, lines };
}

/** Later events of an activity or a timer name only the event that began it. */
function stepOf(event: Event, names: Map<string, string>): string {
  const scheduled = event.activityTaskScheduledEventAttributes;
  if (scheduled) return named(names, `a${event.eventId}`, `activity ${scheduled.activityType?.name ?? '?'}`);
  const activity =
    event.activityTaskStartedEventAttributes ??
    event.activityTaskCompletedEventAttributes ??
    event.activityTaskFailedEventAttributes ??
    event.activityTaskTimedOutEventAttributes ??
    event.activityTaskCancelRequestedEventAttributes ??
    event.activityTaskCanceledEventAttributes;
  if (activity) return names.get(`a${activity.scheduledEventId}`) ?? 'activity';
  if (event.timerStartedEventAttributes || event.timerFiredEventAttributes || event.timerCanceledEventAttributes) return 'timers';
  const signal = event.workflowExecutionSignaledEventAttributes;
  if (signal) return `signal ${signal.signalName}`;
  if (event.workflowExecutionUpdateAcceptedEventAttributes || event.workflowExecutionUpdateCompletedEventAttributes)
    return 'updates';
  if (
    event.workflowTaskScheduledEventAttributes ||
    event.workflowTaskStartedEventAttributes ||
    event.workflowTaskCompletedEventAttributes ||
    event.workflowTaskFailedEventAttributes ||
    event.workflowTaskTimedOutEventAttributes
  )
    return 'workflow tasks';
  if (event.upsertWorkflowSearchAttributesEventAttributes) return 'search attributes';
  if (event.workflowExecutionStartedEventAttributes) return 'start';
  return 'other';
}

function named(names: Map<string, string>, key: string, name: string): string {
  names.set(key, name);
  return name;
}

function begun(event: Event): boolean {
  return Boolean(
    event.activityTaskScheduledEventAttributes ??
      event.timerStartedEventAttributes ??
      event.workflowExecutionSignaledEventAttributes ??
      event.workflowExecutionUpdateAcceptedEventAttributes ??
      event.workflowTaskScheduledEventAttributes ??
      event.upsertWorkflowSearchAttributesEventAttributes ??
      event.workflowExecutionStartedEventAttributes,
  );
}
