/**
 * Lines in the card's thread. They are rendered from the state that the workflow holds, so an approver who was shown a
 * doctored card sees here what really happened. Each is posted once and never edited.
 */
import type { KnownBlock } from '@slack/types';
import type { PersonId } from '../contract/ids.js';
import type { Rendered } from '../contract/ports.js';
import type { Vote } from '../contract/verdict.js';
import type { ElevationView } from '../contract/view.js';
import { lines, preformatted, quote, rendered } from './blocks.js';
import { extensionLine } from './card.js';
import { UNPROVEN_AFTER_MIN } from './controls.js';
import { accessOf, wordsOf } from './kinds/index.js';
import { listOf, named, type PeopleLookup, plain, plural, type Sentence, spell, strong, when, who, whoIs } from './say.js';
import { evidence, lapsesAt, NAMED_PEOPLE, reasonOf, type SayOptions, stagesText, stateLines, why } from './state-line.js';
import { oneLine } from './text.js';

export const THREAD_KINDS = [
  'decided',
  'reminder',
  'called',
  'started',
  'warned',
  'ending',
  'ended',
  'alarm',
  'evidence',
  'late-evidence',
  'log-missing',
  'extension',
  'refused',
] as const;
export type ThreadKind = (typeof THREAD_KINDS)[number];

export interface ThreadTexts extends SayOptions {
  /** For `decided`: the vote to tell of; the newest by default. */
  readonly vote?: Vote;
  /** What was written with the vote. */
  readonly comment?: string;
  /** For `refused`: whose message, and the code of the refusal. */
  readonly refusal?: { readonly personId?: PersonId; readonly code: string };
  /** For `evidence` and `late-evidence`: the log's commands, oldest first. */
  readonly log?: { readonly commands: readonly string[]; readonly total: number };
}

const SHOWN_COMMANDS = 20;
const COMMAND_LENGTH = 200;

/** One line (and what belongs under it). Pure: equal arguments give equal blocks. */
export function threadLine(kind: ThreadKind, view: ElevationView, texts: ThreadTexts = {}): Rendered {
  const says = SAYS[kind](view, texts).filter((s) => s.length > 0);
  const blocks: KnownBlock[] = [
    lines(...says),
    ...(texts.comment === undefined ? [] : [quote(texts.comment)]),
    ...(kind === 'evidence' || kind === 'late-evidence' ? table(texts.log) : []),
  ];
  return rendered(says.map(plain).join(' '), blocks);
}

const SAYS: { readonly [K in ThreadKind]: (view: ElevationView, texts: ThreadTexts) => readonly Sentence[] } = {
  decided,
  reminder,
  called,
  started: (view) => [
    [strong('Started.'), ' ', who(view.request.subject), ...holding(view), ...until(view), '.'],
    wordsOf(view.request.target).tail(view),
  ],
  warned: (view) => [['The warning before the end was sent to ', who(view.request.subject), '.']],
  ending: (view, texts) => [why(view, texts), ['The access is being taken away: ', ...accessOf(view), '; the proof is awaited.']],
  ended: (view, texts) => stateLines(view, texts),
  alarm,
  evidence: (view) => elsewhere(view) ?? (view.evidence ? evidence(view) : [['The log is in.']]),
  'late-evidence': (view) => elsewhere(view) ?? [[strong('The log came after the close.')], ...evidence(view)],
  'log-missing': logMissing,
  extension: (view, texts) => [
    view.extension ? extensionLine(view, texts) : ['There is no extension.'],
    view.extension?.state === 'granted' ? ['It ends', ...until(view, ' '), '.'] : [],
  ],
  refused: (view, { refusal, people }) => [
    refusal?.personId
      ? ['A message of ', whoIs(view, refusal.personId, people), ` did not count: ${reasonOf(refusal.code)}`]
      : [`A message did not count: ${reasonOf(refusal?.code)}`],
  ],
};

/** Where a kind of target has no log of ours, what was done is to be looked for there. */
function elsewhere(view: ElevationView): readonly Sentence[] | undefined {
  const { log } = wordsOf(view.request.target);
  return 'elsewhere' in log ? [log.elsewhere] : undefined;
}

function logMissing(view: ElevationView): readonly Sentence[] {
  const { log } = wordsOf(view.request.target);
  if ('elsewhere' in log) return [log.elsewhere];
  return [[strong('Log missing.'), ' ', named(view), ' did not deliver the log in time.'], log.find];
}

/** ` is an admin on mac-bob`. */
function holding(view: ElevationView): Sentence {
  const { holds, joint } = wordsOf(view.request.target);
  return [` ${holds} ${joint} `, named(view)];
}

function until(view: ElevationView, lead = ' until '): Sentence {
  return view.deadlineAt ? [lead, when(view.deadlineAt)] : [];
}

function decided(view: ElevationView, texts: ThreadTexts): readonly Sentence[] {
  const vote = texts.vote ?? view.votes.at(-1);
  if (!vote || view.outcome === 'withdrawn') return stateLines(view, texts);
  const voter = whoIs(view, vote.personId, texts.people);
  if (vote.decision === 'deny') return [[strong('Denied'), ' by ', voter, ' ', when(vote.at), '.']];
  const length = vote.windowMs === undefined ? '' : ` for ${spell(vote.windowMs)}`;
  return [[strong('Approved'), length, ' by ', voter, ' ', when(vote.at), '.'], standing(view)];
}

const mentioned = (approvers: readonly PersonId[]): readonly PersonId[] => [...new Set(approvers)].slice(0, NAMED_PEOPLE);

/** Those who may decide and were not asked before: of a step that began, a shift or the next stage. Mentioned this once. */
function called(view: ElevationView, { people }: ThreadTexts): readonly Sentence[] {
  const ids = lastCalled(view);
  return [
    [strong('Still waiting for a decision.'), ' It lapses ', when(lapsesAt(view)), '.'],
    view.verdict.stages ? standing(view) : [],
    ids.length > 0 ? canDecide('Can decide from now on: ', ids, view, people) : [],
  ];
}

/** Whom the last call mentions. */
export function lastCalled({ calls = [] }: ElevationView): readonly PersonId[] {
  return mentioned(calls.at(-1) ?? []);
}

function canDecide(words: string, ids: readonly PersonId[], view: ElevationView, people?: PeopleLookup): Sentence {
  return [words, ...listOf(ids.map((id) => whoIs(view, id, people))), '.'];
}

/** What the votes so far amount to. */
function standing(view: ElevationView): Sentence {
  const { approvedBy, quorum, stages } = view.verdict;
  if (view.state === 'requested' && stages) return [`Approvals so far: ${stagesText(stages)}.`];
  if (view.state === 'requested') return [`${approvedBy.length} of ${plural(quorum, 'approval')} so far.`];
  if (view.state !== 'approved' || view.approvedWindowMs === undefined) return [];
  return [
    `It counts: ${spell(view.approvedWindowMs)} for `,
    who(view.request.subject),
    ` ${wordsOf(view.request.target).joint} `,
    named(view),
    '.',
  ];
}

/** Mentions nobody: the card did, and a reminder is a nudge, no alarm. */
function reminder(view: ElevationView): readonly Sentence[] {
  const lapses = when(lapsesAt(view));
  return [[strong(`Reminder ${Math.max(1, view.reminders)}:`), ' still waiting for a decision. It lapses ', lapses, '.']];
}

/** What whoever asked has said once more: a line of the thread that mentions those who can still decide. */
export function nudge(view: ElevationView, by: PersonId, people?: PeopleLookup): Rendered {
  const { approvers, approvedBy } = view.verdict;
  const open = mentioned(approvers.filter((id) => !approvedBy.includes(id)));
  const says: readonly Sentence[] = [
    [
      strong('Asked again'),
      ' by ',
      whoIs(view, by, people),
      ': still waiting for a decision. It lapses ',
      when(lapsesAt(view)),
      '.',
    ],
    ...(open.length > 0 ? [canDecide('Can decide: ', open, view, people)] : []),
  ];
  return rendered(says.map(plain).join(' '), [lines(...says)]);
}

function alarm(view: ElevationView): readonly Sentence[] {
  const minutes = view.alarmMinutes ?? 0;
  const { thing, check, joint } = wordsOf(view.request.target);
  const after: Sentence =
    minutes >= UNPROVEN_AFTER_MIN
      ? [`When two people have checked ${thing} by hand, they may use "Close without proof" on the card.`]
      : [];
  if (view.state !== 'ending') return [[strong(`Alarm: the log of this elevation is overdue by ${minutes} min.`)]];
  return [
    [strong(`Alarm: for ${minutes} min there is no proof that access ${joint} `), named(view), strong(' is gone.')],
    ...check,
    after,
  ];
}

/** The first commands in fixed width; the whole log is the file beside it. */
function table(log: ThreadTexts['log']): KnownBlock[] {
  if (!log || log.commands.length === 0) return [];
  const rows = log.commands.slice(0, SHOWN_COMMANDS).map((c) => oneLine(c, COMMAND_LENGTH, '(empty)'));
  const more = Math.max(log.total, log.commands.length) - rows.length;
  return [preformatted(more > 0 ? [...rows, `… and ${more} more in the attached log`] : rows)];
}
