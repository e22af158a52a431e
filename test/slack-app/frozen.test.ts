/** What people hear in Slack while a freeze stands: who, since when, why; and what goes on all the same. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CHANNEL, FROZEN, MINUTE, view } from './fakes.js';
import { type Harness, start, until } from './harness.js';

let h: Harness;
beforeEach(async () => {
  h = await start();
});
afterEach(() => h.stop());

const WHO_SINCE_WHY = /frozen since 2026-11-21 14:05 UTC by root: INC-417/;
const freeze = () => {
  h.store.frozen = FROZEN;
};
const shown = () => JSON.stringify(h.sim.truth().views.map((v) => v.body));
const command = (user: string, name: string, text = '') => h.sim.act.command({ user, channel: CHANNEL, command: name, text });

describe('while Stint is frozen', () => {
  it('/admin-status says so above the list, and mentions nobody whom the reason names', async () => {
    freeze();
    await command('U0CAROL', '/admin-status');
    const words = await until('the list', () => h.told('U0CAROL')[0]);
    expect(words).toContain('Stint is frozen: nothing new is granted.');
    expect(words).toContain('INC-417');
    expect(words).not.toContain('"user_id":"U0ALICE"');
    const message = h.sim.truth().messages.find((m) => m.onlyFor === 'U0CAROL');
    expect(message?.text).not.toContain('<@');
  });

  it('App Home says so', async () => {
    freeze();
    await h.sim.act.openHome({ user: 'U0BOB' });
    const homes = () => h.sim.truth().views.filter((v) => v.type === 'home');
    await until('Home', () => JSON.stringify(homes().map((v) => v.body)).includes('Stint is frozen: nothing new is granted.'));
  });

  it('the form does not open; the reason stands in its place, with what was typed', async () => {
    freeze();
    await command('U0BOB', '/elevate', 'a new printer');
    await until('the sentence', () => WHO_SINCE_WHY.test(shown()) && shown().includes('a new printer'));
  });

  it('a form that was open already is refused at its submission, and starts nothing', async () => {
    await command('U0BOB', '/elevate');
    await until('the form', () => shown().includes('C02BOB'));
    freeze();
    const values = { target: 'mac-admin/C02BOB', window: String(10 * MINUTE), category: 'install', reason: 'Install a printer' };
    const result = await h.sim.act.submit({ user: 'U0BOB', values });
    expect(JSON.stringify(result)).toMatch(WHO_SINCE_WHY);
    expect(h.gate.started).toEqual([]);
    h.store.frozen = undefined;
    expect(await h.sim.act.submit({ user: 'U0BOB', values })).toMatchObject({ ack: 'ok' });
    expect(h.gate.started).toHaveLength(1);
  });

  it('an approval is refused with the reason, and nothing is sent; lifted, the same click counts', async () => {
    const ts = await h.post(view());
    freeze();
    await h.click('U0ALICE', ts, `approve:${10 * MINUTE}`);
    expect(await until('the refusal', () => h.told('U0ALICE')[0])).toMatch(WHO_SINCE_WHY);
    expect(h.gate.sent).toEqual([]);
    h.store.frozen = undefined;
    await h.click('U0ALICE', ts, `approve:${10 * MINUTE}`);
    await until('the approval', () => h.gate.sent.find((s) => s.kind === 'approve'));
  });

  it('a revoke goes through', async () => {
    const deadlineAt = FROZEN.since;
    const ts = await h.post(view({ state: 'active', deadlineAt, confirmedAt: deadlineAt }));
    freeze();
    await h.click('U0ALICE', ts, 'revoke');
    await until('the revoke', () => h.gate.sent.find((s) => s.kind === 'revoke'));
  });
});
