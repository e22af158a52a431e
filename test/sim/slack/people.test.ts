/** People: what they can reach, what their client refuses, and what a forger can send. */
import type { App, BlockAction } from '@slack/bolt';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SlackSim } from '../../../sim/slack/index.js';
import { ALICE, APPROVALS, BOB, client, refusal, socketApp, start, until } from './harness.js';

let sim: SlackSim;
let stop: (() => Promise<unknown>) | undefined;
const seen: BlockAction[] = [];
beforeEach(async () => {
  seen.length = 0;
  sim = await start({ settings: { ackMs: 1500 } });
});
afterEach(async () => {
  await stop?.();
  stop = undefined;
  await sim.close();
});

async function app(prepare: (app: App) => void) {
  ({ stop } = await socketApp(sim, prepare));
}
/** Acknowledges every click and keeps it. */
function watching(one: App): void {
  one.action(/.*/, async ({ ack, body }) => {
    seen.push(body as BlockAction);
    await ack();
  });
}
const plain = (text: string) => ({ type: 'plain_text' as const, text });
const button = (action_id: string, value = 'v') => ({ type: 'button' as const, action_id, value, text: plain(action_id) });
const buttons = (...ids: string[]) => [{ type: 'actions' as const, block_id: 'decide', elements: ids.map((id) => button(id)) }];
const card = async (text = 'card', blocks: object[] = buttons('approve', 'deny')) =>
  String(
    (await client(sim)
      .apiCall('chat.postMessage', { channel: APPROVALS, text, blocks })
      .then((answer) => (answer as { ts?: string }).ts)) ?? '',
  );
const code = (act: Promise<unknown>) => act.then(() => 'done').catch((error) => error.code);

describe('a click', () => {
  it('carries what Slack sends', async () => {
    await app(watching);
    const ts = await card();
    expect((await sim.act.click({ user: BOB, channel: 'approvals', ts, label: 'approve' })).ack).toBe('ok');
    expect(seen[0]).toMatchObject({
      type: 'block_actions',
      api_app_id: 'A0STINT000',
      team: { id: 'T0ACME0000', domain: 'acme' },
      user: { id: BOB, username: 'bob', name: 'bob', team_id: 'T0ACME0000' },
      container: { type: 'message', message_ts: ts, channel_id: APPROVALS, is_ephemeral: false },
      channel: { id: APPROVALS, name: 'privategroup' },
      message: { ts, text: 'card', bot_id: 'B0BOT00000', app_id: 'A0STINT000' },
      state: { values: {} },
      response_url: expect.stringContaining('/hooks/'),
      trigger_id: expect.any(String),
      is_enterprise_install: false,
    });
    expect(seen[0]?.actions[0]).toMatchObject({
      type: 'button',
      action_id: 'approve',
      block_id: 'decide',
      value: 'v',
      action_ts: expect.stringMatching(/^\d+\.\d{6}$/),
    });
  });

  it('comes from an external member with their own team', async () => {
    await app(watching);
    await sim.act.click({ user: 'U0OUTER000', channel: APPROVALS, ts: await card(), actionId: 'approve' });
    expect(seen[0]).toMatchObject({ team: { id: 'T0ACME0000' }, user: { team_id: 'T0OTHER000' } });
  });

  it('needs a button that this person sees', async () => {
    await app(watching);
    const ts = await card();
    const click = (change: object) => code(sim.act.click({ user: BOB, channel: APPROVALS, ts, actionId: 'approve', ...change }));
    expect(await click({ actionId: 'self-destruct' })).toBe('no_such_button');
    expect(await click({ ts: '1.000001' })).toBe('no_such_message');
    expect(await click({ user: 'U0GUEST000' })).toBe('no_such_channel');
    expect(await click({ user: 'U0NOBODY00' })).toBe('no_such_user');
    sim.admin.deactivateUser({ user: BOB });
    expect(await click({})).toBe('user_deactivated');
    expect(seen).toEqual([]);
  });

  it('does not guess between two buttons with the same words', async () => {
    const ts = await card('card', [{ type: 'section', text: plain('a'), accessory: button('approve') }, ...buttons('approve')]);
    expect(await code(sim.act.click({ user: BOB, channel: APPROVALS, ts, label: 'approve' }))).toBe('ambiguous');
  });

  it('on an ephemeral message carries no message, and only that person can make it', async () => {
    await app(watching);
    const { message_ts: ts = '' } = await client(sim).chat.postEphemeral({
      channel: APPROVALS,
      user: ALICE,
      text: 'psst',
      blocks: buttons('ok'),
    });
    expect(await code(sim.act.click({ user: BOB, channel: APPROVALS, ts, actionId: 'ok' }))).toBe('no_such_message');
    await sim.act.click({ user: ALICE, channel: APPROVALS, ts, actionId: 'ok' });
    expect(seen[0]?.container).toMatchObject({ is_ephemeral: true, message_ts: ts });
    expect(seen[0]).not.toHaveProperty('message');
  });

  it('in a direct message reaches the app, and replacing the original works through the response_url', async () => {
    await app((one) =>
      one.action('end', async ({ ack, respond }) => {
        await ack();
        await respond({ text: 'Ended', replace_original: true });
      }),
    );
    const { channel = '', ts = '' } = await client(sim).chat.postMessage({
      channel: ALICE,
      text: 'active',
      blocks: buttons('end'),
    });
    await sim.act.click({ user: ALICE, channel, ts, actionId: 'end' });
    await until('the change', () => sim.truth().messages[0]?.text === 'Ended');
    expect(sim.truth().messages).toHaveLength(1);
  });

  it('that nobody handles shows the person a warning', async () => {
    await app(() => {});
    const result = await sim.act.click({ user: BOB, channel: APPROVALS, ts: await card(), actionId: 'approve' });
    expect(result).toMatchObject({ ack: 'timeout', saw: expect.stringContaining('did not respond') });
  });
});

describe('a forger', () => {
  it('sends any value, person, team, app, channel and message', async () => {
    await app(watching);
    const forge = {
      value: 'x',
      user: 'U0EVIL0000',
      user_team: 'T0EVIL0000',
      team: 'T0FAKE0000',
      api_app_id: 'A0FAKE0000',
      channel: 'C0FAKE0000',
      message_ts: '9.000009',
      actionId: 'other',
    };
    const ts = await card();
    expect((await sim.act.click({ user: BOB, channel: APPROVALS, ts, actionId: 'approve', forge })).ack).toBe('ok');
    expect(seen[0]).toMatchObject({
      user: { id: 'U0EVIL0000', team_id: 'T0EVIL0000' },
      team: { id: 'T0FAKE0000' },
      api_app_id: 'A0FAKE0000',
      channel: { id: 'C0FAKE0000' },
      container: { channel_id: 'C0FAKE0000', message_ts: '9.000009' },
      message: { ts: '9.000009' },
      actions: [{ value: 'x', action_id: 'other' }],
    });
  });

  it('needs neither button, message, channel nor account, and can patch anything', async () => {
    await app(watching);
    const forge = { value: '{"r":"guess"}', patch: { container: { thread_ts: '5.000005' }, extra: [1] } };
    expect(
      (await sim.act.click({ user: 'U0NOBODY00', channel: 'C0NOWHERE0', ts: '3.000003', actionId: 'approve', forge })).ack,
    ).toBe('ok');
    expect(seen[0]).toMatchObject({
      container: { thread_ts: '5.000005', message_ts: '3.000003' },
      extra: [1],
      actions: [{ value: '{"r":"guess"}' }],
    });
  });

  it('gets past the client with a submission', async () => {
    const views: unknown[] = [];
    await app((one) => {
      one.command('/x', async ({ ack, body, client: web }) => {
        await web.views.open({ trigger_id: body.trigger_id, view: form() });
        await ack();
      });
      one.view('form', async ({ ack, view }) => {
        views.push(view.state.values);
        await ack();
      });
    });
    await sim.act.command({ user: ALICE, channel: 'general', command: '/x' });
    const forge = { values: { reason: { text: { type: 'plain_text_input', value: 'x' } }, window: 17 } };
    expect((await sim.act.submit({ user: ALICE, forge })).ack).toBe('ok');
    const invented = { values: { any: 1 }, patch: { view: { callback_id: 'form' } } };
    expect((await sim.act.submit({ user: 'U0NOBODY00', viewId: 'V0INVENTED', forge: invented })).ack).toBe('ok');
    expect(views).toEqual([forge.values, invented.values]);
  });
});

function form(extra: object = {}) {
  return {
    type: 'modal' as const,
    callback_id: 'form',
    title: plain('Form'),
    submit: plain('Send'),
    ...extra,
    blocks: [
      {
        type: 'input' as const,
        block_id: 'reason',
        label: plain('Reason'),
        element: { type: 'plain_text_input' as const, action_id: 'text', min_length: 3, max_length: 10 },
      },
      {
        type: 'input' as const,
        block_id: 'note',
        label: plain('Note'),
        optional: true,
        element: { type: 'plain_text_input' as const, action_id: 'text' },
      },
      {
        type: 'input' as const,
        block_id: 'device',
        label: plain('Device'),
        optional: true,
        element: { type: 'external_select' as const, action_id: 'device', min_query_length: 1 },
      },
      {
        type: 'actions' as const,
        block_id: 'more',
        elements: [
          {
            type: 'static_select' as const,
            action_id: 'kind',
            placeholder: plain('Kind'),
            options: [{ text: plain('Mac'), value: 'mac' }],
          },
        ],
      },
    ],
  };
}

describe('a modal', () => {
  const views: Record<string, unknown>[] = [];
  type Said =
    | { response_action: 'errors'; errors: Record<string, string> }
    | { response_action: 'update' | 'push'; view: ReturnType<typeof form> }
    | { response_action: 'clear' };
  let answer: Said | undefined;
  beforeEach(async () => {
    views.length = 0;
    answer = undefined;
    await app((one) => {
      watching(one);
      one.command('/x', async ({ ack, body, client: web }) => {
        await web.views.open({ trigger_id: body.trigger_id, view: form({ notify_on_close: true, private_metadata: 'secret' }) });
        await ack();
      });
      one.view('form', async ({ ack, body }) => {
        views.push(body as unknown as Record<string, unknown>);
        if (answer) await ack(answer);
        else await ack();
      });
      one.view({ callback_id: 'form', type: 'view_closed' }, async ({ ack, body }) => {
        views.push(body as unknown as Record<string, unknown>);
        await ack();
      });
      one.options('device', async ({ ack, payload }) => {
        await ack({ options: [{ text: plain(`Mac ${payload.value}`), value: `mac-${payload.value}` }] });
      });
    });
    await sim.act.command({ user: ALICE, channel: 'general', command: '/x' });
  });

  it('is refused by the client while it is incomplete', async () => {
    const submit = (values: object) =>
      sim.act.submit({ user: ALICE, values: { ...values } }).then(({ ack, errors }) => [ack, errors?.reason]);
    expect(await submit({})).toEqual(['client-refused', 'Please complete this required field.']);
    expect(await submit({ Reason: 'ab' })).toEqual(['client-refused', 'Please enter at least 3 characters.']);
    expect(await submit({ Reason: 'x'.repeat(11) })).toEqual(['client-refused', 'Please enter no more than 10 characters.']);
    expect(await code(sim.act.submit({ user: ALICE, values: { Colour: 'red' } }))).toBe('no_such_field');
    expect(await code(sim.act.submit({ user: BOB }))).toBe('no_such_view');
    expect(views).toEqual([]);
  });

  it('submits the state of every field, metadata and hash', async () => {
    await sim.act.submit({ user: ALICE, values: { reason: 'disk' } });
    expect(views[0]).toMatchObject({
      type: 'view_submission',
      api_app_id: 'A0STINT000',
      team: { id: 'T0ACME0000' },
      user: { id: ALICE },
      view: {
        callback_id: 'form',
        private_metadata: 'secret',
        hash: expect.any(String),
        app_id: 'A0STINT000',
        previous_view_id: null,
      },
    });
    expect(views[0]).toHaveProperty('view.state.values', {
      reason: { text: { type: 'plain_text_input', value: 'disk' } },
      note: { text: { type: 'plain_text_input', value: null } },
      device: { device: { type: 'external_select', selected_option: null } },
      more: { kind: { type: 'static_select', selected_option: null } },
    });
  });

  it('takes from an external select only what the app offered', async () => {
    const refused = await sim.act.submit({ user: ALICE, values: { reason: 'disk', device: 'mac-7' } });
    expect(refused).toMatchObject({ ack: 'client-refused', errors: { device: 'There is no option mac-7.' } });
    const offered = await sim.act.options({ user: ALICE, actionId: 'device', query: '7' });
    expect(offered.options).toEqual([{ text: plain('Mac 7'), value: 'mac-7' }]);
    expect((await sim.act.submit({ user: ALICE, values: { reason: 'disk', Device: 'Mac 7' } })).ack).toBe('ok');
  });

  it('tells the app at once of a choice in an actions block, and of none in an input block', async () => {
    const chosen = await sim.act.select({ user: ALICE, actionId: 'kind', value: 'Mac' });
    expect(chosen.ack).toBe('ok');
    expect(seen[0]).toMatchObject({
      container: { type: 'view' },
      view: { state: { values: { more: { kind: { selected_option: { value: 'mac' } } } } } },
    });
    expect(seen[0]).not.toHaveProperty('response_url');
    expect((await sim.act.select({ user: ALICE, actionId: 'text', blockId: 'reason', value: 'abc' })).ack).toBe('none');
    expect(await code(sim.act.select({ user: ALICE, actionId: 'kind', value: 'Toaster' }))).toBe('no_such_option');
  });

  it.each([
    ['update', 1],
    ['push', 2],
    ['clear', 0],
  ] as const)('%s leaves so many views open: %i', async (action, count) => {
    answer = action === 'clear' ? { response_action: action } : { response_action: action, view: form({ title: plain('Next') }) };
    const result = await sim.act.submit({ user: ALICE, values: { reason: 'disk' } });
    expect(result.modals).toHaveLength(count);
    const top = (sim.state(ALICE).modals as { title: { text: string } }[]).at(-1);
    expect(top?.title.text).toBe(count > 0 ? 'Next' : undefined);
  });

  it('shows trouble when the errors name no field, or the next view is not valid', async () => {
    answer = { response_action: 'errors', errors: { nowhere: 'Hm' } };
    expect(await sim.act.submit({ user: ALICE, values: { reason: 'disk' } })).toMatchObject({
      saw: expect.stringContaining('trouble'),
    });
    answer = { response_action: 'update', view: form({ title: plain('x'.repeat(25)) }) };
    expect(await sim.act.submit({ user: ALICE })).toMatchObject({ saw: expect.stringContaining('trouble') });
    expect(sim.truth().errors).toHaveLength(2);
  });

  it('is closed for the person, and the app is told when it asked for it', async () => {
    expect(await sim.act.closeView({ user: ALICE })).toMatchObject({ ack: 'ok', modals: [] });
    expect(views[0]).toMatchObject({ type: 'view_closed', is_cleared: false, user: { id: ALICE } });
  });

  it('ends at three views', async () => {
    answer = { response_action: 'push', view: form() };
    for (const count of [2, 3])
      expect((await sim.act.submit({ user: ALICE, values: { reason: 'disk' } })).modals).toHaveLength(count);
    expect(await sim.act.submit({ user: ALICE, values: { reason: 'disk' } })).toMatchObject({
      saw: expect.stringContaining('trouble'),
    });
  });

  it('takes a push only with a trigger out of itself', async () => {
    const web = client(sim);
    await sim.act.select({ user: ALICE, actionId: 'kind', value: 'mac' });
    const inside = String(seen[0]?.trigger_id);
    expect((await web.views.push({ trigger_id: inside, view: form() })).view?.previous_view_id).toBeTruthy();
    await sim.act.click({ user: BOB, channel: APPROVALS, ts: await card(), actionId: 'approve' });
    expect(await refusal(web.views.push({ trigger_id: String(seen[1]?.trigger_id), view: form() }))).toBe('not_found');
  });

  it('keeps what was typed when the app updates it', async () => {
    await sim.act.select({ user: ALICE, actionId: 'text', blockId: 'reason', value: 'typed' });
    const [view] = sim.state(ALICE).modals as { id: string }[];
    await client(sim).views.update({ view_id: String(view?.id), view: form({ title: plain('Other') }) });
    expect(sim.state(ALICE).modals).toMatchObject([
      { title: { text: 'Other' }, values: { reason: { text: { value: 'typed' } } } },
    ]);
  });
});

it('a Home is opened, published by the app, and its buttons work', async () => {
  await app((one) => {
    watching(one);
    one.event('app_home_opened', async ({ event, client: web }) => {
      await web.views.publish({ user_id: event.user, view: { type: 'home', blocks: buttons('ask') } });
    });
  });
  expect((await sim.act.openHome({ user: ALICE })).ack).toBe('ok');
  const home = await until('the home', () => (sim.state(ALICE).home ?? undefined) as { id: string } | undefined);
  expect((await sim.act.click({ user: ALICE, viewId: home.id, actionId: 'ask' })).ack).toBe('ok');
  expect(seen[0]).toMatchObject({ container: { type: 'view', view_id: home.id }, view: { type: 'home' } });
  expect(await code(sim.act.click({ user: BOB, viewId: home.id, actionId: 'ask' }))).toBe('no_such_view');
});

it('a command is there only for the team that installed the app', async () => {
  expect(await code(sim.act.command({ user: 'U0OUTER000', channel: APPROVALS, command: '/x' }))).toBe('no_such_command');
  expect(await code(sim.act.command({ user: ALICE, channel: 'nowhere', command: '/x' }))).toBe('no_such_channel');
});
