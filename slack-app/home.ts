/**
 * App Home: drawn for whoever opens it, and again after each of their presses in it. Who that is comes from (team, user)
 * alone; a press there is judged as one in a direct message, and nothing that adds access can be pressed.
 */
import type { HomeView } from '@slack/types';
import type { WebClient } from '@slack/web-api';
import { HOME_ACTIONS } from '../cards/actions.js';
import { bareHome, HOME_RECENT, home, type Waiting } from '../cards/home.js';
import { isStintError } from '../contract/errors.js';
import { instant } from '../contract/ids.js';
import type { Directory, Freeze, Ledger, Person } from '../contract/ports.js';
import type { Offers, Preview } from '../contract/preview.js';
import type { ElevationView } from '../contract/view.js';
import type { Answerer } from './answer.js';
import type { Ack } from './clicks.js';
import type { Elevate } from './elevate.js';
import type { Gatekeeper } from './gatekeeper.js';
import { errorText, type Log } from './log.js';
import { namesIn } from './names.js';
import { failureOf } from './outcome.js';
import type { Claim, Press } from './payload.js';
import { within } from './race.js';

/** How long what others are asked for (AWS, the directory) may hold up the rest, in ms. */
const PART_MS = 4000;
/** More live elevations of one person than this are not read. */
const LIVE_READ = 50;
/** People whose newest drawing is remembered. */
const KEPT = 1000;

const HANDED_OVER = 'Your click was handed over. Press Refresh to see what came of it.';

export interface HomeDeps {
  readonly api: WebClient;
  readonly teamId: string;
  readonly gatekeeper: Gatekeeper;
  readonly directory: Directory;
  readonly ledger: Ledger;
  readonly freeze: Pick<Freeze, 'now'>;
  readonly preview: Pick<Preview, 'offersFor'>;
  readonly waiting: (person: Person) => Promise<Waiting>;
  readonly elevate: Elevate;
  readonly answerer: Answerer;
  readonly clock: () => number;
  readonly random: () => number;
  readonly logger: Log;
}

export interface Home {
  /** Never throws: a Home that cannot be drawn stays as it was. */
  opened(opened: { readonly claim: Claim; readonly tab: string }): Promise<void>;
  /** One of its own two buttons. */
  own(press: Press, ack: Ack): Promise<void>;
  /** Does what a button of an elevation is for that was pressed there, and tells in Home what came of it. */
  answer(press: Press, work: (say: (sentence: string) => Promise<boolean>) => Promise<void>): Promise<void>;
}

export function createHome(deps: HomeDeps): Home {
  const { ledger, gatekeeper, logger } = deps;
  const newest = new Map<string, object>();

  /** Drawings may overtake each other; the one that began last has the newest to show. */
  function begin(userId: string): () => boolean {
    const mine = {};
    if (newest.size >= KEPT) newest.clear();
    newest.set(userId, mine);
    return () => newest.get(userId) === mine;
  }

  async function content(claim: Claim, said: string | undefined): Promise<HomeView> {
    const { person } = await gatekeeper.identify(claim);
    const { personId } = person;
    const [live, recent, total, frozen, offers, waiting] = await Promise.all([
      ledger.list({ live: true, personId, limit: LIVE_READ }),
      ledger.list({ personId, limit: HOME_RECENT }),
      ledger.count({ personId }),
      deps.freeze.now(),
      offersFor(person),
      waitingFor(person),
    ]);
    const running = live.map((row) => row.view).filter((view) => view.state !== 'collecting');
    const people = await namesIn(deps.directory, deps.teamId, running.flatMap(idsIn));
    return home({
      drawnAt: instant(deps.clock()),
      frozen,
      said,
      live: running,
      recent: recent.map((row) => row.view),
      total,
      offers,
      waiting,
      people,
    });
  }

  async function offersFor(person: Person): Promise<Offers | string> {
    const raced = await within(deps.preview.offersFor(person).catch(sentenceOf), PART_MS);
    return raced.done ? raced.value : 'This takes too long to look up just now. The form may still find it.';
  }

  function sentenceOf(error: unknown): string {
    return failureOf(error, deps, { part: 'offers of Home' }).sentence;
  }

  async function waitingFor(person: Person): Promise<Waiting> {
    const raced = await within(deps.waiting(person).catch(unsure), PART_MS);
    return raced.done ? raced.value : UNSURE;
  }

  function unsure(error: unknown): Waiting {
    if (isStintError(error) && error.code === 'store-unavailable') throw error;
    logger.warn({ error: errorText(error) }, 'what waits for somebody could not be looked up');
    return UNSURE;
  }

  function why(error: unknown, claim: Claim): HomeView {
    const { sentence } = failureOf(error, deps, { part: 'Home', slackUserId: claim.userId });
    const down = isStintError(error) && error.code === 'store-unavailable';
    return bareHome(
      down ? `${sentence} What runs can be ended from your direct message with Stint, or from its card.` : sentence,
    );
  }

  /** Whether it is to be seen now. */
  async function draw(claim: Claim, said?: string): Promise<boolean> {
    const isNewest = begin(claim.userId);
    try {
      // Whoever is no full member of our workspace is shown nothing at all.
      const { userId } = await gatekeeper.member(claim);
      const view = await content(claim, said).catch((error: unknown) => why(error, claim));
      if (isNewest()) await deps.api.views.publish({ user_id: userId, view });
      return true;
    } catch (error) {
      const level = isStintError(error) ? 'info' : 'warn';
      logger[level]({ slackUserId: claim.userId, error: errorText(error) }, 'Home was not drawn');
      return false;
    }
  }

  /** In Home itself, where the person looks; else wherever they can be told. */
  async function say({ claim, replyTo }: Press, sentence: string): Promise<boolean> {
    return (await draw(claim, sentence)) || deps.answerer.say(replyTo, sentence);
  }

  return {
    async opened({ claim, tab }) {
      if (tab === 'home') await draw(claim);
    },
    async own(press, ack) {
      const { claim, replyTo, triggerId } = press;
      if (press.actionId === HOME_ACTIONS.ask && triggerId) {
        return deps.elevate.command({ claim, replyTo, text: '', triggerId }, ack);
      }
      await ack();
      await draw(claim);
    },
    async answer(press, work) {
      let told = false;
      await work(async (sentence) => {
        told = true;
        return say(press, sentence);
      });
      if (!told) await say(press, HANDED_OVER);
    },
  };
}

const UNSURE: Waiting = { shown: [], more: 0, unsure: true };

/** Everybody whom the lines of an elevation name. */
function idsIn({ verdict, votes, extension, unprovenBy, endedBy }: ElevationView) {
  const voters = [...votes, ...(extension?.votes ?? [])].map((vote) => vote.personId);
  return [...verdict.approvedBy, ...voters, ...unprovenBy, ...(endedBy ? [endedBy] : [])];
}
