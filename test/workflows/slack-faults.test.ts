/**
 * The real notices and posting client under real workflows, while Slack or the process that posts fails: no outcome
 * changes, the card is right in the end, and everything is there exactly once. The stand-in's own truth is the judge.
 */
import { Context } from '@temporalio/activity';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { instant } from '../../contract/ids.js';
import type { ElevationRequest, MacAdminTarget } from '../../contract/request.js';
import type { Outcome } from '../../contract/states.js';
import type { FaultInput } from '../../sim/slack/index.js';
import { activityCall } from '../../workers/worker.js';
import { grace, linus } from '../fixtures/people.js';
import { type Asked, type Harness, startHarness, until } from './harness.js';
import { CHANNEL, createRealSlack, type Workspace } from './real-slack.js';

const MIN = 60_000;
const LOG = 'Nov 21 15:20:01 2026 : ada : HOST=mac : TTY=t ; PWD=/ ; USER=root ; COMMAND=/usr/bin/true\n';
const slack = createRealSlack();
/** Elevations whose worker never tells Temporal that it is at work on the news, nor what came of it. */
const silent = new Set<string>();
let wakeAll = () => {};
const closing = new Promise<void>((resolve) => {
  wakeAll = resolve;
});
let h: Harness;

beforeAll(async () => {
  h = await startHarness(inject('temporalAddress'), {
    slack: slack.duties,
    beating: async (work) => {
      if (!silent.has(Context.current().info.workflowExecution?.workflowId ?? '')) return activityCall.beating(work);
      const done = await work();
      await closing;
      return done;
    },
  });
});
afterAll(async () => {
  wakeAll();
  await h?.close();
  await slack.close();
});

interface Scene {
  readonly request: ElevationRequest<MacAdminTarget>;
  readonly workspace: Workspace;
  ask(): Promise<Asked>;
}

/** A workspace with nothing in it yet, and the elevation that will be told of there. */
async function scene(): Promise<Scene> {
  const request = h.request();
  return { request, workspace: await slack.workspace(request.requestId), ask: () => h.ask(request) };
}

/** The Mac's log arrives, and the story ends. */
async function close(e: Asked): Promise<void> {
  await e.in('collecting');
  expect(e.isAdmin).toBe(false);
  const chunk = {
    requestId: e.requestId,
    seq: 0,
    total: 1,
    data: new TextEncoder().encode(LOG),
    receivedAt: instant(Date.now()),
  };
  await h.store.evidence.put(chunk);
  await e.evidenceComplete();
  await e.in('closed');
}

/** From approval to the close, and the revoke by hand in time whatever Slack does. */
async function live(e: Asked): Promise<void> {
  await e.in('requested');
  await e.activate(grace);
  expect(e.isAdmin).toBe(true);
  await e.revoke(linus);
  await until(async () => !e.isAdmin, 'the Mac to be no admin', 10_000);
  await close(e);
}

const DMS = ['asked', 'approved', 'started', 'ended'];
const LINES = ['decided', 'started', 'ended', 'evidence'];

function wanted(requestId: string, dms: readonly string[] = []): readonly string[] {
  return [
    `card/${requestId}`,
    ...[...DMS, ...dms].map((kind) => `dm/${requestId}/${kind}/ada`),
    ...LINES.map((line) => `line/${requestId}/${line}`),
  ].sort();
}

interface Differently {
  readonly outcome?: Outcome;
  readonly dms?: readonly string[];
  /** Also what stood there for a while, when it is more than what stands there now. */
  readonly everPosted?: readonly string[];
}

/** The outcome is as it should be, the card says it, and card, lines, messages and log are there, each once. */
async function allRight(e: Asked, workspace: Workspace, { outcome = 'revoked', dms, everPosted }: Differently = {}) {
  expect(await e.result()).toBe(outcome);
  expect((await h.store.ledger.find(e.requestId))?.view).toMatchObject({ state: 'closed', outcome });
  expect(e.isAdmin).toBe(false);
  expect(workspace.card().says).toContain('Ended. Access gone');
  expect(workspace.keys()).toEqual(wanted(e.requestId, dms));
  expect(workspace.everPosted()).toEqual(everPosted ?? wanted(e.requestId, dms));
  const thread = LINES.map((line) => workspace.tsOf(`line/${e.requestId}/${line}`));
  expect(thread).toEqual([...thread].sort());
  await until(async () => workspace.logs().length > 0, 'the log');
  expect(workspace.logs()).toHaveLength(1);
}

describe.concurrent('replies that are lost', () => {
  const ONCE: readonly FaultInput[] = [
    { kind: 'drop-after', method: 'conversations.open', times: 2 },
    { kind: '500-after', method: 'chat.update', times: 3 },
    { kind: 'drop-after', method: 'files.completeUploadExternal', times: 1 },
  ];
  test.each(['drop-after', '500-after', 'html-after'] as const)(
    'each to a post (%s), from the first to the last',
    async (kind) => {
      const { workspace, ask } = await scene();
      workspace.sim.fault({ kind, method: 'chat.postMessage' });
      for (const fault of ONCE) workspace.sim.fault(fault);
      const e = await ask();
      await live(e);
      await allRight(e, workspace);
      expect(workspace.calls('chat.postMessage').every((call) => call.faults.includes(kind))).toBe(true);
    },
  );
});

describe.concurrent('a worker', () => {
  test('that is killed between each post and its record', async () => {
    const { workspace, ask, request } = await scene();
    workspace.diesBefore = (_, { ts }) => ts !== '' && !ts.startsWith('upload:');
    const e = await ask();
    await live(e);
    await allRight(e, workspace);
    expect([...workspace.deaths].sort()).toEqual([...wanted(request.requestId), `log/${request.requestId}`].sort());
  });

  test('that is never heard of again after each of its news, though all went out', async () => {
    const { workspace, ask } = await scene();
    const e = await ask();
    silent.add(e.workflowId);
    await live(e);
    await allRight(e, workspace);
  });

  test('that was given up and posts all the same, after its successor did', async () => {
    const { workspace, ask, request } = await scene();
    silent.add(h.hand(request).workflowId);
    workspace.sim.fault({ kind: 'delay', method: 'chat.postMessage', ms: 8000, times: 1 });
    const e = await ask();
    await until(async () => workspace.calls('chat.postMessage').length > 0, 'the post that hangs');
    workspace.restart();
    await live(e);
    const card = `card/${e.requestId}`;
    await allRight(e, workspace, { everPosted: [card, ...wanted(e.requestId)].sort() });
  });
});

describe.concurrent('Slack', () => {
  test('limits every call for a minute: it is left in peace, and then told all', async () => {
    const { workspace, ask } = await scene();
    workspace.sim.fault({ kind: '429', ms: MIN });
    const e = await ask();
    await live(e);
    const limited = workspace.calls().filter(({ status }) => status === 429).length;
    expect(limited).toBeGreaterThan(0);
    expect(limited).toBeLessThan(12);
    await allRight(e, workspace);
  });

  test('answers again long before the time that it named: the thread keeps its order', async () => {
    const { workspace, ask } = await scene();
    workspace.sim.fault({ kind: '429', retryAfter: 8 });
    const e = await ask();
    await e.in('requested');
    await e.approve(grace);
    await e.in('granting');
    await until(async () => {
      const { raw } = await e.handle.describe();
      return raw.pendingActivities?.some(({ activityType, attempt }) => activityType?.name === 'line' && (attempt ?? 0) > 1);
    }, 'the first line to be put off');
    workspace.sim.clearFaults();
    await e.claim();
    expect((await e.confirm()).ok).toBe(true);
    await e.revoke(linus);
    await close(e);
    await allRight(e, workspace);
  });

  // Some hundred and fifty attempts are made for real while the hour is skipped, which takes a minute or two.
  test('is down for an hour, in which it is asked for, warned of, ended and closed', { timeout: 300_000 }, async () => {
    const { workspace, ask } = await scene();
    workspace.sim.fault({ kind: 'down' });
    const e = await ask();
    await e.in('requested');
    await e.activate(grace);
    await e.skip(5 * MIN + 100);
    await e.sees((view) => view.warnedAt, 'the warning');
    expect(e.isAdmin).toBe(true);
    await e.skip(5 * MIN);
    await close(e);
    const before = workspace.calls().length;
    await e.skip(50 * MIN);
    // The waits between attempts are skipped, too; about one attempt a minute is left.
    expect(workspace.calls().length - before).toBeGreaterThan(40);
    expect(workspace.calls().length - before).toBeLessThan(300);
    workspace.sim.clearFaults();
    await e.skip(MIN + 1000);
    await allRight(e, workspace, { outcome: 'expired', dms: ['warning'] });
  });

  test('has the channel archived while access is held: nobody waits, and the card is right once it is back', async () => {
    const { workspace, ask } = await scene();
    const e = await ask();
    await e.in('requested');
    await e.activate(grace);
    await until(async () => workspace.keys().includes(`line/${e.requestId}/started`), 'the line of the start');
    workspace.sim.admin.archive({ channel: CHANNEL });
    await e.revoke(linus);
    await close(e);
    await until(async () => workspace.keys().includes(`dm/${e.requestId}/ended/ada`), 'the message to the person');
    expect(workspace.card().says).not.toContain('Ended.');
    workspace.sim.admin.unarchive({ channel: CHANNEL });
    await e.skip(61 * MIN);
    await allRight(e, workspace);
  });

  test('has removed the bot from the channel before it could post: the whole story is there once it is back', async () => {
    const { workspace, ask } = await scene();
    workspace.sim.admin.removeBot({ channel: CHANNEL });
    const e = await ask();
    await live(e);
    await until(async () => workspace.keys().includes(`dm/${e.requestId}/ended/ada`), 'the message to the person');
    expect(workspace.keys()).not.toContain(`card/${e.requestId}`);
    workspace.sim.admin.addBot({ channel: CHANNEL });
    await e.skip(61 * MIN);
    await allRight(e, workspace);
  });
});

describe.concurrent('a card that a person deletes', () => {
  test('is posted once more, also when the reply to that is lost, and the thread goes on under it', async () => {
    const { workspace, ask } = await scene();
    const e = await ask();
    await e.in('requested');
    await e.activate(grace);
    await until(async () => workspace.keys().includes(`line/${e.requestId}/started`), 'the line of the start');
    const { ts } = workspace.card();
    workspace.sim.fault({ kind: 'drop-after', method: 'chat.postMessage', times: 1 });
    workspace.sim.admin.deleteMessage({ channel: CHANNEL, ts });
    await e.revoke(linus);
    await close(e);
    await allRight(e, workspace, { everPosted: [`card/${e.requestId}`, ...wanted(e.requestId)].sort() });
    expect(workspace.card().ts).not.toBe(ts);
    expect(workspace.threadOf(`line/${e.requestId}/started`)).toBe(ts);
    expect(workspace.threadOf(`line/${e.requestId}/evidence`)).toBe(workspace.card().ts);
  });
});
