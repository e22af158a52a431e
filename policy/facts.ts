/** The edge of the policy: fetches from the directory what a decision needs to know. Any error passes through: none is a yes. */
import type { PersonId } from '../contract/ids.js';
import type { Directory, Person } from '../contract/ports.js';
import type { ElevationRequest } from '../contract/request.js';
import type { Vote } from '../contract/verdict.js';
import { covers, type Policy, type Who } from './rules.js';
import type { Facts } from './terms.js';

/** Live facts for a request and its votes, under one policy or under all that have to be satisfied. */
export async function gatherFacts(
  directory: Directory,
  policy: Policy | readonly Policy[],
  request: ElevationRequest,
  votes: readonly Vote[],
): Promise<Facts> {
  const policies: readonly Policy[] = 'rules' in policy ? [policy] : policy;
  const rules = policies.flatMap(({ rules }) => rules.filter((rule) => covers(rule, request.target)));
  const [requester, subject, voters, approverPool] = await Promise.all([
    directory.person(request.requester.personId),
    directory.person(request.subject.personId),
    peopleOf(directory, [...new Set(votes.map((vote) => vote.personId))]),
    everybodyOf(
      directory,
      rules.map((rule) => rule.approve),
    ),
  ]);
  return { ...(requester ? { requester } : {}), ...(subject ? { subject } : {}), voters, approverPool };
}

/** All people whom any of these names, by group or by id, each once. */
export async function everybodyOf(directory: Directory, named: readonly Who[]): Promise<readonly Person[]> {
  const groups = [...new Set(named.flatMap((who) => who.groups))];
  const ids = [...new Set(named.flatMap((who) => who.people))];
  const members = await Promise.all(groups.map((group) => directory.membersOf(group)));
  const people = [...members.flat(), ...(await peopleOf(directory, ids))];
  return [...new Map(people.map((person) => [person.personId, person])).values()];
}

async function peopleOf(directory: Directory, ids: readonly PersonId[]): Promise<readonly Person[]> {
  const found = await Promise.all(ids.map((id) => directory.person(id)));
  return found.filter((person) => person !== undefined);
}
