/** Faults on calls, seen by Slack's own client, judged by the truth. */
import { WebClient, WebClientEvent } from '@slack/web-api';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SlackSim } from '../../../sim/slack/index.js';
import { ALICE, APPROVALS, client, refusal, SILENT, start, until } from './harness.js';

let sim: SlackSim;
let web: WebClient;
beforeEach(async () => {
  sim = await start();
  web = client(sim);
});
afterEach(() => sim.close());

const post = () => web.chat.postMessage({ channel: APPROVALS, text: 'card' });
const posted = () => sim.truth().messages.length;

describe('a fault before the effect', () => {
  it.each([
    ['500', { name: 'WebAPIHTTPError' }],
    ['html', { name: 'WebAPIPlatformError' }],
    ['drop-before', { name: 'WebAPIRequestError' }],
    ['429', { name: 'WebAPIRateLimitedError', retryAfter: 7 }],
    ['error', { data: { error: 'fatal_error' } }],
  ] as const)('%s leaves nothing behind, strikes as often as told, and is on record', async (kind, error) => {
    sim.fault({ method: 'chat.postMessage', kind, times: 1, retryAfter: 7, error: 'fatal_error' });
    await expect(post()).rejects.toMatchObject(error);
    expect(posted()).toBe(0);
    await post();
    expect(posted()).toBe(1);
    expect(sim.truth().calls.map((call) => call.faults)).toEqual([[kind], []]);
    expect(sim.truth().calls[0]?.lost).toBe(kind === 'drop-before');
  });

  it('a call that hangs ends in the client’s own timeout', async () => {
    sim.fault({ kind: 'hang', times: 1 });
    const hasty = new WebClient('xoxb-for-tests', {
      slackApiUrl: sim.apiUrl,
      retryConfig: { retries: 0 },
      timeout: 100,
      logger: SILENT,
    });
    await expect(hasty.chat.postMessage({ channel: APPROVALS, text: 'a' })).rejects.toThrow();
    expect(posted()).toBe(0);
  });

  it('a lie says not found although it is there, and an empty list for a history', async () => {
    const { ts } = await post();
    sim.fault({ kind: 'lie-not-found' });
    expect(await refusal(web.chat.update({ channel: APPROVALS, ts: String(ts), text: 'b' }))).toBe('message_not_found');
    expect(await refusal(web.users.info({ user: ALICE }))).toBe('user_not_found');
    expect((await web.conversations.history({ channel: APPROVALS })).messages).toEqual([]);
    sim.clearFaults();
    expect((await web.conversations.history({ channel: APPROVALS })).messages).toHaveLength(1);
  });
});

describe('a fault after the effect', () => {
  it.each([
    ['drop-after', { name: 'WebAPIRequestError' }],
    ['500-after', { name: 'WebAPIHTTPError' }],
    ['html-after', { name: 'WebAPIPlatformError' }],
    ['error-after', { data: { error: 'internal_error' } }],
  ] as const)('%s: the message is there, the caller does not know', async (kind, error) => {
    sim.fault({ method: 'chat.postMessage', kind, times: 1 });
    await expect(post()).rejects.toMatchObject(error);
    expect(posted()).toBe(1);
  });

  it('a lost answer makes the default client post twice', async () => {
    sim.fault({ method: 'chat.postMessage', kind: 'drop-after', times: 1 });
    const eager = new WebClient('xoxb-for-tests', {
      slackApiUrl: sim.apiUrl,
      retryConfig: { retries: 2, minTimeout: 10 },
      logger: SILENT,
    });
    await eager.chat.postMessage({ channel: APPROVALS, text: 'card' });
    expect(posted()).toBe(2);
  });
});

it('delays add to other faults, and to the time of a call', async () => {
  sim.fault({ method: 'auth.test', kind: 'delay', ms: 150 });
  const begun = performance.now();
  await web.auth.test();
  expect(performance.now() - begun).toBeGreaterThanOrEqual(140);
  sim.fault({ method: 'auth.test', kind: 'error', error: 'fatal_error' });
  expect(await refusal(web.auth.test())).toBe('fatal_error');
  expect(sim.truth().calls.at(-1)?.faults).toEqual(['delay', 'error']);
});

it('a 429 on one method holds up every other call of a client that waits, and none of one that does not', async () => {
  sim.fault({ method: 'chat.postMessage', kind: '429', retryAfter: 1, times: 1 });
  const waiting = new WebClient('xoxb-for-tests', { slackApiUrl: sim.apiUrl, logger: SILENT });
  const limited = new Promise((resolve) => waiting.once(WebClientEvent.RATE_LIMITED, resolve));
  const posting = waiting.chat.postMessage({ channel: APPROVALS, text: 'a' });
  await limited;
  const begun = performance.now();
  await waiting.auth.test();
  expect(performance.now() - begun).toBeGreaterThan(500);
  await posting;
  sim.fault({ method: 'chat.postMessage', kind: '429', retryAfter: 1, times: 1 });
  await expect(post()).rejects.toMatchObject({ retryAfter: 1 });
  const again = performance.now();
  await web.auth.test();
  expect(performance.now() - again).toBeLessThan(500);
});

it('down cuts every call and comes back by itself after its time', async () => {
  sim.fault({ kind: 'down', ms: 200 });
  await expect(post()).rejects.toThrow();
  expect(await sim.act.command({ user: ALICE, channel: 'general', command: '/x' })).toMatchObject({ ack: 'no-connection' });
  const end = Date.now() + 3000;
  while (sim.faults().length > 0 && Date.now() < end) await new Promise((resolve) => setTimeout(resolve, 20));
  await post();
  expect(posted()).toBe(1);
});

it('a 429 for a while says what is left of it, and ends by itself', async () => {
  sim.fault({ method: 'auth.test', kind: '429', ms: 1500 });
  await expect(client(sim).auth.test()).rejects.toMatchObject({ retryAfter: 2 });
  await until('its end', () => sim.faults().length === 0);
  expect((await client(sim).auth.test()).ok).toBe(true);
});
