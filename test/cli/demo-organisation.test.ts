/** The demo's AWS: what the product's own catalogue reads from it, and that the demo's policy makes something of each part. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Aws, createAws } from '../../activities/targets/aws-permission-set/aws.js';
import { ACCOUNTS, AWS_REGION, awsUserId, demoOrganisation, SETS } from '../../cli/demo/organisation.js';
import { PEOPLE, POLICY_YAML } from '../../cli/demo/world.js';
import type { AwsAbout } from '../../contract/ports.js';
import { parsePolicy } from '../../policy/load.js';
import { covers } from '../../policy/rules.js';
import { type IdentityCenterStandIn, startIdentityCenter } from '../../sim/identity-center/index.js';
import { memoryMarks } from '../activities/aws/marks.js';

let stand: IdentityCenterStandIn;
let aws: Aws;
beforeAll(async () => {
  process.env.AWS_ACCESS_KEY_ID = 'DEMOACCESSKEY';
  process.env.AWS_SECRET_ACCESS_KEY = 'no-secret';
  const settings = { caller: 'delegated' } as const;
  stand = await startIdentityCenter({ seed: demoOrganisation(), region: AWS_REGION, settings });
  aws = createAws({ settings: { region: AWS_REGION, endpoint: stand.url }, processes: 1, marks: memoryMarks() });
}, 30_000);
afterAll(async () => {
  aws?.close();
  await stand?.close();
});

test('the catalogue reads twelve accounts, one of them suspended, and six sets of different sessions', async () => {
  const { accounts, sets, limits } = await aws.catalogue.loaded();
  expect(accounts.size).toBe(12);
  expect([...accounts.values()].filter(({ active }) => !active).map(({ id }) => id)).toEqual([ACCOUNTS.old]);
  expect(sets.size).toBe(6);
  expect(new Set([...sets.values()].map(({ sessionMs }) => sessionMs)).size).toBeGreaterThan(3);
  expect(limits).toMatchObject({ delegated: true, setsOfManagement: new Set([SETS.billing]) });
});

test('each of the demo’s people is found by e-mail as exactly one user', async () => {
  for (const { id, email } of PEOPLE) expect(await aws.identity.byEmail(email)).toMatchObject({ id: awsUserId(id) });
});

test('production, labs, staging and invoices each fall under the rule that is meant for them', async () => {
  await expect.poll(() => aws.catalogue.state().untagged ?? 0, { timeout: 20_000 }).toBe(0);
  const { accounts, sets } = await aws.catalogue.loaded();
  const { rules } = parsePolicy(POLICY_YAML, 'policy.yaml');
  const ruleOf = (accountId: string, arn: string) => {
    const { name = '', path = [], unitIds = [], tags = {} } = accounts.get(accountId) ?? {};
    const set = sets.get(arn)?.name ?? '';
    const about: AwsAbout = {
      kind: 'aws-permission-set',
      accountId,
      accountName: name,
      ouNames: path,
      ouIds: unitIds,
      tags,
      set,
    };
    return rules.find((rule) => covers(rule, about))?.id;
  };
  expect(ruleOf(ACCOUNTS.paymentsProd, SETS.admin)).toBe('aws-production');
  expect(ruleOf(ACCOUNTS.engineStaging, SETS.power)).toBe('aws-labs');
  expect(ruleOf(ACCOUNTS.sandbox, SETS.power)).toBe('aws-labs');
  expect(ruleOf(ACCOUNTS.management, SETS.billing)).toBe('aws-billing');
  expect(ruleOf(ACCOUNTS.logs, SETS.admin)).toBeUndefined();
});
