/** Ending an elevation past its workflow: what stands in fence, ledger and list afterwards, whatever failed on the way. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { StintError } from '../../contract/errors.js';
import { instant, type RequestId } from '../../contract/ids.js';
import { fenceOff, proveEnded } from '../../workers/end-now.js';
import { tellWorkflows } from '../../workers/untold.js';
import { Elevation } from '../ledger/events.js';
import { type EndingBench, endingBench } from './ending-bench.js';

let b: EndingBench;
beforeAll(async () => {
  b = await endingBench();
});
afterAll(() => b.store.close());
beforeEach(async () => {
  b.temporal.state = 'up';
  b.temporal.told.length = 0;
  b.macs.revokeFails = undefined;
  for (const { requestId } of await b.store.untold.all()) await b.store.untold.remove(requestId);
});

const untold = async () => (await b.store.untold.all()).map(({ requestId }) => requestId);

describe('an end past the workflow', () => {
  it('of access that runs: fenced, recorded with its cause, seen gone, freed and cleared', async () => {
    const e = await b.elevation('active');
    const { requestId, target } = e.request;
    await fenceOff(b.deps, requestId, 'operator');
    expect(await b.view(e)).toMatchObject({ state: 'ending', outcome: 'revoked', revokeCause: 'operator' });
    expect(b.macs.admins.has(target.serial)).toBe(true);
    const proof = await proveEnded(b.deps, requestId, 'operator');
    expect(b.macs.admins.has(target.serial)).toBe(false);
    expect((await b.types(e)).slice(-2)).toEqual(['revoked', 'swept']);
    expect(await b.view(e)).toMatchObject({ state: 'closed', outcome: 'revoked', goneAt: proof.observedAt });
    expect(await b.store.fence.grant(requestId)).toMatchObject({ goneAt: proof.observedAt });
    expect(b.macs.cleared).toContain(target.serial);
    expect(await b.armable(e)).toBe('fenced');
  });

  it.each(['requested', 'approved'] as const)('of what is %s: closed at once, and nothing of it is ever armed', async (state) => {
    const e = await b.elevation(state);
    const row = await fenceOff(b.deps, e.request.requestId, 'operator');
    expect(row.goneAt).toBe(row.endedAt);
    expect(await b.view(e)).toMatchObject({ state: 'closed', outcome: 'revoked', revokeCause: 'operator' });
    expect(await b.armable(e)).toBe('fenced');
    expect(await b.store.fence.live(e.request.target.key)).toBeUndefined();
  });

  it('of what waits for its Mac waits until no grant call can land any more', async () => {
    const e = await b.elevation('granting');
    const from = b.clock();
    await fenceOff(b.deps, e.request.requestId, 'operator');
    await expect(proveEnded(b.deps, e.request.requestId, 'operator')).rejects.toMatchObject({ code: 'not-gone' });
    const patient = { ...b.deps, watchMs: 30_000 };
    const proof = await proveEnded(patient, e.request.requestId, 'operator');
    expect(Date.parse(proof.observedAt) - from).toBeGreaterThan(10_000);
    expect(await b.view(e)).toMatchObject({ state: 'closed', outcome: 'revoked' });
  });

  it('that cannot be proved says so, keeps the target taken, and goes on where it stopped', async () => {
    const e = await b.elevation('active');
    const { requestId, target } = e.request;
    b.macs.silent.add(target.serial);
    await fenceOff(b.deps, requestId, 'operator');
    await expect(proveEnded(b.deps, requestId, 'operator')).rejects.toMatchObject({ code: 'not-gone' });
    expect(await b.view(e)).toMatchObject({ state: 'ending' });
    expect(await b.store.fence.live(target.key)).toMatchObject({ requestId });
    expect(await b.store.fence.overdue(instant(b.clock() + 1))).toContainEqual(expect.objectContaining({ requestId }));
    b.macs.silent.delete(target.serial);
    await proveEnded(b.deps, requestId, 'operator');
    expect(await b.view(e)).toMatchObject({ state: 'closed', outcome: 'revoked' });
  });

  it('twice, also of two processes at the same moment, is recorded once and has one proof', async () => {
    const e = await b.elevation('active');
    const { requestId } = e.request;
    await Promise.all([fenceOff(b.deps, requestId, 'operator'), fenceOff(b.deps, requestId, 'operator')]);
    await fenceOff(b.deps, requestId, 'operator');
    const first = await proveEnded(b.deps, requestId, 'operator');
    expect((await proveEnded(b.deps, requestId, 'operator')).observedAt).toBe(first.observedAt);
    await fenceOff(b.deps, requestId, 'left');
    const types = await b.types(e);
    expect(types.filter((type) => type === 'revoked')).toHaveLength(1);
    expect(types.filter((type) => type === 'swept')).toHaveLength(1);
  });

  it('whose entry cannot be written does not call it gone, so that the entry is not lost', async () => {
    const e = await b.elevation('active');
    const { requestId } = e.request;
    await fenceOff(b.deps, requestId, 'operator');
    const ledger = { ...b.store.ledger, append: () => Promise.reject(new StintError('store-unavailable')) };
    const broken = { ...b.deps, store: { ...b.store, ledger } };
    await expect(proveEnded(broken, requestId, 'operator')).rejects.toMatchObject({ code: 'store-unavailable' });
    expect((await b.store.fence.grant(requestId))?.goneAt).toBeUndefined();
    await proveEnded(b.deps, requestId, 'operator');
    expect(await b.types(e)).toContain('swept');
  });

  it('does not hide another end that was first', async () => {
    const e = await b.elevation('active');
    const { requestId } = e.request;
    await b.store.ledger.append([e.event('expired', {}, { at: instant(b.clock()) })]);
    await fenceOff(b.deps, requestId, 'operator');
    await proveEnded(b.deps, requestId, 'operator');
    expect(await b.view(e)).toMatchObject({ state: 'closed', outcome: 'expired' });
    expect(await b.types(e)).not.toContain('revoked');
  });

  it('of something unknown changes nothing', async () => {
    const nobody = new Elevation().request.requestId;
    await expect(fenceOff(b.deps, nobody, 'operator')).rejects.toMatchObject({ code: 'unknown-request' });
    expect(await b.store.fence.grant(nobody)).toBeUndefined();
  });

  it('is not proved of what nobody fenced off', async () => {
    const e = await b.elevation('active');
    await expect(proveEnded(b.deps, e.request.requestId, 'operator')).rejects.toMatchObject({ code: 'state-conflict' });
    expect(b.macs.admins.has(e.request.target.serial)).toBe(true);
  });
});

describe('a workflow that slept through its end', () => {
  const repaired: RequestId[] = [];
  const failed: RequestId[] = [];
  const round = (repair: (requestId: RequestId) => Promise<void> = async (id) => void repaired.push(id)) =>
    tellWorkflows({
      store: b.store,
      cancel: (requestId) => b.temporal.call('cancel', requestId),
      repair,
      clock: b.clock,
      failed: (requestId) => failed.push(requestId),
    });
  beforeEach(() => {
    repaired.length = 0;
    failed.length = 0;
  });

  it('is told as soon as Temporal is back, and not again', async () => {
    const [one, two] = [await b.elevation('active'), await b.elevation('requested')];
    b.temporal.state = 'down';
    for (const e of [one, two]) await fenceOff(b.deps, e.request.requestId, 'operator');
    await round();
    expect(await untold()).toHaveLength(2);
    expect(failed).toHaveLength(1); // the second was not even tried
    b.temporal.state = 'up';
    await round();
    await round();
    expect([...b.temporal.told].sort()).toEqual([one, two].map((e) => `cancel ${e.request.requestId}`).sort());
    expect(await untold()).toEqual([]);
    expect(repaired).toEqual([]);
  });

  it('and is not there any more has its card drawn again; a Slack that is down is waited for, for a day', async () => {
    const e = await b.elevation('requested');
    b.temporal.state = 'empty';
    await fenceOff(b.deps, e.request.requestId, 'operator');
    const slackDown = () => Promise.reject(new StintError('slack-unavailable'));
    await round(slackDown);
    expect(await untold()).toEqual([e.request.requestId]);
    await round();
    expect(repaired).toEqual([e.request.requestId]);
    expect(await untold()).toEqual([]);
    const other = await b.elevation('requested');
    await fenceOff(b.deps, other.request.requestId, 'operator');
    b.advance(25 * 3_600_000);
    await round(slackDown);
    expect(await untold()).toEqual([]);
  });
});
