/** `/elevate` end to end: the form offers what may be asked for, and what was written is never lost. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { StintError } from '../../contract/errors.js';
import { instant } from '../../contract/ids.js';
import { requestIdFrom, sha256 } from '../../seal/canonical.js';
import { CHANNEL, MINUTE, mac, offerOf, TEAM, view } from './fakes.js';
import { type Harness, start, until } from './harness.js';

const REASON = 'Install Docker for the demo';
const good = { target: 'mac-admin/C02BOB', window: String(10 * MINUTE), category: 'install', reason: REASON };

let h: Harness;
beforeEach(async () => {
  h = await start();
});
afterEach(() => h.stop());

const type = (user: string, text = '') => h.sim.act.command({ user, channel: CHANNEL, command: '/elevate', text });
const shown = () =>
  h.sim
    .truth()
    .views.map((v) => JSON.stringify(v.body))
    .join(' ');
const viewId = () => h.sim.truth().views[0]?.id ?? '';

/** Types the command and waits for the form, or for the sentence in its place. */
async function opened(user = 'U0BOB', text = ''): Promise<string> {
  const result = await type(user, text);
  expect(result.ack).toBe('ok');
  return until('more than the loading view', () => (/Looking up/.test(shown()) ? undefined : shown()) || undefined);
}
const submit = (values: object = {}, user = 'U0BOB') => h.sim.act.submit({ user, values: { ...good, ...values } });
/** As a client that enforces nothing. */
const forge = (values: Record<string, string>) => {
  const all: Record<string, string> = { ...good, ...values };
  const state = (name: string) => ({
    [name]: name === 'reason' ? { value: all[name] } : { selected_option: { value: all[name] } },
  });
  const fields = ['target', 'window', 'category', 'reason'];
  return h.sim.act.submit({ user: 'U0BOB', values: {}, forge: { values: Object.fromEntries(fields.map((f) => [f, state(f)])) } });
};

describe('the form', () => {
  it('offers the Macs and lengths that the policy offers this person, with the typed reason', async () => {
    const form = await opened('U0BOB', 'Install &lt;Docker&gt; &amp; more');
    expect(form).toContain('mac-admin/C02BOB');
    expect(form).toContain(String(15 * MINUTE));
    expect(form).toContain('Install <Docker> & more');
    expect(form).not.toContain('C02CAROL');
  });

  it('says so when the person is unknown, inactive, a guest, or may ask for nothing, and keeps what was typed', async () => {
    expect(await opened('U0NOBODY', 'my long reason')).toMatch(/does not know you yet.*my long reason/);
    for (const [user, why] of [
      ['U0GONE', /not active/],
      ['U0GUEST', /Guests/],
      ['U0ALICE', /does not let you ask/],
    ] as const) {
      await h.sim.act.closeView({ user: user === 'U0GONE' ? 'U0NOBODY' : user === 'U0GUEST' ? 'U0GONE' : 'U0GUEST' });
      await type(user);
      await until(String(why), () => why.test(shown()));
    }
  });

  it('shows an open request instead of a new form', async () => {
    await h.post(view({ state: 'active', deadlineAt: instant(Date.now()) }));
    const form = await opened();
    expect(form).toMatch(/Already asked for/);
    expect(form).toMatch(/is active and ends/);
  });

  it('leaves out a Mac that is already asked for, and offers the other', async () => {
    await h.post(view());
    const windowsMs = [5 * MINUTE];
    h.preview.offers = ['C02BOB', 'C02SPARE'].map((serial) => ({
      ...offerOf(mac(serial)),
      windowsMs,
      approverNames: [],
      rule: 'r',
    }));
    const form = await opened();
    expect(form).toContain('C02SPARE');
    expect(form).not.toContain('C02BOB');
  });

  it('is told when Slack does not open it', async () => {
    h.sim.fault({ method: 'views.open', kind: 'error', error: 'expired_trigger_id' });
    expect((await type('U0BOB')).ack).toBe('ok');
    await until('the answer', () => h.told('U0BOB').some((words) => /did not open the form/.test(words)));
  });

  it('a forged team is refused', async () => {
    await h.sim.act.command({ user: 'U0BOB', channel: CHANNEL, command: '/elevate', text: '', forge: { team: 'T0EVIL' } });
    await until('the refusal', () => /workspace that Stint is installed in/.test(shown()));
  });
});

describe('sending it', () => {
  it('starts the request under the id of its form, with the reason in the store, and only then closes', async () => {
    await opened();
    const id = viewId();
    expect(await submit({ reason: `  ${REASON}  ` })).toMatchObject({ ack: 'ok', modals: [] });
    expect(h.gate.started).toHaveLength(1);
    expect(h.gate.started[0]).toMatchObject({
      v: 1,
      requestId: requestIdFrom('slack', `${TEAM}/${id}`),
      requester: { personId: 'bob', slackUserId: 'U0BOB', slackTeamId: TEAM },
      subject: { personId: 'bob' },
      target: mac('C02BOB'),
      windowMs: 10 * MINUTE,
      category: 'install',
      reasonDigest: sha256(REASON),
      via: 'slack',
    });
    expect(h.store.texts.get(sha256(REASON))).toBe(REASON);
  });

  it.each([
    ['nine characters', '123456789', /at least 10/],
    ['blanks that only look long', `ab${' '.repeat(40)}c`.slice(0, 30), /at least 10/],
    ['501 characters', 'x'.repeat(501), /at most 500/],
    ['control characters only', '\u0000'.repeat(20), /at least 10/],
  ])('a reason of %s is refused in its field, whatever the client allowed', async (_name, reason, why) => {
    await opened();
    const result = await forge({ reason });
    expect(result.errors?.reason).toMatch(why);
    expect(result.modals).toHaveLength(1);
    expect(h.gate.started).toEqual([]);
  });

  it('500 and 10 characters are taken', async () => {
    await opened();
    expect(await submit({ reason: 'y'.repeat(500) })).toMatchObject({ ack: 'ok', modals: [] });
    await opened();
    expect(await submit({ reason: 'y'.repeat(10) })).toMatchObject({ ack: 'ok', modals: [] });
  });

  it.each([
    ['a Mac of somebody else', { target: 'mac-admin/C02CAROL' }, 'target'],
    ['a length that is not offered', { window: String(600 * MINUTE) }, 'window'],
    ['an unknown category', { category: 'fun' }, 'category'],
  ])('%s is refused in its field', async (_name, values, field) => {
    await opened();
    const result = await forge(values);
    expect(Object.keys(result.errors ?? {})).toEqual([field]);
    expect(h.gate.started).toEqual([]);
  });

  it('somebody who was deactivated since the form opened is refused', async () => {
    await opened();
    h.sim.admin.setUser({ id: 'U0BOB', isRestricted: true });
    h.advance(2 * MINUTE);
    expect((await submit()).errors?.reason).toMatch(/Guests/);
    expect(h.gate.started).toEqual([]);
  });

  it('a second request for the same Mac is refused with what there is', async () => {
    await opened();
    await h.post(view({}, 'elsewhere'));
    expect((await submit()).errors?.reason).toMatch(/asked for this already.*waiting for a decision/);
    expect(h.gate.started).toEqual([]);
  });

  it('a failure keeps the form with its reason, names what is down, and sending again works', async () => {
    await opened();
    h.gate.mode = 'down';
    const failed = await submit();
    expect(failed.errors?.reason).toMatch(/Temporal.*cannot be reached/);
    expect(failed.modals).toHaveLength(1);
    h.gate.mode = 'up';
    expect(await h.sim.act.submit({ user: 'U0BOB' })).toMatchObject({ ack: 'ok', modals: [] });
    expect(h.gate.started).toHaveLength(1);
  });

  it('with the store down nothing starts, and the form says so', async () => {
    await opened();
    h.store.mode = 'down';
    const failed = await submit();
    expect(failed.errors?.reason).toMatch(/store cannot be reached/);
    expect(failed.modals).toHaveLength(1);
    expect(h.gate.started).toEqual([]);
  });

  it('a start that takes too long keeps the form; sent again it joins the first and is one request', async () => {
    await opened();
    h.gate.mode = 'hang';
    const slow = await submit();
    expect(slow.ack).toBe('ok');
    expect(slow.ms).toBeLessThan(3000);
    expect(slow.errors?.reason).toMatch(/not been handed over yet/);
    const again = h.sim.act.submit({ user: 'U0BOB' });
    await until(
      'the second try to be under way',
      () => h.sim.truth().deliveries.filter((d) => d.outcome === 'pending').length === 1,
    );
    h.gate.release();
    expect(await again).toMatchObject({ ack: 'ok', modals: [] });
    expect(new Set(h.gate.started.map((r) => r.requestId)).size).toBe(1);
  });

  it('the same submission delivered again is the same request, to the byte', async () => {
    await opened();
    const { delivery = '' } = await submit();
    const [first] = h.gate.started;
    if (first) h.store.asked.set(first.requestId, first);
    h.advance(5000);
    expect((await h.sim.act.replay({ delivery })).ack).toBe('ok');
    expect(h.gate.started).toHaveLength(2);
    expect(h.gate.started[1]).toEqual(first);
  });

  it('a form that was changed after it had started is refused: a request cannot be edited', async () => {
    await opened();
    const id = viewId();
    const requestId = requestIdFrom('slack', `${TEAM}/${id}`);
    h.gate.mode = 'hang';
    await submit();
    h.gate.release();
    await until('the late start', () => h.gate.started.length === 1);
    const [first] = h.gate.started;
    if (first) h.store.asked.set(requestId, first);
    const started = view();
    h.store.views.set(requestId, { ...started, request: { ...started.request, requestId }, state: 'closed', outcome: 'denied' });
    const changed = await submit({ reason: 'Something quite different' });
    expect(changed.errors?.reason).toMatch(/already sent as you first wrote it/);
    expect(h.gate.started).toHaveLength(1);
  });
});

describe('a later start', () => {
  const AT = 1_790_000_000;
  const offers = (later?: string) => {
    const one = { ...offerOf(mac('C02BOB')), windowsMs: [10 * MINUTE], approverNames: [], rule: 'r' };
    h.preview.offers = [{ ...one, ...(later === undefined ? {} : { later }) }];
  };

  it('is asked for only where a rule lets it, and goes into the request as an instant', async () => {
    offers('up to 7d ahead; it begins within 1h of the time that is named, or not at all');
    const form = await opened();
    expect(form).toContain('datetimepicker');
    expect(form).toContain('up to 7d ahead');
    expect(await submit({ start: AT })).toMatchObject({ ack: 'ok', modals: [] });
    expect(h.gate.started[0]?.startAt).toBe(instant(AT * 1000));
  });

  it('left empty is none', async () => {
    offers('up to 7d ahead');
    await opened();
    expect(await submit()).toMatchObject({ ack: 'ok' });
    expect(h.gate.started[0]).not.toHaveProperty('startAt');
  });

  it('that has passed, or lies too far ahead, is refused at its field: the form stays, and another time goes through', async () => {
    offers('up to 7d ahead');
    await opened();
    h.gate.refuses = new StintError('bad-start', 'The start has to lie ahead. Name a later time.');
    const refused = await submit({ start: AT });
    expect(refused.errors).toEqual({ start: 'The start has to lie ahead. Name a later time.' });
    expect(refused.modals).toHaveLength(1);
    h.gate.refuses = undefined;
    expect(await submit({ start: AT + 3600 })).toMatchObject({ ack: 'ok', modals: [] });
    expect(h.gate.started.map(({ startAt }) => startAt)).toEqual([instant((AT + 3600) * 1000)]);
  });

  it('keeps nobody from asking for now, until its time has come', async () => {
    const one = view({}, 'elsewhere');
    const startAt = instant(Date.now() + MINUTE);
    await h.post({ ...one, request: { ...one.request, startAt } });
    await opened();
    expect(await submit()).toMatchObject({ ack: 'ok', modals: [] });
    expect(h.gate.started).toHaveLength(1);
    await opened();
    h.advance(2 * MINUTE);
    expect((await submit()).errors?.reason).toMatch(/asked for this already/);
    expect(h.gate.started).toHaveLength(1);
  });

  it('is not asked for by other rules, and refused at its field by one that lets it no more', async () => {
    offers('up to 7d ahead');
    await opened();
    offers();
    const refused = await submit({ start: AT });
    expect(refused.errors).toEqual({ start: expect.stringContaining('now only') });
    expect(h.gate.started).toEqual([]);
    await h.sim.act.closeView({ user: 'U0BOB' });
    expect(await opened()).not.toContain('datetimepicker');
  });
});
