/** A whole request with Slack's own SDK on the other side, over Socket Mode and over HTTP. */
import type { App } from '@slack/bolt';
import { afterEach, describe, expect, it } from 'vitest';
import type { SlackSim } from '../../../sim/slack/index.js';
import { ALICE, APPROVALS, BOB, channelAs, httpApp, socketApp, start, until } from './harness.js';

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** The smallest approval app: a command, a modal with a rule, a card, a button that updates it. */
function approvals(app: App): void {
  app.command('/elevate', async ({ ack, body, client }) => {
    await client.views.open({
      trigger_id: body.trigger_id,
      view: {
        type: 'modal',
        callback_id: 'request',
        private_metadata: '{"from":"command"}',
        title: { type: 'plain_text', text: 'Elevation' },
        submit: { type: 'plain_text', text: 'Ask' },
        blocks: [
          {
            type: 'input',
            block_id: 'reason',
            label: { type: 'plain_text', text: 'Reason' },
            element: { type: 'plain_text_input', action_id: 'text', min_length: 10, max_length: 500 },
          },
          {
            type: 'input',
            block_id: 'window',
            label: { type: 'plain_text', text: 'How long' },
            element: {
              type: 'radio_buttons',
              action_id: 'choice',
              options: ['5', '30'].map((value) => ({ text: { type: 'plain_text' as const, text: `${value} minutes` }, value })),
            },
          },
        ],
      },
    });
    await ack();
  });
  app.view('request', async ({ ack, view, body, client }) => {
    const reason = view.state.values.reason?.text?.value ?? '';
    const window = view.state.values.window?.choice?.selected_option?.value ?? '';
    if (reason.includes('because')) return ack({ response_action: 'errors', errors: { reason: 'Say more than because.' } });
    await ack();
    await client.chat.postMessage({
      channel: APPROVALS,
      text: `${body.user.id} asks for ${window} minutes`,
      metadata: { event_type: 'card', event_payload: { view: view.id } },
      blocks: [
        { type: 'rich_text', elements: [{ type: 'rich_text_quote', elements: [{ type: 'text', text: reason }] }] },
        {
          type: 'actions',
          block_id: 'decide-1',
          elements: [
            {
              type: 'button',
              action_id: 'approve',
              value: view.id,
              style: 'primary',
              text: { type: 'plain_text', text: 'Approve' },
            },
            {
              type: 'button',
              action_id: 'deny',
              style: 'danger',
              text: { type: 'plain_text', text: 'Deny' },
              confirm: { text: { type: 'plain_text', text: 'Really?' } },
            },
          ],
        },
      ],
    });
  });
  app.action('approve', async ({ ack, body, client, respond }) => {
    await ack();
    if (body.type !== 'block_actions' || !body.channel || !body.message) throw new Error('not a click on a message');
    await client.chat.update({ channel: body.channel.id, ts: body.message.ts, text: `Approved by ${body.user.id}` });
    await client.chat.postMessage({ channel: body.channel.id, thread_ts: body.message.ts, text: 'Approved' });
    await respond({ text: 'Thank you', replace_original: false });
  });
}

async function tell(sim: SlackSim): Promise<void> {
  const asked = await sim.act.command({ user: ALICE, channel: '#general', command: '/elevate' });
  expect(asked).toMatchObject({ ack: 'ok', modals: [expect.stringMatching(/^V/)] });

  const short = await sim.act.submit({ user: ALICE, values: { Reason: 'short', 'How long': '30 minutes' } });
  expect(short).toMatchObject({ ack: 'client-refused', errors: { reason: 'Please enter at least 10 characters.' } });

  const refused = await sim.act.submit({ user: ALICE, values: { reason: 'because I say so', window: '30' } });
  expect(refused).toMatchObject({ ack: 'ok', errors: { reason: 'Say more than because.' }, modals: asked.modals });

  const taken = await sim.act.submit({ user: ALICE, values: { reason: 'The disk is full and <!channel> waits' } });
  expect(taken).toMatchObject({ ack: 'ok', modals: [] });
  const card = await until('the card', () => channelAs(sim, BOB, APPROVALS)?.messages[0]);
  expect(card.text).toBe(`${ALICE} asks for 30 minutes`);

  const pressed = await sim.act.click({ user: BOB, channel: APPROVALS, ts: card.ts, label: 'Approve' });
  expect(pressed.ack).toBe('ok');
  const after = await until('the thanks', () => {
    const messages = channelAs(sim, BOB, APPROVALS)?.messages ?? [];
    return messages.some((one) => one.ephemeral) && messages;
  });
  expect(after[0]).toMatchObject({ ts: card.ts, text: `Approved by ${BOB}`, blocks: [], replies: [{ text: 'Approved' }] });
  expect(after[1]).toMatchObject({ text: 'Thank you', ephemeral: true });
  expect(channelAs(sim, ALICE, APPROVALS)?.messages).toHaveLength(1);
  await expect(sim.act.click({ user: BOB, channel: APPROVALS, ts: card.ts, label: 'Approve' })).rejects.toThrow(
    /Nothing called Approve/,
  );
  expect(sim.truth().errors).toEqual([]);
}

describe('a request from command to decision', () => {
  it('goes over Socket Mode', async () => {
    const sim = await start();
    cleanups.push(() => sim.close());
    const { stop } = await socketApp(sim, approvals);
    cleanups.push(stop);
    await tell(sim);
  });

  it('goes over HTTP with signed requests', async () => {
    const sim = await start({ mode: 'http' });
    cleanups.push(() => sim.close());
    const { stop } = await httpApp(sim, approvals);
    cleanups.push(stop);
    await tell(sim);
    const [sent] = sim.truth().deliveries;
    expect(sent?.sent?.headers['content-type']).toBe('application/x-www-form-urlencoded');
  });

  it('sends nothing when the person says no to the confirm dialog', async () => {
    const sim = await start();
    cleanups.push(() => sim.close());
    const { stop } = await socketApp(sim, approvals);
    cleanups.push(stop);
    await sim.act.command({ user: ALICE, channel: 'general', command: '/elevate' });
    await sim.act.submit({ user: ALICE, values: { reason: 'The disk is full', window: '5' } });
    const card = await until('the card', () => channelAs(sim, BOB, APPROVALS)?.messages[0]);
    const before = sim.truth().deliveries.length;
    const declined = await sim.act.click({ user: BOB, channel: APPROVALS, ts: card.ts, actionId: 'deny', decline: true });
    expect(declined.ack).toBe('declined');
    expect(sim.truth().deliveries).toHaveLength(before);
  });
});
