/** A command that opens PostgreSQL from a computer whose clock is wrong: what it records is dated by the store's clock. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { justTheClock, withStore } from '../../cli/ask.js';
import type { Frozen } from '../../contract/ports.js';
import { havePostgres, type PostgresServer, startPostgres } from '../ledger/postgres.js';

const HOUR = 3_600_000;
const real = Date.now;

describe.runIf(havePostgres())('on PostgreSQL', () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres();
  }, 60_000);
  afterAll(() => server.remove());

  it.each([HOUR, -HOUR])(
    'a freeze from a computer that is off by %i ms is dated right, and the clock is complained of',
    async (ms) => {
      const said: string[] = [];
      vi.stubEnv('DATABASE_URL', await server.database());
      vi.spyOn(process.stderr, 'write').mockImplementation((line) => said.push(String(line)) > 0);
      vi.spyOn(Date, 'now').mockImplementation(() => real() + ms);
      try {
        const order = { ask: 'freeze', operator: 'ops', reason: 'INC-417' } as const;
        const { frozen } = await withStore((ask) => ask<{ frozen: Frozen }>(order), justTheClock);
        expect(Math.abs(Date.parse(frozen.since) - real())).toBeLessThan(20_000);
        expect(said.join('')).toMatch(/3600\.\d s (ahead of|behind) the store's.*NTP/);
      } finally {
        vi.restoreAllMocks();
        vi.unstubAllEnvs();
      }
    },
  );
});
