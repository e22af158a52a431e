/** What a policy and a people file say about each other: mistakes that are visible only with both in hand. */
import type { Directory } from '../contract/ports.js';
import { everybodyOf } from './facts.js';
import type { Policy, Rule, Who } from './rules.js';

/** One sentence for each rule that nobody can ask by, that too few can approve, or that names who isn't there. */
export async function findings(policy: Policy, directory: Directory): Promise<string[]> {
  return (await Promise.all(policy.rules.map((rule) => ruleFindings(rule, directory)))).flat();
}

async function ruleFindings(rule: Rule, directory: Directory): Promise<string[]> {
  const parts = { ask: rule.ask, approve: rule.approve, revoke: rule.revoke };
  const unknown = await Promise.all(Object.entries(parts).map(([part, who]) => unknownIn(`${rule.id}.${part}`, who, directory)));
  const asking = (await everybodyOf(directory, [rule.ask])).filter((p) => p.active);
  const approving = (await everybodyOf(directory, [rule.approve])).filter((p) => p.active);
  const stuck = asking.filter((asker) => approving.filter((p) => p.personId !== asker.personId).length < rule.quorum);
  const lines = unknown.flat();
  if (asking.length === 0) lines.push(`${rule.id}: nobody may ask by this rule.`);
  if (stuck.length > 0) {
    const names = stuck.slice(0, 5).map((p) => p.personId);
    const more = stuck.length > names.length ? ` and ${stuck.length - names.length} more` : '';
    lines.push(`${rule.id}: too few people could approve for ${names.join(', ')}${more}; ${rule.quorum} needed.`);
  }
  return lines;
}

async function unknownIn(where: string, { groups, people }: Who, directory: Directory): Promise<string[]> {
  const members = await Promise.all(groups.map((group) => directory.membersOf(group)));
  const found = await Promise.all(people.map((id) => directory.person(id)));
  return [
    ...groups.filter((_, i) => members[i]?.length === 0).map((group) => `${where}: the group ${group} has no members.`),
    ...people.filter((_, i) => found[i] === undefined).map((id) => `${where}: ${id} is not in the people file.`),
  ];
}
