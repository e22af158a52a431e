/** `stint demo` as a newcomer meets it: starts, goes on where it was, heals itself, says what is wrong, and leaves nothing. */
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openHome } from '../../cli/demo/home.js';
import { until } from '../tooling/processes.js';
import { createActs } from './acts.js';
import { build, stint } from './built.js';
import { cleanUp, type Demo, freeBase, nothingLeft, partOf, processesOf, startDemo, tempFolder, withPolicy } from './demo.js';

beforeAll(build, 120_000);
afterAll(cleanUp, 60_000);

interface Result {
  readonly ok: boolean;
  readonly requestId?: string;
  readonly heldSeconds?: number;
  readonly failed?: string;
  readonly why?: string;
  readonly done: readonly { readonly name: string; readonly seconds: number; readonly saw: string }[];
}
const resultOf = (printed: string): Result => JSON.parse(printed.trim().split('\n').at(-1) ?? '') as Result;

test('the script lives one whole elevation through, and its last line says so', async () => {
  const dir = join(tempFolder('script'), 'demo');
  const demo = await startDemo({ dir, args: ['--script', '--json'], ready: false });
  const { code } = await demo.exited;
  expect(code, demo.said()).toBe(0);
  const result = resultOf(demo.printed());
  expect(result.ok).toBe(true);
  expect(result.requestId).toMatch(/^[a-z2-7]{26}$/);
  expect(result.heldSeconds).toBeLessThanOrEqual(35);
  expect(result.done.map((step) => step.name)).toEqual(
    expect.arrayContaining([
      'Mallory presses Approve and is refused',
      "Ada's Mac makes her an administrator",
      'she is no administrator any more',
      'the log of her sudo commands is in the thread',
      'the MDM carries no tag of ours any more',
    ]),
  );
  await nothingLeft(dir);
});

test('Ctrl-C leaves no process; a second start goes on with the same data, and --fresh forgets it', async () => {
  const dir = join(tempFolder('again'), 'demo');
  const first = await startDemo({ dir });
  const acts = createActs(first);
  const asked = await acts.elevate('ada', 300_000, 'kept over a restart');
  await acts.reaches(asked.requestId, 'requested');
  first.signal('SIGINT');
  expect((await first.exited).code).toBe(0);
  await nothingLeft(dir);

  const again = await startDemo({ dir, base: first.ports.page });
  const ready = /ready after ([\d.]+) s/.exec(again.said())?.[1];
  process.stderr.write(`    a warm start took ${ready} s\n`);
  expect(Number(ready)).toBeLessThan(40); // 5 s on an idle computer of two cores; this only says that it works
  const later = createActs(again);
  expect((await later.view(asked.requestId)).state).toBe('requested');
  expect((await later.card(asked)).text).toContain('kept over a restart');
  expect(JSON.parse((await stint(['list', '--json'], { STINT_HOME: dir })).out)).toHaveLength(1);
  // It is still the same living workflow: the button on the old card works.
  await later.approve('grace', asked, 300_000);
  await later.becomesAdmin('ada');
  await later.click('grace', asked.cardTs, 'revoke');
  await later.isNoAdmin('ada');
  await later.reaches(asked.requestId, 'closed');
  await later.macFault('ada', { kind: 'offline' });
  await again.stop();

  // The Mac is still offline, so it cannot become an administrator: the script must say which step failed.
  const failing = await startDemo({ dir, args: ['--script', '--json'], ready: false });
  expect((await failing.exited).code).toBe(1);
  expect(resultOf(failing.printed())).toMatchObject({ ok: false, failed: "Ada's Mac makes her an administrator" });
  expect(failing.said()).toContain("FAILED: Ada's Mac makes her an administrator");
  await nothingLeft(dir);

  const fresh = await startDemo({ dir, args: ['--fresh'] });
  expect(JSON.parse((await stint(['list', '--json'], { STINT_HOME: dir })).out)).toEqual([]);
  expect(await createActs(fresh).cards()).toEqual([]);
  await fresh.stop();
}, 400_000);

test('each part that is killed comes back and that is said; a running elevation still ends on time and closes', async () => {
  const dir = withPolicy(join(tempFolder('killed'), 'demo'), (text) => text.replace('windows: [30s,', 'windows: [30s, 1m,'));
  const demo = await startDemo({ dir });
  const acts = createActs(demo);
  const asked = await acts.elevate('ada', 60_000);
  await acts.approve('grace', asked, 60_000);
  await acts.becomesAdmin('ada');
  await acts.reaches(asked.requestId, 'active');
  const parts = [
    ['stint', /main\.js all$/],
    ['temporal', /server start-dev/],
    ['stand-ins', /demo-standins/],
  ] as const;
  for (const [name, pattern] of parts) {
    process.kill(partOf(demo, pattern), 'SIGKILL');
    await until(`${name} is back`, () => new RegExp(`${name} is back`).test(demo.said()), 40_000);
    expect(demo.said()).toMatch(new RegExp(`${name} ended \\(SIGKILL\\)`));
  }
  await acts.isNoAdmin('ada', 70_000);
  const heldS = await acts.heldSeconds(asked);
  const closed = await acts.reaches(asked.requestId, 'closed', 60_000);
  expect(closed.outcome).toBe('expired');
  expect(heldS).toBeGreaterThan(50);
  expect(heldS).toBeLessThanOrEqual(65);
  expect((await acts.card(asked)).text).toContain('Ended');
  await demo.stop();
});

test('a port in use is named, with the option that moves it', async () => {
  const dir = join(tempFolder('port'), 'demo');
  const base = await freeBase();
  const taken = createServer().listen(base + 4, '127.0.0.1');
  try {
    const ran = await stint(['demo', '--port', String(base), '--dir', dir]);
    expect(ran.code).toBe(1);
    expect(ran.err).toContain(`Port ${base + 4}, which the Temporal server needs, is in use. Choose another with --port.`);
  } finally {
    taken.close();
  }
});

describe('a demo that runs', () => {
  const dir = join(tempFolder('two'), 'demo');
  let demo: Demo;
  beforeAll(async () => {
    demo = await startDemo({ dir });
  }, 120_000);

  test('tells a second one on the same folder so and is not disturbed, with --fresh too', async () => {
    const asked = await createActs(demo).elevate('ada', 300_000);
    for (const extra of [[], ['--fresh']]) {
      const second = await stint(['demo', '--port', String(await freeBase()), '--dir', dir, ...extra]);
      expect(second.code).toBe(1);
      expect(second.err).toMatch(/is used by another Stint process \(\d+\)\. Stop that one, or give this one another folder/);
    }
    expect((await createActs(demo).view(asked.requestId)).state).toBe('requested');
    expect(demo.said()).not.toContain('ended (');
  });

  test('killed outright, leaves no children, and its next start lives a whole elevation in AWS through', async () => {
    const before = processesOf(dir);
    expect(before.length).toBeGreaterThan(5);
    demo.signal('SIGKILL');
    await nothingLeft(dir, before);
    const again = await startDemo({ dir, args: ['--script', 'aws', '--json'], ready: false });
    const { code } = await again.exited;
    expect(code, again.said()).toBe(0);
    const result = resultOf(again.printed());
    expect(result).toMatchObject({ ok: true, requestId: expect.stringMatching(/^[a-z2-7]{26}$/) });
    expect(result.done.map((step) => step.name)).toEqual(
      expect.arrayContaining([
        'Mallory presses Approve and is refused',
        'AWS gives Ada the permission set',
        'at the deadline the delete leaves within a second',
        'she has it no more',
        'what stood before still stands, and nothing of ours',
      ]),
    );
    process.stderr.write(`    its story took ${result.done.reduce((sum, { seconds }) => sum + seconds, 0).toFixed(1)} s\n`);
    await nothingLeft(dir);
  });
});

test('--fresh never empties a folder that is no demo', async () => {
  const dir = tempFolder('precious');
  writeFileSync(join(dir, 'thesis.txt'), 'ten years');
  const ran = await stint(['demo', '--fresh', '--port', String(await freeBase()), '--dir', dir]);
  expect(ran.code).toBe(1);
  expect(ran.err).toContain(`${dir} holds something else than a demo`);
  expect(readFileSync(join(dir, 'thesis.txt'), 'utf8')).toBe('ten years');
});

test('a policy with a mistake keeps the demo from starting, and the mistake is said with its line', async () => {
  const dir = withPolicy(join(tempFolder('mistake'), 'demo'), (text) => text.replace('quorum: 1', 'quorum: none'));
  const ran = await stint(['demo', '--port', String(await freeBase()), '--dir', dir]);
  expect(ran.code).toBe(1);
  expect(ran.err).toMatch(/policy\.yaml:11:38 targets/);
  await nothingLeft(dir);
});

test('what keeps Stint itself from starting is passed on, and nothing is left running', async () => {
  const dir = join(tempFolder('key'), 'demo');
  chmodSync(openHome(dir, false).path('keys', 'slack-app.pem'), 0o644);
  const ran = await stint(['demo', '--port', String(await freeBase()), '--dir', dir]);
  expect(ran.code).toBe(1);
  expect(ran.err).toMatch(/^stint: Stint did not start\. .*slack-app\.pem/m);
  await nothingLeft(dir);
});
