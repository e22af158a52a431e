/** What a Mac is told while a freeze stands, and of an elevation whose end only the store knows. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Instant } from '../../../contract/ids.js';
import { askBody, type Bench, BOOT, createBench } from './bench.js';

let bench: Bench;
beforeEach(async () => {
  bench = await createBench();
});
afterEach(() => bench.close());

const FROZEN = { since: '2026-11-21T14:05:00.000Z' as Instant, operator: 'root', reason: 'INC-417' };
const begin = { localUser: 'ada', bootSession: BOOT };

describe('while Stint is frozen', () => {
  it('an ask is refused with who, since when and why, and starts nothing', async () => {
    bench.stops.frozen = FROZEN;
    const body = askBody();
    const refused = await bench.macs.ada.post('/device/v1/requests', body);
    expect(refused.status).toBe(423);
    expect(JSON.stringify(refused.body)).toContain('frozen since 2026-11-21 14:05 UTC by root: INC-417');
    expect(bench.gate.said).toEqual([]);
    bench.stops.frozen = undefined;
    expect((await bench.macs.ada.post('/device/v1/requests', body)).status).toBe(201);
  });

  it('a claim is refused, so that what was approved before does not begin now', async () => {
    const { requestId } = await bench.elevation({ state: 'granting' });
    bench.stops.frozen = FROZEN;
    const refused = await bench.macs.ada.post(`/device/v1/elevations/${requestId}/claim`, begin);
    expect(refused.status).toBe(423);
    expect(bench.gate.said).toEqual([]);
  });

  it('the end of one that runs goes through', async () => {
    const { requestId } = await bench.elevation({ state: 'active' });
    bench.stops.frozen = FROZEN;
    expect((await bench.macs.ada.post(`/device/v1/elevations/${requestId}/end`, {})).status).toBe(200);
  });
});

describe('of an elevation that was ended past its workflow', () => {
  it.each(['claim', 'confirm'] as const)('a %s is refused before the workflow, which may not know, is asked', async (what) => {
    const { requestId } = await bench.elevation({ state: 'granting' });
    bench.stops.ended.add(requestId);
    const refused = await bench.macs.ada.post(`/device/v1/elevations/${requestId}/${what}`, begin);
    expect(refused.status).toBe(409);
    expect(JSON.stringify(refused.body)).toContain('fenced');
    expect(bench.gate.said).toEqual([]);
  });
});
