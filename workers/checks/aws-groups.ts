/**
 * Whether Stint may see who is in a group. Without it everything else works, and nobody who has what they ask for through a
 * group is told so: nothing but this row would show it.
 */
import type { Sdk } from '../../activities/targets/aws-permission-set/clients.js';
import { classOfError } from '../../activities/targets/aws-permission-set/errors.js';
import { createGroupCalls } from '../../activities/targets/aws-permission-set/groups.js';
import type { Say } from './check.js';

/** AWS looks at the right before it looks for the group: of one that there is not, it says so only to who may ask. */
const NO_ID = '00000000-0000-0000-0000-000000000000';

/** Says which of the two rights is refused. What fails otherwise (AWS does not answer) is in other rows. */
export async function examineGroups(sdk: Sdk, identityStoreId: string, say: Say, signal: AbortSignal): Promise<void> {
  const calls = createGroupCalls(sdk, async () => identityStoreId);
  const how = { rank: 'background', signal } as const;
  const asked: readonly (readonly [string, Promise<unknown>])[] = [
    ['identitystore:IsMemberInGroups', calls.of(NO_ID, [NO_ID], how)],
    ['identitystore:DescribeGroup', calls.name(NO_ID, how)],
  ];
  const answers = await Promise.all(asked.map(async ([right, answer]) => ({ right, said: await classOf(answer) })));
  const lacking = answers.filter(({ said }) => said === 'denied').map(({ right }) => right);
  if (lacking.length === 0) {
    if (answers.every(({ said }) => said === undefined || said === 'not-found'))
      say.ok('groups', 'who has something through a group is told so');
    return;
  }
  const found = `${lacking.join(' and ')} refused: who has something through a group is not told so, or not through which`;
  say.warn('groups', found, 'Give Stint’s role the rights of docs/aws.md.');
}

/** The class of the error that an answer of AWS is; undefined when it is none. */
export async function classOf(answer: Promise<unknown>): Promise<string | undefined> {
  try {
    await answer;
    return undefined;
  } catch (error) {
    return classOfError(error) ?? 'lost';
  }
}
