/**
 * Turns at something that serves one at a time. What keeps a window from running over its end goes first; the rest in order
 * of asking, and none of it waits for ever behind that.
 */
import { StintError } from '../contract/errors.js';

/** What has waited this long goes before what is urgent, in turn with it; in milliseconds. */
const PATIENCE_MS = 1_000;

/** Answers the function that ends the turn. Throws `store-unavailable` after the time that `createTurns` was given. */
export type TakeTurn = (urgent?: boolean) => Promise<() => void>;

interface Waiter {
  readonly since: number;
  readonly begin: (end: () => void) => void;
}

/** `waitMs`: the longest that anybody waits. `clock`: milliseconds, only differences count. */
export function createTurns(waitMs: number, clock: () => number = () => performance.now()): TakeTurn {
  const urgentOnes = new Set<Waiter>();
  const others = new Set<Waiter>();
  let taken = false;
  /** The last turn was an ordinary one's, before what is urgent: the next is not. Else a backlog of them would all go first. */
  let wasPatient = false;

  const next = () => {
    const [urgent] = urgentOnes;
    const [other] = others;
    wasPatient = !wasPatient && urgent !== undefined && other !== undefined && clock() - other.since > PATIENCE_MS;
    const first = wasPatient ? other : (urgent ?? other);
    taken = first !== undefined;
    if (!first) return;
    urgentOnes.delete(first);
    others.delete(first);
    first.begin(ending());
  };
  /** Ends a turn once, however often it is called. */
  const ending = () => {
    let over = false;
    return () => {
      if (over) return;
      over = true;
      next();
    };
  };

  return (urgent = false) => {
    if (!taken) {
      taken = true;
      return Promise.resolve(ending());
    }
    const line = urgent ? urgentOnes : others;
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => {
        line.delete(waiter);
        reject(new StintError('store-unavailable'));
      }, waitMs);
      const waiter: Waiter = {
        since: clock(),
        begin: (end) => {
          clearTimeout(late);
          resolve(end);
        },
      };
      line.add(waiter);
    });
  };
}
