/** What a terminated workflow left open is closed long after its deadline, and nothing of it can be granted; what runs is let be. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { instant, type RequestId } from '../../contract/ids.js';
import { closeOrphans, type OrphanDeps } from '../../workers/orphans.js';
import { type Elevation, VERDICT } from '../ledger/events.js';
import { type EndingBench, endingBench } from './ending-bench.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
let b: EndingBench;
beforeAll(async () => {
  b = await endingBench();
});
afterAll(() => b.store.close());

let running: Set<RequestId>;
let down: Set<RequestId>;
let repaired: RequestId[];
let told: [RequestId, boolean][];
beforeEach(() => {
  running = new Set();
  down = new Set();
  repaired = [];
  told = [];
});

const deps = (): OrphanDeps => ({
  ...b.deps,
  runs: async (requestId) => {
    if (down.has(requestId)) throw new Error('nobody answers');
    return running.has(requestId);
  },
  repair: async (requestId) => void repaired.push(requestId),
  told: (requestId, error) => void told.push([requestId, error === undefined]),
});
const idOf = (e: Elevation) => e.request.requestId;
const round = () => closeOrphans(deps());

describe('an elevation whose workflow is no more', () => {
  it('lapses when nobody decided, is drawn again, and can never be granted', async () => {
    const e = await b.elevation('requested');
    b.advance(DAY);
    expect(await round()).toBe(1);
    expect(await b.view(e)).toMatchObject({ state: 'closed', outcome: 'lapsed' });
    expect(repaired).toEqual([idOf(e)]);
    expect(await b.armable(e)).toBe('fenced');
  });

  it('lapses with its start, where it was asked for later', async () => {
    const deadlines = { ...VERDICT.deadlines, pendingMs: DAY };
    const e = await b.elevation('requested', {}, { deadlines, startBefore: instant(b.clock() + HOUR) });
    b.advance(HOUR + 9 * MINUTE);
    expect(await round()).toBe(0);
    b.advance(MINUTE + 1);
    expect(await round()).toBe(1);
    expect(await b.view(e)).toMatchObject({ state: 'closed', outcome: 'lapsed' });
  });

  it('has not started when it was approved only', async () => {
    const e = await b.elevation('approved');
    b.advance(5 * MINUTE + 10 * MINUTE + 1);
    await round();
    expect(await b.view(e)).toMatchObject({ state: 'closed', outcome: 'not-started' });
    expect(await b.armable(e)).toBe('fenced');
  });

  it('is left to the sweep when it may hold access', async () => {
    const both = [await b.elevation('granting'), await b.elevation('active')];
    b.advance(DAY);
    expect(await round()).toBe(0);
    for (const e of both) expect((await b.view(e))?.state).not.toBe('closed');
  });

  it('is closed once, by whichever worker comes first', async () => {
    const e = await b.elevation('requested');
    b.advance(DAY);
    await Promise.all([round(), round()]);
    expect((await b.types(e)).filter((type) => type === 'lapsed')).toHaveLength(1);
    expect(await round()).toBe(0);
  });
});

describe('nothing is closed', () => {
  it('before its own workflow had ten minutes to do it', async () => {
    const e = await b.elevation('approved');
    b.advance(5 * MINUTE + 9 * MINUTE);
    await round();
    expect((await b.view(e))?.state).toBe('approved');
  });

  it('while the workflow runs, or Temporal cannot say; and one that cannot be asked keeps no other waiting', async () => {
    const [runs, unknown, over] = [
      await b.elevation('requested'),
      await b.elevation('requested'),
      await b.elevation('requested'),
    ];
    running.add(idOf(runs));
    down.add(idOf(unknown));
    b.advance(DAY);
    await round();
    expect((await b.view(runs))?.state).toBe('requested');
    expect((await b.view(unknown))?.state).toBe('requested');
    expect((await b.view(over))?.state).toBe('closed');
    expect(told).toContainEqual([idOf(unknown), false]);
    expect(told).toContainEqual([idOf(over), true]);
  });
});
