import { afterEach, expect, test } from 'vitest';
import { type Catalogue, createCatalogue } from '../../../activities/targets/aws-permission-set/catalogue.js';
import { createIdentity } from '../../../activities/targets/aws-permission-set/identity.js';
import { createOrganisation } from '../../../activities/targets/aws-permission-set/organisation.js';
import { createUserCalls } from '../../../activities/targets/aws-permission-set/people.js';
import { systemTime } from '../../../activities/targets/aws-permission-set/time.js';
import { bigOrganization, EXAMPLE, exampleOrganization, HARSH } from '../../../sim/identity-center/index.js';
import { type Rig, type RigOptions, startRig } from './rig.js';

let rig: Rig;
let catalogue: Catalogue | undefined;
afterEach(async () => {
  catalogue?.close();
  await rig.close();
});

/** Organizations is slow in life; here it need not be. */
const QUICK = { callsPerSecond: { ssoAdmin: 20, identityStore: 20, organizations: 1000 } };

const tagged = (known: Catalogue) => expect.poll(() => known.state().untagged ?? 0, { timeout: 10_000 }).toBe(0);

async function begin(options: RigOptions = {}): Promise<Catalogue> {
  rig = await startRig({ ...options, perSecond: { organizations: 500 }, settings: { ...QUICK, ...options.settings } });
  catalogue = createCatalogue({ organisation: createOrganisation(rig.sdk), time: systemTime });
  return catalogue;
}

test('accounts come with their place in the tree and their tags, sets with their session length, pages to the end', async () => {
  const known = await begin({ settings: HARSH });
  await known.loaded();
  await tagged(known);
  const { accounts, sets, search, limits } = await known.loaded();
  expect(accounts.get(EXAMPLE.production)).toMatchObject({
    name: 'production',
    path: ['Production'],
    tags: { owner: 'payments', tier: '0' },
    active: true,
  });
  expect(accounts.size).toBe(5);
  expect(sets.get(EXAMPLE.readOnly)).toMatchObject({ name: 'ReadOnly', sessionMs: 8 * 3_600_000 });
  expect(sets.get(EXAMPLE.admin)?.sessionMs).toBe(3_600_000);
  expect(limits.delegated).toBe(false);
  expect(search.find('prod admin', 10).map(({ account, set }) => [account.id, set.arn])).toEqual([
    [EXAMPLE.production, EXAMPLE.admin],
  ]);
});

test('all there is can be found before any tag is known; one account is asked for at once, the others follow', async () => {
  rig = await startRig({ perSecond: { organizations: 500 }, settings: QUICK });
  const real = createOrganisation(rig.sdk);
  let open: (() => void) | undefined;
  const shut = new Promise<void>((resolve) => {
    open = resolve;
  });
  const asked: string[] = [];
  const tags = async (id: string) => {
    asked.push(id);
    // The first is the background's, which does not get on.
    if (asked.length === 1) await shut;
    return real.tags(id);
  };
  catalogue = createCatalogue({ organisation: { ...real, tags }, time: systemTime });
  const { search, accounts } = await catalogue.loaded();
  expect(search.find('prod admin', 10)).toHaveLength(1);
  expect([...accounts.values()].filter((account) => account.tags)).toEqual([]);
  const other = [EXAMPLE.production, EXAMPLE.sandbox].find((id) => id !== asked[0]) ?? '';
  expect((await catalogue.account(other))?.tags?.owner).toBeDefined();
  expect(catalogue.now()?.search.pair(other, EXAMPLE.admin)?.account.tags?.owner).toBeDefined();
  expect(catalogue.state().untagged).toBeGreaterThan(0);
  open?.();
  await tagged(catalogue);
  expect(catalogue.state().untagged).toBeUndefined();
});

test('tags that AWS does not tell are unknown and never none; one that may come later is an error', async () => {
  const known = await begin();
  rig.aws.faults.add({ kind: 'denied', operation: 'ListTagsForResource' });
  await known.loaded();
  expect(await known.account(EXAMPLE.production)).toMatchObject({ name: 'production', tags: undefined });
  rig.aws.faults.clear();
  rig.aws.faults.add({ kind: 'throttle', operation: 'ListTagsForResource' });
  await expect(known.account(EXAMPLE.production)).rejects.toMatchObject({ retryable: true });
}, 30_000);

test('D5.31 suspended accounts are hidden', async () => {
  const { search } = await (await begin()).loaded();
  expect(search.find('old-shop', 10)).toEqual([]);
  expect(search.pair(EXAMPLE.suspended, EXAMPLE.admin)).toBeUndefined();
});

test('D5.33 what a delegated administrator may not assign is shown as barred, with the reason', async () => {
  const { search, limits } = await (await begin({ settings: { caller: 'delegated' } })).loaded();
  expect(limits.delegated).toBe(true);
  expect(search.pair(EXAMPLE.management, EXAMPLE.admin)?.barred).toMatch(/management account/);
  expect(search.pair(EXAMPLE.production, EXAMPLE.billing)?.barred).toMatch(/Use a copy/);
  expect(search.pair(EXAMPLE.production, EXAMPLE.admin)?.barred).toBeUndefined();
});

test('D5.33 where AWS does not tell which sets the management account uses, all else can be asked for, and it is said why', async () => {
  const known = await begin({ settings: { caller: 'delegated' } });
  rig.aws.faults.add({ kind: 'denied', operation: 'ListPermissionSetsProvisionedToAccount' });
  const { search, limits } = await known.loaded();
  expect(limits.untold).toMatch(/right sso:ListPermissionSetsProvisionedToAccount/);
  expect(search.pair(EXAMPLE.management, EXAMPLE.admin)?.barred).toMatch(/management account/);
  expect(search.pair(EXAMPLE.production, EXAMPLE.admin)?.barred).toBeUndefined();
  rig.aws.faults.clear();
  expect((await known.refresh()).limits.untold).toBeUndefined();
  expect(known.now()?.search.pair(EXAMPLE.production, EXAMPLE.billing)?.barred).toMatch(/Use a copy/);
});

test('D5.33 the management account itself has no such limit, so that nothing is said where AWS does not tell', async () => {
  const known = await begin();
  rig.aws.faults.add({ kind: 'denied', operation: 'ListPermissionSetsProvisionedToAccount' });
  expect((await known.loaded()).limits).toMatchObject({ delegated: false });
  expect((await known.loaded()).limits.untold).toBeUndefined();
});

test('an instance of the account alone is not taken for the one of the organisation', async () => {
  const { instance } = await (await begin({ settings: { accountInstance: true, caller: 'delegated' } })).loaded();
  expect(instance.arn).toBe(exampleOrganization().instanceArn);
});

test('no instance in the region is told with the fix', async () => {
  const waiting = (await begin({ settings: { noInstance: true } })).loaded();
  await expect(waiting).rejects.toMatchObject({ code: 'bad-config', sentence: expect.stringContaining('AWS_REGION') });
});

test('a load that fails keeps the last good one, and says since when', async () => {
  const known = await begin();
  const first = await known.loaded();
  await tagged(known);
  expect(known.state()).toEqual({ loadedAt: first.loadedAt });
  rig.aws.faults.add({ kind: 'denied' });
  await expect(known.refresh()).rejects.toMatchObject({ code: 'aws-rejected' });
  const since = known.state().failing?.since;
  await expect(known.refresh()).rejects.toThrow();
  expect(known.now()?.loadedAt).toBe(first.loadedAt);
  expect(known.state()).toMatchObject({ loadedAt: first.loadedAt, failing: { since } });
  rig.aws.faults.clear();
  await known.refresh();
  expect(known.state().failing).toBeUndefined();
});

test('D5.30 a reload asks for nothing that is known by its id, and many who ask cost one load', async () => {
  const known = await begin();
  await Promise.all([known.loaded(), known.loaded(), known.refresh()]);
  await tagged(known);
  expect(rig.aws.truth.calls('DescribePermissionSet')).toHaveLength(3);
  await known.refresh();
  expect(rig.aws.truth.calls('DescribePermissionSet')).toHaveLength(3);
  expect(rig.aws.truth.calls('ListTagsForResource')).toHaveLength(5);
});

test('D5.30 five thousand pairs are searched in far less than a second, and a million too', async () => {
  rig = await startRig();
  const { createSearch } = await import('../../../activities/targets/aws-permission-set/search.js');
  const big = bigOrganization({ accounts: 200, sets: 30, users: 1 });
  const accounts = big.accounts.map(({ id, name }) => ({ id, name, path: ['Workloads'], unitIds: [], tags: {}, active: true }));
  const sets = big.permissionSets.map(({ arn, name }) => ({ arn, name, description: '', sessionMs: 1 }));
  const search = createSearch(accounts, sets, { managementAccountId: '', delegated: false, setsOfManagement: new Set() });
  expect(search.size).toBeGreaterThanOrEqual(5_000);
  const from = performance.now();
  for (const text of ['', 'account-17', '9', 'workloads set', 'nothing like that']) search.find(text, 100);
  expect((performance.now() - from) / 5).toBeLessThan(200);
  expect(search.find('account-17', 100)[0]?.account.name).toMatch(/^account-17/);
  const [account] = accounts;
  const [set] = sets;
  if (!account || !set) throw new Error('no seed');
  const many = <T>(one: T, over: (n: number) => Partial<T>): T[] =>
    Array.from({ length: 1_000 }, (_, n) => ({ ...one, ...over(n) }));
  const million = createSearch(
    many(account, (n) => ({ id: `${n}`, name: `account-${n}` })),
    many(set, (n) => ({ arn: `${n}`, name: `set-${n}` })),
    { managementAccountId: '', delegated: false, setsOfManagement: new Set() },
  );
  const at = performance.now();
  expect(million.find('set-999 account-999', 100).map(({ account: { name }, set: { name: of } }) => [name, of])).toEqual([
    ['account-999', 'set-999'],
  ]);
  expect(performance.now() - at).toBeLessThan(1_000);
});

async function identity(options: RigOptions = {}) {
  await begin(options);
  return createIdentity(createUserCalls(rig.sdk, async () => exampleOrganization().identityStoreId));
}

test('D3.15 a user is found by exactly their address, in any case, though the server ignores filters', async () => {
  const people = await identity({ settings: { ignoreFilters: true, ...HARSH } });
  expect((await people.byEmail('GRACE@example.com')).id).toBe(EXAMPLE.grace);
  await expect(people.byEmail('grace@example.co')).rejects.toMatchObject({ code: 'person-unknown' });
  await expect(people.byEmail('')).rejects.toMatchObject({ code: 'person-unknown' });
});

test('D3.15 two users of one address: neither is taken', async () => {
  const people = await identity();
  await expect(people.byEmail('ada@example.com')).rejects.toMatchObject({ sentence: expect.stringContaining('ada.external') });
});

test('D5.30 a crowd that asks at once has the people read twice at most, each in a list that began after they asked', async () => {
  const people = Array.from({ length: 50 }, (_, n) => `user${n}@example.com`);
  const users = people.map((email, n) => ({ id: `${n}`, userName: email, name: email, emails: [email], active: true }));
  const answers: (() => void)[] = [];
  // As AWS does: what comes while the pages are read may be missing.
  const all = () => {
    const seen = [...users];
    return new Promise<typeof users>((resolve) => void answers.push(() => resolve(seen)));
  };
  const identity = createIdentity({ all, byId: async () => undefined, idByAddress: async () => undefined });
  const first = identity.byEmail('user0@example.com');
  await expect.poll(() => answers.length).toBe(1);
  users.push({ id: 'twin', userName: 'twin', name: 'twin', emails: ['user0@example.com'], active: true });
  const twice = identity.byEmail('user0@example.com');
  const crowd = people.slice(1).map((email) => identity.byEmail(email));
  const given = identity.byEmail('user1@example.com', AbortSignal.abort(new Error('gave up')));
  await expect(given).rejects.toThrow('gave up');
  answers[0]?.();
  expect((await first).id).toBe('0');
  await expect.poll(() => answers.length).toBe(2);
  answers[1]?.();
  await expect(twice).rejects.toMatchObject({ code: 'person-unknown', sentence: expect.stringContaining('twin') });
  expect((await Promise.all(crowd)).map(({ id }) => id)).toEqual(people.slice(1).map((_, n) => `${n + 1}`));
  // It lasts for nobody who asks later.
  const later = identity.byEmail('user2@example.com');
  await expect.poll(() => answers.length).toBe(3);
  answers[2]?.();
  expect((await later).id).toBe('2');
});

test('D5.32 a bound user who is deleted or disabled is refused', async () => {
  const people = await identity();
  expect((await people.bound(EXAMPLE.linus)).userName).toBe('linus');
  rig.aws.world.users.delete(EXAMPLE.linus);
  await expect(people.bound(EXAMPLE.linus)).rejects.toMatchObject({ code: 'person-unknown' });
});

test('D3.18 a directory that does not answer is no answer, and never "nobody"', async () => {
  const people = await identity();
  rig.aws.faults.add({ kind: 'down' });
  await expect(people.byEmail('grace@example.com')).rejects.toMatchObject({ code: 'aws-unavailable' });
  await expect(people.bound(EXAMPLE.grace)).rejects.toMatchObject({ code: 'aws-unavailable' });
});
