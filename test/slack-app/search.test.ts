/** The form with a search, end to end: it finds, says what has to be known, keeps what was typed, and is checked again. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { StintError } from '../../contract/errors.js';
import type { Offer } from '../../contract/preview.js';
import type { AwsPermissionSetTarget } from '../../contract/request.js';
import { CHANNEL, MINUTE, mac, view } from './fakes.js';
import { type Harness, start, until } from './harness.js';

const REASON = 'Look at the stuck queue of this morning';
const SETS = 'arn:aws:sso:::permissionSet/ssoins-5710d3a0a9e1b2c3/';
const SET = 'ps-a0d1e2f3a4b5c602';

const aws = (account: string, name: string, over: Partial<Offer> = {}): Offer => ({
  key: `aws/${account}/${SET}`,
  kind: 'aws-permission-set',
  display: `PowerUserAccess in ${name}`,
  confirmBy: name,
  detail: `${account} · Root/Production`,
  windowsMs: [15 * MINUTE, 45 * MINUTE],
  approverNames: ['Grace'],
  rule: 'cloud',
  notes: ['A session can outlive the window by up to 1 h.'],
  ...over,
});
const pinnedFor = ({ key, display, confirmBy }: Offer): AwsPermissionSetTarget => ({
  kind: 'aws-permission-set',
  key: `${key}/bob-in-aws`,
  instanceArn: 'arn:aws:sso:::instance/ssoins-5710d3a0a9e1b2c3',
  accountId: key.split('/')[1] ?? '',
  permissionSetArn: SETS + SET,
  principalId: 'bob-in-aws',
  accountName: confirmBy,
  setName: display.split(' ')[0] ?? '',
  display,
  sessionMs: 60 * MINUTE,
});
const LAB = aws('530018430001', 'sandbox');
const PROD = aws('310018430001', 'payments-prod', { tier: 0, windowsMs: [15 * MINUTE], channel: 'C0OTHER' });
const ofMac = ({ key, kind, display } = mac('C02BOB')): Offer => ({
  key,
  kind,
  display,
  confirmBy: display,
  windowsMs: [5 * MINUTE],
  approverNames: ['Alice'],
  rule: 'engineers',
  notes: [],
});
const MACS = [ofMac(), ofMac(mac('C02SPARE'))];

let h: Harness;
let cloud: Offer[];
function stock(harness: Harness): void {
  h = harness;
  cloud = [LAB, PROD];
  const all = () => [...MACS, ...cloud];
  h.preview.offersFor = async () => ({ offers: MACS, searchable: true });
  h.preview.search = async (_person, text, limit) =>
    all()
      .filter((o) => `${o.display} ${o.detail ?? ''}`.includes(text))
      .slice(0, limit);
  h.preview.pin = async (_person, key) => {
    const offer = all().find((o) => o.key === key);
    if (!offer) throw new StintError('not-eligible');
    if (offer.barred) throw new StintError('not-eligible', offer.barred);
    return { offer, target: offer.kind === 'mac-admin' ? mac('C02BOB') : pinnedFor(offer) };
  };
}
beforeEach(async () => stock(await start()));
afterEach(() => h.stop());

const form = () => h.sim.truth().views.find(({ userId }) => userId === 'U0BOB');
const shown = () => JSON.stringify(form()?.body ?? '');
const typed = (query: string, user = 'U0BOB') => h.sim.act.options({ user, actionId: 'target', query });

async function opened(): Promise<void> {
  await h.sim.act.command({ user: 'U0BOB', channel: CHANNEL, command: '/elevate', text: '' });
  await until('the form', () => /What do you need/.test(shown()));
}
async function choose(offer: Offer, query = offer.display): Promise<void> {
  await typed(query);
  expect((await h.sim.act.select({ user: 'U0BOB', actionId: 'target', value: offer.key })).ack).toBe('ok');
  await until(
    `the form to speak of ${offer.display}`,
    () => /Goes to/.test(shown()) && shown().includes(offer.detail ?? 'Alice'),
  );
}
const submit = (values: Record<string, string>) =>
  h.sim.act.submit({ user: 'U0BOB', values: { category: 'debug', reason: REASON, ...values } });

describe('searching', () => {
  it('offers the own Macs first while nothing is typed, then whatever holds the words, in groups', async () => {
    await opened();
    const before = await typed('');
    expect(before.options?.map((o) => o.value)).toEqual([...MACS.map((o) => o.key), LAB.key, PROD.key]);
    expect(JSON.stringify(before.response)).toMatch(/"text":"Macs".*"text":"AWS"/);
    expect((await typed('payments')).options?.map((o) => o.value)).toEqual([PROD.key]);
    expect((await typed('nothing like it')).options).toEqual([]);
  });

  it('shows a stranger nothing, and everybody nothing when it fails or takes too long, in time', async () => {
    await opened();
    h.sim.admin.setUser({ id: 'U0BOB', isRestricted: true });
    h.advance(2 * MINUTE);
    expect(await typed('payments')).toMatchObject({ ack: 'ok', options: [] });
    h.sim.admin.setUser({ id: 'U0BOB', isRestricted: false });
    h.advance(2 * MINUTE);
    h.preview.search = async () => {
      throw new Error('the catalogue is gone');
    };
    expect(await typed('payments')).toMatchObject({ ack: 'ok', options: [] });
    expect(await typed('payments-')).toMatchObject({ ack: 'ok', options: [] });
    const told = () => h.logger.lines.filter(({ message }) => /a search failed/.test(message)).length;
    expect(told()).toBe(1);
    h.advance(MINUTE);
    await typed('payments');
    expect(told()).toBe(2);
    expect((await typed('')).options?.map((o) => o.value)).toEqual(MACS.map((o) => o.key));
    h.preview.search = () => new Promise(() => undefined);
    const slow = await typed('payments');
    expect(slow).toMatchObject({ ack: 'ok', options: [] });
    expect(slow.ms).toBeLessThan(3000);
  });

  it('answers the same question again when it is delivered again', async () => {
    await opened();
    const { delivery = '', response } = await typed('payments');
    expect(await h.sim.act.replay({ delivery })).toMatchObject({ ack: 'ok', response });
  });
});

describe('choosing', () => {
  it('says what has to be known of the choice, and keeps what was typed before', async () => {
    await opened();
    expect(shown()).not.toContain('For how long');
    await h.sim.act.select({ user: 'U0BOB', actionId: 'reason', value: REASON });
    await choose(LAB);
    expect(shown()).toMatch(/A session can outlive.*45 min.*Who will be asked: .*Alice of it\..*Goes to the approvers/);
    expect(JSON.stringify(form()?.values)).toContain(REASON);
    await choose(PROD);
    expect(shown()).toMatch(/🔴 tier 0.*To confirm, type payments-prod/);
    expect(shown()).toContain('"channel_id":"C0OTHER"');
    expect(shown()).not.toContain('45 min');
    expect(JSON.stringify(form()?.values)).toContain(REASON);
  });

  it('says why a choice is not to be had, or that it is asked for already', async () => {
    cloud = [aws('111111111111', 'management', { barred: 'Not from a delegated account.' }), LAB];
    const open = view();
    const request = { ...open.request, target: pinnedFor(LAB) };
    h.store.views.set(request.requestId, { ...open, request });
    await opened();
    await typed('');
    await h.sim.act.select({ user: 'U0BOB', actionId: 'target', value: cloud[0]?.key ?? '' });
    await until('the reason', () => /Not from a delegated account/.test(shown()));
    await h.sim.act.select({ user: 'U0BOB', actionId: 'target', value: LAB.key });
    await until('what there is', () => /asked for this already.*waiting for a decision/.test(shown()));
  });

  it('ends with the newest choice, however slow an earlier one was to look up', async () => {
    await opened();
    const { pin } = h.preview;
    let release = (): void => undefined;
    h.preview.pin = async (person, key) => {
      if (key === LAB.key) await new Promise<void>((resolve) => (release = resolve));
      return pin(person, key);
    };
    await typed('');
    await h.sim.act.select({ user: 'U0BOB', actionId: 'target', value: LAB.key });
    await h.sim.act.select({ user: 'U0BOB', actionId: 'target', value: PROD.key });
    await until('the second', () => /type payments-prod/.test(shown()));
    release();
    const { calls } = h.sim.truth();
    await new Promise((resolve) => setImmediate(resolve));
    expect(shown()).toContain('type payments-prod');
    expect(calls.filter(({ method }) => method === 'views.update').length).toBeLessThanOrEqual(2);
  });
});

describe('sending', () => {
  it('asks for the account and permission set with every id pinned', async () => {
    await opened();
    await choose(LAB);
    expect(await submit({ window: String(45 * MINUTE) })).toMatchObject({ ack: 'ok', modals: [] });
    expect(h.gate.started[0]).toMatchObject({ target: pinnedFor(LAB), windowMs: 45 * MINUTE, via: 'slack' });
  });

  it('the most dangerous only when the name of the account was typed', async () => {
    await opened();
    await choose(PROD);
    const wrong = await submit({ window: String(15 * MINUTE), confirm: 'payments-staging' });
    expect(Object.values(wrong.errors ?? {})).toEqual(['Type payments-prod here, exactly.']);
    expect(h.gate.started).toEqual([]);
    expect(await submit({ window: String(15 * MINUTE), confirm: ' Payments-Prod ' })).toMatchObject({ ack: 'ok', modals: [] });
    expect(h.gate.started).toHaveLength(1);
  });

  it('a form that speaks of another choice is drawn anew, not taken, whatever a client makes of it', async () => {
    await opened();
    await choose(LAB);
    const option = (value: string) => ({ type: 'external_select', selected_option: { value } });
    const values = {
      target: { target: option(PROD.key) },
      window: { window: option(String(15 * MINUTE)) },
      category: { category: option('debug') },
      reason: { reason: { type: 'plain_text_input', value: REASON } },
    };
    const answer = await h.sim.act.submit({ user: 'U0BOB', values: {}, forge: { values } });
    expect(answer.response).toMatchObject({ response_action: 'update' });
    expect(shown()).toMatch(/Not sent: what you chose has other lengths.*To confirm, type payments-prod/);
    expect(h.gate.started).toEqual([]);
  });

  it('what takes AWS longer than Slack waits is one request when it is sent again', async () => {
    await opened();
    await choose(LAB);
    const { pin } = h.preview;
    let pins = 0;
    let release = (): void => undefined;
    h.preview.pin = async (person, key) => {
      pins += 1;
      await new Promise<void>((resolve) => {
        release = resolve;
      });
      return pin(person, key);
    };
    const slow = await submit({ window: String(45 * MINUTE) });
    expect(slow.errors?.reason).toMatch(/not been handed over yet/);
    expect(slow.ms).toBeLessThan(3000);
    release();
    await until('the first to come through', () => h.gate.started.length === 1);
    expect(await h.sim.act.submit({ user: 'U0BOB' })).toMatchObject({ ack: 'ok', modals: [] });
    expect(pins).toBe(1);
    expect(new Set(h.gate.started.map((r) => r.requestId)).size).toBe(1);
  });

  it('into a channel where its card would be seen by others is refused before anything is posted', async () => {
    await opened();
    await choose(PROD);
    h.sim.admin.setChannel({ channel: 'C0OTHER', extShared: true });
    const filled = { window: String(15 * MINUTE), confirm: 'payments-prod' };
    expect(Object.values((await submit(filled)).errors ?? {}).join()).toMatch(/shared with another organisation/);
    expect(h.gate.started).toEqual([]);
    h.sim.admin.setChannel({ channel: 'C0OTHER', extShared: false });
    await h.sim.act.event({ event: { type: 'channel_shared', channel: 'C0OTHER', connected_team_id: 'T0X', event_ts: '1.1' } });
    await until('the event to be taken', () => h.sim.truth().deliveries.every((d) => d.outcome !== 'pending'));
    expect(await submit(filled)).toMatchObject({ ack: 'ok', modals: [] });
    expect(h.gate.started).toHaveLength(1);
  });

  it('what is not offered any more, or never was, is refused where it was chosen', async () => {
    await opened();
    await choose(LAB);
    cloud = [];
    const refused = await submit({ window: String(45 * MINUTE) });
    expect(Object.keys(refused.errors ?? {})).toEqual(['target']);
    expect(refused.modals).toHaveLength(1);
    expect(h.gate.started).toEqual([]);
  });
});

it('all of it works over signed HTTP, too', async () => {
  await h.stop();
  stock(await start('http'));
  await opened();
  expect((await typed('payments')).options?.map((o) => o.value)).toEqual([PROD.key]);
  await choose(LAB);
  expect(await submit({ window: String(45 * MINUTE) })).toMatchObject({ ack: 'ok', modals: [] });
  expect(h.gate.started).toHaveLength(1);
});
