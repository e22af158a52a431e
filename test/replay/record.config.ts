/**
 * How the committed histories are made: `npx vitest run --config test/replay/record.config.ts`. Not part of any test
 * run. Run it after a change of the workflows that no recorded run needs to survive (before a release), and add to the
 * histories of released versions instead of replacing them.
 */
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    pool: 'forks',
    include: ['test/replay/record.ts'],
    globalSetup: ['test/workflows/server.ts'],
    testTimeout: 120_000,
    hookTimeout: 60_000,
    maxConcurrency: 4,
  },
});
