/** What a process says of its health. */
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { StintError } from '../../contract/errors.js';
import { serveHealth } from '../../workers/health.js';

async function asked(
  check: () => Promise<void>,
): Promise<{ readonly status: number; readonly body: unknown; readonly address: string }> {
  const app = await serveHealth(0, check);
  const { port, address } = app.server.address() as AddressInfo;
  try {
    const response = await fetch(`http://127.0.0.1:${port}/healthz`);
    return { status: response.status, body: await response.json(), address };
  } finally {
    await app.close();
  }
}

describe('health', () => {
  it('is 200 while the check passes, on loopback only', async () => {
    expect(await asked(async () => undefined)).toEqual({ status: 200, body: { ok: true }, address: '127.0.0.1' });
  });

  it('is 503 with the sentence when it does not', async () => {
    const answer = await asked(async () => {
      throw new StintError('store-unavailable', 'The database cannot be reached.');
    });
    expect(answer).toMatchObject({ status: 503, body: { ok: false, why: 'The database cannot be reached.' } });
  });

  it('tells nothing of an error that is not ours', async () => {
    const answer = await asked(async () => {
      throw new Error('password "hunter2" rejected by db.internal');
    });
    expect(answer).toMatchObject({ status: 503, body: { ok: false, why: 'the check failed' } });
  });

  it('is 503 when the check hangs', async () => {
    expect(await asked(() => new Promise(() => undefined))).toMatchObject({ status: 503 });
  });
});
