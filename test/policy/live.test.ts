/** Which policy and which people count right now: what was applied last, what the file says, and never something of before. */
import { describe, expect, it } from 'vitest';
import type { Digest, Instant } from '../../contract/ids.js';
import type { InForce, Policies } from '../../contract/ports.js';
import { liveDirectory, policyInForce } from '../../policy/live.js';
import { sha256 } from '../../seal/canonical.js';
import { policyOf } from './world.js';

const FIRST = policyOf();
const OTHER = policyOf({ max: '1h' });

/** A store in which `now` is in force; counts what is read. */
function shelf(now: Digest | undefined, texts: readonly string[] = [FIRST.source, OTHER.source]) {
  const state = { now, reads: 0 };
  const kept = new Map([FIRST, OTHER].filter(({ source }) => texts.includes(source)).map(({ hash, source }) => [hash, source]));
  const policies: Pick<Policies, 'inForce' | 'get'> = {
    inForce: async (): Promise<InForce | undefined> =>
      state.now === undefined ? undefined : { hash: state.now, since: '2026-03-02T09:00:00.000Z' as Instant, by: 'grace' },
    get: async (hash) => {
      state.reads += 1;
      return kept.get(hash);
    },
  };
  return { state, policies };
}

describe('the policy in force', () => {
  it('is the one that the store names at each call, and is read once for as long as it stays', async () => {
    const { state, policies } = shelf(FIRST.hash);
    const current = policyInForce(policies);
    expect([(await current()).hash, (await current()).hash, state.reads]).toEqual([FIRST.hash, FIRST.hash, 1]);
    state.now = OTHER.hash;
    expect([(await current()).hash, state.reads]).toEqual([OTHER.hash, 2]);
  });

  it('is none before one was applied, or after it was taken out, and the error says what to do', async () => {
    const { state, policies } = shelf(undefined);
    const current = policyInForce(policies);
    const none = { code: 'bad-policy', sentence: expect.stringMatching(/No policy is in force.*policy apply/) };
    await expect(current()).rejects.toMatchObject(none);
    state.now = FIRST.hash;
    await current();
    state.now = undefined;
    await expect(current()).rejects.toMatchObject(none);
  });

  it('that is not there or reads as another is an error that names it, and the one of before does not stand in for it', async () => {
    const { state, policies } = shelf(FIRST.hash, [FIRST.source]);
    const current = policyInForce(policies);
    await current();
    for (const lost of [OTHER.hash, sha256('another')]) {
      state.now = lost;
      const sentence = expect.stringMatching(new RegExp(`\\(${lost.slice(0, 12)}, applied 2026-.* by grace\\).*policy apply`));
      await expect(current()).rejects.toMatchObject({ code: 'bad-policy', sentence });
    }
  });
});

it('people are found by each of their names in the file as it is now, and a file that did not change is read once', async () => {
  const people = (groups: string, name = 'Ada') => `people:
  - id: ada
    name: ${name}
    email: ada@example.com
    groups: [${groups}]
    slack: [{ team: T0001, user: U0ADA }]
    macs: [{ serial: C02ADA01, user: ada, name: ada-mac }]
`;
  let text = people('staff');
  const directory = liveDirectory(async () => text, 'people.yaml');
  const found = async () => {
    const all = [
      await directory.person('ada' as never),
      await directory.personBySlack('T0001' as never, 'U0ADA' as never),
      await directory.personByMac('C02ADA01' as never, 'ada' as never),
      ...(await directory.membersOf('staff')),
    ];
    return all.map((one) => one?.name);
  };
  expect(await found()).toEqual(['Ada', 'Ada', 'Ada', 'Ada']);
  expect(await directory.person('ada' as never)).toBe(await directory.person('ada' as never));
  expect(await directory.isActive('ada' as never)).toBe(true);
  expect(await directory.personByAwsUser('ada-at-aws')).toBeUndefined();
  text = people('it', 'Ada L.');
  expect(await found()).toEqual(['Ada L.', 'Ada L.', 'Ada L.']);
});
