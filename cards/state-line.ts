/**
 * What the card says about where an elevation stands. Rule of the house: nothing is called ended before it was
 * observed gone, and a state that may hold access past its window says so loudly. An emoji never stands without words.
 */
import { ERRORS } from '../contract/errors.js';
import type { RevokeCause } from '../contract/events.js';
import { type Instant, instant, msOf } from '../contract/ids.js';
import { lapsesAtMs } from '../contract/later.js';
import type { Outcome } from '../contract/states.js';
import type { StageCount } from '../contract/verdict.js';
import type { ElevationView } from '../contract/view.js';
import { accessOf, wordsOf } from './kinds/index.js';
import { foreign, listOf, named, type PeopleLookup, plural, type Sentence, spell, strong, when, who, whoIs } from './say.js';
import { oneLine } from './text.js';

export interface SayOptions {
  readonly people?: PeopleLookup | undefined;
  readonly now?: Instant | undefined;
}

/** The sentences of the state, the most important first. */
export function stateLines(view: ElevationView, options: SayOptions = {}): readonly Sentence[] {
  const words = wordsOf(view.request.target);
  switch (view.state) {
    case 'requested':
      return [waiting(view), starts(view), soFar(view, options), ...called(view, options), ...untold(view), ...unread(view)];
    // One sentence for both: the step between them is ours, and no news to anybody.
    case 'approved':
    case 'granting':
      return [approved(view, options)];
    case 'active':
      return [active(view, options), words.tail(view), byWhom(view, options)];
    case 'ending':
      return [...ending(view), why(view, options), ...unprovenAsked(view, options)];
    case 'collecting':
      return [['⚪ ', strong('Access gone'), ...at(view.goneAt), `. ${words.collecting}`], why(view, options), tailOf(view)];
    case 'closed':
      return [...closed(view, options), tailOf(view), ...evidence(view)];
  }
}

/** When a request that nobody answers lapses. */
export function lapsesAt(view: ElevationView): Instant {
  return instant(lapsesAtMs(msOf(view.request.askedAt), view.verdict));
}

function waiting(view: ElevationView): Sentence {
  return ['🟡 ', strong('Waiting for approval.'), ' Lapses ', when(lapsesAt(view)), '.'];
}

/** Of what is asked for later. */
function starts({ request: { startAt }, verdict: { startBefore } }: ElevationView): Sentence {
  if (!startAt || !startBefore) return [];
  return ['If it is approved, it starts ', when(startAt), ', by ', when(startBefore), ' at the latest, or not at all.'];
}

function soFar(view: ElevationView, { people }: SayOptions): Sentence {
  const { approvedBy, quorum, stages } = view.verdict;
  if (approvedBy.length === 0) return [];
  return [
    stages ? `Approvals so far: ${stagesText(stages)}; by ` : `${approvedBy.length} of ${plural(quorum, 'approval')} so far: `,
    ...listOf(approvedBy.map((id) => whoIs(view, id, people))),
    '.',
  ];
}

/** At most so many people are named in one place. */
export const NAMED_PEOPLE = 10;

/** Who was called by a message of their own, those who may still decide. */
function called({ calls = [], ...view }: ElevationView, { people }: SayOptions): readonly Sentence[] {
  const { approvers, onCall = [] } = view.verdict;
  const open = calls.flat().filter((id) => approvers.includes(id));
  const onDuty = new Set(onCall.flatMap(({ people: ids }) => ids));
  const [there, others] = [open.filter((id) => onDuty.has(id)), open.filter((id) => !onDuty.has(id))];
  const shown = (ids: typeof open) => listOf(ids.slice(-NAMED_PEOPLE).map((id) => whoIs(view, id, people)));
  const more = others.length > NAMED_PEOPLE ? `Also called were ${others.length}, the last: ` : 'Also called: ';
  return [
    there.length > 0 ? ['On call, and called: ', ...shown(there), '.'] : [],
    others.length > 0 ? [more, ...shown(others), '.'] : [],
  ];
}

/** Who might decide and can't be told now. */
function untold({ verdict }: ElevationView): readonly Sentence[] {
  return (verdict.untold ?? []).map((sentence) => ['⏳ ', foreign(sentence, 300), ' It is looked up again.']);
}

/** Tickets that the reason names and that can't be looked up now. */
function unread({ verdict }: ElevationView): readonly Sentence[] {
  const waits = (verdict.conditions ?? []).filter(({ name, state }) => name === 'ticket' && state === 'failed');
  return waits.map(({ sentence }) => ['⏳ ', foreign(sentence, 400), ' It is looked up again at each vote.']);
}

/** `owners 1 of 1, security 0 of 2`: how far each of several stages is. */
export function stagesText(stages: readonly StageCount[]): string {
  return stages.map(({ name, quorum, approved: there }) => `${oneLine(name, 80)} ${there} of ${quorum}`).join(', ');
}

function approved(view: ElevationView, options: SayOptions): Sentence {
  const by: Sentence = view.startBy ? [' by ', when(view.startBy)] : [];
  const { startAt } = view.request;
  if (startAt) return ['🟢 ', strong('Approved'), ...terms(view, options), '. ', ...startsAt(startAt, view)];
  return ['🟢 ', strong('Approved'), ...terms(view, options), ...wordsOf(view.request.target).granting(by)];
}

/** `Starts … by … at the latest, or not at all; the 10 min count from when the access is there.` */
export function startsAt(startAt: Instant, { startBy, approvedWindowMs, request }: ElevationView): Sentence {
  const latest: Sentence = startBy ? [', by ', when(startBy), ' at the latest, or not at all'] : [];
  const length = spell(approvedWindowMs ?? request.windowMs);
  return [strong('Starts '), when(startAt), ...latest, `; the ${length} count from when the access is there.`];
}

function active(view: ElevationView, { now }: SayOptions): Sentence {
  const { deadlineAt } = view;
  if (!deadlineAt) return ['🟢 ', strong('Active.')];
  if (now && msOf(now) >= msOf(deadlineAt)) {
    return ['🟠 ', strong('The window is over'), ' since ', when(deadlineAt), '. The access is to be taken away now.'];
  }
  return ['🟢 ', strong('Active'), ' until ', when(deadlineAt), '.'];
}

/** `for 10 min by A and B`, as far as it is known; never a person where none approved. */
function terms(view: ElevationView, { people }: SayOptions): Sentence {
  const length: Sentence = view.approvedWindowMs ? [` for ${spell(view.approvedWindowMs)}`] : [];
  return [...length, ...byApprovers(view, { people })];
}

/** ` by A and B`, or by the policy itself. */
export function byApprovers(view: ElevationView, { people }: SayOptions): Sentence {
  const names = view.verdict.approvedBy.map((id) => whoIs(view, id, people));
  return names.length > 0 ? [' by ', ...listOf(names)] : byPolicy(view);
}

function byPolicy({ verdict: { rule, breakGlass } }: ElevationView): Sentence {
  if (breakGlass) return [' by break-glass, without an approver'];
  const name: Sentence = rule === undefined ? [] : [' (rule ', foreign(rule, 60), ')'];
  return [' by the policy itself', ...name, ', not by a person'];
}

function byWhom(view: ElevationView, options: SayOptions): Sentence {
  return ['Approved', ...terms(view, options), ...at(view.approvedAt), '.'];
}

function at(instantAt: Instant | undefined): Sentence {
  return instantAt ? [' ', when(instantAt)] : [];
}

function ending(view: ElevationView): readonly Sentence[] {
  const minutes = view.alarmMinutes;
  const line: Sentence = ['🟠 ', strong('Ending: waiting for proof that access is gone.')];
  if (minutes === undefined) return [line];
  const loud = `No proof for ${minutes} min. ${wordsOf(view.request.target).treat}.`;
  return [line, ['🔴 ', strong(`Alarm: ${loud}`)]];
}

function unprovenAsked(view: ElevationView, { people }: SayOptions): readonly Sentence[] {
  const ids = [...new Set(view.unprovenBy)];
  if (ids.length === 0) return [];
  return [
    [`${ids.length} of 2 people asked to close this without proof: `, ...listOf(ids.map((id) => whoIs(view, id, people))), '.'],
  ];
}

/** Why it ends or ended, by outcome; says nothing about whether the access is gone. */
export function why(view: ElevationView, options: SayOptions = {}): Sentence {
  return view.outcome ? CAUSE[view.outcome](view, options) : [];
}

/** What it means that an access never came to be, and what to do then; nothing where it did, or ends otherwise. */
export function unstarted(view: ElevationView): Sentence {
  return view.outcome === 'not-started' ? [meaning(view)] : [];
}

/** The same with the fact before it, as plain text: for who has asked from the command line. */
export const unstartedText = (view: ElevationView): string => `${wordsOf(view.request.target).notStarted}. ${meaning(view)}`;

function meaning({ armedAt, request }: ElevationView): string {
  const { means, todo } = armedAt ? wordsOf(request.target).unstarted : request.startAt ? MISSED : NOT_BEGUN;
  return `${means} ${todo}`;
}

/** Nothing was asked of the target. */
const NOT_BEGUN = {
  means: 'It was approved, and Stint itself could not begin with it until then.',
  todo: 'Ask again in some minutes. If that ends the same way, tell whoever runs Stint.',
};

const MISSED = {
  means: 'It was approved, and Stint itself could not begin with it in the time that the policy leaves after a start.',
  todo: 'It is not granted late: ask for another time. If that ends the same way, tell whoever runs Stint.',
};

const ender = (view: ElevationView, { people }: SayOptions): Sentence =>
  view.endedBy ? [' by ', whoIs(view, view.endedBy, people)] : [];

const moment = (view: ElevationView): Sentence => at(view.endingAt ?? view.closedAt);

const CAUSE: { readonly [O in Outcome]: (view: ElevationView, options: SayOptions) => Sentence } = {
  denied: (view, options) => ['Denied', ...denier(view, options), ...moment(view), '.', ...refusal(view)],
  lapsed: (view) => [
    ...(isMissed(view) ? ['Nobody decided before its start was missed'] : ['Nobody decided in time']),
    '; the request lapsed',
    ...moment(view),
    '.',
  ],
  withdrawn: (view, options) => ['Withdrawn', ...ender(view, options), ...moment(view), '.'],
  'not-started': (view) => [
    isMissed(view) ? 'Its start was missed' : wordsOf(view.request.target).notStarted,
    ...(view.startBy ? [' (by ', when(view.startBy), ')'] : []),
    '.',
  ],
  expired: (view) =>
    isSweptEarly(view)
      ? ['It was ended before its window was over.']
      : ['The window was over', ...at(view.deadlineAt ?? view.endingAt), '.'],
  revoked: (view, options) => ['Revoke ordered', ...revoker(view, options), ...moment(view), '.'],
  ended: (view, options) => ['End asked for', ...ender(view, options), ...moment(view), '.'],
  'lost-contact': (view) => [wordsOf(view.request.target).lostContact, ...moment(view), '.'],
  failed: (view) =>
    isSwept(view) ? [wordsOf(view.request.target).neverConfirmed] : ['It failed', ...moment(view), ': ', ...failureOf(view)],
  drilled: () => ['It was a drill.'],
  unproven: (view, options) => ['Closed without proof', ...closers(view, options), ...at(view.closedAt), '.'],
};

/** It was asked for later, and nobody decided, or Stint could not begin with it, until it was too late for that. */
function isMissed({ request, verdict, armedAt, closedAt }: ElevationView): boolean {
  const { startBefore } = verdict;
  return request.startAt !== undefined && !armedAt && !!startBefore && !!closedAt && msOf(closedAt) >= msOf(startBefore);
}

function denier(view: ElevationView, { people }: SayOptions): Sentence {
  const vote = view.votes.findLast((v) => v.decision === 'deny');
  const id = vote?.personId ?? view.endedBy;
  return id ? [' by ', whoIs(view, id, people)] : [' by the policy'];
}

/** Why the policy itself denied it: what refuses comes first among the verdict's sentences. It names people and targets. */
function refusal({ verdict, votes, endedBy }: ElevationView): Sentence {
  const byPerson = endedBy !== undefined || votes.some((vote) => vote.decision === 'deny');
  const [first] = verdict.sentences;
  return byPerson || verdict.outcome !== 'deny' || first === undefined ? [] : [' ', foreign(first, 400)];
}

function revoker(view: ElevationView, options: SayOptions): Sentence {
  if (view.endedBy) return ender(view, options);
  return view.revokeCause ? [REVOKER[view.revokeCause]] : [];
}

const REVOKER: { readonly [C in RevokeCause]: string } = {
  approver: '',
  operator: ' by an operator',
  cancel: ' by a cancel in the workflow engine',
  left: ', because the person is no longer active,',
};

function closers(view: ElevationView, { people }: SayOptions): Sentence {
  const names = [...new Set(view.unprovenBy)].map((id) => whoIs(view, id, people));
  return names.length > 0 ? [' by ', ...listOf(names)] : [' by two people'];
}

/** The sentence of an error code; the code itself when the table does not know it. */
export function reasonOf(code: string | undefined): string {
  if (code === undefined) return 'the cause was not recorded.';
  return Object.hasOwn(ERRORS, code) ? ERRORS[code as keyof typeof ERRORS].sentence : `${oneLine(code, 60)}.`;
}

/** Why it failed: in the far end's own words where it gave some, which are shown and never parsed. */
export function failureOf({ failure, failureReason }: ElevationView): Sentence {
  return [failureReason === undefined ? reasonOf(failure) : foreign(failureReason, 400)];
}

function closed(view: ElevationView, options: SayOptions): readonly Sentence[] {
  const found: readonly Sentence[] = isSwept(view) ? [SWEPT] : [];
  return [
    [mark(view), ...closing(view)],
    why(view, options),
    unstarted(view),
    ...found,
    ...(view.confirmedAt ? [byWhom(view, options)] : []),
  ];
}

/**
 * Closed by the very observation that it is gone: no workflow had begun to end it, so the sweep or the reconciler did. Of
 * an end that somebody ordered the view has the instant.
 */
function isSwept(view: ElevationView): boolean {
  const { state, outcome, goneAt, endingAt, failure } = view;
  const byState = outcome === 'expired' || (outcome === 'failed' && failure === undefined);
  return state === 'closed' && byState && goneAt !== undefined && endingAt === undefined;
}

/** Somebody had ended it in the store (`stint revoke`, and no workflow acted on it) before its window was over. */
function isSweptEarly(view: ElevationView): boolean {
  const { deadlineAt, goneAt } = view;
  return isSwept(view) && deadlineAt !== undefined && goneAt !== undefined && msOf(goneAt) < msOf(deadlineAt);
}

const SWEPT: Sentence = ['Its workflow did not end it: Stint took the access away past it.'];

function mark(view: ElevationView): string {
  if (view.outcome === 'unproven') return '🔴 ';
  return view.confirmedAt && view.goneAt ? '✅ ' : '⚪ ';
}

/** Whether there was access, and what is known of its end. */
function closing(view: ElevationView): Sentence {
  if (view.outcome === 'unproven')
    return [
      strong('Closed without proof that access is gone.'),
      ` ${wordsOf(view.request.target).treat} until someone has checked it.`,
    ];
  if (view.goneAt && view.confirmedAt)
    return [strong('Ended.'), ' Access gone ', when(view.goneAt), ` ${wordsOf(view.request.target).joint} `, named(view), '.'];
  if (view.goneAt) return [strong('Closed: no access was confirmed.'), ' Checked and found gone ', when(view.goneAt), '.'];
  return [strong('Closed: nothing was granted.')];
}

/** What outlives the access once that is gone. */
function tailOf(view: ElevationView): Sentence {
  return view.confirmedAt && view.goneAt ? wordsOf(view.request.target).tail(view) : [];
}

/** What became of the log; said only where there can be one. */
export function evidence(view: ElevationView): readonly Sentence[] {
  const { log } = wordsOf(view.request.target);
  if ('elsewhere' in log) return view.confirmedAt ? [log.elsewhere] : [];
  const found = view.evidence;
  if (!found) return view.state === 'closed' && view.confirmedAt ? [[strong('Log missing.')]] : [];
  if (!found.complete)
    return [
      [strong('Log missing:'), ` ${log.from} did not deliver all of it in time (${plural(found.lines, 'sudo command')} known).`],
    ];
  return [[`Log: ${plural(found.lines, 'sudo command')}${found.late ? ', delivered after the close' : ''}.`]];
}

/** Who asks for what, in one sentence. */
export function asking(view: ElevationView): Sentence {
  const { requester, subject, windowMs, category, startAt } = view.request;
  const from: Sentence = startAt ? [', to start ', when(startAt)] : [];
  const forWhom: Sentence = requester.personId === subject.personId ? [] : [' for ', who(subject)];
  return [who(requester), ` asks for ${spell(windowMs)} of `, ...accessOf(view), ...forWhom, ...from, ` (${category}).`];
}
