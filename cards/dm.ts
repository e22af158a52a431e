/**
 * Messages to the person who gets the access, and to those who are called to decide. Truthful by state: what is not proved
 * gone is not called gone.
 */
import type { Button, KnownBlock } from '@slack/types';
import { shortId } from '../contract/ids.js';
import type { Rendered } from '../contract/ports.js';
import type { ElevationView } from '../contract/view.js';
import { actions, context, lines, preformatted, rendered } from './blocks.js';
import { type Comment, commentBlocks } from './card.js';
import { endButton, extendButtons, remindButton, withdrawButton } from './controls.js';
import { accessOf, wordsOf } from './kinds/index.js';
import type { Portal } from './kinds/words.js';
import { channel, foreign, listOf, named, plain, type Sentence, spell, strong, when, who } from './say.js';
import { asking, byApprovers, evidence, failureOf, lapsesAt, type SayOptions, startsAt, unstarted, why } from './state-line.js';

export const DM_KINDS = [
  'asked',
  'called',
  'approved',
  'denied',
  'lapsed',
  'started',
  'warning',
  'ended',
  'not-started',
  'failed',
  'alarm',
] as const;
export type DmKind = (typeof DM_KINDS)[number];

export interface DmTexts extends SayOptions {
  /** What was written with the decision or the revoke that it tells of, oldest first. */
  readonly comments?: readonly Comment[];
  /** Lengths that may be asked for as an extension; none by default. */
  readonly extendMs?: readonly number[];
  /** Where the access is opened; without it that is said in general words. */
  readonly portal?: Portal | undefined;
  /** For `called`: the channel that the card stands in. */
  readonly room?: string;
  /** For `called`: for what the reader is on call; nothing, where they are asked for another reason. */
  readonly rotas?: readonly string[];
}

interface Letter {
  readonly says: readonly Sentence[];
  readonly buttons?: readonly Button[];
  readonly snippet?: readonly string[] | undefined;
}

/** One direct message. Pure: equal arguments give equal blocks. */
export function dm(kind: DmKind, view: ElevationView, texts: DmTexts = {}): Rendered {
  const letter = LETTERS[kind](view, texts);
  const blocks: KnownBlock[] = [
    lines(...letter.says),
    ...commentBlocks(view, texts),
    ...(letter.snippet ? [preformatted(letter.snippet)] : []),
    context(`Elevation ${shortId(view.request.requestId)}`),
    ...actions(letter.buttons ?? []),
  ];
  return rendered(letter.says.map(plain).filter(Boolean).join(' '), blocks);
}

const LETTERS: { readonly [K in DmKind]: (view: ElevationView, texts: DmTexts) => Letter } = {
  asked: (view) => ({
    says: [
      [strong('Your request was sent:'), ` ${spell(view.request.windowMs)} of `, ...accessOf(view), ...forWhom(view), '.'],
      ['It lapses ', when(lapsesAt(view)), ' if nobody decides.'],
      view.request.startAt
        ? ['If it is approved, it starts ', when(view.request.startAt), '; you can withdraw it until then.']
        : [],
    ],
    buttons: [...withdrawButton(view), ...remindButton(view)],
  }),
  called: (view, { room, rotas = [] }) => ({
    says: [
      [...(rotas.length > 0 ? onCallFor(rotas) : [strong('You can decide from now on.')]), ' ', ...asking(view)],
      ['Nobody has decided yet; it lapses ', when(lapsesAt(view)), '.'],
      ['Its card is in ', room === undefined ? 'the approver channel' : channel(room), '; App Home lists what waits for you.'],
    ],
  }),
  approved: (view, texts) => ({
    says: [
      [
        strong('Approved'),
        ` for ${spell(view.approvedWindowMs ?? view.request.windowMs)} `,
        ...onIt(view),
        ...byApprovers(view, texts),
        '.',
      ],
      ...(view.request.startAt
        ? [startsAt(view.request.startAt, view), ['It is judged once more then. You can withdraw it until then.']]
        : [wordsOf(view.request.target).meanwhile(startBy(view))]),
    ],
    buttons: [...withdrawButton(view)],
  }),
  denied: (view, texts) => ({
    says: [[strong('Your request was denied'), ': ', ...accessOf(view), '.'], why(view, texts)],
  }),
  lapsed: (view) => ({
    says: [
      [
        strong('Nobody decided in time'),
        ', so your request for ',
        ...accessOf(view),
        ' lapsed. You can ask again with /elevate.',
      ],
    ],
  }),
  started: (view, texts) => {
    const words = wordsOf(view.request.target);
    const way = words.way(texts.portal);
    return {
      says: [[strong(`You ${words.youHold}`), ' ', ...onIt(view), ...until(view), '.'], ...way.says, words.tail(view)],
      snippet: way.snippet,
      buttons: [...endButton(view), ...extendButtons(view, texts.extendMs ?? [])],
    };
  },
  warning: (view, texts) => ({
    says: [
      [strong(`${your(view)} soon`), ' ', ...onIt(view), ...deadline(view), '. ', left(view), 'Save your work.'],
      wordsOf(view.request.target).tail(view),
    ],
    buttons: [...endButton(view), ...extendButtons(view, texts.extendMs ?? [])],
  }),
  ended: (view, texts) => ({ says: [gone(view), why(view, texts), ...tailOf(view), ...evidence(view)] }),
  'not-started': (view, texts) => ({
    says: [[strong('Your elevation did not start'), ' ', ...onIt(view), '.'], why(view, texts), unstarted(view), [after(view)]],
  }),
  failed: (view) => ({
    says: [[strong('Your elevation failed'), ' ', ...onIt(view), ': ', ...failureOf(view)], [after(view)]],
  }),
  alarm: (view) => ({
    says: [
      [strong(`It is not proved that your ${rights(view)} gone`), ' ', ...onIt(view), ...minutes(view), '.'],
      [wordsOf(view.request.target).wakeUp],
    ],
  }),
};

const onCallFor = (rotas: readonly string[]): Sentence => [
  strong('You are on call'),
  ' for ',
  ...listOf(rotas.map((rota) => foreign(rota, 64))),
  ', and can decide this.',
];

/** `on mac-bob`. */
const onIt = (view: ElevationView): Sentence => [`${wordsOf(view.request.target).joint} `, named(view)];

/** `admin rights are`. */
function rights(view: ElevationView): string {
  const { right, are } = wordsOf(view.request.target);
  return `${right} ${are}`;
}

/** `Your admin rights end`. */
function your(view: ElevationView): string {
  const { right, end } = wordsOf(view.request.target);
  return `Your ${right} ${end}`;
}

/** What outlives it, where there was access and it is gone. */
function tailOf(view: ElevationView): readonly Sentence[] {
  return view.confirmedAt && view.goneAt ? [wordsOf(view.request.target).tail(view)] : [];
}

function forWhom(view: ElevationView): Sentence {
  const { requester, subject } = view.request;
  return requester.personId === subject.personId ? [] : [' for ', who(subject)];
}

const startBy = (view: ElevationView): Sentence => (view.startBy ? [' until ', when(view.startBy)] : []);
const until = (view: ElevationView): Sentence => (view.deadlineAt ? [' until ', when(view.deadlineAt)] : []);
const deadline = (view: ElevationView): Sentence => (view.deadlineAt ? [': ', when(view.deadlineAt)] : []);
const minutes = (view: ElevationView): Sentence =>
  view.alarmMinutes === undefined ? [] : [`, ${view.alarmMinutes} min after they should be`];

/** The time left as it was when the warning was due; computed from the view, so that a late painting says the same. */
function left(view: ElevationView): string {
  if (!view.deadlineAt || !view.warnedAt) return '';
  const ms = Math.max(0, Date.parse(view.deadlineAt) - Date.parse(view.warnedAt));
  const unit = ms < 90_000 ? 1000 : 60_000;
  return `About ${spell(Math.round(ms / unit) * unit)} left. `;
}

function gone(view: ElevationView): Sentence {
  const { are, thing } = wordsOf(view.request.target);
  if (view.outcome === 'unproven')
    return [
      strong('Closed without proof'),
      ' that your ',
      ...accessOf(view),
      ` ${are} gone. Your IT team has to check ${thing}.`,
    ];
  if (view.goneAt) return [strong(`Your ${rights(view)} gone`), ' ', ...onIt(view), ', checked ', when(view.goneAt), '.'];
  if (view.state === 'ending')
    return [strong(`Your ${rights(view)} being taken away`), ' ', ...onIt(view), '; the proof is still awaited.'];
  return [strong('Closed'), ': nothing was granted ', ...onIt(view), '.'];
}

/** What is known about the access after a start that failed. */
function after(view: ElevationView): string {
  const none = `that no ${rights(view)} left`;
  if (view.goneAt) return `It was checked ${none}.`;
  return view.state === 'ending' ? `It is being checked ${none}.` : 'Nothing was granted.';
}
