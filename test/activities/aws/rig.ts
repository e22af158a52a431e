/** The driver with the unmodified SDK against the stand-in of Identity Center. */

import { createSdk, type Sdk, type SdkDeps } from '../../../activities/targets/aws-permission-set/clients.js';
import { type AwsDriver, createAwsDriver } from '../../../activities/targets/aws-permission-set/driver.js';
import { createAssignmentCalls } from '../../../activities/targets/aws-permission-set/sdk.js';
import { systemTime } from '../../../activities/targets/aws-permission-set/time.js';
import type { AwsTarget } from '../../../activities/targets/aws-permission-set/types.js';
import { type Instant, instant, type RequestId } from '../../../contract/ids.js';
import {
  EXAMPLE,
  exampleOrganization,
  type IdentityCenterStandIn,
  type OrganizationSeed,
  type Settings,
  startIdentityCenter,
} from '../../../sim/identity-center/index.js';
import { type MarksDouble, memoryMarks } from './marks.js';

export interface Rig {
  readonly aws: IdentityCenterStandIn;
  readonly marks: MarksDouble;
  readonly driver: AwsDriver;
  readonly sdk: Sdk;
  /** Another process over the same store and the same AWS. */
  another(): AwsDriver;
  creates(): number;
  deletes(): number;
  has(target: AwsTarget): boolean;
  close(): Promise<void>;
}

export interface RigOptions {
  readonly settings?: Partial<Settings>;
  readonly seed?: OrganizationSeed;
  readonly region?: string;
  /** Calls a second that the driver believes to have. */
  readonly perSecond?: SdkDeps['perSecond'];
}

export async function startRig({
  settings = {},
  seed = exampleOrganization(),
  region = 'us-east-1',
  perSecond = {},
}: RigOptions = {}): Promise<Rig> {
  process.env.AWS_ACCESS_KEY_ID = 'AKIDEXAMPLE';
  process.env.AWS_SECRET_ACCESS_KEY = 'not-a-secret';
  const aws = await startIdentityCenter({ seed, settings });
  const marks = memoryMarks();
  const closers: (() => void)[] = [];
  const create = () => {
    const sdk = createSdk({ settings: { region, endpoint: aws.url }, time: systemTime, processes: 1, perSecond });
    const calls = createAssignmentCalls(sdk, async () => seed.identityStoreId);
    const driver = createAwsDriver({ calls, marks, time: systemTime, workers: 1 });
    closers.push(() => {
      driver.close();
      sdk.close();
    });
    return { driver, sdk };
  };
  return {
    aws,
    marks,
    ...create(),
    another: () => create().driver,
    creates: () => aws.truth.calls('CreateAccountAssignment').length,
    deletes: () => aws.truth.calls('DeleteAccountAssignment').length,
    has: ({ accountId, permissionSetArn: setArn, principalId }) =>
      aws.truth.hasAccess({ accountId, setArn, userId: principalId }),
    close: async () => {
      for (const close of closers) close();
      await aws.close();
    },
  };
}

/** How the stand-in's other hands name an assignment. */
export function assignmentOf({ accountId, permissionSetArn: setArn, principalId }: AwsTarget) {
  return { accountId, setArn, principalType: 'USER', principalId } as const;
}

export function targetOf(
  over: Partial<Pick<AwsTarget, 'accountId' | 'permissionSetArn' | 'principalId' | 'instanceArn'>> = {},
): AwsTarget {
  const ids = {
    instanceArn: exampleOrganization().instanceArn,
    accountId: EXAMPLE.production,
    permissionSetArn: EXAMPLE.admin,
    principalId: EXAMPLE.ada,
    ...over,
  };
  const set = ids.permissionSetArn.split('/').at(-1);
  const key = `aws/${ids.accountId}/${set}/${ids.principalId}`;
  const names = { accountName: 'production', setName: 'AdministratorAccess', display: 'AdministratorAccess in production' };
  return { kind: 'aws-permission-set', ...ids, key, ...names, sessionMs: 3_600_000 };
}

let count = 0;
export function requestId(): RequestId {
  count += 1;
  const letters = [...count.toString(26)].map((digit) => 'abcdefghijklmnopqrstuvwxyz'[Number.parseInt(digit, 26)] ?? 'a');
  return letters.join('').padStart(26, 'a') as RequestId;
}

/** The times of an order; this driver goes by `sendBefore` alone. */
export const times = (sendBefore: Instant) => ({ sendBefore, startBy: sendBefore, maxMs: 3_600_000 });
export const soon = (ms = 10_000) => times(instant(Date.now() + ms));
/** A signal that nobody aborts; one for each call of a crowd. */
export const calm = (): AbortSignal => new AbortController().signal;
export const never = new AbortController().signal;
