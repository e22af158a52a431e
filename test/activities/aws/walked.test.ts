/** The reconciler's walk over 200 accounts with 30 permission sets each, in virtual time, alone and while grants are called for. */
import { expect, test } from 'vitest';
import type { Catalogued } from '../../../activities/targets/aws-permission-set/catalogue.js';
import { createSearch } from '../../../activities/targets/aws-permission-set/search.js';
import { createAwsWalk } from '../../../activities/targets/aws-permission-set/walk.js';
import { instant } from '../../../contract/ids.js';
import type { Place } from '../../../contract/ports.js';
import { bigOrganization } from '../../../sim/identity-center/index.js';
import { type QuotaScene, quotaScene } from './quota.js';
import { calm, requestId, targetOf } from './rig.js';
import { type VirtualTime, virtualTime } from './time.js';

const [ACCOUNTS, SETS, GRANTS] = [200, 30, 40];
const SLOW = { inProgressMs: [1_000, 3_000], statusDelayMs: [0, 200], listDelayMs: [0, 500] } as const;
/** As many as one run of the reconciler looks at (`workers/walked.ts`). */
const AT_A_TIME = 300;
const seed = bigOrganization({ accounts: ACCOUNTS, sets: SETS, users: GRANTS });

/** The organisation as the catalogue knows it. */
function known(): Catalogued {
  const accounts = seed.accounts.slice(1).map(({ id, name }) => ({ id, name, path: [], unitIds: [], tags: {}, active: true }));
  const sets = seed.permissionSets.map(({ arn, name }) => ({ arn, name, description: '', sessionMs: 3_600_000 }));
  const limits = { managementAccountId: seed.managementAccountId, delegated: false, setsOfManagement: new Set<string>() };
  return {
    instance: { arn: seed.instanceArn, identityStoreId: seed.identityStoreId },
    limits,
    accounts: new Map(accounts.map((each) => [each.id, each])),
    sets: new Map(sets.map((each) => [each.arn, each])),
    search: createSearch(accounts, sets, limits),
    loadedAt: instant(0),
  };
}

/** All of it, as the reconciler goes through it: from where it stopped, until it has been everywhere. */
async function throughAll(time: VirtualTime, { calls }: QuotaScene): Promise<readonly Place[]> {
  const organisation = known();
  const named = async () => () => true;
  const walk = createAwsWalk({ catalogue: { loaded: async () => organisation }, calls, named, now: time.now });
  const places: Place[] = [];
  for (let of = Number.POSITIVE_INFINITY; places.length < of; ) {
    const walked = await walk.walk(places.at(-1)?.key, AT_A_TIME);
    expect(walked.failures).toEqual([]);
    expect(walked.places.length).toBeGreaterThan(0);
    places.push(...walked.places);
    of = walked.of;
  }
  return places;
}

/** One grant after the other, every three seconds. Answers how long each took until it was seen, in ms, ascending. */
async function grants(time: VirtualTime, { driver }: QuotaScene): Promise<readonly number[]> {
  const one = async (n: number) => {
    await time.sleep(n * 3_000);
    const from = time.now();
    const target = targetOf({
      instanceArn: seed.instanceArn,
      accountId: seed.accounts[1 + ((n * 37) % ACCOUNTS)]?.id ?? '',
      permissionSetArn: seed.permissionSets[n % SETS]?.arn ?? '',
      principalId: seed.users[n]?.id ?? '',
    });
    const permit = async () => instant(time.now() + 10_000);
    const startBy = instant(time.now() + 600_000);
    await driver.grant(
      { requestId: requestId(), target, maxMs: 3_600_000, startBy, sendBefore: await permit(), permit },
      calm(),
      {},
    );
    return time.now() - from;
  };
  const took = await Promise.all(Array.from({ length: GRANTS }, (_, n) => one(n)));
  return took.sort((a, b) => a - b);
}

/** The grants alone, or with the walk beside them. */
async function scene(withWalk: boolean) {
  const time = virtualTime(5);
  const stage = quotaScene(time, seed, SLOW);
  const begun = time.now();
  const [took, places] = await time.run(Promise.all([grants(time, stage), withWalk ? throughAll(time, stage) : undefined]));
  stage.driver.close();
  expect(stage.refused).toEqual([]);
  expect(stage.limits.measured().ssoAdmin.maxPerSecond).toBeLessThanOrEqual(20);
  return { took, places, walkedMs: time.now() - begun };
}

test('6,000 places are walked within the budget, each once, and grants are hardly slower for it', async () => {
  const alone = await scene(false);
  const beside = await scene(true);
  const keys = beside.places?.map(({ key }) => key) ?? [];
  expect(keys).toHaveLength(ACCOUNTS * SETS);
  expect(new Set(keys).size).toBe(ACCOUNTS * SETS);
  expect(beside.walkedMs).toBeLessThan(15 * 60_000);
  const slower = (share: number) =>
    (beside.took[Math.floor(GRANTS * share)] ?? 0) - (alone.took[Math.floor(GRANTS * share)] ?? 0);
  expect(slower(0.5)).toBeLessThan(500);
  expect(slower(0.95)).toBeLessThan(1_000);
});
