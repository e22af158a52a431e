/** Users in memory: a hint that spares a lone first request the whole list, and never a proof of who somebody is. */
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { awsError } from '../../../activities/targets/aws-permission-set/errors.js';
import { createIdentity } from '../../../activities/targets/aws-permission-set/identity.js';
import { createUserCalls } from '../../../activities/targets/aws-permission-set/people.js';
import { createUsers } from '../../../activities/targets/aws-permission-set/users.js';
import { isStintError } from '../../../contract/errors.js';
import { bigOrganization } from '../../../sim/identity-center/index.js';
import { type Rig, startRig } from './rig.js';

const MINUTE = 60_000;
const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

/** All that goes on without time has gone on. */
const settled = () => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
const asIf = (name: string) => awsError({ name }, 'the people of Identity Center');

interface Row {
  readonly id: string;
  readonly email: string;
  readonly active?: boolean;
}
const ADA: Row = { id: 'ada', email: 'ada@example.com' };
const TWIN: Row = { id: 'twin', email: 'Ada@Example.com' };
const GRACE: Row = { id: 'grace', email: 'grace@example.com' };

/** A small Identity Store, a clock that is set, and what was asked. The background reads once, and then when it is told to. */
function world(...there: readonly Row[]) {
  const at = {
    now: 1_000_000_000_000,
    rows: [...there],
    lists: 0,
    down: false,
    /** AWS' own name of the error by which it does not say who has an address. */
    denies: '',
    /** Letter case makes a difference to AWS when it says who has an address: its reference does not tell. */
    exact: false,
    named: (): string | undefined => undefined,
    wake: (): unknown => undefined,
    told: [] as string[],
  };
  const userOf = ({ id, email, active = true }: Row) => ({ id, userName: id, name: id, emails: [email], active });
  const calls = {
    all: async () => {
      at.lists += 1;
      if (at.down) throw asIf('ServiceUnavailable');
      return at.rows.map(userOf);
    },
    byId: async (id: string) => at.rows.filter((row) => row.id === id).map(userOf)[0],
    idByAddress: async (email: string) => {
      if (at.denies) throw asIf(at.denies);
      // As AWS: the first of several, without a word.
      const same = (one: string) => (at.exact ? one === email : one.toLowerCase() === email.toLowerCase());
      return at.named() ?? at.rows.find((row) => same(row.email))?.id;
    },
  };
  const time = {
    now: () => at.now,
    steady: () => at.now,
    random: () => 0.5,
    sleep: (ms: number) =>
      new Promise<void>((resolve) => {
        at.wake = () => {
          at.now += ms;
          resolve();
          return settled();
        };
      }),
  };
  const users = createUsers({ calls, time });
  closers.push(users.close);
  const warm = async () => {
    users.start((sentence) => at.told.push(sentence));
    await settled();
    return createIdentity(calls, users);
  };
  return Object.assign(at, { users, warm });
}

const refused = (sentence: RegExp) => ({ code: 'person-unknown', sentence: expect.stringMatching(sentence) });

describe('over the stand-in', () => {
  let rig: Rig;
  const SEED = bigOrganization({ accounts: 1, sets: 1, users: 1_000 });
  const lists = () => rig.aws.truth.calls('ListUsers').length;

  it('D5.30 a lone first request reads no list: two questions about one user', async () => {
    rig = await startRig({
      seed: SEED,
      perSecond: { users: 1_000 },
      settings: { callsPerSecond: { ssoAdmin: 20, identityStore: 1_000, organizations: 20 } },
    });
    closers.push(() => rig.close());
    const calls = createUserCalls(rig.sdk, async () => SEED.identityStoreId);
    const users = createUsers({
      calls,
      time: { now: Date.now, steady: Date.now, random: () => 0.5, sleep: () => new Promise(() => undefined) },
    });
    closers.push(users.close);
    // A page that is throttled, and one that is lost, make nothing of the others.
    rig.aws.faults.add({ kind: 'throttle', operation: 'ListUsers', times: 1 });
    const quick = createUsers({
      calls,
      time: { now: Date.now, steady: Date.now, random: () => 0.5, sleep: async () => undefined },
    });
    expect((await quick.anew('background')).byId.size).toBe(1_000);
    quick.close();
    users.start(() => undefined);
    await expect.poll(() => users.now()?.byId.size, { timeout: 10_000 }).toBe(1_000);
    const before = lists();
    const identity = createIdentity(calls, users);
    expect((await identity.byEmail('USER700@example.com')).userName).toBe('user700');
    await expect(identity.byEmail('user1001@example.com')).rejects.toMatchObject(refused(/no user with the address user1001/));
    expect((await identity.names()).size).toBe(1_000);
    expect([rig.aws.truth.calls('GetUserId').length, rig.aws.truth.calls('DescribeUser').length]).toEqual([2, 1]);
    // Only the background's, since somebody was not found.
    await expect.poll(() => lists() - before, { timeout: 10_000 }).toBeGreaterThan(0);
  });
});

describe('who is in memory under an address', () => {
  it('D3.15 is refused with whoever has it too since, as soon as AWS names that one', async () => {
    const at = world(ADA, GRACE);
    const identity = await at.warm();
    at.rows.unshift(TWIN);
    await expect(identity.byEmail('ada@example.com')).rejects.toMatchObject(refused(/2 users.*twin, ada/));
  });

  it('D3.15 is refused with whoever has it too since in ten minutes at the latest, though AWS names the other one', async () => {
    const at = world(ADA, GRACE);
    const identity = await at.warm();
    at.rows.push(TWIN);
    // As if they had asked before the other came.
    at.now += 10 * MINUTE;
    expect((await identity.byEmail('ada@example.com')).id).toBe('ada');
    at.now += 1;
    await expect(identity.byEmail('ada@example.com')).rejects.toMatchObject(refused(/2 users.*ada, twin/));
  });

  it('is refused with another in the next list, and taken again when that one is gone, whatever the list says still', async () => {
    const at = world(ADA, TWIN);
    const identity = await at.warm();
    await expect(identity.byEmail('ada@example.com')).rejects.toMatchObject(refused(/2 users/));
    at.rows = [ADA];
    expect((await identity.byEmail('ada@example.com')).id).toBe('ada');
    at.rows.push(TWIN);
    await at.wake();
    await expect(identity.byEmail('ada@example.com')).rejects.toMatchObject(refused(/2 users/));
  });

  it('is compared by us, whatever letter case is to AWS: found where it is spelled otherwise, and refused with a twin', async () => {
    const at = world(GRACE, TWIN);
    at.exact = true;
    const identity = await at.warm();
    expect((await identity.byEmail('ada@example.com')).id).toBe('twin');
    at.rows.push(ADA);
    await expect(identity.byEmail('ada@example.com')).rejects.toMatchObject(refused(/2 users.*twin, ada/));
  });

  it('is nobody’s once AWS says that they have another address now, are disabled, or no more', async () => {
    const at = world(ADA, GRACE);
    const identity = await at.warm();
    at.rows = [
      { id: 'ada', email: 'old@example.com' },
      { id: 'new', email: 'ada@example.com' },
    ];
    expect((await identity.byEmail('ada@example.com')).id).toBe('new');
    at.rows = [{ id: 'ada', email: 'ada@example.com', active: false }];
    await expect(identity.byEmail('ada@example.com')).rejects.toMatchObject({ code: 'person-inactive' });
    await expect(identity.byEmail('grace@example.com')).rejects.toMatchObject(refused(/no user/));
    await expect(identity.bound('grace')).rejects.toMatchObject(refused(/no more/));
  });

  it('is told by a whole list where AWS names somebody else, whatever was asked, or may not be asked', async () => {
    const at = world(GRACE, ADA);
    const identity = await at.warm();
    at.rows = [GRACE, { id: 'ada', email: 'old@example.com' }, { id: 'new', email: ADA.email }];
    at.named = () => 'ada';
    expect((await identity.byEmail('ada@example.com')).id).toBe('new');
    at.rows = [GRACE, ADA];
    at.named = () => 'grace';
    expect((await identity.byEmail('ada@example.com')).id).toBe('ada');
    await expect(identity.byEmail('nobody@example.com')).rejects.toMatchObject(refused(/no user/));
    at.denies = 'AccessDeniedException';
    expect((await identity.byEmail('ada@example.com')).id).toBe('ada');
    await expect(identity.byEmail('nobody@example.com')).rejects.toMatchObject(refused(/no user/));
    at.denies = 'ValidationException';
    expect((await identity.byEmail('ada@example.com')).id).toBe('ada');
    expect(at.lists).toBe(7);
    at.denies = 'ThrottlingException';
    await expect(identity.byEmail('ada@example.com')).rejects.toMatchObject({ code: 'aws-unavailable' });
  });
});

describe('who is not in memory', () => {
  it('is looked up before they are refused, and found at once when they are new; two new ones of one address are not', async () => {
    const at = world(GRACE);
    const identity = await at.warm();
    at.rows.push(ADA);
    expect((await identity.byEmail('ada@example.com')).id).toBe('ada');
    at.rows.push({ id: 'one', email: 'new@example.com' }, { id: 'two', email: 'new@example.com' });
    await expect(identity.byEmail('new@example.com')).rejects.toMatchObject(refused(/2 users/));
  });

  it('costs a list in the background once a minute at most, which finds whom AWS does not name by other letters', async () => {
    const at = world(GRACE);
    const identity = await at.warm();
    for (let n = 0; n < 20; n++)
      await expect(identity.byEmail(`nobody${n}@example.com`)).rejects.toMatchObject(refused(/ask again in a minute/));
    expect(at.lists).toBe(2);
    at.rows.push({ id: 'ada', email: 'ADA@example.com' });
    at.named = () => undefined;
    at.now += MINUTE;
    await identity.byEmail('else@example.com').catch(() => undefined);
    await settled();
    expect((await identity.byEmail('ada@example.com')).id).toBe('ada');
  });
});

describe('a directory that does not answer', () => {
  it('leaves the last list for ten minutes, is told once while it lasts, and is never "nobody"', async () => {
    const at = world(ADA);
    const identity = await at.warm();
    at.down = true;
    await at.wake();
    await at.wake();
    expect(at.told).toEqual([expect.stringMatching(/people of Identity Center/)]);
    expect((await identity.byEmail('ada@example.com')).id).toBe('ada');
    at.now += 5 * MINUTE;
    expect(at.users.now()).toBeUndefined();
    await expect(identity.byEmail('ada@example.com')).rejects.toMatchObject({ code: 'aws-unavailable' });
  });
});

const addresses = fc.constantFrom('a@example.com', 'b@example.com', 'A@example.com');
const step = fc.oneof(
  fc.record({ do: fc.constant('put' as const), id: fc.constantFrom('1', '2', '3'), email: addresses, active: fc.boolean() }),
  fc.record({ do: fc.constant('drop' as const), id: fc.constantFrom('1', '2', '3') }),
  fc.record({ do: fc.constant('wait' as const), minutes: fc.integer({ min: 0, max: 12 }) }),
  fc.record({ do: fc.constant('read' as const) }),
  fc.record({ do: fc.constant('ask' as const), email: addresses }),
);

it('whatever changes meanwhile: who is taken has the address now, alone when it was listed last, and nobody is refused who has it alone', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
      const at = world(ADA);
      const identity = await at.warm();
      const havers = (rows: readonly Row[], email: string) =>
        rows.filter((row) => row.email.toLowerCase() === email.toLowerCase());
      let lists = at.lists;
      let [listed, listedAt] = [at.rows, at.now];
      for (const one of steps) {
        if (one.do === 'put') at.rows = [...at.rows.filter(({ id }) => id !== one.id), one];
        if (one.do === 'drop') at.rows = at.rows.filter(({ id }) => id !== one.id);
        if (one.do === 'wait') at.now += one.minutes * MINUTE;
        if (one.do === 'read') await at.users.anew('background');
        const answer = one.do === 'ask' ? await identity.byEmail(one.email).catch((error: unknown) => error) : undefined;
        await settled();
        if (at.lists > lists) [lists, listed, listedAt] = [at.lists, at.rows, at.now];
        if (one.do !== 'ask') continue;
        const now = havers(at.rows, one.email);
        if (isStintError(answer)) {
          const isOne = now.length === 1 && now[0]?.active !== false;
          expect(isOne).toBe(false);
          continue;
        }
        expect(now).toContainEqual(expect.objectContaining({ id: (answer as Row).id }));
        expect(havers(listed, one.email)).toHaveLength(1);
        expect(at.now - listedAt).toBeLessThanOrEqual(10 * MINUTE);
      }
      at.users.close();
    }),
    { numRuns: 200 },
  );
});
