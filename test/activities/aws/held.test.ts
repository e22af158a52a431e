/** What somebody has already, as whoever asks is told: by an assignment of their own, or through a group. */
import fc from 'fast-check';
import { afterEach, expect, test } from 'vitest';
import { createGroupCalls } from '../../../activities/targets/aws-permission-set/groups.js';
import { createHeldLook, type HeldLook } from '../../../activities/targets/aws-permission-set/held.js';
import { EXAMPLE, exampleOrganization, HARSH, type OrganizationSeed } from '../../../sim/identity-center/index.js';
import { type Rig, type RigOptions, startRig, targetOf } from './rig.js';

let rig: Rig;
afterEach(() => rig.close());

const FAST = { sso: 2_000, users: 2_000 };
const FREE = Number.POSITIVE_INFINITY;
const LAST = { rank: 'background' } as const;
const storeId = async () => exampleOrganization().identityStoreId;

async function begin(options: RigOptions = {}): Promise<HeldLook> {
  const callsPerSecond = { ssoAdmin: FREE, identityStore: FREE, organizations: FREE };
  rig = await startRig({ perSecond: FAST, ...options, settings: { callsPerSecond, ...options.settings } });
  return createHeldLook(rig.sdk, storeId);
}

/** Standing access of the example: Grace's own in the sandbox, Linus' through the operators in production. */
const GRACES = targetOf({ accountId: EXAMPLE.sandbox, permissionSetArn: EXAMPLE.readOnly, principalId: EXAMPLE.grace });
const LINUS = targetOf({ permissionSetArn: EXAMPLE.readOnly, principalId: EXAMPLE.linus });
const asked = () => rig.aws.truth.calls().map(({ operation }) => operation);
const groupId = (n: number): string => `906763b9a1-${String(n).padStart(8, '0')}-bbbb-4ccc-8ddd-eeeeeeeeeeee`;
const numbered = (count: number) => Array.from({ length: count }, (_, n) => n);

/** So many groups beside the operators, of which Linus is in some. */
function groups(count: number, isIn: (n: number) => boolean = () => false): OrganizationSeed {
  const seed = exampleOrganization();
  const made = numbered(count).map((n) => ({
    id: groupId(n),
    displayName: `group ${n}`,
    members: isIn(n) ? [EXAMPLE.linus] : [],
  }));
  return { ...seed, groups: [...(seed.groups ?? []), ...made] };
}
const give = (id: string) =>
  rig.aws.sync.add({ accountId: LINUS.accountId, setArn: LINUS.permissionSetArn, principalType: 'GROUP', principalId: id });

test('an assignment of their own is told by one list, and nobody is asked about groups', async () => {
  const held = await begin();
  expect(await held(GRACES, LAST)).toEqual({ by: 'themselves' });
  expect(asked()).toEqual(['ListAccountAssignments']);
});

test('what comes through a group is told with the name of the group, by one list and two questions', async () => {
  const held = await begin();
  expect(await held(LINUS, LAST)).toEqual({ by: 'group', group: 'operators' });
  expect(asked()).toEqual(['ListAccountAssignments', 'IsMemberInGroups', 'DescribeGroup']);
});

test('where only groups of others have it, or nobody, nothing is told', async () => {
  const held = await begin();
  expect(await held({ ...LINUS, principalId: EXAMPLE.ada }, LAST)).toBeUndefined();
  expect(asked()).toEqual(['ListAccountAssignments', 'IsMemberInGroups']);
  expect(await held({ ...GRACES, accountId: EXAMPLE.production, permissionSetArn: EXAMPLE.admin }, LAST)).toBeUndefined();
  expect(asked().slice(2)).toEqual(['ListAccountAssignments']);
});

test('a group on a later page of the list counts as well', async () => {
  const held = await begin({ settings: HARSH });
  for (const n of numbered(6)) give(groupId(n));
  expect(await held(LINUS, LAST)).toEqual({ by: 'group', group: 'operators' });
});

test('a group is called by its id where its name can’t be read, is none, or does not come in time', async () => {
  const held = await begin();
  const byId = { by: 'group', group: EXAMPLE.operators };
  rig.aws.faults.add({ kind: 'denied', operation: 'DescribeGroup', times: 1 });
  expect(await held(LINUS, LAST)).toEqual(byId);
  rig.aws.faults.add({ kind: 'latency', operation: 'DescribeGroup', ms: 1_000, times: 1 });
  expect(await held(LINUS, { ...LAST, signal: AbortSignal.timeout(400) })).toEqual(byId);
  const group = rig.aws.world.groups.get(EXAMPLE.operators);
  if (!group) throw new Error('the example has no operators');
  rig.aws.world.groups.set(group.id, { ...group, displayName: ' \u001b\u202e ' });
  expect(await held(LINUS, LAST)).toEqual(byId);
  rig.aws.world.groups.set(group.id, { ...group, displayName: '\u001b[2Jopera\u202etors\n' });
  expect(await held(LINUS, LAST)).toEqual({ by: 'group', group: '[2Joperators' });
});

test.each([
  ['may not be asked', 'denied', 'aws-rejected'],
  ['asks for fewer calls', 'throttle', 'aws-unavailable'],
  ['does not answer', 'down', 'aws-unavailable'],
] as const)('a directory that %s is no answer, and never "in none"', async (_what, kind, code) => {
  const held = await begin();
  rig.aws.faults.add({ kind, operation: 'IsMemberInGroups' });
  await expect(held(LINUS, LAST)).rejects.toMatchObject({ code });
});

test('nobody waits for the directory longer than they said', async () => {
  const held = await begin();
  rig.aws.faults.add({ kind: 'latency', operation: 'IsMemberInGroups', ms: 600 });
  const began = performance.now();
  await expect(held(LINUS, { ...LAST, signal: AbortSignal.timeout(100) })).rejects.toMatchObject({ name: 'TimeoutError' });
  expect(performance.now() - began).toBeLessThan(500);
});

test('of more groups than AWS takes at once all are asked about, a hundred at a time', async () => {
  await begin({ seed: groups(230, (n) => n === 229) });
  const calls = createGroupCalls(rig.sdk, storeId);
  expect(await calls.of(EXAMPLE.linus, numbered(230).map(groupId), LAST)).toBe(groupId(229));
  const sizes = rig.aws.truth.calls().map(({ input }) => (input as { GroupIds: string[] }).GroupIds.length);
  expect(sizes).toEqual([100, 100, 30]);
});

test('groups that were deleted hide no other one: the first that somebody is in is found among any of them', async () => {
  const there = 8;
  await begin({ seed: groups(there) });
  const calls = createGroupCalls(rig.sdk, storeId);
  // From `there` on there is no such group.
  const some = fc.uniqueArray(fc.nat({ max: there + 4 }), { maxLength: there + 5 });
  await fc.assert(
    fc.asyncProperty(some, fc.uniqueArray(fc.nat({ max: there - 1 })), async (of, isIn) => {
      for (const n of numbered(there)) rig.aws.sync.setMember(groupId(n), EXAMPLE.linus, isIn.includes(n));
      const first = of.find((n) => isIn.includes(n));
      const found = await calls.of(EXAMPLE.linus, of.map(groupId), LAST);
      expect(found).toBe(first === undefined ? undefined : groupId(first));
    }),
    { numRuns: 40 },
  );
});
