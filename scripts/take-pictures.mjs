/**
 * Takes the README's pictures of the demo page, light and dark, with a demo of its own: `npm run build`, then
 * `node scripts/take-pictures.mjs [--port 4480]`. Needs Chromium (CHROMIUM_PATH, else /usr/bin/chromium).
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';

const root = new URL('../', import.meta.url).pathname;
const { values } = parseArgs({ options: { port: { type: 'string', default: '4480' } } });
const base = `http://127.0.0.1:${values.port}`;
const WINDOW_MS = 900_000;

/** Starts a demo in a folder of its own, and resolves when it is ready. */
function startDemo(dir) {
  const demo = spawn(process.execPath, [join(root, 'dist/cli/main.js'), 'demo', '--port', values.port, '--dir', dir], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  return new Promise((resolve, reject) => {
    let said = '';
    demo.stderr.on('data', (chunk) => {
      said += chunk;
      if (said.includes('ready after')) resolve(demo);
    });
    demo.once('exit', (code) => reject(new Error(`the demo ended with ${code}:\n${said}`)));
  });
}

async function post(path, body) {
  const response = await fetch(base + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return response.json();
}
const get = async (path) => (await fetch(base + path)).json();

/** Looks again and again until something is there. */
async function until(what, look) {
  for (const end = Date.now() + 40_000; Date.now() < end; await sleep(200)) {
    const found = await look();
    if (found) return found;
  }
  throw new Error(`not seen: ${what}`);
}

/** A request by one of the demo's people, through the form. Answers the card's ts. */
async function ask(info, person, windowMs, category, reason) {
  const { slack: user, mac } = info.people.find((one) => one.id === person);
  const approver = info.people.find((one) => one.inChannel).slack;
  const cards = async () => {
    const { channels } = await get(`/slack/sim/state?as=${approver}`);
    return channels.find((one) => one.id === info.channel.id).messages;
  };
  const before = (await cards()).length;
  const { channels } = await get(`/slack/sim/state?as=${user}`);
  await post('/slack/sim/act/command', { user, channel: channels[0].id, command: '/elevate' });
  const modal = await until('the form', async () =>
    (await get(`/slack/sim/state?as=${user}`)).modals.find((one) => one.callbackId === 'elevate'),
  );
  const at = { user, viewId: modal.id, actionId: 'target' };
  const target = `mac-admin/${mac.serial}`;
  await until('the Mac in the search', async () =>
    (await post('/slack/sim/act/options', { ...at, query: mac.name })).options?.some((one) => one.value === target),
  );
  await post('/slack/sim/act/select', { ...at, blockId: 'target', value: target });
  const window = await until('the lengths', async () => {
    const now = (await get(`/slack/sim/state?as=${user}`)).modals.find((one) => one.id === modal.id);
    return now.blocks.find((one) => one.block_id?.startsWith('window'))?.block_id;
  });
  const fields = { [window]: String(windowMs), category, reason };
  const sent = await post('/slack/sim/act/submit', { user, viewId: modal.id, values: fields });
  if (sent.errors) throw new Error(JSON.stringify(sent.errors));
  return until('the card', async () => (await cards())[before]?.ts);
}

/** One elevation that runs, and one request that waits. */
async function live(info) {
  const ts = await ask(info, 'ada', WINDOW_MS, 'install', 'Install the label printer driver for the third floor');
  const approver = info.people.find((one) => one.id === 'grace').slack;
  await post('/slack/sim/act/click', { user: approver, channel: info.channel.id, ts, actionId: `approve:${WINDOW_MS}` });
  const { serial, user } = info.people.find((one) => one.id === 'ada').mac;
  await until('the administrator', async () => (await get(`/mac/${serial}/truth`)).admins.includes(user));
  await post(`/mac/${serial}/act/sudo`, { user, command: '/usr/sbin/installer -pkg LabelPrinter.pkg -target /' });
  await ask(info, 'alan', 300_000, 'debug', 'Attach a debugger to the crashing login item');
  await until('the countdown', async () => (await get(`/mac/${serial}/truth`)).countdown);
}

async function picture(browser, info, colorScheme, file) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, locale: 'en-GB', colorScheme });
  const page = await context.newPage();
  await page.goto(base);
  await page.locator('[data-person=grace]').click();
  await page.locator('.message', { hasText: 'Waiting for approval' }).waitFor();
  await page.locator(`[data-mac=${info.people[0].mac.serial}] .screen.admin`).waitFor();
  await page.mouse.move(0, 0);
  await sleep(1200); // transitions
  await page.screenshot({ path: join(root, 'docs/images', file) });
  await context.close();
}

const dir = mkdtempSync(join(tmpdir(), 'stint-pictures-'));
const demo = await startDemo(dir);
const ended = new Promise((resolve) => demo.once('exit', resolve));
try {
  const info = await get('/demo/info');
  await live(info);
  const executablePath = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium';
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu', '--no-first-run'] });
  await picture(browser, info, 'light', 'demo.png');
  await picture(browser, info, 'dark', 'demo-dark.png');
  await browser.close();
} finally {
  demo.kill('SIGINT');
  await ended;
  rmSync(dir, { recursive: true, force: true });
}
