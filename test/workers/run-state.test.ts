/** What each status of a Temporal run means: whether it is cancelled, counted on, or written off. The same for all who look. */
import { type Client, type WorkflowExecutionStatusName, WorkflowNotFoundError } from '@temporalio/client';
import { describe, expect, it } from 'vitest';
import { type Digest, instant, type RequestId } from '../../contract/ids.js';
import { createHand } from '../../workers/operator-hand.js';
import { createRuns } from '../../workers/orphans.js';
import { createCancel, type Heard, tellWorkflows } from '../../workers/untold.js';

const ID = 'r1' as RequestId;
type Status = WorkflowExecutionStatusName | 'absent' | 'down';

/** A Temporal with one run of this status; notes what it was told. */
function temporal(status: Status) {
  const told: string[] = [];
  const answer = async (what: string) => {
    if (status === 'down') throw new Error('nobody answers');
    if (status === 'absent') throw new WorkflowNotFoundError('no such run', ID, undefined);
    told.push(what);
  };
  const handle = {
    describe: async () => {
      await answer('look');
      return { status: { name: status } };
    },
    cancel: () => answer('cancel'),
    signal: (name: string) => answer(name),
  };
  const client = {
    workflow: { getHandle: () => handle },
    withDeadline: (_: number, call: () => Promise<unknown>) => call(),
  } as unknown as Client;
  return { client, told };
}

const seal = (() => ({})) as unknown as NonNullable<Parameters<typeof createHand>[0]['seal']>;

const OPEN: readonly (readonly [Status, Heard])[] = [
  ['RUNNING', 'sent'],
  ['PAUSED', 'kept'],
  // A later server's word, or none: it is told, and nobody counts on it.
  ['UNKNOWN', 'kept'],
  ['UNSPECIFIED', 'kept'],
];
const CLOSED: readonly Status[] = ['COMPLETED', 'FAILED', 'CANCELLED', 'TERMINATED', 'CONTINUED_AS_NEW', 'TIMED_OUT', 'absent'];

describe.each(OPEN)('a run that is %s', (status, heard) => {
  it(`is open, is cancelled, and whoever cancels hears that it was ${heard}`, async () => {
    const { client, told } = temporal(status);
    expect(await createRuns(client, Date.now)(ID)).toBe(true);
    expect(await createCancel(client, Date.now)(ID)).toBe(heard);
    expect(told).toContain('cancel');
  });

  it('hears the operator’s revoke, and the operator hears whether it acts', async () => {
    const { client, told } = temporal(status);
    const hand = createHand({ client, seal, clock: Date.now });
    expect(await hand.revoke(ID, 'd' as Digest)).toBe(heard);
    expect(told).toContain('revoke');
    expect(await hand.look(ID)).toBe(heard);
    expect(await createHand({ client, clock: Date.now }).revoke(ID, 'd' as Digest)).toBe(heard);
  });
});

it.each(CLOSED)('a run that is %s is over for everybody, and is told nothing', async (status) => {
  const { client, told } = temporal(status);
  expect(await createRuns(client, Date.now)(ID)).toBe(false);
  expect(await createCancel(client, Date.now)(ID)).toBe('over');
  expect(await createHand({ client, clock: Date.now }).look(ID)).toBe('over');
  expect(told).not.toContain('cancel');
});

it('a Temporal that is down says nothing of any run', async () => {
  const { client } = temporal('down');
  const unavailable = { code: 'temporal-unavailable' };
  await expect(createRuns(client, Date.now)(ID)).rejects.toMatchObject(unavailable);
  await expect(createCancel(client, Date.now)(ID)).rejects.toMatchObject(unavailable);
  await expect(createHand({ client, clock: Date.now }).look(ID)).rejects.toMatchObject(unavailable);
});

it.each([
  ['sent', false],
  ['kept', true],
  ['over', true],
] as const)('an end that its workflow heard as %s is told once; the card is drawn past it: %s', async (heard, drawn) => {
  let left = [{ requestId: ID, at: instant(0) }];
  const repaired: RequestId[] = [];
  const untold = {
    all: async () => left,
    put: async () => undefined,
    remove: async () => {
      left = [];
    },
  };
  await tellWorkflows({
    store: { untold, fence: { grant: async () => undefined } },
    cancel: async () => heard,
    repair: async (requestId) => void repaired.push(requestId),
    clock: Date.now,
    failed: (_, error) => {
      throw error;
    },
  });
  expect(left).toEqual([]);
  expect(repaired).toEqual(drawn ? [ID] : []);
});
