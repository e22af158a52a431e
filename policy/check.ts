/** What a policy and a people file say about each other: mistakes that are visible only with both in hand. */
import type { PersonId } from '../contract/ids.js';
import type { Directory, Person } from '../contract/ports.js';
import { everybodyOf, poolOf } from './facts.js';
import { managersOf } from './managers.js';
import { askManagers } from './pools.js';
import type { Policy, Rule, Who } from './rules.js';
import { countOf, isFull, planOf } from './stages.js';

/** One sentence for each rule that nobody can ask by, that too few can approve, or that names who isn't there. */
export async function findings(policy: Policy, directory: Directory): Promise<string[]> {
  return (await Promise.all(policy.rules.map((rule) => ruleFindings(rule, directory)))).flat();
}

async function ruleFindings(rule: Rule, directory: Directory): Promise<string[]> {
  const parts = { ask: rule.ask, approve: rule.approve, revoke: rule.revoke };
  const unknown = await Promise.all(Object.entries(parts).map(([part, who]) => unknownIn(`${rule.id}.${part}`, who, directory)));
  const asking = (await everybodyOf(directory, [rule.ask])).filter((p) => p.active);
  const pool = await poolOf(directory, [rule]);
  const stuck = (await Promise.all(asking.map((asker) => stuckFor(rule, asker, pool, directory)))).flat();
  const lines = unknown.flat();
  if (asking.length === 0) lines.push(`${rule.id}: nobody may ask by this rule.`);
  return [...lines, ...grouped(stuck).map((words) => `${rule.id}: ${words}`)];
}

interface Stuck {
  readonly asker: PersonId;
  /** Where, and how many would be needed. */
  readonly short: string;
  /** Why nobody is the manager whom it asks. */
  readonly nobody?: string | undefined;
}

/** Why somebody who asks for themselves could never find enough approvers. */
async function stuckFor(rule: Rule, asker: Person, pool: readonly Person[], directory: Directory): Promise<readonly Stuck[]> {
  // Absences pass, so a check looks past them.
  const managers = askManagers([rule]) ? (await managersOf(directory, asker)).map(({ away: _, ...person }) => person) : [];
  const find = (id: PersonId) => managers.find(({ personId }) => personId === id);
  const plan = planOf(rule, { own: [asker.personId], subject: asker, find, now: 0 });
  const short = countOf(plan, [...pool, ...managers]).flatMap((stage, i) => (isFull(stage) ? [] : [{ stage, i }]));
  return short.flatMap(({ stage: { name, quorum }, i }) => {
    const where = plan.length > 1 ? ` in stage ${i + 1} (${name})` : '';
    return { asker: asker.personId, short: `${where}; ${quorum} needed.`, nobody: plan[i]?.manager?.nobody };
  });
}

/** One sentence for all who lack the same, with the first few managers who are nobody. */
function grouped(stuck: readonly Stuck[]): readonly string[] {
  return [...new Set(stuck.map(({ short }) => short))].map((short) => {
    const same = stuck.filter((one) => one.short === short);
    const nobodies = [...new Set(same.flatMap(({ nobody }) => nobody ?? []))].slice(0, 3);
    return [`too few people could approve for ${some(same.map(({ asker }) => asker))}${short}`, ...nobodies].join(' ');
  });
}

function some(ids: readonly PersonId[]): string {
  const names = ids.slice(0, 5);
  const more = ids.length > names.length ? ` and ${ids.length - names.length} more` : '';
  return `${names.join(', ')}${more}`;
}

async function unknownIn(where: string, { groups, people }: Who, directory: Directory): Promise<string[]> {
  const members = await Promise.all(groups.map((group) => directory.membersOf(group)));
  const found = await Promise.all(people.map((id) => directory.person(id)));
  return [
    ...groups.filter((_, i) => members[i]?.length === 0).map((group) => `${where}: the group ${group} has no members.`),
    ...people.filter((_, i) => found[i] === undefined).map((id) => `${where}: ${id} is not in the people file.`),
  ];
}
