/** What is refused and how, what gets lost, and who may not. */
import {
  CreateAccountAssignmentCommand,
  ListAccountAssignmentsForPrincipalCommand,
  ListApplicationsCommand,
  ListInstancesCommand,
} from '@aws-sdk/client-sso-admin';
import { describe, expect, it } from 'vitest';
import { EXAMPLE, type FaultKind } from '../../sim/identity-center/index.js';
import { errorName } from './clients.js';
import { ADA, rigOf } from './rig.js';

const post = (url: string, headers: Record<string, string>, body = '{}') => fetch(url, { method: 'POST', headers, body });
const TARGET = { 'x-amz-target': 'SWBExternalService.ListInstances' };

describe('refusals', () => {
  it.each([
    ['an account that is none', { TargetId: '12' }, 'targetId'],
    ['an account with something before it', { TargetId: `x${ADA.accountId}` }, 'targetId'],
    ['an account with something after it', { TargetId: `${ADA.accountId}0` }, 'targetId'],
    ['a set ARN that is none', { PermissionSetArn: 'ps-1' }, 'permissionSetArn'],
    ['a principal that is none', { PrincipalId: 'ada@example.com' }, 'principalId'],
    ['another type of target', { TargetType: 'USER' as 'AWS_ACCOUNT' }, 'targetType'],
    ['a missing member', { PrincipalId: undefined }, 'principalId'],
  ])('of %s name the member and its rule', async (_, change, member) => {
    const rig = await rigOf();
    const input = {
      InstanceArn: rig.instanceArn,
      TargetId: ADA.accountId,
      TargetType: 'AWS_ACCOUNT' as const,
      PermissionSetArn: ADA.setArn,
      PrincipalType: 'USER' as const,
      PrincipalId: ADA.userId,
    };
    const call = rig.sso.send(new CreateAccountAssignmentCommand({ ...input, ...change }));
    await expect(call).rejects.toMatchObject({
      name: 'ValidationException',
      message: expect.stringContaining(`at '${member}' failed to satisfy constraint: Member must`),
      $metadata: { httpStatusCode: 400, requestId: expect.stringMatching(/^[0-9a-f-]{36}$/) },
    });
    expect(rig.aws.truth.changes()).toEqual([]);
  });

  it('of an unknown set, instance and operation are told at once', async () => {
    const rig = await rigOf();
    const unknown = { ...ADA, setArn: 'arn:aws:sso:::permissionSet/ssoins-7223a1b2c3d4e5f6/ps-0000000000000000' };
    expect(await errorName(rig.create(unknown))).toBe('ResourceNotFoundException');
    rig.aws.settings.noInstance = true;
    expect(await errorName(rig.create())).toBe('ResourceNotFoundException');
    expect((await rig.sso.send(new ListInstancesCommand({}))).Instances).toEqual([]);
    const other = rig.sso.send(new ListApplicationsCommand({ InstanceArn: rig.instanceArn }));
    expect(await errorName(other)).toBe('UnknownOperationException');
  });

  it('of what is not signed, or signed for elsewhere, say so', async () => {
    const rig = await rigOf({}, { region: 'eu-west-1' });
    const unsigned = await post(rig.aws.url, TARGET);
    expect(unsigned.headers.get('x-amzn-errortype')).toBe('MissingAuthenticationTokenException');
    expect(await unsigned.json()).toEqual({
      __type: 'MissingAuthenticationTokenException',
      message: 'Missing Authentication Token',
    });
    await expect(rig.listed()).rejects.toMatchObject({
      name: 'InvalidSignatureException',
      message: /valid region, not 'eu-west-1'/,
    });
    const scope = 'Credential=AKID/20260105/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=';
    const foreign = await post(rig.aws.url, { ...TARGET, authorization: `AWS4-HMAC-SHA256 ${scope}${'0'.repeat(64)}` });
    expect(await foreign.json()).toMatchObject({ message: "Credential should be scoped to correct service: 'sso'." });
  });

  it('of a body that is no JSON object is a serialization error, and the server lives on', async () => {
    const rig = await rigOf();
    const scope = 'Credential=AKID/20260105/us-east-1/sso/aws4_request, SignedHeaders=host, Signature=';
    const headers = { ...TARGET, authorization: `AWS4-HMAC-SHA256 ${scope}${'0'.repeat(64)}` };
    for (const body of ['', '[]', 'null', '{', '"x"']) {
      expect(await (await post(rig.aws.url, headers, body)).json()).toMatchObject({ __type: 'SerializationException' });
    }
    const names = ['constructor.x', '__proto__.toString', 'SWBExternalService.constructor', ''];
    for (const target of names) {
      const answer = await post(rig.aws.url, { ...headers, 'x-amz-target': target });
      expect(await answer.json()).toMatchObject({ __type: 'UnknownOperationException' });
    }
  });
});

describe('the one who calls', () => {
  it('as delegated administrator may not touch the management account, nor a set that is provisioned there', async () => {
    const rig = await rigOf({ caller: 'delegated' });
    expect(await errorName(rig.create({ ...ADA, accountId: EXAMPLE.management }))).toBe('AccessDeniedException');
    expect(await errorName(rig.create({ ...ADA, setArn: EXAMPLE.billing }))).toBe('AccessDeniedException');
    expect(await errorName(rig.remove({ ...ADA, setArn: EXAMPLE.billing }))).toBe('AccessDeniedException');
    expect(await errorName(rig.create())).toBe('none');
    const forPrincipal = { InstanceArn: rig.instanceArn, PrincipalId: ADA.userId, PrincipalType: 'USER' as const };
    const command = new ListAccountAssignmentsForPrincipalCommand(forPrincipal);
    expect(await errorName(rig.sso.send(command))).toBe('AccessDeniedException');
    rig.aws.settings.caller = 'management';
    expect(await errorName(rig.sso.send(command))).toBe('none');
  });

  it('as another member may only list instances', async () => {
    const rig = await rigOf({ caller: 'member' });
    expect(await errorName(rig.listed())).toBe('AccessDeniedException');
    expect(await errorName(rig.create())).toBe('AccessDeniedException');
    expect(await errorName(rig.sso.send(new ListInstancesCommand({})))).toBe('none');
  });
});

describe('faults', () => {
  it.each<[FaultKind, string, number]>([
    ['throttle', 'ThrottlingException', 0],
    ['500', 'InternalServerException', 0],
    ['500-after', 'InternalServerException', 1],
    ['expired', 'ExpiredTokenException', 0],
    ['denied', 'AccessDeniedException', 0],
    ['conflict', 'ConflictException', 0],
    ['drop-before', 'ECONNRESET', 0],
    ['drop-after', 'ECONNRESET', 1],
    ['down', 'ECONNRESET', 0],
  ])('of the kind %s look like %s, once, and begin %i changes', async (kind, error, begun) => {
    const rig = await rigOf();
    rig.aws.faults.add({ kind, operation: 'CreateAccountAssignment', times: 1 });
    expect(await errorName(rig.listed())).toBe('none');
    const seen = await rig.create().then(
      () => 'none',
      (failure: Error & { code?: string }) => failure.code ?? failure.name,
    );
    expect(seen).toBe(error);
    expect(rig.aws.truth.changes()).toHaveLength(begun);
    expect(await errorName(rig.create({ ...ADA, accountId: EXAMPLE.sandbox }))).toBe('none');
  });

  it('let a change fail late, with the reason that was set', async () => {
    const rig = await rigOf();
    const reason = 'Received a 403 status error: Access denied by IAM.';
    rig.aws.faults.add({ kind: 'fail-change', reason, times: 1 });
    await rig.listed();
    const { RequestId } = await rig.create();
    rig.pass(1000);
    expect(await rig.creation(RequestId)).toMatchObject({ Status: 'FAILED', FailureReason: reason });
    expect(rig.aws.truth.intervals(ADA)).toEqual([]);
  });

  it('of one operation leave every other alone', async () => {
    const rig = await rigOf();
    rig.aws.faults.add({ kind: 'down', operation: 'DescribeUser' });
    rig.aws.faults.add({ kind: 'conflict', operation: 'DeleteAccountAssignment' });
    rig.aws.faults.add({ kind: 'fail-change', operation: 'DeleteAccountAssignment' });
    const { RequestId } = await rig.create();
    rig.pass(1000);
    expect((await rig.creation(RequestId)).Status).toBe('SUCCEEDED');
    expect(await errorName(rig.remove())).toBe('ConflictException');
  });

  it('are told apart in the record: what was lost, and what it did', async () => {
    const rig = await rigOf();
    rig.aws.faults.add({ kind: 'drop-before', times: 1 });
    rig.aws.faults.add({ kind: 'drop-after', times: 1 });
    expect([await errorName(rig.create()), await errorName(rig.create())]).not.toContain('none');
    const [first, second] = rig.aws.truth.calls('CreateAccountAssignment');
    expect(first).toMatchObject({ lost: 'call', outcome: 'not done' });
    expect(second).toMatchObject({ lost: 'reply', outcome: 'ok', changeId: rig.aws.truth.changes()[0]?.requestId });
  });

  it('strike as often as their chance says', async () => {
    const rig = await rigOf({ callsPerSecond: { ssoAdmin: 1000, identityStore: 1, organizations: 1 } });
    rig.aws.faults.add({ kind: '500', chance: 0.5 });
    const answers = await Promise.all(Array.from({ length: 60 }, () => errorName(rig.listed())));
    const struck = answers.filter((one) => one === 'InternalServerException').length;
    expect(struck).toBeGreaterThan(10);
    expect(struck).toBeLessThan(50);
  });

  it('make an answer late, before or after the work', async () => {
    const rig = await rigOf();
    rig.aws.faults.add({ kind: 'latency', ms: 60, times: 1 });
    rig.aws.faults.add({ kind: 'late-reply', ms: 60, times: 1 });
    const began = performance.now();
    await rig.create();
    expect(performance.now() - began).toBeGreaterThanOrEqual(115);
  });
});
