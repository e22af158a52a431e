/** Block Kit's limits, one value at the limit (accepted) and one beyond (refused), each through the real Web API. */
import type { WebClient } from '@slack/web-api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SlackSim } from '../../../sim/slack/index.js';
import { ALICE, APPROVALS, client, start } from './harness.js';

let sim: SlackSim;
let web: WebClient;
beforeAll(async () => {
  sim = await start();
  web = client(sim);
});
afterAll(() => sim.close());

const x = (length: number) => 'x'.repeat(length);
const plain = (length: number) => ({ type: 'plain_text', text: x(length) });
const mrkdwn = (length: number) => ({ type: 'mrkdwn', text: x(length) });
const times = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, index) => make(index));
const option = (index: number, size = 10) => ({ text: plain(size), value: `v${index}` });
const button = (extra: object = {}) => ({ type: 'button', text: plain(10), ...extra });
const actions = (...elements: object[]) => [{ type: 'actions', elements }];
const accessory = (element: object) => [{ type: 'section', text: mrkdwn(5), accessory: element }];
const input = (element: object, extra: object = {}) => [{ type: 'input', label: plain(10), element, ...extra }];
const radio = (extra: object) => ({ type: 'radio_buttons', options: [option(0)], ...extra });
const select = (extra: object) => ({ type: 'static_select', options: [option(0)], ...extra });
const rich = (element: object) => [{ type: 'rich_text', elements: [{ type: 'rich_text_section', elements: [element] }] }];
const confirm = (extra: object) => actions(button({ confirm: { text: mrkdwn(5), ...extra } }));

/** The messages of the refusal, empty when the blocks are accepted. */
async function complaints(blocks: unknown, text = 'fallback'): Promise<string[]> {
  const answer = await fetch(`${sim.apiUrl}chat.postMessage`, {
    method: 'POST',
    headers: { authorization: 'Bearer xoxb-for-tests', 'content-type': 'application/json; charset=utf-8' },
    body: JSON.stringify({ channel: APPROVALS, text, blocks }),
  });
  const body = (await answer.json()) as { ok: boolean; error?: string; response_metadata?: { messages: string[] } };
  if (body.ok) return [];
  return body.response_metadata?.messages ?? [`error ${body.error}`];
}

const PAIRS: [string, (over: 0 | 1) => unknown][] = [
  ['50 blocks in a message', (over) => times(50 + over, () => ({ type: 'divider' }))],
  ['block_id 255', (over) => [{ type: 'divider', block_id: x(255 + over) }]],
  ['section text 3000', (over) => [{ type: 'section', text: mrkdwn(3000 + over) }]],
  ['section fields 10', (over) => [{ type: 'section', fields: times(10 + over, () => mrkdwn(5)) }]],
  ['field text 2000', (over) => [{ type: 'section', fields: [mrkdwn(2000 + over)] }]],
  ['header 150', (over) => [{ type: 'header', text: plain(150 + over) }]],
  ['context elements 10', (over) => [{ type: 'context', elements: times(10 + over, () => mrkdwn(5)) }]],
  ['actions elements 25', (over) => actions(...times(25 + over, (index) => button({ action_id: `a${index}` })))],
  ['button text 75', (over) => actions(button({ text: plain(75 + over) }))],
  ['button value 2000', (over) => actions(button({ value: x(2000 + over) }))],
  ['button url 3000', (over) => actions(button({ url: x(3000 + over) }))],
  ['button accessibility_label 75', (over) => actions(button({ accessibility_label: x(75 + over) }))],
  ['action_id 255', (over) => actions(button({ action_id: x(255 + over) }))],
  ['confirm title 100', (over) => confirm({ title: plain(100 + over) })],
  ['confirm text 300', (over) => confirm({ text: mrkdwn(300 + over) })],
  ['confirm button 30', (over) => confirm({ confirm: plain(30 + over) })],
  ['confirm deny 30', (over) => confirm({ deny: plain(30 + over) })],
  ['option text 75', (over) => accessory(select({ options: [option(0, 75 + over)] }))],
  ['option value 150', (over) => accessory(select({ options: [{ text: plain(5), value: x(150 + over) }] }))],
  ['option description 75', (over) => accessory(select({ options: [{ ...option(0), description: plain(75 + over) }] }))],
  ['static_select options 100', (over) => accessory(select({ options: times(100 + over, (index) => option(index)) }))],
  ['static_select placeholder 150', (over) => accessory(select({ placeholder: plain(150 + over) }))],
  ['radio options 10', (over) => accessory(radio({ options: times(10 + over, (index) => option(index)) }))],
  ['checkbox options 10', (over) => accessory({ type: 'checkboxes', options: times(10 + over, (index) => option(index)) })],
  ['overflow options 5', (over) => accessory({ type: 'overflow', options: times(5 + over, (index) => option(index)) })],
  ['input label 2000', (over) => input({ type: 'plain_text_input' }, { label: plain(2000 + over) })],
  ['input hint 2000', (over) => input({ type: 'plain_text_input' }, { hint: plain(2000 + over) })],
  ['datetimepicker of ten digits', (over) => input({ type: 'datetimepicker', initial_date_time: 9_999_999_999 + over })],
  ['plain_text_input max_length 3000', (over) => input({ type: 'plain_text_input', max_length: 3000 + over })],
  ['plain_text_input min_length 3000', (over) => input({ type: 'plain_text_input', min_length: 3000 + over })],
  ['plain_text_input placeholder 150', (over) => input({ type: 'plain_text_input', placeholder: plain(150 + over) })],
  ['image alt_text 2000', (over) => [{ type: 'image', image_url: 'https://example.com/a.png', alt_text: x(2000 + over) }]],
  [
    '13,000 characters of text',
    (over) => [...times(6, () => ({ type: 'section', text: mrkdwn(2000) })), { type: 'section', text: mrkdwn(1000 + over) }],
  ],
];

const BAD: [string, unknown, RegExp][] = [
  ['an unknown block', [{ type: 'marquee' }], /unsupported type: marquee \[json-pointer:\/blocks\/0\/type\]/],
  ['a block that is inherited, not listed', [{ type: 'constructor' }], /unsupported type/],
  ['an unknown key', [{ type: 'divider', colour: 'red' }], /invalid additional property: colour/],
  ['a button with mrkdwn', actions(button({ text: mrkdwn(3) })), /unsupported type: mrkdwn/],
  ['an empty text', [{ type: 'section', text: { type: 'mrkdwn', text: '' } }], /must be more than 0 characters/],
  ['an empty button value', actions(button({ value: '' })), /must be more than 0 characters/],
  ['a section without text', [{ type: 'section' }], /text or fields/],
  ['an unknown style', actions(button({ style: 'warning' })), /must be one of: primary, danger/],
  ['no options', accessory(select({ options: [] })), /no less than 1 items allowed/],
  [
    'options and groups at once',
    accessory(select({ option_groups: [{ label: plain(3), options: [option(0)] }] })),
    /exactly one of options/,
  ],
  ['an initial option that is not offered', accessory(radio({ initial_option: option(7) })), /one of the provided options/],
  ['an actions block without elements', actions(), /no less than 1 items/],
  ['two blocks with one id', times(2, () => ({ type: 'divider', block_id: 'same' })), /block_id already exists/],
  ['two buttons with one action id', actions(button({ action_id: 'a' }), button({ action_id: 'a' })), /action_id must be unique/],
  [
    'min_length above max_length',
    input({ type: 'plain_text_input', min_length: 9, max_length: 3 }),
    /less than or equal to max_length/,
  ],
  ['a date and time picker beside a section', accessory({ type: 'datetimepicker' }), /unsupported type: datetimepicker/],
  ['a time to pick that is no number', input({ type: 'datetimepicker', initial_date_time: '1790000000' }), /must be an integer/],
  ['text input in an actions block', actions({ type: 'plain_text_input' }), /unsupported type: plain_text_input/],
  ['an empty rich text element', rich({ type: 'text', text: '' }), /must be more than 0 characters/],
  ['a rich text user that is no id', rich({ type: 'user', user_id: '<!channel>' }), /must be a user id/],
  ['an unknown key in rich text', rich({ type: 'text', text: 'a', mrkdwn: true }), /invalid additional property: mrkdwn/],
  [
    'plain text that is too long once escaped',
    [{ type: 'header', text: { type: 'plain_text', text: '<'.repeat(40) } }],
    /less than 151/,
  ],
  ['blocks that are no list', { type: 'divider' }, /invalid_blocks_format/],
];

describe('Block Kit limits', () => {
  it.each(PAIRS)('%s: at the limit it is accepted, one beyond it is refused', async (_, make) => {
    expect(await complaints(make(0))).toEqual([]);
    expect(await complaints(make(1))).not.toEqual([]);
  });

  it.each(BAD)('%s is refused', async (_, blocks, sentence) => {
    expect((await complaints(blocks)).join('\n')).toMatch(sentence);
  });

  it('accepts what an approval card is made of', async () => {
    const card = [
      { type: 'header', text: { type: 'plain_text', text: 'Elevation request', emoji: false } },
      { type: 'section', fields: [{ type: 'mrkdwn', text: '*Who*\n<@U0ALICE000>', verbatim: true }] },
      {
        type: 'rich_text',
        elements: [
          { type: 'rich_text_quote', elements: [{ type: 'text', text: '<!channel> *x*', style: { italic: true } }] },
          { type: 'rich_text_preformatted', elements: [{ type: 'text', text: 'sudo -l' }], border: 1 },
          {
            type: 'rich_text_list',
            style: 'bullet',
            elements: [
              {
                type: 'rich_text_section',
                elements: [{ type: 'date', timestamp: 1_700_000_000, format: '{time}', fallback: 'then' }],
              },
            ],
          },
        ],
      },
      { type: 'context', elements: [mrkdwn(5), { type: 'image', image_url: 'https://example.com/a.png', alt_text: 'a' }] },
      { type: 'divider' },
      ...actions(
        button({
          style: 'primary',
          confirm: { title: plain(5), text: plain(5), confirm: plain(5), deny: plain(5), style: 'danger' },
        }),
      ),
    ];
    expect(await complaints(card)).toEqual([]);
  });
});

describe('views', () => {
  const modal = (extra: object = {}) => ({ type: 'modal', title: plain(10), blocks: [{ type: 'divider' }], ...extra });
  const VIEWS: [string, (over: 0 | 1) => object][] = [
    ['title 24', (over) => modal({ title: plain(24 + over) })],
    ['submit 24', (over) => modal({ submit: plain(24 + over) })],
    ['close 24', (over) => modal({ close: plain(24 + over) })],
    ['callback_id 255', (over) => modal({ callback_id: x(255 + over) })],
    ['private_metadata 3000', (over) => modal({ private_metadata: x(3000 + over) })],
    ['external_id 255', (over) => modal({ external_id: x(255 + over) })],
    ['100 blocks', (over) => modal({ blocks: times(100 + over, () => ({ type: 'divider' })) })],
    [
      'a submit button where there is an input',
      (over) => modal({ blocks: input({ type: 'plain_text_input' }), ...(over ? {} : { submit: plain(3) }) }),
    ],
  ];

  it.each(VIEWS)('%s', async (_, make) => {
    const open = async (over: 0 | 1) => {
      void sim.act.command({ user: ALICE, channel: 'general', command: '/x' });
      const triggers = sim.truth().deliveries.map((one) => one.payload.trigger_id);
      return web.apiCall('views.open', { trigger_id: triggers.at(-1), view: make(over) });
    };
    await expect(open(0)).resolves.toMatchObject({ ok: true });
    await expect(open(1)).rejects.toMatchObject({ data: { error: 'invalid_arguments' } });
  });

  it('refuses a title on a Home', async () => {
    const home = { type: 'home', title: plain(3), blocks: [] };
    await expect(web.apiCall('views.publish', { user_id: ALICE, view: home })).rejects.toMatchObject({
      data: { error: 'invalid_arguments' },
    });
  });
});
