/** Socket Mode with the real receiver: acknowledgements, repeats, and every way to lose a connection. */
import type { App } from '@slack/bolt';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import type { SlackSim } from '../../../sim/slack/index.js';
import { ALICE, client, socketApp, start, until } from './harness.js';

let sim: SlackSim;
const cleanups: (() => Promise<unknown>)[] = [];
beforeEach(async () => {
  sim = await start({ settings: { ackMs: 800, warningMs: 200, eventRetryMs: [0, 50] } });
});
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
  await sim.close();
});

async function app(prepare: (app: App) => void, pingTimeout?: number) {
  const made = await socketApp(sim, prepare, pingTimeout);
  cleanups.push(made.stop);
  return made;
}
const command = () => sim.act.command({ user: ALICE, channel: 'general', command: '/x' });

describe('acknowledgements', () => {
  it('one that never comes is an error that the person saw', async () => {
    await app((one) => one.command('/x', async () => {}));
    const result = await command();
    expect(result).toMatchObject({ ack: 'timeout', saw: '/x failed with the error "operation_timeout"' });
    expect(sim.truth().errors).toMatchObject([{ user: ALICE, saw: result.saw }]);
    expect(sim.state(ALICE).notices).toMatchObject([{ what: result.saw }]);
  });

  it('one that comes late is on record and does not take the error back', async () => {
    await app((one) =>
      one.command('/x', async ({ ack }) => {
        await new Promise((resolve) => setTimeout(resolve, 1000));
        await ack();
      }),
    );
    expect((await command()).ack).toBe('timeout');
    await until('the late one', () => sim.truth().deliveries[0]?.acks.length === 1);
    expect(sim.truth().deliveries[0]?.outcome).toBe('timeout');
  });

  it('without any connection the command fails at once', async () => {
    const result = await command();
    expect(result).toMatchObject({ ack: 'no-connection', saw: '/x failed with the error "dispatch_failed"' });
    expect(result.ms).toBeLessThan(700);
  });

  it('may carry the answer, which only that person sees', async () => {
    await app((one) => one.command('/x', async ({ ack }) => ack({ text: 'Not for you' })));
    expect(await command()).toMatchObject({ ack: 'ok', response: { text: 'Not for you' } });
    const messages = sim.truth().messages;
    expect(messages).toMatchObject([{ text: 'Not for you', onlyFor: ALICE }]);
  });

  it('a lost one: the app did its work and the person saw an error', async () => {
    let done = 0;
    await app((one) =>
      one.command('/x', async ({ ack }) => {
        done += 1;
        await ack();
      }),
    );
    sim.fault({ kind: 'no-ack-window', times: 1 });
    expect((await command()).ack).toBe('timeout');
    expect(done).toBe(1);
    expect((await command()).ack).toBe('ok');
  });
});

describe('deliveries', () => {
  it('a duplicate has the same envelope id and reaches the listener twice', async () => {
    const seen: unknown[] = [];
    await app((one) =>
      one.command('/x', async ({ ack, context }) => {
        seen.push(context.envelopeId);
        await ack();
      }),
    );
    sim.fault({ kind: 'duplicate-delivery', times: 1 });
    await command();
    await until('the second', () => seen.length === 2);
    expect(seen[0]).toBe(seen[1]);
    expect(seen[0]).toBe(sim.truth().deliveries[0]?.id);
  });

  it('a replay comes with the envelope id of the first', async () => {
    const seen: unknown[] = [];
    await app((one) =>
      one.command('/x', async ({ ack, context }) => {
        seen.push([context.envelopeId, context.retryNum]);
        await ack();
      }),
    );
    const { delivery = '' } = await command();
    expect((await sim.act.replay({ delivery })).ack).toBe('ok');
    expect(seen).toEqual([
      [delivery, undefined],
      [delivery, 0],
    ]);
  });

  it('an event that nobody acknowledges comes again, with its number', async () => {
    await sim.act.openHome({ user: ALICE });
    await until('two repeats', () => sim.truth().deliveries.length === 3);
    expect(sim.truth().deliveries.map((one) => one.retry)).toEqual([undefined, 1, 2]);
    const ids = sim.truth().deliveries.map((one) => one.payload.event_id);
    expect(new Set(ids).size).toBe(1);
  });

  it('each goes to one of several connections', async () => {
    let seen = 0;
    const listen = (one: App) =>
      one.command('/x', async ({ ack }) => {
        seen += 1;
        await ack();
      });
    await app(listen);
    await app(listen);
    expect(sim.socket.count()).toBe(2);
    for (let n = 0; n < 20; n += 1) expect((await command()).ack).toBe('ok');
    expect(seen).toBe(20);
    expect(new Set(sim.truth().deliveries.map((one) => one.connection)).size).toBe(2);
  });
});

describe('connections', () => {
  const answering = (one: App) => one.command('/x', async ({ ack }) => ack());
  const back = () => until('a new connection', () => sim.truth().connections.length >= 2 && sim.socket.count() === 1, 8000);

  it.each(['warning', 'refresh_requested'] as const)('%s: the receiver comes back and goes on', async (reason) => {
    await app(answering, 300);
    expect(sim.socket.disconnect(reason)).toBe(1);
    await back();
    expect((await command()).ack).toBe('ok');
    expect(sim.truth().connections[0]?.why).toBe(reason);
  });

  it('a cut connection: the receiver comes back', async () => {
    await app(answering, 300);
    sim.socket.drop();
    await back();
    expect((await command()).ack).toBe('ok');
  });

  it('a silent drop: what is sent is lost until the receiver notices that no pong comes', async () => {
    await app(answering, 300);
    sim.socket.drop(true);
    expect((await command()).ack).toBe('timeout');
    await back();
    expect((await command()).ack).toBe('ok');
  });

  it('a 503 while coming back does not end the app', async () => {
    await app(answering, 300);
    sim.fault({ method: 'apps.connections.open', kind: '500', times: 3 });
    sim.socket.drop();
    await back();
    expect((await command()).ack).toBe('ok');
    expect(sim.truth().calls.filter((call) => call.faults.includes('500'))).toHaveLength(3);
  });

  it('a ticket is good for one connection', async () => {
    const { url } = await client(sim, 'xapp-for-tests').apps.connections.open({});
    const open = () =>
      new Promise<string>((resolve) => {
        const socket = new WebSocket(String(url));
        cleanups.push(async () => socket.terminate());
        socket.on('message', (data) => resolve(String(JSON.parse(String(data)).type)));
        socket.on('error', (error) => resolve(error.message));
      });
    expect(await open()).toBe('hello');
    expect(await open()).toMatch(/401/);
  });

  it('says how many connections there are, and refuses the eleventh', async () => {
    const web = client(sim, 'xapp-for-tests');
    const first: { type: string; num_connections?: number; reason?: string }[] = [];
    for (let n = 0; n < 11; n += 1) {
      const { url } = await web.apps.connections.open({});
      const socket = new WebSocket(String(url));
      cleanups.push(async () => socket.terminate());
      first.push(await new Promise((resolve) => socket.once('message', (data) => resolve(JSON.parse(String(data))))));
    }
    expect(first[9]).toMatchObject({ type: 'hello', num_connections: 10 });
    expect(first[10]).toMatchObject({ type: 'disconnect', reason: 'too_many_websockets' });
  });
});
