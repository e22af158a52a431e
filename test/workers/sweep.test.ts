/** The sweep takes back what a workflow left: over a real store, with a target that says what it is told to. */
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Alarm } from '../../contract/alarms.js';
import { StintError } from '../../contract/errors.js';
import { instant, msOf, type RequestId, type RunId, type Serial } from '../../contract/ids.js';
import type { Grant, Observation, Store, TargetDriver } from '../../contract/ports.js';
import type { Target } from '../../contract/request.js';
import { openStore } from '../../ledger/store.js';
import { sweepAlarm } from '../../workers/guard.js';
import {
  OVERDUE_MS,
  type SweepDeps,
  startSweep,
  sweepGrant,
  sweepOnce,
  UNBEGUN_BY_ITSELF_MS,
  UNBEGUN_MS,
} from '../../workers/sweep.js';
import { FakeTarget } from '../activities/bench.js';
import { ada, macOf } from '../fixtures/people.js';
import { Elevation, RUN } from '../ledger/events.js';

const WINDOW_MS = 600_000;
let store: Store;
let now = Date.parse('2026-03-02T09:00:00.000Z');
let serials = 0;

/** Shows the access until it is revoked; then, from the next look on, that it is gone. */
class HonestTarget extends FakeTarget {
  override async observe(): Promise<Observation> {
    this.calls.push('observe');
    const gone = this.calls.includes('revoke') && !this.revokeFails;
    return { access: gone ? 'absent' : 'present', observedAt: instant(now), how: 'looked' };
  }
}

beforeAll(async () => {
  store = await openStore({ memory: true, clock: () => now });
});
afterAll(() => store.close());
beforeEach(async () => {
  for (const grant of await store.fence.overdue(instant(now + 365 * 86_400_000)))
    await store.fence.gone(grant.requestId, instant(now));
});

/** An armed grant whose window ends ten minutes from now. */
async function armed(kind: Target['kind'] = 'mac-admin'): Promise<Grant> {
  const serial = `C02SWEEP${String(++serials).padStart(4, '0')}` as Serial;
  const target = { ...macOf(ada), serial, key: `${kind}/${serial}`, kind } as Target;
  const elevation = new Elevation<Target>({ target });
  const notAfter = instant(now + WINDOW_MS);
  const grant = elevation.grant({ notAfter });
  await store.fence.arm(grant, elevation.armed(grant), instant(now));
  return grant;
}

/** One in AWS whose fence its workflow closed at the end of its window, which is now. */
async function begunInAws(): Promise<Grant> {
  const grant = await armed('aws-permission-set');
  now += WINDOW_MS;
  await store.fence.end(grant.requestId, grant.runId, grant.target, grant.personId, instant(now));
  return grant;
}

function sweeper(change: Partial<SweepDeps> = {}) {
  const target = new HonestTarget();
  const alarms: { readonly sentence: string; readonly target: string; readonly error: unknown }[] = [];
  const deps: SweepDeps = {
    store,
    driverOf: () => target,
    clock: () => now,
    sleep: async (ms) => {
      now += ms;
    },
    alarm: (sentence, grant, error) => alarms.push({ sentence, target: grant.targetKey, error }),
    ...change,
  };
  return { target, alarms, deps };
}

const entries = async (grant: Grant) => (await store.ledger.timeline(grant.requestId)).map((event) => event.type);

describe('a sweep', () => {
  it('with nothing overdue touches nothing and says nothing', async () => {
    await armed();
    const { deps, target, alarms } = sweeper();
    expect(await sweepOnce(deps)).toBe(0);
    now += WINDOW_MS + UNBEGUN_MS - 1;
    expect(await sweepOnce(deps)).toBe(0);
    expect(target.calls).toEqual([]);
    expect(alarms).toEqual([]);
  });

  it('I15: waits ten seconds for a workflow that has not closed the fence; where a Mac ends by itself half a minute, and two minutes for one that did', async () => {
    const [unbegun, late, begun] = [await armed('aws-permission-set'), await armed(), await armed()];
    now += WINDOW_MS;
    const end = now;
    await store.fence.end(begun.requestId, begun.runId, begun.target, begun.personId, instant(end));
    const { deps } = sweeper();
    now = end + UNBEGUN_MS;
    expect(await sweepOnce(deps)).toBe(0);
    now += 1;
    expect(await sweepOnce(deps)).toBe(1);
    expect(await entries(unbegun)).toEqual(['armed', 'swept']);
    now = end + UNBEGUN_BY_ITSELF_MS;
    expect(await sweepOnce(deps)).toBe(0);
    now += 1;
    expect(await sweepOnce(deps)).toBe(1);
    expect(await entries(late)).toEqual(['armed', 'swept']);
    expect(await entries(begun)).toEqual(['armed']);
    now = end + OVERDUE_MS;
    expect(await sweepOnce(deps)).toBe(0);
    now += 1;
    expect(await sweepOnce(deps)).toBe(1);
    expect(await entries(begun)).toEqual(['armed', 'swept']);
  });

  it('I15: in AWS leaves an ending to whoever says that they are at it, and has it ten seconds after they last did', async () => {
    const grant = await begunInAws();
    const { deps, alarms } = sweeper();
    for (let i = 0; i < 12; i += 1) {
      now += 4_000;
      await store.fence.pulse(grant.requestId, instant(now));
      expect(await sweepOnce(deps)).toBe(0);
    }
    now += UNBEGUN_MS;
    expect(await sweepOnce(deps)).toBe(0);
    now += 1;
    expect(await sweepOnce(deps)).toBe(1);
    expect(await entries(grant)).toEqual(['armed', 'swept']);
    expect(alarms).toHaveLength(1);
  });

  it('I15: in AWS has what nobody was ever at ten seconds after its fence was closed', async () => {
    const grant = await begunInAws();
    now += UNBEGUN_MS;
    expect(await sweepOnce(sweeper().deps)).toBe(0);
    now += 1;
    expect(await sweepOnce(sweeper().deps)).toBe(1);
    expect(await entries(grant)).toEqual(['armed', 'swept']);
  });

  it('I15: leaves it to nobody for longer than two minutes, whatever instant they say, and however often', async () => {
    const grant = await begunInAws();
    const end = now;
    await store.fence.pulse(grant.requestId, instant(now + 365 * 86_400_000));
    now = end + OVERDUE_MS;
    await store.fence.pulse(grant.requestId, instant(now));
    expect(await sweepOnce(sweeper().deps)).toBe(0);
    now += 1;
    await store.fence.pulse(grant.requestId, instant(now));
    expect(await sweepOnce(sweeper().deps)).toBe(1);
    expect(await entries(grant)).toEqual(['armed', 'swept']);
  });

  it('I15: waits for nobody who says that they are at an ending that has not begun', async () => {
    const grant = await armed('aws-permission-set');
    now += WINDOW_MS + UNBEGUN_MS + 1;
    await store.fence.pulse(grant.requestId, instant(now));
    expect(await sweepOnce(sweeper().deps)).toBe(1);
  });

  /** One in AWS whose create left now, for a minute; its process and its workflow say nothing more, and it may begin for nine yet. */
  async function sentInAws(): Promise<Grant> {
    const grant = await armed('aws-permission-set');
    await store.fence.pulse(grant.requestId, instant(now));
    await store.fence.sending(grant.requestId, grant.runId, instant(now + 60_000));
    return grant;
  }

  it('I15: in AWS has what was sent and nobody has seen ten seconds after its window, though it might still begin', async () => {
    const grant = await sentInAws();
    const { deps, target, alarms } = sweeper();
    now += 60_000 + UNBEGUN_MS;
    expect(await sweepOnce(deps)).toBe(0);
    now += 1;
    expect(now).toBeLessThan(msOf(grant.notAfter));
    expect(await sweepOnce(deps)).toBe(1);
    expect(target.calls.slice(0, 2)).toEqual(['revoke', 'observe']);
    expect(await entries(grant)).toEqual(['armed', 'swept']);
    expect(await store.fence.grant(grant.requestId)).toMatchObject({ endedAt: expect.any(String), goneAt: expect.any(String) });
    expect(alarms).toMatchObject([{ target: grant.targetKey, error: undefined }]);
  });

  it('leaves that to whoever says that they are at its grant, and has it ten seconds after they last did', async () => {
    const grant = await sentInAws();
    const { deps } = sweeper();
    now += 60_000;
    for (let i = 0; i < 12; i += 1) {
      now += 4_000;
      await store.fence.pulse(grant.requestId, instant(now));
      expect(await sweepOnce(deps)).toBe(0);
    }
    now += UNBEGUN_MS;
    expect(await sweepOnce(deps)).toBe(0);
    now += 1;
    expect(await sweepOnce(deps)).toBe(1);
    expect(await entries(grant)).toEqual(['armed', 'swept']);
  });

  it.each([
    ['was seen', (grant: Grant) => store.fence.seen(grant.requestId, instant(now + 120_000), grant.notAfter)],
    ['is active', (grant: Grant) => store.fence.extend(grant.requestId, grant.runId, instant(now + 120_000), grant.notAfter)],
    [
      'is active, and was extended',
      async ({ requestId, runId, notAfter }: Grant) => {
        const deadlineAt = instant(now + 70_000);
        await store.fence.extend(requestId, runId, deadlineAt, notAfter);
        await store.fence.extend(requestId, runId, instant(now + 120_000), deadlineAt);
        await store.fence.sending(requestId, runId, instant(now + 60_000));
      },
    ],
  ])('leaves what was sent and %s to its own end', async (_, then) => {
    const [begun, grant] = [now, await sentInAws()];
    await then(grant);
    const { deps, target } = sweeper();
    now = begun + 120_000 + UNBEGUN_MS;
    expect(await sweepOnce(deps)).toBe(0);
    expect(target.calls).toEqual([]);
    expect((await store.fence.grant(grant.requestId))?.endedAt).toBeUndefined();
    now += 1;
    expect(await sweepOnce(deps)).toBe(1);
  });

  it.each([
    ['is active', (grant: Grant) => store.fence.extend(grant.requestId, grant.runId, instant(now + 120_000), grant.notAfter)],
    ['somebody is at again', (grant: Grant) => store.fence.pulse(grant.requestId, instant(now))],
  ])('leaves alone what %s by the time that its turn comes', async (_, then) => {
    const { requestId } = await sentInAws();
    now += 60_000 + UNBEGUN_MS + 1;
    const listed = await store.fence.grant(requestId);
    if (!listed?.sentUntil) throw new Error('nothing was sent');
    await then(listed);
    const { deps, target } = sweeper();
    await sweepGrant(deps, listed);
    expect(target.calls).toEqual([]);
    expect((await store.fence.grant(requestId))?.endedAt).toBeUndefined();
  });

  it('says nothing of what its workflow proved and recorded while it was at it as well', async () => {
    const grant = await begunInAws();
    now += UNBEGUN_MS + 1;
    const { deps, target, alarms } = sweeper();
    const observe = target.observe.bind(target);
    target.observe = async () => {
      await store.fence.gone(grant.requestId, instant(now));
      return observe();
    };
    expect(await sweepOnce(deps)).toBe(1);
    expect(target.calls).toContain('revoke');
    expect(await entries(grant)).toEqual(['armed']);
    expect(alarms).toEqual([]);
  });

  it.each(['is seen gone', 'says nothing'] as const)(
    'takes its order back from a Mac whose workflow recorded it meanwhile, and which %s: nobody else would',
    async (then) => {
      const grant = await armed();
      now += WINDOW_MS + UNBEGUN_BY_ITSELF_MS + 1;
      const { deps, target, alarms } = sweeper();
      const revoke = target.revoke.bind(target);
      target.revoke = async (...of) => {
        // Its workflow has proved it, recorded it and cleared what there was; our order comes after that.
        await store.fence.gone(grant.requestId, instant(now));
        await revoke(...of);
        if (then === 'says nothing')
          target.observe = async () => ({ access: 'unknown', observedAt: instant(now), how: 'has not reported' }) as never;
      };
      expect(await sweepOnce(deps)).toBe(1);
      expect(target.calls.lastIndexOf('clear')).toBeGreaterThan(target.calls.lastIndexOf('revoke'));
      expect(await entries(grant)).toEqual(['armed']);
      expect(alarms).toEqual([]);
    },
  );

  it('leaves alone what was recorded before its turn came', async () => {
    const grant = await armed();
    now += WINDOW_MS + UNBEGUN_MS + 1;
    const { deps, target, alarms } = sweeper();
    await store.fence.gone(grant.requestId, instant(now));
    await sweepGrant(deps, grant);
    expect([target.calls, alarms]).toEqual([[], []]);
    expect(await entries(grant)).toEqual(['armed']);
  });

  it('I15: of what it could not prove gone, or was killed over, tries again within moments: its own fence is no workflow', async () => {
    const grant = await armed('aws-permission-set');
    now += WINDOW_MS + UNBEGUN_MS + 1;
    const { deps, target } = sweeper();
    target.revokeFails = new StintError('mdm-unavailable');
    expect(await sweepOnce(deps)).toBe(0);
    expect((await store.fence.grant(grant.requestId))?.endedAt).toBeDefined();
    target.revokeFails = undefined;
    now += UNBEGUN_MS;
    expect(now - msOf(grant.notAfter)).toBeLessThan(OVERDUE_MS);
    expect(await sweepOnce(deps)).toBe(1);
    expect(await entries(grant)).toEqual(['armed', 'swept']);
  });

  it('leaves a workflow that closed the fence late ten seconds for its own proof, and no two minutes', async () => {
    const grant = await armed('aws-permission-set');
    now += WINDOW_MS + UNBEGUN_MS + 1;
    await store.fence.end(grant.requestId, grant.runId, grant.target, grant.personId, instant(now));
    const { deps } = sweeper();
    now += UNBEGUN_MS;
    expect(await sweepOnce(deps)).toBe(0);
    now += 1;
    expect(await sweepOnce(deps)).toBe(1);
    expect(await entries(grant)).toEqual(['armed', 'swept']);
  });

  it('I15: of what outlived its window revokes, proves, records, frees and says so', async () => {
    const grant = await armed();
    now += WINDOW_MS + OVERDUE_MS + 1;
    const { deps, target, alarms } = sweeper();
    expect(await sweepOnce(deps)).toBe(1);
    expect(target.calls.slice(0, 2)).toEqual(['revoke', 'observe']);
    expect(await store.fence.grant(grant.requestId)).toMatchObject({ endedAt: expect.any(String), goneAt: expect.any(String) });
    expect(await store.fence.live(grant.targetKey)).toBeUndefined();
    expect(await entries(grant)).toEqual(['armed', 'swept']);
    expect(alarms).toMatchObject([{ target: grant.targetKey, error: undefined }]);
    expect(await sweepOnce(deps)).toBe(0);
  });

  it('fences first: a run that wakes up now can grant no more, although nothing is proved yet', async () => {
    const grant = await armed();
    now += WINDOW_MS + OVERDUE_MS + 1;
    const { deps, target } = sweeper();
    target.revokeFails = new StintError('mdm-unavailable');
    await sweepOnce(deps);
    const row = await store.fence.grant(grant.requestId);
    expect(row?.endedAt).toBeDefined();
    expect(row?.goneAt).toBeUndefined();
  });

  it('that cannot prove it says why, leaves the target taken, and tries again', async () => {
    const grant = await armed();
    now += WINDOW_MS + OVERDUE_MS + 1;
    const { deps, target, alarms } = sweeper();
    target.revokeFails = new StintError('mdm-unavailable');
    expect(await sweepOnce(deps)).toBe(0);
    expect(alarms).toMatchObject([{ error: { code: 'not-gone' } }]);
    expect(await store.fence.live(grant.targetKey)).toMatchObject({ requestId: grant.requestId });
    expect(await entries(grant)).toEqual(['armed']);
    target.revokeFails = undefined;
    expect(await sweepOnce(deps)).toBe(1);
    expect(await entries(grant)).toEqual(['armed', 'swept']);
  });

  it('that cannot prove it tells operators what the target said, which names what to mend', async () => {
    const grant = await armed('aws-permission-set');
    now += WINDOW_MS + OVERDUE_MS + 1;
    const said: Alarm[] = [];
    const { deps, target } = sweeper({ alarm: sweepAlarm({ raise: (alarm) => void said.push(alarm) }) });
    target.revokeFails = new StintError('aws-rejected', 'AWS does not let Stint work with it. Give its role the right.');
    expect(await sweepOnce(deps)).toBe(0);
    expect(said.map(({ requestId }) => requestId)).toEqual([grant.requestId]);
    expect(said[0]?.sentence).toContain('Give its role the right.');
  });

  it('is not kept from the others by one target that fails', async () => {
    const [stuck, free, other] = [await armed(), await armed(), await armed()];
    now += WINDOW_MS + OVERDUE_MS + 1;
    const bad = new FakeTarget();
    bad.shows = [new Error('no answer')];
    const { deps, target, alarms } = sweeper();
    const perGrant = new Map([[stuck.targetKey, bad]]);
    /** One kind of target, and one driver that fails for one Mac. */
    const driver = new HonestTarget();
    const routed: SweepDeps = {
      ...deps,
      driverOf: () => ({
        kind: 'mac-admin',
        settleMs: 0,
        confirmMode: 'update',
        observe: (_, { key }) => (perGrant.get(key) ?? driver).observe(),
        grant: (order, signal) => driver.grant(order, signal),
        revoke: (_, { key }) => (perGrant.get(key) ?? driver).revoke(),
        clear: () => driver.clear(),
        listOurs: () => driver.listOurs(),
      }),
    };
    expect(await sweepOnce(routed)).toBe(2);
    expect(await store.fence.live(free.targetKey)).toBeUndefined();
    expect(await store.fence.live(other.targetKey)).toBeUndefined();
    expect(await store.fence.live(stuck.targetKey)).toBeDefined();
    expect(alarms.filter(({ error }) => error !== undefined)).toHaveLength(1);
    expect(target.calls).toEqual([]);
  });

  it('of hundreds that do not answer asks few at a time, the newest first, and comes through', async () => {
    const grants: Grant[] = [];
    for (let i = 0; i < 50; i += 1) {
      grants.push(await armed());
      now += 1;
    }
    now += WINDOW_MS + OVERDUE_MS + 1;
    const order = new Set<string>();
    const atOnce: number[] = [];
    let waiting = 0;
    const { deps, target, alarms } = sweeper({
      sleep: async (ms) => {
        waiting += 1;
        atOnce.push(waiting);
        await new Promise((resolve) => setTimeout(resolve, 20)); // longer than the store needs for the next one
        waiting -= 1;
        now += ms;
      },
    });
    const asleep = {
      kind: 'mac-admin',
      settleMs: 0,
      confirmMode: 'update',
      observe: async () => ({ access: 'unknown', observedAt: instant(now), how: 'asleep' }),
      grant: (grant, signal) => target.grant(grant, signal),
      revoke: async (_, { key }) => void order.add(key),
      clear: () => target.clear(),
      listOurs: () => target.listOurs(),
    } satisfies TargetDriver;
    expect(await sweepOnce({ ...deps, driverOf: () => asleep })).toBe(0);
    expect([...order]).toEqual(grants.map((grant) => grant.targetKey).reverse());
    expect(alarms).toHaveLength(grants.length);
    expect(Math.max(...atOnce)).toBeGreaterThan(5);
    expect(Math.max(...atOnce)).toBeLessThanOrEqual(20);
  });

  it('of a far end that never answers, and hears no signal, is over after a while and says so', async () => {
    const grant = await armed();
    now += WINDOW_MS + OVERDUE_MS + 1;
    const hanging = Object.assign(new HonestTarget(), { observe: silence, revoke: silence });
    const { deps, alarms } = sweeper({ driverOf: () => hanging, limitMs: 50 });
    expect(await sweepOnce(deps)).toBe(0);
    expect(alarms).toMatchObject([
      { error: { code: 'not-gone', sentence: expect.stringContaining(`${grant.target.display} gave no answer`) } },
    ]);
    expect(await sweepOnce(sweeper().deps)).toBe(1);
  });

  it('of what was ended but never proved goes on where the workflow stopped', async () => {
    const grant = await armed();
    const endedAt = instant(now + 1_000);
    await store.fence.end(grant.requestId, RUN, grant.target, grant.personId, endedAt);
    now += WINDOW_MS + OVERDUE_MS + 1;
    expect(await sweepOnce(sweeper().deps)).toBe(1);
    expect((await store.fence.grant(grant.requestId))?.endedAt).toBe(endedAt);
  });

  it('by two workers at the same moment leaves one entry for each observation, and both go on', async () => {
    const grant = await armed();
    now += WINDOW_MS + OVERDUE_MS + 1;
    const [a, b] = [sweeper({ sleep: async () => undefined }), sweeper({ sleep: async () => undefined })];
    await Promise.all([sweepOnce(a.deps), sweepOnce(b.deps)]);
    expect(await entries(grant)).toEqual(['armed', 'swept']);
    expect([...a.alarms, ...b.alarms].filter(({ error }) => error !== undefined)).toEqual([]);
  });

  it('whose entry cannot be written does not call it gone, so that the entry is not lost', async () => {
    const grant = await armed();
    now += WINDOW_MS + OVERDUE_MS + 1;
    const ledger = { ...store.ledger, append: async () => Promise.reject(new StintError('store-unavailable')) };
    expect(await sweepOnce(sweeper({ store: { ...store, ledger } }).deps)).toBe(0);
    expect((await store.fence.grant(grant.requestId))?.goneAt).toBeUndefined();
    expect(await sweepOnce(sweeper().deps)).toBe(1);
    expect(await entries(grant)).toEqual(['armed', 'swept']);
  });

  it('belongs to no run: its entry says so, and names the request', async () => {
    const grant = await armed();
    now += WINDOW_MS + OVERDUE_MS + 1;
    await sweepOnce(sweeper().deps);
    const swept = (await store.ledger.timeline(grant.requestId)).at(-1);
    expect(swept).toMatchObject({ type: 'swept', runId: 'no-run' satisfies RunId | 'no-run', actor: { via: 'sweep' } });
    expect(msOf(swept?.at ?? instant(0))).toBeLessThanOrEqual(now);
  });
});

const silence = () => new Promise<never>(() => undefined);

describe('the loop', () => {
  it('sweeps Macs round after round while AWS never answers, and says by its age that not all of it came through', async () => {
    const cloud = await armed('aws-permission-set');
    const first = await armed();
    now += WINDOW_MS + OVERDUE_MS + 1;
    const aws = Object.assign(new HonestTarget(), { observe: silence, revoke: silence, kind: 'aws-permission-set' });
    const { deps, target } = sweeper({
      sleep: async (ms) => {
        now += ms;
        await new Promise((resolve) => setTimeout(resolve, 5));
      },
    });
    const driverOf: SweepDeps['driverOf'] = (kind) => (kind === 'mac-admin' ? target : aws);
    const failed: unknown[] = [];
    const sweep = startSweep({ ...deps, driverOf, limitMs: 60_000, failed: (error) => failed.push(error) });
    const goneAt = async ({ requestId }: Grant) => (await store.fence.grant(requestId))?.goneAt;
    await vi.waitFor(async () => expect(await goneAt(first)).toBeDefined(), { timeout: 10_000 });
    const later = now;
    const second = await armed();
    now += WINDOW_MS + OVERDUE_MS + 1;
    await vi.waitFor(async () => expect(await goneAt(second)).toBeDefined(), { timeout: 10_000 });
    sweep.stop();
    expect(await goneAt(cloud)).toBeUndefined();
    expect(sweep.ranAt() ?? 0).toBeLessThanOrEqual(later);
    expect(failed).toEqual([]);
  });

  it('comes to what is overdue next while another of its kind never answers, and never to the same one twice at once', async () => {
    const stuck = await armed();
    now += WINDOW_MS + OVERDUE_MS + 1;
    const { deps } = sweeper({
      sleep: async (ms) => {
        now += ms;
        await new Promise((resolve) => setTimeout(resolve, 5));
      },
    });
    let asked = 0;
    class HalfTarget extends HonestTarget {
      override async observe(requestId?: RequestId) {
        if (requestId !== stuck.requestId) return super.observe();
        asked += 1;
        return silence();
      }
    }
    const half = new HalfTarget();
    const sweep = startSweep({ ...deps, driverOf: () => half, limitMs: 3_600_000, failed: () => undefined });
    const goneAt = async ({ requestId }: Grant) => (await store.fence.grant(requestId))?.goneAt;
    await vi.waitFor(() => expect(asked).toBe(1), { timeout: 10_000 });
    const later = now;
    const next = await armed();
    now += WINDOW_MS + UNBEGUN_MS + 1;
    await vi.waitFor(async () => expect(await goneAt(next)).toBeDefined(), { timeout: 10_000 });
    sweep.stop();
    expect(await goneAt(stuck)).toBeUndefined();
    expect(asked).toBe(1);
    expect(sweep.ranAt() ?? 0).toBeLessThanOrEqual(later);
  });

  it('outlives a store that is down, and stops when told', async () => {
    const failed: unknown[] = [];
    let rounds = 0;
    const fence = { ...store.fence, overdue: async () => Promise.reject(new StintError('store-unavailable')) };
    const { deps } = sweeper({
      store: { ...store, fence },
      sleep: async () => {
        rounds += 1;
        await new Promise((resolve) => setImmediate(resolve));
      },
    });
    const sweep = startSweep({ ...deps, failed: (error) => failed.push(error) });
    await vi.waitFor(() => expect(failed.length).toBeGreaterThan(2));
    sweep.stop();
    await vi.waitFor(async () => {
      const before = rounds;
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect(rounds).toBe(before);
    });
    expect(failed[0]).toMatchObject({ code: 'store-unavailable' });
  });
});
