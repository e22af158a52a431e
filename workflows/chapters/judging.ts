/** A judgement as the story asks for it: of which round, over which votes, for how long it is waited for, and what a yes is. */
import { CancellationScope, condition, isCancellation, patched } from '@temporalio/workflow';
import type { JudgeInput } from '../../contract/duties.js';
import { startByOf } from '../../contract/later.js';
import type { Round, Verdict, Vote } from '../../contract/verdict.js';
import type { Book, Cause } from '../book.js';
import type { Admitted } from './admit.js';

export function requestRound(book: Book): Round {
  return { digest: book.view.digest, kind: 'request', windowMs: book.view.request.windowMs };
}

export function judgeInput(book: Book, round: Round, votes: readonly Vote[]): JudgeInput {
  const { request, digest, verdict } = book.view;
  return { request, digest, round, votes, policyThen: verdict.policyHash };
}

/** Runs an activity until it answers or `over` holds; then it is cancelled and its answer does not count. */
export async function unless<T>(over: () => boolean, act: () => Promise<T>): Promise<T | undefined> {
  const scope = new CancellationScope({ cancellable: true });
  let answer: T | undefined;
  let failure: unknown;
  let settled = false;
  const run = scope.run(act).then(
    (value) => {
      answer = value;
      settled = true;
    },
    (error: unknown) => {
      failure = error;
      settled = true;
    },
  );
  await condition(() => settled || over());
  if (!settled) scope.cancel();
  if (!settled) void run;
  if (failure && !isCancellation(failure)) throw failure;
  return settled ? answer : undefined;
}

/**
 * Whether something has come that may end it, and is to be opened before the next step towards access: a run that was paused, or
 * whose worker was away, gets both at once. NB: without it nothing is waited for, with not one step more: the order of commands hangs on it.
 */
export function endingsWait({ inbox }: Admitted): boolean {
  return inbox.ends && patched('endings-heard-first');
}

/**
 * Until all of that is opened. False when the page is full before. Whoever sends what only looks like it holds up a grant, at most
 * until its start deadline.
 */
export async function endingsHeard({ book, inbox, pageFull }: Admitted): Promise<boolean> {
  const { state } = book;
  await condition(() => !inbox.ends || book.state !== state || pageFull());
  return !inbox.ends && book.state === state;
}

/** What the policy is satisfied with is approved. */
export function approve(book: Book, verdict: Verdict, cause?: Cause): void {
  if (!verdict.windowMs) return;
  book.record('approved', { windowMs: verdict.windowMs, startBy: startByOf(verdict, Date.now()), verdict }, cause);
}
