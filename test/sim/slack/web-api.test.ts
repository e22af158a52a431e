/** What the Web API does with messages, views and files: the rules that a client can trip over. */
import type { WebClient } from '@slack/web-api';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SlackSim } from '../../../sim/slack/index.js';
import { ALICE, APPROVALS, BOB, channelAs, client, refusal, seed, start, until } from './harness.js';

let sim: SlackSim;
let web: WebClient;
let now: number;
beforeEach(async () => {
  now = 1_800_000_000_000;
  sim = await start({ clock: () => now });
  web = client(sim);
});
afterEach(() => sim.close());

const post = async (text: string, extra: object = {}) =>
  String((await web.chat.postMessage({ channel: APPROVALS, text, ...extra })).ts);
const divider = [{ type: 'divider' as const }];
/** A trigger id as a command brings it; no app is connected, so nobody spends it. */
async function trigger(user = ALICE): Promise<string> {
  await sim.act.command({ user, channel: 'general', command: '/x' });
  return String(sim.truth().deliveries.at(-1)?.payload.trigger_id);
}
const modal = (text = 'a') => ({ type: 'modal' as const, title: { type: 'plain_text' as const, text }, blocks: divider });

describe('tokens and scopes', () => {
  it('tells who the bot is, and gives its scopes in a header', async () => {
    const answer = await web.auth.test();
    expect(answer).toMatchObject({ team_id: 'T0ACME0000', user_id: 'U0BOT00000', bot_id: 'B0BOT00000' });
    expect(answer.response_metadata?.scopes).toContain('chat:write');
  });

  it('refuses a wrong token, the wrong kind of token, and none', async () => {
    expect(await refusal(client(sim, 'xoxb-other').auth.test())).toBe('invalid_auth');
    expect(await refusal(web.apps.connections.open({}))).toBe('not_allowed_token_type');
    expect(await refusal(client(sim, 'xapp-for-tests').chat.postMessage({ channel: APPROVALS, text: 'a' }))).toBe(
      'not_allowed_token_type',
    );
    const answer = await fetch(`${sim.apiUrl}users.info`, { method: 'POST' });
    expect(await answer.json()).toMatchObject({ ok: false, error: 'not_authed' });
  });

  it('takes the app-level token from the header only', async () => {
    const body = new URLSearchParams({ token: 'xapp-for-tests' });
    const answer = await fetch(`${sim.apiUrl}apps.connections.open`, { method: 'POST', body });
    expect(await answer.json()).toMatchObject({ ok: false });
  });

  it('says which scope is missing, by the kind of the channel', async () => {
    const poor = { ...seed(), bot: { ...seed().bot, scopes: ['chat:write', 'channels:history'] } };
    const other = await start({ seed: poor });
    const data = await client(other)
      .conversations.history({ channel: APPROVALS })
      .catch((error) => error.data);
    expect(data).toMatchObject({ error: 'missing_scope', needed: 'groups:history', provided: 'chat:write,channels:history' });
    expect(await refusal(client(other).users.info({ user: ALICE }))).toBe('missing_scope');
    await other.close();
  });

  it('shows addresses of people only with users:read.email', async () => {
    const poor = { ...seed(), bot: { ...seed().bot, scopes: ['users:read'] } };
    const other = await start({ seed: poor });
    expect((await client(other).users.info({ user: ALICE })).user?.profile?.email).toBeUndefined();
    expect((await web.users.info({ user: ALICE })).user?.profile?.email).toBe('alice@acme.example');
    await other.close();
  });

  it('refuses everything once the token is revoked', async () => {
    sim.admin.revokeToken({ kind: 'bot' });
    expect(await refusal(web.auth.test())).toBe('token_revoked');
    sim.admin.restoreToken({ kind: 'bot' });
    expect((await web.auth.test()).ok).toBe(true);
  });

  it('names missing arguments', async () => {
    const data = await web.apiCall('chat.update', { channel: APPROVALS }).catch((error) => error.data);
    expect(data).toMatchObject({
      error: 'invalid_arguments',
      response_metadata: { messages: ['[ERROR] missing required field: ts'] },
    });
  });

  it('reads no JSON body where Slack reads none', async () => {
    const headers = { authorization: 'Bearer xoxb-for-tests', 'content-type': 'application/json' };
    const answer = await fetch(`${sim.apiUrl}users.info`, { method: 'POST', headers, body: JSON.stringify({ user: ALICE }) });
    expect(await answer.json()).toMatchObject({ ok: false, error: 'invalid_arguments' });
  });
});

describe('people and channels', () => {
  it('shows what tells a guest, a foreigner and a deactivated person', async () => {
    sim.admin.deactivateUser({ user: BOB });
    expect((await web.users.info({ user: BOB })).user?.deleted).toBe(true);
    expect((await web.users.info({ user: 'U0GUEST000' })).user).toMatchObject({ is_restricted: true, is_ultra_restricted: true });
    expect((await web.users.info({ user: 'U0OUTER000' })).user?.team_id).toBe('T0OTHER000');
    expect(await refusal(web.users.lookupByEmail({ email: 'bob@acme.example' }))).toBe('users_not_found');
    expect(await refusal(web.users.lookupByEmail({ email: 'olga@other.example' }))).toBe('users_not_found');
  });

  it('leaves deactivated people out of a user group', async () => {
    sim.admin.deactivateUser({ user: BOB });
    expect((await web.usergroups.users.list({ usergroup: 'S0ONCALL00' })).users).toEqual([ALICE]);
  });

  it('hides private channels that the bot is not in', async () => {
    expect(await refusal(web.conversations.info({ channel: 'C0SECRET00' }))).toBe('channel_not_found');
    expect((await web.conversations.info({ channel: APPROVALS })).channel).toMatchObject({
      is_private: true,
      is_member: true,
      is_archived: false,
    });
  });

  it('opens a direct message once', async () => {
    const first = await web.conversations.open({ users: ALICE });
    const second = await web.chat.postMessage({ channel: ALICE, text: 'hello' });
    expect(second.channel).toBe(first.channel?.id);
    expect(first.channel?.id).toMatch(/^D/);
    expect(channelAs(sim, ALICE, String(second.channel))?.messages[0]?.text).toBe('hello');
    expect(channelAs(sim, BOB, String(second.channel))).toBeUndefined();
  });
});

describe('messages', () => {
  it('gives timestamps that are unique and grow, although the clock stands still', async () => {
    const all = [await post('a'), await post('b'), await post('c')];
    expect(new Set(all).size).toBe(3);
    expect([...all].sort()).toEqual(all);
    expect(all[0]).toMatch(/^1800000000\.\d{6}$/);
  });

  it('refuses a channel that is archived, unknown, or without the bot', async () => {
    expect(await refusal(web.chat.postMessage({ channel: 'C0GENERAL0', text: 'a' }))).toBe('not_in_channel');
    expect(await refusal(web.chat.postMessage({ channel: 'C0SECRET00', text: 'a' }))).toBe('channel_not_found');
    sim.admin.archive({ channel: APPROVALS });
    expect(await refusal(post('a'))).toBe('is_archived');
    sim.admin.unarchive({ channel: APPROVALS });
    sim.admin.removeBot({ channel: APPROVALS });
    expect(await refusal(post('a'))).toBe('channel_not_found');
  });

  it('removes the blocks when an update has text only, and keeps the metadata', async () => {
    const ts = await post('a', { blocks: divider, metadata: { event_type: 'card', event_payload: { id: 1 } } });
    await web.chat.update({ channel: APPROVALS, ts, text: 'b' });
    const { messages } = await web.conversations.history({ channel: APPROVALS, include_all_metadata: true });
    expect(messages?.[0]).toMatchObject({
      text: 'b',
      metadata: { event_type: 'card', event_payload: { id: 1 } },
      edited: { user: 'U0BOT00000' },
    });
    expect(messages?.[0]?.blocks).toBeUndefined();
  });

  it('shows metadata only to those who ask for it', async () => {
    await post('a', { metadata: { event_type: 'card', event_payload: {} } });
    const { messages } = await web.conversations.history({ channel: APPROVALS });
    expect(messages?.[0]).not.toHaveProperty('metadata');
  });

  it('cuts long texts when posting and refuses them when updating', async () => {
    const ts = await post('x'.repeat(40_001));
    expect(channelAs(sim, ALICE, APPROVALS)?.messages[0]?.text).toHaveLength(40_000);
    expect(await refusal(web.chat.update({ channel: APPROVALS, ts, text: 'x'.repeat(4001) }))).toBe('msg_too_long');
  });

  it('updates and deletes own messages only, and no ephemeral or deleted one', async () => {
    const said = sim.act.say({ user: ALICE, channel: APPROVALS, text: 'mine' });
    expect(await refusal(web.chat.update({ channel: APPROVALS, ts: said.ts, text: 'b' }))).toBe('cant_update_message');
    expect(await refusal(web.chat.delete({ channel: APPROVALS, ts: said.ts }))).toBe('cant_delete_message');
    const whisper = await web.chat.postEphemeral({ channel: APPROVALS, user: ALICE, text: 'psst' });
    expect(await refusal(web.chat.update({ channel: APPROVALS, ts: String(whisper.message_ts), text: 'b' }))).toBe(
      'message_not_found',
    );
    const ts = await post('a');
    sim.admin.deleteMessage({ channel: APPROVALS, ts });
    expect(await refusal(web.chat.update({ channel: APPROVALS, ts, text: 'b' }))).toBe('message_not_found');
  });

  it('shows an ephemeral message to one person, until they reload', async () => {
    await web.chat.postEphemeral({ channel: APPROVALS, user: ALICE, text: 'psst' });
    expect(channelAs(sim, ALICE, APPROVALS)?.messages).toHaveLength(1);
    expect(channelAs(sim, BOB, APPROVALS)?.messages).toHaveLength(0);
    expect((await web.conversations.history({ channel: APPROVALS })).messages).toEqual([]);
    sim.act.reload({ user: ALICE });
    expect(channelAs(sim, ALICE, APPROVALS)?.messages).toHaveLength(0);
  });

  it('answers ok and shows nothing when the person of an ephemeral message is away', async () => {
    sim.admin.setUser({ id: ALICE, present: false });
    expect((await web.chat.postEphemeral({ channel: APPROVALS, user: ALICE, text: 'psst' })).ok).toBe(true);
    expect(channelAs(sim, ALICE, APPROVALS)?.messages).toHaveLength(0);
    expect(await refusal(web.chat.postEphemeral({ channel: APPROVALS, user: 'U0GUEST000', text: 'psst' }))).toBe(
      'user_not_in_channel',
    );
  });

  it('keeps threads together: a reply to a reply joins the thread, and history leaves replies out', async () => {
    const root = await post('root');
    const reply = await post('one', { thread_ts: root });
    await post('two', { thread_ts: reply });
    const { messages } = await web.conversations.replies({ channel: APPROVALS, ts: root });
    expect(messages?.map((one) => one.text)).toEqual(['root', 'one', 'two']);
    const history = await web.conversations.history({ channel: APPROVALS });
    expect(history.messages).toMatchObject([{ text: 'root', reply_count: 2 }]);
  });

  it('leaves a tombstone where a deleted message had replies', async () => {
    const root = await post('root');
    await post('one', { thread_ts: root });
    await web.chat.delete({ channel: APPROVALS, ts: root });
    expect((await web.conversations.history({ channel: APPROVALS })).messages).toMatchObject([{ subtype: 'tombstone' }]);
    expect(channelAs(sim, ALICE, APPROVALS)?.messages).toMatchObject([{ deleted: true, replies: [{ text: 'one' }] }]);
  });

  it('pages through history from the newest on, and cuts it by time', async () => {
    const all: string[] = [];
    for (const text of ['a', 'b', 'c']) all.push(await post(text));
    const first = await web.conversations.history({ channel: APPROVALS, limit: 2 });
    expect(first.messages?.map((one) => one.text)).toEqual(['c', 'b']);
    const cursor = first.response_metadata?.next_cursor;
    const second = await web.conversations.history({ channel: APPROVALS, limit: 2, cursor });
    expect(second.messages?.map((one) => one.text)).toEqual(['a']);
    expect((await web.conversations.history({ channel: APPROVALS, oldest: all[1] })).messages).toHaveLength(1);
    expect((await web.conversations.history({ channel: APPROVALS, oldest: all[1], inclusive: true })).messages).toHaveLength(2);
  });

  it('posts twice under one client_msg_id, or once, as it is switched', async () => {
    const send = async () =>
      (await web.apiCall('chat.postMessage', { channel: APPROVALS, text: 'a', client_msg_id: 'same' })) as PostAnswer;
    expect((await send()).ts).not.toBe((await send()).ts);
    sim.admin.settings({ dedupeClientMsgId: true });
    const { ts } = await send();
    expect(await send()).toMatchObject({ is_duplicate: true, ts });
    expect(sim.truth().messages).toHaveLength(2);
  });
});
type PostAnswer = { ts?: string; is_duplicate?: boolean };

describe('rate limits', () => {
  it('allows one message a second per channel, and other methods meanwhile', async () => {
    sim.admin.settings({ perChannelLimit: true });
    await post('a');
    await expect(post('b')).rejects.toMatchObject({ retryAfter: 1 });
    await web.chat.postMessage({ channel: ALICE, text: 'elsewhere' });
    await web.conversations.history({ channel: APPROVALS });
    now += 1000;
    await post('b');
    expect(channelAs(sim, ALICE, APPROVALS)?.messages).toHaveLength(2);
  });

  it('holds each method to its tier', async () => {
    sim.admin.settings({ tierLimits: true });
    for (let n = 0; n < 20; n += 1) await web.usergroups.list();
    await expect(web.usergroups.list()).rejects.toMatchObject({ retryAfter: 60 });
    now += 60_000;
    await web.usergroups.list();
  });
});

describe('views', () => {
  it('takes a trigger id once, and only while it is fresh', async () => {
    const id = await trigger();
    await web.views.open({ trigger_id: id, view: modal() });
    expect(await refusal(web.views.open({ trigger_id: id, view: modal() }))).toBe('exchanged_trigger_id');
    expect(await refusal(web.views.open({ trigger_id: 'made.up', view: modal() }))).toBe('invalid_trigger_id');
    const late = await trigger();
    now += 3001;
    expect(await refusal(web.views.open({ trigger_id: late, view: modal() }))).toBe('expired_trigger_id');
  });

  it('does not spend the trigger id on a view that it refuses', async () => {
    const id = await trigger();
    expect(await refusal(web.views.open({ trigger_id: id, view: modal('x'.repeat(25)) }))).toBe('invalid_arguments');
    expect((await web.views.open({ trigger_id: id, view: modal() })).ok).toBe(true);
  });

  it('refuses an update with an old hash, and one of a view that is closed', async () => {
    const { view } = await web.views.open({ trigger_id: await trigger(), view: modal() });
    const at = { view_id: String(view?.id), view: modal('b') };
    const updated = await web.views.update({ ...at, hash: String(view?.hash) });
    expect(updated.view?.hash).not.toBe(view?.hash);
    expect(await refusal(web.views.update({ ...at, hash: String(view?.hash) }))).toBe('hash_conflict');
    await sim.act.closeView({ user: ALICE });
    expect(await refusal(web.views.update(at))).toBe('not_found');
  });

  it('refuses a second view with the same external id', async () => {
    await web.views.open({ trigger_id: await trigger(ALICE), view: { ...modal(), external_id: 'one' } });
    expect(await refusal(web.views.open({ trigger_id: await trigger(BOB), view: { ...modal(), external_id: 'one' } }))).toBe(
      'duplicate_external_id',
    );
  });

  it('publishes a Home per person, guarded by its hash', async () => {
    const first = await web.views.publish({ user_id: ALICE, view: { type: 'home', blocks: divider } });
    await web.views.publish({ user_id: ALICE, view: { type: 'home', blocks: [] }, hash: String(first.view?.hash) });
    expect(
      await refusal(web.views.publish({ user_id: ALICE, view: { type: 'home', blocks: [] }, hash: String(first.view?.hash) })),
    ).toBe('hash_conflict');
    expect(sim.state(ALICE).home).toMatchObject({ type: 'home', blocks: [] });
    expect(sim.state(BOB).home).toBeNull();
  });
});

describe('files', () => {
  it('takes the three steps of the SDK into a thread, and shows the share only after the scan', async () => {
    const ts = await post('card');
    sim.admin.settings({ shareDelayMs: 1000 });
    const sent = await web.filesUploadV2({
      channel_id: APPROVALS,
      thread_ts: ts,
      filename: 'sudo.log',
      content: 'sudo -l\n',
      initial_comment: 'The log',
    });
    const id = String((sent as { files?: { files?: { id?: string }[] }[] }).files?.[0]?.files?.[0]?.id);
    expect((await web.files.info({ file: id })).file?.shares).toEqual({});
    now += 1000;
    const shares = (await web.files.info({ file: id })).file?.shares;
    expect(shares?.private?.[APPROVALS]?.[0]).toMatchObject({ thread_ts: ts, ts: expect.any(String) });
    const reply = channelAs(sim, BOB, APPROVALS)?.messages[0]?.replies[0];
    expect(reply).toMatchObject({ text: 'The log', files: [{ name: 'sudo.log', size: 8 }] });
    expect(await (await fetch(`${sim.url}${reply?.files[0]?.url}`)).text()).toBe('sudo -l\n');
    expect((await fetch(`${sim.url}/sim/file/${id}?as=U0GUEST000`)).status).toBe(404);
  });

  it('takes raw bytes too, and refuses another length than announced', async () => {
    const { upload_url, file_id } = await web.files.getUploadURLExternal({ filename: 'a.log', length: 4 });
    expect((await fetch(String(upload_url), { method: 'POST', body: 'short by far' })).status).toBe(400);
    expect(await refusal(web.files.completeUploadExternal({ files: [{ id: String(file_id) }] }))).toBe('file_not_found');
    expect((await fetch(String(upload_url), { method: 'POST', body: 'four' })).status).toBe(200);
    expect((await web.files.completeUploadExternal({ files: [{ id: String(file_id) }], channel_id: APPROVALS })).ok).toBe(true);
    expect(await refusal(web.files.completeUploadExternal({ files: [{ id: String(file_id) }] }))).toBe('file_not_found');
  });

  it('refuses an empty file and a snippet above 1 MB', async () => {
    expect(await refusal(web.files.getUploadURLExternal({ filename: 'a', length: 0 }))).toBe('missing_argument');
    expect(await refusal(web.files.getUploadURLExternal({ filename: 'a', length: 1_048_577, snippet_type: 'text' }))).toBe(
      'snippet_too_large',
    );
  });

  it('fills the share by itself in real time', async () => {
    const live = await start();
    await client(live).filesUploadV2({ channel_id: APPROVALS, filename: 'a.log', content: 'a' });
    await until('the share', () => channelAs(live, ALICE, APPROVALS)?.messages[0]?.files.length === 1);
    await live.close();
  });
});

describe('response_url', () => {
  const url = async () => {
    await sim.act.command({ user: ALICE, channel: 'general', command: '/x' });
    return String(sim.truth().deliveries.at(-1)?.payload.response_url);
  };
  const say = async (address: string, body: object) => {
    const answer = await fetch(address, { method: 'POST', body: JSON.stringify(body) });
    return [answer.status, ((await answer.json()) as { error?: string }).error];
  };

  it('is good for five answers, also where the bot is not a member', async () => {
    const address = await url();
    for (let n = 0; n < 5; n += 1) expect(await say(address, { text: `${n}` })).toEqual([200, undefined]);
    expect(await say(address, { text: 'one more' })).toEqual([404, 'used_url']);
    expect(channelAs(sim, ALICE, 'C0GENERAL0')?.messages).toHaveLength(5);
    expect(channelAs(sim, BOB, 'C0GENERAL0')?.messages).toHaveLength(0);
  });

  it('ends after thirty minutes', async () => {
    const address = await url();
    now += 30 * 60_000 + 1;
    expect(await say(address, { text: 'late' })).toEqual([404, 'expired_url']);
  });

  it('speaks to everybody when it is told to, and refuses nonsense', async () => {
    const address = await url();
    expect(await say(address, { text: 'hi', response_type: 'in_channel' })).toEqual([200, undefined]);
    expect(channelAs(sim, BOB, 'C0GENERAL0')?.messages).toHaveLength(1);
    expect(await say(address, { blocks: [{ type: 'nonsense' }] })).toEqual([400, 'invalid_blocks']);
    expect(await say(`${sim.url}/hooks/T0ACME0000/guess`, { text: 'a' })).toEqual([404, 'invalid_url']);
  });
});
