/** For `npm run mutation`: the tests of the policy and of the state table that start no server and no process. */
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** These search long: a mutant is done with at the first test that finds it, so those that are quick come first. */
const LAST = [
  'policy/conditions',
  'policy/aws-classes',
  'policy/calendar',
  'policy/load',
  'policy/examples',
  'policy/diff',
  'policy/explain',
];

class QuickFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => LAST.findIndex((name) => moduleId.includes(name));
    return [...files].sort((a, b) => rank(a) - rank(b) || a.moduleId.localeCompare(b.moduleId));
  }
}

/** They go through the stand-ins of AWS and Slack. */
const STAND_INS = 'test/policy/aws-{bad-input,facts,groups,who}.test.ts';
const EXPLAINS = 'test/policy/{explain,diff,examples}.test.ts';

export default defineConfig({
  test: {
    include: ['test/policy/*.test.ts', 'test/contract/*.test.ts'],
    exclude: [STAND_INS, ...(process.env.STINT_MUTATION_EXPLAINS ? [] : [EXPLAINS])],
    setupFiles: ['test/properties.ts', 'test/mutation-setup.ts'],
    testTimeout: 60_000,
    // One seed for all mutants: which of them survive must not depend on the commit.
    env: { STINT_SEED: '1' },
    sequence: { sequencer: QuickFirst },
    maxWorkers: 1,
    // Loading each file's modules anew would take longer than its tests. A mutant has a worker of its own all the same.
    isolate: false,
  },
});
