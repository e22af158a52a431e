/** `/elevate break-glass`, end to end: who is offered the form, what it insists on, and that it is one request. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { GLASS_FIELDS } from '../../cards/break-glass-modal.js';
import { StintError } from '../../contract/errors.js';
import { requestDigest } from '../../seal/canonical.js';
import { ALICE, BOB, MINUTE, mac, place, view } from './fakes.js';
import { type Harness, start, until } from './harness.js';

const FORM = {
  [GLASS_FIELDS.target]: 'mac-admin/C02BOB',
  [GLASS_FIELDS.window]: '10m',
  [GLASS_FIELDS.incident]: 'INC-417',
  [GLASS_FIELDS.reason]: 'Payments are down since noon',
  [GLASS_FIELDS.confirm]: 'MAC-c02bob',
  [GLASS_FIELDS.how]: 'take',
};

let h: Harness;
/** In which way it was looked for: what may be asked for is not what may be taken. */
let hows: unknown[];
beforeEach(async () => {
  h = await start();
  h.preview.glass = true;
  const { pin } = h.preview;
  hows = [];
  h.preview.pin = async (person, key, subject, how) => {
    hows.push(how);
    return pin.call(h.preview, person, key, subject);
  };
});
afterEach(() => h.stop());

const shown = () => JSON.stringify(h.sim.truth().views);
async function open(text = 'break-glass'): Promise<void> {
  await h.sim.act.command({ user: 'U0BOB', channel: 'C0OTHER', command: '/elevate', text });
  await until('the form', () => /Nobody is asked|Not now/.test(shown()));
}
/** As a client that enforces nothing. */
const forge = (change: Readonly<Record<string, string>>, viewId?: string) => {
  const all: Readonly<Record<string, string>> = { ...FORM, ...change };
  const state = (field: string) => ({
    [field]: CHOSEN.includes(field) ? { selected_option: { value: all[field] } } : { value: all[field] },
  });
  const values = Object.fromEntries(Object.keys(all).map((field) => [field, state(field)]));
  return h.sim.act.submit({ user: 'U0BOB', values: {}, ...(viewId && { viewId }), forge: { values } });
};
const CHOSEN: readonly string[] = [GLASS_FIELDS.target, GLASS_FIELDS.how];
/** Searched for, filled in and sent. */
async function send(change: object = {}) {
  await h.sim.act.options({ user: 'U0BOB', actionId: GLASS_FIELDS.target, query: 'mac' });
  return h.sim.act.submit({ user: 'U0BOB', values: { ...FORM, ...change } });
}

describe('the form for break-glass', () => {
  it('says that nobody is asked, and starts one request that names the incident, however often it is sent', async () => {
    await open('break-glass Payments are down');
    expect(shown()).toContain('Nobody is asked: you take it at once.');
    expect(shown()).toContain('Payments are down');
    const [form] = h.sim.truth().views;
    expect(await send()).toMatchObject({ ack: 'ok', modals: [] });
    expect(h.gate.started).toMatchObject([
      {
        breakGlass: { incident: 'INC-417' },
        windowMs: 10 * MINUTE,
        via: 'slack',
        requester: { personId: 'bob' },
        subject: { personId: 'bob' },
      },
    ]);
    expect(h.gate.started[0]?.breakGlass).not.toHaveProperty('drill');
    expect(hows).toEqual(['break-glass']);
    expect((await forge({}, form?.id)).ack).toBe('ok');
    expect(new Set(h.gate.started.map(requestDigest)).size).toBe(1);
  });

  it.each<[string, () => void]>([
    [
      'that fails',
      () => {
        h.preview.search = async () => {
          throw new StintError('aws-unavailable');
        };
      },
    ],
    [
      'that does not come in time',
      () => {
        h.preview.search = () => new Promise(() => undefined);
      },
    ],
    [
      'of somebody whom the directory can’t tell',
      () => {
        h.preview.search = () => Promise.reject(new Error('what nobody foresaw'));
      },
    ],
  ])('a search %s says so and what to do, in the list and to whoever sends it; nothing is taken', async (_, fail) => {
    await open();
    fail();
    const { options = [] } = await h.sim.act.options({ user: 'U0BOB', actionId: GLASS_FIELDS.target, query: 'mac' });
    expect(JSON.stringify(options)).toMatch(/could not be looked up.*Type again.*stint request/);
    expect(options).toHaveLength(1);
    const [said] = options;
    const sent = await forge({ [GLASS_FIELDS.target]: String(said?.value) });
    expect(JSON.stringify(sent)).toMatch(/could not be looked up.*npx stint request aws \(or mac\) … --break-glass/);
    expect(h.gate.started).toEqual([]);
  });

  it('a search that finds nothing is an empty list', async () => {
    await open();
    h.preview.search = async () => [];
    expect((await h.sim.act.options({ user: 'U0BOB', actionId: GLASS_FIELDS.target, query: 'nothing' })).options).toEqual([]);
  });

  it('is not shown to whom the policy does not let break any glass', async () => {
    h.preview.glass = false;
    await open();
    expect(shown()).toContain('lets you break no glass. What you may ask for in the ordinary way, you ask for with /elevate.');
    expect(shown()).not.toContain('Nobody is asked');
  });

  it.each([true, false])(
    'where a rule lets them break some glass: %s, it is mentioned in the ordinary form, or is not',
    async (glass) => {
      h.preview.glass = glass;
      await h.sim.act.command({ user: 'U0BOB', channel: 'C0OTHER', command: '/elevate', text: '' });
      await until('the form', () => shown().includes('Send request'));
      expect(shown().includes('type /elevate break-glass')).toBe(glass);
    },
  );

  it.each<[string, Readonly<Record<string, string>>, RegExp]>([
    ['a length that is not offered', { [GLASS_FIELDS.window]: '45m' }, /may be taken for 5m, 10m, 15m, 30m/],
    ['an incident that is a text', { [GLASS_FIELDS.incident]: 'it burns' }, /must be the id of an incident/],
    ['another name', { [GLASS_FIELDS.confirm]: 'mac-of-alice' }, /To confirm, type mac-c02bob/],
    ['too short a reason', { [GLASS_FIELDS.reason]: 'help' }, /at least 10/],
    ['a choice that nobody offered', { [GLASS_FIELDS.how]: 'maybe' }, /in earnest/],
    ['another’s Mac', { [GLASS_FIELDS.target]: mac('C02ALICE').key }, /eligible|may not|policy/i],
  ])('with %s starts nothing, and keeps what was written', async (_, change, why) => {
    await open();
    const result = await forge(change);
    expect(JSON.stringify(result)).toMatch(why);
    expect(h.gate.started).toEqual([]);
  });

  it('takes back the waiting request of the same person for the same, after the start, and nobody else’s', async () => {
    const own = place(h.store, view({ state: 'requested' }, 'own'));
    await open();
    expect(await send()).toMatchObject({ ack: 'ok', modals: [] });
    expect(h.gate.sent).toMatchObject([{ kind: 'withdraw', requestId: own.request.requestId, actor: { personId: 'bob' } }]);
    expect(h.gate.started).toHaveLength(1);
  });

  it('starts nothing beside what runs already, or what somebody else asked for him', async () => {
    const { request } = view();
    place(h.store, view({ state: 'active' }, 'own'));
    await open();
    expect(JSON.stringify(await send())).toMatch(/has asked for this, or has it/);
    const others = { ...request, requester: { ...request.requester, personId: ALICE.personId } };
    h.store.views.clear();
    place(h.store, view({ request: others }, 'own'));
    expect(JSON.stringify(await send())).toMatch(/has asked for this, or has it/);
    expect([h.gate.started, h.gate.sent]).toEqual([[], []]);
    expect(BOB.personId).toBe(request.subject.personId);
  });

  it('as a drill takes nothing back, and says so in the request', async () => {
    place(h.store, view({ state: 'requested' }, 'own'));
    await open();
    await send({ [GLASS_FIELDS.how]: 'drill' });
    expect(h.gate.started).toMatchObject([{ breakGlass: { incident: 'INC-417', drill: true } }]);
    expect(h.gate.sent).toEqual([]);
  });

  it('starts nothing while a freeze stands', async () => {
    await open();
    h.store.frozen = { since: view().request.askedAt, operator: 'ops', reason: 'a break-in' } as never;
    expect(JSON.stringify(await send())).toMatch(/frozen|freeze/i);
    expect(h.gate.started).toEqual([]);
  });
});
