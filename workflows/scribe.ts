/**
 * The scribe: writes the book's events to the ledger, in order and in batches, for as long as it takes. Nobody waits
 * for it but `arm` (no grant without a ledger entry before it) and the very end (invariant I9).
 */
import { condition } from '@temporalio/workflow';
import type { Book } from './book.js';
import { store } from './duties.js';

const BATCH = 50;

export interface Scribe {
  /** Resolves when everything recorded so far is in the ledger. */
  written(): Promise<void>;
  /** Ends the coroutine at once; what is not known to be written stays in the book, and writing it twice is harmless. */
  stop(): void;
}

/** Starts the coroutine. */
export function startScribe(book: Book): Scribe {
  let writing = false;
  let stopped = false;
  const loop = async () => {
    for (;;) {
      await condition(() => stopped || (book.unwritten.length > 0 && !book.hush));
      if (stopped) return;
      writing = true;
      const batch = book.unwritten.slice(0, BATCH);
      const summary = `ledger: ${batch.map((e) => e.type).join(', ')}`.slice(0, 180);
      await store.append.executeWithOptions({ summary }, [batch]);
      book.unwritten.splice(0, batch.length);
      writing = false;
    }
  };
  void loop();
  return {
    written: () => condition(() => book.unwritten.length === 0 && !writing),
    stop: () => {
      stopped = true;
    },
  };
}
