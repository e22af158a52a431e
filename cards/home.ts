/**
 * App Home: what is somebody's now, what waits for them, what they may ask for, and what they asked for. Drawn when it is
 * opened and after each press in it, not by the clock: instants are Slack's own dates, and it says when it was drawn.
 */
import type { ActionsBlock, Button, HomeView, KnownBlock } from '@slack/types';
import { few } from '../contract/few.js';
import { type Instant, msOf, shortId } from '../contract/ids.js';
import type { Frozen } from '../contract/ports.js';
import type { Offer, Offers } from '../contract/preview.js';
import type { ElevationView } from '../contract/view.js';
import { HOME_ACTIONS } from './actions.js';
import { actions, bullets, button, context, header, lines } from './blocks.js';
import { extensionLine } from './card.js';
import { endButton, remindButton, withdrawButton } from './controls.js';
import { frozenLine } from './frozen.js';
import { accessOf } from './kinds/index.js';
import { foreign, link, type PeopleLookup, plural, type Sentence, spell, strong, when, who } from './say.js';
import { lapsesAt, stateLines } from './state-line.js';
import { brief } from './status.js';
import { oneLine } from './text.js';

/** How many of the newest requests are listed. */
export const HOME_RECENT = 10;
/** How many are shown in full, each with its buttons: Slack takes 100 blocks in all. */
const LIVE_SHOWN = 12;
const OFFERS_SHOWN = 10;

/** A request or an extension that this person could decide, and the address of its card once that is posted. */
export interface ToDecide {
  readonly view: ElevationView;
  readonly link?: string | undefined;
}

export interface Waiting {
  readonly shown: readonly ToDecide[];
  /** How many more may wait that were not looked at. */
  readonly more: number;
  /** Whether something could not be judged now: then this is not all. */
  readonly unsure: boolean;
}

export interface HomeContent {
  readonly drawnAt: Instant;
  readonly frozen?: Frozen | undefined;
  /** What became of the press that has it drawn, as a sentence. */
  readonly said?: string | undefined;
  /** This person's that wait, run or end. */
  readonly live: readonly ElevationView[];
  /** The newest of theirs, and how many there are in all. */
  readonly recent: readonly ElevationView[];
  readonly total: number;
  /** What they may ask for; a sentence when that can't be told now. */
  readonly offers: Offers | string;
  readonly waiting: Waiting;
  readonly people?: PeopleLookup;
}

/** Pure: equal arguments give equal blocks. */
export function home(content: HomeContent): HomeView {
  const { frozen, said, drawnAt } = content;
  return {
    type: 'home',
    blocks: [
      header('Stint'),
      ...(frozen ? [lines(frozenLine(frozen))] : []),
      ...(said === undefined ? [] : [lines(['➡️ ', foreign(said, 600)])]),
      ...ownButtons(true),
      ...yours(content),
      ...toDecide(content),
      ...askable(content.offers),
      ...requests(content),
      lines(['Drawn ', when(drawnAt), '. It does not change by itself: press Refresh.']),
    ],
  };
}

/** Where there is nothing to show but why. */
export function bareHome(sentence: string): HomeView {
  return { type: 'home', blocks: [header('Stint'), lines([foreign(sentence, 600)]), ...ownButtons(false)] };
}

function ownButtons(ask: boolean): ActionsBlock[] {
  const make = (actionId: string, label: string, style?: 'primary'): Button =>
    button({ actionId, value: label, label, spoken: label, ...(style ? { style } : {}) });
  const refresh = make(HOME_ACTIONS.refresh, 'Refresh');
  return actions(ask ? [make(HOME_ACTIONS.ask, 'Ask for access', 'primary'), refresh] : [refresh]);
}

const title = (text: string): KnownBlock => lines([strong(text)]);

function more(count: number, what = 'more'): KnownBlock[] {
  return count > 0 ? [context(`and ${count} ${what}`)] : [];
}

function yours({ live, people, drawnAt }: HomeContent): KnownBlock[] {
  if (live.length === 0) return [title('Yours now'), lines(['Nothing runs, and nothing of yours waits.'])];
  const shown = live
    .slice(0, LIVE_SHOWN)
    .flatMap((view) => [
      lines(
        [strong(shortId(view.request.requestId)), ' · ', ...accessOf(view), ` · ${spell(lengthOf(view))}`],
        ...stateLines(view, { people, now: drawnAt }),
        left(view, drawnAt),
        extensionLine(view, { people }),
      ),
      ...actions(controls(view)).map((block) => ({ ...block, block_id: `yours-${view.request.requestId}` })),
    ]);
  return [title('Yours now'), ...shown, ...more(live.length - LIVE_SHOWN)];
}

const lengthOf = (view: ElevationView): number => view.approvedWindowMs ?? view.request.windowMs;

/** `About 7 min left then.` It ages: the instant of the end stands beside it. */
function left({ state, deadlineAt }: ElevationView, now: Instant): Sentence {
  const ms = state === 'active' && deadlineAt ? msOf(deadlineAt) - msOf(now) : 0;
  if (ms <= 0) return [];
  const unit = ms < 90_000 ? 1000 : 60_000;
  return [`About ${spell(Math.max(unit, Math.round(ms / unit) * unit))} left when this was drawn.`];
}

/** What its holder may press here: nothing that adds access, for which the card and the direct messages are the place. */
function controls(view: ElevationView): readonly Button[] {
  return view.state === 'requested' ? [...withdrawButton(view), ...remindButton(view)] : endButton(view);
}

function toDecide({ waiting }: HomeContent): KnownBlock[] {
  const { shown, unsure } = waiting;
  const none = unsure ? [] : [lines(['Nothing waits for your decision.'])];
  return [
    title('Waits for you'),
    ...(shown.length > 0 ? [bullets(shown.map(decidable))] : none),
    ...more(waiting.more, 'that you may be able to decide'),
    ...(unsure ? [context('Not everything could be looked up just now. The cards in the approver channel are complete.')] : []),
  ];
}

function decidable({ view, link: to }: ToDecide): Sentence {
  const { request, verdict, extension, state } = view;
  const longer = state === 'active' && extension?.state === 'waiting';
  return [
    who(request.subject),
    longer ? ` asks for ${spell(extension.windowMs)} more of ` : ` asks for ${spell(request.windowMs)} of `,
    ...accessOf(view),
    ...(longer
      ? []
      : [
          ` · ${verdict.approvedBy.length} of ${plural(verdict.quorum, 'approval')} · lapses `,
          when(lapsesAt(view)),
          ...(request.startAt ? [' · starts ', when(request.startAt)] : []),
        ]),
    ' · ',
    to === undefined ? 'its card is not posted yet' : link(to, 'Open the card'),
  ];
}

function askable(offers: Offers | string): KnownBlock[] {
  const head = title('What you may ask for');
  if (typeof offers === 'string') return [head, lines([foreign(offers, 600)])];
  const { offers: all, searchable, note } = offers;
  const none = searchable ? [] : [lines(['The policy offers you nothing to ask for. Ask your IT team which rule would.'])];
  return [
    head,
    ...(all.length > 0 ? [bullets(all.slice(0, OFFERS_SHOWN).map(offered))] : none),
    ...more(all.length - OFFERS_SHOWN),
    ...(searchable
      ? [
          context(
            all.length > 0
              ? 'There is more, found by typing in the form.'
              : 'It is found by typing in the form: press Ask for access.',
          ),
        ]
      : []),
    ...(note === undefined ? [] : [context(`⏳ ${oneLine(note, 600)}`)]),
  ];
}

function offered({ display, windowsMs, approverNames, barred }: Offer): Sentence {
  if (barred !== undefined) return [foreign(display, 100), ' · 🚫 not now: ', foreign(barred, 200)];
  const longest = windowsMs.at(-1);
  const names = few(approverNames, 3);
  return [
    foreign(display, 100),
    longest === undefined ? '' : ` · up to ${spell(longest)}`,
    ...(names ? [' · goes to ', foreign(names, 200)] : []),
  ];
}

function requests({ recent, total }: HomeContent): KnownBlock[] {
  const shown = recent.slice(0, HOME_RECENT).map(brief);
  const body = shown.length > 0 ? bullets(shown) : lines(['You have no elevations yet.']);
  return [title('Your requests'), body, ...more(total - shown.length, 'older')];
}
