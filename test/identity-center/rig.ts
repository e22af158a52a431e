/** A stand-in of the example organisation under a clock that the test turns, with the real SDK clients. */
import {
  CreateAccountAssignmentCommand,
  DeleteAccountAssignmentCommand,
  DescribeAccountAssignmentCreationStatusCommand,
  DescribeAccountAssignmentDeletionStatusCommand,
  ListAccountAssignmentsCommand,
} from '@aws-sdk/client-sso-admin';
import { afterEach } from 'vitest';
import { EXAMPLE, exampleOrganization, type Settings, startIdentityCenter } from '../../sim/identity-center/index.js';
import { clientsOf } from './clients.js';

const instanceArn = exampleOrganization().instanceArn;
export const START = Date.UTC(2026, 0, 5, 9);
/** Who the tests give access to, and where: nobody has it at the start. */
export const ADA = { accountId: EXAMPLE.production, setArn: EXAMPLE.admin, userId: EXAMPLE.ada };

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

type Target = { accountId: string; setArn: string; userId: string };
const input = ({ accountId, setArn, userId }: Target) => ({
  InstanceArn: instanceArn,
  TargetId: accountId,
  TargetType: 'AWS_ACCOUNT' as const,
  PermissionSetArn: setArn,
  PrincipalType: 'USER' as const,
  PrincipalId: userId,
});

/** Changes take exactly a second unless the settings say otherwise; time passes only by `pass`. */
export async function rigOf(settings: Partial<Settings> = {}, options: { region?: string; dataFile?: string } = {}) {
  let now = START;
  const aws = await startIdentityCenter({
    seed: exampleOrganization(),
    clock: () => now,
    ...(options.dataFile !== undefined && { dataFile: options.dataFile }),
    settings: { inProgressMs: [1000, 1000], ...settings },
  });
  const clients = clientsOf(aws.url, options);
  closers.push(async () => {
    clients.destroy();
    await aws.close();
  });
  const { sso } = clients;
  return {
    aws,
    ...clients,
    instanceArn,
    now: () => now,
    pass: (ms: number) => {
      now += ms;
    },
    create: async (target: Target = ADA) => {
      const { AccountAssignmentCreationStatus } = await sso.send(new CreateAccountAssignmentCommand(input(target)));
      return AccountAssignmentCreationStatus ?? {};
    },
    remove: async (target: Target = ADA) => {
      const { AccountAssignmentDeletionStatus } = await sso.send(new DeleteAccountAssignmentCommand(input(target)));
      return AccountAssignmentDeletionStatus ?? {};
    },
    creation: async (id: string | undefined) => {
      const command = new DescribeAccountAssignmentCreationStatusCommand({
        InstanceArn: instanceArn,
        AccountAssignmentCreationRequestId: id,
      });
      return (await sso.send(command)).AccountAssignmentCreationStatus ?? {};
    },
    deletion: async (id: string | undefined) => {
      const command = new DescribeAccountAssignmentDeletionStatusCommand({
        InstanceArn: instanceArn,
        AccountAssignmentDeletionRequestId: id,
      });
      return (await sso.send(command)).AccountAssignmentDeletionStatus ?? {};
    },
    /** The principals of one page of the pair's list. */
    listed: async ({ accountId, setArn }: Omit<Target, 'userId'> = ADA) => {
      const command = new ListAccountAssignmentsCommand({
        InstanceArn: instanceArn,
        AccountId: accountId,
        PermissionSetArn: setArn,
      });
      return ((await sso.send(command)).AccountAssignments ?? []).map((one) => one.PrincipalId);
    },
  };
}
