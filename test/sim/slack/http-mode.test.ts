/** HTTP mode with the real HTTPReceiver: signatures, replays, late answers. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { SlackSim } from '../../../sim/slack/index.js';
import { ALICE, httpApp, start, until } from './harness.js';

let sim: SlackSim;
let stop: () => Promise<unknown>;
let handled: number;
beforeEach(async () => {
  handled = 0;
  sim = await start({ mode: 'http', settings: { ackMs: 1000, eventRetryMs: [50] } });
  ({ stop } = await httpApp(sim, (app) => {
    app.command('/x', async ({ ack }) => {
      handled += 1;
      await ack('done');
    });
    app.command('/fails', async () => {
      throw new Error('on purpose');
    });
    app.command('/sleeps', async () => {});
    app.event('app_home_opened', async () => {
      handled += 1;
    });
  }));
});
afterEach(async () => {
  await stop();
  await sim.close();
});
const command = (name = '/x') => sim.act.command({ user: ALICE, channel: 'general', command: name });

it('a signed command is answered, and the answer shown', async () => {
  expect(await command()).toMatchObject({ ack: 'ok', response: 'done' });
  expect(sim.truth().messages).toMatchObject([{ text: 'done', onlyFor: ALICE }]);
});

it.each(['bad-signature', 'stale-signature'] as const)('a %s is refused by the app', async (kind) => {
  sim.fault({ kind, times: 1 });
  expect((await command()).ack).toBe('refused');
  expect(sim.truth().deliveries[0]?.acks[0]?.status).toBe(401);
  expect(handled).toBe(0);
});

it('a timestamp from the future and a replay get past Bolt, so an app must refuse them itself', async () => {
  sim.fault({ kind: 'future-signature', times: 1 });
  expect((await command()).ack).toBe('ok');
  const { delivery = '' } = await command();
  expect((await sim.act.replay({ delivery })).ack).toBe('ok');
  expect(handled).toBe(3);
  const [, first, second] = sim.truth().deliveries;
  expect(second?.sent).toEqual(first?.sent);
});

it('an app that fails or says nothing is an error for the person', async () => {
  expect(await command('/fails')).toMatchObject({ ack: 'refused', saw: '/fails failed with the error "dispatch_failed"' });
  expect(await command('/sleeps')).toMatchObject({ ack: 'timeout', saw: '/sleeps failed with the error "operation_timeout"' });
});

it('an event goes as JSON and is repeated with its number when the app is away', async () => {
  expect((await sim.act.openHome({ user: ALICE })).ack).toBe('ok');
  await stop();
  stop = async () => {};
  expect((await sim.act.openHome({ user: ALICE })).ack).toBe('no-connection');
  const repeat = await until('the repeat', () =>
    sim.truth().deliveries.find((one) => one.retry === 1 && one.outcome !== 'pending'),
  );
  expect(repeat.sent?.headers).toMatchObject({ 'content-type': 'application/json', 'x-slack-retry-num': '1' });
});
