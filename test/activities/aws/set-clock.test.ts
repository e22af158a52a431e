/** Somebody sets the clock of the machine: what the driver remembers has its age by what passes, not by what the clock says. */
import { expect, test } from 'vitest';
import { instant } from '../../../contract/ids.js';
import { sceneOf } from './elevations.js';
import { calm, requestId, targetOf, times } from './rig.js';

const CALM = { lostBefore: 0, lostAfter: 0, throttled: 0, failed: 0, listLagMs: 0, workMs: 500 };

test.each([-3_600_000, 3_600_000])('set by %i ms: access that is there again is deleted anew, and proved gone', async (byMs) => {
  const { time, world, drivers } = sceneOf(1, CALM);
  const [driver] = drivers;
  if (!driver) throw new TypeError('no driver');
  const [id, target] = [requestId(), targetOf()];
  const end = async () => {
    await driver.revoke(id, target, calm());
    return driver.observe(id, target);
  };
  await time.run(driver.grant({ requestId: id, target, ...times(instant(time.now() + 10_000)) }, calm()));
  expect(await time.run(end())).toMatchObject({ access: 'absent' });
  time.set(byMs);
  world.foreign('add', target);
  await time.run(time.sleep(30_000));
  const from = time.steady();
  expect(await time.run(end())).toMatchObject({ access: 'absent' });
  expect(world.holds(target)).toBe(false);
  expect(time.steady() - from).toBeLessThan(5_000);
});
