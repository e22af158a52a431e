/** Tags of accounts: known for an hour and no longer, read in turn, and told why when AWS does not tell them. */
import { afterEach, expect, test } from 'vitest';
import { type Catalogue, createCatalogue } from '../../../activities/targets/aws-permission-set/catalogue.js';
import { awsError } from '../../../activities/targets/aws-permission-set/errors.js';
import type { Organisation } from '../../../activities/targets/aws-permission-set/organisation.js';
import { createTags } from '../../../activities/targets/aws-permission-set/tags.js';
import { StintError } from '../../../contract/errors.js';

const HOUR = 3_600_000;
const MINUTE = 60_000;

let catalogue: Catalogue | undefined;
afterEach(() => catalogue?.close());

/** AWS with so many accounts, and a clock that is set. */
function world(count: number) {
  const ids = Array.from({ length: count }, (_, n) => `${100_000_000_000 + n}`);
  const asked: string[] = [];
  const state = { now: 1_000_000_000_000, denies: (_id: string): boolean => false, value: '0', setBack: 0 };
  const tags = async (id: string) => {
    asked.push(id);
    if (state.denies(id)) throw awsError({ name: 'AccessDeniedException' }, `the tags of account ${id}`);
    return { tier: state.value };
  };
  const time = {
    now: () => state.now,
    steady: () => state.now + state.setBack,
    random: () => 0.5,
    sleep: () => new Promise<void>(() => undefined),
  };
  return { ids, asked, state, tags, time };
}

/** All that goes on without time has gone on. */
const settled = () => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));

function tagsOf({ tags, time }: ReturnType<typeof world>) {
  return createTags({ organisation: { tags }, time, again: (work) => work(), learnt: () => undefined, keepMs: HOUR });
}

test('are read again before they are an hour old, the longest unread first, and none twice', async () => {
  const aws = world(3);
  const known = tagsOf(aws);
  const [first = '', second = '', third = ''] = aws.ids;
  await known.now(second);
  aws.state.now += 40 * MINUTE;
  await known.now(third);
  known.begin(aws.ids);
  await settled();
  expect(aws.asked.slice(2)).toEqual([first, second]);
});

test('are not known once they are older than an hour and AWS tells them no more, and what it says is kept', async () => {
  const aws = world(1);
  const known = tagsOf(aws);
  const [id = ''] = aws.ids;
  await known.now(id);
  aws.state.denies = () => true;
  aws.state.now += 59 * MINUTE;
  known.begin(aws.ids);
  await settled();
  expect(aws.asked).toHaveLength(2);
  expect([known.of(id), known.why(id)]).toEqual([{ tier: '0' }, undefined]);
  aws.state.now += 2 * MINUTE;
  expect(known.of(id)).toBeUndefined();
  expect(known.why(id)).toMatch(/tags of account/);
  expect(await known.now(id)).toBeUndefined();
  aws.state.denies = () => false;
  expect(await known.now(id)).toEqual({ tier: '0' });
  expect(known.why(id)).toBeUndefined();
});

test('are not known after an hour though the clock was set back meanwhile', async () => {
  const aws = world(1);
  const known = tagsOf(aws);
  const [id = ''] = aws.ids;
  await known.now(id);
  aws.state.setBack = 61 * MINUTE;
  expect(known.of(id)).toBeUndefined();
});

test('of a clock that is set back a day are not known, and read anew', async () => {
  const aws = world(1);
  const known = tagsOf(aws);
  const [id = ''] = aws.ids;
  await known.now(id);
  aws.state.now -= 24 * HOUR;
  aws.state.value = '1';
  expect(known.of(id)).toBeUndefined();
  expect(await known.now(id)).toEqual({ tier: '1' });
});

test('accounts whose tags AWS refuses keep no other from its turn', async () => {
  const aws = world(9);
  const refused = new Set(aws.ids.slice(0, 6));
  aws.state.denies = (id) => refused.has(id);
  const known = tagsOf(aws);
  known.begin(aws.ids);
  await settled();
  expect(aws.asked).toEqual(aws.ids.slice(0, 5));
  known.begin(aws.ids);
  await settled();
  expect(aws.ids.slice(6).map((one) => known.of(one))).toEqual([{ tier: '0' }, { tier: '0' }, { tier: '0' }]);
});

function organisationOf({ ids, tags }: ReturnType<typeof world>, more: Partial<Organisation> = {}): Organisation {
  const accounts = ids.map((id) => ({ id, name: id, path: [], unitIds: [], active: true }));
  return {
    instance: async () => ({ arn: 'arn:aws:sso:::instance/ssoins-7223a1b2c3d4e5f6', identityStoreId: 'd-1' }),
    limits: async () => ({ managementAccountId: '', delegated: false, setsOfManagement: new Set() }),
    accounts: async () => accounts,
    tags,
    setArns: async () => [],
    set: async () => {
      throw new StintError('aws-rejected');
    },
    ...more,
  };
}

test('the catalogue offers no account by tags of more than an hour ago, though it could not be read anew either', async () => {
  const aws = world(1);
  const [id = ''] = aws.ids;
  catalogue = createCatalogue({ organisation: organisationOf(aws), time: aws.time });
  await catalogue.loaded();
  await settled();
  expect(catalogue.now()?.accounts.get(id)?.tags).toEqual({ tier: '0' });
  aws.state.now += 61 * MINUTE;
  expect(catalogue.now()?.accounts.get(id)?.tags).toBeUndefined();
  expect(catalogue.state().untagged).toBe(1);
});

test('what keeps tags from being read is told once, and again only when it comes again', async () => {
  const aws = world(3);
  aws.state.denies = () => true;
  const told: string[] = [];
  catalogue = createCatalogue({ organisation: organisationOf(aws), time: aws.time });
  catalogue.start((sentence) => told.push(sentence));
  await settled();
  const round = async (): Promise<void> => {
    await catalogue?.refresh();
    await settled();
  };
  await round();
  await round();
  expect(told).toEqual([expect.stringMatching(/tags of account/)]);
  expect(catalogue.state()).toMatchObject({ untagged: 3, untold: expect.stringMatching(/tags of account/) });
  aws.state.denies = () => false;
  await round();
  expect(catalogue.state().untold).toBeUndefined();
  aws.state.denies = () => true;
  aws.state.now += 2 * HOUR;
  await round();
  expect(told).toHaveLength(2);
});

test('an id that AWS does not know costs one load in a minute, however often it is named, and a new one is found', async () => {
  const aws = world(1);
  let loads = 0;
  const accounts = async () => {
    loads += 1;
    return [{ id: 'one', name: 'one', path: [], unitIds: [], active: true }];
  };
  catalogue = createCatalogue({ organisation: organisationOf(aws, { accounts }), time: aws.time });
  await catalogue.loaded();
  const asks = async (id: string): Promise<unknown> => catalogue?.account(id);
  for (let second = 0; second < 60; second += 1) {
    aws.state.now += 1_000;
    expect(await asks('none')).toBeUndefined();
  }
  expect(loads).toBe(2);
  aws.state.now += 1_000_000;
  await asks('none');
  expect(loads).toBe(3);
});
