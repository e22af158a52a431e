/** What the policy and the people file say of AWS, beside what is there: session lengths, and users. Makes no call. */
import type { Identity } from '../../activities/targets/aws-permission-set/identity.js';
import type { PermissionSet } from '../../activities/targets/aws-permission-set/organisation.js';
import type { AwsUser } from '../../activities/targets/aws-permission-set/users.js';
import { isStintError } from '../../contract/errors.js';
import { few } from '../../contract/few.js';
import type { Person } from '../../contract/ports.js';
import { matchesName } from '../../policy/pattern.js';
import { includes, type Policy, type Rule, type RuleOf } from '../../policy/rules.js';
import { type Say, SHOWN } from './check.js';

type AwsRule = RuleOf<'aws-permission-set'>;

export function isAwsRule(rule: Rule): rule is AwsRule {
  return rule.kind === 'aws-permission-set';
}

/** The shortest session that AWS knows, in ms: nobody can do better than this. */
const SHORTEST_MS = 60 * 60_000;

/** Which sets a rule could offer, whatever the account. */
const offered = ({ match }: AwsRule, { name }: PermissionSet): boolean =>
  match.sets?.some((pattern) => matchesName(pattern, name)) ?? true;

/**
 * Access ends at the deadline, but a session that was opened before lives on for the session length of its set. Every set whose
 * sessions outlast the longest window of its rule is listed: as a warning, or as a note where AWS has no shorter session.
 */
export function examineSessions(policy: Policy, sets: readonly PermissionSet[], say: Say): void {
  const check = 'sessions';
  const rules = policy.rules.filter(isAwsRule);
  const found = rules.map((rule) => ({ rule, there: sets.filter((set) => offered(rule, set)) }));
  const barren = found.filter(({ there }) => there.length === 0);
  for (const { rule } of barren)
    say.warn(check, `no permission set has a name that rule ${rule.id} means`, 'Correct its "sets", or make such a set.');
  for (const { rule, there } of found) examineRule(rule, there, say);
  const longer = found.some(({ rule, there }) => there.some((set) => outlasts(set, rule)));
  if (!longer && barren.length === 0) say.ok(check, 'none that the policy offers outlasts the longest window of its rule');
}

const longestOf = ({ windowsMs }: AwsRule): number => Math.max(...windowsMs);
const outlasts = ({ sessionMs }: PermissionSet, rule: AwsRule): boolean => sessionMs > longestOf(rule);

function examineRule(rule: AwsRule, sets: readonly PermissionSet[], say: Say): void {
  const longer = sets.filter((set) => outlasts(set, rule));
  const named = (which: readonly PermissionSet[]) =>
    few(
      which.map(({ name, sessionMs }) => `${name} (${hours(sessionMs)})`),
      SHOWN,
    );
  const [most, least] = [longer.filter(isLong), longer.filter((set) => !isLong(set))];
  const window = `rule ${rule.id} offers ${hours(longestOf(rule))} at most, but sessions last longer of`;
  if (most.length > 0)
    say.warn(
      'sessions',
      `${window} ${named(most)}`,
      'Shorten their session duration in Identity Center, PT1H at the least, or take them out of the rule.',
    );
  if (least.length > 0) say.ok('sessions', `${window} ${named(least)}: the shortest that AWS has`);
}

const isLong = ({ sessionMs }: PermissionSet): boolean => sessionMs > SHORTEST_MS;

function hours(ms: number): string {
  return ms % 3_600_000 === 0 ? `${ms / 3_600_000} h` : `${Math.round(ms / 60_000)} min`;
}

/** Everybody whom a rule lets ask is to be exactly one user, who is not disabled, and nobody else's. */
export async function examinePeople(identity: Identity, policy: Policy, people: readonly Person[], say: Say): Promise<void> {
  const check = 'people';
  const askers = people.filter(
    (person) => person.active && policy.rules.some((rule) => isAwsRule(rule) && includes(rule.ask, person)),
  );
  const found = await Promise.all(askers.map(async (person) => ({ person, is: await userOf(identity, person) })));
  const troubles = [
    ...found.flatMap(({ person, is }) => (typeof is === 'string' ? `${person.personId} (${is})` : [])),
    ...shared([...found.flatMap(({ person, is }) => (typeof is === 'string' ? [] : { ...person, awsUserId: is.id })), ...people]),
  ];
  if (askers.length === 0) return say.warn(check, 'no rule lets anybody of the people file ask for AWS');
  if (troubles.length === 0) return say.ok(check, `each of the ${askers.length} who may ask is one user of Identity Center`);
  say.warn(
    check,
    `of the ${askers.length} who may ask, these cannot be told in Identity Center: ${few(troubles, SHOWN)}`,
    'Give each exactly one user there, with the e-mail address of the people file, and nobody the user of another (aws: { user: … }). Who was bound once stays bound.',
  );
}

/** Of each user who is several people's, whose. Both are refused whenever they ask. */
function shared(people: readonly Person[]): readonly string[] {
  const users = new Map<string, Set<string>>();
  for (const { awsUserId, personId } of people) {
    if (awsUserId === undefined) continue;
    const id = awsUserId.toLowerCase();
    users.set(id, (users.get(id) ?? new Set()).add(personId));
  }
  return [...users].flatMap(([id, who]) => (who.size > 1 ? `${[...who].sort().join(' and ')} (one user, ${id})` : []));
}

/** Their user, or the sentence for the person, without what they should do. */
async function userOf(identity: Identity, { awsUserId, email }: Person): Promise<AwsUser | string> {
  if (awsUserId === undefined && email === undefined) return 'the people file has no e-mail address';
  try {
    return await (awsUserId === undefined ? identity.byEmail(email ?? '') : identity.bound(awsUserId));
  } catch (error) {
    if (!isStintError(error)) throw error;
    return error.sentence.split(/(?:, so |\. )/)[0] ?? error.sentence;
  }
}
