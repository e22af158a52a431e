/** Whether a rule's channel can hold a card: asked of Slack, kept for a while, and an answer that may pass is no answer. */
import { WebClient } from '@slack/web-api';
import { expect, it } from 'vitest';
import { createRooms } from '../../workers/rooms.js';

const MINUTE = 60_000;
const SAFE = { id: 'C0PAY', is_member: true, is_private: true };
const quiet = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

/** Slack that answers `conversations.info` as told. */
function slack() {
  const state = { answer: { ok: true, channel: SAFE } as object, asked: 0, now: 1_000_000_000_000 };
  const api = new WebClient('xoxb-none', {
    retryConfig: { retries: 0 },
    fetch: async () => {
      state.asked += 1;
      return Response.json(state.answer);
    },
  });
  return { state, rooms: createRooms({ api, log: quiet, clock: () => state.now }) };
}

it('asks once in five minutes, and sooner where there was trouble', async () => {
  const { state, rooms } = slack();
  expect([await rooms('C0PAY'), await rooms('C0PAY')]).toEqual([undefined, undefined]);
  expect(state.asked).toBe(1);
  state.answer = { ok: true, channel: { ...SAFE, is_member: false } };
  state.now += 6 * MINUTE;
  expect(await rooms('C0PAY')).toMatch(/not a member of the rule's channel C0PAY: type \/invite/);
  state.answer = { ok: true, channel: SAFE };
  state.now += MINUTE;
  expect(await rooms('C0PAY')).toBeUndefined();
});

it.each([
  ['is_ext_shared', { ok: true, channel: { ...SAFE, is_ext_shared: true } }, /shared with another organisation/],
  ['is_archived', { ok: true, channel: { ...SAFE, is_archived: true } }, /is archived/],
  ['no such channel', { ok: false, error: 'channel_not_found' }, /does not find the rule's channel/],
  ['a refusal for good', { ok: false, error: 'enterprise_is_restricted' }, /does not say.*enterprise_is_restricted/],
])('tells of %s', async (_what, answer, sentence) => {
  const { state, rooms } = slack();
  state.answer = answer;
  expect(await rooms('C0PAY')).toMatch(sentence);
});

it('throws what may pass, and asks again', async () => {
  const { state, rooms } = slack();
  state.answer = { ok: false, error: 'internal_error' };
  await expect(rooms('C0PAY')).rejects.toMatchObject({ retryable: true });
  state.answer = { ok: true, channel: SAFE };
  expect(await rooms('C0PAY')).toBeUndefined();
});
