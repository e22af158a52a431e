/**
 * The floors: workflows that do nothing but wait for the same signals, timers and activities as an elevation does. What
 * they need is what Temporal itself costs on this machine; the rest is ours.
 */
import {
  CancellationScope,
  condition,
  defineSignal,
  defineUpdate,
  proxyActivities,
  setHandler,
  sleep,
} from '@temporalio/workflow';

/** Answers the instant at which it began, in ms since 1970. */
const { act } = proxyActivities<{ act(): Promise<number> }>({ startToCloseTimeout: '30s' });

export const go = defineSignal('go');
export const finish = defineSignal('finish');
export const claim = defineUpdate<number>('claim');
export const confirm = defineUpdate<number>('confirm');

export interface Step {
  /** When the last activity began. */
  readonly began: number;
  /** When the workflow had its answer. */
  readonly applied: number;
}

/**
 * For each `go`, so many activities one after the other, the last but one with so many timers beside it that end with it. Answers all
 * steps after `finish`.
 */
export async function bareSteps(activities: number, timers = 0): Promise<readonly Step[]> {
  let waiting = 0;
  let over = false;
  const steps: Step[] = [];
  setHandler(go, () => {
    waiting += 1;
  });
  setHandler(finish, () => {
    over = true;
  });
  for (;;) {
    await condition(() => waiting > 0 || over);
    if (waiting === 0) return steps;
    waiting -= 1;
    let began = 0;
    for (let i = 0; i < activities; i++) {
      const beside = new CancellationScope();
      if (i === activities - 2) for (let j = 0; j < timers; j++) beside.run(() => sleep('1h')).catch(() => undefined);
      began = await act();
      beside.cancel();
    }
    steps.push({ began, applied: Date.now() });
  }
}

export interface Shape {
  readonly activities: number;
  readonly timers: number;
}

/** A timer to an instant, then so many activities and timers one after the other: how late the first activity began, in ms. */
export async function bareDeadline(at: number, { activities, timers }: Shape): Promise<number> {
  await sleep(Math.max(1, at - Date.now()));
  const late = (await act()) - at;
  for (let i = 1; i < activities; i++) await act();
  for (let i = 0; i < timers; i++) await sleep(250);
  return late;
}

/** A start, a signal, two updates, timers and activities one after the other, as many as an elevation has. */
export async function bareElevation({ activities, timers }: Shape): Promise<void> {
  let [approved, claimed, confirmed] = [false, false, false];
  setHandler(go, () => {
    approved = true;
  });
  setHandler(claim, () => {
    claimed = true;
    return Date.now();
  });
  setHandler(confirm, () => {
    confirmed = true;
    return Date.now();
  });
  const quarter = Math.ceil(activities / 4);
  let left = activities;
  const some = async () => {
    for (let i = 0; i < quarter && left > 0; i++, left--) await act();
  };
  await some();
  await condition(() => approved);
  await some();
  await condition(() => claimed && confirmed);
  await some();
  for (let i = 0; i < timers; i++) await sleep(250);
  while (left > 0) await some();
}
