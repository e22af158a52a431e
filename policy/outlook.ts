/**
 * What somebody should know before they ask: who will be asked, what the policy itself would say, and what bounds it. By the
 * functions that judge a request that was sent, with the facts of this moment, and of a later start by its own time; it promises
 * nothing. Of people it names those whom the card will name first, and of later stages and steps what the policy calls them.
 */
import { msOf } from '../contract/ids.js';
import { lapsesAtMs } from '../contract/later.js';
import type { Outlook, OutlookLine, Supposed } from '../contract/preview.js';
import { ownWord } from './automatic.js';
import { durationText } from './duration.js';
import { UNWAITED, waitedFrom } from './escalation.js';
import { stepsNamed, stepText } from './explain-approvals.js';
import { extensionText } from './extension.js';
import { gatherFacts, type Sources } from './facts.js';
import { limitTexts } from './limit-file.js';
import { timeText, usedOf } from './limits.js';
import type { Policy, Rule } from './rules.js';
import { impossible, whoIsAsked } from './sentences.js';
import { standingOf } from './standing.js';
import { type Supposition, suppose, supposedRequest } from './suppose.js';
import { type Facts, termsOf } from './terms.js';

/** Judges it as it would be judged when it is sent at `now`, in milliseconds since 1970. Throws what the sources throw: none of that is a yes. */
export async function outlookOf(
  sources: Pick<Sources, 'directory' | 'targets' | 'usage'>,
  policy: Policy,
  ask: Supposed,
  now: number,
): Promise<Outlook> {
  const wait = waitedFrom(now, now);
  const facts = await gatherFacts(sources, policy, supposedRequest(ask, now), [], { kind: 'request', wait });
  const judged = suppose(policy, ask, facts, now);
  const { terms, verdict } = judged;
  const rule = policy.rules.find(({ id }) => id === terms.rule);
  const refusals = verdict.outcome === 'deny' ? verdict.sentences : [];
  if (!rule) return { refusals, lines: [], byLength: false };
  return {
    refusals,
    lines: [
      ...itself(judged, rule, facts, now),
      ...asked(judged, facts),
      ...starting(policy, judged, facts, now),
      ...waiting(judged, rule, facts, now),
      ...bounds(judged, rule, facts, now),
    ],
    byLength: terms.automatic.length > 0 || terms.limits.some(({ perWeekMs }) => perWeekMs !== undefined),
  };
}

/** What the policy would say in its own name, where the rule lets it say anything. */
function itself({ terms, question, verdict }: Supposition, rule: Rule, facts: Facts, now: number): OutlookLine[] {
  if (terms.automatic.length === 0 || verdict.outcome === 'deny') return [];
  const length = durationText(question.round.windowMs);
  const may = rule.reason ? ', if the reason will do' : '';
  const says =
    verdict.outcome === 'auto'
      ? `would approve ${length} now, without asking anybody${may}.`
      : ownWord(terms, question, facts, { votes: 0, waits: 0 }, now).sentences.join(' ');
  return [{ title: 'The policy itself', says }];
}

function asked({ terms, question, verdict }: Supposition, facts: Facts): OutlookLine[] {
  const { requester, subject } = question.request;
  const standing = standingOf(terms, facts, []);
  const others = requester.personId !== subject.personId;
  const says = [
    `${whoIsAsked(standing, others ? `${subject.name}'s` : 'your')}.`,
    ...(standing.plan.length > 1 ? [`${terms.quorum} different people in all.`] : []),
    ...(others ? [`Neither you nor ${subject.name} counts.`] : []),
    ...impossible(terms, standing),
    ...(verdict.untold ?? []),
  ];
  return [{ title: verdict.outcome === 'auto' ? 'Otherwise' : 'Who will be asked', says: says.join(' ') }];
}

/** What is asked of a later start: when it begins, and who has to be an approver at that time, where others are than now. */
function starting(policy: Policy, { question, terms }: Supposition, facts: Facts, now: number): OutlookLine[] {
  const { request } = question;
  if (request.startAt === undefined || !terms.later) return [];
  const at = msOf(request.startAt);
  const whose = request.requester.personId === request.subject.personId ? 'your' : `${request.subject.name}'s`;
  // Without what waiting adds: that is said apart.
  const whoAt = (ms: number) =>
    whoIsAsked(standingOf(termsOf(policy, supposedRequest(request, now), facts, ms, UNWAITED), facts, []), whose);
  const [asked, later] = [whoAt(now), whoAt(at)];
  const says = [
    `at ${timeText(at)}, or within ${durationText(terms.later.missedMs)} of that, or not at all.`,
    'Everything is judged once more then: whoever approves has to be an approver at that time as well.',
    ...(asked === later ? [] : [`Those are then: ${later}.`]),
  ];
  return [{ title: 'The start', says: says.join(' ') }];
}

/** What waiting changes. */
function waiting({ verdict }: Supposition, rule: Rule, facts: Facts, now: number): OutlookLine[] {
  const ahead = stepsNamed(rule, facts, waitedFrom(now, now)).filter(({ begun }) => !begun);
  const steps = ahead.map((step) => `${stepText(step)}.`);
  const { pendingMs } = rule.deadlines;
  const lapsesAt = lapsesAtMs(now, { ...verdict, deadlines: rule.deadlines });
  // A later start ends it sooner, at a time that is known.
  const lapse =
    lapsesAt < now + pendingMs ? `At ${timeText(lapsesAt)} it lapses.` : `After ${durationText(pendingMs)} it lapses.`;
  return [{ title: 'If nobody decides', says: [...steps, lapse].join(' ') }];
}

/** The longest in all, and what is left of the limits. */
function bounds({ terms, question }: Supposition, rule: Rule, { usage }: Facts, now: number): OutlookLine[] {
  const { request } = question;
  const wanted = { request, kind: 'request', windowMs: question.round.windowMs } as const;
  const limits = terms.limits.flatMap((limit) => limitTexts(limit, usage && usedOf(limit, wanted, usage, now)));
  const longer = rule.extend?.times === 0 ? 'is' : 'may be';
  return [
    { title: 'Longest', says: `${durationText(terms.maxMs)} in all. It ${longer} ${extensionText(rule)}.` },
    ...(limits.length > 0 ? [{ title: 'Limits', says: `${limits.join('; ')}.` }] : []),
  ];
}
