/** `/admin-status` and App Home end to end. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CHANNEL, place, view } from './fakes.js';
import { type Harness, start, until } from './harness.js';

let h: Harness;
beforeEach(async () => {
  h = await start();
});
afterEach(() => h.stop());

async function status(user: string, text = ''): Promise<string> {
  const before = h.told(user).length;
  expect((await h.sim.act.command({ user, channel: CHANNEL, command: '/admin-status', text })).ack).toBe('ok');
  return until('the answer', () => h.told(user)[before]);
}

describe('/admin-status', () => {
  it('is refused and logged for anybody who is not on the allowlist', async () => {
    place(h.store, view());
    const words = await status('U0ALICE');
    expect(words).toMatch(/Only the administrators/);
    expect(words).not.toContain(view().request.requestId.slice(0, 8));
    expect(h.logger.lines.some((l) => l.level === 'warn' && JSON.stringify(l.fields).includes('U0ALICE'))).toBe(true);
  });

  it('shows live elevations first, ten a page, and turns pages in place', async () => {
    for (let i = 0; i < 13; i++) place(h.store, view({ state: 'closed', outcome: 'expired' }, `closed-${i}`));
    const stuck = place(h.store, view({ state: 'ending', alarmMinutes: 15 }, 'stuck'));
    const words = await status('U0CAROL');
    expect(words).toContain(stuck.request.requestId.slice(0, 8));
    expect(words).toContain('14 elevations, page 1');
    const message = h.sim.truth().messages.findLast((m) => m.onlyFor === 'U0CAROL');
    const turned = await h.sim.act.click({ user: 'U0CAROL', channel: CHANNEL, ts: message?.ts ?? '', actionId: 'status-page:1' });
    expect(turned.ack).toBe('ok');
    await until('page 2', () => h.told('U0CAROL').some((w) => w.includes('page 2')));
  });

  it('a page can be typed', async () => {
    for (let i = 0; i < 13; i++) place(h.store, view({ state: 'closed', outcome: 'expired' }, `closed-${i}`));
    expect(await status('U0CAROL', '2')).toContain('page 2');
  });

  it('shows one elevation by its short or its full id', async () => {
    const { requestId } = place(h.store, view()).request;
    expect(await status('U0CAROL', requestId.slice(0, 6))).toContain(requestId);
    expect(await status('U0CAROL', requestId)).toContain(requestId);
    expect(await status('U0CAROL', requestId.toUpperCase())).toContain(requestId);
  });

  it('explains itself when the argument is none of these, and when nothing fits', async () => {
    expect(await status('U0CAROL', 'abc')).toMatch(/at least the first six/);
    expect(await status('U0CAROL', 'aaaaaaaa')).toMatch(/No elevation/);
  });

  it('a paging button is refused for somebody else', async () => {
    await h.sim.act.click({
      user: 'U0ALICE',
      channel: CHANNEL,
      actionId: 'status-page:0',
      forge: { actionId: 'status-page:0', value: '0' },
    });
    await until('the refusal', () => h.told('U0ALICE').some((w) => /Only the administrators/.test(w)));
  });

  it('says so when the store is down', async () => {
    h.store.mode = 'down';
    expect(await status('U0CAROL')).toMatch(/store cannot be reached/);
  });
});

describe('App Home', () => {
  it('shows a person their own elevations and nobody else theirs', async () => {
    const { requestId } = place(h.store, view()).request;
    await h.sim.act.openHome({ user: 'U0BOB' });
    await until('the Home of the holder', () => homeOf('U0BOB')?.includes(requestId.slice(0, 8)));
    await h.sim.act.openHome({ user: 'U0ALICE' });
    await until('the Home of another', () => homeOf('U0ALICE'));
    expect(homeOf('U0ALICE')).not.toContain(requestId.slice(0, 8));
  });

  it('is not drawn for another team', async () => {
    await h.sim.act.openHome({ user: 'U0BOB', forge: { patch: { team_id: 'T0EVIL' } } });
    await until('the refusal in the log', () => h.logger.lines.some((l) => l.message === 'Home was not drawn'));
    expect(homeOf('U0BOB')).toBeUndefined();
  });

  const homeOf = (user: string) =>
    h.sim
      .truth()
      .views.filter((v) => v.userId === user && v.type === 'home')
      .map((v) => JSON.stringify(v.body))[0];
});
