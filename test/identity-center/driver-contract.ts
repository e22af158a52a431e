/**
 * The second half of the contract: the same endpoint, account, set and person, through Stint's own driver with all that is
 * around it (catalogue, identity, budget). Nothing here knows whether a stand-in or AWS answers.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Aws, createAws } from '../../activities/targets/aws-permission-set/aws.js';
import { mayWorkLater } from '../../activities/targets/aws-permission-set/errors.js';
import type { AwsTarget } from '../../activities/targets/aws-permission-set/types.js';
import { instant, type RequestId } from '../../contract/ids.js';
import type { Observation } from '../../contract/ports.js';
import { type MarksDouble, memoryMarks } from '../activities/aws/marks.js';
import { type ContractFixture, type Desk, openDesk } from './contract-desk.js';

const NOBODY = '00000000-0000-4000-8000-000000000000';
const SEND_WITHIN_MS = 10_000;

/** Registers the driver's half for one endpoint. */
export function describeDriverContract(name: string, open: () => Promise<ContractFixture>): void {
  describe(`what the driver does, asked of ${name}`, { timeout: 600_000 }, () => {
    let hands: Hands;
    let desk: Desk | undefined;
    let fixture: ContractFixture | undefined;
    beforeAll(async () => {
      fixture = await open();
      desk = await openDesk(fixture);
      hands = createHands(fixture, desk);
    });
    afterAll(async () => {
      hands?.close();
      await desk?.clean();
      await fixture?.close();
    });

    it('finds account, set with its session length, and person in what it has read', async () => {
      const { catalogue, identity } = hands.first;
      const { target } = hands;
      expect(await catalogue.account(target.accountId)).toMatchObject({ id: target.accountId });
      const set = await catalogue.permissionSet(target.permissionSetArn);
      expect(set?.sessionMs).toBeGreaterThanOrEqual(3_600_000);
      expect(await identity.bound(target.principalId)).toMatchObject({ id: target.principalId });
    });

    it('takes nothing away for an elevation that never gave anything', async () => {
      const id = hands.newId();
      await hands.revoke(id);
      expect(await hands.first.driver.observe(id, hands.target)).toMatchObject({ access: 'absent' });
    });

    it('sends nothing at or after its last instant', async () => {
      const before = await hands.creates();
      const order = hands.order(hands.newId(), hands.target, 0);
      await expect(hands.first.driver.grant(order, never())).rejects.toMatchObject({ code: 'too-late' });
      expect(await hands.creates()).toBe(before);
    });

    it('gives nothing to an unknown person, and says why', async () => {
      const target = { ...hands.target, principalId: NOBODY, key: `${hands.target.key}/nobody` };
      const id = hands.newId();
      await expect(hands.grant(id, target)).rejects.toMatchObject({ retryable: false, sentence: expect.any(String) });
      await hands.until(id, 'absent', target);
    });

    it('gives once, proves it by the list, and is answered the same by another process', async () => {
      const id = hands.newId();
      const before = await hands.creates();
      await hands.grant(id);
      expect(await hands.until(id, 'present')).toMatchObject({ whose: 'ours' });
      expect(await desk?.listed()).toBe(1);
      await hands.second.driver.grant(hands.order(id, hands.target, SEND_WITHIN_MS), never());
      expect(await hands.creates()).toBe(before + 1);

      // Whoever has it already is told so, and nothing of theirs is taken: neither given twice nor removed.
      const other = hands.newId();
      await expect(hands.grant(other)).rejects.toMatchObject({ sentence: expect.stringMatching(/have .* already/) });
      await hands.revoke(other);
      expect(await hands.first.driver.observe(other, hands.target)).toMatchObject({ access: 'present', whose: 'standing' });

      await hands.revoke(id);
      await hands.until(id, 'absent');
      expect(await desk?.listed()).toBe(0);
    });

    it('goes on with a create whose process died, also when only AWS knows of it', async () => {
      const id = hands.newId();
      const before = await hands.creates();
      await hands.dyingGrant(id);
      await hands.forget(id);
      await hands.grant(id);
      expect(await hands.creates()).toBe(before + 1);
      await hands.revoke(id);
      await hands.until(id, 'absent');
    });

    it('takes back what is still being given', async () => {
      const id = hands.newId();
      await hands.dyingGrant(id);
      await hands.revoke(id);
      await hands.until(id, 'absent');
      expect(await desk?.listed()).toBe(0);
    });
  });
}

const never = (): AbortSignal => new AbortController().signal;
type Hands = ReturnType<typeof createHands>;

/** Two processes over one store, and what a caller around them does: try again what may work later. */
function createHands({ accountId, setArn, userId, deadlineMs, pollMs, ...where }: ContractFixture, desk: Desk) {
  const marks = memoryMarks();
  const { endpoint, region, perSecond = {} } = where;
  const processOf = (): Aws =>
    createAws({ settings: { region, endpoint }, instanceArn: desk.instanceArn, processes: 2, perSecond, marks });
  const [first, second] = [processOf(), processOf()];
  const names = { accountName: accountId, setName: setArn, display: `${setArn} in ${accountId}` };
  const ids = { instanceArn: desk.instanceArn, accountId, permissionSetArn: setArn, principalId: userId };
  const target: AwsTarget = { kind: 'aws-permission-set', ...ids, key: 'the contract', ...names, sessionMs: 3_600_000 };
  const order = (requestId: RequestId, of: AwsTarget, withinMs: number) => {
    const sendBefore = instant(Date.now() + withinMs);
    return { requestId, target: of, sendBefore, startBy: sendBefore, maxMs: 3_600_000 };
  };
  const pause = () => new Promise((resolve) => setTimeout(resolve, pollMs));
  const insist = async (work: () => Promise<void>): Promise<void> => {
    const end = Date.now() + deadlineMs;
    for (;;) {
      try {
        return await work();
      } catch (error) {
        if (!(mayWorkLater(error) || isTooLate(error)) || Date.now() >= end) throw error;
        await pause();
      }
    }
  };
  let count = 0;
  return {
    first,
    second,
    target,
    order,
    newId: () => `${'a'.repeat(25)}${'abcdefghijklmnopqrstuvwxyz'[count++]}` as RequestId,
    creates: async () => (await desk.creations()).length,
    grant: (id: RequestId, of = target) => insist(() => second.driver.grant(order(id, of, SEND_WITHIN_MS), never())),
    revoke: (id: RequestId) => insist(() => second.driver.revoke(id, target, never())),
    /** A grant by the first process, which dies as soon as AWS has taken the create. */
    async dyingGrant(id: RequestId) {
      const died = new AbortController();
      const said = (): void => died.abort(new Error('died'));
      await first.driver.grant(order(id, target, SEND_WITHIN_MS), died.signal, { said }).catch((error: unknown) => {
        if (!died.signal.aborted) throw error;
      });
    },
    forget: (id: RequestId) => forgetCreate(marks, id),
    /** What is seen in the end. */
    until: (id: RequestId, access: Observation['access'], of = target) =>
      expect
        .poll(() => second.driver.observe(id, of), { timeout: deadlineMs, interval: pollMs })
        .toMatchObject({ access })
        .then(() => second.driver.observe(id, of)),
    close() {
      first.close();
      second.close();
    },
  };
}

const isTooLate = (error: unknown): boolean => (error as { code?: unknown }).code === 'too-late';

/** As if the process had died before it could write down AWS' id of the create. */
async function forgetCreate(marks: MarksDouble, id: RequestId): Promise<void> {
  const read = marks.read;
  marks.read = async (requestId) => {
    const mark = await read(requestId);
    if (!mark || requestId !== id) return mark;
    const { create: _create, delete: _delete, ...look } = mark;
    return look;
  };
}
