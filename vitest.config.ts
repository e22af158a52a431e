import { defineConfig } from 'vitest/config';
import { seedOfThisTree } from './test/seed.js';

const env = { STINT_SEED: String(seedOfThisTree()) };
const common = { pool: 'forks' as const, testTimeout: 60_000, hookTimeout: 120_000, env };

/**
 * Four layers: `fast` needs nothing, `temporal` a real dev server, `e2e` the whole product over real sockets, and `storm` all of the
 * machine. How many files run at once is for two cores. Those of `fast` use them, those of `temporal` wait for real time, so the
 * two are mixed, and a third file fills what they leave; two whole products wait most of the time, as people do.
 */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          ...common,
          name: 'fast',
          include: ['test/**/*.test.ts'],
          exclude: ['test/workflows/**', 'test/e2e/**'],
          setupFiles: ['test/properties.ts'],
          maxWorkers: 3,
        },
      },
      {
        test: {
          ...common,
          name: 'temporal',
          include: ['test/workflows/**/*.test.ts'],
          globalSetup: ['test/workflows/server.ts'],
          testTimeout: 120_000,
          maxWorkers: 3,
        },
      },
      {
        test: {
          ...common,
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          exclude: ['test/e2e/storm.test.ts'],
          testTimeout: 240_000,
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          ...common,
          name: 'storm',
          include: ['test/e2e/storm.test.ts'],
          testTimeout: 240_000,
          maxWorkers: 1,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
