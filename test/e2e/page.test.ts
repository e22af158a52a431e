/**
 * The demo page in a real browser, as its people use it: a whole elevation lived by clicking, the form by keyboard alone,
 * and everything that people write shown as text. Judged by the page, and where it matters by the Macs themselves.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { CHANNEL } from '../../cli/demo/world.js';
import { until } from '../tooling/processes.js';
import { cleanUp, type Demo, partOf, startDemo, tempFolder } from './demo.js';

const BROWSER = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium';
const ARGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'];
const missing = !existsSync(BROWSER);
if (missing && process.env.CI) throw new Error(`No browser at ${BROWSER}: set CHROMIUM_PATH. CI may not skip the page.`);
if (missing) process.stderr.write(`\n    SKIPPED: no browser at ${BROWSER}; set CHROMIUM_PATH to test the demo page\n\n`);

const HOSTILE = 'Printer <img src=x onerror="window.stung=1"> for <!channel> & *all* of <https://evil.example|it>';

let demo: Demo;
let browser: Browser;
let page: Page;
let complaints: string[] = [];

describe.skipIf(missing)('the demo page', () => {
  beforeAll(async () => {
    demo = await startDemo({ dir: join(tempFolder('page'), 'demo') });
    browser = await chromium.launch({ executablePath: BROWSER, args: ARGS });
    page = await open();
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    await cleanUp();
  }, 60_000);
  afterEach(() => {
    const said = complaints;
    complaints = [];
    expect(said, 'the browser complained').toEqual([]);
  });

  test('a whole elevation is lived through on the page, and what the asker wrote stays text', async () => {
    await be('ada');
    await compose('/el');
    await page.keyboard.press('Tab');
    await page.keyboard.type(HOSTILE);
    await page.keyboard.press('Enter');
    const form = page.getByRole('dialog', { name: 'Ask for access' });
    await form.getByLabel('What do you need?').fill('ada-mbp');
    await form.getByRole('option', { name: /ada-mbp/ }).click();
    await form.getByLabel('30 s', { exact: true }).check();
    await form.getByLabel('Category').selectOption('install');
    expect(await form.getByLabel('Reason').inputValue()).toBe(HOSTILE);
    await form.getByRole('button', { name: 'Send request' }).click();
    await form.waitFor({ state: 'detached' });

    await be('mallory');
    await approve();
    const whisper = page.locator('.message.ephemeral').last();
    await whisper.getByText(/not an approver/).waitFor();
    expect(await whisper.textContent()).toContain('Only visible to you');

    await be('grace');
    expect(await card().locator('blockquote').textContent()).toBe(HOSTILE);
    await approve();
    const mac = page.locator('[data-mac=C02DEMOADA1]');
    await mac.getByText('an administrator', { exact: true }).waitFor({ timeout: 30_000 });
    await mac.getByRole('timer').waitFor();
    const first = await left();
    await until("the Mac's own countdown goes down", async () => (await left()) < first);
    expect(first).toBeLessThanOrEqual(30);
    await mac.getByLabel(/runs with sudo/).fill('/usr/sbin/installer -pkg LabelPrinter.pkg -target /');
    await page.keyboard.press('Enter');
    await mac.getByText('ran: /usr/sbin/installer').waitFor();

    await mac.getByText('a standard user', { exact: true }).waitFor({ timeout: 60_000 });
    await card().getByText('Ended.').waitFor({ timeout: 60_000 });
    await card().locator('.replies').click();
    const file = page.locator('.thread .file');
    await file.getByRole('button', { name: 'Preview' }).click();
    await file.getByText('COMMAND=/usr/sbin/installer -pkg LabelPrinter.pkg').first().waitFor();
    await page.getByText('That was a whole life').waitFor();
    await page.keyboard.press('Escape');
    await page.locator('.thread').waitFor({ state: 'detached' });
    expect(await page.evaluate<string>('document.activeElement.className'), 'the focus goes back').toBe('replies');
    await nothingStung();
  });

  test('the request form can be filled and sent by keyboard alone', async () => {
    await page.keyboard.press('Alt+Digit2');
    await page.getByRole('radio', { name: /Alan Turing/, checked: true }).waitFor();
    await tabTo('.composer-input');
    await page.keyboard.type('/elevate Rebuild the compiler cache');
    await page.keyboard.press('Enter');
    const form = page.getByRole('dialog', { name: 'Ask for access' });
    await form.getByLabel('What do you need?').waitFor();
    await page.keyboard.type('alan-mba');
    await form.getByRole('option', { name: /alan-mba/ }).waitFor();
    await page.keyboard.press('Enter');
    await form.getByLabel('5 min', { exact: true }).waitFor();
    await tabTo('.modal input[type=radio]');
    await page.keyboard.press('Space');
    await page.keyboard.press('ArrowRight');
    await tabTo('.modal [data-block=category] select');
    await page.keyboard.type('Dev');
    await page.keyboard.press('Control+Enter');
    await page.locator('.modal').waitFor({ state: 'detached' });
    await be('linus');
    await card().getByText('Window asked for: 5 min').waitFor();
    expect(await card().textContent()).toContain('Category: developer');
    expect(await focused()).toBe('linus');
    await page.keyboard.press('ArrowUp');
    expect(await focused()).toBe('grace');
  });

  test('a form that lacks something says so under the field, keeps what was written, and Esc closes it', async () => {
    await be('ada');
    await compose('/elevate short');
    await page.keyboard.press('Enter');
    const form = page.getByRole('dialog', { name: 'Ask for access' });
    await form.getByRole('button', { name: 'Send request' }).click();
    await form.getByText('Please enter at least').waitFor();
    expect(await form.getByLabel('Category').getAttribute('aria-invalid')).toBe('true');
    expect(await form.getByLabel('Reason').inputValue()).toBe('short');
    await form.getByLabel('Reason').focus();
    await page.keyboard.press('Escape');
    await form.waitFor({ state: 'detached' });
  });

  test('"Go back" in the question before a click leaves everything as it was', async () => {
    await be('grace');
    await card()
      .getByRole('button', { name: /^Approve 5 min/ })
      .click();
    await page.getByRole('alertdialog').getByRole('button', { name: 'Go back' }).click();
    await card()
      .getByRole('button', { name: /^Approve 5 min/ })
      .click();
    await page.keyboard.press('Escape');
    await page.getByRole('alertdialog').waitFor({ state: 'detached' });
    expect(await card().textContent()).toContain('Waiting for approval');
  });

  test('blocks of every kind are drawn, and none of them can bring markup, a script or its own address', async () => {
    await be('grace');
    const sent = await post('chat.postMessage', { channel: CHANNEL.id, text: 'kinds', blocks: KINDS });
    expect(sent).toMatchObject({ ok: true });
    const shown = page.locator(`.message[data-ts="${sent.ts}"]`);
    await shown.waitFor();
    await page.getByText('New message from Stint: kinds').waitFor({ state: 'attached' });
    const words = await shown.textContent();
    for (const part of ['<b>Head</b>', 'bold code <i>raw</i>', '@Ada Lovelace', 'left & right', 'fallback?', 'first', 'second'])
      expect(words).toContain(part);
    expect(await shown.locator('a').evaluateAll((links) => links.map((a) => a.getAttribute('href')))).toEqual([
      'https://stint.example/a',
    ]);
    expect(await shown.locator('strong', { hasText: 'bold' }).count()).toBe(1);
    expect(await shown.locator('select').count()).toBe(2);
    expect(await shown.locator('input[type=checkbox]').count()).toBe(1);
    await nothingStung();
  });

  test('what a person types in a channel is text, and commands that are none are refused without being sent', async () => {
    await be('mallory');
    await compose('<!everyone> look: *bold* <script>window.stung=1</script>');
    await page.keyboard.press('Enter');
    await page.locator('.said', { hasText: '<!everyone> look: *bold* <script>window.stung=1</script>' }).waitFor();
    await compose('/nonsense now');
    await page.keyboard.press('Enter');
    await page.getByText('/nonsense is not a valid command.').waitFor();
    await be('ada');
    await page.getByRole('button', { name: /^Stint/ }).click();
    await compose('hello?');
    await page.keyboard.press('Enter');
    await page.getByText('Stint takes no messages').waitFor();
    await nothingStung();
  });

  test('a fault switch turns a fault on and off, and the page shows it', async () => {
    await page.getByRole('button', { name: /Break something/ }).click();
    const down = page.getByRole('group', { name: 'Faults of Slack' }).getByRole('switch', { name: /^Down/ });
    await down.click();
    await page.getByText('Slack is down').waitFor();
    await down.click();
    await page.getByText('Slack is down').waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'What can go wrong here' }).click();
    const [skew, offline] = [
      page.getByRole('switch', { name: /one hour ahead/ }),
      page.getByRole('switch', { name: 'No network' }),
    ];
    await skew.click();
    await offline.click();
    await page.locator('[data-switch=offline][aria-checked=true]').waitFor();
    await offline.click();
    await page.locator('[data-switch=offline][aria-checked=false]').waitFor();
    expect(await skew.getAttribute('aria-checked'), 'the other fault stays').toBe('true');
    await skew.click();
    await page.locator('[data-switch=clock-skew][aria-checked=false]').waitFor();
  });

  test('light and dark can be chosen and are remembered; every control has a name', async () => {
    const ground = () => page.evaluate<string>('getComputedStyle(document.body).backgroundColor');
    const light = await ground();
    const toggle = page.getByRole('button', { name: /^Appearance/ });
    await toggle.click();
    expect(await ground()).toBe(light);
    await toggle.click();
    await until('it is dark', async () => (await ground()) !== light);
    const dark = await ground();
    await page.reload();
    await page.getByText('Live', { exact: true }).waitFor();
    expect(await ground()).toBe(dark);
    await toggle.click();
    const nameless = page
      .locator('button, a, input, select, textarea')
      .evaluateAll((all) =>
        all
          .filter(
            (one) =>
              !(
                one.getAttribute('aria-label') ||
                one.textContent?.trim() ||
                one.closest('label') ||
                one.hasAttribute('aria-labelledby')
              ),
          )
          .map((one) => one.outerHTML),
      );
    expect(await nameless).toEqual([]);
  });

  test('when the stand-ins die the page says so, and comes back by itself', async () => {
    process.kill(partOf(demo, /demo-standins/), 'SIGKILL');
    await page.locator('.health.lost').waitFor({ timeout: 15_000 });
    await page.locator('.health.live').waitFor({ timeout: 60_000 });
    await be('linus');
    await card().waitFor();
    complaints = []; // a browser reports every call that found nobody
  });
});

/** A page of its own whose complaints are collected. */
async function open(): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, locale: 'en-GB', colorScheme: 'light' });
  const opened = await context.newPage();
  opened.setDefaultTimeout(15_000);
  opened.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  opened.on('pageerror', (error) => complaints.push(String(error.stack)));
  await opened.goto(`http://127.0.0.1:${demo.ports.page}`);
  await opened.getByText('Live', { exact: true }).waitFor();
  return opened;
}

async function be(who: string): Promise<void> {
  await page.locator(`[data-person=${who}]`).click();
  await page.locator(`[data-person=${who}][aria-checked=true]`).waitFor();
  await page.locator('.slack .composer-input, .slack .home').first().waitFor();
}

const compose = (words: string) => page.locator('.composer-input').fill(words);
const focused = () => page.evaluate<string>('document.activeElement?.dataset.person');
const left = async () => Number(/^\d+/.exec((await page.getByRole('timer').getAttribute('aria-label')) ?? '')?.[0]);

/** The newest card in the channel. */
const card = () => page.locator('.message.from-app:not(.ephemeral)', { hasText: 'Elevation request' }).last();

/** Presses the button of the window that was asked for, and says yes. */
async function approve(): Promise<void> {
  await card()
    .getByRole('button', { name: /^Approve 30 s/ })
    .click();
  await page
    .getByRole('alertdialog')
    .getByRole('button', { name: /^Approve 30 s/ })
    .click();
}

/** Presses Tab until the focus is there, as somebody without a mouse does. */
async function tabTo(selector: string): Promise<void> {
  for (let presses = 0; presses < 60; presses += 1) {
    if (await page.evaluate<boolean>(`document.activeElement?.matches(${JSON.stringify(selector)})`)) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`Tab does not lead to ${selector}`);
}

/** Nothing that came as text became an element or ran. */
async function nothingStung(): Promise<void> {
  expect(await page.evaluate<boolean>("'stung' in window")).toBe(false);
  expect(await page.locator('#app :is(img, script, iframe, object, .broadcast)').count()).toBe(0);
}

/** A call of the app's own Web API, with the demo's bot token. */
async function post(method: string, body: object): Promise<{ ok: boolean; ts: string; error?: string }> {
  const token = readFileSync(join(demo.dir, 'secrets', 'bot-token'), 'utf8');
  const response = await fetch(`http://127.0.0.1:${demo.ports.slack}/api/${method}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json; charset=utf-8' },
    body: JSON.stringify(body),
  });
  return (await response.json()) as { ok: boolean; ts: string };
}

const plain = (text: string) => ({ type: 'plain_text', text });
const option = (text: string) => ({ text: plain(text), value: text });
const KINDS = [
  { type: 'header', text: plain('<b>Head</b>') },
  {
    type: 'section',
    text: {
      type: 'mrkdwn',
      text: '*bold* `code` &lt;i&gt;raw&lt;/i&gt; <@U0ADA00001> <https://stint.example/a|link> <javascript:alert(1)|bad> <!date^0^^|fallback?>',
    },
    fields: [plain('left &amp; right'), { type: 'mrkdwn', text: '> quoted' }],
    accessory: { type: 'overflow', action_id: 'more', options: [option('first'), option('second')] },
  },
  { type: 'divider' },
  {
    type: 'rich_text',
    elements: [
      { type: 'rich_text_quote', elements: [{ type: 'text', text: '<img src=x onerror=window.stung=1>' }] },
      {
        type: 'rich_text_list',
        style: 'ordered',
        elements: [{ type: 'rich_text_section', elements: [{ type: 'text', text: 'one', style: { italic: true } }] }],
      },
    ],
  },
  {
    type: 'actions',
    elements: [
      { type: 'static_select', action_id: 'pick', placeholder: plain('Pick'), options: [option('first'), option('second')] },
      { type: 'checkboxes', action_id: 'tick', options: [option('ticked')] },
    ],
  },
  { type: 'context', elements: [{ type: 'mrkdwn', text: '_small_' }] },
];
