/**
 * The painter and the postman: two coroutines that keep Slack telling the truth. The painter is the card's only writer
 * while the run lives: one call in flight, always the newest state, an equal state skipped. The postman sends DMs and
 * thread lines in order, each once. Neither changes the state, and no revoke waits for them (invariant I10).
 */
import { condition } from '@temporalio/workflow';
import type { DmKind, LineKind } from '../contract/duties.js';
import type { ErrorCode } from '../contract/errors.js';
import type { Envelope } from '../contract/messages.js';
import type { ElevationView } from '../contract/view.js';
import type { Book } from './book.js';
import { posting, slack } from './duties.js';
import type { Letter } from './letters.js';

export interface Painter {
  dm(kind: DmKind): void;
  line(kind: LineKind, key?: string): void;
  files(): void;
  answer(actor: Envelope['actor'], code: ErrorCode): void;
  /** Resolves when the card shows the newest state and every letter is out. */
  settled(): Promise<void>;
  /** Ends both coroutines at once, and answers what was not sent. Never waits: a hanging Slack may not hold a page turn. */
  stop(): readonly Letter[];
}

/** A definite refusal by Slack was recorded by the activity; the story goes on without that message. */
async function forgiving(call: Promise<void>): Promise<void> {
  await call.catch(() => undefined);
}

/** What is the same on the card need not be painted twice. */
function shown(view: ElevationView): string {
  return JSON.stringify({ ...view, refusals: 0, reminders: 0 });
}

/** Minutes between attempts at a card that Slack refuses; the last one repeats. After so many tries, about a day, it is left. */
const PAUSES_MIN = [1, 5, 15, 60] as const;
const TRIES = 26;

/** Starts both coroutines. */
export function startPainter(book: Book, unsent: readonly Letter[]): Painter {
  const letters: Letter[] = [...unsent];
  /** Two postmen: a person who cannot be written to must not keep an alarm from the channel. */
  const routes = [(l: Letter) => l.to === 'thread' || l.to === 'files', (l: Letter) => l.to === 'subject' || l.to === 'clicker'];
  let last: string | undefined;
  let stopped = false;

  const paint = async () => {
    let refused = 0;
    for (;;) {
      await condition(() => stopped || (!book.hush && shown(book.view) !== last));
      if (stopped) return;
      const view = book.view;
      const call = slack.paint.executeWithOptions({ summary: `card: ${view.state}` }, [view]);
      const painted = await call.then(
        () => true,
        () => false,
      );
      refused = painted ? 0 : refused + 1;
      const pause = PAUSES_MIN[Math.min(refused, PAUSES_MIN.length) - 1] ?? 0;
      if (painted || refused > TRIES) last = shown(view);
      // Slack refused for good (an archived channel, a bot that was removed): somebody may mend that, so it is tried again.
      else
        await book.until(
          () => stopped || shown(book.view) !== shown(view),
          Date.now() + pause * 60_000,
          'until the card is tried again',
        );
    }
  };

  const post = async (mine: (letter: Letter) => boolean) => {
    for (;;) {
      await condition(() => stopped || (!book.hush && letters.some(mine)));
      const letter = letters.find(mine);
      if (stopped || !letter) return;
      await forgiving(send(book, letter));
      letters.splice(letters.indexOf(letter), 1);
    }
  };

  void paint();
  for (const route of routes) void post(route);
  return {
    dm: (kind) => void letters.push({ to: 'subject', kind, view: book.view }),
    line: (kind, key = kind) => void letters.push({ to: 'thread', kind, view: book.view, key }),
    files: () => void letters.push({ to: 'files', view: book.view }),
    answer: (actor, code) => void letters.push({ to: 'clicker', actor, code }),
    settled: () => condition(() => letters.length === 0 && shown(book.view) === last),
    stop: () => {
      stopped = true;
      return letters;
    },
  };
}

function send(book: Book, letter: Letter): Promise<void> {
  switch (letter.to) {
    case 'subject':
      return posting.dm.executeWithOptions({ summary: `DM: ${letter.kind}` }, [letter.kind, letter.view]);
    case 'thread':
      return posting.line.executeWithOptions({ summary: `thread: ${letter.kind}` }, [letter.kind, letter.view, letter.key]);
    case 'files':
      return posting.fileEvidence.executeWithOptions({ summary: 'thread: log' }, [letter.view]);
    case 'clicker':
      return posting.answer.executeWithOptions({ summary: `answer: ${letter.code}` }, [
        book.view.request.requestId,
        letter.actor,
        letter.code,
      ]);
  }
}
