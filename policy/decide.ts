/**
 * What the policy says about a request and the votes on it so far. Pure: the same input gives the same verdict, in the
 * Slack app's preview, in the activity that decides and in the transaction that arms. Deny by default: whatever is
 * missing, unknown or contradictory ends in `deny` or does not count, with a sentence that says why.
 */
import type { Digest, PersonId } from '../contract/ids.js';
import { instant, msOf } from '../contract/ids.js';
import { oncePer } from '../contract/once-per.js';
import type { Person } from '../contract/ports.js';
import type { ElevationRequest } from '../contract/request.js';
import type { Condition, Round, Verdict, Vote } from '../contract/verdict.js';
import { digestOf, requestDigest } from '../seal/canonical.js';
import { ownWord } from './automatic.js';
import { judgeConditions } from './conditions.js';
import { durationText } from './duration.js';
import { againAt, latestFirst, manner, type Passing } from './escalation.js';
import { extensionRefusals } from './extension.js';
import { laterRefusals, startBefore } from './later.js';
import { limitRefusals } from './limits.js';
import type { Policy } from './rules.js';
import { explain, missing } from './sentences.js';
import { onDutyOf, standingOf } from './standing.js';
import { type Tally, tally } from './tally.js';
import { type Facts, stricter, type Terms, termsOf } from './terms.js';
import { onlyWaits } from './tickets.js';

export interface Question {
  readonly request: ElevationRequest;
  /** The digest of this very request, where it was made already: never one that somebody claims. */
  readonly ownDigest?: Digest | undefined;
  readonly round: Round;
  /** People were asked already, so the policy has no word of its own. */
  readonly byPeople?: true | undefined;
}

const DAY = 24 * 60 * 60 * 1000;
/** Verdicts stay in a history: of more approvers than this only the first are named. */
const NAMED_APPROVERS = 100;

/** The verdict of one policy. `now` in milliseconds since 1970. */
export function decide(policy: Policy, question: Question, facts: Facts, votes: readonly Vote[], now: number): Verdict {
  return settle(termsFor(policy, question, facts, now), question, facts, votes, now);
}

/**
 * The stricter of two policies: `then` by which the request was first judged, and `now`. A policy edit can take away
 * what was possible, never add to it. `policyHash` stays that of `then`; `policyNow` says that there is another.
 */
export function decideBoth(
  then: Policy,
  current: Policy,
  question: Question,
  facts: Facts,
  votes: readonly Vote[],
  now: number,
): Verdict {
  if (then.hash === current.hash) return decide(current, question, facts, votes, now);
  const terms = stricter(termsFor(then, question, facts, now), termsFor(current, question, facts, now));
  return { ...settle(terms, question, facts, votes, now), policyNow: current.hash };
}

function termsFor(policy: Policy, { request, round }: Question, facts: Facts, now: number): Terms {
  return termsOf(policy, request, facts, now, manner(round, request, now));
}

/** Counts the votes on these terms. */
export function settle(terms: Terms, question: Question, facts: Facts, votes: readonly Vote[], now: number): Verdict {
  const count = tally(terms, question.round, facts, votes, now);
  const { category } = question.request;
  const conditions = judgeConditions(terms.conditions, { now, reason: facts.reason, category, tickets: facts.tickets });
  // Of a break-glass nobody is asked, so there is nobody whom it could wait for: what can't be told refuses it.
  const mayWait = (one: Condition) => onlyWaits(one) && !terms.breakGlass;
  const waits = conditions.filter(mayWait).map(({ sentence }) => sentence);
  const unmet = conditions.filter((one) => one.state !== 'satisfied' && !mayWait(one)).map(({ sentence }) => sentence);
  const refusals = [
    ...terms.refusals,
    ...extensionRefusals(terms.extend, question.round),
    ...windowRefusals(terms, question.round),
    ...ageRefusals(terms, question, now),
    ...(terms.refusals.length > 0 ? [] : laterRefusals(terms, question.request, question.round, now)),
    ...glassRefusals(terms, question.round, votes.length),
    ...unmet,
    ...limitsReached(terms, question, facts, count.lengths, now),
  ];
  const approvedBy = sorted(count.approvals.map((vote) => vote.personId));
  const denied = refusals.length > 0 || count.denials.length > 0;
  const standing = standingOf(terms, facts, approvedBy);
  const satisfied = !denied && waits.length === 0 && standing.filled;
  const open = !denied && !satisfied;
  const own = open ? ownWord(terms, question, facts, { votes: votes.length, waits: waits.length }, now) : undefined;
  const approvers = open && !own?.given ? standing.asked : standing.pool;
  const limits = [...terms.limits, ...(own?.limits ?? [])];
  const begins = startBefore(terms.later, question.request);
  return {
    outcome: denied ? 'deny' : satisfied ? 'satisfied' : own?.given ? 'auto' : 'needs-approval',
    ...(terms.rule === undefined ? {} : { rule: terms.rule }),
    policyHash: terms.policyHash,
    factsDigest: factsDigest(facts),
    quorum: terms.quorum,
    approvedBy,
    approvers: namedOf(approvers, terms, now),
    ...(open && !own?.given ? onDutyOf(terms, question.round, standing) : {}),
    ...(standing.stages ? { stages: standing.stages } : {}),
    windowsMs: terms.windowsMs,
    maxWindowMs: terms.maxMs,
    ...(terms.extend === undefined ? {} : { extend: terms.extend }),
    ...(satisfied || own?.given ? { windowMs: grantedWindow(terms, question.round, count.lengths) } : {}),
    warnBeforeMs: terms.warnBeforeMs,
    warnMinWindowMs: terms.warnMinWindowMs,
    deadlines: terms.deadlines,
    ...(terms.tier === undefined ? {} : { tier: terms.tier }),
    ...(terms.channel === undefined ? {} : { channel: terms.channel }),
    ...(conditions.length === 0 ? {} : { conditions }),
    ...(limits.length === 0 ? {} : { limits }),
    ...(begins === undefined ? {} : { startBefore: begins }),
    ...(terms.breakGlass ? { breakGlass: true } : {}),
    ...(satisfied || own?.given || count.denials.length > 0 || question.round.kind !== 'request'
      ? {}
      : passing(terms, facts, { conditions, refused: refusals.length > 0 }, now)),
    sentences: [
      ...refusals,
      ...(denied ? [] : waits),
      ...explain(count, facts.voters),
      ...(own?.sentences ?? []),
      ...(open && !own?.given ? missing(terms, standing) : []),
    ],
  };
}

function namedOf(people: readonly Person[], { steps }: Terms, now: number): readonly PersonId[] {
  const all = people.length <= NAMED_APPROVERS;
  const named = all ? people : latestFirst([...people].sort(byId), steps, now).slice(0, NAMED_APPROVERS);
  return sorted(named.map((person) => person.personId));
}

const byId = (a: Person, b: Person): number => (a.personId < b.personId ? -1 : 1);

/** What time alone may change of this: when it is to be judged again, and who can't be told now. */
function passing(
  { steps, conditions: rules }: Terms,
  { duty, untold = [] }: Facts,
  standing: Pick<Passing, 'conditions' | 'refused'>,
  now: number,
): Pick<Verdict, 'again' | 'untold'> {
  const again = againAt({ steps, duty, untold: untold.length > 0, rules, ...standing }, now);
  return { ...(again === undefined ? {} : { again: instant(again) }), ...(untold.length > 0 ? { untold } : {}) };
}

/** The shortest that anybody approved, or else the one that is asked for; never more than the maximum (invariant I7). */
function grantedWindow(terms: Terms, round: Round, approved: Tally['lengths']): number {
  return Math.min(terms.maxMs, ...(approved.length > 0 ? approved : [round.windowMs]));
}

function windowRefusals({ refusals, windowsMs, maxMs }: Terms, { windowMs }: Round): string[] {
  if (refusals.length > 0 || (windowsMs.includes(windowMs) && windowMs <= maxMs)) return [];
  const offered = windowsMs.map(durationText).join(', ');
  return [`The policy does not offer ${durationText(windowMs)} for this${offered ? `; it offers ${offered}` : ''}.`];
}

/**
 * A round must be the request's own (invariant I4), and a request of long ago is not decided: a history that runs again
 * in a year brings its old votes with it. A day is allowed for a start that waited for a worker. What is to begin later ages from
 * then: how late it may begin is said by `laterRefusals`.
 */
function ageRefusals(terms: Terms, { request, ownDigest, round }: Question, now: number): string[] {
  const itself = () => round.digest === (ownDigest ?? requestDigest(request)) && round.windowMs === request.windowMs;
  if (round.kind === 'request' && !itself()) return ['The round that was voted on is not this request.'];
  const life = DAY + terms.deadlines.pendingMs + terms.deadlines.startMs + (round.kind === 'extension' ? terms.maxMs : 0);
  // NB: written so that an askedAt that is no instant (NaN) refuses.
  return terms.refusals.length > 0 || now <= msOf(request.startAt ?? request.askedAt) + life
    ? []
    : ['This request is too old to be decided.'];
}

/** What is taken by break-glass is neither voted on nor extended: its cap is short on purpose, and whoever needs more asks somebody. */
function glassRefusals({ refusals, breakGlass }: Terms, { kind }: Round, votes: number): string[] {
  if (!breakGlass || refusals.length > 0) return [];
  return [
    ...(kind === 'extension' ? ['What was taken by break-glass is not extended. Ask for it in the ordinary way.'] : []),
    ...(votes > 0 ? ['Nobody votes on what is taken by break-glass.'] : []),
  ];
}

/** Counted is the length that would be granted: the shortest that was approved so far, or else the one that is asked for. */
function limitsReached(terms: Terms, question: Question, facts: Facts, approved: Tally['lengths'], now: number): string[] {
  if (terms.refusals.length > 0) return [];
  const { request, round } = question;
  const windowMs = approved.length > 0 ? grantedWindow(terms, round, approved) : round.windowMs;
  return limitRefusals(terms.limits, { request, kind: round.kind, windowMs }, facts.usage, now);
}

function factsDigest(facts: Facts): Verdict['factsDigest'] {
  const { requester, subject, look, voters, approverPool, managers, usage, tickets } = facts;
  const fact = managers ? factWithManager : factAlone;
  const one = (person: Person | undefined) => (person === undefined ? null : fact(person));
  // One text: to write thousands of them as JSON would take longer than all the rest of a decision.
  const all = (people: readonly Person[]) => {
    const each = people.map(fact).sort();
    return each.filter((one, i) => one !== each[i - 1]).join(' ');
  };
  const people = { requester: one(requester), subject: one(subject), voters: all(voters), approverPool: all(approverPool) };
  const more = {
    ...(managers ? { managers: all(managers) } : {}),
    ...(usage && { usage }),
    ...(tickets?.size && { tickets: [...tickets] }),
  };
  return digestOf({ ...people, target: look.about ?? null, ...more });
}

/**
 * Only what a decision looks at: a change of name is not another fact, and no e-mail address enters a digest. Once for a person as the
 * directory keeps them, until the people file is another.
 */
const factAlone = oncePer(({ personId, active, groups, macs }: Person) =>
  digestOf({ personId, active, groups: [...groups].sort(), macs }),
);
const factWithManager = oncePer((person: Person) => {
  const { manager = null, away = null } = person;
  return digestOf({ person: factAlone(person), manager, away });
});

/** Each person once, in one order: who votes first or twice makes no difference. */
function sorted(people: readonly PersonId[]): readonly PersonId[] {
  return [...new Set(people)].sort();
}
