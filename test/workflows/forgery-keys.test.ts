/**
 * A key that is revoked, or ends, while elevations run. What it sealed and nobody acted on yet counts no more when it is
 * revoked; a rotation, where the key merely ends, harms nothing that is under way.
 */
import { afterAll, afterEach, beforeAll, expect, inject, test, vi } from 'vitest';
import type { RequestId } from '../../contract/ids.js';
import type { Sender } from '../../contract/messages.js';
import type { SealKey, TrustedKey } from '../../seal/keys.js';
import { ada, grace, linus } from '../fixtures/people.js';
import { inVain, signed, words } from './forger.js';
import { type Asked, type Harness, startHarness, until } from './harness.js';

/** The deployment's keys and, laid over its trusted file, what an operator changed in it since. */
const vault = vi.hoisted((): { keys: SealKey[]; changed: Map<string, Partial<TrustedKey>> } => ({
  keys: [],
  changed: new Map(),
}));
vi.mock('../../seal/keys.js', async (load) => {
  const real = await load<typeof import('../../seal/keys.js')>();
  return {
    ...real,
    generateSealKey: (sender: Sender) => {
      const key = real.generateSealKey(sender);
      vault.keys.push(key);
      return key;
    },
    loadTrustedKeys: (text: string) => {
      const ring = real.loadTrustedKeys(text);
      const find = (keyId: string) => {
        const key = ring.find(keyId);
        return key && { ...key, ...vault.changed.get(keyId) };
      };
      return { find };
    },
  };
});

let h: Harness;
let own: ReadonlyMap<Sender, SealKey>;
beforeAll(async () => {
  vault.keys.length = 0;
  h = await startHarness(inject('temporalAddress'));
  own = new Map(vault.keys.map((key) => [key.sender, key]));
});
afterEach(() => vault.changed.clear());
afterAll(() => h?.close());

function keyOf(sender: Sender): SealKey {
  const key = own.get(sender);
  if (!key) throw new Error(`no key of ${sender}`);
  return key;
}
const change = (sender: Sender, to: Partial<TrustedKey>) => vault.changed.set(keyOf(sender).keyId, to);

/** An elevation that Grace approved, and whose grant waits for the store. */
async function approved(): Promise<Asked> {
  const e = await h.ask();
  await e.in('requested');
  e.trouble.ledgerDown = true;
  await e.approve(grace);
  await e.in('approved');
  return e;
}

const tells = (requestId: RequestId) => h.sent.dms.filter((dm) => dm.view.request.requestId === requestId).map((dm) => dm.kind);

test('an approval whose key is revoked before the grant is not believed any more: nothing is granted, and the person is told', async () => {
  const e = await approved();
  change('slack-app', { revoked: true });
  e.trouble.ledgerDown = false;
  expect(await e.result()).toBe('failed');
  expect([e.calls('grant'), await h.store.fence.live(e.request.target.key)]).toEqual([0, undefined]);
  const timeline = await h.store.ledger.timeline(e.requestId);
  expect(timeline.find((event) => event.type === 'arm-refused')?.data).toEqual({ code: 'seal-lost' });
  expect(timeline.some((event) => event.type === 'armed')).toBe(false);
  expect((await h.store.ledger.find(e.requestId))?.view).toMatchObject({
    state: 'closed',
    outcome: 'failed',
    failure: 'seal-lost',
  });
  await until(async () => tells(e.requestId).includes('failed'), 'the subject told');
});

test('an approval whose key has come to its end before the grant is granted: a rotation harms nothing under way', async () => {
  const e = await approved();
  change('slack-app', { notAfterMs: Date.now() });
  e.trouble.ledgerDown = false;
  await e.in('granting');
  await e.claim();
  expect((await e.confirm()).ok).toBe(true);
  const cli = signed(words(e, 'revoke', 'cli'), keyOf('cli'));
  await e.handle.signal('revoke', cli);
  expect(await e.finish()).toBe('revoked');
});

test.each([
  ['is revoked', () => ({ revoked: true })],
  ['has come to its end', () => ({ notAfterMs: Date.now() })],
] as const)('while a key %s nothing that it seals counts, and other senders’ words do', async (_, how) => {
  const [asked, held] = [await h.ask(), await h.ask()];
  await asked.in('requested');
  await held.activate(grace);
  await h.granted(held);
  change('slack-app', how());
  const kinds = ['approve', 'deny', 'withdraw'] as const;
  await inVain(
    h,
    asked,
    kinds.map(() => 'bad-seal'),
    async () => {
      await asked.approve(grace);
      await asked.deny(linus);
      await asked.withdraw(ada);
    },
  );
  await inVain(h, held, ['bad-seal', 'bad-seal', 'bad-seal'], async () => {
    await held.revoke(linus);
    await held.end(ada);
    await held.extend(ada, 60_000);
  });
  expect(held.isAdmin).toBe(true);
  // A start under it begins nothing.
  const late = h.request();
  await h.startRaw(late.requestId, h.sealStart(late));
  expect(await h.hand(late).result()).toBe('refused');
  // The operator's own key, and the Mac's way, are as they were.
  for (const e of [asked, held]) {
    const kind = e === asked ? 'deny' : 'revoke';
    await e.handle.signal(kind, signed(words(e, kind, 'cli'), keyOf('cli')));
  }
  expect(await held.finish()).toBe('revoked');
  expect(await asked.result()).toBe('denied');
});

test('a Mac whose server’s key is revoked gets no access, and one that is in its window keeps its deadline', async () => {
  const e = await h.ask({ windowMs: 5 * 60_000 });
  const waiting = await h.ask();
  await e.activate(grace);
  await h.granted(e);
  await waiting.approve(grace);
  await h.granted(waiting);
  change('device-api', { revoked: true });
  expect(await waiting.claim()).toMatchObject({ ok: false, code: 'bad-seal' });
  expect(await waiting.confirm()).toMatchObject({ ok: false, code: 'bad-seal' });
  expect(waiting.isAdmin).toBe(false);
  await e.skip(5 * 60_000 + 500);
  await e.in('collecting');
  expect(e.isAdmin).toBe(false);
  await waiting.revoke(linus);
  vault.changed.clear();
  expect(await e.finish()).toBe('expired');
  await waiting.logIfAsked();
  expect(await waiting.result()).toBe('revoked');
});
