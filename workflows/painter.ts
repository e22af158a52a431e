/**
 * The painter and three postmen: what Slack shows stays true. The herald makes the first attempt at each card and letter;
 * what Slack did not take is theirs. The painter is the card's only writer while the run lives: one call in flight,
 * always the newest state, an equal state skipped. The postmen send DMs and thread lines in order, each once. None of
 * them changes the state, and no revoke waits for them (invariant I10).
 */
import { condition } from '@temporalio/workflow';
import { CARD_AGAIN_MIN, type DmKind, type Letter, type LineKind, type News, type Told } from '../contract/duties.js';
import type { ErrorCode } from '../contract/errors.js';
import type { EventType } from '../contract/events.js';
import type { Envelope } from '../contract/messages.js';
import type { ElevationView } from '../contract/view.js';
import type { Book } from './book.js';
import { posting, slack } from './duties.js';

/** What the herald takes to Slack. */
export interface Post {
  readonly news: Pick<News, 'view' | 'paint' | 'letters'>;
  readonly letters: readonly Waiting[];
  /** For the Web UI. */
  readonly summary: string;
}

/** A letter; `late` once the herald could not deliver it. */
interface Waiting {
  readonly letter: Letter & { readonly view: ElevationView };
  late: boolean;
}

export interface Painter {
  dm(kind: DmKind): void;
  line(kind: LineKind, key?: string): void;
  files(): void;
  call(): void;
  answer(actor: Envelope['actor'], code: ErrorCode): void;
  /** Whether something waits that the herald should take. */
  readonly due: boolean;
  take(): Post;
  back(post: Post, told: Told): void;
  /** Resolves when the card shows the newest state and every letter is out. */
  settled(): Promise<void>;
  /** Ends all coroutines at once, and answers what was not sent. Never waits: a hanging Slack may not hold a page turn. */
  stop(): readonly Letter[];
}

/** What is the same on the card need not be painted twice. A test holds the cards of `approved` and `granting` equal. */
function shown(view: ElevationView): string {
  const { state, refusals, reminders, claimedAt, armedAt, notAfter, warnedAt, ...rest } = view;
  return JSON.stringify({ ...rest, state: state === 'granting' ? 'approved' : state });
}

/** By whom a letter is carried. Whom one of them cannot reach keeps neither an alarm from the channel nor a warning from the holder. */
const ROUTES = ['thread', 'people', 'called'] as const;
type Route = (typeof ROUTES)[number];

function routeOf({ to }: Letter): Route {
  if (to === 'thread' || to === 'files') return 'thread';
  return to === 'called' ? 'called' : 'people';
}

/** Letters that belong to one event, whoever recorded it. Those that depend on more are written in the chapters. */
const LETTERS: { readonly [T in EventType]?: readonly Letter[] } = {
  confirmed: [
    { to: 'thread', kind: 'started', key: 'started' },
    { to: 'subject', kind: 'started' },
  ],
  warned: [{ to: 'subject', kind: 'warning' }],
};

/** After so many tries at a card that Slack refuses, about a day, it is left. */
const TRIES = 26;

/** Starts the coroutines. */
export function startPainter(book: Book, unsent: readonly Letter[]): Painter {
  const waiting: Waiting[] = unsent.map((letter) => ({ letter: { ...letter, view: letter.view ?? book.view }, late: false }));
  let last: string | undefined;
  let out = false;
  let mine = false;
  let stopped = false;
  const stale = () => shown(book.view) !== last;
  /** Whether the card does not show the newest state. */
  const behind = () => out || mine || stale();
  const lateOn = (letter: Letter) => waiting.some((other) => other.late && routeOf(other.letter) === routeOf(letter));
  const push = (letter: Letter) => void waiting.push({ letter: { ...letter, view: book.view }, late: lateOn(letter) });
  book.heard = (type) => {
    for (const letter of LETTERS[type] ?? []) push(letter);
  };
  const drop = (one: Waiting) => void waiting.splice(waiting.indexOf(one), 1);

  const paint = async () => {
    let refused = 0;
    for (;;) {
      await condition(() => stopped || (mine && !book.hush));
      if (stopped) return;
      const view = book.view;
      const call = slack.paint.executeWithOptions({ summary: `card: ${view.state}` }, [view]);
      const painted = await call.then(
        () => true,
        () => false,
      );
      refused = painted ? 0 : refused + 1;
      const pause = CARD_AGAIN_MIN[Math.min(refused, CARD_AGAIN_MIN.length) - 1] ?? 0;
      if (painted || refused > TRIES) last = shown(view);
      // Slack refused for good (an archived channel, a bot that was removed): somebody may mend that, so it is tried again.
      else
        await book.until(
          () => stopped || shown(book.view) !== shown(view),
          Date.now() + pause * 60_000,
          'until the card is tried again',
        );
      mine = stale();
    }
  };

  const post = async (route: Route) => {
    for (;;) {
      const next = () => waiting.find(({ letter, late }) => late && routeOf(letter) === route);
      await condition(() => stopped || (!book.hush && next() !== undefined));
      const one = next();
      if (stopped || !one) return;
      const refused = await send(book, one.letter).then(
        () => false,
        () => true,
      );
      // Slack refuses the card, too, so perhaps the whole channel: what hangs on the card is tried again once that is there.
      if (refused && route === 'thread' && behind()) await condition(() => stopped || !behind());
      // A definite refusal by Slack was recorded by the activity; the story goes on without that message.
      else drop(one);
    }
  };

  void paint();
  for (const route of ROUTES) void post(route);
  return {
    dm: (kind) => push({ to: 'subject', kind }),
    line: (kind, key = kind) => push({ to: 'thread', kind, key }),
    files: () => push({ to: 'files' }),
    call: () => push({ to: 'called' }),
    answer: (actor, code) => push({ to: 'clicker', actor, code }),
    get due() {
      return !out && ((!mine && stale()) || waiting.some(({ late }) => !late));
    },
    take: () => {
      out = true;
      const { view } = book;
      const letters = waiting.filter(({ late }) => !late);
      const post = { view, paint: !mine && stale(), letters: letters.map(({ letter }) => withoutView(letter, view)) };
      return { news: post, letters, summary: summaryOf(post) };
    },
    back: ({ news, letters }, told) => {
      out = false;
      if (news.paint && told.painted) last = shown(news.view);
      if (news.paint && !told.painted) mine = true;
      for (const [i, one] of letters.entries()) {
        if (told.sent[i]) drop(one);
        else one.late = true;
      }
      // Nothing overtakes a letter that waits.
      for (const one of waiting) one.late ||= lateOn(one.letter);
    },
    settled: () => condition(() => waiting.length === 0 && !behind()),
    stop: () => {
      stopped = true;
      return waiting.map(({ letter }) => letter);
    },
  };
}

/** Most letters are of the very view that the card shows: it need not be in the history twice. */
function withoutView({ view, ...letter }: Waiting['letter'], newest: ElevationView): Letter {
  return view === newest ? letter : { ...letter, view };
}

function summaryOf({ view, paint, letters }: Post['news']): string {
  const words = letters.map((l) => (l.to === 'subject' ? `DM ${l.kind}` : l.to === 'thread' ? `line ${l.kind}` : l.to));
  return [...(paint ? [`card ${view.state}`] : []), ...words].join(', ');
}

function send(book: Book, letter: Waiting['letter']): Promise<void> {
  switch (letter.to) {
    case 'subject':
      return posting.dm.executeWithOptions({ summary: `DM: ${letter.kind}` }, [letter.kind, letter.view]);
    case 'called':
      return posting.call.executeWithOptions({ summary: 'DM: called' }, [letter.view]);
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
