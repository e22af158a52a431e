/** Who is in a group, as the Identity Store tells it of one person and up to a hundred groups at a time. */
import { DescribeGroupCommand, IsMemberInGroupsCommand } from '@aws-sdk/client-identitystore';
import { expect, it } from 'vitest';
import { EXAMPLE } from '../../sim/identity-center/index.js';
import { errorName } from './clients.js';
import { rigOf } from './rig.js';

const NO_GROUP = '906763b9a1-00000000-bbbb-4ccc-8ddd-eeeeeeeeeeee';
const NOBODY = '906763b9a1-00000000-5a6b-4c7d-8e9f-0a1b2c3d4e5f';
const IdentityStoreId = 'd-906763b9a1';
interface Question {
  readonly IdentityStoreId: string;
  readonly MemberId: { readonly UserId: string };
  readonly GroupIds: string[];
}
const LINUS: Question = { IdentityStoreId, MemberId: { UserId: EXAMPLE.linus }, GroupIds: [EXAMPLE.operators] };

it('says of each group, in the order of the question, whether somebody is in it as it is now', async () => {
  const rig = await rigOf();
  const auditors = '906763b9a1-12345678-bbbb-4ccc-8ddd-eeeeeeeeeeee';
  rig.aws.world.groups.set(auditors, { id: auditors, displayName: 'auditors', members: new Set() });
  const ask = async (GroupIds: string[]) => (await rig.store.send(new IsMemberInGroupsCommand({ ...LINUS, GroupIds }))).Results;
  const answer = (GroupId: string, MembershipExists: boolean) => ({ GroupId, MemberId: LINUS.MemberId, MembershipExists });
  expect(await ask([auditors, EXAMPLE.operators])).toEqual([answer(auditors, false), answer(EXAMPLE.operators, true)]);
  rig.aws.sync.setMember(EXAMPLE.operators, EXAMPLE.linus, false);
  rig.aws.sync.setMember(auditors, EXAMPLE.linus, true);
  expect(await ask([EXAMPLE.operators, auditors])).toEqual([answer(EXAMPLE.operators, false), answer(auditors, true)]);
});

it.each<[string, Partial<Record<'GroupIds' | 'MemberId', unknown>>, string]>([
  ['no group at all', { GroupIds: [] }, "at 'groupIds' failed to satisfy constraint: Member must have length greater than"],
  ['more than a hundred groups', { GroupIds: Array(101).fill(NO_GROUP) }, 'Member must have length less than or equal to 100'],
  ['a group by its name', { GroupIds: ['operators'] }, "'[operators]' at 'groupIds' failed to satisfy constraint: Member must"],
  ['groups that are left out', { GroupIds: undefined }, "Value null at 'groupIds' failed"],
  ['a person by name', { MemberId: { UserId: 'linus' } }, "at 'userId' failed to satisfy constraint: Member must"],
])('refuses %s, and names the member and its rule', async (_, change, message) => {
  const rig = await rigOf();
  const input = { ...LINUS, ...change } as Question;
  const call = rig.store.send(new IsMemberInGroupsCommand(input));
  await expect(call).rejects.toMatchObject({ name: 'ValidationException', message: expect.stringContaining(message) });
});

it('names the group, the person or the store that it misses', async () => {
  const rig = await rigOf();
  const ask = (change: Partial<Question>) => rig.store.send(new IsMemberInGroupsCommand({ ...LINUS, ...change }));
  const missed = (ResourceType: string, ResourceId: string) => ({ name: 'ResourceNotFoundException', ResourceType, ResourceId });
  await expect(ask({ GroupIds: [EXAMPLE.operators, NO_GROUP] })).rejects.toMatchObject(missed('GROUP', NO_GROUP));
  await expect(ask({ MemberId: { UserId: NOBODY } })).rejects.toMatchObject(missed('USER', NOBODY));
  const elsewhere = 'd-0000000000';
  await expect(ask({ IdentityStoreId: elsewhere })).rejects.toMatchObject(missed('IDENTITY_STORE', elsewhere));
  const group = new DescribeGroupCommand({ IdentityStoreId, GroupId: NO_GROUP });
  await expect(rig.store.send(group)).rejects.toMatchObject(missed('GROUP', NO_GROUP));
});

it('answers administrators alone, and within the quota of the Identity Store', async () => {
  const rig = await rigOf({ callsPerSecond: { ssoAdmin: 0, identityStore: 4, organizations: 0 } });
  const ask = () => errorName(rig.store.send(new IsMemberInGroupsCommand(LINUS)));
  const name = () => errorName(rig.store.send(new DescribeGroupCommand({ IdentityStoreId, GroupId: EXAMPLE.operators })));
  expect([await ask(), await name()]).toEqual(['none', 'none']);
  rig.aws.settings.caller = 'member';
  expect([await ask(), await name()]).toEqual(['AccessDeniedException', 'AccessDeniedException']);
  expect([await ask(), await name()]).toEqual(['ThrottlingException', 'ThrottlingException']);
});
