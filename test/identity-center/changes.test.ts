/** Creating and deleting, told by the real SDK and judged by the stand-in's truth. */
import { ListAccountAssignmentCreationStatusCommand } from '@aws-sdk/client-sso-admin';
import { describe, expect, it } from 'vitest';
import { EXAMPLE } from '../../sim/identity-center/index.js';
import { errorName } from './clients.js';
import { ADA, rigOf, START } from './rig.js';

const SECOND = 1000;

describe('a change', () => {
  it('is in progress, then in force from the instant it was due until the delete took effect', async () => {
    const rig = await rigOf();
    const created = await rig.create();
    expect(created.Status).toBe('IN_PROGRESS');
    expect(created.RequestId).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(created.CreatedDate?.getTime()).toBe(START);
    expect(rig.aws.truth.hasAccess(ADA)).toBe(false);
    rig.pass(5 * SECOND);
    expect((await rig.creation(created.RequestId)).Status).toBe('SUCCEEDED');
    expect(await rig.listed()).toEqual([EXAMPLE.ada]);
    const removed = await rig.remove();
    rig.pass(5 * SECOND);
    expect((await rig.deletion(removed.RequestId)).Status).toBe('SUCCEEDED');
    expect(await rig.listed()).toEqual([]);
    expect(rig.aws.truth.intervals(ADA)).toEqual([{ from: START + SECOND, to: START + 6 * SECOND }]);
    const [span] = rig.aws.truth.access().filter((one) => one.userId === EXAMPLE.ada);
    expect(span?.cause).toEqual({ by: 'call', requestId: created.RequestId });
    expect(span?.endedBy).toEqual({ by: 'call', requestId: removed.RequestId });
  });

  it('has ids that are good only for its own kind', async () => {
    const rig = await rigOf();
    const { RequestId } = await rig.create();
    expect(await errorName(rig.deletion(RequestId))).toBe('ResourceNotFoundException');
  });

  it('conflicts with another of the same account and set, and with no other', async () => {
    const rig = await rigOf();
    await rig.create();
    expect(await errorName(rig.remove())).toBe('ConflictException');
    expect(await errorName(rig.create({ ...ADA, userId: EXAMPLE.grace }))).toBe('ConflictException');
    expect(await errorName(rig.create({ ...ADA, setArn: EXAMPLE.readOnly }))).toBe('none');
    rig.pass(SECOND);
    expect(await errorName(rig.remove())).toBe('none');
  });

  it('conflicts within the account where so set', async () => {
    const rig = await rigOf({ conflictScope: 'account' });
    await rig.create();
    expect(await errorName(rig.create({ ...ADA, setArn: EXAMPLE.readOnly }))).toBe('ConflictException');
    expect(await errorName(rig.create({ ...ADA, accountId: EXAMPLE.sandbox }))).toBe('none');
  });

  it('that creates what is there succeeds and changes nothing', async () => {
    const rig = await rigOf();
    const standing = { accountId: EXAMPLE.sandbox, setArn: EXAMPLE.readOnly, userId: EXAMPLE.grace };
    const { RequestId } = await rig.create(standing);
    rig.pass(SECOND);
    expect((await rig.creation(RequestId)).Status).toBe('SUCCEEDED');
    expect(rig.aws.truth.changes().at(-1)?.outcome).toBe('nothing-to-do');
    expect(rig.aws.truth.intervals(standing)).toEqual([{ from: 0, to: Number.POSITIVE_INFINITY }]);
  });

  it('that deletes what is not there fails later, as AWS words it', async () => {
    const rig = await rigOf();
    const { RequestId, Status } = await rig.remove();
    expect(Status).toBe('IN_PROGRESS');
    rig.pass(SECOND);
    const end = await rig.deletion(RequestId);
    expect(end.Status).toBe('FAILED');
    expect(end.FailureReason).toMatch(/^Received a 404 status error: EntitlementItem doesn't exist/);
  });

  it('fails later where the account has no role left, and not where the set has its role', async () => {
    const rig = await rigOf({ roleQuota: 1 });
    const refused = await rig.create();
    rig.pass(SECOND);
    expect((await rig.creation(refused.RequestId)).FailureReason).toContain('Cannot exceed quota for RolesPerAccount: 1');
    const allowed = await rig.create({ ...ADA, setArn: EXAMPLE.readOnly });
    rig.pass(SECOND);
    expect((await rig.creation(allowed.RequestId)).Status).toBe('SUCCEEDED');
  });

  it.each(['suspended', 'unknown'])('fails later in an account that is %s', async (kind) => {
    const rig = await rigOf();
    const { RequestId } = await rig.create({ ...ADA, accountId: kind === 'suspended' ? EXAMPLE.suspended : '999999999999' });
    rig.pass(SECOND);
    expect((await rig.creation(RequestId)).Status).toBe('FAILED');
  });

  it('of a person who was deleted meanwhile fails, and leaves an orphan that cannot be deleted', async () => {
    const rig = await rigOf();
    await rig.create();
    rig.pass(SECOND);
    rig.aws.sync.deleteUser(EXAMPLE.ada, 'leave-orphans');
    expect(rig.aws.truth.hasAccess(ADA)).toBe(false);
    const { RequestId } = await rig.remove();
    rig.pass(SECOND);
    expect((await rig.deletion(RequestId)).FailureReason).toContain('was not found in directory d-');
    expect(await rig.listed()).toEqual([EXAMPLE.ada]);
  });

  it('may be missing in the status list for a while, though its id is known', async () => {
    const rig = await rigOf({ statusListDelayMs: [500, 500] });
    const { RequestId } = await rig.create();
    const command = new ListAccountAssignmentCreationStatusCommand({ InstanceArn: rig.instanceArn });
    expect((await rig.sso.send(command)).AccountAssignmentsCreationStatus).toEqual([]);
    expect((await rig.creation(RequestId)).Status).toBe('IN_PROGRESS');
    rig.pass(500);
    expect((await rig.sso.send(command)).AccountAssignmentsCreationStatus).toHaveLength(1);
  });

  it('whose id was lost is found through the status list and a description of each', async () => {
    const rig = await rigOf();
    rig.aws.faults.add({ kind: 'drop-after', operation: 'CreateAccountAssignment', times: 1 });
    expect(await errorName(rig.create())).not.toBe('none');
    const command = new ListAccountAssignmentCreationStatusCommand({
      InstanceArn: rig.instanceArn,
      Filter: { Status: 'IN_PROGRESS' },
    });
    const { AccountAssignmentsCreationStatus: found = [] } = await rig.sso.send(command);
    expect(found).toHaveLength(1);
    expect(Object.keys(found[0] ?? {}).sort()).toEqual(['CreatedDate', 'RequestId', 'Status']);
    expect((await rig.creation(found[0]?.RequestId)).PrincipalId).toBe(EXAMPLE.ada);
    rig.pass(SECOND);
    await rig.remove();
    expect((await rig.sso.send(command)).AccountAssignmentsCreationStatus).toEqual([]);
    expect(rig.aws.truth.hasAccess(ADA)).toBe(true);
  });
});
