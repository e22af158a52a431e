import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { slackRetryAfterMs } from '../../../activities/slack/errors.js';
import { card } from '../../../cards/card.js';
import { StintError } from '../../../contract/errors.js';
import type { FaultInput } from '../../../sim/slack/index.js';
import { at, people, SCRIPTS, viewOf } from '../../cards/views.js';
import { BOB, CHANNEL, GONE, message, type Stage, startStage } from './stage.js';

let stage: Stage;
beforeEach(async () => {
  stage = await startStage();
});
afterEach(() => stage.close());

const KEY = 'card/abcdefghijklmnopqrstuvwxyz';
const where = { channel: CHANNEL };
const code = (error: unknown) => (error instanceof StintError ? error.code : `unexpected: ${String(error)}`);
const failing = (call: Promise<unknown>) => call.then(() => 'no error', code);
const caught = (call: Promise<unknown>) =>
  call.then(
    () => undefined,
    (error: unknown) => error,
  );

/** Faults after which the post may have been made, and was. */
const LOST: readonly FaultInput[] = [
  { kind: 'drop-after', times: 1 },
  { kind: '500-after', times: 1 },
  { kind: 'html-after', times: 1 },
  { kind: 'error-after', error: 'fatal_error', times: 1 },
];

describe('posting', () => {
  it('posts once under a key, and asks Slack nothing when it is known', async () => {
    const cards = stage.worker();
    const ref = await cards.ensurePosted(KEY, where, message('one'));
    const before = stage.sim.truth().calls.length;
    expect(await cards.ensurePosted(KEY, where, message('two'))).toEqual(ref);
    expect(await stage.worker().ensurePosted(KEY, where, message('three'))).toEqual(ref);
    expect(stage.sim.truth().calls.length).toBe(before);
    expect(stage.posted().map((m) => m.text)).toEqual(['one']);
  });

  it('a first post needs no look into the channel', async () => {
    await stage.worker().ensurePosted(KEY, where, message('one'));
    expect(stage.sim.truth().calls.map((c) => c.method)).toEqual(['chat.postMessage']);
  });

  it('sends ids as metadata and nothing that would be parsed or unfurled', async () => {
    await stage.worker().ensurePosted(KEY, where, message('one'));
    const [call] = stage.calls('chat.postMessage');
    expect(call?.args).toMatchObject({ parse: 'none', metadata: { event_type: 'stint_message', event_payload: { key: KEY } } });
    expect([call?.args.link_names, call?.args.unfurl_links, call?.args.unfurl_media].map(String)).toEqual([
      'false',
      'false',
      'false',
    ]);
    expect(call?.args).not.toHaveProperty('client_msg_id');
  });

  it.each(LOST)('a lost reply ($kind) makes one post, seen by the same worker', async (fault) => {
    const cards = stage.worker();
    stage.sim.fault({ method: 'chat.postMessage', ...fault });
    expect(await failing(cards.ensurePosted(KEY, where, message('one')))).toBe('slack-unavailable');
    const ref = await cards.ensurePosted(KEY, where, message('one'));
    expect(stage.posted().map((m) => m.ts)).toEqual([ref.ts]);
  });

  it.each(LOST)('a lost reply ($kind) makes one post, seen by the successor of a killed worker', async (fault) => {
    stage.sim.fault({ method: 'chat.postMessage', ...fault });
    expect(await failing(stage.worker().ensurePosted(KEY, where, message('one')))).toBe('slack-unavailable');
    const ref = await stage.worker().ensurePosted(KEY, where, message('one'));
    expect(stage.posted().map((m) => m.ts)).toEqual([ref.ts]);
    expect(stage.refs.rows.get(KEY)?.ts).toBe(ref.ts);
  });

  it('no answer in time is taken as a lost reply', async () => {
    stage.sim.fault({ method: 'chat.postMessage', kind: 'hang', times: 1 });
    const cards = stage.worker({ timeoutMs: 300 });
    expect(await failing(cards.ensurePosted(KEY, where, message('one')))).toBe('slack-unavailable');
    await cards.ensurePosted(KEY, where, message('one'));
    expect(stage.posted()).toHaveLength(1);
  });

  it('a worker killed between the post and the record leaves one post', async () => {
    stage.refs.dieBefore = (_, ref) => ref.ts !== '';
    expect(await failing(stage.worker().ensurePosted(KEY, where, message('one')))).toContain('killed');
    stage.refs.dieBefore = undefined;
    const ref = await stage.worker().ensurePosted(KEY, where, message('one'));
    expect(stage.posted().map((m) => m.ts)).toEqual([ref.ts]);
  });

  it('an earlier post is found behind hundreds of others', async () => {
    stage.sim.fault({ method: 'chat.postMessage', kind: 'drop-after', times: 1 });
    await caught(stage.worker().ensurePosted(KEY, where, message('one')));
    for (let i = 0; i < 450; i += 1) stage.sim.act.say({ user: 'U0OTHER', channel: CHANNEL, text: `noise ${i}` });
    await stage.worker().ensurePosted(KEY, where, message('one'));
    expect(stage.posted().filter((m) => m.text === 'one')).toHaveLength(1);
  });

  it("is not taken in by somebody else's message, or by another key", async () => {
    const cards = stage.worker();
    await cards.ensurePosted(`${KEY}/other`, where, message('other'));
    stage.sim.act.say({ user: 'U0OTHER', channel: CHANNEL, text: KEY });
    stage.sim.fault({ method: 'chat.postMessage', kind: 'drop-before', times: 1 });
    expect(await failing(cards.ensurePosted(KEY, where, message('one')))).toBe('slack-unavailable');
    await cards.ensurePosted(KEY, where, message('one'));
    expect(stage.posted().map((m) => m.text)).toEqual(['other', KEY, 'one']);
  });

  it('callers of one process who race for a key make one post', async () => {
    const cards = stage.worker();
    const refs = await Promise.all(Array.from({ length: 8 }, () => cards.ensurePosted(KEY, where, message('one'))));
    expect(new Set(refs.map((r) => r.ts)).size).toBe(1);
    expect(stage.posted()).toHaveLength(1);
  });

  const DELAYS: readonly (FaultInput | undefined)[] = [
    undefined,
    { method: 'chat.postMessage', kind: 'delay', ms: 120, times: 1 },
    { method: 'chat.postMessage', kind: 'delay', ms: 120 },
    { method: 'conversations.history', kind: 'delay', ms: 120, times: 1 },
    { method: 'chat.delete', kind: 'delay', ms: 120 },
  ];
  it.each(DELAYS)('two workers who race for a key end with one card between them (%o)', async (delay) => {
    if (delay) stage.sim.fault(delay);
    const workers = [stage.worker(), stage.worker()];
    const refs = await Promise.all(workers.map((w) => w.ensurePosted(KEY, where, message('one'))));
    for (const [i, worker] of workers.entries()) {
      const ref = refs[i];
      if (ref) await worker.update(ref, message('two'));
    }
    const later = stage.worker();
    await later.update(await later.ensurePosted(KEY, where, message('three')), message('three'));
    expect(stage.posted().map((m) => m.text)).toEqual(['three']);
    expect(stage.refs.rows.get(KEY)?.ts).toBe(stage.posted()[0]?.ts);
  });

  it('a twin that becomes visible only after a second post is taken away again', async () => {
    stage.sim.fault({ method: 'chat.postMessage', kind: 'drop-after', times: 1 });
    await caught(stage.worker().ensurePosted(KEY, where, message('one')));
    const [first] = stage.posted();
    // Slack does not show the first one yet: the look before posting finds nothing.
    stage.sim.fault({ method: 'conversations.history', kind: 'error', error: 'missing_scope', times: 1 });
    const ref = await stage.worker().ensurePosted(KEY, where, message('one'));
    expect(ref.ts).toBe(first?.ts);
    expect(stage.posted().map((m) => m.ts)).toEqual([first?.ts]);
  });

  it('an app that may not read the channel still posts', async () => {
    const blind = await startStage(['chat:write']);
    blind.sim.fault({ method: 'chat.postMessage', kind: 'drop-before', times: 1 });
    await caught(blind.worker().ensurePosted(KEY, where, message('one')));
    await blind.worker().ensurePosted(KEY, where, message('one'));
    expect(blind.posted()).toHaveLength(1);
    await blind.close();
  });
});

describe('with the store down', () => {
  beforeEach(() => {
    stage.refs.down = true;
  });

  it('a post is made, and made once', async () => {
    const cards = stage.worker();
    const ref = await cards.ensurePosted(KEY, where, message('one'));
    expect((await cards.ensurePosted(KEY, where, message('one'))).ts).toBe(ref.ts);
    expect((await stage.worker().ensurePosted(KEY, where, message('one'))).ts).toBe(ref.ts);
    expect(stage.posted()).toHaveLength(1);
  });

  it.each(LOST)('a lost reply ($kind) makes one post', async (fault) => {
    stage.sim.fault({ method: 'chat.postMessage', ...fault });
    await caught(stage.worker().ensurePosted(KEY, where, message('one')));
    await stage.worker().ensurePosted(KEY, where, message('one'));
    expect(stage.posted()).toHaveLength(1);
  });

  it('a repeat after the store came back still looks first', async () => {
    const same = stage.worker();
    stage.sim.fault({ method: 'chat.postMessage', kind: 'drop-after', times: 1 });
    await caught(same.ensurePosted(KEY, where, message('one')));
    stage.refs.down = false;
    await stage.worker({ repeated: () => true }).ensurePosted(KEY, where, message('one'));
    expect(stage.posted()).toHaveLength(1);
    stage.refs.rows.clear();
    await same.ensurePosted(KEY, where, message('one'));
    expect(stage.posted()).toHaveLength(1);
  });

  it('a card is kept current', async () => {
    const cards = stage.worker();
    const ref = await cards.ensurePosted(KEY, where, message('one'));
    await cards.update(await cards.ensurePosted(KEY, where, message('two')), message('two'));
    await cards.update(ref, message('three'));
    expect(stage.posted().map((m) => m.text)).toEqual(['three']);
  });

  it('what another worker painted meanwhile is not taken for what this one painted', async () => {
    const mine = stage.worker();
    await mine.ensurePosted(KEY, where, message('one'));
    const other = stage.worker();
    await other.update(await other.ensurePosted(KEY, where, message('two')), message('two'));
    await mine.update(await mine.ensurePosted(KEY, where, message('one')), message('one'));
    expect(stage.posted().map((m) => m.text)).toEqual(['one']);
  });

  it('any other error of the store is not swallowed', async () => {
    stage.refs.down = false;
    stage.refs.dieBefore = () => true;
    expect(await failing(stage.worker().ensurePosted(KEY, where, message('one')))).toContain('killed');
    expect(stage.posted()).toHaveLength(0);
  });
});

describe('client_msg_id', () => {
  it('is sent only when asked for, as a UUID that follows from the key', async () => {
    await stage.worker({ useClientMsgId: true }).ensurePosted(KEY, where, message('one'));
    const id = stage.calls('chat.postMessage')[0]?.args.client_msg_id;
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  it('a post that Slack knows already is the post, even when nothing was recorded', async () => {
    stage.sim.admin.settings({ dedupeClientMsgId: true });
    const ref = await stage.worker({ useClientMsgId: true }).ensurePosted(KEY, where, message('one'));
    stage.refs.rows.clear();
    expect((await stage.worker({ useClientMsgId: true }).ensurePosted(KEY, where, message('one'))).ts).toBe(ref.ts);
    expect(stage.posted()).toHaveLength(1);
  });

  it('a duplicate that cannot be found is tried again, not given up', async () => {
    stage.sim.fault({ method: 'chat.postMessage', kind: 'error', error: 'duplicate_message_not_found', times: 1 });
    const cards = stage.worker({ useClientMsgId: true });
    expect(await failing(cards.ensurePosted(KEY, where, message('one')))).toBe('slack-unavailable');
  });

  it('does not hinder posting a deleted card again', async () => {
    stage.sim.admin.settings({ dedupeClientMsgId: true });
    const cards = stage.worker({ useClientMsgId: true });
    const ref = await cards.ensurePosted(KEY, where, message('one'));
    stage.sim.admin.deleteMessage({ channel: CHANNEL, ts: ref.ts });
    await cards.update(ref, message('two'));
    expect(stage.posted().map((m) => m.text)).toEqual(['two']);
  });
});

describe('keeping a card current', () => {
  it('an equal rendering is not sent again', async () => {
    const cards = stage.worker();
    const ref = await cards.ensurePosted(KEY, where, message('one'));
    expect(await cards.update(ref, message('one'))).toBe(ref);
    const next = await cards.update(ref, message('two'));
    await cards.update(next, message('two'));
    expect(stage.calls('chat.update')).toHaveLength(1);
    expect(stage.refs.rows.get(KEY)).toEqual(next);
  });

  it.each(LOST)('converges after a lost reply ($kind)', async (fault) => {
    const cards = stage.worker();
    const ref = await cards.ensurePosted(KEY, where, message('one'));
    stage.sim.fault({ method: 'chat.update', ...fault });
    expect(await failing(cards.update(ref, message('two')))).toBe('slack-unavailable');
    await stage.worker().update(ref, message('two'));
    expect(stage.posted().map((m) => m.text)).toEqual(['two']);
  });

  it('a card that was found again shows the newest state, whatever it showed', async () => {
    stage.sim.fault({ method: 'chat.postMessage', kind: 'drop-after', times: 1 });
    await caught(stage.worker().ensurePosted(KEY, where, message('one')));
    const cards = stage.worker();
    const ref = await cards.ensurePosted(KEY, where, message('two'));
    await cards.update(ref, message('two'));
    expect(stage.posted().map((m) => m.text)).toEqual(['two']);
  });

  it('a card that somebody deleted is posted once more under its key', async () => {
    const cards = stage.worker();
    const ref = await cards.ensurePosted(KEY, where, message('one'));
    stage.sim.admin.deleteMessage({ channel: CHANNEL, ts: ref.ts });
    const again = await cards.update(ref, message('two'));
    expect(again.ts).not.toBe(ref.ts);
    expect(stage.refs.rows.get(KEY)?.ts).toBe(again.ts);
    // The same call repeated with the old reference edits the new post.
    await cards.update(ref, message('three'));
    await cards.update(again, message('four'));
    expect(stage.posted().map((m) => m.text)).toEqual(['four']);
  });

  it('a lost reply to posting it again makes no third one', async () => {
    const cards = stage.worker();
    const ref = await cards.ensurePosted(KEY, where, message('one'));
    stage.sim.admin.deleteMessage({ channel: CHANNEL, ts: ref.ts });
    stage.sim.fault({ method: 'chat.postMessage', kind: 'drop-after', times: 1 });
    expect(await failing(cards.update(ref, message('two')))).toBe('slack-unavailable');
    const later = stage.worker();
    await later.update(await later.ensurePosted(KEY, where, message('three')), message('three'));
    expect(stage.posted().map((m) => m.text)).toEqual(['three']);
  });

  it('a worker that knows nothing but the reference posts a deleted card once', async () => {
    const ref = await stage.worker().ensurePosted(KEY, where, message('one'));
    stage.sim.admin.deleteMessage({ channel: CHANNEL, ts: ref.ts });
    stage.sim.fault({ method: 'chat.postMessage', kind: 'drop-after', times: 1 });
    await caught(stage.worker().update(ref, message('two')));
    await stage.worker().update(ref, message('two'));
    expect(stage.posted().map((m) => m.text)).toEqual(['two']);
  });

  it('a "not found" about a card that is there is not believed', async () => {
    const cards = stage.worker();
    const ref = await cards.ensurePosted(KEY, where, message('one'));
    stage.sim.fault({ method: 'chat.update', kind: 'error', error: 'message_not_found', times: 1 });
    expect(await failing(cards.update(ref, message('two')))).toBe('slack-unavailable');
    await cards.update(ref, message('two'));
    expect(stage.posted().map((m) => m.text)).toEqual(['two']);
  });

  it('every card of every state is taken by Slack, in one message', async () => {
    const cards = stage.worker();
    let ref = await cards.ensurePosted(KEY, where, message('one'));
    for (const name of Object.keys(SCRIPTS)) {
      const rendered = card(viewOf(name), { reason: '<!channel> & co', now: at(9), people });
      ref = await cards.update(ref, rendered);
      expect(stage.posted().map((m) => m.text)).toEqual([rendered.text]);
    }
    expect(stage.calls('chat.update').flatMap((c) => c.unknownArgs)).toEqual([]);
  });
});

describe('what Slack refuses', () => {
  it('a rate limit says how long to wait, and nothing was posted', async () => {
    const cards = stage.worker();
    stage.sim.fault({ method: 'chat.postMessage', kind: '429', retryAfter: 7, times: 1 });
    const error = await caught(cards.ensurePosted(KEY, where, message('one')));
    expect(code(error)).toBe('too-many');
    expect(slackRetryAfterMs(error)).toBe(7000);
    expect(stage.posted()).toHaveLength(0);
    await cards.ensurePosted(KEY, where, message('one'));
    expect(stage.posted()).toHaveLength(1);
  });

  it('a rate limit of one call holds no other call', async () => {
    const cards = stage.worker();
    stage.sim.fault({ method: 'chat.postMessage', kind: '429', retryAfter: 30, times: 1 });
    await caught(cards.ensurePosted(KEY, where, message('one')));
    const from = Date.now();
    await cards.ephemeral(CHANNEL, 'U0OTHER' as typeof BOB, 'hello');
    expect(Date.now() - from).toBeLessThan(5_000);
  });

  it('an archived channel is named, with what to do', async () => {
    const cards = stage.worker();
    const ref = await cards.ensurePosted(KEY, where, message('one'));
    stage.sim.admin.archive({ channel: CHANNEL });
    for (const call of [cards.ensurePosted('other', where, message('x')), cards.update(ref, message('two'))]) {
      const error = await caught(call);
      expect(code(error)).toBe('slack-rejected');
      expect(error).toMatchObject({ sentence: expect.stringMatching(/channel C0APPROVE is archived\. Restore it/) });
    }
  });

  it('a channel without the app is named, with what to do', async () => {
    const error = await caught(stage.worker().ensurePosted(KEY, { channel: 'C0AWAY' }, message('one')));
    expect(code(error)).toBe('slack-rejected');
    expect(error).toMatchObject({ sentence: expect.stringMatching(/C0AWAY.*[Ii]nvite/) });
  });

  it('a revoked token is said without showing it', async () => {
    stage.sim.admin.revokeToken({ kind: 'bot' });
    const error = await caught(stage.worker().ensurePosted(KEY, where, message('one')));
    expect(error).toMatchObject({ code: 'slack-rejected', sentence: expect.stringContaining('bot token is not valid') });
    expect(JSON.stringify(error) + String(error)).not.toContain('xoxb');
  });
});

describe('the thread', () => {
  it('a line is posted once, also after a lost reply', async () => {
    const root = await stage.worker().ensurePosted(KEY, where, message('card'));
    const thread = { channel: CHANNEL, threadTs: root.ts };
    stage.sim.fault({ method: 'chat.postMessage', kind: 'drop-after', times: 1 });
    await caught(stage.worker().ensurePosted('line/1', thread, message('line')));
    await stage.worker().ensurePosted('line/1', thread, message('line'));
    expect(stage.posted().map((m) => [m.text, m.threadTs])).toEqual([
      ['card', undefined],
      ['line', root.ts],
    ]);
  });

  it('a line that came twice, of two calls that nobody waited for, stays once', async () => {
    const root = await stage.worker().ensurePosted(KEY, where, message('card'));
    const thread = { channel: CHANNEL, threadTs: root.ts };
    stage.sim.fault({ method: 'chat.postMessage', kind: 'delay', ms: 600, times: 2 });
    const lines = () => stage.posted().filter((m) => m.text === 'line').length;
    for (const one of [stage.worker({ timeoutMs: 150 }), stage.worker({ timeoutMs: 150 })])
      await caught(one.ensurePosted('line/1', thread, message('line')));
    await expect.poll(lines, { timeout: 5000 }).toBe(2);
    await stage.worker().ensurePosted('line/1', thread, message('line'));
    expect(lines()).toBe(1);
  });

  describe('a post that Slack carries out long after it was given up', () => {
    const lines = () => stage.sim.truth().messages.filter((m) => m.channel === CHANNEL && m.text === 'line');
    const left = () => [lines().length, lines().filter((m) => !m.deleted).length];
    const late: FaultInput = { method: 'chat.postMessage', kind: 'delay', ms: 2500, times: 1 };
    const both = () => expect.poll(left, { timeout: 20_000 }).toEqual([2, 2]);

    it('is taken away again, though its successor looked before and after it posted', async () => {
      const root = await stage.worker().ensurePosted(KEY, where, message('card'));
      const thread = { channel: CHANNEL, threadTs: root.ts };
      const cards = stage.worker({ timeoutMs: 300 });
      stage.sim.fault(late);
      expect(await failing(cards.ensurePosted('line/1', thread, message('line')))).toBe('slack-unavailable');
      const ref = await cards.ensurePosted('line/1', thread, message('line'));
      await both();
      await cards.lookAgain();
      expect(left()).toEqual([2, 2]); // not due yet
      stage.advance(10_000);
      await cards.lookAgain();
      expect(stage.posted().filter((m) => m.text === 'line')).toMatchObject([{ ts: ref.ts }]);
      expect(stage.refs.rows.get('line/1')).toEqual(ref);
    });

    it('is taken away by whoever lives when it is to be looked for, also in the channel', async () => {
      stage.sim.fault(late);
      await caught(stage.worker({ timeoutMs: 300 }).ensurePosted(KEY, where, message('line')));
      const ref = await stage.worker().ensurePosted(KEY, where, message('line'));
      await both();
      stage.advance(10_000);
      await stage.worker().lookAgain();
      expect(stage.posted().map((m) => m.ts)).toEqual([ref.ts]);
    });

    it('is taken away by the second look when it came after the first, and is not looked for any more then', async () => {
      stage.sim.fault(late);
      await caught(stage.worker({ timeoutMs: 300 }).ensurePosted(KEY, where, message('line')));
      const ref = await stage.worker().ensurePosted(KEY, where, message('line'));
      stage.advance(10_000);
      await stage.worker().lookAgain();
      await both();
      stage.advance(49_000);
      await stage.worker().lookAgain();
      expect(left()).toEqual([2, 2]);
      stage.advance(1_000);
      await stage.worker().lookAgain();
      expect(stage.posted().map((m) => m.ts)).toEqual([ref.ts]);
      const looks = stage.calls('conversations.history').length;
      stage.advance(600_000);
      await stage.worker().lookAgain();
      expect(stage.calls('conversations.history')).toHaveLength(looks);
    });

    it('is looked for once more half a minute after a look that failed, or whose process died', async () => {
      stage.sim.fault(late);
      await caught(stage.worker({ timeoutMs: 300 }).ensurePosted(KEY, where, message('line')));
      const ref = await stage.worker().ensurePosted(KEY, where, message('line'));
      await both();
      stage.advance(10_000);
      stage.sim.fault({ method: 'conversations.history', kind: '500', times: 1 });
      expect(await failing(stage.worker().lookAgain())).toBe('slack-unavailable');
      await stage.worker().lookAgain();
      expect(left()).toEqual([2, 2]);
      stage.advance(30_000);
      await stage.worker().lookAgain();
      expect(stage.posted().map((m) => m.ts)).toEqual([ref.ts]);
    });

    it('is looked for although another one, which was due before it, could not be', async () => {
      stage.sim.fault({ ...late, ms: 6000, times: 2 });
      const keys = ['card/1', 'card/2'];
      for (const key of keys) await caught(stage.worker({ timeoutMs: 300 }).ensurePosted(key, where, message('line')));
      for (const key of keys) await stage.worker().ensurePosted(key, where, message('line'));
      await expect.poll(left, { timeout: 20_000 }).toEqual([4, 4]);
      stage.advance(10_000);
      stage.sim.fault({ method: 'conversations.history', kind: '500', times: 1 });
      expect(await failing(stage.worker().lookAgain())).toBe('slack-unavailable');
      expect(left()).toEqual([4, 3]);
      stage.advance(30_000);
      await stage.worker().lookAgain();
      expect(left()).toEqual([4, 2]);
    });

    it('is looked for all the same when the store was down as it was posted', async () => {
      stage.sim.fault(late);
      const cards = stage.worker({ timeoutMs: 300 });
      await caught(cards.ensurePosted(KEY, where, message('line')));
      stage.refs.down = true;
      const ref = await cards.ensurePosted(KEY, where, message('line'));
      await both();
      expect(await failing(cards.lookAgain())).toBe('store-unavailable');
      stage.refs.down = false;
      stage.advance(10_000);
      await cards.lookAgain();
      expect(stage.posted().map((m) => m.ts)).toEqual([ref.ts]);
    });

    it('is taken away where an earlier one of two was found', async () => {
      const first: FaultInput = { method: 'chat.postMessage', kind: 'drop-after', times: 1 };
      stage.sim.fault(late);
      await caught(stage.worker({ timeoutMs: 300 }).ensurePosted(KEY, where, message('line')));
      stage.sim.fault(first);
      await caught(stage.worker().ensurePosted(KEY, where, message('line')));
      const ref = await stage.worker().ensurePosted(KEY, where, message('line'));
      await both();
      stage.advance(10_000);
      await stage.worker().lookAgain();
      expect(stage.posted().map((m) => m.ts)).toEqual([ref.ts]);
    });
  });

  it('a line with a lost reply is found where it went, when its card was deleted and posted again meanwhile', async () => {
    const cards = stage.worker();
    const root = await cards.ensurePosted(KEY, where, message('card'));
    stage.sim.fault({ method: 'chat.postMessage', kind: 'drop-after', times: 1 });
    await caught(cards.ensurePosted('line/1', { channel: CHANNEL, threadTs: root.ts }, message('line')));
    stage.sim.admin.deleteMessage({ channel: CHANNEL, ts: root.ts });
    const again = await cards.update(root, message('card, later'));
    expect(again.ts).not.toBe(root.ts);
    await stage.worker().ensurePosted('line/1', { channel: CHANNEL, threadTs: again.ts }, message('line'));
    expect(stage.posted().filter((m) => m.text === 'line')).toHaveLength(1);
  });

  it('a line whose card was deleted is said in the channel, once', async () => {
    const root = await stage.worker().ensurePosted(KEY, where, message('card'));
    stage.sim.admin.deleteMessage({ channel: CHANNEL, ts: root.ts });
    const thread = { channel: CHANNEL, threadTs: root.ts };
    stage.sim.fault({ method: 'chat.postMessage', kind: 'drop-after', times: 1 });
    await caught(stage.worker().ensurePosted('line/1', thread, message('alarm')));
    await stage.worker().ensurePosted('line/1', thread, message('alarm'));
    await stage.worker().ensurePosted('line/1', thread, message('alarm'));
    expect(stage.posted().map((m) => m.text)).toEqual(['alarm']);
  });
});

describe('direct messages', () => {
  const dms = () => stage.sim.truth().messages.filter((m) => m.channel.startsWith('D') && !m.deleted);

  it.each(LOST)('are posted once, also after a lost reply ($kind)', async (fault) => {
    stage.sim.fault({ method: 'chat.postMessage', ...fault });
    await caught(stage.worker().dm('dm/1', BOB, message('hello')));
    await stage.worker().dm('dm/1', BOB, message('hello'));
    const calls = stage.sim.truth().calls.length;
    await stage.worker().dm('dm/1', BOB, message('hello'));
    expect(stage.sim.truth().calls.length).toBe(calls);
    expect(dms().map((m) => m.text)).toEqual(['hello']);
  });

  it('to a deactivated account are refused with a reason', async () => {
    expect(await caught(stage.worker().dm('dm/1', GONE, message('hello')))).toMatchObject({
      code: 'slack-rejected',
      sentence: expect.stringContaining('deactivated'),
    });
  });
});

describe('ephemeral answers', () => {
  it('are shown to the one person, escaped', async () => {
    await stage.worker().ephemeral(CHANNEL, 'U0OTHER' as typeof BOB, 'no <!channel>');
    const [shown] = stage.sim.truth().messages.filter((m) => m.onlyFor !== undefined);
    expect(shown).toMatchObject({ onlyFor: 'U0OTHER', text: 'no &lt;!channel&gt;' });
    expect(stage.posted()).toHaveLength(0);
  });

  it('become a direct message for somebody who is not in the channel', async () => {
    await stage.worker().ephemeral(CHANNEL, BOB, 'not yours');
    await stage.worker().ephemeral('C0AWAY', BOB, 'not there');
    const dms = stage.sim.truth().messages.filter((m) => m.channel.startsWith('D'));
    expect(dms.map((m) => m.text)).toEqual(['not yours', 'not there']);
  });

  it('that Slack cannot take now are errors that can be tried again', async () => {
    stage.sim.fault({ method: 'chat.postEphemeral', kind: '500', times: 1 });
    expect(await failing(stage.worker().ephemeral(CHANNEL, BOB, 'x'))).toBe('slack-unavailable');
  });
});
