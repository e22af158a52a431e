/**
 * The scribe: sees to it that the book's events come into the ledger, in order and in batches, and that the fence knows
 * when a grant ends. The herald makes the first attempt at each batch; what it could not write, the scribe writes, for
 * as long as it takes. Nobody waits for it but the very end (invariant I9).
 */
import { condition } from '@temporalio/workflow';
import type { FenceNote } from '../contract/duties.js';
import type { AnyEvent, EventType } from '../contract/events.js';
import type { Book } from './book.js';
import { store } from './duties.js';

const BATCH = 50;
/** Worth writing, but not worth a call of their own: they go with the next entry. */
const CAN_WAIT: readonly EventType[] = ['grant-sent', 'claimed', 'warned', 'reminded'];

/** What one call writes. */
export interface Pages {
  readonly events: readonly AnyEvent[];
  readonly fence?: FenceNote;
}

export interface Scribe {
  /** Whether something waits that the herald should take. */
  readonly due: boolean;
  /** What the herald takes with it; nothing while the scribe itself is at it. */
  take(): Pages | undefined;
  /** What became of it. */
  back(pages: Pages, written: boolean): void;
  /** Resolves when everything recorded so far is in the ledger, and the fence knows it. */
  written(): Promise<void>;
  /** Whether the fence has the deadline of this window. */
  readonly deadlineKnown: boolean;
  /** Ends the coroutine at once; what is not known to be written stays in the book, and writing it twice is harmless. */
  stop(): void;
}

/** Starts the coroutine. */
export function startScribe(book: Book): Scribe {
  const noted = new Set<string>();
  let out = false;
  let mine = false;
  let stopped = false;

  const fresh = () => factsOf(fenceNote(book)).some((fact) => !noted.has(fact));
  const pages = (): Pages => {
    const fence = fresh() ? fenceNote(book) : undefined;
    return { events: book.unwritten.slice(0, BATCH), ...(fence && { fence }) };
  };
  const waits = () => book.unwritten.length > 0 || fresh();
  const keep = ({ events, fence }: Pages) => {
    book.inLedger(events);
    for (const fact of factsOf(fence)) noted.add(fact);
  };

  const loop = async () => {
    for (;;) {
      await condition(() => stopped || (mine && !book.hush));
      if (stopped) return;
      const batch = pages();
      await store.append.executeWithOptions({ summary: summaryOf(batch) }, [batch.events, batch.fence]);
      keep(batch);
      mine = waits();
    }
  };
  void loop();
  return {
    get due() {
      return !mine && !out && (book.unwritten.some(({ type }) => !CAN_WAIT.includes(type)) || fresh());
    },
    take: () => {
      if (mine || out || !waits()) return undefined;
      out = true;
      return pages();
    },
    back: (batch, written) => {
      out = false;
      if (written) keep(batch);
      else mine = true;
    },
    written: () => condition(() => !mine && !out && !waits()),
    get deadlineKnown() {
      return noted.has('deadline');
    },
    stop: () => {
      stopped = true;
    },
  };
}

/** For the Web UI. */
export function summaryOf({ events }: Pages): string {
  return `ledger: ${events.map((e) => e.type).join(', ') || 'fence'}`.slice(0, 180);
}

/** What is true of the grant by now, as the fence wants it; nothing before access could exist or the elevation closed. */
function fenceNote({ view, armedBy, extensions }: Book): FenceNote | undefined {
  const { request, notAfter, deadlineAt, endingAt, goneAt, closedAt, outcome, state } = view;
  // Extensions move the end themselves, before the timer moves: the first deadline must never land after theirs.
  const first = extensions === 0 && state === 'active';
  const deadline = first && armedBy && notAfter && deadlineAt ? { armedBy, from: notAfter, at: deadlineAt } : undefined;
  const endedAt = endingAt ?? closedAt;
  const freed = goneAt ?? closedAt;
  const gone = freed && { at: freed, proved: goneAt !== undefined || outcome === 'unproven' };
  if (!deadline && !endedAt) return undefined;
  return { request, ...(deadline && { deadline }), ...(endedAt && { endedAt }), ...(gone && { gone }) };
}

function factsOf({ deadline, endedAt, gone }: Partial<FenceNote> = {}): readonly string[] {
  return [...(deadline ? ['deadline'] : []), ...(endedAt ? ['ended'] : []), ...(gone ? [`gone ${gone.proved}`] : [])];
}
