/** The gate of an entrance behind the limits: what they refuse never starts; what has begun is answered as before. */
import { expect, it } from 'vitest';
import { StintError } from '../../contract/errors.js';
import type { ElevationRow, Gate } from '../../contract/ports.js';
import type { ElevationRequest } from '../../contract/request.js';
import { limitedGate } from '../../workers/limit-gate.js';
import { requestOf } from '../fixtures/people.js';

const request = requestOf();
const reached = async () => Promise.reject(new StintError('limit-reached', 'Two are enough.'));
const actor = { personId: request.requester.personId };

function startWith(check: (request: ElevationRequest) => Promise<void>, row?: ElevationRow) {
  const started: ElevationRequest[] = [];
  const start: Gate['start'] = async (one) => {
    started.push(one);
    return 'started';
  };
  const gate = { start } as Gate;
  const asking = limitedGate(gate, check, { find: async () => row }).start(request, actor);
  return { asking, started };
}

it('what a limit refuses never starts, and is told why', async () => {
  const { asking, started } = startWith(reached);
  await expect(asking).rejects.toMatchObject({ code: 'limit-reached', sentence: 'Two are enough.' });
  expect(started).toEqual([]);
});

it('what is within the limits starts, and what has begun is answered whatever is reached by now', async () => {
  for (const { asking, started } of [startWith(async () => undefined), startWith(reached, {} as ElevationRow)]) {
    await expect(asking).resolves.toBe('started');
    expect(started).toEqual([request]);
  }
});
