/**
 * Once its target is taken, two things are due for an elevation at the same moment: the call that gives the access, and telling
 * everybody of it. A person waits for the first, so it goes first where one process has both; the telling waits for a fraction of a
 * second at most.
 */
import type { RequestId } from '../contract/ids.js';
import { within } from './within.js';

/** A grant that has not come here by then is another process's, or will not come. */
const COMES_WITHIN_MS = 30;
/** The longest that anybody waits for a grant to leave. */
const PATIENCE_MS = 150;

export interface HeadStart {
  /** Runs the call that gives the access; who waits for it goes on when it is over, well or not. */
  leave<T>(requestId: RequestId, call: () => Promise<T>): Promise<T>;
  /** Resolves once the grant of this elevation is over, or has not come or taken too long; never throws. */
  left(requestId: RequestId): Promise<void>;
}

interface Meeting {
  readonly come: Promise<void>;
  readonly over: Promise<void>;
  readonly sayCome: () => void;
  readonly sayOver: () => void;
}

export function createHeadStart(): HeadStart {
  const meetings = new Map<RequestId, Meeting>();
  const meet = (requestId: RequestId): Meeting => {
    const met = meetings.get(requestId) ?? meeting();
    meetings.set(requestId, met);
    return met;
  };
  return {
    async leave(requestId, call) {
      const { sayCome, sayOver } = meet(requestId);
      sayCome();
      try {
        return await call();
      } finally {
        sayOver();
        meetings.delete(requestId);
      }
    },
    async left(requestId) {
      const met = meet(requestId);
      const came = await within(
        COMES_WITHIN_MS,
        met.come.then(() => true),
      );
      if (came) await within(PATIENCE_MS, met.over);
      // Nobody's any more, should its grant come later.
      if (meetings.get(requestId) === met) meetings.delete(requestId);
    },
  };
}

function meeting(): Meeting {
  let sayCome = () => {};
  let sayOver = () => {};
  const come = new Promise<void>((resolve) => {
    sayCome = resolve;
  });
  const over = new Promise<void>((resolve) => {
    sayOver = resolve;
  });
  return { come, over, sayCome, sayOver };
}
