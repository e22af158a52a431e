/** What a process records of the seal keys that it believes: as it starts, and whenever it believes others. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { StintError } from '../../contract/errors.js';
import { HOUSE } from '../../contract/ids.js';
import type { Store } from '../../contract/ports.js';
import { openStore } from '../../ledger/store.js';
import { generateSealKey, type TrustedKeys, trustedEntry } from '../../seal/keys.js';
import { withKey, withOthersEnded, withRevoked } from '../../seal/rotation.js';
import { createKeyRecord } from '../../workers/key-record.js';

const T0 = Date.UTC(2026, 10, 23);
const [old, next, cli] = [generateSealKey('slack-app'), generateSealKey('slack-app'), generateSealKey('cli')];
let store: Store;
let now: number;
let file: TrustedKeys | undefined;
let asked: number;
beforeEach(async () => {
  [now, asked, file] = [T0, 0, { keys: [old, cli].map(trustedEntry) }];
  store = await openStore({ memory: true, clock: () => now });
});
afterEach(() => store.close());

const read = () => {
  if (!file) throw new StintError('bad-config', 'it is cut short');
  return file;
};
const started = () => {
  const record: Store['sealKeys']['record'] = (...args) => {
    asked += 1;
    return store.sealKeys.record(...args);
  };
  return createKeyRecord({ sealKeys: { record }, read, clock: () => now });
};
const entries = async () =>
  (await store.ledger.timeline(HOUSE)).flatMap((event) => {
    const ids = (keys: readonly { readonly keyId: string }[]) => keys.map(({ keyId }) => keyId);
    return event.type === 'seal-keys-changed' ? [[ids(event.data.came), ids(event.data.went)]] : [];
  });

it('each change once: a rotation, the end of the old key, a revoked one; and a start that finds what was there none', async () => {
  const [look, other] = [started(), started()];
  await look();
  await other();
  await started()();
  expect(await entries()).toEqual([[[cli.keyId, old.keyId].sort(), []]]);
  const rotated = withKey(read(), trustedEntry(next));
  file = withOthersEnded(rotated, { sender: 'slack-app', keepId: next.keyId, now, overlapMs: 60_000 });
  await Promise.all([look(), other()]);
  now += 60_001;
  await Promise.all([look(), other()]);
  file = withRevoked(file, cli.keyId);
  await Promise.all([look(), other()]);
  expect((await entries()).slice(1)).toEqual([
    [[next.keyId], []],
    [[], [old.keyId]],
    [[], [cli.keyId]],
  ]);
  const before = asked;
  await look();
  expect(asked).toBe(before);
  expect(JSON.stringify(await store.ledger.timeline(HOUSE))).not.toMatch(/KEY-----/);
});

it('none of a file that is not valid; what a store that is down did not take is recorded by the next look', async () => {
  const look = started();
  file = undefined;
  await look();
  file = { keys: [trustedEntry(old)] };
  const { record } = store.sealKeys;
  (store.sealKeys as { record: typeof record }).record = () => Promise.reject(new StintError('store-unavailable'));
  await expect(look()).rejects.toThrow();
  (store.sealKeys as { record: typeof record }).record = record;
  await look();
  expect(await entries()).toEqual([[[old.keyId], []]]);
});
