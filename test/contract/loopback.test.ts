/** Tokens and passwords go without TLS to this very computer alone: what is taken for it must be it. */
import { describe, expect, it } from 'vitest';
import { createPostingClient } from '../../activities/slack/client.js';
import { parseTicketChecks } from '../../activities/tickets/checks-file.js';
import { serverOf } from '../../cli/people/client.js';
import { isLoopback } from '../../contract/loopback.js';
import { checkConfig, type SlackAppConfig } from '../../slack-app/config.js';
import { loadConfig } from '../../workers/config.js';

const HERE = ['127.0.0.1', '127.255.255.254', '127.8.0.0', 'localhost', '[::1]', '[::ffff:127.0.0.1]', '[::ffff:127.9.8.7]'];
const ELSEWHERE = [
  ...['localhost.evil.com', '127.0.0.1.evil.com', 'evil.com', 'localhost.', 'a.localhost', '127.evil.com'],
  ...['128.0.0.1', '126.255.255.255', '10.0.0.1', '0.0.0.0', '1.127.0.0.1.nip.io', '0127.0.0.1'],
  ...['[::]', '[::2]', '[1::1]', '[::1:1]', '[::ffff:128.0.0.1]', '[::ffff:8.8.8.8]', '[fe80::1]', '[64:ff9b::7f00:1]'],
];

describe('this very computer', () => {
  it.each([...HERE, '127.1', '0x7f.1', '2130706433', 'LOCALHOST', '[0:0:0:0:0:0:0:1]'])('is http://%s/', (host) => {
    expect(isLoopback(new URL(`http://${host}/`).hostname)).toBe(true);
  });

  it.each(ELSEWHERE)('is not http://%s/', (host) => {
    expect(isLoopback(new URL(`http://${host}/`).hostname)).toBe(false);
  });

  it.each(['::1', '::ffff:127.0.0.1', '::ffff:7f00:1'])('is %s without brackets, too', (host) => {
    expect(isLoopback(host)).toBe(true);
  });

  it.each([
    ...['', '[]', '127.0.0.256', '127.0.0', '127.0.0.1.', ' 127.0.0.1', '127.0.0.1\n', 'localhost\n', '127.0.0.1@evil.com'],
    ...['::ffff:127.0.0.1.evil.com', '::ffff:127.0.0.999', '::ffff:7f00:1:1', '[::1', '::1]', '[[::1]]'],
  ])('is not %j, which no URL has for its host', (host) => {
    expect(isLoopback(host)).toBe(false);
  });
});

const APP = {
  mode: 'http',
  signingSecret: 's',
  botToken: 'xoxb-1',
  appId: 'A1',
  teamId: 'T1',
  approverChannel: 'C1',
  adminSlackUserIds: [],
} as unknown as SlackAppConfig;
const MDM = { STINT_ALLOW_INSECURE: 'loopback', MDM_TOKEN: 't', MDM_ELEVATE_TAG: 'a', MDM_COLLECT_TAG: 'b' };

describe.each([
  ['the worker that posts', (host: string) => createPostingClient({ token: 't', slackApiUrl: `http://${host}/api/` })],
  ['the Slack app', (host: string) => checkConfig({ ...APP, slackApiUrl: `http://${host}/api/` })],
  ['a command line', (host: string) => serverOf(`http://${host}/`)],
  [
    'a check of tickets',
    (host: string) => parseTicketChecks(`version: 1\nchecks: { jira: { url: "http://${host}/{ticket}" } }`, 'c', true),
  ],
  ['the MDM', (host: string) => loadConfig({ env: { ...MDM, MDM_URL: `http://${host}/` }, readFile: () => '', parts: ['mdm'] })],
])('%s', (_who, call) => {
  it('sends in the clear to this computer, by whichever of its names, and to nobody else', () => {
    for (const host of HERE) expect(() => call(new URL(`http://${host}/`).hostname), host).not.toThrow();
    for (const host of ELSEWHERE) expect(() => call(new URL(`http://${host}/`).hostname), host).toThrow();
  });
});
