/**
 * What is to begin later: approved before, nothing is taken for it until its start, and everything is judged once more then. Begun
 * late it is only within what the rule leaves, whatever stood in the way; and a start that was missed is missed for good.
 */
import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from 'vitest';
import { instant, msOf, type PersonId } from '../../contract/ids.js';
import type { Directory } from '../../contract/ports.js';
import { directoryFrom } from '../../policy/people.js';
import { ada, everyone, grace, linus, POLICY } from '../fixtures/people.js';
import { type Asked, type Harness, startHarness, until } from './harness.js';

const MIN = 60_000;
const HOUR = 60 * MIN;
const WINDOW = 10 * MIN;
const later = (missed: string) => `${POLICY}    later: { ahead: 7d, missed: ${missed} }\n`;

/** How far the clocks of the activities were put ahead, with that of a workflow. */
let aheadMs = 0;
const left = new Set<PersonId>();

/** Everybody may leave meanwhile; Ada has the Macs that the harness gives out. */
function leaving(): Directory {
  const macs = Array.from({ length: 60 }, (_, i) => ({
    ...(ada.macs[0] as NonNullable<(typeof ada.macs)[0]>),
    serial: `C02ADA${String(i).padStart(4, '0')}` as never,
  }));
  const base = directoryFrom(everyone.map((one) => (one === ada ? { ...ada, macs } : one)));
  return {
    ...base,
    person: async (id) => {
      const found = await base.person(id);
      return found && left.has(id) ? { ...found, active: false } : found;
    },
  };
}

let h: Harness;
beforeAll(async () => {
  h = await startHarness(inject('temporalAddress'), { policy: later('1h'), directory: leaving(), aheadMs: () => aheadMs });
});
afterEach(() => {
  aheadMs = 0;
  left.clear();
  h.setPolicy(later('1h'));
});
afterAll(() => h?.close());

const askFor = (ms: number) => h.ask({ startAt: instant(Date.now() + ms) });
async function approved(ms: number): Promise<Asked> {
  const e = await askFor(ms);
  await e.approve(grace);
  await e.in('approved');
  return e;
}
/** Time passes for everybody. */
async function pass(e: Asked, ms: number): Promise<void> {
  aheadMs += ms;
  await e.skip(ms);
}
const types = async (e: Asked) => (await h.store.ledger.timeline(e.requestId)).map(({ type }) => type);
const dms = (e: Asked) => h.sent.dms.filter(({ view }) => view.request.requestId === e.requestId).map(({ kind }) => kind);
async function begins(e: Asked): Promise<void> {
  await h.granted(e);
  await e.claim();
  expect((await e.confirm()).ok).toBe(true);
}
async function ends(e: Asked): Promise<void> {
  // Its Mac's clock went on as all others did.
  e.trouble.macAheadMs += aheadMs;
  await e.end(ada);
  expect(await e.finish()).toBe('ended');
}
async function nothingWas(e: Asked): Promise<void> {
  expect([e.calls('grant'), e.isAdmin]).toEqual([0, false]);
  expect(await types(e)).not.toContain('armed');
}

/** Until the target was asked for, and not given. */
async function triesInVain(e: Asked): Promise<void> {
  await until(async () => {
    const pending = (await e.handle.describe()).raw.pendingActivities ?? [];
    return pending.some(({ activityType, attempt }) => activityType?.name === 'arm' && (attempt ?? 0) > 2);
  }, 'the target to be asked for in vain');
}

describe('approved before its start', () => {
  test('it is granted at the start and not before, for the whole window from when it is there', async () => {
    const e = await approved(HOUR);
    const waiting = await e.view();
    expect(waiting?.startBy).toBe(instant(msOf(e.request.startAt ?? instant(0)) + HOUR));
    await pass(e, HOUR - MIN);
    await e.rests();
    expect((await e.view())?.state).toBe('approved');
    expect((await e.claim()).ok).toBe(false);
    expect(await h.store.fence.grant(e.requestId)).toBeUndefined();
    await nothingWas(e);
    await pass(e, MIN);
    await begins(e);
    const { confirmedAt, deadlineAt } = await e.in('active');
    expect(msOf(confirmedAt ?? instant(0))).toBeGreaterThanOrEqual(msOf(e.request.startAt ?? instant(0)));
    expect(msOf(deadlineAt ?? instant(0)) - msOf(confirmedAt ?? instant(0))).toBe(WINDOW);
    await ends(e);
    expect(dms(e)).toEqual(['asked', 'approved', 'started', 'ended']);
  });

  test('it is not granted by moving Temporal’s clock alone', async () => {
    const e = await approved(HOUR);
    await e.skip(HOUR + 1000);
    await triesInVain(e);
    await nothingWas(e);
    aheadMs = HOUR + 1000;
    await begins(e);
    await ends(e);
  });

  test.each([
    ['withdrawn', (e: Asked) => e.withdraw(ada), []],
    ['denied', (e: Asked) => e.deny(linus), ['denied']],
    ['revoked', (e: Asked) => e.revoke(linus), ['ended']],
    ['ended', (e: Asked) => e.end(ada), []],
  ])('it can be %s until then, and nothing was granted', async (outcome, act, told) => {
    const e = await approved(HOUR);
    await act(e);
    expect(await e.result()).toBe(outcome);
    await nothingWas(e);
    expect(dms(e)).toEqual(['asked', 'approved', ...told]);
  });
});

describe('approved after its start', () => {
  test('it is granted late, for the whole window, within what the rule leaves', async () => {
    const e = await askFor(HOUR);
    await e.in('requested');
    await pass(e, HOUR + 20 * MIN);
    expect((await e.in('requested')).verdict.outcome).toBe('needs-approval');
    await e.approve(grace);
    await begins(e);
    expect((await e.view())?.startBy).toBe(instant(msOf(e.request.startAt ?? instant(0)) + HOUR));
    await ends(e);
  });

  test('and where nobody approves it lapses with its start, long before it would otherwise', async () => {
    const e = await askFor(HOUR);
    await e.in('requested');
    await pass(e, 2 * HOUR + 1000);
    expect(await e.result()).toBe('lapsed');
    await nothingWas(e);
    expect(dms(e)).toEqual(['asked', 'lapsed']);
  });
});

describe('its target', () => {
  test('is kept from nobody until its start: another takes it meanwhile, and has it no more by then', async () => {
    const e = await approved(HOUR);
    const other = await h.ask({ target: e.request.target });
    await other.activate(grace);
    await ends(other);
    await nothingWas(e);
    await pass(e, HOUR);
    await begins(e);
    await ends(e);
  });

  test('is not taken from whoever holds it at the start, nor waited for', async () => {
    const e = await approved(HOUR);
    const other = await h.ask({ target: e.request.target });
    await other.activate(grace);
    await pass(e, HOUR);
    expect(await e.result()).toBe('failed');
    expect((await e.view())?.failure).toBe('target-busy');
    await nothingWas(e);
    expect(other.isAdmin).toBe(true);
    await ends(other);
  });

  test('that nobody confirms in what the rule leaves is taken back, and never given late', async () => {
    const e = await approved(HOUR);
    await pass(e, HOUR);
    await h.granted(e);
    e.trouble.macAheadMs += 2 * HOUR + 1000;
    await pass(e, HOUR + 1000);
    expect(await e.result()).toBe('not-started');
    await expect(e.claim()).rejects.toMatchObject({ code: 'unknown-request' });
    expect(e.isAdmin).toBe(false);
    expect((await h.store.fence.grant(e.requestId))?.goneAt).toBeDefined();
  });
});

describe('while no worker is there', () => {
  test('across the start it begins late; across all that the rule leaves it never does', async () => {
    const late = await approved(20_000);
    h.setPolicy(later('2s'));
    const missed = await approved(20_000);
    h.setPolicy(later('1h'));
    await nothingWas(late);
    const over = msOf(missed.request.startAt ?? instant(0)) + 2_500;
    await h.outage(() => until(async () => Date.now() > over, 'the start to be missed', 90_000));
    expect(await missed.result()).toBe('not-started');
    await nothingWas(missed);
    expect(dms(missed)).toEqual(['asked', 'approved', 'not-started']);
    await begins(late);
    await ends(late);
  });

  test('nor the store, until it is missed', async () => {
    h.setPolicy(later('2m'));
    const e = await approved(HOUR);
    await pass(e, HOUR - MIN);
    await e.rests();
    e.trouble.ledgerDown = true;
    await pass(e, MIN);
    await triesInVain(e);
    await pass(e, 2 * MIN + 1000);
    await e.in('closed');
    await nothingWas(e);
    e.trouble.ledgerDown = false;
    expect(await e.result()).toBe('not-started');
  });
});

describe('at the start it is judged once more', () => {
  test.each([
    ['a rule that leaves less time after it', () => h.setPolicy(later('10m')), 'later after its time than the policy allows now'],
    ['a rule that lets nobody ask for later any more', () => h.setPolicy(POLICY), 'does not let this be asked for a later time'],
    [
      'hours that are over',
      () => h.setPolicy(later('1h').replace('    windows', `    hours: ${closedAt(3)}\n    windows`)),
      'outside',
    ],
    ['somebody who left', () => left.add(ada.personId), 'Ada Lovelace is not active in the people file.'],
  ])('by %s: refused with why', async (_what, change, why) => {
    const e = await approved(3 * HOUR);
    change();
    await pass(e, 3 * HOUR);
    expect(await e.result()).toBe('failed');
    const view = await e.view();
    expect(view?.failure).toBe('verdict-lost');
    expect(view?.failureReason).toContain(why);
    await nothingWas(e);
    expect(dms(e)).toEqual(['asked', 'approved', 'failed']);
  });

  test('by an approver who left: their vote counts no more', async () => {
    const e = await approved(HOUR);
    left.add(grace.personId);
    await pass(e, HOUR);
    expect(await e.result()).toBe('failed');
    expect((await e.view())?.failureReason).toContain("Grace Hopper's vote does not count");
    await nothingWas(e);
  });

  test('by a freeze: nothing is granted, also when it is lifted later', async () => {
    const e = await approved(HOUR);
    const by = { operator: 'root', reason: 'INC-417' };
    await h.store.freeze.set(by, instant(Date.now()));
    try {
      await pass(e, HOUR);
      expect(await e.result()).toBe('failed');
      expect((await e.view())?.failure).toBe('frozen');
    } finally {
      await h.store.freeze.lift(by, instant(Date.now()));
    }
    await nothingWas(e);
  });
});

/** Hours that are open now and closed so many hours ahead. */
function closedAt(hours: number): string {
  const at = (ms: number) => `"${new Date(Date.now() + ms).toISOString().slice(11, 16)}"`;
  return `{ zone: UTC, from: ${at(-HOUR)}, to: ${at((hours - 1) * HOUR)} }`;
}

describe('a run that waits for its start', () => {
  test('and is reset waits anew, and is granted once', async () => {
    const e = await approved(HOUR);
    const first = await e.runId();
    const second = await e.reset();
    expect(second).not.toBe(first);
    await e.in('approved');
    await nothingWas(e);
    await pass(e, HOUR);
    await begins(e);
    expect((await h.store.fence.grant(e.requestId))?.runId).toBe(second);
    await ends(e);
    expect((await types(e)).filter((type) => type === 'armed')).toHaveLength(1);
  });

  test('and is terminated never grants; its target is free', async () => {
    const e = await approved(HOUR);
    await e.handle.terminate('an operator’s slip');
    aheadMs = HOUR + 1000;
    await expect(e.handle.result()).rejects.toThrow();
    await nothingWas(e);
    expect(await h.store.fence.live(e.request.target.key)).toBeUndefined();
  });
});
