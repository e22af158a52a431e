/**
 * What the account of our credentials may not assign. A delegated administrator may touch nothing of the management account,
 * and no permission set that is provisioned there, in whatever account.
 */
import { DescribeOrganizationCommand } from '@aws-sdk/client-organizations';
import {
  ListAccountAssignmentsForPrincipalCommand,
  ListPermissionSetsProvisionedToAccountCommand,
} from '@aws-sdk/client-sso-admin';
import { StintError } from '../../../contract/errors.js';
import { allPages, type How } from './calls.js';
import type { Sdk } from './clients.js';
import { classOfError } from './errors.js';

export interface Limits {
  readonly managementAccountId: string;
  readonly delegated: boolean;
  /** Sets that are provisioned in the management account: out of reach of a delegated administrator, in every account. */
  readonly setsOfManagement: ReadonlySet<string>;
  /** Why those are not known, as a sentence, where that matters. */
  readonly untold?: string;
}

const HOW: How = { rank: 'background' };

/** Finds them out. Errors are those of `awsError`. */
export async function limitsOf(sdk: Sdk, instanceArn: string): Promise<Limits> {
  const managementAccountId = await managementAccount(sdk);
  const own = await sdk.callerAccount();
  const delegated = own ? own !== managementAccountId : await isDelegated(sdk, instanceArn);
  try {
    return { managementAccountId, delegated, setsOfManagement: new Set(await setsIn(sdk, instanceArn, managementAccountId)) };
  } catch (error) {
    // A limit of that one account: what there is in the others can be asked for all the same.
    if (classOfError(error) !== 'denied') throw error;
    return { managementAccountId, delegated, setsOfManagement: new Set(), ...(delegated && { untold: UNTOLD }) };
  }
}

/** The right is read by the name of the action (service authorization reference of IAM Identity Center). */
const UNTOLD =
  "AWS does not tell Stint which permission sets are used in its management account. A request for one of them will fail, in any account. Give Stint's role the right sso:ListPermissionSetsProvisionedToAccount.";

/** The id of the organisation's management account. Throws `bad-config` when AWS names none. */
export async function managementAccount(sdk: Sdk): Promise<string> {
  const { Organization } = await sdk.ask('organizations', HOW, 'the organisation', (client, options) =>
    client.send(new DescribeOrganizationCommand({}), options),
  );
  if (Organization?.MasterAccountId) return Organization.MasterAccountId;
  throw new StintError('bad-config', 'AWS names no management account. Run Stint with a role of an account in the organisation.');
}

function setsIn(sdk: Sdk, InstanceArn: string, AccountId: string): Promise<readonly string[]> {
  return allPages('permission sets of the management account', async (NextToken) => {
    const input = { InstanceArn, AccountId, NextToken, MaxResults: 100 };
    const page = await sdk.ask('sso', HOW, 'the permission sets of the management account', (client, options) =>
      client.send(new ListPermissionSetsProvisionedToAccountCommand(input), options),
    );
    return { items: page.PermissionSets, next: page.NextToken };
  });
}

/** AWS lets only the management account ask this, about whomever. */
async function isDelegated(sdk: Sdk, InstanceArn: string): Promise<boolean> {
  const input = { InstanceArn, PrincipalId: '00000000-0000-0000-0000-000000000000', PrincipalType: 'USER' } as const;
  try {
    await sdk.ask('sso', HOW, 'what the management account may ask', (client, options) =>
      client.send(new ListAccountAssignmentsForPrincipalCommand(input), options),
    );
    return false;
  } catch (error) {
    const kind = classOfError(error);
    if (kind === 'denied') return true;
    if (kind === 'not-found' || kind === 'invalid') return false;
    throw error;
  }
}
