/** What the form says before it is sent: who will be asked and on what conditions, drawn anew at each choice. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { StintError } from '../../contract/errors.js';
import type { Outlook, Supposed } from '../../contract/preview.js';
import { parseChoice } from '../../slack-app/payload.js';
import { CHANNEL, MINUTE, mac, offerOf } from './fakes.js';
import { type Harness, start, until } from './harness.js';

const REASON = 'Look at the stuck queue of this morning';
const [ONE, OTHER] = ['C02BOB', 'C02SPARE'].map((serial) => ({
  ...offerOf(mac(serial)),
  windowsMs: [5 * MINUTE, 30 * MINUTE],
  approverNames: ['Alice'],
  rule: 'engineers',
}));
if (!ONE || !OTHER) throw new Error('two were made');

let h: Harness;
let asked: Supposed[];
const says = (text: string, more: Partial<Outlook> = {}): Outlook => ({
  refusals: [],
  lines: [{ title: 'Who will be asked', says: text }],
  byLength: false,
  ...more,
});

beforeEach(async () => {
  h = await start();
  asked = [];
  h.preview.offers = [ONE, OTHER];
  h.preview.pin = async (_person, key) => {
    const offer = [ONE, OTHER].find((one) => one.key === key);
    if (!offer) throw new StintError('not-eligible');
    return { offer, target: mac(key.split('/')[1] ?? '') };
  };
  h.preview.outlook = async (ask) => {
    asked.push(ask);
    return says(`one of Ann or Ben of ${ask.target.display}.`);
  };
});
afterEach(() => h.stop());

const form = () => h.sim.truth().views.find(({ userId }) => userId === 'U0BOB');
const shown = () => JSON.stringify(form()?.body ?? '');
const top = () =>
  JSON.stringify(
    h.sim
      .truth()
      .views.filter(({ userId }) => userId === 'U0BOB')
      .at(-1)?.body ?? '',
  );
const select = (actionId: string, value: string) => h.sim.act.select({ user: 'U0BOB', actionId, value });

async function opened(): Promise<void> {
  await h.sim.act.command({ user: 'U0BOB', channel: CHANNEL, command: '/elevate', text: '' });
  await until('the form', () => /"reason"/.test(shown()));
}

it('speaks of what is chosen in a list, keeps what was written, and is sent as it stands', async () => {
  await opened();
  expect(shown()).toContain('Goes to Alice');
  await select('reason', REASON);
  await select('target', ONE.key);
  await until('who will be asked', () => /Who will be asked: .*one of Ann or Ben of mac-c02bob/.test(shown()));
  await select('target', OTHER.key);
  await until('the other', () => /one of Ann or Ben of mac-c02spare/.test(shown()));
  expect(shown()).not.toContain('mac-c02bob.');
  expect(JSON.stringify(form()?.values)).toContain(REASON);
  expect(asked.map(({ requester, subject, target }) => [requester.personId, subject.personId, target.key])).toEqual([
    ['bob', 'bob', ONE.key],
    ['bob', 'bob', OTHER.key],
  ]);
  const sent = await h.sim.act.submit({ user: 'U0BOB', values: { window: String(5 * MINUTE), category: 'debug' } });
  expect(sent).toMatchObject({ ack: 'ok', modals: [] });
  expect(h.gate.started).toMatchObject([{ target: { key: OTHER.key } }]);
});

it('speaks of the only thing there is from the start', async () => {
  h.preview.offers = [ONE];
  await opened();
  expect(shown()).toContain('one of Ann or Ben of mac-c02bob.');
});

it('is judged anew for another length, where one may make it another', async () => {
  h.preview.outlook = async (ask) => {
    asked.push(ask);
    const short = ask.windowMs === 5 * MINUTE;
    return says('Ann.', { byLength: true, refusals: short ? [] : ['30m more is too much.'] });
  };
  await opened();
  await select('target', ONE.key);
  await until('no length yet', () => /30m more is too much/.test(shown()));
  await select('window', String(5 * MINUTE));
  await until('it is possible', () => !/30m more is too much/.test(shown()));
  await select('window', String(30 * MINUTE));
  await until('it is not', () => /Not possible now: .*30m more is too much/.test(shown()));
  expect(asked.map(({ windowMs }) => windowMs)).toEqual([undefined, 5 * MINUTE, 30 * MINUTE]);
  expect(JSON.stringify(form()?.values)).toContain(String(30 * MINUTE));
});

it('is judged by the start that is chosen, where it may begin later, and by now where it is taken out again', async () => {
  const later = { ...ONE, later: 'up to 7d ahead' };
  h.preview.offers = [later, OTHER];
  h.preview.pin = async () => ({ offer: later, target: mac('C02BOB') });
  h.preview.outlook = async (ask) => {
    asked.push(ask);
    return says(ask.startAt ? `Ann at ${ask.startAt}.` : 'Ben now.');
  };
  await opened();
  await select('reason', REASON);
  await select('target', ONE.key);
  await until('now', () => /Ben now\./.test(shown()));
  await select('start', '1790000000');
  await until('the start', () => /Who will be asked: .*Ann at 2026-09-21T14:13:20\.000Z\./.test(shown()));
  await select('start', '1790003600');
  await until('the other start', () => /Ann at 2026-09-21T15:13:20\.000Z\./.test(shown()));
  await select('start', '');
  await until('now again', () => /Ben now\./.test(shown()));
  expect(asked.map(({ startAt }) => startAt)).toEqual([
    undefined,
    '2026-09-21T14:13:20.000Z',
    '2026-09-21T15:13:20.000Z',
    undefined,
  ]);
  await select('start', '1790000000');
  await until('the start', () => /Ann at 2026-09-21T14/.test(shown()));
  expect(JSON.stringify(form()?.values)).toContain(REASON);
  const sent = await h.sim.act.submit({ user: 'U0BOB', values: { window: String(5 * MINUTE), category: 'debug' } });
  expect(sent).toMatchObject({ ack: 'ok', modals: [] });
  expect(h.gate.started).toMatchObject([{ startAt: '2026-09-21T14:13:20.000Z' }]);
});

it('says plainly what can not be told, and can be sent all the same', async () => {
  h.preview.outlook = async () => {
    throw new StintError('oncall-unavailable', 'PagerDuty does not answer.');
  };
  await opened();
  await select('target', ONE.key);
  await until('why', () => /Who will be asked can't be told now\. .*PagerDuty does not answer\./.test(shown()));
  h.preview.outlook = () => new Promise(() => undefined);
  await select('target', OTHER.key);
  await until('that it takes too long', () => /takes too long to look up/.test(shown()));
  const sent = await h.sim.act.submit({
    user: 'U0BOB',
    values: { window: String(5 * MINUTE), category: 'debug', reason: REASON },
  });
  expect(sent).toMatchObject({ ack: 'ok', modals: [] });
});

it('stands untouched under the reason why nothing is known at all', async () => {
  await opened();
  await select('reason', REASON);
  const before = shown();
  h.preview.offersFor = async () => {
    throw new StintError('bad-config', 'people.yaml:3:1 the people file is not valid.');
  };
  await select('target', ONE.key);
  await until('the reason', () => /the people file is not valid.*What you wrote is still there/s.test(top()));
  expect(shown()).toBe(before);
  expect(JSON.stringify(form()?.values)).toContain(REASON);
});

it('belongs to the request form alone: a choice in another form with such a field is none', () => {
  const choice = (callback_id: string) => ({
    type: 'block_actions',
    api_app_id: 'A0STINT',
    team: { id: 'T0STINT' },
    user: { id: 'U0BOB' },
    container: { type: 'view' },
    view: { id: 'V1', callback_id, state: { values: {} } },
    actions: [{ action_id: 'window', action_ts: '1763733600.000100' }],
  });
  expect(parseChoice(choice('elevate')).viewId).toBe('V1');
  expect(() => parseChoice(choice('approve'))).toThrow(/bad-input/);
});
