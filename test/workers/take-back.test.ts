/** What `stint revoke` does with each elevation, whichever part is down, and what it says on the way. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { instant } from '../../contract/ids.js';
import { type Ask, askStore } from '../../workers/questions.js';
import type { Revocable } from '../../workers/revocable.js';
import { type Hand, type TakeBackDeps, takeBack } from '../../workers/take-back.js';
import type { Elevation } from '../ledger/events.js';
import { type EndingBench, endingBench, someone } from './ending-bench.js';

let b: EndingBench;
let ask: Ask;
beforeAll(async () => {
  b = await endingBench();
  const { driverOf, sleep, watchMs } = b.deps;
  ask = askStore(b.store, { clock: b.clock, targets: () => ({ driverOf, sleep, ...(watchMs && { watchMs }) }) });
});
afterAll(() => b.store.close());
beforeEach(() => {
  b.temporal.state = 'up';
  b.temporal.told.length = 0;
});

/** A workflow that does what it is told, unless it sleeps. */
function handOf(e: Elevation, asleep = false): Hand {
  const { requestId } = e.request;
  return {
    seals: true,
    revoke: async (id) => {
      const heard = await b.temporal.call('revoke', id);
      if (heard === 'sent' && !asleep) await obey(e);
      return heard;
    },
    cancel: (id) => b.temporal.call('cancel', id),
    look: () => b.temporal.call('look', requestId),
  };
}
async function obey(e: Elevation): Promise<void> {
  const at = instant(b.clock());
  const { requestId, target } = e.request;
  await b.store.ledger.append([e.event('revoked', { cause: 'operator' }, { at, actor: { via: 'cli' } })]);
  b.macs.admins.delete(target.serial);
  await b.store.ledger.append([e.event('gone', { observedAt: at, how: 'the Mac said so' }, { at })]);
  await b.store.fence.end(requestId, e.grant().runId, target, e.request.subject.personId, at);
  await b.store.fence.gone(requestId, instant(b.clock() + 1));
}

async function run(e: Elevation, change: Partial<TakeBackDeps> = {}) {
  const [one] = await ask<readonly Revocable[]>({ ask: 'revocable', id: e.request.requestId });
  if (!one) throw new Error('not found');
  const said: string[] = [];
  const deps: TakeBackDeps = {
    ask,
    hand: handOf(e),
    say: (line) => said.push(line),
    clock: b.clock,
    sleep: b.deps.sleep,
    ...change,
  };
  const result = await takeBack(deps, one);
  for (const line of said) expect(line.startsWith(e.request.requestId.slice(0, 8))).toBe(true);
  return { ...result, said: said.join('\n') };
}

describe('with Temporal there', () => {
  it('access that runs is ended by its workflow under a sealed revoke, and the proof is waited for', async () => {
    const e = await b.elevation('active');
    const result = await run(e, { waitMs: 60_000 });
    expect(result).toMatchObject({ way: 'workflow', gone: true, goneAt: expect.any(String) });
    expect(b.temporal.told).toEqual([`revoke ${e.request.requestId}`]);
    expect(result.said).toMatch(/revoke sent[\s\S]*gone at/);
  });

  it('without waiting it is told, and fenced for the case that nobody acts on it', async () => {
    const e = await b.elevation('active');
    expect(await run(e, { hand: handOf(e, true) })).toMatchObject({ way: 'workflow', gone: false });
    expect(await b.store.fence.grant(e.request.requestId)).toMatchObject({ endedAt: expect.any(String) });
    expect(await b.armable(e)).toBe('fenced');
  });

  it('a request that only waits is fenced off, recorded and cancelled, and counts as proved', async () => {
    const e = await b.elevation('requested');
    const result = await run(e);
    expect(result).toMatchObject({ way: 'workflow', gone: true });
    expect(b.temporal.told).toEqual([`cancel ${e.request.requestId}`]);
    expect(await b.view(e)).toMatchObject({ state: 'closed', outcome: 'revoked', revokeCause: 'operator' });
    expect(await b.armable(e)).toBe('fenced');
    expect(await b.store.untold.all()).toEqual([]);
  });

  it('a workflow that does not act is ended past, within the wait', async () => {
    const e = await b.elevation('active');
    const result = await run(e, { hand: handOf(e, true), waitMs: 120_000 });
    expect(result).toMatchObject({ way: 'direct', gone: true });
    expect(result.said).toContain('does not act');
    expect(b.macs.admins.has(e.request.target.serial)).toBe(false);
  });

  it('a workflow that is not there (terminated, deleted) is ended directly', async () => {
    const e = await b.elevation('active');
    b.temporal.state = 'empty';
    const result = await run(e);
    expect(result).toMatchObject({ way: 'direct', gone: true });
    expect(await b.view(e)).toMatchObject({ state: 'closed', outcome: 'revoked', revokeCause: 'operator' });
  });

  it('without a key it is recorded who ordered the end before its workflow is cancelled, which could not say it', async () => {
    const e = await b.elevation('active');
    const hand = { ...handOf(e), seals: false };
    expect(await run(e, { hand })).toMatchObject({ way: 'workflow', gone: false });
    expect(b.temporal.told).toEqual([`cancel ${e.request.requestId}`]);
    expect(await b.view(e)).toMatchObject({ state: 'ending', outcome: 'revoked', revokeCause: 'operator' });
    expect((await b.store.untold.all()).map(({ requestId }) => requestId)).not.toContain(e.request.requestId);
    const slept = await b.elevation('active');
    const result = await run(slept, { hand: { ...handOf(slept, true), seals: false }, waitMs: 60_000 });
    expect(result).toMatchObject({ way: 'direct', gone: true, said: expect.stringContaining('does not act') });
  });

  it('a workflow that is paused is told, and ended past at once: nobody knows when it goes on', async () => {
    b.temporal.state = 'paused';
    const [active, waiting] = [await b.elevation('active'), await b.elevation('requested')];
    const result = await run(active);
    expect(result).toMatchObject({ way: 'direct', gone: true, said: expect.stringContaining('is paused; ending it directly') });
    expect(b.macs.admins.has(active.request.target.serial)).toBe(false);
    expect(await run(waiting)).toMatchObject({ way: 'direct', gone: true });
    expect(b.temporal.told).toEqual([`revoke ${active.request.requestId}`, `cancel ${waiting.request.requestId}`]);
    const ending = await b.elevation('active');
    await b.store.ledger.append([ending.event('expired', {}, { at: instant(b.clock()) })]);
    expect(await run(ending)).toMatchObject({ way: 'direct', gone: true });
  });

  it('an ending whose workflow is not there any more is brought to its proof', async () => {
    const e = await b.elevation('active');
    await b.store.ledger.append([e.event('expired', {}, { at: instant(b.clock()) })]);
    b.temporal.state = 'empty';
    expect(await run(e)).toMatchObject({ way: 'direct', gone: true });
    expect(await b.view(e)).toMatchObject({ state: 'closed', outcome: 'expired' });
  });
});

describe('with Temporal down', () => {
  beforeEach(() => {
    b.temporal.state = 'down';
  });

  it('access that runs ends all the same, with every step said and recorded', async () => {
    const e = await b.elevation('active');
    const result = await run(e, { waitMs: 60_000 });
    expect(result).toMatchObject({ way: 'direct', gone: true });
    expect(result.said).toMatch(/cannot be reached; ending it directly[\s\S]*fenced off[\s\S]*gone at .*: the Mac said so/);
    expect((await b.types(e)).slice(-2)).toEqual(['revoked', 'swept']);
    expect((await b.store.untold.all()).map(({ requestId }) => requestId)).toContain(e.request.requestId);
  });

  it.each(['requested', 'approved'] as const)('what is %s is over, and can never be granted', async (state) => {
    const e = await b.elevation(state);
    expect(await run(e)).toMatchObject({ way: 'direct', gone: true });
    expect(await b.armable(e)).toBe('fenced');
    expect(await b.view(e)).toMatchObject({ state: 'closed', outcome: 'revoked' });
  });

  it('a Mac that says nothing is not called gone, however long it is waited for', async () => {
    const e = await b.elevation('active');
    b.macs.silent.add(e.request.target.serial);
    const result = await run(e, { waitMs: 30_000 });
    expect(result).toMatchObject({ way: 'direct', gone: false, problem: expect.stringContaining('silent') });
    expect(await b.view(e)).toMatchObject({ state: 'ending' });
  });

  it('a process without the MDM’s settings has fenced it off before it says so', async () => {
    const e = await b.elevation('active');
    const bare = askStore(b.store, { clock: b.clock });
    const result = await run(e, { ask: bare, waitMs: 30_000 });
    expect(result).toMatchObject({ gone: false, problem: expect.stringContaining('settings of the MDM') });
    expect(await b.armable(e)).toBe('fenced');
  });
});

it('what is over is left alone, and said', async () => {
  const e = await b.elevation('active');
  await run(e, { waitMs: 60_000 });
  b.temporal.told.length = 0;
  const again = await run(e);
  expect(again).toMatchObject({ way: 'none', gone: true });
  expect(again.problem).toBeUndefined();
  expect(b.temporal.told).toEqual([]);
});

it('a store that fails in the middle is one sentence of one elevation', async () => {
  const e = await b.elevation('requested');
  const broken: Ask = (question) => (question.ask === 'fence-off' ? Promise.reject(new Error('lost')) : ask(question));
  expect(await run(e, { ask: broken })).toMatchObject({ gone: false, problem: expect.stringContaining('lost') });
});

describe('the choice', () => {
  it('is of one by id or its beginning, of a person, of a target, or all; the over ones are in none but the first', async () => {
    const ids = async (choice: object) =>
      (await ask<readonly Revocable[]>({ ask: 'revocable', ...choice })).map(({ requestId }) => requestId);
    const [mine, waits, over] = [
      await b.elevation('active', { subject: someone('linus') }),
      await b.elevation('requested', { subject: someone('linus') }),
      await b.elevation('requested', { subject: someone('linus') }),
    ].map((e) => e);
    if (!mine || !waits || !over) throw new Error('no elevations');
    await run(over);
    const { requestId, target } = mine.request;
    expect((await ids({ personId: 'linus' })).sort()).toEqual([requestId, waits.request.requestId].sort());
    expect(await ids({ targetKey: target.key })).toEqual([requestId]);
    expect(await ids({ id: requestId.slice(0, 8) })).toEqual([requestId]);
    expect(await ids({ id: over.request.requestId })).toEqual([over.request.requestId]);
    const all = await ids({});
    expect(all).toContain(requestId);
    expect(all).not.toContain(over.request.requestId);
    await expect(ids({ id: 'zzzzzzzz' })).rejects.toMatchObject({ code: 'unknown-request' });
  });

  it('holds a grant that the read model calls closed, or knows nothing of', async () => {
    const closed = await b.elevation('active');
    await b.store.ledger.append([closed.event('closed', { outcome: 'failed' }, { at: instant(b.clock()) })]);
    const all = await ask<readonly Revocable[]>({ ask: 'revocable', targetKey: closed.request.target.key });
    expect(all).toMatchObject([{ requestId: closed.request.requestId, state: 'closed' }]);
    b.temporal.state = 'empty';
    expect(await run(closed)).toMatchObject({ way: 'direct', gone: true });
    expect(b.macs.admins.has(closed.request.target.serial)).toBe(false);
  });
});
