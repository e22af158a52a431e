/**
 * What an operator reads in Temporal's own Web UI, in a real browser: the whole elevation off one page, without the
 * reason that somebody wrote, which stays in the store.
 */
import { existsSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, chromium, type Locator, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Acts, createActs, eventually } from './acts.js';
import { cleanUp, type Demo, startDemo, tempFolder, withPolicy } from './demo.js';

const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);
const REASON = 'because the plotter on the third floor is haunted';
const shots = join(tmpdir(), 'stint-web-ui');

/** The words as they are rendered: hidden dialogs and scripts do not count. */
// biome-ignore lint/performance/useDomNodeTextContent: text that nobody sees must not count
const readable = (place: Locator) => place.innerText();

/** Without a browser a CI run fails; any other says loudly what is left out. */
function haveChromium(): boolean {
  if (CHROMIUM) return true;
  if (process.env.CI) throw new Error('Chromium is not installed, and CI must look at the Web UI.');
  process.stderr.write('\n*** Chromium is not installed: the Web UI is NOT looked at. Install chromium to run this. ***\n');
  return false;
}

describe.skipIf(!haveChromium())('Temporal’s Web UI', () => {
  let demo: Demo;
  let acts: Acts;
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    mkdirSync(shots, { recursive: true });
    const dir = withPolicy(join(tempFolder('ui'), 'demo'), (text) =>
      text.replace('windows: [30s,', 'windows: [15s, 30s,').replace('minWindow: 10s', 'minWindow: 20s'),
    );
    demo = await startDemo({ dir });
    acts = createActs(demo);
    browser = await chromium.launch({
      executablePath: CHROMIUM ?? '',
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    });
    page = await browser.newPage({ viewport: { width: 1500, height: 1400 } });
  }, 120_000);

  afterAll(async () => {
    await browser?.close();
    await cleanUp();
  }, 60_000);

  const base = () => `http://127.0.0.1:${demo.ports.temporalUi}/namespaces/default/workflows`;
  /** What can be read now. The UI shows Markdown in frames of its own. */
  const textOf = async () => (await Promise.all(page.frames().map((frame) => readable(frame.locator('body'))))).join('\n');
  /** The page never stops loading (it polls), so it is waited for by its words. */
  const reads = (words: readonly string[]) =>
    eventually(`the page says ${words.join(', ')}`, async () => {
      const text = await textOf();
      const missing = words.filter((word) => !text.includes(word));
      if (missing.length > 0) throw new Error(`it does not say ${missing.join(', ')}, but:\n${text}`);
      return text;
    });

  test('a held elevation is told in short: who, what, how long, until when, what comes next', async () => {
    const asked = await acts.elevate('ada', 300_000, REASON);
    await acts.approve('grace', asked, 300_000);
    await acts.becomesAdmin('ada');
    const { deadlineAt } = await acts.reaches(asked.requestId, 'active');
    const { runId } = (await acts.show(asked.requestId)).timeline[0] ?? { runId: '' };
    const url = `${base()}/${encodeURIComponent(`elevation/${asked.requestId}`)}/${runId}`;

    const seen: string[] = [];
    const look = async (tab: string, name: string, ...words: readonly string[]) => {
      await page.goto(`${url}/${tab}`);
      seen.push(await reads(words));
      await page.screenshot({ path: join(shots, `${name}.png`), fullPage: true });
    };
    await look(
      'timeline',
      '1-timeline-active',
      'judge • policy: vote of grace',
      'grant mac-admin',
      'confirm',
      'until the warning',
    );
    await look(
      'user-metadata',
      '2-details-active',
      'ada: mac-admin on ada-mbp',
      'Current Details',
      'who: ada',
      'what: mac-admin/C02DEMOADA1 (install)',
      'asked: 5 min, approved: 5 min',
      'decided by: grace (approve)',
      `deadline: ${deadlineAt}`,
      'next: the window ends, or someone ends it',
    );
    await look('search-attributes', '3-attributes-active', 'StintState', 'StintPerson', 'StintTarget', 'StintRule', '"active"');

    await acts.click('grace', asked.cardTs, 'revoke');
    await acts.reaches(asked.requestId, 'closed', 60_000);
    await look(
      'timeline',
      '4-timeline-closed',
      'revoke mac-admin/C02DEMOADA1',
      'observe mac-admin/C02DEMOADA1 gone',
      'clear MDM signals',
      'start deadline',
    );
    // What is written together differs: the revoke and its proof may share one call.
    expect(seen.at(-1)).toMatch(/ledger: ([a-z-]+, )*gone/);
    await look('search-attributes', '5-attributes-closed', 'StintOutcome', '"revoked"');
    await look('history', '6-history', 'Workflow Execution Completed');
    await look('user-metadata', '7-details-closed', 'observed gone: ', 'next: nothing: this is over');

    for (const text of seen) expect(text).not.toContain('haunted');
    process.stderr.write(`    screenshots: ${shots}\n`);
  });
});
