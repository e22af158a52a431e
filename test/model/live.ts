/** Lives a sequence in a world of its own, and says which rules were broken. */
import fc from 'fast-check';
import { carryOut, type Step } from './steps.js';
import { type Setting, World } from './world.js';

export async function live(setting: Setting, path: readonly Step[]): Promise<readonly string[]> {
  const world = new World(setting);
  try {
    if (setting.standing) world.targets.standing.add('mac-admin/C02MODEL01');
    const before = new Set(world.targets.standing);
    for (const step of path) await carryOut(world, step);
    await world.finish(before);
    return world.rules.broken;
  } finally {
    world.close();
  }
}

export const settings: fc.Arbitrary<Setting> = fc.record({
  quorum: fc.constantFrom<1 | 2>(1, 1, 2),
  manner: fc.constantFrom<Setting['manner']>('claimed', 'called'),
  standing: fc.constantFrom(false, false, false, true),
});
