/**
 * What follows a break-glass: its entry, a loud card, everybody who was passed over is told, and a review that stays open until
 * somebody else closes it. Whether it might be had at all is judged where every access is.
 */
import { groupsOf, termsOf } from '../law.js';
import type { Press } from '../notebook.js';
import { askedIn, isAway, lawsIn } from './approvals.js';
import { askOf, at, type Facts, messagesOf, placeOf, type Violation } from './facts.js';
import { only, type Recorded } from './ledger.js';

/** The people file is read at each question. */
const READ_MS = 3000;
/** For so long after the asking somebody who was not there is told nothing, and is not missed, in milliseconds. */
const TOLD_MS = 120_000;
const LOUD = /Break-glass: nobody was asked/;
const LOUD_DRILL = /This is a drill: nothing was granted/;

export function judgeGlass(facts: Facts, recorded: Recorded): Violation[] {
  const { requestId, view, events } = recorded;
  const { breakGlass, target } = view.request;
  const drills = only(events, 'drilled').length > 0;
  const armed = only(events, 'armed').length > 0;
  const say = (rule: string, what: string): Violation => ({ rule, requestId, serial: placeOf(target), what });
  const ask = askOf(facts, requestId);
  if (ask && (ask.glass === undefined) !== (breakGlass === undefined))
    return [say('ask', `was ${ask.glass ? '' : 'not '}asked for by break-glass, and is recorded otherwise`)];
  if (!breakGlass || !(armed || drills)) return [];
  return [
    ...entries(facts, recorded).map((what) => say('glass', what)),
    ...(armed && breakGlass.drill ? [say('glass', 'a drill took its target')] : []),
    ...(only(events, 'extended').length > 0 ? [say('glass', 'what was taken by break-glass was made longer')] : []),
    ...review(facts, recorded).map((what) => say('review', what)),
    ...untold(facts, recorded).map((id) => say('told', `${id} was passed over, and was not told`)),
    ...quiet(facts, recorded).map((what) => say('I10', what)),
  ];
}

/** The entry that nobody can take away says what the person said, and stands before the target was taken. */
function entries(facts: Facts, { requestId, events }: Recorded): string[] {
  const asked = askOf(facts, requestId)?.glass;
  const [broken] = only(events, 'glass-broken');
  if (!broken) return ['no entry says that the glass was broken'];
  const taken = Math.min(...only(events, 'armed').map((e) => at(e.at)));
  const { incident, drill = false } = broken.data;
  return [
    ...(at(broken.at) > taken ? ['the target was taken before an entry said that the glass was broken'] : []),
    ...(asked && (asked.incident !== incident || asked.drill !== drill)
      ? [
          `the entry names the incident ${incident}${drill ? ', a drill' : ''}; the person named ${asked.incident}${asked.drill ? ', a drill' : ''}`,
        ]
      : []),
  ];
}

/** Open, as the store lists it, until the first press of somebody else who may. */
function review(facts: Facts, recorded: Recorded): string[] {
  const { requestId, events } = recorded;
  const closings = only(events, 'review-closed');
  const closed = closings.filter(({ actor }) => mayReview(facts, recorded, actor.personId));
  const isOpen = facts.openReviews.has(requestId);
  return [
    ...closings.filter((one) => !closed.includes(one)).map(({ actor }) => `${actor.personId} closed it, who may not`),
    ...(closings.length > 1 ? [`it was closed ${closings.length} times`] : []),
    ...(closed.length === 0 && !isOpen ? ['it is not open, and nobody who may has closed it'] : []),
    ...(closed.length > 0 && isOpen ? ['it is still open, though it was closed'] : []),
  ];
}

/** Somebody of the group that the policy of then names, who pressed it, and never whose access it was. */
function mayReview(facts: Facts, recorded: Recorded, personId: string | undefined): boolean {
  const { requester, subject, target } = recorded.view.request;
  const person = facts.world.people.find(({ id }) => id === personId);
  const groups: readonly (string | undefined)[] = lawsIn(facts, askedIn(recorded)).map(
    (law) => termsOf(law, placeOf(target)).glass?.review,
  );
  const pressed = ({ at: from, ackAt: to = from, ...press }: Press) =>
    press.requestId === recorded.requestId &&
    press.actionId === 'review' &&
    press.personId === personId &&
    !press.ack.startsWith('not pressed') &&
    !isAway(facts, press.personId, { from, to });
  return (
    person !== undefined &&
    person.id !== requester.personId &&
    person.id !== subject.personId &&
    person.groups.some((group) => groups.includes(group)) &&
    facts.notebook.presses.some(pressed)
  );
}

/** Everybody whom the request would have asked, but for who had left about then. */
function untold(facts: Facts, recorded: Recorded): string[] {
  const { requestId, view } = recorded;
  const { requester, subject, target } = view.request;
  const asked = askedIn(recorded);
  const laws = lawsIn(facts, asked);
  const isAsked = (groups: readonly string[]) =>
    laws.every((law) => {
      const terms = termsOf(law, placeOf(target));
      // Who joins by waiting is nobody yet.
      const stages = terms.stages.map(({ later: _, ...stage }) => stage);
      return groupsOf({ ...terms, stages }, 'request').some((group) => groups.includes(group));
    });
  const wasAway = (personId: string) =>
    facts.notebook.absences.some(
      (one) => one.personId === personId && one.from < asked.to + TOLD_MS && one.to > asked.from - READ_MS,
    );
  const told = new Set(messagesOf(facts, requestId).map(({ key }) => key));
  return facts.world.people
    .filter(({ id, groups }) => id !== requester.personId && id !== subject.personId && isAsked(groups) && !wasAway(id))
    .map(({ id }) => id)
    .filter((id) => !told.has(`skipped/${requestId}/${id}`));
}

/** That there is one card is judged as of any other. */
function quiet(facts: Facts, { requestId, view }: Recorded): string[] {
  const card = messagesOf(facts, requestId).findLast((m) => m.key === `card/${requestId}` && !m.deleted);
  const loud = view.request.breakGlass?.drill ? LOUD_DRILL : LOUD;
  return card && !loud.test(card.words) ? [`the card of a break-glass does not say so: "${card.text.slice(0, 160)}"`] : [];
}
