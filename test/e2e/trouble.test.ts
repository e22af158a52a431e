/** Elevations while Slack, the MDM or a stranger with access to Temporal do their worst: the Mac stays right, and so does the card. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { findServer } from '../../cli/temporal-server/find.js';
import { QUEUES } from '../../contract/queues.js';
import type { Shown } from '../../workers/questions.js';
import { type Acts, buttons, createActs, eventually } from './acts.js';
import { stint } from './built.js';
import { cleanUp, type Demo, partOf, startDemo, tempFolder, withPolicy } from './demo.js';

const S15 = 15_000;
const M5 = 300_000;
let demo: Demo;
let acts: Acts;
let cli = '';

beforeAll(async () => {
  const dir = withPolicy(join(tempFolder('trouble'), 'demo'), (text) =>
    text.replace('windows: [30s,', 'windows: [15s, 30s,').replace('minWindow: 10s', 'minWindow: 20s'),
  );
  demo = await startDemo({ dir });
  acts = createActs(demo);
  const { TEMPORAL_ADDRESS: _, ...env } = process.env;
  const found = await findServer({ env, say: () => undefined });
  if (found.kind === 'binary') cli = found.path;
}, 120_000);
afterAll(cleanUp, 60_000);
afterEach(async () => {
  await acts.healed();
  await acts.settled();
});

/** How often each message was posted under its key, deleted ones left out: every number must be 1. */
async function postings(requestId: string): Promise<Record<string, number>> {
  const { messages } = await acts.truth();
  const keys = messages
    .filter((m) => !m.deleted && !m.onlyFor)
    .flatMap((m) => m.metadata?.event_payload?.key ?? [])
    .filter((key) => key.includes(requestId));
  const counts: Record<string, number> = {};
  for (const key of keys) counts[key] = (counts[key] ?? 0) + 1;
  return counts;
}

async function isOnce(requestId: string): Promise<void> {
  const counts = await postings(requestId);
  expect(Object.keys(counts)).toContain(`card/${requestId}`);
  expect(Object.entries(counts).filter(([, n]) => n > 1)).toEqual([]);
}

describe('Slack', () => {
  test('is down for the whole window: the Mac ends on time, then the card is right and nothing was posted twice', async () => {
    const asked = await acts.elevate('ada', S15);
    await acts.approve('grace', asked, S15);
    await acts.slackFault({ kind: 'down' });
    await acts.becomesAdmin('ada');
    await acts.isNoAdmin('ada');
    expect(await acts.heldSeconds(asked)).toBeLessThanOrEqual(20);
    await acts.json('/slack/sim/fault/clear', {});
    await acts.reaches(asked.requestId, 'closed', 90_000);
    await eventually('the card says how it ended', async () => /Ended\. Access gone/.test((await acts.card(asked)).text), 60_000);
    expect(buttons(await acts.card(asked))).toEqual([]);
    await isOnce(asked.requestId);
  });

  test('loses the reply to the card’s post: there is one card all the same', async () => {
    await acts.slackFault({ kind: 'drop-after', method: 'chat.postMessage', times: 2 });
    const asked = await acts.elevate('ada', M5);
    await eventually('the lost replies were used up', async () => (await acts.truth()).calls.filter((c) => c.lost).length >= 2);
    await acts.reaches(asked.requestId, 'requested');
    await acts.approve('grace', asked, M5);
    await acts.becomesAdmin('ada');
    await acts.reaches(asked.requestId, 'active');
    await acts.click('grace', asked.cardTs, 'revoke');
    await acts.reaches(asked.requestId, 'closed', 60_000);
    await eventually('the card is final', async () => /Access gone/.test((await acts.card(asked)).text));
    await isOnce(asked.requestId);
  });
});

test('the MDM is down: an approved elevation starts by the Mac’s own poll, and ends', async () => {
  const asked = await acts.elevate('alan', S15);
  await acts.mdmFault({ kind: 'down' });
  await acts.approve('grace', asked, S15);
  await acts.becomesAdmin('alan', 60_000);
  await acts.isNoAdmin('alan');
  expect(await acts.heldSeconds(asked)).toBeLessThanOrEqual(20);
  await acts.json('/mdm/sim/fault/clear', {});
  expect((await acts.reaches(asked.requestId, 'closed', 90_000)).outcome).toBe('expired');
  expect((await demo.sight.tags(asked.serial)).filter((tag) => tag.startsWith('stint-'))).toEqual([]);
});

describe('somebody with the Temporal CLI', () => {
  const temporal = async (...args: readonly string[]) => {
    const command = ['workflow', ...args, '--address', `127.0.0.1:${demo.ports.temporal}`];
    return (await promisify(execFile)(cli, command, { timeout: 30_000, maxBuffer: 8 * 1024 * 1024 })).stdout;
  };
  const signal = (id: string, name: string, input: string) =>
    temporal('signal', '--workflow-id', `elevation/${id}`, '--name', name, '--input', input);
  const shown = async (id: string) => JSON.parse((await stint(['show', id, '--json'], { STINT_HOME: demo.dir })).out) as Shown;
  const refusals = ({ timeline }: Shown) => timeline.filter((event) => event.type === 'refused');

  /** The envelope of a genuine approval, as anybody with access to Temporal can read it out of the history. */
  async function genuineApproval(id: string): Promise<Record<string, unknown>> {
    const history = JSON.parse(await temporal('show', '--workflow-id', `elevation/${id}`, '--output', 'json')) as {
      events: { workflowExecutionSignaledEventAttributes?: { signalName: string; input: { payloads: { data: string }[] } } }[];
    };
    const signaled = history.events.flatMap((e) => e.workflowExecutionSignaledEventAttributes ?? []);
    const data = signaled.find((s) => s.signalName === 'approve')?.input.payloads[0]?.data ?? '';
    return JSON.parse(Buffer.from(data, 'base64').toString('utf8')) as Record<string, unknown>;
  }

  test('signals by hand, copied and edited approvals change nothing, and each is on record as refused', async () => {
    const since = Date.now();
    const first = await acts.elevate('ada', S15);
    await acts.approve('grace', first, S15);
    await acts.becomesAdmin('ada');
    const genuine = await genuineApproval(first.requestId);
    expect(genuine).toMatchObject({ kind: 'approve', requestId: first.requestId });

    const victim = await acts.elevate('alan', M5);
    const id = victim.requestId;
    await signal(id, 'approve', '{"windowMs":300000}');
    await signal(id, 'approve', JSON.stringify(genuine));
    await signal(id, 'approve', JSON.stringify({ ...genuine, requestId: id, nonce: 'AAAAAAAAAAAAAAAAAAAAAA' }));
    await signal(id, 'deny', '"please"');
    await signal(id, 'no-such-name', '[1,2]');
    await temporal(
      'signal',
      '--workflow-id',
      `elevation/${id}`,
      '--name',
      'approve',
      '--input',
      'xx',
      '--input-meta',
      'encoding=binary/unknown',
    );
    await eventually('all six are on record', async () => refusals(await shown(id)).length >= 6);
    const { row } = await shown(id);
    expect(row.view).toMatchObject({ state: 'requested', votes: [] });
    const { adminLog } = await demo.sight.mac(victim.serial);
    expect(adminLog.filter((c) => c.user === 'alan' && c.admin && Date.parse(c.at) >= since)).toEqual([]);
    // A genuine click still counts after all of that.
    await acts.approve('grace', victim, M5);
    await acts.becomesAdmin('alan');
  });

  test('a workflow started by hand is no elevation; one that takes an id blocks nobody', async () => {
    const fake = 'a'.repeat(26);
    const start = (input: string) =>
      temporal(
        'start',
        '--type',
        'elevation',
        '--task-queue',
        QUEUES.story,
        '--workflow-id',
        `elevation/${fake}`,
        '--input',
        input,
      );
    await start('{"hello":"world"}');
    await eventually('it has refused itself', async () =>
      /COMPLETED/i.test(await temporal('describe', '--workflow-id', `elevation/${fake}`)),
    );
    const cards = (await acts.cards()).length;
    expect((await stint(['show', fake, '--json'], { STINT_HOME: demo.dir })).code).toBe(1);
    expect(await acts.cards()).toHaveLength(cards);
  });

  test('Cancel is a revoke: the Mac is no administrator within seconds, and the record says who it was', async () => {
    const asked = await acts.elevate('ada', M5);
    await acts.approve('grace', asked, M5);
    await acts.becomesAdmin('ada');
    await acts.reaches(asked.requestId, 'active');
    await temporal('cancel', '--workflow-id', `elevation/${asked.requestId}`);
    await acts.isNoAdmin('ada', 15_000);
    const closed = await acts.reaches(asked.requestId, 'closed', 60_000);
    expect(closed).toMatchObject({ outcome: 'revoked', revokeCause: 'cancel' });
    await eventually('the card says it', async () => /cancel in the workflow engine/.test((await acts.card(asked)).text));
  });
});

test('Temporal stands still: Revoke in Slack ends it all the same, and the record says who pressed it', async () => {
  const asked = await acts.elevate('ada', M5);
  await acts.approve('grace', asked, M5);
  await acts.becomesAdmin('ada');
  await acts.reaches(asked.requestId, 'active');
  const temporalServer = partOf(demo, /temporal.*start-dev/);
  process.kill(temporalServer, 'SIGSTOP');
  try {
    await acts.click('grace', asked.cardTs, 'revoke');
    await acts.isNoAdmin('ada', 25_000);
  } finally {
    process.kill(temporalServer, 'SIGCONT');
  }
  const closed = await acts.reaches(asked.requestId, 'closed', 60_000);
  expect(closed).toMatchObject({ outcome: 'revoked', revokeCause: 'approver', endedBy: 'grace' });
  await eventually('the card is final', async () => /Access gone/.test((await acts.card(asked)).text), 60_000);
  await isOnce(asked.requestId);
});

test('the ledger of all of this fits together', async () => {
  const ran = await stint(['ledger', 'verify', '--json'], { STINT_HOME: demo.dir });
  expect(JSON.parse(ran.out)).toMatchObject({ ok: true, entries: expect.any(Number) });
  expect(ran.code).toBe(0);
});
