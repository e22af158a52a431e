/** People's own keys, on each database: whose a key is never changes, and a removed one never comes back. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { HOUSE, type PersonId, type SlackUserId } from '../../contract/ids.js';
import { BACKENDS, type Bench, openBench } from './backends.js';
import { at } from './events.js';

const by = (name: string) => ({ personId: name as PersonId, slackUserId: `U0${name.toUpperCase()}` as SlackUserId });
const keyOf = (name: string, n: number | string) => ({
  personId: name as PersonId,
  keyId: `person-${n}`,
  publicKey: `public-${n}`,
  enrolledAt: at(1),
});

for (const backend of BACKENDS) {
  describe.skipIf(!backend.there)(`keys of people on ${backend.name}`, () => {
    let bench: Bench;
    beforeAll(async () => {
      bench = await openBench(backend);
    });
    afterAll(() => bench?.close());

    const entries = async (): Promise<unknown[]> => {
      const timeline = await bench.store.ledger.timeline(HOUSE);
      return timeline.map(({ type, actor, data }) => [type, actor.personId, data]);
    };

    test('one is enrolled once, with its entry in the ledger, and removed once', async () => {
      const { personKeys } = bench.store;
      const key = keyOf('ada', 'a');
      expect(await personKeys.enroll(key, by('ada'))).toBe('enrolled');
      expect(await personKeys.enroll({ ...key, enrolledAt: at(2) }, by('ada'))).toBe('already');
      expect(await personKeys.key('person-a')).toEqual(key);
      expect(await personKeys.remove('person-a', by('grace'), at(3))).toBe(false);
      expect(await personKeys.live(key.personId)).toEqual([key]);
      expect(await personKeys.remove('person-a', by('ada'), at(4))).toBe(true);
      expect(await personKeys.remove('person-a', by('ada'), at(5))).toBe(false);
      expect(await personKeys.key('person-a')).toEqual({ ...key, removedAt: at(4) });
      expect(await personKeys.live(key.personId)).toEqual([]);
      expect(await entries()).toEqual([
        ['key-enrolled', 'ada', { keyId: 'person-a' }],
        ['key-removed', 'ada', { keyId: 'person-a' }],
      ]);
    });

    test('a removed key, and one of another person, is refused and leaves no entry', async () => {
      const { personKeys } = bench.store;
      const before = await entries();
      await expect(personKeys.enroll(keyOf('ada', 'a'), by('ada'))).rejects.toThrow(/was removed.*--new/);
      await expect(personKeys.enroll(keyOf('grace', 'a'), by('grace'))).rejects.toThrow(/another person/);
      const stolen = { ...keyOf('grace', 'b'), publicKey: 'public-a' };
      await expect(personKeys.enroll(stolen, by('grace'))).rejects.toThrow(/another person/);
      expect(await entries()).toEqual(before);
    });

    test('all of a person are revoked at once with one entry that says by whom, for good, and nobody else’s', async () => {
      const { personKeys } = bench.store;
      const names = ['barbara', 'barbara', 'edsger'] as const;
      for (const [n, name] of names.entries()) await personKeys.enroll(keyOf(name, `r${n}`), by(name));
      const [barbara, edsger] = ['barbara' as PersonId, 'edsger' as PersonId];
      expect((await personKeys.live()).map(({ keyId }) => keyId)).toEqual(expect.arrayContaining(['person-r0', 'person-r2']));
      const ids = ['person-r0', 'person-r1'];
      const twice = await Promise.all(
        [6, 7].map((n) => personKeys.revokeAll(barbara, { cause: 'operator', operator: 'root' }, at(n))),
      );
      expect(twice.flat()).toEqual(ids);
      expect(await personKeys.live(barbara)).toEqual([]);
      expect(await personKeys.live(edsger)).toHaveLength(1);
      const [entry, ...more] = (await bench.store.ledger.timeline(HOUSE)).filter(({ type }) => type === 'keys-revoked');
      expect(more).toEqual([]);
      expect(entry).toMatchObject({ actor: { via: 'cli' }, data: { personId: barbara, cause: 'operator', keyIds: ids } });
      const words = entry?.type === 'keys-revoked' ? entry.data.byDigest : undefined;
      expect(words && (await bench.store.requests.getText(words))).toBe('root');
      await expect(personKeys.enroll(keyOf('barbara', 'r0'), by('barbara'))).rejects.toThrow(/was removed/);
      expect(await personKeys.revokeAll(edsger, { cause: 'left' }, at(8))).toEqual(['person-r2']);
    });

    test('five at most, also when twenty come at the same time', async () => {
      const { personKeys } = bench.store;
      const tries = Array.from({ length: 20 }, (_, n) => personKeys.enroll(keyOf('linus', n), by('linus')));
      const settled = await Promise.allSettled(tries);
      expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(5);
      expect(await personKeys.live('linus' as PersonId)).toHaveLength(5);
      const [one] = await personKeys.live('linus' as PersonId);
      expect(await personKeys.remove(one?.keyId ?? '', by('linus'), at(9))).toBe(true);
      expect(await personKeys.enroll(keyOf('linus', 'next'), by('linus'))).toBe('enrolled');
    });
  });
}
