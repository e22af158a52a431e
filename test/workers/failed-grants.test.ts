/** Grants that come to nothing are told to operators: each that failed, and a kind of target of which none works any more. */
import { CancelledFailure } from '@temporalio/common';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Alarm } from '../../contract/alarms.js';
import type { GrantDuties } from '../../contract/duties.js';
import { StintError } from '../../contract/errors.js';
import type { EventData } from '../../contract/events.js';
import { instant } from '../../contract/ids.js';
import type { Store } from '../../contract/ports.js';
import type { AwsPermissionSetTarget, Target } from '../../contract/request.js';
import { openStore } from '../../ledger/store.js';
import { withPulse } from '../../workers/grant-pulse.js';
import { createPulse } from '../../workers/pulse.js';
import { createWatch, type WatchDeps } from '../../workers/watch.js';
import { Elevation } from '../ledger/events.js';
import { keysOf } from './alarm-keys.js';
import { newMac } from './reconcile-bench.js';

const HOUR = 3_600_000;
const time = { now: Date.parse('2026-03-02T09:00:00.000Z') };
let store: Store;
beforeAll(async () => {
  store = await openStore({ memory: true, clock: () => time.now });
});
afterAll(() => store.close());
// What one test wrote is too old to be told in the next.
beforeEach(() => {
  time.now += 24 * HOUR;
});

const AWS: AwsPermissionSetTarget = {
  kind: 'aws-permission-set',
  key: 'aws/310018430001/ps-a0d1e2f3a4b5c602/94482488-3041-7005-b4c2-7f5e0c8d1a2b',
  instanceArn: 'arn:aws:sso:::instance/ssoins-5710d3a0a9e1b2c3',
  accountId: '310018430001',
  permissionSetArn: 'arn:aws:sso:::permissionSet/ssoins-5710d3a0a9e1b2c3/ps-a0d1e2f3a4b5c602',
  principalId: '94482488-3041-7005-b4c2-7f5e0c8d1a2b',
  accountName: 'payments-prod',
  setName: 'PowerUserAccess',
  display: 'PowerUserAccess in payments-prod',
  sessionMs: HOUR,
};

function bench(change: Partial<WatchDeps> = {}) {
  const said: Alarm[] = [];
  const failed: unknown[] = [];
  const watch = createWatch({
    store,
    alarms: { raise: (alarm) => void said.push(alarm) },
    pulse: createPulse(() => time.now),
    isPainted: async () => false,
    polls: async () => true,
    sweptAt: () => time.now,
    reconcile: async () => undefined,
    reconcileEveryMs: HOUR,
    clock: () => time.now,
    wait: async () => {},
    failed: (error) => void failed.push(error),
    ...change,
  });
  return { said, failed, tick: watch.tick, keys: () => keysOf(said) };
}

/** An elevation that was approved and came to nothing, `ago` from now. */
async function ended<T extends 'grant-failed' | 'start-missed'>(target: Target, type: T, data: EventData[T], ago = 0) {
  const e = new Elevation<Target>({ target });
  await store.ledger.append([e.requested(), e.approved(), e.armed(), e.event(type, data, { at: instant(time.now - ago) })]);
  return e.request.requestId;
}

describe('a grant that failed', () => {
  it('is told once, with whose it was, the code and the reason, and what to do', async () => {
    const b = bench();
    const reason = 'AWS could not give PowerUserAccess in payments-prod: role quota exceeded.';
    const id = await ended(AWS, 'grant-failed', { code: 'aws-failed', reason });
    await b.tick();
    await b.tick();
    expect(b.keys()).toEqual([`grant-failed/${id}#1`]);
    expect(b.said).toHaveLength(1);
    expect(b.said[0]).toMatchObject({ severity: 'warning', requestId: id, target: AWS.key });
    expect(b.said[0]?.sentence).toContain(`failed at ${instant(time.now)} with aws-failed: ${reason}`);
    expect(b.said[0]?.sentence).toContain(AWS.display);
    expect(b.said[0]?.todo).toContain('Mend what it names');
    // After a restart it is raised again under the same key: the alarms themselves know that it was said.
    const again = bench();
    await again.tick();
    expect(again.said).toEqual(b.said);
  });

  it('is told of a Mac too, and without a reason sends to the log', async () => {
    const b = bench();
    const id = await ended(newMac(), 'grant-failed', { code: 'mdm-rejected' });
    await b.tick();
    expect(b.keys()).toEqual([`grant-failed/${id}#1`]);
    expect(b.said[0]?.todo).toContain('the log of the worker');
  });

  it.each(['fenced', 'frozen', 'have-already'])('with %s is no fault, and is not told', async (code) => {
    const b = bench();
    await ended(AWS, 'grant-failed', { code });
    await b.tick();
    expect(b.said).toEqual([]);
  });

  it('is not told half a day later, and none is lost when the store fails in between', async () => {
    await ended(AWS, 'grant-failed', { code: 'aws-failed' }, 13 * HOUR);
    const id = await ended(AWS, 'grant-failed', { code: 'aws-rejected', reason: 'No right.' });
    let down = true;
    const find: Store['ledger']['find'] = (of) => (down ? Promise.reject(new Error('down')) : store.ledger.find(of));
    const b = bench({ store: { ...store, ledger: { ...store.ledger, find } } });
    await b.tick();
    expect([b.said, b.failed.length]).toEqual([[], 1]);
    down = false;
    await b.tick();
    expect(b.keys()).toEqual([`grant-failed/${id}#1`]);
  });
});

describe('an access that was not there by its start deadline', () => {
  it('is told of AWS, whoever noticed first, and not of a Mac, which may be asleep', async () => {
    const b = bench();
    await ended(newMac(), 'start-missed', {});
    await ended(newMac(), 'grant-failed', { code: 'too-late' });
    const byTimer = await ended(AWS, 'start-missed', {});
    const byAttempt = await ended(AWS, 'grant-failed', { code: 'too-late' });
    await b.tick();
    expect(b.keys()).toEqual([`start-missed/${byTimer}#1`, `start-missed/${byAttempt}#1`]);
    expect(b.said[0]?.sentence).toContain(AWS.display);
    expect(b.said[0]?.todo).toContain('stint doctor --only aws');
  });
});

describe('grants of which none works', () => {
  /** Every half minute for three minutes one grant of each of these, which end as they are told to. */
  async function granting(...each: readonly (readonly [Target, unknown])[]) {
    const pulse = createPulse(() => time.now);
    const b = bench({ pulse });
    for (let n = 0; n < 6; n++) {
      for (const [target, error] of each) {
        const grant: GrantDuties['grant'] = async () => {
          if (error !== undefined) throw error;
          return { sendBefore: instant(time.now) };
        };
        const { request } = new Elevation<Target>({ target });
        const order = { request, maxMs: HOUR, startBy: instant(time.now + HOUR) };
        const end = await withPulse({ grant }, pulse)
          .grant(order)
          .catch((thrown: unknown) => thrown);
        if (error !== undefined) expect(end).toBe(error);
      }
      time.now += 30_000;
      await b.tick();
    }
    return b;
  }

  it.each([
    ['aws-credentials', /Renew Stint's credentials/],
    ['aws-unavailable', /STINT_AWS_PROCESSES/],
  ] as const)('are told after two minutes with %s and its fix, though Macs are granted meanwhile', async (code, fix) => {
    const b = await granting([AWS, new StintError(code)], [newMac(), undefined]);
    expect(b.keys()).toEqual(['queue/stint-grant/aws-permission-set#1']);
    expect(b.said[0]?.sentence).toContain(code);
    expect(b.said[0]?.todo).toMatch(fix);
  });

  it('are told of a bug, too, by which every attempt fails', async () => {
    const b = await granting([newMac(), new TypeError('of ours')]);
    expect(b.keys()).toEqual(['queue/stint-grant/mac-admin#1']);
    expect(b.said[0]?.sentence).toContain('unforeseen');
  });

  it.each([
    ['refused for good', new StintError('aws-rejected')],
    ['called off', new CancelledFailure('withdrawn')],
    ['called off', new DOMException('withdrawn', 'AbortError')],
  ])('are not those that are %s: that is about one request', async (_, error) => {
    expect((await granting([AWS, error])).said).toEqual([]);
  });
});
