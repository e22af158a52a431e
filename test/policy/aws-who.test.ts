/** No user of Identity Center is two people's: neither by the people file, nor by what is bound, nor by one and the other. */
import { afterEach, describe, expect, it } from 'vitest';
import { createIdentity } from '../../activities/targets/aws-permission-set/identity.js';
import { instant } from '../../contract/ids.js';
import { EXAMPLE } from '../../sim/identity-center/index.js';
import { ADMIN_KEY, type AwsWorld, awsWorld, bound, GRACE, LINUS } from './aws-world.js';
import { person } from './world.js';

let world: AwsWorld;
afterEach(() => world?.close());

const OTHERS = { code: 'state-conflict', sentence: expect.stringMatching(/taken for somebody else.*not taken for you.*IT team/) };
/** Linus, as who is Grace's user by the people file. */
const NAMED = { ...LINUS, awsUserId: EXAMPLE.grace };

describe('a user of Identity Center', () => {
  it('whom the people file names for somebody else is not bound by address, and nobody hears whose it is', async () => {
    world = await awsWorld();
    world.people = [NAMED, GRACE];
    const refused = await world.facts.pin(GRACE, ADMIN_KEY).catch((error: unknown) => error);
    expect(refused).toMatchObject(OTHERS);
    expect(String(refused)).not.toMatch(/linus/i);
    expect(world.bindings.rows).toEqual([]);
  });

  it('whom somebody else is bound to is not the one that the people file names; at the grant neither of both has it', async () => {
    world = await awsWorld();
    const target = await world.facts.pin(GRACE, ADMIN_KEY);
    expect((await world.facts.look(target, GRACE)).refusal).toBeUndefined();
    world.people = [NAMED, GRACE];
    await expect(world.facts.pin(NAMED, ADMIN_KEY)).rejects.toMatchObject(OTHERS);
    await expect(world.facts.pin(GRACE, ADMIN_KEY)).rejects.toMatchObject(OTHERS);
    for (const holder of [GRACE, NAMED])
      expect((await world.facts.look(target, holder)).refusal).toMatch(/Identity Center.*somebody else/);
  });

  it('in other letters in the people file is the same one', async () => {
    world = await awsWorld();
    world.people = [{ ...NAMED, awsUserId: EXAMPLE.grace.toUpperCase() }, GRACE];
    await expect(world.facts.pin(GRACE, ADMIN_KEY)).rejects.toMatchObject(OTHERS);
  });

  it('is one person’s once the other is unbound and named no more', async () => {
    world = await awsWorld();
    world.bindings.rows.push(bound(GRACE, EXAMPLE.grace));
    world.people = [NAMED, GRACE];
    await expect(world.facts.pin(NAMED, ADMIN_KEY)).rejects.toMatchObject(OTHERS);
    await world.bindings.unbind(GRACE.personId, 'aws-permission-set', { cause: 'left' }, instant(0));
    const target = await world.facts.pin(NAMED, ADMIN_KEY);
    expect(target.principalId).toBe(EXAMPLE.grace);
    expect((await world.facts.look(target, NAMED)).refusal).toBeUndefined();
  });

  it('is bound to one of two who ask by the same address at the same time', async () => {
    world = await awsWorld();
    const double = person('double', { email: 'GRACE@example.com', macs: [] });
    const both = await Promise.allSettled([GRACE, double].map((who) => world.facts.pin(who, ADMIN_KEY)));
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(world.bindings.rows).toHaveLength(1);
  });

  it('is not asked about when nobody can say whose it is', async () => {
    world = await awsWorld();
    const target = await world.facts.pin(GRACE, ADMIN_KEY);
    world.bindings.holder = () => Promise.reject(new Error('the store is down'));
    await expect(world.facts.look(target, GRACE)).rejects.toThrow('the store is down');
    await expect(world.facts.pin(GRACE, ADMIN_KEY)).rejects.toThrow('the store is down');
  });
});

describe('an address', () => {
  const identityOf = (...emails: string[]) => {
    const users = emails.map((email, i) => ({ id: `${i}`, userName: email, name: email, emails: [email], active: true }));
    return createIdentity({ all: async () => users, byId: async (id) => users[Number(id)], idByAddress: async () => undefined });
  };

  it('is the same in other ASCII letters, and another one in anything else', async () => {
    const folded = await identityOf('Grace@Example.com').byEmail('gRACE@eXAMPLE.COM');
    expect(folded.emails).toEqual(['Grace@Example.com']);
    // The Kelvin sign, a long s, a full-width letter, a dotted capital I, and one letter in two spellings.
    const PAIRS: readonly (readonly [string, string])[] = [
      ['\u212aen@example.com', 'ken@example.com'],
      ['\u017fam@example.com', 'sam@example.com'],
      ['\uff4ben@example.com', 'ken@example.com'],
      ['\u0130vo@example.com', 'ivo@example.com'],
      ['jos\u00e9@example.com', 'jose\u0301@example.com'],
      ['\u00c4da@example.com', '\u00e4da@example.com'],
    ];
    for (const [one, other] of PAIRS) {
      await expect(identityOf(one).byEmail(other), `${one} ${other}`).rejects.toMatchObject({ code: 'person-unknown' });
      expect((await identityOf(one, other).byEmail(other)).id, `${one} ${other}`).toBe('1');
    }
  });
});
