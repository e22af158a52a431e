/**
 * AWS: whether the credentials, the region and the instance of Identity Center are right, what the account of the credentials
 * may not assign, whether sessions outlast the windows that the policy offers, and whether everybody who may ask is one user.
 * Only reads, and with a small part of the quota, so that it may be run beside a worker.
 */

import { createSdk, type Sdk } from '../../activities/targets/aws-permission-set/clients.js';
import { AwsAnswer, mayWorkLater } from '../../activities/targets/aws-permission-set/errors.js';
import { createIdentity } from '../../activities/targets/aws-permission-set/identity.js';
import type { Limits } from '../../activities/targets/aws-permission-set/limits.js';
import {
  createOrganisation,
  type Instance,
  type Organisation,
  type PermissionSet,
} from '../../activities/targets/aws-permission-set/organisation.js';
import { createUserCalls } from '../../activities/targets/aws-permission-set/people.js';
import { OUTSTANDING_WRITES, shareOf } from '../../activities/targets/aws-permission-set/slots.js';
import { systemTime } from '../../activities/targets/aws-permission-set/time.js';
import { isStintError } from '../../contract/errors.js';
import type { Person } from '../../contract/ports.js';
import type { Policy } from '../../policy/rules.js';
import type { PartConfigs } from '../config.js';
import { classOf, examineGroups } from './aws-groups.js';
import { examinePeople, examineSessions, isAwsRule } from './aws-policy.js';
import type { Check, Say } from './check.js';

export interface AwsCheckDeps {
  readonly aws: NonNullable<PartConfigs['aws']>;
  /** Policy and people; undefined while one of them is not valid (the check of the policy says so). */
  readonly policy: () => Promise<Policy | undefined>;
  readonly people: () => Promise<readonly Person[] | undefined>;
}

/** Calls a second: workers at work keep the rest. */
const PER_SECOND = { sso: 8, users: 8, organizations: 5 };
const TRIES = 4;

interface Look {
  readonly sdk: Sdk;
  readonly organisation: Organisation;
  readonly aws: AwsCheckDeps['aws'];
  readonly say: Say;
  readonly signal: AbortSignal;
}

/** Where no region is set: nothing is wrong, and nothing of AWS can be asked for. */
export const noAws: Check = async (say) => say.ok('settings', 'STINT_AWS_REGION is not set: nothing in AWS can be asked for');

/** Everything about AWS that Stint needs. */
export function checkAws({ aws, policy, people }: AwsCheckDeps): Check {
  return async (say, signal) => {
    const settings = { region: aws.region, endpoint: aws.endpoint };
    const sdk = createSdk({ settings, time: systemTime, processes: 1, perSecond: PER_SECOND });
    const look: Look = { sdk, organisation: createOrganisation(sdk), aws, say, signal };
    try {
      examineShare(aws, say);
      const instance = await examineInstance(look);
      if (!instance) return;
      examineClock(sdk, say);
      const [rules, everybody] = await Promise.all([policy(), people()]);
      const limits = await tried(look, 'rights', () => look.organisation.limits(instance));
      await Promise.all([
        examineAccounts(look, limits),
        examineUsers(look, instance, rules, everybody),
        examineGroups(sdk, instance.identityStoreId, say, signal),
        limits && examineSets(look, instance, limits, rules),
      ]);
    } finally {
      sdk.close();
    }
  };
}

/** By AWS's own name of the error. Source: "Common errors" of the API references, and the SDK's providers. */
const CREDENTIAL_FIXES: Readonly<Record<string, string>> = {
  CredentialsProviderError:
    'None were found. Run Stint with a role of the workload, or name a profile (AWS_PROFILE), as for every program with the AWS SDK.',
  ExpiredTokenException: 'They are expired. Renew them, or use a role of the workload, which renews them by itself.',
  ExpiredToken: 'They are expired. Renew them, or use a role of the workload, which renews them by itself.',
  RequestExpired: 'The call was signed too long ago: set the clock of this computer by NTP.',
  UnrecognizedClientException: 'AWS does not know the access key: it was deleted, or the secret belongs to another.',
  InvalidClientTokenId: 'AWS does not know the access key: it was deleted, or the secret belongs to another.',
  InvalidSignatureException:
    'The signature does not fit: the secret is wrong, the clock of this computer is off, or STINT_AWS_REGION is not the region of the address in STINT_AWS_ENDPOINT.',
  SignatureDoesNotMatch: 'The secret belongs to another access key, or the clock of this computer is off.',
};
const RIGHTS_FIX =
  'Give Stint’s role the rights of docs/aws.md, in the management account or that of the delegated administrator.';

/** The answer; undefined when there was none to be had, which is then a row. What may work later is asked again. */
async function tried<T>(
  { say, signal }: Pick<Look, 'say' | 'signal'>,
  check: string,
  ask: () => Promise<T>,
): Promise<T | undefined> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await ask();
    } catch (error) {
      if (!isStintError(error)) throw error;
      if (mayWorkLater(error) && attempt < TRIES && !signal.aborted) {
        await systemTime.sleep(300 * 2 ** attempt, signal).catch(() => undefined);
        continue;
      }
      const answer = error.cause instanceof AwsAnswer ? error.cause : undefined;
      const fix = CREDENTIAL_FIXES[answer?.awsName ?? ''] ?? (answer?.class === 'denied' ? RIGHTS_FIX : undefined);
      say.fail(answer?.class === 'credentials' ? 'credentials' : check, error.sentence, fix);
      return undefined;
    }
  }
}

function examineShare({ processes, workers }: AwsCheckDeps['aws'], say: Say): void {
  const { all, forGrants } = shareOf(workers);
  const calls = Math.floor(20 / processes);
  say.ok(
    'quota share',
    `one process of ${processes}: ${calls} calls a second (STINT_AWS_PROCESSES); one worker of ${workers}: ${all} of ${OUTSTANDING_WRITES} changes at a time, ${forGrants} of them for grants (STINT_AWS_WORKERS)`,
  );
}

async function examineInstance(look: Look): Promise<Instance | undefined> {
  const { aws, say, organisation } = look;
  const instance = await tried(look, 'instance', () => organisation.instance(aws.instanceArn));
  if (!instance) return undefined;
  const account = await look.sdk.callerAccount().catch(() => undefined);
  say.ok('credentials', account ? `of account ${account}; AWS accepts them` : 'AWS accepts them');
  say.ok('instance', `${instance.arn} in ${aws.region}`);
  return instance;
}

/** AWS refuses what was signed five minutes off. */
const CLOCK_WARN_MS = 60_000;

function examineClock(sdk: Sdk, say: Say): void {
  const ms = sdk.skewMs();
  if (Math.abs(ms) < CLOCK_WARN_MS) return;
  const found = `this computer’s clock is ${Math.round(Math.abs(ms) / 1000)} s ${ms > 0 ? 'behind' : 'ahead of'} that of AWS, which refuses calls from five minutes on`;
  say.warn('clock', found, 'Set it by NTP.');
}

/** Of one account the tags are asked for: that shows the right to, and all of them would take minutes in a big organisation. */
async function examineAccounts(look: Look, limits: Limits | undefined): Promise<void> {
  const accounts = await tried(look, 'accounts', () => look.organisation.accounts());
  if (!accounts) return;
  const [one] = accounts;
  if (one && !(await tried(look, 'accounts', () => look.organisation.tags(one.id)))) return;
  const idle = accounts.filter(({ active }) => !active).length;
  const { say } = look;
  say.ok('accounts', `${accounts.length}, of which ${idle} are suspended or closed and not offered; tags may be read`);
  if (limits && !accounts.some(({ id }) => id === limits.managementAccountId))
    say.warn('accounts', 'the management account is not in the tree', 'Let Stint’s role read the whole organisation.');
}

const UNTOLD_ID =
  'identitystore:GetUserId refused: whoever asks for the first time waits until AWS has listed all its users, six seconds for ten thousand';

async function examineUsers(
  look: Look,
  { identityStoreId }: Instance,
  policy: Policy | undefined,
  people: readonly Person[] | undefined,
): Promise<void> {
  const { say, sdk, signal } = look;
  const calls = createUserCalls(sdk, async () => identityStoreId);
  const users = await tried(look, 'people', () => calls.all({ rank: 'background', signal }));
  if (!users) return;
  if (!policy || !people) return say.warn('people', 'not compared: policy or people file cannot be read');
  if ((await classOf(calls.idByAddress('nobody@stint.invalid', { rank: 'background', signal }))) === 'denied')
    say.warn('people', UNTOLD_ID, 'Give Stint’s role the rights of docs/aws.md.');
  const known = createIdentity({ ...calls, all: async () => users, byId: async (id) => users.find((user) => user.id === id) });
  await examinePeople(known, policy, people, say);
}

async function examineSets(look: Look, instance: Instance, limits: Limits, policy: Policy | undefined): Promise<void> {
  const { say, organisation } = look;
  const sets = await tried(look, 'permission sets', async () => {
    const arns = await organisation.setArns(instance);
    const found: PermissionSet[] = [];
    for (const arn of arns) found.push(await organisation.set(instance, arn));
    return found;
  });
  if (!sets) return;
  say.ok('permission sets', `${sets.length} may be read`);
  examineLimits(limits, sets, say);
  if (!policy) return say.warn('sessions', 'not compared with the windows: the policy cannot be read');
  if (!policy.rules.some(isAwsRule))
    return say.warn('policy', 'no rule speaks of AWS', 'Add one of the kind aws-permission-set: docs/policy.md.');
  examineSessions(policy, sets, say);
}

function examineLimits(
  { delegated, managementAccountId, setsOfManagement, untold }: Limits,
  sets: readonly PermissionSet[],
  say: Say,
): void {
  if (!delegated) {
    const found = 'of the management account itself: everything can be assigned';
    say.warn('rights', found, 'AWS advises a delegated administrator: register an account of its own for Identity Center.');
    return;
  }
  if (untold) say.warn('rights', untold);
  const names = sets.filter(({ arn }) => setsOfManagement.has(arn)).map(({ name }) => name);
  const also = names.length === 0 ? '' : `, and not ${names.join(', ')}, which ${names.length === 1 ? 'is' : 'are'} used there`;
  say.ok(
    'rights',
    `a delegated administrator: nothing in the management account ${managementAccountId}${also}; the form says so`,
  );
}
