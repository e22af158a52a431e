/** Keys for the command line, through the real app: Slack proves whose a key is, and takes it back. */
import { generateKeyPairSync } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { PersonId } from '../../contract/ids.js';
import { isPersonKey, personKeyId } from '../../seal/person-key.js';
import { CHANNEL } from './fakes.js';
import { type Harness, start, until } from './harness.js';

let h: Harness;
beforeEach(async () => {
  h = await start();
});
afterEach(() => h.stop());

const fresh = (): string => generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' }).x ?? '';
const type = (user: string, text: string) => h.sim.act.command({ user, channel: CHANNEL, command: '/elevate', text });
const live = async (who: string) => (await h.store.personKeys.live(who as PersonId)).map(({ publicKey }) => publicKey);
/** Everything that anybody was shown, newest last. */
const words = (): string =>
  h.sim
    .truth()
    .messages.map((m) => `${m.text} ${JSON.stringify(m.blocks)}`)
    .join('\n');
const said = (pattern: RegExp) => until(String(pattern), () => pattern.test(words()));
const message = (actionId: string) => h.sim.truth().messages.find((m) => JSON.stringify(m.blocks).includes(actionId));

async function enrolled(user: string, key: string): Promise<{ ts: string; channel: string; actionId: string }> {
  await type(user, `enroll ${key}`);
  const actionId = `remove-key:${personKeyId(key)}`;
  const found = await until('the message with the button', () => message(actionId));
  return { ts: found.ts, channel: found.channel, actionId };
}

describe('enrolling', () => {
  it('makes the key the one of whoever typed it, and tells them in a direct message with its fingerprint', async () => {
    const key = fresh();
    const { channel } = await enrolled('U0BOB', key);
    expect(channel).toMatch(/^D/);
    expect(await live('bob')).toEqual([key]);
    expect(words()).toContain(personKeyId(key).slice(7, 11));
    expect(words()).toMatch(/If you did not just run/);
    expect(words()).not.toContain(key);
  });

  it('of what is no key is refused with what to do, and opens no form', async () => {
    for (const text of ['enroll', 'enroll abc', `enroll ${'A'.repeat(43)}`, `enroll ${fresh().slice(0, -1)}`])
      await type('U0BOB', text);
    await said(/43 characters/);
    expect(await live('bob')).toEqual([]);
    expect(h.sim.truth().views).toEqual([]);
  });

  it('a reason that begins with the word is still a reason', async () => {
    await type('U0BOB', 'enroll my Mac in the new MDM');
    await until('the form', () => JSON.stringify(h.sim.truth().views).includes('enroll my Mac in the new MDM'));
  });

  it('is not for whom Stint does not know, who left, or a guest', async () => {
    for (const user of ['U0NOBODY', 'U0GONE', 'U0GUEST']) await type(user, `enroll ${fresh()}`);
    await said(/does not know you yet/);
    await said(/not active/);
    await said(/Guests/);
    expect(await live('gone')).toEqual([]);
  });

  it('of a key that is somebody else’s is refused', async () => {
    const key = fresh();
    await enrolled('U0BOB', key);
    await type('U0ALICE', `enroll ${key}`);
    await said(/Not yours to enroll/);
    expect(await live('alice')).toEqual([]);
  });
});

describe('removing', () => {
  it('ends the key for whose it is, at once and with a word', async () => {
    const { ts, channel, actionId } = await enrolled('U0BOB', fresh());
    await h.sim.act.click({ user: 'U0BOB', channel, ts, actionId });
    await said(/does not work any more/);
    expect(await live('bob')).toEqual([]);
  });

  it('by another person, or with another value, changes nothing', async () => {
    const key = fresh();
    const { ts, channel, actionId } = await enrolled('U0BOB', key);
    await h.sim.act.click({ user: 'U0ALICE', channel, ts, actionId, forge: { user: { id: 'U0ALICE', team_id: 'T0STINT' } } });
    await said(/no key of yours that still works/);
    expect(await live('bob')).toEqual([key]);
  });

  it('all keys are listed with a button each', async () => {
    const [one, two] = [fresh(), fresh()];
    await enrolled('U0BOB', one);
    await enrolled('U0BOB', two);
    await type('U0BOB', 'keys');
    await said(/Your keys for the command line/);
    await type('U0ALICE', 'keys');
    await said(/You have no key for the command line/);
  });
});

it('a key under which anybody could sign is no key', () => {
  const hex = (text: string) => Buffer.from(text, 'hex').toString('base64url');
  for (const weak of [
    '00'.repeat(32),
    `01${'00'.repeat(31)}`,
    `01${'00'.repeat(30)}80`,
    `ec${'ff'.repeat(30)}7f`,
    `ed${'ff'.repeat(31)}`,
    '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85',
    'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa',
  ])
    expect(isPersonKey(hex(weak)), weak).toBe(false);
  const key = fresh();
  expect(isPersonKey(key)).toBe(true);
  expect(isPersonKey(`${key}=`)).toBe(false);
  expect(isPersonKey(`${key} `)).toBe(false);
});
