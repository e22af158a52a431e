/** Two organisations to begin with: one to read, with every trap once, and one of any size. */
import { hex, seeded, uuid } from './random.js';
import type { OrganizationSeed } from './types.js';

const SETS = 'arn:aws:sso:::permissionSet/ssoins-7223a1b2c3d4e5f6';

/** Ids of the example, by what they are. */
export const EXAMPLE = {
  management: '111111111111',
  delegated: '222222222222',
  production: '333333333333',
  sandbox: '444444444444',
  suspended: '555555555555',
  admin: `${SETS}/ps-1111aaaa2222bbbb`,
  readOnly: `${SETS}/ps-3333cccc4444dddd`,
  billing: `${SETS}/ps-5555eeee6666ffff`,
  ada: '906763b9a1-0d4bfae8-3c1e-4a5b-9d7f-1a2b3c4d5e6f',
  grace: '906763b9a1-1c2d3e4f-5a6b-4c7d-8e9f-0a1b2c3d4e5f',
  linus: '94482488-3041-7005-b4c2-7f5e0c8d1a2b',
  twin: '906763b9a1-77777777-5a6b-4c7d-8e9f-0a1b2c3d4e5f',
  operators: '906763b9a1-aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee',
} as const;

/**
 * Five accounts (management, delegated administrator, production, sandbox, a suspended one), three sets, four people of
 * whom two share an address, and standing access: Grace by hand in the sandbox, Linus through the operators in
 * production, and the billing set in the management account.
 */
export function exampleOrganization(): OrganizationSeed {
  const e = EXAMPLE;
  return {
    instanceArn: 'arn:aws:sso:::instance/ssoins-7223a1b2c3d4e5f6',
    identityStoreId: 'd-906763b9a1',
    organizationId: 'o-a1b2c3d4e5',
    rootId: 'r-ab12',
    managementAccountId: e.management,
    delegatedAccountId: e.delegated,
    units: [
      { id: 'ou-ab12-prod1111', name: 'Production' },
      { id: 'ou-ab12-labs2222', name: 'Labs' },
    ],
    accounts: [
      { id: e.management, name: 'management' },
      { id: e.delegated, name: 'identity' },
      { id: e.production, name: 'production', parent: 'ou-ab12-prod1111', tags: { owner: 'payments', tier: '0' } },
      { id: e.sandbox, name: 'sandbox', parent: 'ou-ab12-labs2222', tags: { owner: 'platform' } },
      { id: e.suspended, name: 'old-shop', parent: 'ou-ab12-labs2222', status: 'SUSPENDED' },
    ],
    permissionSets: [
      { arn: e.admin, name: 'AdministratorAccess', description: 'Everything', sessionDuration: 'PT1H' },
      { arn: e.readOnly, name: 'ReadOnly', sessionDuration: 'PT8H' },
      { arn: e.billing, name: 'Billing' },
    ],
    users: [
      { id: e.ada, userName: 'ada', displayName: 'Ada', email: 'ada@example.com' },
      { id: e.grace, userName: 'grace', displayName: 'Grace', email: 'grace@example.com' },
      { id: e.linus, userName: 'linus', displayName: 'Linus', email: 'linus@example.com' },
      { id: e.twin, userName: 'ada.external', displayName: 'Ada (external)', email: 'Ada@example.com' },
    ],
    groups: [{ id: e.operators, displayName: 'operators', members: [e.linus] }],
    assignments: [
      { accountId: e.sandbox, setArn: e.readOnly, principalType: 'USER', principalId: e.grace },
      { accountId: e.production, setArn: e.readOnly, principalType: 'GROUP', principalId: e.operators },
      { accountId: e.management, setArn: e.billing, principalType: 'USER', principalId: e.grace },
    ],
  };
}

export interface Size {
  readonly accounts: number;
  readonly sets: number;
  readonly users: number;
}

/** An organisation of this many member accounts, sets and people, without standing access; the same for the same size. */
export function bigOrganization({ accounts, sets, users }: Size): OrganizationSeed {
  const random = seeded(accounts * 7919 + sets * 104_729 + users);
  const instance = `ssoins-${hex(random, 16)}`;
  const store = hex(random, 10);
  const number = (n: number) => String(100_000_000_000 + n * 7_654_321);
  const numbered = (length: number) => Array.from({ length }, (_, n) => n + 1);
  return {
    instanceArn: `arn:aws:sso:::instance/${instance}`,
    identityStoreId: `d-${store}`,
    organizationId: `o-${hex(random, 10)}`,
    rootId: 'r-ab12',
    managementAccountId: number(0),
    units: [{ id: 'ou-ab12-work1111', name: 'Workloads' }],
    accounts: [
      { id: number(0), name: 'management' },
      ...numbered(accounts).map((n) => ({ id: number(n), name: `account-${n}`, parent: 'ou-ab12-work1111' })),
    ],
    permissionSets: numbered(sets).map((n) => ({
      arn: `arn:aws:sso:::permissionSet/${instance}/ps-${hex(random, 16)}`,
      name: `Set${n}`,
    })),
    users: numbered(users).map((n) => ({ id: `${store}-${uuid(random)}`, userName: `user${n}`, email: `user${n}@example.com` })),
  };
}
