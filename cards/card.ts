/**
 * The card in the approver channel: one message per elevation, rendered from the view alone, so that painting it twice
 * or much later shows the same (invariant I10). The card is a view, never the record.
 */
import type { KnownBlock } from '@slack/types';
import { isBroken } from '../contract/break-glass.js';
import { type Instant, type PersonId, shortId } from '../contract/ids.js';
import type { Rendered } from '../contract/ports.js';
import type { ElevationView } from '../contract/view.js';
import { actions, context, header, lines, quote, rendered } from './blocks.js';
import { glassLines } from './break-glass.js';
import { cardControls, extensionControls } from './controls.js';
import { wordsOf } from './kinds/index.js';
import { listOf, type PeopleLookup, plain, plural, type Sentence, shortReason, spell, strong, when, who, whoIs } from './say.js';
import { asking, NAMED_PEOPLE, type SayOptions, stagesText, stateLines } from './state-line.js';
import { oneLine } from './text.js';
import { TIER_WORDS } from './tier.js';

export interface CardTexts {
  /** What the requester wrote; undefined when it cannot be read now. */
  readonly reason: string | undefined;
  /** Only decides whether an `active` card says that its window is over; a card is not repainted for time alone. */
  readonly now: Instant;
  readonly people?: PeopleLookup;
  /** What people wrote with their decisions, oldest first. */
  readonly comments?: readonly Comment[];
  /** The channel of its rule, where the card could not be posted: it stands in the approver channel instead. */
  readonly missed?: string;
}

/** What somebody wrote with a vote or a revoke; without a person: an operator. */
export interface Comment {
  readonly personId?: PersonId;
  readonly text: string;
}

/** Of many only the newest are shown; the thread and the record have all. */
const COMMENTS = 4;

const NO_REASON = 'The reason cannot be read at the moment.';

/** Renders the card of any state. Pure: equal arguments give equal blocks. */
export function card(view: ElevationView, texts: CardTexts): Rendered {
  const state = stateLines(view, texts);
  const glass = glassLines(view, texts.people);
  const blocks: KnownBlock[] = [
    header(headingOf(view)),
    ...(glass.length > 0 ? [lines(...glass)] : []),
    lines(...state),
    lines(...facts(view)),
    ...pool(view, texts),
    ...(texts.reason === undefined ? [context(NO_REASON)] : [quote(texts.reason)]),
    ...commentBlocks(view, texts),
    context(small(view)),
    ...(view.verdict.policyNow === undefined ? [] : [context(policyChanged(view))]),
    ...(texts.missed === undefined ? [] : [context(movedHere(texts.missed))]),
    ...actions(cardControls(view)),
    ...extensionBlocks(view, texts),
  ];
  return rendered(fallback(view, texts, [...glass, ...state]), blocks);
}

function headingOf(view: ElevationView): string {
  if (!isBroken(view)) return 'Elevation request';
  return view.request.breakGlass?.drill ? 'Break-glass: a drill' : 'Break-glass';
}

/** What was written, each with who wrote it. */
export function commentBlocks(
  view: ElevationView,
  { comments = [], people }: Pick<CardTexts, 'comments' | 'people'>,
): KnownBlock[] {
  return comments.slice(-COMMENTS).flatMap(({ personId, text }) => {
    const author: Sentence = personId ? [whoIs(view, personId, people)] : ['An operator'];
    return [lines([...author, ' wrote:']), quote(text)];
  });
}

/** Who, where, how long, what for. */
export function facts(view: ElevationView): readonly Sentence[] {
  const { requester, subject, target, windowMs, category, startAt } = view.request;
  const asker: Sentence = requester.personId === subject.personId ? [] : [' (asked by ', who(requester), ')'];
  return [
    [strong('Who: '), who(subject), ...asker],
    wordsOf(target).fact,
    ...risk(view),
    [strong('Window asked for: '), spell(windowMs)],
    ...(startAt ? [[strong('Start asked for: '), when(startAt)]] : []),
    [strong('Category: '), category],
  ];
}

/**
 * Who can decide. Slack tells whoever is mentioned when the card is posted, and of no later drawing of it; those who were called
 * since stand above, and were told of it then.
 */
function pool(view: ElevationView, { people }: SayOptions): readonly KnownBlock[] {
  const called = new Set((view.calls ?? []).flat());
  const asked = view.state === 'requested' ? view.verdict.approvers.filter((id) => !called.has(id)) : [];
  if (asked.length === 0) return [];
  const named = listOf(asked.slice(0, NAMED_PEOPLE).map((id) => whoIs(view, id, people)));
  const more = asked.length - NAMED_PEOPLE;
  return [lines(['Can decide: ', ...named, more > 0 ? `; ${more} more can, too.` : '.'])];
}

/** How much is at stake, where the rule says so. */
function risk({ verdict }: ElevationView): readonly Sentence[] {
  return verdict.tier === undefined ? [] : [[strong('Risk: '), TIER_WORDS[verdict.tier]]];
}

function policyChanged({ state, request }: ElevationView): string {
  const when = state === 'approved' && request.startAt !== undefined ? 'At its start it is judged once more,' : 'It is decided';
  return `The policy was changed after this was asked. ${when} by the stricter of the two, point by point.`;
}

const movedHere = (missed: string): string =>
  `This card belongs into the channel ${oneLine(missed, 30)} of its rule, which Stint cannot use; an alarm says why.`;

function small(view: ElevationView): string {
  const { outcome, breakGlass, rule, quorum, approvedBy, approvers, stages } = view.verdict;
  const parts = [shortId(view.request.requestId), rule === undefined ? 'no rule' : `rule ${oneLine(rule, 60)}`];
  if (outcome === 'auto') parts.push(breakGlass ? 'by break-glass' : 'approved by the policy itself');
  else if (stages) parts.push(stagesText(stages));
  else if (quorum > 0) parts.push(`${Math.min(approvedBy.length, quorum)} of ${plural(quorum, 'approval')}`);
  if (view.state === 'requested') parts.push(`${plural(approvers.length, 'person', 'people')} can decide`);
  return parts.join(' · ');
}

function extensionBlocks(view: ElevationView, options: SayOptions): KnownBlock[] {
  const sentence = extensionLine(view, options);
  return sentence.length > 0 ? [lines(sentence), ...actions(extensionControls(view))] : [];
}

/** What is to be said of the last extension; nothing when there was none. */
export function extensionLine(view: ElevationView, { people }: SayOptions = {}): Sentence {
  const asked = view.extension;
  if (!asked) return [];
  const length = spell(asked.windowMs);
  const voter = asked.votes.at(-1);
  const by: Sentence = voter ? [' by ', whoIs(view, voter.personId, people)] : [];
  switch (asked.state) {
    case 'waiting':
      return view.state === 'active'
        ? ['🟡 ', strong('Extension asked for:'), ` ${length} more, `, when(asked.askedAt), '.', votesOn(asked)]
        : [`An extension of ${length} was asked for and not decided.`];
    case 'granted':
      return [`Extended by ${length}`, ...(by.length > 0 ? [', approved', ...by] : []), '.'];
    case 'denied':
      return [`An extension of ${length} was denied`, ...by, '.'];
    case 'lapsed':
      return [`An extension of ${length} was not decided in time.`];
  }
}

/** How far it is, once somebody has voted: its stages and number are not always those of the request. */
function votesOn({ votes, verdict }: NonNullable<ElevationView['extension']>): string {
  if (votes.length === 0 || !verdict) return '';
  const { approvedBy, quorum, stages } = verdict;
  return ` Approvals so far: ${stages ? stagesText(stages) : `${approvedBy.length} of ${quorum}`}.`;
}

function fallback(view: ElevationView, texts: CardTexts, state: readonly Sentence[]): string {
  const all = [asking(view), ...state, extensionLine(view, texts)];
  return `${all.map(plain).filter(Boolean).join(' ')}${shortReason(texts.reason)}`;
}
