/**
 * What an operator, or a thief of the operator's rights, can do to a run of ours in Temporal: terminate, cancel, delete, reset
 * (to the first task or the last, with the signals or without; also what was terminated or is closed). In each state, and
 * many at once, for targets that tell by themselves and for those that are polled. Afterwards the sweep has its turn, and then
 * the far end is asked: no access is left (I15), in time, and no decision was spent twice (I16).
 */
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { StintError } from '../../contract/errors.js';
import { instant, type LocalUser, type Serial } from '../../contract/ids.js';
import type { TargetDriver } from '../../contract/ports.js';
import type { MacAdminTarget } from '../../contract/request.js';
import { OVERDUE_MS, sweepOnce } from '../../workers/sweep.js';
import { ada, grace, linus, macOf, POLICY } from '../fixtures/people.js';
import { type Asked, type Harness, startHarness, until } from './harness.js';
import { remove, resetTo } from './operator.js';

export const MIN = 60_000;
export const WINDOW_MS = 5 * MIN;
const FAR_MS = 24 * 60 * MIN;
/** Whatever was given until now is taken away by then: its window, the time of a workflow that ends by itself, and a round. */
const SWEPT_MS = WINDOW_MS + OVERDUE_MS + 15_000;

export type Name =
  | 'requested'
  | 'approved'
  | 'granting'
  | 'active'
  | 'revoking'
  | 'ending'
  | 'collecting'
  | 'closed'
  | 'expired'
  | 'failed'
  | 'withdrawn'
  | 'lapsed'
  | 'not started';

export type Mode = TargetDriver['confirmMode'];

/** What the tests of one file share. */
interface Trial {
  readonly h: Harness;
  /** Everything that is judged in the end, with how many grants it may at most have been called for. */
  note(e: Asked, what: string, grants: number): void;
  into(state: Name, e: Asked): Promise<unknown>;
}

export const OPEN: readonly Name[] = ['requested', 'approved', 'granting', 'active', 'revoking', 'ending', 'collecting'];
const OVER: readonly Name[] = ['closed', 'expired', 'failed', 'withdrawn', 'lapsed', 'not started'];

/** What is the same for both, or lasts for a moment only where nothing is collected, is tried once. */
export const ELSEWHERE: { readonly [M in Mode]: readonly Name[] } = {
  update: [],
  poll: ['requested', 'collecting', 'withdrawn', 'lapsed'],
};

interface Operation {
  readonly name: string;
  readonly states: readonly Name[];
  readonly act: (h: Harness, e: Asked) => Promise<unknown>;
  /** Where one goes on that was approved, and whose decision nobody has spent yet; nowhere, if not said. */
  readonly approvedGoes?: 'to its grant' | 'back to the asking';
}

const OPERATIONS: readonly Operation[] = [
  { name: 'terminated', states: OPEN, act: (_, e) => e.handle.terminate('test') },
  { name: 'cancelled', states: OPEN, act: (_, e) => e.handle.cancel() },
  { name: 'deleted', states: [...OPEN, 'closed'], act: ({ client }, e) => remove(client, e) },
  {
    name: 'reset to its first task with the signals',
    states: [...OPEN, ...OVER],
    act: ({ client }, e) => resetTo(client, e, 'first', true),
    approvedGoes: 'to its grant',
  },
  {
    name: 'reset to its first task without the signals',
    states: [...OPEN, ...OVER],
    act: ({ client }, e) => resetTo(client, e, 'first', false),
    approvedGoes: 'back to the asking',
  },
  {
    name: 'reset to its last task with the signals',
    states: [...OPEN, 'closed', 'expired', 'not started'],
    act: ({ client }, e) => resetTo(client, e, 'last', true),
    approvedGoes: 'to its grant',
  },
  {
    name: 'reset to its last task without the signals',
    states: [...OPEN, 'closed'],
    act: ({ client }, e) => resetTo(client, e, 'last', false),
    approvedGoes: 'to its grant',
  },
  {
    name: 'terminated, then reset to its first task with the signals',
    states: OPEN,
    act: async ({ client }, e) => {
      await e.handle.terminate('test');
      await resetTo(client, e, 'first', true);
    },
    approvedGoes: 'to its grant',
  },
];

/** A Mac that has to be granted within seconds, where the test is of that. */
const BRIEF = POLICY.replace(
  'targets:',
  `targets:
  - id: brief
    kind: mac-admin
    match: { serials: ["C02ADA019*"] }
    ask: { groups: [staff] }
    approve: { groups: [it], quorum: 1 }
    windows: [5m]
    max: 5m
    deadlines: { start: 10s }`,
);
const briefMac = (i: number): MacAdminTarget => {
  const serial = `C02ADA019${i}` as Serial;
  return macOf({ ...ada, macs: [{ serial, localUser: 'ada' as LocalUser, name: `ada-mac-19${i}` }] });
};

/** Brings an elevation into a state and keeps it there. */
export function ways(h: () => Harness, mode: Mode): { readonly [S in Name]: (e: Asked) => Promise<unknown> } {
  const polled = mode === 'poll';
  const active = async (e: Asked) => {
    await (polled ? e.approve(grace) : e.activate(grace));
    const { deadlineAt } = await e.in('active');
    await h().granted(e);
    // The run tells the store by when it has to be over. Killed before that, a Mac ends by itself and the sweep knows the latest end only.
    await until(async () => (await h().store.fence.grant(e.requestId))?.notAfter === deadlineAt, 'the stored end');
  };
  const over = async (e: Asked, outcome: string) => expect(await (polled ? e.result() : e.finish())).toBe(outcome);
  return {
    requested: (e) => e.in('requested'),
    // Nothing is granted before the ledger has it: while it is down, it stays approved.
    approved: async (e) => {
      await e.in('requested');
      e.trouble.ledgerDown = true;
      await e.approve(grace);
      await e.in('approved');
      await e.rests(['arm', 'append']);
    },
    // What is polled has given it, and nobody has heard of that: the end of its window is nobody's to say.
    granting: async (e) => {
      e.trouble.unlisted = polled;
      await e.approve(grace);
      await e.in('granting');
      await (polled ? until(async () => e.isAdmin, 'the access') : h().granted(e));
    },
    active,
    // The far end takes no revoke.
    revoking: async (e) => {
      await active(e);
      e.trouble.revokeFails = new StintError('mdm-unavailable');
      await e.revoke(linus);
      await e.in('ending');
    },
    // It was revoked, and can't be proved gone.
    ending: async (e) => {
      await active(e);
      e.trouble.macSilent = true;
      await e.revoke(linus);
      await e.in('ending');
    },
    collecting: async (e) => {
      await active(e);
      await e.revoke(linus);
      await e.in('collecting');
    },
    closed: async (e) => {
      await active(e);
      await e.revoke(linus);
      await over(e, 'revoked');
    },
    expired: async (e) => {
      await active(e);
      await e.skip(WINDOW_MS + 500);
      await over(e, 'expired');
    },
    failed: async (e) => {
      e.trouble.grantFails = new StintError('mdm-rejected');
      await e.approve(grace);
      expect(await e.result()).toBe('failed');
      e.trouble.grantFails = undefined;
    },
    withdrawn: async (e) => {
      await e.in('requested');
      await e.withdraw(ada);
      expect(await e.result()).toBe('withdrawn');
    },
    lapsed: async (e) => {
      await e.in('requested');
      await e.skip(24 * 60 * MIN + 500);
      expect(await e.result()).toBe('lapsed');
    },
    'not started': async (e) => {
      e.trouble.grantHangs = polled;
      await e.approve(grace);
      await e.in('granting');
      // No time is skipped while a call is on its way: what is polled has a start deadline of seconds (`BRIEF`).
      if (!polled) {
        await h().granted(e);
        await e.skip(4 * 60 * MIN + 500);
      }
      expect(await e.result()).toBe('not-started');
    },
  };
}

/** All operations in all states, then `more`, and at the end the judgement over all that was noted. */
export function operations(mode: Mode, more: (trial: Trial) => void = () => {}): void {
  let harness: Harness | undefined;
  const h = (): Harness => {
    if (!harness) throw new Error('not started');
    return harness;
  };
  const all: { readonly e: Asked; readonly what: string; readonly grants: number }[] = [];
  const into = ways(h, mode);
  const trial: Trial = {
    get h() {
      return h();
    },
    note: (e, what, grants) => void all.push({ e, what, grants }),
    into: (state, e) => into[state](e),
  };

  beforeAll(async () => {
    harness = await startHarness(inject('temporalAddress'), { confirmMode: mode, policy: BRIEF });
  });
  afterAll(() => harness?.close());

  let brief = 0;
  const ask = (state: Name): Promise<Asked> =>
    h().ask({ windowMs: WINDOW_MS, ...(mode === 'poll' && state === 'not started' && { target: briefMac(brief++) }) });

  /** The ledger is back: what was approved and not granted goes where it is to go. Whoever gets there has it, for the sweep to find. */
  const goOn = async (e: Asked, where: Operation['approvedGoes']): Promise<void> => {
    e.trouble.ledgerDown = false;
    if (where === 'back to the asking') await e.in('requested');
    if (where !== 'to its grant') return;
    await e.in('granting', 'active');
    await h().granted(e);
    if (mode === 'poll') return void (await e.in('active'));
    await e.claim();
    expect((await e.confirm()).ok).toBe(true);
  };

  describe.concurrent(`an elevation (${mode}) that is`, () => {
    for (const { name, states, act, approvedGoes } of OPERATIONS)
      for (const state of states.filter((one) => !ELSEWHERE[mode].includes(one))) {
        const spends = state === 'approved' && approvedGoes === 'to its grant';
        test(`${state} and ${name} is granted ${spends ? 'once' : 'nothing by that'}`, async () => {
          const e = await ask(state);
          await into[state](e);
          const grants = e.calls('grant') + (spends ? 1 : 0);
          trial.note(e, `${state}, ${name}`, grants);
          await act(h(), e);
          if (state === 'approved') await goOn(e, approvedGoes);
          // A new decision over the same request: it was spent, and is not to be had again. What is active is left alone, so
          // that the sweep has something to find.
          if (state === 'granting' || state === 'revoking' || state === 'ending') await e.approve(linus);
          expect(e.calls('grant')).toBe(grants);
        });
      }
    more(trial);
  });

  test('I15, I16: after the sweep nobody holds access, every grant is recorded as gone, and each was called once at most', async () => {
    for (const { e } of all) Object.assign(e.trouble, { macSilent: false, revokeFails: undefined, macAheadMs: FAR_MS });
    const holding = () => all.filter(({ e }) => e.isAdmin).map(({ what }) => what);
    const left = holding();
    // Without the sweep there is something to be swept: else this test proves nothing.
    expect(left).toEqual(expect.arrayContaining(['active, terminated', 'active, deleted']));
    if (mode === 'poll') expect(left).toEqual(expect.arrayContaining(['granting, terminated', 'granting, deleted']));
    // A run from the first task on sees that another one holds the target, and takes it back by itself.
    expect(left).not.toContain('active, reset to its first task without the signals');
    const sweepAfter = (ms: number) =>
      sweepOnce({
        store: h().store,
        driverOf: () => h().mac,
        clock: () => Date.now() + ms,
        sleep: (pause) => new Promise((r) => setTimeout(r, Math.min(pause, 50))),
        alarm: () => {},
        overdueMs: OVERDUE_MS,
        watchMs: 2_000,
      });
    // In time, first: a start deadline, which is hours away, is nobody's window.
    await until(async () => {
      await sweepAfter(SWEPT_MS);
      return holding().length === 0;
    }, 'the access to be taken away in time').catch(() => expect(holding()).toEqual([]));
    await until(async () => {
      await sweepAfter(FAR_MS);
      return (await h().store.fence.overdue(instant(Date.now() + FAR_MS))).length === 0;
    }, 'nothing overdue');
    expect(holding()).toEqual([]);
    expect(all.filter(({ e, grants }) => e.calls('grant') > Math.min(grants, 1)).map(({ what }) => what)).toEqual([]);
    for (const { e, what } of all) {
      const row = await h().store.fence.grant(e.requestId);
      if (e.calls('grant') > 0) expect([what, row !== undefined]).toEqual([what, true]);
      // What was armed and never granted has the target no longer, either.
      if (row) expect([what, row.endedAt === undefined, row.goneAt === undefined]).toEqual([what, false, false]);
      const { state, goneAt } = (await h().store.ledger.find(e.requestId))?.view ?? {};
      if (e.calls('grant') > 0) expect([what, state === 'closed' || state === 'collecting']).toEqual([what, true]);
      // The record tells the proof as well, though two runs wrote it.
      if (e.calls('grant') > 0) expect([what, goneAt !== undefined]).toEqual([what, true]);
    }
    // What is still running now, in whatever state it believes to be, is granted nothing and ends.
    for (const { e } of all) await e.handle.terminate('test over').catch(() => undefined);
  });
}
