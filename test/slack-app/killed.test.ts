/** A real process of the Slack app, killed between the press and Temporal. */
import { spawn } from 'node:child_process';
import { expect, it } from 'vitest';
import { startSlack } from '../../sim/slack/index.js';
import { ROOT } from '../tooling/compile.js';
import { MINUTE, place, view } from './fakes.js';
import { postCard, seed, start, toldIn, until } from './harness.js';

const APPROVE = `approve:${10 * MINUTE}`;

it('a press that was not handed over when the process was killed was never acknowledged, and counts when pressed again', async () => {
  const sim = await startSlack({ seed: seed(), mode: 'socket' });
  const ts = await postCard(sim, view(), Date.now());
  const press = () => sim.act.click({ user: 'U0ALICE', channel: 'C0APPROVE', ts, actionId: APPROVE });
  const child = spawn(process.execPath, ['--import', 'tsx', 'test/slack-app/app.fixture.ts', sim.apiUrl, ts], {
    cwd: ROOT,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  try {
    await until('the app connects', () => sim.socket.count() === 1, 30_000);
    const pressed = press();
    await until('the word that it is not handed over', () =>
      toldIn(sim, 'U0ALICE').some((said) => /not been handed over/.test(said)),
    );
    child.kill('SIGKILL');
    const { ack, delivery, saw } = await pressed;
    expect([ack, saw]).toEqual(['timeout', expect.stringContaining('did not respond')]);
    expect(sim.truth().deliveries.find(({ id }) => id === delivery)?.acks).toEqual([]);
  } finally {
    child.kill('SIGKILL');
  }
  const h = await start('socket', {}, sim);
  place(h.store, view(), ts);
  expect((await press()).ack).toBe('ok');
  expect(h.gate.sent).toMatchObject([{ kind: 'approve', body: { windowMs: 10 * MINUTE } }]);
  await h.stop();
});
