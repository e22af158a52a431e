/** Who waits for the grant of an elevation, and for how long. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createHeadStart } from '../../activities/head-start.js';
import type { RequestId } from '../../contract/ids.js';

const ONE = 'one' as RequestId;
const OTHER = 'other' as RequestId;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A call under way, and what it still needs. */
function underWay() {
  let end = () => {};
  let fail = (_: Error) => {};
  const call = new Promise<void>((resolve, reject) => {
    end = resolve;
    fail = reject;
  });
  return { call: () => call, end: () => end(), fail: () => fail(new Error('refused')) };
}

/** Whether whoever waits for the grant of this one has gone on, so many milliseconds later. */
async function waiting(headStart: ReturnType<typeof createHeadStart>, of: RequestId) {
  let over = false;
  void headStart.left(of).then(() => {
    over = true;
  });
  return async (afterMs: number) => {
    await vi.advanceTimersByTimeAsync(afterMs);
    return over;
  };
}

describe('whoever tells of an elevation', () => {
  it.each(['end', 'fail'] as const)('waits for its grant that has begun, until it is over (%s)', async (how) => {
    const headStart = createHeadStart();
    const grant = underWay();
    const left = headStart.leave(ONE, grant.call).catch(() => 'failed');
    const isOver = await waiting(headStart, ONE);
    expect(await isOver(100)).toBe(false);
    grant[how]();
    expect(await isOver(0)).toBe(true);
    expect(await left).toBe(how === 'fail' ? 'failed' : undefined);
  });

  it('waits for one that comes a moment later, too', async () => {
    const headStart = createHeadStart();
    const grant = underWay();
    const isOver = await waiting(headStart, ONE);
    expect(await isOver(20)).toBe(false);
    void headStart.leave(ONE, grant.call);
    expect(await isOver(50)).toBe(false);
    grant.end();
    expect(await isOver(0)).toBe(true);
  });

  it('goes on soon where none comes, and in any case after a fraction of a second', async () => {
    const headStart = createHeadStart();
    expect(await (await waiting(headStart, ONE))(30)).toBe(true);
    void headStart.leave(ONE, underWay().call);
    const isOver = await waiting(headStart, ONE);
    expect(await isOver(149)).toBe(false);
    expect(await isOver(1)).toBe(true);
  });

  it('does not wait for the grant of another one', async () => {
    const headStart = createHeadStart();
    void headStart.leave(OTHER, underWay().call);
    expect(await (await waiting(headStart, ONE))(30)).toBe(true);
  });
});
