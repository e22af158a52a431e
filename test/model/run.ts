/** One run of a workflow on the small Temporal: what it waits for, and the activities it has out. */
import { ActivityFailure, ApplicationFailure, CancelledFailure, TimeoutFailure } from '@temporalio/common';
import type { RunId } from '../../contract/ids.js';
import { CancellationScope, type Handler, inPlace, type Patience } from './temporal.js';
import type { Time } from './time.js';

/** One attempt of an activity, in a worker. */
export interface Attempt {
  readonly runId: RunId;
  readonly abort: AbortController;
  /** Whether Temporal still waits for it. */
  readonly wanted: () => boolean;
}

/** Does the work of one attempt; throws as the real activity would, wrapped as the real worker wraps it. */
export type Work = (name: string, args: readonly unknown[], attempt: Attempt) => Promise<unknown>;

/** What becomes of the next attempt at an activity of that name. `late`: its worker hung, and carries it out all the same. */
export type Loss = 'call' | 'reply' | 'late';

export interface RunDeps {
  readonly time: Time;
  readonly work: Work;
  /** The loss that strikes this attempt, if any. */
  readonly loss: (name: string) => Loss | undefined;
}

/** Longer than an attempt at a grant may take: it was given up by then, and is carried out all the same. */
const HANGS_MS = 20_000;
/** Milliseconds from schedule to attempt. */
const HOP_MS = 20;

interface Wait {
  readonly fact: () => boolean;
  readonly go: () => void;
}

export class Run {
  readonly handlers = new Map<string, Handler>();
  readonly scope: CancellationScope;
  /** Updates that are being handled. */
  updating = 0;
  /** Terminated, reset or over: it does nothing more. Its activities do not know. */
  dead = false;
  over: 'completed' | 'failed' | 'terminated' | undefined;
  failure: unknown;
  private readonly waits = new Set<Wait>();

  constructor(
    private readonly deps: RunDeps,
    readonly info: {
      readonly workflowId: string;
      readonly runId: RunId;
      readonly attempt: 1;
      readonly historyLength: number;
      continueAsNewSuggested: boolean;
      readonly continuedFromExecutionRunId?: RunId;
    },
  ) {
    this.scope = new CancellationScope({}, undefined);
    deps.time.onSettle(() => this.look());
  }

  /** Runs something as this workflow. */
  as<T>(act: () => T): T {
    return inPlace({ flow: { run: this, scope: this.scope } }, act);
  }

  watch(fact: () => boolean, go: () => void): () => void {
    const wait = { fact, go };
    this.waits.add(wait);
    return () => this.waits.delete(wait);
  }

  timer(ms: number, act: () => void): () => void {
    return this.deps.time.after(ms, () => {
      if (!this.dead) act();
    });
  }

  /** Lets what waits go on where its fact now holds. */
  private look(): boolean {
    if (this.dead) return false;
    return this.as(() => {
      let moved = false;
      for (const wait of this.waits) {
        if (!wait.fact()) continue;
        this.waits.delete(wait);
        wait.go();
        moved = true;
      }
      return moved;
    });
  }

  end(how: 'completed' | 'failed' | 'terminated', failure?: unknown): void {
    if (this.over) return;
    this.over = how;
    this.failure = failure;
    this.dead = true;
    this.waits.clear();
  }

  /** An activity with its retries. The workflow hears of it only while it lives, and never after its scope was cancelled. */
  activity(name: string, args: readonly unknown[], patience: Patience, scope: CancellationScope): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (scope.cancelled) return reject(new CancelledFailure('cancelled'));
      let settled = false;
      const settle = (act: () => void) => {
        if (settled || this.dead) return;
        settled = true;
        act();
      };
      const giveUp = () => settled || this.dead;
      const aborts = new Set<AbortController>();
      scope.cancelRequested.catch((error: unknown) => {
        settle(() => reject(error));
        for (const abort of aborts) abort.abort();
      });
      const wire = JSON.stringify(args);
      void this.attempts(name, () => JSON.parse(wire) as unknown[], patience, giveUp, aborts).then(
        (value) => settle(() => resolve(value)),
        (error: unknown) => settle(() => reject(error)),
      );
    });
  }

  private async attempts(
    name: string,
    args: () => unknown[],
    patience: Patience,
    giveUp: () => boolean,
    aborts: Set<AbortController>,
  ): Promise<unknown> {
    const { time } = this.deps;
    const begun = time.now;
    for (let n = 1; ; n++) {
      await time.sleep(HOP_MS);
      if (giveUp()) return undefined;
      const abort = new AbortController();
      aborts.add(abort);
      const outcome = await this.attempt(name, args(), patience, abort);
      if (outcome.ok) return outcome.value;
      const final = outcome.error instanceof ApplicationFailure && outcome.error.nonRetryable;
      if (final || n >= patience.attempts || time.now - begun > patience.totalMs) throw failed(name, outcome.error);
      await time.sleep(Math.min(1000 * n, 10_000));
    }
  }

  private attempt(name: string, args: unknown[], { attemptMs, beatMs }: Patience, abort: AbortController): Promise<Outcome> {
    const { loss, time, work } = this.deps;
    const struck = loss(name);
    let expired = false;
    const wanted = () => !expired && !this.dead && !abort.signal.aborted;
    return new Promise((resolve) => {
      // What was lost with its worker, or hangs with it, does not beat either.
      const callOff = time.after(struck ? Math.min(attemptMs, beatMs) : attemptMs, () => {
        expired = true;
        abort.abort();
        resolve({ ok: false, error: new TimeoutFailure('too long', undefined, 'START_TO_CLOSE') });
      });
      if (struck === 'call') return;
      const done = (outcome: Outcome) => {
        // A reply that is lost is noticed when the time is over: the effect is there, and nobody knows.
        if (struck === 'reply') return;
        callOff();
        resolve(outcome);
      };
      const { runId } = this.info;
      // A worker that hung has not heard that nobody wants its work any more.
      const late = () => time.sleep(HANGS_MS).then(() => work(name, args, { runId, abort: new AbortController(), wanted }));
      const working = struck === 'late' ? late() : work(name, args, { runId, abort, wanted });
      void working.then(
        (value) => done({ ok: true, value: value === undefined ? undefined : JSON.parse(JSON.stringify(value)) }),
        (error: unknown) => done({ ok: false, error }),
      );
    });
  }
}

type Outcome = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly error: unknown };

function failed(name: string, cause: unknown): ActivityFailure {
  return new ActivityFailure('failed', name, '1', 'NON_RETRYABLE_FAILURE', undefined, cause instanceof Error ? cause : undefined);
}
