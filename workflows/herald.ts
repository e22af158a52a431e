/**
 * The herald: tells the store and Slack of each change in one call, which is one step of the history instead of four. It
 * tries once. What did not come through is left to the scribe and the painter, who try for ever, each by itself: so a
 * Slack that is down never keeps the ledger waiting, nor the other way round.
 */
import { condition } from '@temporalio/workflow';
import type { Told } from '../contract/duties.js';
import type { Book } from './book.js';
import { news } from './duties.js';
import type { Painter } from './painter.js';
import { type Scribe, summaryOf } from './scribe.js';

const NOTHING: Told = { written: false, painted: false, sent: [] };

/**
 * An approval is told together with the taking of the target, which follows at once and writes what led to it by itself.
 * Where that takes longer than this, in ms, it is told alone.
 */
const HOLD_MS = 1_000;

/** Starts the coroutine; answers how to end it. */
export function startHerald(book: Book, scribe: Scribe, painter: Painter): { stop(): void } {
  let stopped = false;
  const armedSoon = () => book.until(() => stopped || !book.is('approved'), Date.now() + HOLD_MS, 'for the target to be taken');
  const loop = async () => {
    for (;;) {
      await condition(() => stopped || (!book.hush && (scribe.due || painter.due)));
      if (stopped) return;
      if (book.is('approved') && (await armedSoon())) continue;
      const pages = scribe.take();
      const post = painter.take();
      const told = await news.publish
        .executeWithOptions({ summary: [pages && summaryOf(pages), post.summary].filter(Boolean).join('; ').slice(0, 180) }, [
          { events: pages?.events ?? [], ...(pages?.fence && { fence: pages.fence }), ...post.news },
        ])
        // A worker that died, or none in time.
        .catch(() => NOTHING);
      if (pages) scribe.back(pages, told.written);
      painter.back(post, told);
    }
  };
  void loop();
  return {
    stop: () => {
      stopped = true;
    },
  };
}
