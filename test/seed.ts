/**
 * One seed for everything that searches at random: the model, the storm, each property. It follows from what is committed, so
 * a commit that passed passes again, and each change of the code searches elsewhere. `STINT_SEED` repeats or changes it.
 */
import { execFileSync } from 'node:child_process';
import { createHash, randomInt } from 'node:crypto';

/** A whole number below 2^28. Random where there is no git checkout. */
export function seedOfThisTree(env: NodeJS.ProcessEnv = process.env): number {
  if (env.STINT_SEED) return Number(env.STINT_SEED);
  try {
    const tree = execFileSync('git', ['ls-tree', 'HEAD'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    // What people read, and how the gate runs, changes no search.
    const code = tree.split('\n').filter((line) => !/\t(docs|\..*|.*\.md)$/.test(line));
    return Number.parseInt(createHash('sha256').update(code.join('\n')).digest('hex').slice(0, 7), 16);
  } catch {
    return randomInt(2 ** 28);
  }
}
