/**
 * What an operator, or a thief of the operator's rights, can do to a run of ours in Temporal: terminate, cancel, delete, reset
 * (to the first task or the last, with the signals or without). In each state, and many at once. Afterwards the
 * sweep has its turn, and then the far end is asked: no access is left (I15), and no decision was spent twice (I16).
 */
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { instant } from '../../contract/ids.js';
import { OVERDUE_MS, sweepOnce } from '../../workers/sweep.js';
import { ada, grace, linus } from '../fixtures/people.js';
import { type Asked, type Harness, startHarness, until } from './harness.js';
import { remove, resetTo } from './operator.js';

const MIN = 60_000;
const FAR_MS = 24 * 60 * MIN;

let h: Harness;
/** Every elevation of this file, with what it may at most have been granted. */
const all: { readonly e: Asked; readonly what: string; readonly grants: number }[] = [];

beforeAll(async () => {
  h = await startHarness(inject('temporalAddress'));
});
afterAll(() => h?.close());

type Name = 'requested' | 'approved' | 'granting' | 'active' | 'ending' | 'collecting' | 'closed';

/** Brings an elevation into a state and keeps it there. */
const INTO: { readonly [S in Name]: (e: Asked) => Promise<unknown> } = {
  requested: (e) => e.in('requested'),
  // Nothing is granted before the ledger has it: while it is down, it stays approved.
  approved: async (e) => {
    await e.in('requested');
    e.trouble.ledgerDown = true;
    await e.approve(grace);
    await e.in('approved');
    await e.rests(['arm', 'append']);
  },
  granting: async (e) => {
    await e.approve(grace);
    await e.in('granting');
    await h.granted(e);
  },
  active: async (e) => {
    await e.activate(grace);
    await h.granted(e);
  },
  ending: async (e) => {
    await e.activate(grace);
    e.trouble.macSilent = true;
    await e.revoke(linus);
    await e.in('ending');
  },
  collecting: async (e) => {
    await e.activate(grace);
    await e.revoke(linus);
    await e.in('collecting');
  },
  closed: async (e) => {
    await e.activate(grace);
    await e.revoke(linus);
    await e.finish();
  },
};

interface Operation {
  readonly name: string;
  readonly states: readonly Name[];
  readonly act: (e: Asked) => Promise<unknown>;
  /** Where one goes on that was approved, and whose decision nobody has spent yet; nowhere, if not said. */
  readonly approvedGoes?: 'to its grant' | 'back to the asking';
}

/** The ledger is back: what was approved and not granted goes where it is to go. Whoever gets there has it, for the sweep to find. */
async function goOn(e: Asked, where: Operation['approvedGoes']): Promise<void> {
  e.trouble.ledgerDown = false;
  if (where === 'back to the asking') await e.in('requested');
  if (where !== 'to its grant') return;
  await e.in('granting');
  await h.granted(e);
  await e.claim();
  expect((await e.confirm()).ok).toBe(true);
}

const OPEN: readonly Name[] = ['requested', 'approved', 'granting', 'active', 'ending', 'collecting'];
const EVERY: readonly Name[] = [...OPEN, 'closed'];

const OPERATIONS: readonly Operation[] = [
  { name: 'terminated', states: OPEN, act: (e) => e.handle.terminate('test') },
  { name: 'cancelled', states: OPEN, act: (e) => e.handle.cancel() },
  { name: 'deleted', states: EVERY, act: (e) => remove(h.client, e) },
  {
    name: 'reset to its first task with the signals',
    states: EVERY,
    act: (e) => resetTo(h.client, e, 'first', true),
    approvedGoes: 'to its grant',
  },
  {
    name: 'reset to its first task without the signals',
    states: EVERY,
    act: (e) => resetTo(h.client, e, 'first', false),
    approvedGoes: 'back to the asking',
  },
  {
    name: 'reset to its last task with the signals',
    states: EVERY,
    act: (e) => resetTo(h.client, e, 'last', true),
    approvedGoes: 'to its grant',
  },
  {
    name: 'reset to its last task without the signals',
    states: EVERY,
    act: (e) => resetTo(h.client, e, 'last', false),
    approvedGoes: 'to its grant',
  },
];

describe.concurrent('an elevation that is', () => {
  for (const { name, states, act, approvedGoes } of OPERATIONS)
    for (const state of states) {
      const spends = state === 'approved' && approvedGoes === 'to its grant';
      test(`${state} and ${name} is granted ${spends ? 'once' : 'nothing by that'}`, async () => {
        const e = await h.ask({ windowMs: 5 * MIN });
        await INTO[state](e);
        const grants = e.calls('grant') + (spends ? 1 : 0);
        all.push({ e, what: `${state}, ${name}`, grants });
        await act(e);
        if (state === 'approved') await goOn(e, approvedGoes);
        // A new decision over the same request: it was spent, and is not to be had again. What is active is left alone, so
        // that the sweep has something to find.
        if (state === 'granting' || state === 'ending') await e.approve(linus);
        expect(e.calls('grant')).toBe(grants);
      });
    }

  /** Approved, and the arm is on its way to the store; it goes through only when `judgeHangs` ends. */
  async function arming(e: Asked): Promise<void> {
    await INTO.approved(e);
    e.trouble.judgeHangs = true;
    e.trouble.ledgerDown = false;
    await until(async () => e.trouble.judging > 0, 'the arm on its way');
    await e.rests(['arm']); // what came after the order is in the history, too
  }

  const armed = (e: Asked) => until(() => h.store.fence.grant(e.requestId), 'the target taken');

  test.each([
    ['terminated', (e: Asked) => e.handle.terminate('test')],
    ['deleted', (e: Asked) => remove(h.client, e)],
  ])('%s while its arm is on the way is armed for nobody: nothing is granted, and the sweep frees the Mac', async (how, act) => {
    const e = await h.ask();
    await arming(e);
    all.push({ e, what: `arming, ${how}`, grants: 0 });
    await act(e);
    e.trouble.judgeHangs = false;
    expect(await armed(e)).not.toHaveProperty('endedAt');
    expect(e.calls('grant')).toBe(0);
  });

  test('cancelled while its arm is on the way gives the Mac back by itself, however late the arm comes', async () => {
    const e = await h.ask();
    await arming(e);
    all.push({ e, what: 'arming, cancelled', grants: 0 });
    await e.handle.cancel();
    await e.sees((view) => view.outcome === 'revoked', 'the end');
    e.trouble.judgeHangs = false;
    expect(await e.result()).toBe('revoked');
    expect([e.calls('grant'), await h.store.fence.live(e.request.target.key)]).toEqual([0, undefined]);
  });

  test('reset while its arm is on the way grants nothing by an order that was another run’s, and gives the Mac back', async () => {
    const e = await h.ask();
    await arming(e);
    const before = await e.runId();
    all.push({ e, what: 'arming, reset', grants: 0 });
    e.trouble.storeDown = true; // the run after it comes second
    await resetTo(h.client, e, 'last', true);
    e.trouble.judgeHangs = false;
    expect((await armed(e)).runId).toBe(before);
    e.trouble.storeDown = false;
    expect(await e.result()).toBe('failed');
    expect([e.calls('grant'), await h.store.fence.live(e.request.target.key)]).toEqual([0, undefined]);
  });

  test('deleted and then asked for again with the same envelope is fenced, whoever approves', async () => {
    const e = await h.ask();
    await INTO.active(e);
    all.push({ e, what: 'deleted and asked again', grants: 1 });
    await remove(h.client, e);
    expect(e.isAdmin).toBe(true);
    await h.startRaw(e.requestId, h.sealStart(e.request));
    await e.approve(linus);
    await e.logIfAsked();
    expect(await e.result()).toBe('failed');
    expect(e.isAdmin).toBe(false);
  });

  test('reset to its last task while active keeps its deadline, and its extension can no longer be stored', async () => {
    const e = await h.ask({ windowMs: 5 * MIN });
    await INTO.active(e);
    all.push({ e, what: 'reset while active, then extended', grants: 1 });
    const { deadlineAt } = await e.in('active');
    // Tasks after the confirmation, so that the reset does not make it be given again.
    await e.extend(ada, 10 * MIN);
    await e.sees((view) => view.extension, 'the extension');
    await resetTo(h.client, e, 'last', true);
    const asked = await e.sees((view) => view.extension, 'the extension after the reset');
    expect(asked.deadlineAt).toBe(deadlineAt);
    await e.approve(grace, 10 * MIN, asked.extension?.roundDigest);
    await e.sees((view) => view.extension?.state !== 'waiting', 'the answer to the extension');
    expect((await e.view())?.deadlineAt).toBe(deadlineAt);
    await e.skip(5 * MIN + 500);
    expect(await e.finish()).toBe('expired');
    expect(e.isAdmin).toBe(false);
  });

  test('reset twice, and reset in the midst of its revoke, is taken back once and granted never', async () => {
    const e = await h.ask();
    await INTO.ending(e);
    all.push({ e, what: 'reset twice', grants: 1 });
    await resetTo(h.client, e, 'first', true);
    await e.in('ending');
    await resetTo(h.client, e, 'first', true);
    await e.in('ending');
    e.trouble.macSilent = false;
    await e.logIfAsked();
    expect(await e.result()).toBe('failed');
    expect(e.isAdmin).toBe(false);
  });
});

test('I15, I16: after the sweep nobody holds access, every grant is recorded as gone, and each was called once at most', async () => {
  for (const { e } of all) {
    e.trouble.macSilent = false;
    e.trouble.macAheadMs = FAR_MS;
  }
  const left = all.filter(({ e }) => e.isAdmin).map(({ what }) => what);
  // Without the sweep there is something to be swept: else this test proves nothing.
  expect(left).toEqual(expect.arrayContaining(['active, terminated', 'active, deleted']));
  // A run from the first task on sees that another one holds the target, and takes it back by itself.
  expect(left).not.toContain('active, reset to its first task without the signals');
  const alarms: string[] = [];
  await until(async () => {
    await sweepOnce({
      store: h.store,
      driverOf: () => h.mac,
      clock: () => Date.now() + FAR_MS,
      sleep: (ms) => new Promise((r) => setTimeout(r, Math.min(ms, 50))),
      alarm: (_, grant) => alarms.push(grant.requestId),
      overdueMs: OVERDUE_MS,
      watchMs: 2_000,
    });
    return (await h.store.fence.overdue(instant(Date.now() + FAR_MS))).length === 0;
  }, 'nothing overdue');
  expect(all.filter(({ e }) => e.isAdmin).map(({ what }) => what)).toEqual([]);
  expect(all.filter(({ e, grants }) => e.calls('grant') > grants || e.calls('grant') > 1).map(({ what }) => what)).toEqual([]);
  for (const { e, what } of all) {
    const row = await h.store.fence.grant(e.requestId);
    if (e.calls('grant') > 0) expect([what, row !== undefined]).toEqual([what, true]);
    // What was armed and never granted has the Mac no longer, either.
    if (row) expect([what, row.endedAt === undefined, row.goneAt === undefined]).toEqual([what, false, false]);
    const { state, goneAt } = (await h.store.ledger.find(e.requestId))?.view ?? {};
    if (e.calls('grant') > 0) expect([what, state === 'closed' || state === 'collecting']).toEqual([what, true]);
    // The record tells the proof as well, though two runs wrote it.
    if (e.calls('grant') > 0) expect([what, goneAt !== undefined]).toEqual([what, true]);
  }
  // What is still running now, in whatever state it believes to be, is granted nothing and ends.
  for (const { e } of all) await e.handle.terminate('test over').catch(() => undefined);
});
