/** What a Mac tells of its end lets the revokes of others leave first; what it needs in order to end does not wait. */
import { expect, it } from 'vitest';
import { until } from '../../tooling/processes.js';
import { createBench, reportBody } from './bench.js';

it('reports and logs wait until the revokes have left, orders do not', async () => {
  let waiting = 0;
  let pass = () => {};
  const revokes = new Promise<void>((resolve) => {
    pass = resolve;
  });
  const bench = await createBench({
    afterRevokes: async () => {
      waiting += 1;
      await revokes;
    },
  });
  try {
    const { ada } = bench.macs;
    const answered: string[] = [];
    const report = ada.post('/device/v1/report', reportBody(undefined, false)).then((reply) => {
      answered.push('report');
      return reply;
    });
    const log = ada.post('/device/v1/elevations/none/log', {}).then(() => answered.push('log'));
    await until('both wait', () => waiting === 2);
    const orders = await ada.get('/device/v1/orders?wait=0');
    expect([orders.status, answered]).toEqual([200, []]);
    pass();
    expect((await report).status).toBe(200);
    await log;
    expect(answered).toHaveLength(2);
  } finally {
    pass();
    await bench.close();
  }
});
