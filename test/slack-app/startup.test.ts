/** What is refused before the first button works, and what happens at the end. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { formatAction } from '../../cards/actions.js';
import { isStintError } from '../../contract/errors.js';
import { type SlackSim, startSlack } from '../../sim/slack/index.js';
import { createSlackApp } from '../../slack-app/app.js';
import type { SlackAppConfig } from '../../slack-app/config.js';
import { APP, CHANNEL, fakeDirectory, fakeGate, fakeLog, fakePreview, fakeStore, MINUTE, view } from './fakes.js';
import { config, seed, start, until } from './harness.js';

describe('starting', () => {
  let sim: SlackSim;
  beforeEach(async () => {
    sim = await startSlack({ seed: seed(), mode: 'socket' });
  });
  afterEach(() => sim.close());

  async function tried(more: Partial<SlackAppConfig> = {}): Promise<string> {
    try {
      const app = await createSlackApp({
        config: config(sim, more),
        store: fakeStore(),
        gate: fakeGate(),
        preview: fakePreview(),
        directory: fakeDirectory(),
        repairCard: async () => undefined,
        clock: Date.now,
        logger: fakeLog(),
        random: () => 0,
      });
      try {
        await app.start();
        return app.healthy() ? 'ok' : 'not healthy';
      } finally {
        await app.stop(100);
      }
    } catch (error) {
      if (!isStintError(error)) throw error;
      return `${error.code}: ${error.sentence}`;
    }
  }

  it('works with what is right, and is healthy', async () => {
    expect(await tried()).toBe('ok');
  });

  it.each([
    ['another workspace', { teamId: 'T0WRONG' }, /^bad-config: .*belongs to the workspace T0STINT/],
    ['another app', { appId: 'A0WRONG' }, /^bad-config: .*belongs to the app A0STINT/],
    ['another organisation', { enterpriseId: 'E0X' }, /^bad-config: .*organisation/],
    ['an app token of another app', { appToken: 'xapp-1-A0ELSE-1-abc' }, /^bad-config: .*A0ELSE/],
    ['no app token', { appToken: undefined }, /^bad-config: .*appToken/],
    ['a channel name', { approverChannel: '#approvals' }, /^bad-config: .*approverChannel/],
    ['an unknown channel', { approverChannel: 'C0NONE' }, /^bad-config: .*does not find the approver channel/],
    ['an e-mail address as administrator', { adminSlackUserIds: ['a@example.com'] }, /^bad-config: .*adminSlackUserIds/],
    ['plain http to another host', { slackApiUrl: 'http://slack.example.com/api/' }, /^bad-config: .*https/],
    ['a wrong bot token', { botToken: 'xoxb-wrong' }, /^bad-config: .*bot token/],
    ['a wrong app token', { appToken: 'xapp-wrong' }, /^bad-config: .*app-level token/],
  ])('refuses %s with the fix', async (_name, more, why) => {
    expect(await tried(more)).toMatch(why);
  });

  it.each([
    ['archived', (s: SlackSim) => s.admin.archive({ channel: CHANNEL }), /archived/],
    ['without the bot', (s: SlackSim) => s.admin.removeBot({ channel: CHANNEL }), /invite|not a member/],
  ])('refuses an approver channel that is %s', async (_name, change, why) => {
    change(sim);
    expect(await tried()).toMatch(why);
  });

  it('refuses a channel that is shared with another organisation', async () => {
    await sim.close();
    const shared = seed();
    shared.channels[0] = { id: CHANNEL, name: 'approvals', private: true, extShared: true, members: ['U0BOT'] };
    sim = await startSlack({ seed: shared, mode: 'socket' });
    expect(await tried()).toMatch(/^bad-config: .*shared with another organisation/);
  });

  it('refuses a token that lacks a scope, and names it', async () => {
    await sim.close();
    const poor = seed();
    poor.bot.scopes = poor.bot.scopes.filter((scope) => scope !== 'files:write');
    sim = await startSlack({ seed: poor, mode: 'socket' });
    expect(await tried()).toMatch(/^bad-config: .*files:write/);
  });

  it('waits for a Slack that stops answering in the midst of the start', async () => {
    sim.fault({ method: 'conversations.info', kind: 'delay', ms: 1_500, times: 1 });
    const started = tried();
    const first = () => sim.truth().calls.some(({ method }) => method === 'auth.test');
    await until('the token was looked at', first);
    sim.fault({ method: 'auth.test', kind: '500' });
    expect(await started).toMatch(/^slack-unavailable: .*auth\.test/);
  });

  it('says that Slack is down when it is', async () => {
    sim.fault({ kind: 'down' });
    expect(await tried()).toMatch(/^slack-unavailable/);
  });
});

describe('running', () => {
  it('a channel that becomes shared stops approvals until it is private again, and revokes go on', async () => {
    const h = await start();
    try {
      const one = view();
      const ts = await h.post(one);
      h.sim.admin.archive({ channel: CHANNEL });
      await h.sim.act.event({ event: { type: 'group_archive', channel: CHANNEL, user: 'U0ALICE' } });
      await until('the refusal to be known', () => !h.app.healthy());
      await h.click('U0ALICE', ts, `approve:${10 * MINUTE}`);
      expect(h.gate.sent).toEqual([]);
      const revoke = formatAction({ kind: 'revoke', requestId: one.request.requestId, roundDigest: one.digest });
      await h.click('U0ALICE', ts, 'revoke', { actionId: 'revoke', value: revoke.value });
      expect(h.gate.sent.map((s) => s.kind)).toEqual(['revoke']);
      h.sim.admin.unarchive({ channel: CHANNEL });
      await h.sim.act.event({ event: { type: 'channel_shared', channel: CHANNEL, connected_team_id: 'T0X', event_ts: '1.1' } });
      await until('healthy again', () => h.app.healthy());
    } finally {
      await h.stop();
    }
  });

  it('an account that Slack says has changed is asked about again at once', async () => {
    const h = await start();
    try {
      const ts = await h.post(view());
      await h.click('U0ALICE', ts, `approve:${10 * MINUTE}`);
      h.sim.admin.setUser({ id: 'U0ALICE', isRestricted: true });
      const before = h.sim.truth().calls.filter((call) => call.method === 'users.info').length;
      await h.sim.act.event({ event: { type: 'user_change', user: { id: 'U0ALICE' }, event_ts: '1.1' } });
      await h.click('U0ALICE', ts, `approve:${5 * MINUTE}`);
      await until('the refusal', () => h.told('U0ALICE').some((words) => /Guests/.test(words)));
      expect(h.sim.truth().calls.filter((call) => call.method === 'users.info').length).toBe(before + 1);
      expect(h.gate.sent).toHaveLength(1);
    } finally {
      await h.stop();
    }
  });

  it('a socket that drops comes back, and clicks work again', async () => {
    const h = await start();
    try {
      const ts = await h.post(view());
      h.sim.socket.drop();
      await until('the loss to be seen', () => !h.app.healthy());
      await until('the socket to be back', () => h.app.healthy() && h.sim.socket.count() > 0, 10_000);
      expect((await h.click('U0ALICE', ts, `approve:${10 * MINUTE}`)).ack).toBe('ok');
      expect(h.gate.sent).toHaveLength(1);
    } finally {
      await h.stop();
    }
  });

  it('a 503 while reconnecting does not end it', async () => {
    const h = await start();
    try {
      h.sim.fault({ method: 'apps.connections.open', kind: '500', times: 2 });
      h.sim.socket.drop();
      await until('the socket to be back', () => h.app.healthy() && h.sim.socket.count() > 0, 15_000);
    } finally {
      await h.stop();
    }
  });

  it('a stop waits for the click under way, which is still acknowledged', async () => {
    const h = await start();
    try {
      const ts = await h.post(view());
      h.gate.mode = 'hang';
      const clicked = h.click('U0ALICE', ts, `approve:${10 * MINUTE}`);
      await until('the click to arrive', () => h.preview.judged.length > 0);
      const stopped = h.app.stop(2000);
      h.gate.release();
      expect((await clicked).ack).toBe('ok');
      await stopped;
      expect(h.gate.sent).toHaveLength(1);
      expect(h.app.healthy()).toBe(false);
      await until('the socket to be closed', () => h.sim.socket.count() === 0);
    } finally {
      await h.sim.close();
    }
  });

  it('no token and no reason is ever in the log', async () => {
    const h = await start();
    try {
      const ts = await h.post(view());
      await h.click('U0ALICE', ts, `approve:${10 * MINUTE}`);
      h.sim.admin.revokeToken({ kind: 'bot' });
      h.advance(2 * MINUTE);
      await h.click('U0CAROL', ts, `approve:${5 * MINUTE}`);
      const log = JSON.stringify(h.logger.lines);
      expect(log.length).toBeGreaterThan(10);
      expect(log).not.toMatch(/xoxb-stand|xapp-stand|signing-secret|Install Docker/);
      expect(APP).toBe('A0STINT');
    } finally {
      await h.stop();
    }
  });
});
