/** What somebody has through a group is told when they ask for it; what can't be looked up keeps nobody from asking. */
import { afterEach, expect, it } from 'vitest';
import type { Grant } from '../../contract/ports.js';
import { EXAMPLE } from '../../sim/identity-center/index.js';
import { type AwsWorld, awsWorld, GRACE, LINUS } from './aws-world.js';

let world: AwsWorld;
afterEach(() => world.close());

/** The operators have it, and Linus is one of them. */
const PAIR = { accountId: EXAMPLE.production, setArn: EXAMPLE.readOnly };
const KEY = `aws/${EXAMPLE.production}/ps-3333cccc4444dddd`;
const asked = (operation: string) => world.rig.aws.truth.calls(operation).length;

it('is told when it is asked for, with the group, and no more once they are out of it', async () => {
  world = await awsWorld();
  await expect(world.facts.pin(GRACE, KEY)).resolves.toMatchObject({ principalId: EXAMPLE.grace });
  await expect(world.facts.pin(LINUS, KEY)).rejects.toMatchObject({
    code: 'have-already',
    sentence: expect.stringMatching(
      /^You have ReadOnly in production already, through the group operators, and not from Stint\. /,
    ),
  });
  world.rig.aws.sync.setMember(EXAMPLE.operators, EXAMPLE.linus, false);
  await expect(world.facts.pin(LINUS, KEY)).resolves.toMatchObject({ principalId: EXAMPLE.linus });
});

it.each(['denied', 'throttle', '500', 'down'] as const)('is not told where AWS can’t say it (%s): they go on', async (kind) => {
  world = await awsWorld();
  world.rig.aws.faults.add({ kind, operation: 'IsMemberInGroups' });
  await expect(world.facts.pin(LINUS, KEY)).resolves.toMatchObject({ principalId: EXAMPLE.linus });
  expect(asked('IsMemberInGroups')).toBe(1);
});

it('is not asked about for who has it from us at this time: whoever knows that elevation tells it', async () => {
  world = await awsWorld();
  world.live = { targetKey: 'held' } as Grant;
  world.rig.aws.sync.add({ ...PAIR, principalType: 'USER', principalId: EXAMPLE.linus });
  await expect(world.facts.pin(LINUS, KEY)).resolves.toMatchObject({ principalId: EXAMPLE.linus });
  expect(asked('IsMemberInGroups')).toBe(0);
});
