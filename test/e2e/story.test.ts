/** The ways an elevation can go, in the running demo: asked and decided in Slack or on the Mac, judged by what the Mac itself is. */
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { ACCOUNTS, awsUserId, SETS } from '../../cli/demo/organisation.js';
import { CHANNEL, GENERAL } from '../../cli/demo/world.js';
import { type Acts, buttons, createActs, eventually, macOf, slackOf } from './acts.js';
import { stint } from './built.js';
import { cleanUp, type Demo, startDemo, tempFolder, withPolicy } from './demo.js';

const S15 = 15_000;
const M5 = 300_000;
let demo: Demo;
let acts: Acts;

beforeAll(async () => {
  const dir = withPolicy(join(tempFolder('story'), 'demo'), (text) =>
    text
      .replace('windows: [30s,', 'windows: [15s, 30s,')
      .replace('minWindow: 10s', 'minWindow: 20s')
      .replace('tier: 0', 'tier: 0\n    deadlines: { pending: 5s }'),
  );
  demo = await startDemo({ dir });
  acts = createActs(demo);
}, 120_000);
afterAll(cleanUp, 60_000);
afterEach(async () => {
  await acts.healed();
  await acts.settled();
});

/** Nobody became an administrator since then, by the Mac's own record. */
async function neverAdmin(who: 'ada' | 'alan', since: number): Promise<void> {
  const { serial, user } = macOf(who);
  const { adminLog } = await demo.sight.mac(serial);
  expect(adminLog.filter((c) => c.user === user && c.admin && Date.parse(c.at) >= since)).toEqual([]);
}

async function granted(who: 'ada' | 'alan', windowMs = M5) {
  const asked = await acts.elevate(who, windowMs);
  await acts.approve('grace', asked, windowMs);
  await acts.becomesAdmin(who);
  await acts.reaches(asked.requestId, 'active');
  return asked;
}

describe('before anything is granted', () => {
  test('a denial with a comment reaches the asker, and nothing is granted', async () => {
    const since = Date.now();
    const asked = await acts.elevate('ada', M5);
    await acts.click('grace', asked.cardTs, 'deny');
    const form = await eventually('the form for the comment', async () =>
      (await demo.sight.slack(slackOf('grace'))).modals.at(-1),
    );
    const field = JSON.stringify(form.blocks).match(/"block_id":"([^"]+)"/)?.[1] ?? '';
    await demo.sight.act('submit', {
      user: slackOf('grace'),
      viewId: form.id,
      values: { [field]: 'use the package in Self Service' },
    });
    const closed = await acts.reaches(asked.requestId, 'closed');
    expect(closed.outcome).toBe('denied');
    const dm = await eventually('the asker is told', async () =>
      (await demo.sight.dms(slackOf('ada'))).find((m) => JSON.stringify(m.blocks).includes('use the package in Self Service')),
    );
    expect(dm.text).toContain('denied');
    await eventually('the card says so', async () => (await acts.card(asked)).text.includes('Denied by Grace Hopper'));
    expect(buttons(await acts.card(asked))).toEqual([]);
    await neverAdmin('ada', since);
  });

  test('the asker withdraws from the direct message', async () => {
    const asked = await acts.elevate('ada', M5);
    const dm = await acts.dmWith('ada', /^withdraw$/, asked.requestId);
    await acts.click('ada', dm.ts, 'withdraw', dm.channel);
    expect((await acts.reaches(asked.requestId, 'closed')).outcome).toBe('withdrawn');
    await acts.click('grace', asked.cardTs, 'approve:300000').catch(() => undefined); // the button may be gone already
    expect((await acts.view(asked.requestId)).outcome).toBe('withdrawn');
  });

  test('a stranger, the asker, a copied card and a forged value approve nothing; each is told', async () => {
    const since = Date.now();
    const asked = await acts.elevate('ada', M5);
    const card = await acts.card(asked);
    const value = acts.valueOn(card, /^approve:300000$/);
    const press = { channel: CHANNEL.id, ts: asked.cardTs, actionId: 'approve:300000' };
    // Pressed until it is told: a card can be seen a moment before Stint has noted where it stands, and then says so.
    const told = (who: 'ada' | 'grace' | 'mallory', pattern: RegExp, forged?: object) =>
      eventually(`${who} is told ${pattern}`, async () => {
        const forge = forged && { value, ...forged };
        await demo.sight.act('click', { user: slackOf(who), ...press, ...(forge && { forge }) });
        const said = async () => (await acts.whispers(who)).find((m) => pattern.test(m.text));
        return eventually('it is said', said, 3000);
      });

    await told('mallory', /vote does not count|not an approver/);
    await told('ada', /cannot decide your own request/, {});
    const copy = await demo.sight.act('say', { user: slackOf('grace'), channel: CHANNEL.id, text: 'a copy of the card' });
    await told('grace', /copy, or an older card/, { message_ts: (copy as unknown as { ts: string }).ts });
    const otherDigest = value.replace(/"d":"(.)/, (_, c: string) => `"d":"${c === 'f' ? 'e' : 'f'}`);
    await told('grace', /older version of the request|not valid/, { value: otherDigest });
    const longer = { value: value.replace('300000', '86400000'), action_id: 'approve:86400000' };
    await told('grace', /does not offer|not one of the windows|offers/, longer);
    await told('grace', /only for members of the workspace/, { user_team: 'T0EVIL0001' });

    expect(await acts.view(asked.requestId)).toMatchObject({ state: 'requested', votes: [] });
    await neverAdmin('ada', since);
    // The same card is still good for the one who may.
    await acts.click('grace', asked.cardTs, 'deny');
    const form = await eventually('the form', async () => (await demo.sight.slack(slackOf('grace'))).modals.at(-1));
    await demo.sight.act('submit', { user: slackOf('grace'), viewId: form.id, values: {} });
    await acts.reaches(asked.requestId, 'closed');
  });
});

describe('while it is held', () => {
  test('an approver revokes: the Mac is no administrator within seconds; an old click delivered again grants nothing', async () => {
    const asked = await granted('ada');
    const clicks = (await acts.truth()).deliveries.filter((d) => JSON.stringify(d.payload).includes('approve:300000'));
    await acts.click('grace', asked.cardTs, 'revoke');
    const from = Date.now();
    await acts.isNoAdmin('ada', 15_000);
    process.stderr.write(`    revoked on the Mac ${((Date.now() - from) / 1000).toFixed(1)} s after the click\n`);
    expect((await acts.reaches(asked.requestId, 'closed')).outcome).toBe('revoked');
    const since = Date.now();
    await demo.sight.act('replay', { delivery: clicks.at(-1)?.id });
    const timeline = (await acts.show(asked.requestId)).timeline.length;
    await demo.sight.act('click', {
      user: slackOf('grace'),
      channel: CHANNEL.id,
      ts: asked.cardTs,
      actionId: 'approve:300000',
      forge: { value: (clicks.at(-1)?.payload.actions as readonly { value: string }[] | undefined)?.[0]?.value },
    });
    await eventually('the late click is answered', async () =>
      (await acts.whispers('grace')).some((m) => /is closed: revoked/.test(m.text)),
    );
    await neverAdmin('ada', since);
    expect((await acts.show(asked.requestId)).timeline).toHaveLength(timeline);
  });

  test('the subject ends it from the direct message', async () => {
    const asked = await granted('ada');
    const dm = await acts.dmWith('ada', /^end$/, asked.requestId);
    await acts.click('ada', dm.ts, 'end', dm.channel);
    await acts.isNoAdmin('ada', 15_000);
    expect((await acts.reaches(asked.requestId, 'closed')).outcome).toBe('ended');
  });

  test('an extension is asked for in the direct message, approved on the card, and the Mac counts longer', async () => {
    const asked = await granted('alan');
    const before = await acts.view(asked.requestId);
    const dm = await acts.dmWith('alan', /^extend:300000$/, asked.requestId);
    await acts.click('alan', dm.ts, 'extend:300000', dm.channel);
    const button = await eventually('the card asks for the extension', async () =>
      buttons(await acts.card(asked)).find((b) => b.action_id === 'ext-approve:300000'),
    );
    await acts.click('grace', asked.cardTs, button.action_id);
    const later = await eventually('the deadline moves', async () => {
      const now = await acts.view(asked.requestId);
      return now.deadlineAt !== before.deadlineAt && now.deadlineAt;
    });
    expect(Date.parse(later) - Date.parse(before.deadlineAt ?? '')).toBe(300_000);
    await eventually('the Mac counts longer', async () => ((await demo.sight.mac(asked.serial)).countdown ?? 0) > 400);
    await acts.click('linus', asked.cardTs, 'revoke');
    await acts.isNoAdmin('alan', 15_000);
    await acts.reaches(asked.requestId, 'closed');
  });

  test('asked for on the Mac, approved in Slack', async () => {
    const before = await acts.cards();
    const acted = await demo.sight.macAct(macOf('alan').serial, 'request', {
      windowMs: S15,
      category: 'install',
      reason: 'asked on the Mac',
    });
    expect(acted).toMatchObject({ ok: true, output: expect.stringMatching(/^[a-z2-7]{26} /) });
    const asked = await acts.newCard('alan', before);
    expect((await acts.card(asked)).text).toContain('asked on the Mac');
    await acts.approve('grace', asked, S15);
    await acts.becomesAdmin('alan');
    await acts.isNoAdmin('alan');
    expect((await acts.reaches(asked.requestId, 'closed', 60_000)).outcome).toBe('expired');
  });
});

describe('from a command line', () => {
  test('a key is enrolled in Slack; what is granted exits with 0, what is denied or lapses with 1, and says so', async () => {
    const env = {
      STINT_SERVER_URL: `http://127.0.0.1:${demo.ports.deviceApi}`,
      STINT_PERSON_KEY_FILE: join(demo.dir, 'adas-own-key.pem'),
    };
    const enrolled = await stint(['enroll', '--json'], env);
    const { line } = JSON.parse(enrolled.out) as { line: string };
    const [command, ...text] = line.split(' ');
    await demo.sight.act('command', { user: slackOf('ada'), channel: GENERAL.id, command, text: text.join(' ') });
    await eventually('the key counts and the organisation is known', async () => {
      const { code, out } = await stint(['request', 'aws', '--search', 'payments-prod ReadOnly', '--json'], env);
      return code === 0 && out.includes('payments-prod');
    });
    const ask = async (account: string, set: string, ...more: string[]) => {
      const words = ['--account', account, '--set', set, '--for', '30s', '--reason', 'INC-417: asked from a terminal'];
      const ran = await stint(['request', 'aws', ...words, '--wait', '--json', ...more], env);
      return { ...ran, told: JSON.parse(ran.out) as Record<string, unknown> };
    };

    const before = (await acts.cards()).map(({ ts }) => ts);
    const cardOf = (set: string) =>
      eventually(`the card of ${set}`, async () => {
        const found = (await acts.cards()).find((m) => !before.includes(m.ts) && m.text.includes(set));
        const requestId = found && acts.requestIdOn(found);
        return requestId ? { who: 'ada' as const, serial: '', requestId, cardTs: found.ts } : undefined;
      });
    const lapses = ask('payments-prod', 'ReadOnlyAccess', '--confirm', 'payments-prod');
    const [granted, denied] = [ask('sandbox', 'PowerUserAccess'), ask('sandbox', 'ReadOnlyAccess')];
    const mistakes = Promise.all([stint(['request', 'aws', '--acount', 'sandbox'], env), ask('nowhere', 'PowerUserAccess')]);
    await acts.approve('grace', await cardOf('PowerUserAccess'), 30_000);
    await acts.click('grace', (await cardOf('ReadOnlyAccess')).cardTs, 'deny');
    const form = await eventually('the form', async () => (await demo.sight.slack(slackOf('grace'))).modals.at(-1));
    await demo.sight.act('submit', { user: slackOf('grace'), viewId: form.id, values: {} });

    expect(await granted).toMatchObject({ code: 0, told: { ok: true, confirmedAt: expect.any(String) } });
    const hers = (await demo.sight.aws()).access.find(
      ({ accountId, setArn, userId }) => accountId === ACCOUNTS.sandbox && setArn === SETS.power && userId === awsUserId('ada'),
    );
    expect(hers).toMatchObject({ cause: { by: 'call' } });
    expect(await denied).toMatchObject({ code: 1, told: { ok: false, outcome: 'denied' } });
    expect(await lapses).toMatchObject({ code: 1, told: { ok: false, outcome: 'lapsed' } });
    expect(await mistakes).toMatchObject([{ code: 2 }, { code: 2, told: { ok: false, code: 'unknown-target' } }]);
  }, 90_000);
});

describe('what may be looked at', () => {
  test('App Home shows one person their own elevations and nobody else’s', async () => {
    await demo.sight.act('open-home', { user: slackOf('alan') });
    const home = async (who: 'alan' | 'mallory') =>
      JSON.stringify(((await demo.sight.slack(slackOf(who))) as unknown as { home: unknown }).home);
    await eventually('Home is drawn', async () => /alan-mba/.test(await home('alan')));
    expect(await home('alan')).not.toContain('ada-mbp');
    await demo.sight.act('open-home', { user: slackOf('mallory') });
    await eventually('Home of one without any', async () => /no elevations yet/.test(await home('mallory')));
  });

  test('/admin-status lists and details for an administrator of Stint, and refuses everybody else', async () => {
    const type = (who: 'ada' | 'grace', text: string) =>
      demo.sight.act('command', { user: slackOf(who), channel: GENERAL.id, command: '/admin-status', text });
    const heard = (who: 'ada' | 'grace', pattern: RegExp) =>
      eventually(`${who} reads ${pattern}`, async () =>
        (await acts.whispers(who)).find((m) => pattern.test(JSON.stringify(m.blocks))),
      );
    const [row] = await demo.ask<readonly { view: { request: { requestId: string } } }[]>({ ask: 'list', limit: 1 });
    const shortId = row?.view.request.requestId.slice(0, 8) ?? '';
    await type('grace', '');
    await heard('grace', new RegExp(shortId));
    await type('grace', shortId);
    await heard('grace', /ST1001I Elevation requested/);
    await type('ada', shortId);
    await heard('ada', /Only the administrators of Stint/);
    expect(JSON.stringify(await acts.whispers('ada'))).not.toContain('ST1001I');
  });
});
