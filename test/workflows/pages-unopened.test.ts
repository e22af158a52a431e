/**
 * A page is turned in one step: what nobody has opened yet goes with it, and where that is too much the story goes on
 * with all its clocks. So no deadline and no revoke waits for a page, whatever the check of seals does.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { instant, msOf } from '../../contract/ids.js';
import { ada, grace, linus, POLICY } from '../fixtures/people.js';
import { type Asked, type Harness, startHarness, until } from './harness.js';
import { startPagingServer } from './server.js';

/** Time is not skipped while an activity hangs, so the windows of these tests are real ones. */
const WINDOW = 20_000;
const LONGER = 10 * 60_000;
const SHORT = POLICY.replace('before: 5m, minWindow: 5m', 'before: 5s, minWindow: 5s').replace('[5m,', '[20s, 5m,');
/** What the next page is handed over at most, and what Temporal takes. */
const INPUT_MAX = 1_000_000;
/** Far from a wait for the check of seals, and room for a machine at work. */
const ON_TIME_MS = 5_000;
let server: Awaited<ReturnType<typeof startPagingServer>>;
let h: Harness;
beforeAll(async () => {
  server = await startPagingServer(45);
  h = await startHarness(server.address, { policy: SHORT });
});
afterAll(async () => {
  await h?.close();
  await server?.stop();
});

async function activate(e: Asked): Promise<void> {
  await e.approve(grace, WINDOW);
  await e.in('granting');
  // A call that meets the turn of a page gets an error that says "again", and a Mac repeats it.
  await until(async () => (await e.claim()).ok, 'the claim');
  await until(async () => (await e.confirm()).ok, 'the confirmation');
  await e.in('active');
}

/** Signals that are no messages, until the run has turned its page; answers how many. */
async function turnPage(e: Asked): Promise<number> {
  const before = await e.runId();
  let sent = 0;
  await until(async () => {
    await e.handle.signal('nonsense', { n: sent });
    sent += 1;
    return (await e.runId()) !== before;
  }, 'the next page');
  return sent;
}

/** How late the first revoke call of a window that ends by itself was, in milliseconds. */
async function revokedLate(e: Asked): Promise<number> {
  const { deadlineAt } = await e.sees((view) => view.deadlineAt, 'the deadline');
  await until(async () => e.calls('revoke'), 'the revoke at the deadline', WINDOW + 15_000);
  const [first] = h.mac.calls.filter(({ what, requestId }) => what === 'revoke' && requestId === e.requestId);
  return (first?.at ?? Number.POSITIVE_INFINITY) - msOf(deadlineAt ?? instant(0));
}

const refused = async (e: Asked) => (await e.view())?.refusals ?? 0;

/** Bytes of what the largest page of an elevation was handed over. */
async function largestInput(e: Asked): Promise<number> {
  const startOf = async (run: string) => {
    const { events } = await h.client.workflow.getHandle(e.workflowId, run).fetchHistory();
    return events?.[0]?.workflowExecutionStartedEventAttributes;
  };
  let bytes = 0;
  for (let run = await e.runId(); run; ) {
    const started = await startOf(run);
    const sizes = (started?.input?.payloads ?? []).map(({ data }) => data?.length ?? 0);
    bytes = Math.max(bytes, ...sizes);
    run = started?.continuedExecutionRunId ?? '';
  }
  return bytes;
}

describe.concurrent('while no seal can be checked', () => {
  test('a page turns all the same: the deadline rings on time, and what waited is checked once, afterwards', async () => {
    const e = await h.ask({ windowMs: WINDOW });
    await activate(e);
    const before = await refused(e);
    e.trouble.sealsHang = true;
    const sent = await turnPage(e);
    expect(await revokedLate(e)).toBeLessThan(ON_TIME_MS);
    await e.in('collecting');
    expect([e.isAdmin, await refused(e)]).toEqual([false, before]);
    e.trouble.sealsHang = false;
    await e.sees((view) => view.refusals >= before + sent, 'what waited, refused');
    expect(await e.finish()).toBe('expired');
    const written = (await h.store.ledger.timeline(e.requestId)).filter((event) => event.type === 'refused');
    expect(written).toHaveLength(before + sent);
  });

  test('a revoke from before the turn is obeyed once it can be, and before the junk that came first', async () => {
    const e = await h.ask({ windowMs: WINDOW });
    await activate(e);
    const before = await refused(e);
    e.trouble.sealsHang = true;
    await e.handle.signal('nonsense', {});
    await e.revoke(linus);
    const sent = 1 + (await turnPage(e));
    expect((await e.in('active')).refusals).toBe(before);
    e.trouble.sealsHang = false;
    await until(async () => e.calls('revoke'), 'the revoke');
    expect(await e.finish()).toBe('revoked');
    expect((await h.store.ledger.find(e.requestId))?.view).toMatchObject({ outcome: 'revoked', refusals: before + sent });
  });

  test('a page does not turn with more than the next can take over; deadlines ring in it, and nothing is lost', async () => {
    const e = await h.ask({ windowMs: WINDOW });
    await activate(e);
    const before = await refused(e);
    e.trouble.sealsHang = true;
    // While only some of it has come the next run can take it over, and the page may turn: then the rest fills the next one.
    const junk = () => Promise.all(Array.from({ length: 60 }, () => e.handle.signal('nonsense', { pad: 'ß'.repeat(7_500) })));
    const run = await until(async () => {
      const now = await e.runId();
      await junk();
      return (await e.runId()) === now && now;
    }, 'a run that has all of it');
    await until(async () => ((await e.handle.describe()).historyLength ?? 0) > 100, 'a full page');
    expect(await revokedLate(e)).toBeLessThan(ON_TIME_MS);
    await e.in('collecting');
    expect([e.isAdmin, await e.runId()]).toEqual([false, run]);
    e.trouble.sealsHang = false;
    await until(async () => (await e.runId()) !== run, 'the next page');
    await e.sees((view) => view.refusals >= before + 60, 'what waited, refused');
    expect(await e.finish()).toBe('expired');
    expect(await largestInput(e)).toBeLessThan(INPUT_MAX);
  });
});

describe.concurrent('while a vote on an extension is being judged', () => {
  async function judging(e: Asked): Promise<string> {
    await activate(e);
    await e.extend(ada, LONGER);
    const { extension } = await e.sees((view) => view.extension?.state === 'waiting', 'the extension');
    e.trouble.judgeHangs = true;
    await e.approve(linus, LONGER, extension?.roundDigest);
    await until(async () => e.trouble.judging > 0, 'the judgement');
    return (await e.in('active')).deadlineAt ?? '';
  }

  test('a full page turns, and the deadline rings after its warning', async () => {
    const e = await h.ask({ windowMs: WINDOW });
    const deadlineAt = await judging(e);
    await turnPage(e);
    expect(await revokedLate(e)).toBeLessThan(ON_TIME_MS);
    expect([e.isAdmin, (await e.view())?.deadlineAt]).toEqual([false, deadlineAt]);
    expect((await e.view())?.warnedAt).toBeDefined();
    e.trouble.judgeHangs = false;
    expect(await e.finish()).toBe('expired');
  });

  test('a deny ends it: the judgement that comes after it extends nothing', async () => {
    const e = await h.ask({ windowMs: WINDOW });
    const deadlineAt = await judging(e);
    const round = (await e.view())?.extension?.roundDigest;
    await e.deny(grace, round);
    await e.sees((view) => view.extension?.state === 'denied', 'the denial');
    e.trouble.judgeHangs = false;
    await until(async () => e.trouble.judging === 0, 'the end of the judgement');
    expect(await revokedLate(e)).toBeLessThan(ON_TIME_MS);
    expect((await e.view())?.deadlineAt).toBe(deadlineAt);
    expect(await e.finish()).toBe('expired');
  });
});
