/** Messages to the person who gets the access. Truthful by state: what is not proved gone is not called gone. */
import type { Button, KnownBlock } from '@slack/types';
import { shortId } from '../contract/ids.js';
import type { Rendered } from '../contract/ports.js';
import type { ElevationView } from '../contract/view.js';
import { actions, context, lines, quote, rendered } from './blocks.js';
import { endButton, extendButtons, withdrawButton } from './controls.js';
import { macOf, plain, type Sentence, spell, strong, when, who } from './say.js';
import { evidence, lapsesAt, reasonOf, type SayOptions, why } from './state-line.js';

export const DM_KINDS = [
  'asked',
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
  /** What the approver wrote with a denial or a revoke. */
  readonly comment?: string;
  /** Lengths that may be asked for as an extension; none by default. */
  readonly extendMs?: readonly number[];
}

interface Letter {
  readonly says: readonly Sentence[];
  readonly buttons?: readonly Button[];
}

/** One direct message. Pure: equal arguments give equal blocks. */
export function dm(kind: DmKind, view: ElevationView, texts: DmTexts = {}): Rendered {
  const letter = LETTERS[kind](view, texts);
  const note = texts.comment === undefined ? [] : [quote(texts.comment)];
  const blocks: KnownBlock[] = [
    lines(...letter.says),
    ...note,
    context(`Elevation ${shortId(view.request.requestId)}`),
    ...actions(letter.buttons ?? []),
  ];
  return rendered(letter.says.map(plain).filter(Boolean).join(' '), blocks);
}

const LETTERS: { readonly [K in DmKind]: (view: ElevationView, texts: DmTexts) => Letter } = {
  asked: (view) => ({
    says: [
      [
        strong('Your request was sent:'),
        ` ${spell(view.request.windowMs)} of admin rights on `,
        macOf(view),
        ...forWhom(view),
        '.',
      ],
      ['It lapses ', when(lapsesAt(view)), ' if nobody decides.'],
    ],
    buttons: withdrawButton(view),
  }),
  approved: (view) => ({
    says: [
      [strong('Approved'), ` for ${spell(view.approvedWindowMs ?? view.request.windowMs)} on `, macOf(view), '.'],
      ['Keep the Mac awake and online', ...startBy(view), '. The time counts from the moment the Mac confirms.'],
    ],
    buttons: [...withdrawButton(view)],
  }),
  denied: (view, texts) => ({
    says: [[strong('Your request was denied'), ': admin rights on ', macOf(view), '.'], why(view, texts)],
  }),
  lapsed: (view) => ({
    says: [
      [
        strong('Nobody decided in time'),
        ', so your request for admin rights on ',
        macOf(view),
        ' lapsed. You can ask again with /elevate.',
      ],
    ],
  }),
  started: (view, texts) => ({
    says: [
      [strong('You are an admin'), ' on ', macOf(view), ...until(view), '.'],
      ['Every sudo command is logged. End it when you are done.'],
    ],
    buttons: [...endButton(view), ...extendButtons(view, texts.extendMs ?? [])],
  }),
  warning: (view, texts) => ({
    says: [[strong('Your admin rights end soon'), ' on ', macOf(view), ...deadline(view), '. ', left(view), 'Save your work.']],
    buttons: [...endButton(view), ...extendButtons(view, texts.extendMs ?? [])],
  }),
  ended: (view, texts) => ({ says: [gone(view), why(view, texts), ...evidence(view)] }),
  'not-started': (view, texts) => ({
    says: [
      [strong('Your elevation did not start'), ' on ', macOf(view), '.'],
      why(view, texts),
      [after(view), ' You can ask again with /elevate.'],
    ],
  }),
  failed: (view) => ({
    says: [[strong('Your elevation failed'), ' on ', macOf(view), `: ${reasonOf(view.failure)}`], [after(view)]],
  }),
  alarm: (view) => ({
    says: [
      [strong('It is not proved that your admin rights are gone'), ' on ', macOf(view), ...minutes(view), '.'],
      ['Connect the Mac to the network and leave it awake, or call your IT team.'],
    ],
  }),
};

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
  if (view.outcome === 'unproven')
    return [
      strong('Closed without proof'),
      ' that your admin rights on ',
      macOf(view),
      ' are gone. Your IT team has to check the Mac.',
    ];
  if (view.goneAt) return [strong('Your admin rights are gone'), ' on ', macOf(view), ', checked ', when(view.goneAt), '.'];
  if (view.state === 'ending')
    return [strong('Your admin rights are being taken away'), ' on ', macOf(view), '; the proof is still awaited.'];
  return [strong('Closed'), ': nothing was granted on ', macOf(view), '.'];
}

/** What is known about the access after a start that failed. */
function after(view: ElevationView): string {
  if (view.goneAt) return 'It was checked that no admin rights are left.';
  return view.state === 'ending' ? 'It is being checked that no admin rights are left.' : 'Nothing was granted.';
}
