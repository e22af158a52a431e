/** Answers that no honest Slack gives: another app's message with our metadata, and answers without what they must hold. */
import { WebClient } from '@slack/web-api';
import { describe, expect, it } from 'vitest';
import { createWire, EVENT_TYPE } from '../../../activities/slack/wire.js';
import { message } from './stage.js';

type Answers = Readonly<Record<string, object>>;
const ME = { 'auth.test': { user_id: 'U0ME', bot_id: 'B0ME' } };

function wire(answers: Answers) {
  const fetch = async (url: unknown) => {
    const method = new URL(String(url)).pathname.split('/').at(-1) ?? '';
    return new Response(JSON.stringify({ ok: true, ...({ ...ME, ...answers } as Answers)[method] }));
  };
  return createWire(new WebClient('xoxb-test', { fetch: fetch as typeof globalThis.fetch, retryConfig: { retries: 0 } }));
}

const metadata = { event_type: EVENT_TYPE, event_payload: { key: 'k' } };
const find = (messages: unknown) => wire({ 'conversations.history': { messages } as object }).find('k', { channel: 'C1' });

describe('looking for an earlier post', () => {
  it('takes our own, oldest first, by bot or by user', async () => {
    const ours = [
      { ts: '3.000000', bot_id: 'B0ME', metadata },
      { ts: '2.000000', user: 'U0ME', metadata },
    ];
    expect(await find(ours)).toEqual(['2.000000', '3.000000']);
  });

  it.each([
    ['of another app', { ts: '1.0', bot_id: 'B0EVIL', user: 'U0EVIL', metadata }],
    ['of nobody', { ts: '1.0', metadata }],
    ['of another kind', { ts: '1.0', bot_id: 'B0ME', metadata: { ...metadata, event_type: 'other' } }],
    ['of another key', { ts: '1.0', bot_id: 'B0ME', metadata: { ...metadata, event_payload: { key: 'K' } } }],
    ['without metadata', { ts: '1.0', bot_id: 'B0ME' }],
    ['without a time', { bot_id: 'B0ME', metadata }],
    ['that is none', null],
  ])('passes by a message %s', async (_, one) => {
    expect(await find([one])).toEqual([]);
  });

  it('an answer without messages is unclear, not "none"', async () => {
    await expect(find(undefined)).rejects.toMatchObject({ code: 'slack-unavailable' });
    await expect(find('none')).rejects.toMatchObject({ code: 'slack-unavailable' });
  });

  it('an app that does not learn who it is takes nobody for itself', async () => {
    const lost = wire({
      'auth.test': { user_id: '', bot_id: '' },
      'conversations.history': { messages: [{ ts: '1.0', bot_id: '', user: '', metadata }] },
    });
    expect(await lost.find('k', { channel: 'C1' })).toEqual([]);
  });
});

describe('answers without what they must hold', () => {
  it('a post without a time may have been made', async () => {
    await expect(wire({ 'chat.postMessage': {} }).post('k', { channel: 'C1' }, message('x'))).rejects.toMatchObject({
      code: 'slack-unavailable',
    });
  });

  it('a conversation without an id is none', async () => {
    await expect(wire({ 'conversations.open': { channel: {} } }).openDm('U1')).rejects.toMatchObject({
      code: 'slack-unavailable',
    });
  });
});
