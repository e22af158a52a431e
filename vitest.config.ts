import { defineConfig } from 'vitest/config';
import { seedOfThisTree } from './test/seed.js';

const env = { STINT_SEED: String(seedOfThisTree()) };
const common = { pool: 'forks' as const, testTimeout: 60_000, hookTimeout: 120_000, env };

/**
 * Four layers: `fast` needs nothing, `temporal` a real dev server, `e2e` the whole product over real sockets, and `storm` all of
 * the machine. `e2e` waits most of the time, as people do, so two files of it run at once.
 */
export default defineConfig({
  test: {
    maxWorkers: 2,
    projects: [
      {
        test: {
          ...common,
          name: 'fast',
          include: ['test/**/*.test.ts'],
          exclude: ['test/workflows/**', 'test/e2e/**'],
          setupFiles: ['test/properties.ts'],
        },
      },
      {
        test: {
          ...common,
          name: 'temporal',
          include: ['test/workflows/**/*.test.ts'],
          globalSetup: ['test/workflows/server.ts'],
          testTimeout: 120_000,
        },
      },
      {
        test: {
          ...common,
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          exclude: ['test/e2e/storm.test.ts'],
          testTimeout: 240_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          ...common,
          name: 'storm',
          include: ['test/e2e/storm.test.ts'],
          testTimeout: 240_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
