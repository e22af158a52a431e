/** Keys and bindings of people who left go for good: so not by a file that was cut, an older one, or a moment without a file. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import type { Alarm } from '../../contract/alarms.js';
import { HOUSE, instant, type PersonId, type SlackUserId } from '../../contract/ids.js';
import type { Store } from '../../contract/ports.js';
import { openStore } from '../../ledger/store.js';
import { createRoster } from '../../workers/followups.js';
import { createForgetting, FORGET_MAX, PATIENCE_MS } from '../../workers/forget.js';
import type { Roster } from '../../workers/leavers.js';

const MINUTE = 60_000;
let now: number;
let store: Store;
let alarms: Alarm[];
let round: ReturnType<typeof createForgetting>;
/** A key that is gone stays gone, so each test has people of its own. */
let group = 0;
beforeAll(async () => {
  store = await openStore({ memory: true, clock: () => now });
});
afterAll(() => store.close());
beforeEach(() => {
  group += 1;
  now = Date.parse('2026-03-02T09:00:00.000Z');
  alarms = [];
  round = forgetting();
});
afterEach(async () => {
  const by = { cause: 'left' } as const;
  for (const { personId } of await store.bindings.all()) {
    await store.personKeys.revokeAll(personId, by, instant(now));
    await store.bindings.unbind(personId, 'aws-permission-set', by, instant(now));
  }
});

const forgetting = () =>
  createForgetting({
    store,
    clock: () => now,
    alarms: { raise: (alarm) => void alarms.push(alarm) },
    log: { warn: () => undefined, error: () => undefined },
  });
const idOf = (i: number) => `g${group}p${i}` as PersonId;
const ids = (count: number) => Array.from({ length: count }, (_, i) => idOf(i));

/** Everybody has a key and a user of AWS. */
async function known(people: readonly PersonId[]): Promise<void> {
  for (const personId of people) {
    const enrolledAt = instant(now);
    const hand = { personId, slackUserId: 'U0X' as SlackUserId };
    await store.personKeys.enroll({ personId, keyId: `person-${personId}`, publicKey: personId, enrolledAt }, hand);
    await store.bindings.bind(personId, 'aws-permission-set', `user-${personId}`, enrolledAt);
  }
}
const left = async () => [await store.personKeys.live(), await store.bindings.all()].map((rows) => rows.length);
const roster = (active: readonly PersonId[], inactive: readonly PersonId[] = []): Roster =>
  new Map([...active.map((id) => [id, true] as const), ...inactive.map((id) => [id, false] as const)]);

it('whoever the file calls inactive is forgotten at once, with an entry for each, and nobody else is', async () => {
  const gone = 'gone' as PersonId;
  const stays = 'stays' as PersonId;
  await known([gone, stays]);
  await round(roster([stays], [gone]));
  expect(await store.personKeys.live()).toMatchObject([{ personId: stays }]);
  expect(await store.bindings.all()).toMatchObject([{ personId: stays }]);
  const entries = (await store.ledger.timeline(HOUSE)).filter(({ type }) => type === 'keys-revoked' || type === 'unbound');
  expect(entries.map(({ data }) => data)).toMatchObject([{ personId: gone }, { personId: gone }]);
  expect(alarms).toEqual([]);
});

it('whoever is merely missing keeps everything for a day, counted anew when they were back in between', async () => {
  const people = ids(2);
  await known(people);
  await round(roster([]));
  now += PATIENCE_MS - 1;
  await round(roster([]));
  expect(await left()).toEqual([2, 2]);
  await round(roster(people));
  now += MINUTE;
  await round(roster([]));
  now += PATIENCE_MS - 1;
  await round(roster([]));
  expect(await left()).toEqual([2, 2]);
  now += 1;
  await round(roster([]));
  expect(await left()).toEqual([0, 0]);
  expect(alarms).toEqual([]);
});

it('an empty file, and one that lacks its last entries, cost nobody a key in an hour; where it is many it is told', async () => {
  const people = ids(FORGET_MAX + 5);
  await known(people);
  const folder = await mkdtemp(join(tmpdir(), 'stint-people-'));
  const path = join(folder, 'people.yaml');
  const entry = (id: string) => `  - id: ${id}\n    name: ${id}\n`;
  const read = createRoster(path, () => now);
  const stands = async (text: string) => {
    await writeFile(path, text);
    for (let passed = 0; passed < 6; passed += 1) {
      now += 10 * MINUTE;
      await round(await read());
    }
    return left();
  };
  const whole = `people:\n${people.map(entry).join('')}`;
  const all = [people.length, people.length];
  expect(await stands('people: []\n')).toEqual(all);
  expect(alarms[0]).toMatchObject({ key: 'left/many', severity: 'error' });
  expect(alarms[0]?.sentence).toMatch(/^25 of the 25 people/);
  alarms = [];
  expect(await stands(whole)).toEqual(all);
  expect(alarms).toEqual([]);
  expect(await stands(whole.slice(0, whole.indexOf(`  - id: ${idOf(FORGET_MAX)}`)))).toEqual(all);
  expect(alarms).toEqual([]);
  expect(await stands(whole)).toEqual(all);
  await rm(folder, { recursive: true });
});

it('many who are inactive at once are told of before anything goes, and go after a day, so many in a round', async () => {
  const people = ids(2 * FORGET_MAX + 1);
  await known(people);
  await round(roster([], people));
  expect([await left(), alarms]).toEqual([[41, 41], []]);
  now += MINUTE;
  await round(roster([], people));
  expect(await left()).toEqual([41, 41]);
  expect(alarms.map(({ key }) => key)).toEqual(['left/many']);
  now += PATIENCE_MS;
  await round(roster([], people));
  expect(await left()).toEqual([21, 21]);
  await round(roster([], people));
  // One is left, and that is no crowd.
  await round(roster([], people));
  expect(await left()).toEqual([0, 0]);
});

it('a key that went with its person stays gone when they are back; a new one is theirs', async () => {
  const person = idOf(0);
  await known([person]);
  await round(roster([], [person]));
  const hand = { personId: person, slackUserId: 'U0X' as SlackUserId };
  const key = { personId: person, keyId: `person-${person}`, publicKey: person, enrolledAt: instant(now) };
  await expect(store.personKeys.enroll(key, hand)).rejects.toThrow(/stays so.*stint enroll --new/);
  expect(await store.personKeys.enroll({ ...key, keyId: `person-new-${person}`, publicKey: `new-${person}` }, hand)).toBe(
    'enrolled',
  );
});
