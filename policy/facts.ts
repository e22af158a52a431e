/** The edge of the policy: fetches what a decision needs to know of people and target. Any error passes through: none is a yes. */
import type { Digest, PersonId } from '../contract/ids.js';
import type { Directory, Person, Requests, TargetFacts, Tickets, UsageBook } from '../contract/ports.js';
import type { ElevationRequest } from '../contract/request.js';
import type { Vote } from '../contract/verdict.js';
import { sha256 } from '../seal/canonical.js';
import { glassRule, rulesForGlass } from './break-glass.js';
import { type Manner, namedBy, UNWAITED, type Wait } from './escalation.js';
import { ruleOfRound } from './extension.js';
import { managersOf } from './managers.js';
import { createOnCall, learnFor, learnForGlass, type OnCall, rulesToAsk } from './on-call.js';
import { askManagers } from './pools.js';
import { type Policy, type Rule, ruleFor, type Who } from './rules.js';
import { lookAt, ONLY_MACS } from './targets.js';
import type { Facts } from './terms.js';
import { ticketFacts } from './tickets.js';

/** Where facts come from. */
export interface Sources {
  readonly directory: Directory;
  /** Macs alone where none are given. */
  readonly targets?: readonly TargetFacts[];
  /** What people wrote, by its digest. Without it no reason can be read, and none will do that a rule asks something of. */
  readonly texts?: Pick<Requests, 'getText'> | undefined;
  /** Asked only where the rule that applies wants a ticket looked up; where it is not given, that rule lets nothing through. */
  readonly tickets?: Tickets | undefined;
  /** Asked only where a rule has limits; where it is not given, those refuse. */
  readonly usage?: UsageBook;
}

/** Live facts for a round of a request and its votes, under one policy or under all that have to be satisfied. */
export async function gatherFacts(
  { directory, targets = ONLY_MACS, texts, tickets, usage }: Sources,
  policy: Policy | readonly Policy[],
  request: ElevationRequest,
  votes: readonly Vote[],
  how: Manner = UNWAITED,
): Promise<Facts> {
  const policies: readonly Policy[] = 'rules' in policy ? [policy] : policy;
  const [requester, subject, voters] = await Promise.all([
    directory.person(request.requester.personId),
    directory.person(request.subject.personId),
    peopleOf(directory, [...new Set(votes.map((vote) => vote.personId))]),
  ]);
  const look = await lookAt(targets, request.target, subject);
  const askers = [requester, subject].filter((person) => person !== undefined);
  const near = (one: Policy) => (request.breakGlass ? rulesForGlass(one, look.about) : rulesToAsk(one, look.about, askers));
  const rules = policies.flatMap(near).map((rule) => ruleOfRound(rule, how.kind));
  const managers = subject && askManagers(rules) ? await managersOf(directory, subject) : undefined;
  const onCall = createOnCall(directory);
  const untold = new Set<string>();
  for (const one of policies) {
    const failure = request.breakGlass
      ? await learnForGlass(onCall, one, look.about, askers)
      : await learnFor(onCall, one, look.about, askers, how);
    if (failure) untold.add(failure.sentence);
  }
  const approverPool = await poolOf(onCall.directory, rules, managers, how.wait);
  const parties = { ...(requester ? { requester } : {}), ...(subject ? { subject } : {}), look };
  const reason = rules.some((rule) => rule.reason) ? await readText(texts, request.reasonDigest) : undefined;
  const counted = rules.some(({ limits, automatic }) => limits || automatic) ? await usage?.of(request) : undefined;
  const duty = onCall.duty();
  const found: Facts = {
    ...parties,
    voters,
    approverPool,
    ...(managers ? { managers } : {}),
    ...(reason === undefined ? {} : { reason }),
    ...(counted && { usage: counted }),
    ...(duty && { duty }),
    ...(untold.size > 0 && { untold: [...untold] }),
  };
  const facts = duty ? onDuty(onCall, found) : found;
  const known =
    reason === undefined ? undefined : await ticketFacts(applying(policies, request, facts), reason, requester, tickets);
  return known?.size ? { ...facts, tickets: known } : facts;
}

/** The rule of each policy that applies. */
function applying(policies: readonly Policy[], { breakGlass }: ElevationRequest, facts: Facts): readonly Rule[] {
  const { requester, subject, look } = facts;
  const askers = [requester, subject].filter((person) => person !== undefined);
  if (!breakGlass) return policies.flatMap((policy) => ruleFor(policy, look.about, askers) ?? []);
  const found = policies.map((policy) => glassRule(policy, look.about, askers));
  return found.flatMap((one) => (one && 'rule' in one ? one.rule : []));
}

/** The same facts, in which everybody has the rotas that they are on call for. */
export function onDuty({ onto }: Pick<OnCall, 'onto'>, facts: Facts): Facts {
  const [requester, subject] = [facts.requester, facts.subject].map((person) => person && onto([person])[0]);
  const parties = { ...(requester ? { requester } : {}), ...(subject ? { subject } : {}) };
  const managers = facts.managers ? { managers: onto(facts.managers) } : {};
  return { ...facts, ...parties, ...managers, voters: onto(facts.voters), approverPool: onto(facts.approverPool) };
}

/** Everybody whom these rules name as approver by now, and the managers; each once. */
export async function poolOf(
  directory: Pick<Directory, 'person' | 'membersOf'>,
  rules: readonly Rule[],
  managers: readonly Person[] = [],
  wait?: Wait,
): Promise<readonly Person[]> {
  const named = rules.flatMap((rule) => namedBy(rule, wait));
  return everybodyOf(directory, named, managers);
}

/** The text that has this digest, and no other. */
async function readText(texts: Sources['texts'], digest: Digest): Promise<string | undefined> {
  const text = await texts?.getText(digest);
  return text !== undefined && sha256(text) === digest ? text : undefined;
}

/** All people whom any of these names, by group or by id, and the others; each once. */
export async function everybodyOf(
  directory: Pick<Directory, 'person' | 'membersOf'>,
  named: readonly Who[],
  others: readonly Person[] = [],
): Promise<readonly Person[]> {
  const groups = [...new Set(named.flatMap((who) => who.groups))];
  const ids = [...new Set(named.flatMap((who) => who.people))];
  const members = await Promise.all(groups.map((group) => directory.membersOf(group)));
  const byId = new Map<PersonId, Person>();
  for (const people of [...members, await peopleOf(directory, ids), others])
    for (const person of people) byId.set(person.personId, person);
  return [...byId.values()];
}

async function peopleOf(directory: Pick<Directory, 'person'>, ids: readonly PersonId[]): Promise<readonly Person[]> {
  const found = await Promise.all(ids.map((id) => directory.person(id)));
  return found.filter((person) => person !== undefined);
}
