/**
 * The marks of the store, and beside them what this process knows itself: a revoke must not wait for a store that is down,
 * and an AWS request id must not be lost because it could not be written.
 */
import { StintError } from '../../../contract/errors.js';
import { type Instant, instant, msOf, type RequestId } from '../../../contract/ids.js';
import { keep } from '../../latest.js';
import type { AwsTarget, Before, Kind, Mark, Marks, Progress, Time } from './types.js';

const HOUR_MS = 3_600_000;
/** How long a revoke lets the store tell it what stood before, in ms. */
const STORE_WAIT_MS = 400;
/** The delete of a window that ended longer ago than this, in ms, has begun, or waits for something else than a place. */
const UNDER_WAY_MS = 2_000;

export type Recalled = Mark | undefined | 'unsure';

/** A look at AWS before something is sent, and by when nothing leaves any more that follows it. */
type Look = Required<Pick<Mark, 'before' | 'at' | 'until'>>;

export interface Book {
  /** What the store says, joined with what this process knows. Throws `store-unavailable`. */
  read(requestId: RequestId): Promise<Mark | undefined>;
  /**
   * The same for whoever takes access away: from memory at once where nobody can have noted anew, or from the store if it answers
   * soon. `unsure` when neither knows. What the caller saw of the grant (`before`) outlives the store: a mark may be lost, or be of later.
   */
  recall(requestId: RequestId, before?: Before): Promise<Recalled>;
  /** What this process knows by itself, at once. */
  mine(requestId: RequestId): Mark | undefined;
  /** Answers what is kept: an earlier look stays, unless it is the one of the instant `instead`. Throws `store-unavailable`. */
  note(requestId: RequestId, target: AwsTarget, look: Look, instead?: Instant): Promise<Mark>;
  /** Nothing more leaves after the look of that instant. Never throws: without it the look ends when it was to end. */
  bound(requestId: RequestId, at: Instant, until: Instant): Promise<void>;
  /** Keeps AWS' id of an operation. Never throws: it can be found again through AWS' lists. */
  began(requestId: RequestId, kind: Kind, awsRequestId: string, progress?: Progress): Promise<void>;
  /** The elevation that an operation of AWS is known to belong to. */
  ownerOf(awsRequestId: string): RequestId | undefined;
  open: Marks['open'];
  /** When windows end whose delete has not begun, of whichever process: those before an instant; all in ms since 1970. */
  ends(before: number): Promise<readonly number[]>;
}

export function createBook(marks: Marks, time: Time): Book {
  const known = new Map<RequestId, Mark>();
  const owners = new Map<string, RequestId>();
  const learn = (requestId: RequestId, mark: Mark): Mark => {
    const mine = known.get(requestId);
    const joined = { ...mark, ...heardOf(mine, mark), ...idsOf(mine) };
    keep(known, requestId, joined);
    for (const id of [joined.create, joined.delete]) if (id) keep(owners, id, requestId);
    return joined;
  };
  const read = async (requestId: RequestId): Promise<Mark | undefined> => {
    const mark = await marks.read(requestId);
    return mark ? learn(requestId, mark) : known.get(requestId);
  };
  const soon = (requestId: RequestId): Promise<Recalled> => {
    const asked = read(requestId).catch((): 'unsure' => 'unsure');
    return Promise.race([asked, time.sleep(STORE_WAIT_MS).then((): 'unsure' => 'unsure')]);
  };
  return {
    read,
    mine: (requestId) => known.get(requestId),
    async recall(requestId, before) {
      const mine = known.get(requestId);
      const enough = mine && (before === 'absent' || mine.before === 'present' || mine.create || mine.delete);
      return withWord(enough ? mine : await soon(requestId), before, instant(time.now() - HOUR_MS));
    },
    note: async (requestId, target, { before, at, until }, instead) =>
      learn(requestId, await marks.note(requestId, target, before, at, { until, ...(instead && { instead }) })),
    async bound(requestId, at, until) {
      const mine = known.get(requestId);
      if (mine?.at === at) keep(known, requestId, { ...mine, until });
      await marks.bound(requestId, at, until).catch(() => undefined);
    },
    async began(requestId, kind, awsRequestId, progress) {
      // Without a mark here it is a revoke that the store says nothing for, of a grant that some other process gave.
      const mine = known.get(requestId) ?? { at: instant(time.now() - HOUR_MS) };
      keep(known, requestId, { ...mine, before: 'absent', [kind]: awsRequestId });
      keep(owners, awsRequestId, requestId);
      progress?.({ kind, farId: awsRequestId });
      await marks.request(requestId, kind, awsRequestId).catch(() => undefined);
    },
    ownerOf: (awsRequestId) => owners.get(awsRequestId),
    open: marks.open.bind(marks),
    ends: async (before) => (await marks.ending(instant(time.now() - UNDER_WAY_MS), instant(before))).map(msOf),
  };
}

/**
 * The mark, with the word of whoever saw the grant proved. "Absent", from either, wins: it alone leads to taking away, and a store
 * that lost the mark, or noted a later one, must not leave access behind.
 */
function withWord(mark: Recalled, before: Before | undefined, at: Mark['at']): Recalled {
  if (!before) return mark;
  const known: Mark = mark && mark !== 'unsure' ? mark : { at, before };
  if (before === 'present') return known;
  // What was seen given is ours, though the look that is on record by now came to nothing.
  const { until: _until, ...given } = known;
  return { ...given, before };
}

/** When this process heard that the same look is over, though the store did not take it: of two ends of one look the earlier holds. */
function heardOf(mine: Mark | undefined, { at, until }: Mark): Pick<Mark, 'until'> {
  if (mine?.until === undefined || mine.at !== at) return {};
  return { until: until !== undefined && until < mine.until ? until : mine.until };
}

/** Whether nothing came of what was sent after this look: every create was refused, or none could leave. */
export function cameToNothing({ at, until, create, delete: taken }: Mark): boolean {
  return until !== undefined && until <= at && !create && !taken;
}

const idsOf = (mark: Mark | undefined): Pick<Mark, 'create' | 'delete'> => ({
  ...(mark?.create ? { create: mark.create } : {}),
  ...(mark?.delete ? { delete: mark.delete } : {}),
});

/** Nobody knows what stood before, so nothing may be taken away yet. */
export function unsure(what: string): StintError {
  return new StintError('store-unavailable', `The store does not say whether ${what} stood there before. Trying again.`);
}
