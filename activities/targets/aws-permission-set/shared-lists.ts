/**
 * Lists of operations, shared by all that ask for the same one at the same time: a crowd of grants, each of which has to know
 * what else is going on, would spend the organisation's whole quota on the very same pages.
 */
import type { AssignmentCalls, Brief, How } from './calls.js';
import { unlessAborted } from './desk.js';

/**
 * The same calls. A list that is on its way is nobody else's: what began after it left might be missing. Whoever asks meanwhile
 * shares the next one, which leaves after they asked. What takes access away shares nothing, and waits for nobody.
 */
export function sharingLists(calls: AssignmentCalls): AssignmentCalls {
  const lists = new Map<string, () => Promise<readonly Brief[]>>();
  return {
    ...calls,
    operations: (kind, instanceArn, state, how) => {
      if (how.rank === 'revoke') return calls.operations(kind, instanceArn, state, how);
      const key = [kind, instanceArn, state, how.rank].join(' ');
      const shared = lists.get(key) ?? joined(() => calls.operations(kind, instanceArn, state, { rank: how.rank }));
      lists.set(key, shared);
      return asWanted(shared(), how);
    },
  };
}

/** Who gives up does not take it from the others. */
export function asWanted<T>(work: Promise<T>, { signal }: Pick<How, 'signal'>): Promise<T> {
  return signal ? unlessAborted(work, signal) : work;
}

/** Runs one at a time. A call is answered by a run that begins after it, with whoever else calls until then. */
export function joined<T>(work: () => Promise<T>): () => Promise<T> {
  let running: Promise<unknown> = Promise.resolve();
  let next: Promise<T> | undefined;
  const begin = () => {
    next = undefined;
    const run = work();
    running = run.catch(() => undefined);
    return run;
  };
  return () => {
    next ??= running.then(begin);
    return next;
  };
}
