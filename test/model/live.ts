/** Lives a sequence in a world of its own, and says which rules were broken. `met`: told what came about in it. */
import fc from 'fast-check';
import { asks, rules } from './rule.js';
import { carryOut, type Step } from './steps.js';
import { type Setting, World } from './world.js';

export async function live(
  setting: Setting,
  path: readonly Step[],
  met: (what: string) => void = () => {},
): Promise<readonly string[]> {
  const world = new World(setting);
  try {
    if (setting.standing) world.targets.standing.add('mac-admin/C02MODEL01');
    const before = new Set(world.targets.standing);
    for (const step of path) await carryOut(world, step);
    await world.finish(before);
    world.rules.met.forEach(met);
    return world.rules.broken;
  } finally {
    world.close();
  }
}

export const settings: fc.Arbitrary<Setting> = fc.record({
  rule: rules,
  asks,
  reviewer: fc.constantFrom(undefined, 'grace', 'linus', 'mallory', 'ada'),
  manner: fc.constantFrom<Setting['manner']>('claimed', 'called'),
  standing: fc.constantFrom(false, false, false, true),
});
