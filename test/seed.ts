/**
 * One seed for everything that searches at random: the model, the storm, each property. It follows from what is committed, so
 * a commit that passed passes again, and every other commit searches elsewhere. `STINT_SEED` repeats or changes it.
 */
import { execFileSync } from 'node:child_process';
import { randomInt } from 'node:crypto';

/** A whole number below 2^31. Random where there is no git checkout. */
export function seedOfThisTree(env: NodeJS.ProcessEnv = process.env): number {
  if (env.STINT_SEED) return Number(env.STINT_SEED);
  try {
    const tree = execFileSync('git', ['rev-parse', 'HEAD^{tree}'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    return Number.parseInt(tree.slice(0, 7), 16);
  } catch {
    return randomInt(2 ** 28);
  }
}
