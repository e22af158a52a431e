/**
 * What there is to ask for: the instance, accounts with their place in the tree and their tags, permission sets, and what the
 * caller's own account may not assign. Read whole, by ids; all of it can wait, so all of it goes last in line.
 */
import {
  ListAccountsForParentCommand,
  ListOrganizationalUnitsForParentCommand,
  ListRootsCommand,
  ListTagsForResourceCommand,
  type Account as SdkAccount,
} from '@aws-sdk/client-organizations';
import { DescribePermissionSetCommand, ListInstancesCommand, ListPermissionSetsCommand } from '@aws-sdk/client-sso-admin';
import { StintError } from '../../../contract/errors.js';
import { allPages, type How } from './calls.js';
import type { Sdk } from './clients.js';
import { sessionMsOf } from './duration.js';
import { CODES, classOfError } from './errors.js';
import { type Limits, limitsOf, managementAccount } from './limits.js';

export interface Account {
  readonly id: string;
  readonly name: string;
  /** Names of the OUs from the root down, and their ids. */
  readonly path: readonly string[];
  readonly unitIds: readonly string[];
  /** Undefined while they are not known: they are asked for one account at a time (`tags`). */
  readonly tags?: Readonly<Record<string, string>> | undefined;
  /** Why AWS did not tell them, as a sentence. */
  readonly untold?: string;
  readonly active: boolean;
}

export interface PermissionSet {
  readonly arn: string;
  readonly name: string;
  readonly description: string;
  /** The longest that a session may last once it is open, in ms. */
  readonly sessionMs: number;
}

export interface Instance {
  readonly arn: string;
  readonly identityStoreId: string;
}

/** Reads of the organisation. Errors are those of `awsError`. */
export interface Organisation {
  instance(wanted?: string): Promise<Instance>;
  limits(instance: Instance): Promise<Limits>;
  /** Without their tags. */
  accounts(): Promise<readonly Account[]>;
  tags(accountId: string): Promise<Readonly<Record<string, string>>>;
  setArns(instance: Instance): Promise<readonly string[]>;
  set(instance: Instance, arn: string): Promise<PermissionSet>;
}

const HOW: How = { rank: 'background' };

export function createOrganisation(sdk: Sdk): Organisation {
  return {
    instance: (wanted) => instance(sdk, wanted),
    limits: ({ arn }) => limitsOf(sdk, arn),
    accounts: () => accounts(sdk),
    tags: (accountId) => tagsOf(sdk, accountId),
    setArns: ({ arn: InstanceArn }) =>
      allPages('permission sets', async (NextToken) => {
        const page = await sdk.ask('sso', HOW, 'the list of permission sets', (client, options) =>
          client.send(new ListPermissionSetsCommand({ InstanceArn, NextToken, MaxResults: 100 }), options),
        );
        return { items: page.PermissionSets, next: page.NextToken };
      }),
    set: (of, arn) => set(sdk, of, arn),
  };
}

/** The organisation's one instance. An account may have an instance of its own beside it, which cannot grant access to accounts. */
async function instance(sdk: Sdk, wanted: string | undefined): Promise<Instance> {
  const all = await allPages('instances', async (NextToken) => {
    const page = await sdk.ask('sso', HOW, 'the instance of Identity Center', (client, options) =>
      client.send(new ListInstancesCommand({ NextToken, MaxResults: 10 }), options),
    );
    return { items: page.Instances, next: page.NextToken };
  });
  const management = await managementAccount(sdk);
  const fits = all.filter((one) => (wanted ? one.InstanceArn === wanted : one.OwnerAccountId === management));
  const [only] = fits;
  if (fits.length === 1 && only?.InstanceArn && only.IdentityStoreId) {
    return { arn: only.InstanceArn, identityStoreId: only.IdentityStoreId };
  }
  const found = all.length === 0 ? 'none' : all.map((one) => one.InstanceArn).join(', ');
  const fix =
    fits.length > 1 || wanted
      ? 'Set STINT_AWS_INSTANCE_ARN to the one that is meant'
      : 'Set STINT_AWS_REGION to the region that it is in';
  throw new StintError('bad-config', `Not one instance of Identity Center fits in this region; found: ${found}. ${fix}.`);
}

/** Walks the tree once: one list for each OU, and not one question for each account. */
async function accounts(sdk: Sdk): Promise<readonly Account[]> {
  const roots = await allPages('roots', async (NextToken) => {
    const page = await sdk.ask('organizations', HOW, 'the roots of the organisation', (client, options) =>
      client.send(new ListRootsCommand({ NextToken }), options),
    );
    return { items: page.Roots, next: page.NextToken };
  });
  const found: Account[] = [];
  const open = roots.flatMap(({ Id }) => (Id ? [{ id: Id, path: [] as string[], unitIds: [] as string[] }] : []));
  for (let place = open.shift(); place; place = open.shift()) {
    const { id, path, unitIds } = place;
    for (const one of await accountsIn(sdk, id)) {
      if (!one.Id) continue;
      found.push({ id: one.Id, name: one.Name?.trim() || one.Id, path, unitIds, active: isActive(one) });
    }
    for (const unit of await unitsIn(sdk, id)) {
      if (unit.Id) open.push({ id: unit.Id, path: [...path, unit.Name ?? unit.Id], unitIds: [...unitIds, unit.Id] });
    }
  }
  return found;
}

/** `State` replaces `Status`, which AWS retires in September 2026; either alone may be there. */
const isActive = ({ State, Status }: SdkAccount): boolean => (State ?? Status) === 'ACTIVE';

function accountsIn(sdk: Sdk, ParentId: string) {
  return allPages('accounts', async (NextToken) => {
    const page = await sdk.ask('organizations', HOW, 'the list of accounts', (client, options) =>
      client.send(new ListAccountsForParentCommand({ ParentId, NextToken }), options),
    );
    return { items: page.Accounts, next: page.NextToken };
  });
}

function unitsIn(sdk: Sdk, ParentId: string) {
  return allPages('organisational units', async (NextToken) => {
    const page = await sdk.ask('organizations', HOW, 'the list of organisational units', (client, options) =>
      client.send(new ListOrganizationalUnitsForParentCommand({ ParentId, NextToken }), options),
    );
    return { items: page.OrganizationalUnits, next: page.NextToken };
  });
}

async function tagsOf(sdk: Sdk, ResourceId: string): Promise<Record<string, string>> {
  const pages = allPages('tags', async (NextToken) => {
    const page = await sdk.ask('organizations', HOW, `the tags of account ${ResourceId}`, (client, options) =>
      client.send(new ListTagsForResourceCommand({ ResourceId, NextToken }), options),
    );
    return { items: page.Tags, next: page.NextToken };
  });
  const tags = await pages.catch((error: unknown) => {
    throw classOfError(error) === 'denied' ? mayNotReadTags(error, ResourceId) : error;
  });
  return Object.fromEntries(tags.flatMap(({ Key, Value }) => (Key ? [[Key, Value ?? '']] : [])));
}

/** The right is read by the name of the action (service authorization reference of AWS Organizations). */
function mayNotReadTags(error: unknown, accountId: string): StintError {
  const sentence = `Stint may not read the tags of AWS account ${accountId}. Give its role the right organizations:ListTagsForResource.`;
  return new StintError(CODES.denied, sentence, { cause: error instanceof Error ? error.cause : error });
}

async function set(sdk: Sdk, { arn: InstanceArn }: Instance, PermissionSetArn: string): Promise<PermissionSet> {
  const { PermissionSet: found } = await sdk.ask('sso', HOW, `the permission set ${PermissionSetArn}`, (client, options) =>
    client.send(new DescribePermissionSetCommand({ InstanceArn, PermissionSetArn }), options),
  );
  const { Name: name = PermissionSetArn, Description: description = '', SessionDuration } = found ?? {};
  return { arn: PermissionSetArn, name, description, sessionMs: sessionMsOf(SessionDuration) };
}
