/** For `npm run mutation`: the tests of the policy and of the state table that start no server and no process. */
import { defineConfig } from 'vitest/config';

/** They go through the stand-ins of AWS and Slack. */
const STAND_INS = 'test/policy/aws-{bad-input,facts,groups,who}.test.ts';

export default defineConfig({
  test: {
    include: ['test/policy/*.test.ts', 'test/contract/*.test.ts'],
    exclude: [STAND_INS],
    setupFiles: ['test/properties.ts', 'test/mutation-setup.ts'],
    testTimeout: 60_000,
    // One seed for all mutants: which of them survive must not depend on the commit.
    env: { STINT_SEED: '1' },
    maxWorkers: 1,
    // Loading each file's modules anew would take longer than its tests. A mutant has a worker of its own all the same.
    isolate: false,
  },
});
