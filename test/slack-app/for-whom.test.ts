/** Asking for somebody else: offered only to whoever may, found by typing, and judged again when it comes. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FIELDS } from '../../cards/modals.js';
import { blockOf } from '../../cards/request-fields/part.js';
import { StintError } from '../../contract/errors.js';
import { instant, type PersonId, type SlackUserId } from '../../contract/ids.js';
import type { Person } from '../../contract/ports.js';
import type { Supposed } from '../../contract/preview.js';
import { createForWhom } from '../../slack-app/for-whom.js';
import { BOB, CAROL, CHANNEL, fakeDirectory, MINUTE, mac, person, view } from './fakes.js';
import { type Harness, start, until } from './harness.js';

const REASON = 'Look at the stuck queue of this morning';
const CAROLS = 'mac-admin/C02CAROL';

let h: Harness;
let others: Person[];
let pinnedFor: string[];

beforeEach(async () => {
  h = await start();
  others = [CAROL];
  pinnedFor = [];
  h.preview.others = async (_person, text, limit) => others.filter(({ name }) => name.includes(text)).slice(0, limit);
  const offers = (subject: Person) => [
    {
      key: subject === BOB ? 'mac-admin/C02BOB' : CAROLS,
      kind: 'mac-admin' as const,
      display: `mac of ${subject.name}`,
      confirmBy: 'x',
      windowsMs: [5 * MINUTE],
      approverNames: ['Alice'],
      rule: 'engineers',
      notes: [],
    },
  ];
  h.preview.offersFor = async (asker, subject = asker) => ({ offers: offers(subject), searchable: false });
  h.preview.pin = async (asker, key, subject = asker) => {
    pinnedFor.push(subject.personId);
    const may = subject === asker || others.includes(subject);
    const [offer] = may ? offers(subject).filter((one) => one.key === key) : [];
    if (!offer) throw new StintError('not-eligible', 'The policy does not let you ask for this for them.');
    return { offer, target: mac(key.split('/')[1] ?? '') };
  };
});
afterEach(() => h.stop());

const form = () => h.sim.truth().views.find(({ userId }) => userId === 'U0BOB');
const shown = () => JSON.stringify(form()?.body ?? '');
const select = (actionId: string, value: string) => h.sim.act.select({ user: 'U0BOB', actionId, value });
const submit = (values: Record<string, string>) =>
  h.sim.act.submit({ user: 'U0BOB', values: { window: String(5 * MINUTE), category: 'debug', reason: REASON, ...values } });

async function opened(): Promise<void> {
  await h.sim.act.command({ user: 'U0BOB', channel: CHANNEL, command: '/elevate', text: '' });
  await until('the form', () => /"reason"/.test(shown()));
}
async function forCarol(): Promise<void> {
  await opened();
  expect((await select('for', 'carol')).ack).toBe('ok');
  await until("Carol's Mac", () => /mac of carol/.test(shown()));
}

describe('the field', () => {
  it('is not there for whoever may ask for nobody else', async () => {
    others = [];
    await opened();
    expect(shown()).not.toContain('For whom?');
  });

  it('begins with oneself, and changes what there is to ask for', async () => {
    await opened();
    expect(shown()).toMatch(/For whom\?.*"initial_option":\{"text":\{"type":"plain_text","text":"Myself"/);
    expect(shown()).toContain('mac of bob');
    await select('reason', REASON);
    await select('for', 'carol');
    await until("Carol's Mac", () => /mac of carol/.test(shown()));
    expect(shown()).not.toContain('mac of bob');
    expect(JSON.stringify(form()?.values)).toContain(REASON);
    await select('for', 'bob');
    await until('their own', () => /mac of bob/.test(shown()));
  });

  it('is there for whoever has nothing of their own to ask for', async () => {
    const { offersFor } = h.preview;
    h.preview.offersFor = async (asker, subject = asker) =>
      subject === BOB ? { offers: [], searchable: false } : offersFor(asker, subject);
    await opened();
    expect(shown()).toContain('There is nothing to ask for now for bob');
    await select('for', 'carol');
    await until("Carol's Mac", () => /mac of carol/.test(shown()));
  });

  it('is searched by typing where there are many, by name, with nothing for a stranger', async () => {
    others = [CAROL, ...Array.from({ length: 200 }, (_, i) => person(`p${i}`, []))];
    await opened();
    expect(shown()).toContain('external_select');
    const typed = async (query: string) => (await h.sim.act.options({ user: 'U0BOB', actionId: 'for', query })).options;
    expect((await typed('carol'))?.map(({ value }) => value)).toEqual(['carol']);
    expect((await typed(''))?.slice(0, 2).map(({ value }) => value)).toEqual(['bob', 'carol']);
    expect(await typed('')).toHaveLength(100);
    h.preview.others = async () => {
      throw new Error('the directory is gone');
    };
    expect(await typed('carol')).toEqual([]);
  });
});

describe('a request for somebody else', () => {
  it('names both, and is judged for them', async () => {
    const asked: Supposed[] = [];
    h.preview.outlook = async (ask) => {
      asked.push(ask);
      return { refusals: [], lines: [{ title: 'Who will be asked', says: `Alice, for ${ask.subject.name}.` }], byLength: false };
    };
    await forCarol();
    await select('target', CAROLS);
    await until('who will be asked', () => /Alice, for carol\./.test(shown()));
    // It began with what is Bob's own.
    expect(asked.map(({ requester, subject }) => [requester.personId, subject.personId])).toEqual([
      ['bob', 'bob'],
      ['bob', 'carol'],
    ]);
    expect(pinnedFor).toEqual(['bob', 'carol']);
    expect(await submit({ target: CAROLS })).toMatchObject({ ack: 'ok', modals: [] });
    expect(h.gate.started).toMatchObject([
      {
        requester: { personId: 'bob', slackUserId: 'U0BOB' },
        subject: { personId: 'carol', name: 'carol', slackUserId: 'U0CAROL', slackTeamId: 'T0STINT' },
        target: { key: CAROLS },
      },
    ]);
  });

  it.each([
    ['whom no rule lets them', 'carol', [], /does not let you ask for this for them/],
    ['who is not active', 'gone', [CAROL], /not in the people file, or not active/],
    ['who is nobody', '__proto__', [CAROL], /not in the people file, or not active/],
    ['who is named by their account in Slack', 'U0CAROL', [CAROL], /not in the people file, or not active/],
    ['who is a bot', 'USLACKBOT', [CAROL], /not in the people file, or not active/],
  ])('%s is refused, whatever a client sends', async (_name, whom, allowed, why) => {
    await forCarol();
    others = allowed;
    const option = (value: string) => ({ type: 'static_select', selected_option: { value } });
    const values = {
      for: { for: option(whom) },
      [blockOf(FIELDS.target, 'carol')]: { target: option(CAROLS) },
      window: { window: option(String(5 * MINUTE)) },
      category: { category: option('debug') },
      reason: { reason: { type: 'plain_text_input', value: REASON } },
    };
    const answer = await h.sim.act.submit({ user: 'U0BOB', values: {}, forge: { values } });
    expect(Object.values(answer.errors ?? {}).join(' ') || shown()).toMatch(why);
    expect(h.gate.started).toEqual([]);
  });

  it('is one for oneself where it names whoever asks, by whichever of their accounts', async () => {
    const user = 'U0BOBTWO';
    await h.sim.act.command({ user, channel: CHANNEL, command: '/elevate', text: '' });
    await until('the form', () =>
      JSON.stringify(h.sim.truth().views.find(({ userId }) => userId === user) ?? '').includes('"reason"'),
    );
    const own = { for: 'bob', target: 'mac-admin/C02BOB', window: String(5 * MINUTE), category: 'debug', reason: REASON };
    expect(await h.sim.act.submit({ user, values: own })).toMatchObject({ ack: 'ok', modals: [] });
    const bob = { personId: 'bob', slackUserId: user };
    expect(h.gate.started).toMatchObject([{ requester: bob, subject: bob }]);
  });

  it('names no account of another workspace', () => {
    const desk = createForWhom({ preview: h.preview, directory: fakeDirectory(), teamId: 'T0STINT' });
    const there = { teamId: 'T0OTHER', userId: 'U0CAROL' as SlackUserId };
    const here = { teamId: 'T0STINT', userId: 'U0HERE' as SlackUserId };
    expect(desk.refOf({ ...CAROL, slack: [there] })).toEqual({ personId: 'carol', name: 'carol' });
    expect(desk.refOf({ ...CAROL, slack: [there, here] })).toMatchObject({ slackTeamId: 'T0STINT', slackUserId: 'U0HERE' });
  });

  it('is not taken from a form that was about somebody else: it is drawn anew, with the text', async () => {
    await opened();
    const option = (value: string) => ({ type: 'static_select', selected_option: { value } });
    const values = {
      for: { for: option('carol') },
      target: { target: option('mac-admin/C02BOB') },
      window: { window: option(String(5 * MINUTE)) },
      category: { category: option('debug') },
      reason: { reason: { type: 'plain_text_input', value: REASON } },
    };
    const answer = await h.sim.act.submit({ user: 'U0BOB', values: {}, forge: { values } });
    expect(answer.response).toMatchObject({ response_action: 'update' });
    expect(shown()).toMatch(/mac of carol.*Not sent/);
    expect(shown()).toContain(REASON);
    expect(h.gate.started).toEqual([]);
  });

  it('is one at a time for whoever has it, and says whose', async () => {
    const busy = view({ state: 'active', deadlineAt: instant(Date.now() + MINUTE) });
    const carol = { personId: 'carol' as PersonId, name: 'carol' };
    const request = { ...busy.request, requester: carol, subject: carol, target: mac('C02CAROL') };
    await forCarol();
    h.store.views.set(request.requestId, { ...busy, request });
    await select('target', CAROLS);
    await until('whose it is', () => /This is asked for already for carol\..*is active/.test(shown()));
    expect((await submit({ target: CAROLS })).modals).toHaveLength(1);
    expect(h.gate.started).toEqual([]);
  });
});
