/** What goes wrong in AWS really goes wrong there, and is over in the calm. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Cloud, startCloud } from '../far/cloud.js';
import { PAIRS } from '../far/organisation.js';
import { createNotebook } from '../notebook.js';
import { AWS_FAULTS, type FaultKind } from '../plan.js';
import { makeWorld } from '../world.js';
import { cloudFault } from './cloud-faults.js';

const world = makeWorld(5);
let cloud: Cloud;
beforeEach(async () => {
  cloud = await startCloud(world, 1);
});
afterEach(() => cloud.close());

const strike = (kind: FaultKind, whom = 0.3, times = 2) =>
  cloudFault({ cloud, notebook: createNotebook(), over: AbortSignal.abort() }, { kind, afterMs: 0, whom, ms: 7000, times });
const state = () => JSON.stringify([cloud.aws.faults.list(), cloud.aws.settings]);
const people = ({ aws } = cloud) => JSON.stringify([[...aws.world.users.keys()], aws.world.listed(Date.now())]);

describe('what goes wrong in AWS', () => {
  it.each(AWS_FAULTS.filter((kind) => kind !== 'aws-down'))(
    '%s changes something, and in the calm AWS is as before',
    async (kind) => {
      const [before, had] = [state(), people()];
      await strike(kind);
      expect([state(), people()]).not.toEqual([before, had]);
      cloud.calm();
      expect(state()).toBe(before);
    },
  );

  it('takes away what a call gave, and says that nobody has it by us any more', async () => {
    const [asker] = world.askers;
    const [pair] = PAIRS.slice(8);
    if (!asker || !pair) throw new Error('nobody asks, or for nothing');
    const principalId = cloud.userOf(asker.id) ?? '';
    cloud.aws.world.add({ ...pair, principalType: 'USER', principalId }, Date.now(), { by: 'call', requestId: 'c' });
    expect(cloud.holds(asker.id, pair)).toBe(true);
    await strike('aws-other-hands', 0, 1);
    expect(cloud.holds(asker.id, pair)).toBe(false);
  });

  it('deletes a few users at most: the others are needed', async () => {
    for (const share of [0.1, 0.4, 0.7]) await strike('aws-user-deleted', share);
    await expect(strike('aws-user-deleted')).rejects.toThrow('enough people have left');
    expect(world.askers.filter(({ id }) => cloud.userOf(id) === undefined)).toHaveLength(3);
  });
});
