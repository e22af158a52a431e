/** Alarms: said once by one of several workers, told to everybody, and never in anybody's way. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Alarm, alarmStep } from '../../contract/alarms.js';
import { StintError } from '../../contract/errors.js';
import type { OnceStore, Store } from '../../contract/ports.js';
import { openStore } from '../../ledger/store.js';
import { messageOf, slackSink, webhookSink } from '../../workers/alarm-sinks.js';
import { TURN_MS } from '../../workers/alarm-turns.js';
import { AGAIN_MS, type AlarmSink, type AlarmsDeps, createAlarms, type Told } from '../../workers/alarms.js';
import { Secret } from '../../workers/secrets.js';
import { downAlarm } from '../../workers/watch-alarms.js';
import { CHANNEL, startStage } from '../activities/slack/stage.js';

const T0 = Date.parse('2026-03-02T09:00:00.000Z');
let now = T0;
let store: Store;
beforeAll(async () => {
  store = await openStore({ memory: true, clock: () => now });
});
afterAll(() => store.close());
afterEach(() => {
  now += 48 * 3_600_000;
});

const alarm = (change: Partial<Alarm> = {}): Alarm => ({
  key: 'revoke-pending/x',
  severity: 'error',
  sentence: 'It is still there.',
  todo: 'Look.',
  ...change,
});

/** A worker process with one sink that notes what it is told. */
function worker(change: Partial<AlarmsDeps> & { fails?: () => boolean } = {}) {
  const told: Told[] = [];
  const logged: string[] = [];
  let tries = 0;
  const sink: AlarmSink = {
    name: 'fake',
    send: async (one) => {
      tries += 1;
      if (change.fails?.()) throw new StintError('not-ready');
      told.push(one);
    },
  };
  const note = (_: unknown, sentence: string) => void logged.push(sentence);
  const log = { error: note, warn: note, info: note } as unknown as AlarmsDeps['log'];
  const alarms = createAlarms({ sinks: [sink], once: store.once, log, clock: () => now, wait: async () => {}, ...change });
  return { alarms, told, logged, tries: () => tries };
}

describe('an alarm', () => {
  it('is said once, and again only after an hour', async () => {
    const w = worker();
    for (let i = 0; i < 5; i++) w.alarms.raise(alarm());
    now += AGAIN_MS - 1;
    w.alarms.raise(alarm());
    await w.alarms.idle();
    expect(w.told).toHaveLength(1);
    now += 1;
    w.alarms.raise(alarm());
    await w.alarms.idle();
    expect(w.told).toHaveLength(2);
  });

  it('of an outage is said at each step by one of two workers, and of the next outage that day as well', async () => {
    const outage = async (fromMs: number, minutes: number) => {
      const two = [worker(), worker()] as const;
      for (now = fromMs; now < fromMs + minutes * 60_000; now += 30_000)
        for (const [i, { alarms }] of two.entries()) {
          // The second noticed it some seconds later.
          alarms.raise(
            downAlarm('store-down', 'It does not answer.', 'Bring it back.', { sinceMs: fromMs + i * 7_000, nowMs: now }),
          );
          await alarms.idle();
        }
      return two.flatMap(({ told }) => told.map(({ step }) => step));
    };
    const morning = now;
    expect(await outage(morning, 20)).toEqual([1, 5, 15]);
    expect(await outage(morning + 30 * 60_000, 20)).toEqual([1, 5, 15]);
    expect(await outage(morning + 7 * 3_600_000, 4)).toEqual([1]);
  });

  it('that grows is said at each step, once', async () => {
    const w = worker();
    for (const step of [1, 1, 5, 5, 15, 30, 30]) {
      w.alarms.raise(alarm({ step }));
      await w.alarms.idle();
    }
    expect(w.told.map(({ step }) => step)).toEqual([1, 5, 15, 30]);
  });

  it('is said by one of several workers, and not anew by one that starts again', async () => {
    const [a, b] = [worker(), worker()];
    a.alarms.raise(alarm());
    b.alarms.raise(alarm());
    await Promise.all([a.alarms.idle(), b.alarms.idle()]);
    const restarted = worker();
    restarted.alarms.raise(alarm());
    await restarted.alarms.idle();
    expect(a.told.length + b.told.length + restarted.told.length).toBe(1);
  });

  it('is said all the same while the store is down or hangs, by each worker once', async () => {
    const down: OnceStore = { first: () => Promise.reject(new StintError('store-unavailable')) };
    const hangs: OnceStore = { first: () => new Promise(() => undefined) };
    for (const once of [down, hangs]) {
      const w = worker({ once });
      w.alarms.raise(alarm());
      w.alarms.raise(alarm());
      await w.alarms.idle();
      expect(w.told).toHaveLength(1);
    }
  });

  it('costs whoever raises it nothing: a sink that hangs or throws, even at once, is not felt', async () => {
    const bad: AlarmSink = {
      name: 'bad',
      send: () => {
        throw new Error('at once');
      },
    };
    const hanging: AlarmSink = { name: 'hanging', send: () => new Promise(() => undefined) };
    const w = worker();
    const told: Told[] = [];
    const good: AlarmSink = { name: 'good', send: async (one) => void told.push(one) };
    const log = { error: () => {}, warn: () => {}, info: () => {} } as unknown as AlarmsDeps['log'];
    const alarms = createAlarms({ sinks: [bad, hanging, good], once: store.once, log, clock: () => now, wait: async () => {} });
    expect(() => alarms.raise(alarm())).not.toThrow();
    await vi.waitFor(() => expect(told).toHaveLength(1));
    expect(w.told).toEqual([]);
  });

  it('that could not be told is tried again a few times, then only stands in the log', async () => {
    let left = 3;
    const w = worker({ fails: () => left-- > 0 });
    w.alarms.raise(alarm());
    await w.alarms.idle();
    expect([w.told.length, w.tries()]).toEqual([1, 4]);
    const never = worker({ fails: () => true });
    never.alarms.raise(alarm({ key: 'other' }));
    await never.alarms.idle();
    expect([never.told.length, never.tries()]).toEqual([0, 6]);
    expect(never.logged).toEqual(['It is still there.', expect.stringContaining('an alarm could not be told there')]);
  });
});

describe('an alarm whose process dies', () => {
  const dead = () => new Promise<never>(() => undefined);

  it('before it is sent is said by another a minute later, not an hour', async () => {
    let begun = 0;
    const dies: AlarmSink = {
      name: 'fake',
      send: () => {
        begun += 1;
        return dead();
      },
    };
    worker({ sinks: [dies] }).alarms.raise(alarm());
    await vi.waitFor(() => expect(begun).toBe(1));
    const other = worker();
    other.alarms.raise(alarm());
    await other.alarms.idle();
    expect(other.told).toEqual([]); // it may be on its way
    now += TURN_MS;
    other.alarms.raise(alarm());
    await other.alarms.idle();
    expect(other.told).toHaveLength(1);
  });

  it('after it was sent, before that was kept, is said twice at most, and both times under one id', async () => {
    const once: OnceStore = {
      first: (scope, value, until) =>
        scope === 'alarm' && until > new Date(now).toISOString() ? dead() : store.once.first(scope, value, until),
    };
    const dies = worker({ once });
    dies.alarms.raise(alarm());
    await vi.waitFor(() => expect(dies.told).toHaveLength(1));
    now += TURN_MS;
    const others = [worker(), worker()];
    for (const other of others) other.alarms.raise(alarm());
    await Promise.all(others.map((other) => other.alarms.idle()));
    now += TURN_MS;
    const third = worker();
    third.alarms.raise(alarm());
    await third.alarms.idle();
    const told = [dies, ...others, third].flatMap((one) => one.told);
    expect(told).toHaveLength(2);
    expect(told[0]?.id).toBe(told[1]?.id);
  });
});

describe('a sink that is down', () => {
  /** A worker with a channel that works and a webhook that may not. */
  function two(webhookDown: () => boolean) {
    const [channel, webhook]: [string[], string[]] = [[], []];
    const sinks: AlarmSink[] = [
      { name: 'slack', send: async ({ id }) => void channel.push(id) },
      {
        name: 'webhook',
        send: async ({ id }) => {
          if (webhookDown()) throw new StintError('not-ready');
          webhook.push(id);
        },
      },
    ];
    const { alarms } = worker({ sinks });
    const look = async (): Promise<void> => {
      alarms.raise(alarm());
      await alarms.idle();
    };
    return { look, channel, webhook };
  }

  it('is told when it is back, by the next look, and the other is told once', async () => {
    let down = true;
    const w = two(() => down);
    await w.look();
    await w.look();
    now += 10 * TURN_MS;
    await w.look();
    expect([w.channel.length, w.webhook.length]).toEqual([1, 0]);
    down = false;
    now += TURN_MS;
    await w.look();
    await w.look();
    expect([w.channel.length, w.webhook.length]).toEqual([1, 1]);
  });

  it('for one worker only is told by another, which tells the other sink nothing', async () => {
    const cutOff = two(() => true);
    const fine = two(() => false);
    await cutOff.look();
    await fine.look();
    now += TURN_MS;
    await fine.look();
    await cutOff.look();
    expect([cutOff.channel.length, cutOff.webhook.length]).toEqual([1, 0]);
    expect([fine.channel.length, fine.webhook.length]).toEqual([0, 1]);
  });
});

it('has another id the next time it is said, and each step its own', async () => {
  const w = worker();
  for (const step of [undefined, undefined, 1, 5]) {
    w.alarms.raise(alarm({ ...(step && { step }) }));
    await w.alarms.idle();
    now += AGAIN_MS;
  }
  expect(new Set(w.told.map(({ id }) => id)).size).toBe(4);
});

describe('the steps of a wait', () => {
  it.each([
    [0, undefined],
    [59_999, undefined],
    [60_000, 1],
    [299_999, 1],
    [300_000, 5],
    [900_000, 15],
    [1_799_999, 15],
    [1_800_000, 30],
    [6_300_000, 105],
  ])('after %i ms is %s', (waited, step) => expect(alarmStep(waited)).toBe(step));
});

describe('the webhook', () => {
  let server: Server;
  let url: string;
  const seen: { readonly type: string | undefined; readonly body: string }[] = [];
  let status = 204;
  beforeAll(async () => {
    server = createServer((req, res) => {
      let body = '';
      req.on('data', (part) => {
        body += part;
      });
      req.on('end', () => {
        seen.push({ type: req.headers['content-type'], body });
        res.writeHead(status, { location: '/elsewhere' }).end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hooks/very-secret`;
  });
  afterAll(() => new Promise((resolve) => server.close(resolve)));
  const told: Told = { ...alarm({ step: 5 }), at: '2026-03-02T09:00:00.000Z' as Told['at'], id: 'a@1' };

  it('gets the alarm as JSON', async () => {
    await webhookSink(new Secret(url)).send(told);
    expect(seen.at(-1)?.type).toBe('application/json');
    expect(JSON.parse(seen.at(-1)?.body ?? '')).toEqual({ v: 1, ...told });
  });

  it.each([302, 400, 500])('that answers %i has not taken it, and its address is in no error', async (answer) => {
    status = answer;
    const failure = await webhookSink(new Secret(url))
      .send(told)
      .catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(StintError);
    expect(String((failure as StintError).stack)).not.toContain('very-secret');
    expect((failure as StintError).cause).toBeUndefined();
  });
});

describe('in Slack', () => {
  it('an alarm is one message in its channel, however often it is sent, and nothing in it is alive', async () => {
    const stage = await startStage();
    try {
      const one = alarm({ sentence: 'Gone from <!channel> @here & ada-mac', target: 'mac-admin/C02ADA0001' });
      const told: Told = { ...one, at: '2026-03-02T09:00:00.000Z' as Told['at'], id: 'slack@1' };
      await slackSink(stage.worker(), CHANNEL).send(told);
      await slackSink(stage.worker(), CHANNEL).send(told);
      const [message, ...others] = stage.posted();
      expect(others).toEqual([]);
      expect(message?.text).toContain('Stint: Alarm');
      expect(message?.text).not.toMatch(/<!channel>|@here/);
      expect(JSON.stringify(message?.blocks)).toContain('ada-mac');
    } finally {
      await stage.close();
    }
  });

  it('fits into a message, however long its words are', () => {
    const long = messageOf({ ...alarm({ sentence: 'x'.repeat(9000), todo: 'y'.repeat(9000) }), at: 'z' as Told['at'], id: '1' });
    expect(long.text.length).toBeLessThan(4000);
    expect(JSON.stringify(long.blocks).length).toBeLessThan(6000);
  });
});
