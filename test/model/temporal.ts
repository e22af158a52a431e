/**
 * Temporal in a few lines, in this process: it stands in for `@temporalio/workflow`, so that the real story runs, with its
 * inbox, scribe and painter, thousands of times in a minute. What a run waits for, its timers, its activities and its
 * cancellation behave as the SDK's do; histories and replay are tested elsewhere, on the real server.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { ActivityFailure, CancelledFailure } from '@temporalio/common';
import type { Attempt, Run } from './run.js';

export { ActivityFailure, ApplicationFailure, CancelledFailure } from '@temporalio/common';

export function isCancellation(error: unknown): boolean {
  return error instanceof CancelledFailure || (error instanceof ActivityFailure && error.cause instanceof CancelledFailure);
}

/** Where the code that runs now belongs: to a workflow, or to an attempt at an activity. One for all: each costs every promise. */
const place = new AsyncLocalStorage<Place>();
interface Place {
  readonly flow?: { readonly run: Run; readonly scope: CancellationScope };
  readonly attempt?: Attempt;
}

export const inPlace = <T>(where: Place, act: () => T): T => place.run(where, act);
export const attemptNow = (): Attempt | undefined => place.getStore()?.attempt;

function now() {
  const flow = place.getStore()?.flow;
  if (!flow) throw new Error('outside of a workflow');
  return flow;
}

export class CancellationScope {
  readonly cancelRequested: Promise<never>;
  private reject: (error: Error) => void = () => {};
  private readonly children = new Set<CancellationScope>();
  private readonly cancellable: boolean;
  cancelled = false;

  constructor(options?: { readonly cancellable?: boolean }, parent = place.getStore()?.flow?.scope) {
    this.cancellable = options?.cancellable ?? true;
    this.cancelRequested = new Promise((_, reject) => {
      this.reject = reject;
    });
    this.cancelRequested.catch(() => undefined);
    parent?.children.add(this);
    if (parent?.cancelled) this.hear();
  }

  static current(): CancellationScope {
    return now().scope;
  }

  static nonCancellable<T>(act: () => Promise<T>): Promise<T> {
    return new CancellationScope({ cancellable: false }).run(act);
  }

  static cancellable<T>(act: () => Promise<T>): Promise<T> {
    return new CancellationScope({ cancellable: true }).run(act);
  }

  run<T>(act: () => Promise<T>): Promise<T> {
    return inPlace({ flow: { run: now().run, scope: this } }, act);
  }

  cancel(): void {
    if (this.cancelled) return;
    this.cancelled = true;
    this.reject(new CancelledFailure('cancelled'));
    for (const child of this.children) child.hear();
  }

  private hear(): void {
    if (this.cancellable) this.cancel();
  }
}

/** As the SDK's: true when the fact holds, false when the time is over first, cancelled with its scope. */
export function condition(fact: () => boolean, timeout?: number): Promise<boolean> {
  const { run, scope } = now();
  return new Promise((resolve, reject) => {
    if (scope.cancelled) return reject(new CancelledFailure('cancelled'));
    if (fact()) return resolve(true);
    let callOff = () => {};
    const forget = run.watch(fact, () => {
      callOff();
      resolve(true);
    });
    if (timeout !== undefined)
      callOff = run.timer(timeout, () => {
        forget();
        resolve(false);
      });
    scope.cancelRequested.catch((error: unknown) => {
      forget();
      callOff();
      reject(error);
    });
  });
}

export const sleep = (ms: number): Promise<boolean> => condition(() => false, ms);

interface Options {
  readonly startToCloseTimeout?: string;
  readonly heartbeatTimeout?: string;
  readonly scheduleToCloseTimeout?: string;
  readonly retry?: { readonly maximumAttempts?: number };
}
/** `beatMs`: how long an attempt that tells nothing is waited for. */
export type Patience = {
  readonly attemptMs: number;
  readonly beatMs: number;
  readonly totalMs: number;
  readonly attempts: number;
};

const UNITS: { readonly [unit: string]: number } = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

function msOf(text: string | undefined, otherwise: number): number {
  const [, count, unit] = /^(\d+)\s*([a-z]+)$/.exec(text ?? '') ?? [];
  return count ? Number(count) * (UNITS[unit ?? 'ms'] ?? 1) : otherwise;
}

/** Every name is an activity; `executeWithOptions` is the same call with a summary. */
export function proxyActivities(options: Options): object {
  const patience: Patience = {
    attemptMs: msOf(options.startToCloseTimeout, 10_000),
    beatMs: msOf(options.heartbeatTimeout, Number.POSITIVE_INFINITY),
    totalMs: msOf(options.scheduleToCloseTimeout, Number.POSITIVE_INFINITY),
    attempts: options.retry?.maximumAttempts ?? Number.POSITIVE_INFINITY,
  };
  const handOf = (name: string) => {
    const call = (...args: unknown[]) => {
      const { run, scope } = now();
      return run.activity(name, args, patience, scope);
    };
    return Object.assign(call, { executeWithOptions: (_: unknown, args: unknown[]) => call(...args) });
  };
  return new Proxy({}, { get: (_, name) => handOf(String(name)) });
}

interface Definition {
  readonly type: 'signal' | 'update' | 'query';
  readonly name: string;
}
export const defineSignal = (name: string): Definition => ({ type: 'signal', name });
export const defineUpdate = (name: string): Definition => ({ type: 'update', name });
export const defineQuery = (name: string): Definition => ({ type: 'query', name });

export type Handler = (...args: unknown[]) => unknown;

export function setHandler({ type, name }: Definition, handler: Handler, options?: { readonly validator?: Handler }): void {
  now().run.handlers.set(`${type} ${name}`, handler);
  if (options?.validator) now().run.handlers.set(`validator ${name}`, options.validator);
}

export function setDefaultSignalHandler(handler: Handler): void {
  now().run.handlers.set('signal', handler);
}

export const workflowInfo = () => now().run.info;
export const allHandlersFinished = (): boolean => now().run.updating === 0;
export const setCurrentDetails = (): void => undefined;
export const upsertSearchAttributes = (): void => undefined;
export const patched = (): boolean => true;
export const deprecatePatch = (): void => undefined;
export const log = { info() {}, warn() {}, error() {}, debug() {} };
export const metricMeter = { createCounter: () => ({ add() {} }) };

/** Thrown through the workflow's function, as the SDK does. */
export class TurnedPage extends Error {
  constructor(readonly args: readonly unknown[]) {
    super('continued as new');
  }
}
export async function continueAsNew(...args: unknown[]): Promise<never> {
  throw new TurnedPage(args);
}
