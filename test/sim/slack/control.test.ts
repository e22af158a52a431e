/** The control API over HTTP, the record, and the data file. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type SlackSim, startSlack } from '../../../sim/slack/index.js';
import { ALICE, APPROVALS, channelAs, client, refusal, seed, socketApp, start } from './harness.js';

let sim: SlackSim;
beforeEach(async () => {
  sim = await start();
});
afterEach(() => sim.close());

type Answer = Record<string, unknown> & { error?: string };
async function call(path: string, body?: object, type = 'application/json'): Promise<[number, Answer]> {
  const init = body ? { method: 'POST', headers: { 'content-type': type }, body: JSON.stringify(body) } : {};
  const answer = await fetch(`${sim.url}/sim/${path}`, init);
  return [answer.status, (await answer.json()) as Answer];
}

describe('the record from some instant on', () => {
  it('leaves out older calls and messages, and keeps an old message that was edited since', async () => {
    const [old, edited] = [await post('old'), await post('edited')];
    await vi.waitFor(() => expect(Date.now()).toBeGreaterThan(Number(edited) * 1000 + 5));
    const since = Date.now();
    await client(sim).chat.update({ channel: APPROVALS, ts: edited, text: 'edited now' });
    const fresh = await post('new');
    const { messages, calls } = sim.truth(since);
    expect(messages.map((m) => m.ts)).toEqual([edited, fresh]);
    expect(calls.map((c) => c.method)).toEqual(['chat.update', 'chat.postMessage']);
    expect(sim.truth().messages.map((m) => m.ts)).toContain(old);
  });

  it('says of a list that was answered how long it was, and keeps no copy of a channel for each time it was read', async () => {
    await post('one');
    const { messages } = await client(sim).conversations.history({ channel: APPROVALS });
    expect(messages?.[0]).toMatchObject({ text: 'one' });
    expect(sim.truth().calls.at(-1)).toMatchObject({ method: 'conversations.history', answer: { messages: messages?.length } });
  });

  it('keeps the newest calls only, as many as was said', async () => {
    const small = await startSlack({ mode: 'socket', seed: seed(), kept: 2 });
    for (const text of ['one', 'two', 'three']) await client(small).chat.postMessage({ channel: APPROVALS, text });
    expect(small.truth().calls.map(({ args }) => args.text)).toEqual(['two', 'three']);
    expect(small.truth().messages).toHaveLength(3);
    await small.close();
  });

  it('has messages alone, and the modals of one person, as the whole of it has them', async () => {
    const [old] = [await post('old'), await post('new')];
    await client(sim).chat.delete({ channel: APPROVALS, ts: old });
    expect(sim.messages()).toEqual(sim.truth().messages);
    expect(sim.messages()).toHaveLength(2);
    for (const one of sim.messages()) one.text = 'changed in the copy';
    expect(sim.truth().messages.map((m) => m.text)).not.toContain('changed in the copy');
    const { stop } = await socketApp(sim, (app) => {
      app.command('/x', async ({ ack, client: web, body }) => {
        await ack();
        const title = { type: 'plain_text' as const, text: 'Form' };
        const view = { type: 'modal' as const, title, blocks: [{ type: 'section' as const, text: title }] };
        await web.views.open({ trigger_id: body.trigger_id, view });
      });
    });
    await sim.act.command({ user: ALICE, channel: 'general', command: '/x' });
    await vi.waitFor(() => expect(sim.modals(ALICE)).toMatchObject([{ title: { text: 'Form' } }]));
    expect(sim.modals(ALICE)).toEqual(sim.state(ALICE).modals);
    expect(() => sim.modals('U000NOBODY')).toThrow('There is no person U000NOBODY.');
    await stop();
  });

  async function post(text: string): Promise<string> {
    return (await client(sim).chat.postMessage({ channel: APPROVALS, text })).ts ?? '';
  }
});

describe('over HTTP', () => {
  it('people act, with the same power as in the process', async () => {
    const { stop } = await socketApp(sim, (app) => {
      app.command('/x', async ({ ack }) => ack('hello'));
      app.action('go', async ({ ack }) => ack());
    });
    expect(await call('act/command', { user: ALICE, channel: 'general', command: '/x' })).toMatchObject([
      200,
      { ack: 'ok', response: { text: 'hello' } },
    ]);
    const blocks = [
      {
        type: 'actions' as const,
        elements: [{ type: 'button' as const, action_id: 'go', text: { type: 'plain_text' as const, text: 'Go' } }],
      },
    ];
    const { ts } = await client(sim).chat.postMessage({ channel: APPROVALS, text: 'a', blocks });
    expect(await call('act/click', { user: ALICE, channel: APPROVALS, ts, label: 'Go' })).toMatchObject([200, { ack: 'ok' }]);
    expect(await call('act/click', { user: ALICE, channel: APPROVALS, ts, label: 'Stop' })).toMatchObject([
      409,
      { error: 'no_such_button' },
    ]);
    expect(await call(`state?as=${ALICE}`)).toMatchObject([200, { me: { id: ALICE } }]);
    expect(await call('state?as=U0NOBODY00')).toMatchObject([409, { error: 'no_such_user' }]);
    await stop();
  });

  it('faults are switched on and off', async () => {
    expect(await call('fault', { kind: 'error', error: 'fatal_error', method: 'auth.test' })).toMatchObject([200, { id: 1 }]);
    expect(await refusal(client(sim).auth.test())).toBe('fatal_error');
    expect(await call('faults')).toMatchObject([200, { faults: [{ kind: 'error', hits: 1 }] }]);
    expect((await call('fault/clear', {}))[0]).toBe(200);
    expect((await client(sim).auth.test()).ok).toBe(true);
    expect(await call('fault', { kind: 'earthquake' })).toMatchObject([409, { error: 'no_such_fault' }]);
  });

  it('administration and sockets are there', async () => {
    await call('admin/archive', { channel: APPROVALS });
    expect(await refusal(client(sim).chat.postMessage({ channel: APPROVALS, text: 'a' }))).toBe('is_archived');
    expect(await call('admin/settings', { dedupeClientMsgId: true })).toMatchObject([200, { dedupeClientMsgId: true }]);
    expect(await call('socket/disconnect', { reason: 'warning' })).toMatchObject([200, { connections: 0 }]);
    await call('admin/reset', {});
    expect((await client(sim).chat.postMessage({ channel: APPROVALS, text: 'a' })).ok).toBe(true);
  });

  it('a foreign page can not post: only JSON is taken', async () => {
    expect(await call('admin/reset', {}, 'text/plain')).toMatchObject([415, { error: 'json_only' }]);
    expect(await call('act/constructor', {})).toMatchObject([404, { error: 'no_such_route' }]);
  });

  it('tells of every change', async () => {
    const stopper = new AbortController();
    const stream = await fetch(`${sim.url}/sim/events`, { signal: stopper.signal });
    const reader = stream.body?.pipeThrough(new TextDecoderStream()).getReader();
    await client(sim).chat.postMessage({ channel: APPROVALS, text: 'a' });
    let heard = '';
    while (!heard.includes('"kind":"message"')) heard += (await reader?.read())?.value ?? '';
    expect(heard).toMatch(/event: change\ndata: \{"kind":"message","channel":"C0APPROVE0","ts":"\d+\.\d{6}"\}/);
    stopper.abort();
  });

  it('shows the truth on a page where nothing that was typed can run', async () => {
    await client(sim).chat.postMessage({ channel: APPROVALS, text: '<script>alert(1)</script>' });
    const page = await (await fetch(`${sim.url}/sim/truth/page`)).text();
    expect(page).toContain('&#60;script&#62;');
    expect(page).not.toContain('<script>');
  });
});

describe('the record', () => {
  it('has every call with its arguments and answer, and no token', async () => {
    await client(sim).chat.postMessage({ channel: APPROVALS, text: 'a', blocks: [{ type: 'divider' }] });
    await client(sim).auth.test();
    const { calls } = sim.truth();
    expect(calls[0]).toMatchObject({
      n: 1,
      method: 'chat.postMessage',
      args: { text: 'a', blocks: [{ type: 'divider' }] },
      status: 200,
      answer: { ok: true },
      token: 'bot',
    });
    expect(JSON.stringify(sim.truth())).not.toMatch(/xoxb|xapp|signing-secret/);
  });

  it('names arguments that the method does not have', async () => {
    await client(sim)
      .apiCall('chat.update', { channel: APPROVALS, ts: '1.000001', text: 'a', unfurl_links: false })
      .catch(() => {});
    expect(sim.truth().calls[0]?.unknownArgs).toEqual(['unfurl_links']);
  });
});

describe('the data file', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'slack-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('holds what was answered, and a second start goes on with it', async () => {
    const dataFile = join(folder, 'deep', 'slack.json');
    const first = await start({ dataFile });
    const { ts } = await client(first).chat.postMessage({ channel: APPROVALS, text: 'a' });
    expect(await readFile(dataFile, 'utf8')).toContain(String(ts));
    await client(first).filesUploadV2({ channel_id: APPROVALS, filename: 'a.log', content: 'late share' });
    await first.close();
    const second = await start({ dataFile, clock: () => Date.now() + 10_000 });
    await client(second).chat.update({ channel: APPROVALS, ts: String(ts), text: 'b' });
    await vi.waitFor(
      () => expect(channelAs(second, ALICE, APPROVALS)?.messages).toMatchObject([{ text: 'b' }, { files: [{ name: 'a.log' }] }]),
      10_000,
    );
    await second.close();
  });

  it('that is no JSON stops the start', async () => {
    const dataFile = join(folder, 'slack.json');
    await writeFile(dataFile, '{"version":');
    await expect(start({ dataFile })).rejects.toThrow();
  });
});
