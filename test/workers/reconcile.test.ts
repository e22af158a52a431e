/** The reconciler over a real store and a fleet that shows what it is told to: judged by what happens to the Macs. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Alarm } from '../../contract/alarms.js';
import { StintError } from '../../contract/errors.js';
import { instant, type RequestId, type RunId } from '../../contract/ids.js';
import type { Store } from '../../contract/ports.js';
import { openStore } from '../../ledger/store.js';
import { AGAIN_MS } from '../../workers/alarms.js';
import { reconcileOnce } from '../../workers/reconcile.js';
import { OVERDUE_MS } from '../../workers/sweep.js';
import { toldAgain } from '../../workers/told-again.js';
import { bench, houseDrifts, newMac, Story, WINDOW_MS } from './reconcile-bench.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const time = { now: Date.parse('2026-03-02T09:00:00.000Z') };
let store: Store;
let b: ReturnType<typeof bench>;
const run = (change: Partial<typeof b.deps> = {}, dryRun = false) => reconcileOnce({ ...b.deps, ...change }, { dryRun });
const story = (target = newMac()) => new Story(store, time, target);

beforeAll(async () => {
  store = await openStore({ memory: true, clock: () => time.now });
});
afterAll(() => store.close());
beforeEach(async () => {
  // Every test has the fleet for itself: what another left is gone, and longer ago than a day.
  for (const grant of await store.fence.open()) await store.fence.gone(grant.requestId, instant(time.now));
  time.now += 30 * 24 * HOUR;
  b = bench(store, time);
});

describe('what is left behind', () => {
  it('I15: of a workflow that was terminated is removed until seen gone, recorded and alarmed with its likely cause', async () => {
    const e = await story().active();
    b.fleet.of(e.target).admin = e.id;
    time.now += WINDOW_MS + OVERDUE_MS + 1;
    const result = await run();
    expect(b.fleet.of(e.target).admin).toBe('no');
    expect(result.found).toMatchObject([{ what: 'left-behind', requestId: e.id, did: 'removed' }]);
    expect((await e.entries()).slice(-2)).toEqual(['drift', 'swept']);
    expect(await store.fence.live(e.target.key)).toBeUndefined();
    expect(b.alarms).toMatchObject([
      { severity: 'error', requestId: e.id, sentence: expect.stringMatching(/terminated, deleted or paused/) },
    ]);
    expect(await run()).toMatchObject({ found: [], swept: 0 });
  });

  it('after it was closed without proof is found when the Mac is heard of again, however late, and once', async () => {
    const e = await story().unproven();
    b.fleet.of(e.target).silent = true;
    expect((await run()).found).toEqual([]);
    time.now += 90 * 24 * HOUR;
    b.fleet.of(e.target).silent = false;
    b.fleet.of(e.target).admin = e.id;
    expect((await run()).found).toMatchObject([
      { what: 'left-behind', did: 'removed', likely: expect.stringContaining('without proof') },
    ]);
    expect(b.fleet.of(e.target).admin).toBe('no');
    expect((await run()).found).toEqual([]);
  });

  it('after it was closed without proof is asked about before all that was seen gone, however many came after it', async () => {
    const e = await story().unproven();
    for (let n = 0; n < 6; n++) {
      time.now += HOUR;
      await new Story(store, time, e.target).gone();
    }
    const asked: RequestId[] = [];
    const observe = b.fleet.observe.bind(b.fleet);
    b.fleet.observe = (id, target) => {
      if (target.key === e.target.key) asked.push(id);
      return observe(id, target);
    };
    expect((await run()).found).toEqual([]);
    expect(asked).toHaveLength(5);
    expect(asked[0]).toBe(e.id);
  });

  it('as a signal that somebody set by hand, on a Mac that nobody knows, is taken back', async () => {
    const mac = newMac();
    b.fleet.remnants.push({ target: mac.key, as: mac });
    expect((await run()).found).toMatchObject([
      { what: 'left-behind', remedy: 'clear', did: 'removed', likely: expect.stringContaining('by hand') },
    ]);
    expect(b.fleet.touched).toEqual([`clear ${mac.serial}`]);
    expect(await houseDrifts(store, mac)).toEqual(['left-behind']);
    expect((await run()).found).toEqual([]);
  });

  it('as the signal of an elevation that is over is taken back, but not while its own workflow may still do it', async () => {
    const e = await story().gone();
    b.fleet.remnants.push({ target: e.target.key });
    time.now += OVERDUE_MS;
    expect((await run()).found).toEqual([]);
    time.now += MINUTE;
    expect((await run()).found).toMatchObject([
      { requestId: e.id, did: 'removed', likely: expect.stringContaining('late grant') },
    ]);
  });

  it('in the name of an elevation that the store does not know as granted is removed, and can be granted no more', async () => {
    const e = story();
    await store.requests.put(e.elevation.request, e.elevation.requested().requestDigest);
    b.known.push(e.target);
    b.fleet.of(e.target).admin = e.id;
    expect((await run()).found).toMatchObject([
      { what: 'left-behind', did: 'removed', likely: expect.stringContaining('backup') },
    ]);
    expect(b.fleet.of(e.target).admin).toBe('no');
    const answer = await store.fence.arm(e.grant, e.elevation.armed(e.grant), instant(time.now - 1));
    expect(answer).toEqual({ ok: false, code: 'fenced' });
  });

  it('and does not let go is tried at every run, recorded once, and never called gone', async () => {
    const e = await story().active();
    Object.assign(b.fleet.of(e.target), { admin: e.id, stubborn: true });
    time.now += WINDOW_MS + OVERDUE_MS + 1;
    for (let i = 0; i < 3; i++)
      expect((await run()).found).toMatchObject([{ did: 'failed', why: expect.stringContaining('admin') }]);
    expect(await e.drifts()).toEqual(['left-behind']);
    expect((await store.fence.grant(e.id))?.goneAt).toBeUndefined();
    b.fleet.of(e.target).stubborn = false;
    expect((await run()).found).toMatchObject([{ did: 'removed' }]);
  });
});

describe('what appears again', () => {
  it('within a day of its end is removed at once, recorded and alarmed', async () => {
    const e = await story().gone();
    time.now += 23 * HOUR;
    b.fleet.of(e.target).admin = e.id;
    expect((await run()).found).toMatchObject([{ what: 'reappeared', requestId: e.id, did: 'removed' }]);
    expect(b.fleet.of(e.target).admin).toBe('no');
    expect((await e.entries()).slice(-2)).toEqual(['drift', 'swept']);
    expect(b.alarms).toMatchObject([{ severity: 'error', sentence: expect.stringContaining('late grant call landed') }]);
  });

  it('is told again from its entries, in the same words, should the process have died before it told anybody', async () => {
    const [back, left] = [await story().gone(), await story().active()];
    time.now += WINDOW_MS + OVERDUE_MS + 1;
    for (const { target, id } of [back, left]) b.fleet.of(target).admin = id;
    await run();
    const events = [...(await store.ledger.timeline(back.id)), ...(await store.ledger.timeline(left.id))];
    expect(events.filter(({ type }) => type === 'swept').map(({ actor }) => actor.via)).toEqual(['reconciler', 'reconciler']);
    const sorted = (alarms: readonly Alarm[]) => [...alarms].sort((x, y) => x.key.localeCompare(y.key));
    expect(sorted(await toldAgain(store, events, time.now))).toEqual(sorted(b.alarms));
    expect(b.alarms).toHaveLength(2);
    expect(await toldAgain(store, events, time.now + AGAIN_MS)).toEqual([]);
  });

  it('and again is told and removed again', async () => {
    const e = await story().gone();
    for (let i = 0; i < 2; i++) {
      time.now += HOUR;
      b.fleet.of(e.target).admin = e.id;
      expect((await run()).found).toMatchObject([{ what: 'reappeared', did: 'removed' }]);
    }
    expect(await e.drifts()).toEqual(['reappeared', 'reappeared']);
  });

  it('long after, on a Mac of the people file, is found by the name that the Mac gives it', async () => {
    const e = await story().gone();
    time.now += 60 * 24 * HOUR;
    b.known.push(e.target);
    b.fleet.of(e.target).admin = e.id;
    expect((await run()).found).toMatchObject([{ what: 'reappeared', requestId: e.id, did: 'removed' }]);
  });

  it('within a day is found however many ended after it', async () => {
    const e = await story().gone();
    time.now += HOUR;
    const busy = newMac();
    for (let n = 0; n < 1_001; n++)
      await store.fence.end(`busy${n}` as RequestId, e.grant.runId, busy, e.grant.personId, instant(time.now));
    b.fleet.of(e.target).admin = e.id;
    expect((await run()).found).toMatchObject([{ what: 'reappeared', requestId: e.id, did: 'removed' }]);
  });

  it('is not what the Mac said before it was seen gone', async () => {
    const e = await story().gone();
    b.fleet.of(e.target).admin = e.id; // its last report, of the very instant of the proof
    expect((await run()).found).toEqual([]);
    expect(b.fleet.touched).toEqual([]);
  });

  it('on another account while the Mac begins a new elevation waits until that one has begun', async () => {
    const old = await story().gone();
    time.now += HOUR;
    const next = await story({ ...old.target, localUser: 'grace' as never }).armed();
    b.fleet.of(old.target).admin = old.id;
    expect((await run()).found).toMatchObject([{ requestId: old.id, did: 'later' }]);
    expect(b.fleet.touched).toEqual([]);
    await store.ledger.append([
      next.elevation.event('confirmed', { confirmedAt: instant(time.now), deadlineAt: next.grant.notAfter }),
    ]);
    b.fleet.of(next.target).admin = next.id;
    expect((await run()).found).toMatchObject([{ requestId: old.id, did: 'removed' }]);
    expect(b.fleet.of(next.target).admin).toBe(next.id);
    expect(b.fleet.touched).toEqual([`revoke ${old.target.serial} ${old.id}`]);
  });
});

describe('a live elevation', () => {
  it('in its window is never touched, not even by the signal that it needs', async () => {
    const [granting, active] = [await story().armed(), await story().active()];
    b.fleet.of(active.target).admin = active.id;
    b.fleet.remnants.push({ target: granting.target.key, requestId: granting.id }, { target: active.target.key });
    time.now += WINDOW_MS - 1;
    expect((await run()).found).toEqual([]);
    expect(b.fleet.touched).toEqual([]);
    expect(b.alarms).toEqual([]);
  });

  it('that its own workflow is just ending is left to it for the sweep’s grace', async () => {
    const e = await story().active();
    b.fleet.of(e.target).admin = e.id;
    await e.ended();
    time.now += OVERDUE_MS;
    expect(await run()).toMatchObject({ found: [], swept: 0 });
    expect(b.fleet.touched).toEqual([]);
    time.now += 1;
    expect((await run()).found).toMatchObject([
      { did: 'removed', likely: expect.stringContaining('revoke was not carried out') },
    ]);
  });

  it('that was granted after we looked is not touched for what an earlier one left', async () => {
    const old = await story().gone();
    time.now += HOUR;
    b.fleet.of(old.target).admin = old.id;
    b.fleet.remnants.push({ target: old.target.key });
    const next = story(old.target);
    const ledger = {
      ...store.ledger,
      // Between our look and our removal somebody is granted this very Mac.
      append: async (events: Parameters<Store['ledger']['append']>[0]) => {
        await store.ledger.append(events);
        if (!(await store.fence.live(old.target.key))) await next.active();
      },
    };
    const result = await run({ store: { ...store, ledger } });
    expect(result.found.map(({ did }) => did)).toEqual(['known', 'known']);
    expect(b.fleet.touched).toEqual([]);
  });

  it('whose Mac shows nothing is told once and never granted again', async () => {
    const e = await story().active();
    time.now += 2 * MINUTE;
    expect((await run()).found).toMatchObject([{ what: 'missing', requestId: e.id, did: 'told' }]);
    expect((await run()).found).toMatchObject([{ did: 'known' }]);
    expect(await e.drifts()).toEqual(['missing']);
    expect(b.alarms).toMatchObject([{ severity: 'warning' }]);
    expect(b.fleet.touched).toEqual([]);
  });

  it('whose Mac is silent is not called missing, and one that has just begun isn’t either', async () => {
    const [silent, young] = [await story().active(), await story().active()];
    b.fleet.of(silent.target).silent = true;
    b.fleet.of(young.target).admin = 'no';
    time.now += 30_000;
    expect((await run()).found).toEqual([]);
    b.fleet.of(young.target).admin = young.id;
    time.now += 5 * MINUTE;
    expect(await run()).toMatchObject({ found: [], unseen: 1 });
  });
});

describe('what is not ours', () => {
  it('I12: is told once, all together, and never touched, standing before or given by hand', async () => {
    const [standing, byHand, plain] = [newMac(), newMac(), newMac()];
    b.known.push(standing, byHand, plain);
    b.fleet.of(standing).admin = 'standing';
    b.fleet.of(byHand).admin = 'by hand';
    expect((await run()).found).toMatchObject([
      { what: 'foreign', did: 'told' },
      { what: 'foreign', did: 'told' },
    ]);
    expect(b.alarms).toMatchObject([{ severity: 'info', sentence: expect.stringContaining('2 accesses that are not of Stint') }]);
    time.now += HOUR;
    expect((await run()).found).toMatchObject([{ did: 'known' }, { did: 'known' }]);
    expect([await houseDrifts(store, standing), await houseDrifts(store, byHand), await houseDrifts(store, plain)]).toEqual([
      ['foreign'],
      ['foreign'],
      [],
    ]);
    expect(b.alarms).toHaveLength(1);
    expect(b.fleet.touched).toEqual([]);
  });

  it('is told anew only after it was away, and a Mac that slept was not away', async () => {
    const mac = newMac();
    b.known.push(mac);
    const truth = b.fleet.of(mac);
    const once = async (change: Partial<typeof truth>) => {
      Object.assign(truth, { silent: false }, change);
      time.now += HOUR;
      return (await run()).found.map(({ did }) => did);
    };
    expect(await once({ admin: 'standing' })).toEqual(['told']);
    expect(await once({ silent: true })).toEqual([]);
    expect(await once({ admin: 'standing' })).toEqual(['known']);
    expect(await once({ admin: 'no' })).toEqual([]);
    expect(await once({ admin: 'standing' })).toEqual(['told']);
  });

  it('stays untouched also when an elevation of ours ended on the same account', async () => {
    const e = await story().gone();
    time.now += HOUR;
    b.fleet.of(e.target).admin = 'standing';
    expect((await run()).found).toMatchObject([{ what: 'foreign', did: 'told' }]);
    expect(b.fleet.touched).toEqual([]);
  });
});

describe('a run', () => {
  it('that is dry finds the same and changes nothing: no Mac, no entry, no memory, no alarm', async () => {
    const e = await story().active();
    const stranger = newMac();
    b.known.push(stranger);
    b.fleet.of(e.target).admin = e.id;
    b.fleet.of(stranger).admin = 'standing';
    time.now += WINDOW_MS + OVERDUE_MS + 1;
    const dry = await run({}, true);
    expect(dry.found.map(({ what, did }) => [what, did])).toEqual([
      ['left-behind', 'untouched'],
      ['foreign', 'untouched'],
    ]);
    expect([b.fleet.touched, b.alarms, await e.drifts()]).toEqual([[], [], []]);
    expect((await run()).found.map(({ did }) => did)).toEqual(['removed', 'told']);
  });

  it('is not kept from the others by a Mac, an MDM or a people file that fails', async () => {
    const [stuck, free] = [await story().active(), await story().active()];
    b.fleet.of(stuck.target).broken = true;
    b.fleet.of(free.target).admin = free.id;
    b.fleet.listFails = true;
    time.now += WINDOW_MS + OVERDUE_MS + 1;
    const result = await run({ known: () => Promise.reject(new StintError('bad-config', 'people.yaml:3:1 is wrong')) });
    expect(result.found).toMatchObject([{ requestId: free.id, did: 'removed' }]);
    expect(result.failures.map(({ what }) => what)).toEqual(
      expect.arrayContaining([expect.stringContaining('mac-admin'), 'the people file', stuck.target.key]),
    );
    expect(result.failures.filter(({ wide }) => wide).map(({ what }) => what)).toEqual([
      'the list of everything of ours (mac-admin)',
      'the people file',
    ]);
    expect((await store.fence.grant(stuck.id))?.goneAt).toBeUndefined();
  });

  it('has room for so many looks; the next one begins with those that waited longest, and ours come first', async () => {
    const macs = Array.from({ length: 5 }, () => newMac());
    b.known.push(...macs);
    const own = new Set(macs.map(({ serial }) => `observe ${serial}`));
    const looked = async () => {
      b.fleet.calls.length = 0;
      time.now += MINUTE;
      const { later } = await run({ looksMax: 3 });
      return { later: later > 0, seen: b.fleet.calls.filter((call) => own.has(call)) };
    };
    const rounds = [await looked(), await looked(), await looked()];
    const order = rounds.flatMap(({ seen }) => seen);
    expect(rounds.every(({ later }) => later)).toBe(true);
    expect(new Set(order.slice(0, 5)).size).toBe(5);
    expect(order[5]).toBe(order[0]);
    const e = await story().active();
    b.fleet.of(e.target).admin = e.id;
    await looked();
    expect(b.fleet.calls).toContain(`observe ${e.target.serial}`);
  });

  it('removes only so much at once; the rest is said, and taken next time', async () => {
    const all = [await story().gone(), await story().gone(), await story().gone()];
    time.now += HOUR;
    for (const e of all) b.fleet.of(e.target).admin = e.id;
    expect((await run({ removalsMax: 2 })).found.map(({ did }) => did).sort()).toEqual(['later', 'removed', 'removed']);
    expect((await run({ removalsMax: 2 })).found.map(({ did }) => did)).toEqual(['removed']);
    expect(all.map((e) => b.fleet.of(e.target).admin)).toEqual(['no', 'no', 'no']);
  });

  it('proves overdue grants gone that show nothing, without calling that a drift', async () => {
    const e = await story().active();
    time.now += WINDOW_MS + OVERDUE_MS + 1;
    expect(await run()).toMatchObject({ found: [], swept: 1 });
    expect(await e.entries()).toEqual(expect.arrayContaining(['swept']));
    expect(await e.drifts()).toEqual([]);
  });

  it('whose record can’t be written removes nothing, and tells it as new when it can', async () => {
    const e = await story().gone();
    time.now += HOUR;
    b.fleet.of(e.target).admin = e.id;
    const ledger = { ...store.ledger, append: () => Promise.reject(new StintError('store-unavailable')) };
    expect((await run({ store: { ...store, ledger } })).found).toMatchObject([{ did: 'failed', unwritten: true }]);
    expect(b.fleet.touched).toEqual([]);
    expect((await run()).found).toMatchObject([{ did: 'removed' }]);
    expect(await e.drifts()).toEqual(['reappeared']);
  });

  it('at the same moment as another leaves the Mac clean and the ledger whole', async () => {
    const e = await story().gone();
    time.now += HOUR;
    b.fleet.of(e.target).admin = e.id;
    await Promise.all([run(), run()]);
    expect(b.fleet.of(e.target).admin).toBe('no');
    expect((await e.entries()).filter((type) => type === 'swept').length).toBeGreaterThan(0);
  });

  it('with the store down says so and touches nothing', async () => {
    const fence = { ...store.fence, open: () => Promise.reject(new StintError('store-unavailable')) };
    await expect(run({ store: { ...store, fence } })).rejects.toMatchObject({ code: 'store-unavailable' });
    expect(b.fleet.touched).toEqual([]);
  });

  it('belongs to no run of Temporal: its entries name the reconciler', async () => {
    const e = await story().gone();
    time.now += HOUR;
    b.fleet.of(e.target).admin = e.id;
    await run();
    const own = (await store.ledger.timeline(e.id)).slice(-2);
    for (const entry of own)
      expect(entry).toMatchObject({ runId: 'no-run' satisfies RunId | 'no-run', actor: { via: 'reconciler' } });
  });
});
