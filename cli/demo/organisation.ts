/**
 * The demo's AWS organisation: twelve accounts in OUs with tags, one of them suspended, six permission sets with sessions
 * of different lengths, the demo's people as users, and access that stood before Stint came.
 */
import type { OrganizationSeed, SetSeed, UserSeed } from '../../sim/identity-center/types.js';
import { PEOPLE } from './world.js';

const STORE = '90671ab2c3';
const INSTANCE = 'ssoins-5710d3a0a9e1b2c3';

/** Where the stand-in says that it is; signatures for another region are refused. */
export const AWS_REGION = 'eu-central-1';

const UNITS = {
  security: 'ou-ae18-sec00001',
  production: 'ou-ae18-prod0001',
  staging: 'ou-ae18-stag0001',
  labs: 'ou-ae18-labs0001',
} as const;

/** Accounts by what they are. */
export const ACCOUNTS = {
  management: '111111111111',
  identity: '222222222222',
  logs: '230418151842',
  paymentsProd: '310018430001',
  engineProd: '310018430002',
  dataProd: '310018430003',
  paymentsStaging: '420018430001',
  engineStaging: '420018430002',
  sandbox: '530018430001',
  mlLab: '530018430002',
  notes: '530018430003',
  old: '539999430004',
} as const;

const setArn = (id: string): string => `arn:aws:sso:::permissionSet/${INSTANCE}/ps-${id}`;

/** Permission sets by what they are. */
export const SETS = {
  admin: setArn('a0d1e2f3a4b5c601'),
  power: setArn('a0d1e2f3a4b5c602'),
  readOnly: setArn('a0d1e2f3a4b5c603'),
  database: setArn('a0d1e2f3a4b5c604'),
  responder: setArn('a0d1e2f3a4b5c605'),
  billing: setArn('a0d1e2f3a4b5c606'),
} as const;

const permissionSets: readonly SetSeed[] = [
  { arn: SETS.admin, name: 'AdministratorAccess', description: 'Everything', sessionDuration: 'PT1H' },
  { arn: SETS.power, name: 'PowerUserAccess', description: 'Everything but people and rights', sessionDuration: 'PT1H' },
  { arn: SETS.readOnly, name: 'ReadOnlyAccess', description: 'Look, but change nothing', sessionDuration: 'PT8H' },
  { arn: SETS.database, name: 'DatabaseAdmin', description: 'Databases and their backups', sessionDuration: 'PT2H' },
  { arn: SETS.responder, name: 'IncidentResponder', description: 'What one needs at night', sessionDuration: 'PT1H' },
  { arn: SETS.billing, name: 'Billing', description: 'Invoices and budgets', sessionDuration: 'PT4H' },
];

/** The user in the Identity Store of one of the demo's people. */
export function awsUserId(personId: string): string {
  const n = PEOPLE.findIndex(({ id }) => id === personId) + 1;
  return `${STORE}-${String(n).repeat(8)}-18ae-4b5c-8d6e-1815${String(n).padStart(8, '0')}`;
}

const users: readonly UserSeed[] = PEOPLE.map(({ id, name, email }) => ({
  id: awsUserId(id),
  userName: email,
  displayName: name,
  email,
}));

const OPERATORS = `${STORE}-99999999-18ae-4b5c-8d6e-181500000099`;

/** What stands from the beginning; Stint must never take it away. */
const assignments: NonNullable<OrganizationSeed['assignments']> = [
  { accountId: ACCOUNTS.sandbox, setArn: SETS.power, principalType: 'USER', principalId: awsUserId('linus') },
  { accountId: ACCOUNTS.engineProd, setArn: SETS.readOnly, principalType: 'GROUP', principalId: OPERATORS },
  { accountId: ACCOUNTS.management, setArn: SETS.billing, principalType: 'USER', principalId: awsUserId('grace') },
];

/** The seed of the stand-in. Its credentials are those of a delegated administrator, as AWS advises. */
export function demoOrganisation(): OrganizationSeed {
  const prod = { tier: '0', owner: 'platform' };
  return {
    instanceArn: `arn:aws:sso:::instance/${INSTANCE}`,
    identityStoreId: `d-${STORE}`,
    organizationId: 'o-ae18151842',
    rootId: 'r-ae18',
    managementAccountId: ACCOUNTS.management,
    delegatedAccountId: ACCOUNTS.identity,
    units: [
      { id: UNITS.security, name: 'Security' },
      { id: UNITS.production, name: 'Production' },
      { id: UNITS.staging, name: 'Staging' },
      { id: UNITS.labs, name: 'Labs' },
    ],
    accounts: [
      { id: ACCOUNTS.management, name: 'analytical-engines' },
      { id: ACCOUNTS.identity, name: 'identity', parent: UNITS.security, tags: { owner: 'it' } },
      { id: ACCOUNTS.logs, name: 'log-archive', parent: UNITS.security, tags: { owner: 'it' } },
      { id: ACCOUNTS.paymentsProd, name: 'payments-prod', parent: UNITS.production, tags: { ...prod, owner: 'payments' } },
      { id: ACCOUNTS.engineProd, name: 'engine-prod', parent: UNITS.production, tags: prod },
      { id: ACCOUNTS.dataProd, name: 'data-prod', parent: UNITS.production, tags: { ...prod, owner: 'data' } },
      { id: ACCOUNTS.paymentsStaging, name: 'payments-staging', parent: UNITS.staging, tags: { owner: 'payments' } },
      { id: ACCOUNTS.engineStaging, name: 'engine-staging', parent: UNITS.staging, tags: { owner: 'platform' } },
      { id: ACCOUNTS.sandbox, name: 'sandbox', parent: UNITS.labs, tags: { owner: 'everybody' } },
      { id: ACCOUNTS.mlLab, name: 'ml-lab', parent: UNITS.labs, tags: { owner: 'data' } },
      { id: ACCOUNTS.notes, name: 'bernoulli-notes', parent: UNITS.labs, tags: { owner: 'ada' } },
      { id: ACCOUNTS.old, name: 'difference-engine', parent: UNITS.labs, status: 'SUSPENDED' },
    ],
    permissionSets,
    users,
    groups: [{ id: OPERATORS, displayName: 'operators', members: [awsUserId('linus')] }],
    assignments,
  };
}
