/** HTTP mode end to end: signatures, the window at both ends, and replays. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ElevationView } from '../../contract/view.js';
import { CHANNEL, MINUTE, view } from './fakes.js';
import { type Harness, start, until } from './harness.js';

const APPROVE = `approve:${10 * MINUTE}`;
let h: Harness;
let one: ElevationView;
let ts: string;
beforeEach(async () => {
  h = await start('http');
  one = view();
  ts = await h.post(one);
});
afterEach(() => h.stop());

const statusOf = (delivery = '') =>
  h.sim
    .truth()
    .deliveries.find((d) => d.id === delivery)
    ?.acks.map((a) => a.status);
const url = (path: string) => `http://127.0.0.1:${h.app.port()}${path}`;

describe('HTTP mode', () => {
  it('a click is carried out and acknowledged', async () => {
    expect((await h.click('U0ALICE', ts, APPROVE)).ack).toBe('ok');
    expect(h.gate.sent).toMatchObject([{ kind: 'approve', requestId: one.request.requestId }]);
  });

  it('commands, forms and events work too', async () => {
    h.store.views.clear();
    expect((await h.sim.act.command({ user: 'U0BOB', channel: CHANNEL, command: '/elevate', text: '' })).ack).toBe('ok');
    await until('the form', () => h.sim.truth().views.some((v) => JSON.stringify(v.body).includes('mac-admin/C02BOB')));
    expect((await h.sim.act.openHome({ user: 'U0ALICE' })).ack).toBe('ok');
    await until('Home', () => h.sim.truth().views.some((v) => v.type === 'home'));
  });

  it('the same request again after a minute is refused', async () => {
    const { delivery = '' } = await h.click('U0ALICE', ts, APPROVE);
    h.advance(MINUTE);
    expect((await h.sim.act.replay({ delivery })).ack).toBe('refused');
    expect(statusOf(delivery)).toEqual([200]);
    expect(h.gate.sent).toHaveLength(1);
  });

  it.each([
    ['bad-signature', 401],
    ['stale-signature', 401],
    ['future-signature', 401],
  ] as const)('a %s is refused and carries nothing out', async (kind, status) => {
    h.sim.fault({ kind, times: 1 });
    const { ack, delivery } = await h.click('U0ALICE', ts, APPROVE);
    expect(ack).toBe('refused');
    expect(statusOf(delivery)).toEqual([status]);
    expect(h.gate.sent).toEqual([]);
  });

  it('a bad signature does not use up the good one', async () => {
    h.sim.fault({ kind: 'bad-signature', times: 1 });
    await h.click('U0ALICE', ts, APPROVE);
    expect((await h.click('U0ALICE', ts, APPROVE)).ack).toBe('ok');
    expect(h.gate.sent).toHaveLength(1);
  });

  it('with the store down a revoke still goes through', async () => {
    h.store.mode = 'down';
    const { formatAction } = await import('../../cards/actions.js');
    const { value } = formatAction({ kind: 'revoke', requestId: one.request.requestId, roundDigest: one.digest });
    expect((await h.click('U0ALICE', ts, 'revoke', { actionId: 'revoke', value })).ack).toBe('ok');
    expect(h.gate.sent.map((s) => s.kind)).toEqual(['revoke']);
  });

  it('answers health, and nothing else', async () => {
    expect((await fetch(url('/healthz'))).status).toBe(200);
    expect((await fetch(url('/'))).status).toBe(404);
    expect((await fetch(url('/slack/events'))).status).toBe(404);
    expect((await fetch(url('/slack/events'), { method: 'POST', body: '{}' })).status).toBe(401);
    expect((await fetch(url('/slack/events'), { method: 'POST', body: 'x'.repeat(1024 * 1024 + 1) })).status).toBe(413);
    expect((await fetch(url('/slack/events'), { method: 'POST', body: 'ssl_check=1&token=x' })).status).toBe(200);
  });

  it('a port that is taken is said so', async () => {
    await expect(start('http', { port: h.app.port() ?? 0 })).rejects.toMatchObject({ code: 'port-used' });
  });
});
