/** The judge itself: a life that went as it should passes, and each broken promise is found by its name. */
import { describe, expect, it } from 'vitest';
import type { AnyEvent } from '../../../contract/events.js';
import { type Digest, instant, type LocalUser, type PersonId, type Serial } from '../../../contract/ids.js';
import { foldAll } from '../../../contract/view.js';
import { Elevation, VERDICT } from '../../ledger/events.js';
import type { Seen } from '../far/eyes.js';
import { type Ask, createNotebook, type Notebook, type Press } from '../notebook.js';
import { makeWorld } from '../world.js';
import { judge } from './checks.js';
import type { Access, Facts } from './facts.js';
import { only } from './ledger.js';
import { pastLimit } from './limits.js';

const world = makeWorld(6);
const asker = world.askers[3]; // of IT, with a light Mac
const T = Date.parse('2026-03-02T09:00:00.000Z');
const s = (seconds: number) => instant(T + seconds * 1000);
const ms = (seconds: number) => T + seconds * 1000;
const WINDOW = 10_000;

interface Life {
  events: AnyEvent[];
  held: { from: number; to?: number }[];
  messages: Seen[];
  notebook: Notebook;
  more: Partial<Facts>;
}

/** Asked at 0, approved at 5, armed at 6, an administrator from 8, confirmed at 9, over at 19, gone at 20. */
function life(asker = world.askers[3]): Life & { readonly facts: () => Facts; readonly requestId: string } {
  if (!asker) throw new Error('no asker');
  const person = { personId: asker.id as PersonId, name: asker.id };
  const { serial, user } = asker.mac;
  const target = {
    kind: 'mac-admin',
    key: `mac-admin/${serial}`,
    serial: serial as Serial,
    localUser: user as LocalUser,
    display: 'm',
  } as const;
  const e = new Elevation({ requester: person, subject: person, target });
  const { requestId } = e.request;
  const digest = 'd'.repeat(64) as Digest;
  const verdict = { ...VERDICT, approvedBy: ['it1' as PersonId], maxWindowMs: 60_000, windowsMs: [WINDOW] };
  const vote = { personId: 'it1' as PersonId, decision: 'approve' as const, roundDigest: digest, windowMs: WINDOW, at: s(5) };
  const events = [
    e.event('requested', { request: e.request, digest, verdict }, { at: s(0) }),
    e.event('voted', { vote, verdict } as never, { at: s(5) }),
    e.event('approved', { windowMs: WINDOW, startBy: s(60), verdict }, { at: s(5) }),
    e.event('armed', { notAfter: s(70) }, { at: s(6) }),
    e.event('confirmed', { confirmedAt: s(9), deadlineAt: s(19) }, { at: s(9) }),
    e.event('expired', {}, { at: s(19) }),
    e.event('gone', { observedAt: s(20), how: 'the Mac says so' }, { at: s(20) }),
    e.event('evidence-settled', { complete: true, lines: 0 }, { at: s(21) }),
    e.event('closed', { outcome: 'expired' }, { at: s(21) }),
  ];
  const card: Seen = {
    channel: 'C',
    ts: '1.0',
    text: '✅ Ended. Access gone now',
    key: `card/${requestId}`,
    requestId,
    deleted: false,
    buttons: [],
    words: 'because of storm-4-1-1 in a test',
  };
  const notebook = createNotebook();
  notebook.asks.push({
    quote: 'storm-4-1-1',
    personId: asker.id,
    serial,
    windowMs: WINDOW,
    via: 'slack',
    ackedAt: ms(0),
    requestId,
  });
  notebook.presses.push({ at: ms(4.5), personId: 'it1', requestId, actionId: `approve:${WINDOW}`, digest, ack: 'ok' });
  const it: Life = { events, held: [{ from: ms(8), to: ms(18.9) }], messages: [card], notebook, more: {} };
  return Object.assign(it, {
    requestId,
    facts: (): Facts => {
      const view = foldAll(it.events);
      if (!view) throw new Error('no view');
      return {
        world,
        notebook: it.notebook,
        macs: [{ serial, user, kind: 'light', standing: false, held: it.held }],
        recorded: [{ requestId, events: it.events, view }],
        openReviews: new Set(),
        messages: [...it.messages],
        saidGone: [{ requestId, at: ms(20.1), method: 'chat.update', text: 'Access gone' }],
        answers: [],
        tagCalls: [{ serial, at: ms(7) }],
        oddities: [],
        countdowns: [{ serial, requestId, phase: 'active', endsAt: ms(19) }],
        verify: { ok: true },
        calmFrom: ms(30),
        now: ms(60),
        ...it.more,
      };
    },
  });
}

const EXTENSION = 'e'.repeat(64) as Digest;

/** Longer by so much, in milliseconds, as the ledger has it. */
function extend(l: Life, windowMs: number, deadline = ms(19) + windowMs): void {
  const [first] = l.events;
  if (!first) throw new Error('no event');
  const more = {
    type: 'extended',
    at: s(15),
    data: { roundDigest: EXTENSION, windowMs, deadlineAt: instant(deadline) },
  };
  const after = l.events.findIndex(({ type }) => type === 'expired');
  l.events.splice(after, 0, { ...first, ...more, id: `extended ${after}` } as AnyEvent);
}

/** Somebody pressed for so long a window, in milliseconds, and got it. */
function approvedFor(l: Life, windowMs: number): void {
  Object.assign(l.notebook.presses[0] ?? {}, { actionId: `approve:${windowMs}` });
  for (const { type, data } of l.events) {
    if (type === 'approved') Object.assign(data, { windowMs });
    if (type === 'confirmed') Object.assign(data, { deadlineAt: instant(ms(9) + windowMs) });
  }
}

/** Who counts by each verdict of the elevation, or by the one of an extension. */
function counts(l: Life, approvedBy: readonly (string | undefined)[], round: 'request' | 'extension' = 'request'): void {
  const [requested, voted] = l.events;
  if (requested?.type !== 'requested' || voted?.type !== 'voted') throw new Error('no vote');
  const verdict = { ...voted.data.verdict, approvedBy: approvedBy as PersonId[] };
  if (round === 'extension') {
    const asked = { ...requested, id: 'extension asked', type: 'extension-asked' as const, at: s(14) };
    const vote = { ...voted.data.vote, roundDigest: EXTENSION, at: s(15) };
    const cast = { ...voted, id: 'extension voted', at: s(15), data: { vote, verdict } };
    l.events.splice(5, 0, { ...asked, data: { roundDigest: EXTENSION, windowMs: 10_000 } }, cast);
  } else for (const { data } of l.events) if ('verdict' in data) Object.assign(data, { verdict });
}

/** One more press, of somebody who may decide, taken at once. */
function press(l: Life, change: Partial<Press> = {}): void {
  const [first] = l.notebook.presses;
  if (!first) throw new Error('nobody has pressed');
  const pressed = { ...first, ...change };
  l.notebook.presses.push({ ackAt: pressed.at + 300, ...pressed });
}

/** In AWS, terminated when it was armed and before anybody had heard that it is there, which it is until then. */
function unheard(l: ReturnType<typeof life>, until: number): void {
  left(l, until);
  l.events.splice(4, 1);
}

/** In AWS, terminated after the confirmation and before an ending, or after one that is written; there until then. */
function left(l: ReturnType<typeof life>, until: number, { ending }: { readonly ending?: number } = {}): void {
  const [mac] = l.facts().macs;
  const expired = l.events.splice(5, 1).flatMap((e) => (ending === undefined ? [] : [{ ...e, at: s(ending) }]));
  l.events.splice(5, 0, ...expired);
  l.held.splice(0, 1, { from: ms(8), to: ms(until) });
  l.notebook.touched.set(l.requestId, new Set(['temporal-terminate']));
  if (mac) l.more = { macs: [{ ...mac, kind: 'aws' }], now: ms(300) };
}

const told = (text: string, after: number): Partial<Facts> => ({
  answers: [{ to: world.people.find(({ id }) => id === 'it2')?.slack ?? '', at: ms(after), text }],
});
const refusedFor = (l: Life, kind: string, after: number): void => {
  const [first] = l.events;
  const by = { via: 'slack', personId: 'it2' };
  l.events.push({ ...first, id: 'refused', type: 'refused', at: s(after), actor: by, data: { kind, code: 'x' } } as AnyEvent);
};

const found = (facts: Facts) => judge(facts).map((v) => `${v.rule}: ${v.what}`);

describe('the judge', () => {
  it('finds nothing in a life that went as it should', () => {
    expect(found(life().facts())).toEqual([]);
  });

  it.each([
    ['temporal-terminate', []],
    ['temporal-cancel', ['I10: there is no card']],
  ] as const)('misses no card of what a person deleted it of, after a %s before anything was held', (kind, wanted) => {
    const l = life();
    l.events = l.events.slice(0, 3);
    l.messages = l.messages.map((m) => ({ ...m, deleted: true }));
    l.notebook.touched.set(l.requestId, new Set([kind, 'slack-card-deleted']));
    expect(found(l.facts()).filter((what) => /card/.test(what))).toEqual(wanted);
  });

  it.each([
    ['the same instant once more', 0, []],
    ['another one', 1, ['I11: 2 entries confirmed (runs run-1, run-2)']],
  ] as const)('of a run that was reset takes its confirmation for one, and not two of them: %s', (_, later, wanted) => {
    const l = life();
    const confirmed = l.events.find(({ type }) => type === 'confirmed') as AnyEvent & { type: 'confirmed' };
    const [confirmedAt, deadlineAt] = [s(9 + later), s(19 + later)];
    l.events.push({ ...confirmed, id: 'again', runId: 'run-2' as typeof confirmed.runId, data: { confirmedAt, deadlineAt } });
    l.notebook.touched.set(l.requestId, new Set(['temporal-reset-last']));
    expect(found(l.facts()).filter((what) => what.startsWith('I11'))).toEqual(wanted);
  });

  it.each<[string, RegExp, (l: ReturnType<typeof life>) => void]>([
    [
      'an administrator six seconds past the window',
      /^I5: 6000 ms past/,
      (l) => void l.held.splice(0, 1, { from: ms(8), to: ms(25) }),
    ],
    [
      'access in AWS that no run had heard of, long after its window',
      /^I5: 51000 ms past the end of the window, 25000 allowed/,
      (l) => unheard(l, 8 + 35 + 51),
    ],
    ['one who still is', /^I5: .*to now/, (l) => void l.held.splice(0, 1, { from: ms(8) })],
    ['one without an armed elevation', /^I5: no elevation was armed/, (l) => void l.held.push({ from: ms(2), to: ms(3) })],
    [
      'one before anybody who may had approved',
      /^I5: nobody who may/,
      (l) => void Object.assign(l.notebook.presses[0] ?? {}, { personId: 'mallory' }),
    ],
    [
      'one whose approver found the button gone',
      /^I5: nobody who may/,
      (l) => void Object.assign(l.notebook.presses[0] ?? {}, { ack: 'not pressed: no such button' }),
    ],
    ['a vote that nobody cast', /^I1: a vote/, (l) => void l.notebook.presses.splice(0)],
    ['a vote of the requester', /^I1: a vote/, (l) => void Object.assign(l.notebook.presses[0] ?? {}, { personId: asker?.id })],
    [
      'another length than was pressed',
      /^I1: a vote/,
      (l) => void Object.assign(l.notebook.presses[0] ?? {}, { actionId: 'approve:20000' }),
    ],
    [
      'a deadline past the window',
      /^I7: the deadline/,
      (l) => void Object.assign(l.events[4]?.data ?? {}, { deadlineAt: s(25) }),
    ],
    ['an extension that nobody approved', /^I7: the deadline/, (l) => extend(l, 10_000)],
    [
      'an extension by more than was pressed',
      /^I7: the deadline .* past what was approved, 2026-03-02T09:00:29/,
      (l) => {
        extend(l, 20_000);
        press(l, { at: ms(15), actionId: 'ext-approve:10000', digest: EXTENSION });
      },
    ],
    [
      'one extension that was applied twice',
      /^I11: one extension counted twice/,
      (l) => {
        for (const until of [29, 39]) extend(l, 10_000, ms(until));
        press(l, { at: ms(15), actionId: 'ext-approve:10000', digest: EXTENSION });
      },
    ],
    [
      'what one extension gave twice',
      /^I7: the deadline .* past what was approved, 2026-03-02T09:00:29/,
      (l) => {
        for (const until of [29, 39]) extend(l, 10_000, ms(until));
        press(l, { at: ms(15), actionId: 'ext-approve:10000', digest: EXTENSION });
      },
    ],
    [
      'a window past the cap of the policy, though somebody had approved it',
      /^I7: confirmed with a deadline past the policy's cap/,
      (l) => approvedFor(l, 61_000),
    ],
    [
      'access by such a window',
      /^I5: 6000 ms past/,
      (l) => {
        approvedFor(l, 66_000);
        l.held.splice(0, 1, { from: ms(8), to: ms(9 + 66) });
      },
    ],
    [
      'an extension past the cap of the policy, though somebody had approved it',
      /^I7: extended with a deadline past the policy's cap/,
      (l) => {
        extend(l, 51_000);
        press(l, { at: ms(15), actionId: 'ext-approve:51000', digest: EXTENSION });
      },
    ],
    ['one person counted twice', /^I3: counted twice: it1, it1/, (l) => counts(l, ['it1', 'it1'])],
    ['one person counted twice for an extension', /^I3: counted twice/, (l) => counts(l, ['it1', 'it1'], 'extension')],
    ['the requester counted', /^I2: the requester counts/, (l) => counts(l, ['it1', asker?.id])],
    ['the requester counted for an extension', /^I2: the requester counts/, (l) => counts(l, [asker?.id], 'extension')],
    [
      'the subject counted, for whom somebody else had asked',
      /^I2: the subject counts/,
      (l) => {
        const [requested] = l.events as [AnyEvent & { type: 'requested' }];
        const { request } = requested.data;
        const subject = { personId: 'user1' as PersonId, name: 'user1' };
        Object.assign(requested.data, { request: { ...request, subject } });
        counts(l, ['user1']);
      },
    ],
    [
      'a Mac that counts too far',
      /^I7: the Mac counted/,
      (l) =>
        void Object.assign(l, {
          more: {
            countdowns: [{ serial: asker?.mac.serial ?? '', requestId: l.requestId, phase: 'active', endsAt: ms(30) }],
          },
        }),
    ],
    ['access that comes back', /^I6: administrator again/, (l) => void l.held.push({ from: ms(22), to: ms(23) })],
    [
      'gone recorded before it was',
      /^I6: recorded as gone/,
      (l) => void Object.assign(l.events[6]?.data ?? {}, { observedAt: s(12) }),
    ],
    [
      'gone said before it was',
      /^I6: chat.update said/,
      (l) =>
        void Object.assign(l, {
          more: { saidGone: [{ requestId: l.requestId, at: ms(15), method: 'chat.update', text: 'Access gone' }] },
        }),
    ],
    ['no proof at all', /^I6: was armed, and is active/, (l) => void l.events.splice(5)],
    [
      'two confirmations',
      /^I11: 2 entries confirmed/,
      (l) => void l.events.push(...l.events.filter((e) => e.type === 'confirmed')),
    ],
    ['two ends', /^I8: 2 entries closed/, (l) => void l.events.push(...l.events.filter((e) => e.type === 'closed'))],
    ['a card that was posted twice', /^I10: card.* 2 times/, (l) => void l.messages.push(...l.messages)],
    [
      'a card that does not say how it ended',
      /^I10: the card says/,
      (l) => void Object.assign(l, { messages: l.messages.map((m) => ({ ...m, text: 'Active' })) }),
    ],
    [
      'a closed card with a button',
      /^I10: .*has buttons: revoke/,
      (l) =>
        void Object.assign(l, { messages: l.messages.map((m) => ({ ...m, buttons: [{ action_id: 'revoke', value: '' }] })) }),
    ],
    ['no card', /^I10: there is no card/, (l) => void l.messages.splice(0)],
    [
      'a tag before it was armed',
      /^I9: our tag/,
      (l) => void Object.assign(l, { more: { tagCalls: [{ serial: asker?.mac.serial ?? '', at: ms(5.5) }] } }),
    ],
    [
      'an ask that was taken and lost',
      /^ask: storm-9-9-1/,
      (l) =>
        void l.notebook.asks.push({
          quote: 'storm-9-9-1',
          personId: 'x',
          serial: 'y',
          windowMs: 1,
          via: 'slack',
          ackedAt: ms(1),
        }),
    ],
    [
      'one ask that became two requests',
      /^I11: storm-4-1-1/,
      (l) => void l.messages.push(...l.messages.map((m) => ({ ...m, requestId: 'another' }))),
    ],
    ['a ledger that does not verify', /^ledger: /, (l) => void Object.assign(l, { more: { verify: { ok: false } } })],
    [
      'a standing administrator taken away',
      /^I12: /,
      (l) => void Object.assign(l, { more: { oddities: [{ serial: 'x', at: ms(1), what: 'I12: gone' }] } }),
    ],
  ])('finds %s', (_, rule, change) => {
    const one = life();
    change(one);
    expect(found(one.facts())).toEqual(expect.arrayContaining([expect.stringMatching(rule)]));
  });

  it.each<[string, number, (l: ReturnType<typeof life>) => (until: number) => void]>([
    ['no run had heard of', 35 + 25, (l) => (until) => unheard(l, until)],
    [
      'no run had heard of, where whoever gave it was killed over it',
      35 + 25,
      (l) => (until) => {
        unheard(l, until);
        l.notebook.kills.push({ at: ms(8), victim: 'stint', downMs: 1_000, upAt: ms(9) });
      },
    ],
    ['was confirmed, and no ending had begun', 11 + 25, (l) => (until) => left(l, until)],
    ['was confirmed, and its revoke had begun', 11 + 35, (l) => (until) => left(l, until, { ending: 19 })],
    ['was confirmed, and was revoked only when the sweep had it', 11 + 25, (l) => (until) => left(l, until, { ending: 200 })],
  ])('lets the sweep have its time with what %s, and no more', (_, seconds, of) => {
    const windows = (until: number) => {
      const one = life();
      of(one)(8 + until);
      return found(one.facts()).filter((what) => what.startsWith('I5'));
    };
    expect(windows(seconds)).toEqual([]);
    expect(windows(seconds + 0.001)).toEqual([expect.stringMatching(/^I5: \d+ ms past the end of the window, \d+ allowed/)]);
  });

  it('does not count the time in which fate kept a Mac asleep', () => {
    const one = life();
    one.held.splice(0, 1, { from: ms(8), to: ms(27) });
    one.events.splice(6, 1, { ...one.events[6], data: { observedAt: s(28), how: 'x' } } as AnyEvent);
    one.more = { saidGone: [] };
    one.notebook.outages.push({ serial: asker?.mac.serial ?? '', kind: 'mac-sleep', from: ms(17), to: ms(25) });
    expect(found(one.facts())).toEqual([]);
    one.notebook.outages.splice(0);
    expect(found(one.facts())).toHaveLength(1);
  });
});

describe('a click that was acknowledged', () => {
  const AT = 10;
  /** At 10, in the middle of the window: nothing has ended by then, nor ends within five seconds. */
  const revoked = (change: Partial<Press> = {}) => {
    const one = life();
    press(one, { at: ms(AT), personId: 'it2', actionId: 'revoke', ...change });
    return one;
  };
  const LOST = expect.stringMatching(/^click: .* of it2 .* was acknowledged and lost/);

  it('is missed when nothing tells what became of it', () => {
    expect(found(revoked().facts())).toEqual([LOST]);
  });

  it.each<[string, Partial<Press>]>([
    ['timed out', { ack: 'timeout' }],
    ['was not pressed', { ack: 'not pressed: no such button' }],
    ['only opened a form', { actionId: 'deny' }],
    ['left its form open', { actionId: 'deny', form: 'errors' }],
    ['came a moment before the verdict', { at: ms(55) }],
    ['came when it was over', { at: ms(30) }],
    ['was overtaken by the end', { at: ms(16) }],
  ])('is not one that %s', (_, change) => {
    expect(found(revoked(change).facts())).toEqual([]);
  });

  it.each<[string, (l: ReturnType<typeof revoked>) => void]>([
    ['the ledger refused it', (l) => refusedFor(l, 'revoke', 40)],
    ['they were told', (l) => void Object.assign(l, { more: told('Only approvers may do that.', AT + 1) })],
    ['its run was terminated', (l) => void l.notebook.touched.set(l.requestId, new Set(['temporal-terminate']))],
  ])('is not missed when %s', (_, change) => {
    const one = revoked();
    change(one);
    expect(found(one.facts())).toEqual([]);
  });

  it.each<[string, (l: ReturnType<typeof revoked>) => void]>([
    ['another kind was refused', (l) => refusedFor(l, 'approve', 40)],
    ['a refusal is older', (l) => refusedFor(l, 'revoke', 2)],
    ['they were told that it goes on', (l) => void Object.assign(l, { more: told('Done: your click was handed over.', AT + 1) })],
    ['they were told of another', (l) => void Object.assign(l, { more: told('Elevation aaaaaaaa is closed.', AT + 1) })],
    ['they were told long after', (l) => void Object.assign(l, { more: told('Only approvers may do that.', AT + 30) })],
    ['its run was only cancelled', (l) => void l.notebook.touched.set(l.requestId, new Set(['temporal-cancel']))],
  ])('is missed although %s', (_, change) => {
    const one = revoked();
    change(one);
    expect(found(one.facts())).toContainEqual(LOST);
  });

  it('is missed when the form behind it was taken', () => {
    const one = life();
    one.events = one.events.slice(0, 1);
    press(one, { at: ms(AT), personId: 'it2', actionId: 'deny', form: 'ok' });
    expect(found(one.facts())).toContainEqual(LOST);
  });

  it('is no approval that was lost and then pressed again', () => {
    const one = life();
    const [voted] = only(one.events, 'voted');
    if (!voted) throw new Error('nobody voted');
    const later = { ...voted, data: { ...voted.data, vote: { ...voted.data.vote, at: s(7) } } };
    one.events = [...one.events.slice(0, 1), later];
    expect(found(one.facts())).toContainEqual(expect.stringMatching(/^click: approve:10000 of it1/));
  });
});

describe('who decided', () => {
  /** On a Mac where two of IT decide, one of IT and one of security, or security an extension. */
  const [two, stages, longer] = [4, 5, 7].map((n) => world.askers[n]);
  const gone = (l: Life, personId: string, from: number, to = 90) =>
    void l.notebook.absences.push({ personId, from: ms(from), to: ms(to) });
  const strict = (l: Life, from: number, to: number) => void l.notebook.laws.push({ law: 'strict', from: ms(from), to: ms(to) });
  const late = { at: ms(4.6) };

  it.each<[string, ReturnType<typeof life>, (l: ReturnType<typeof life>) => void]>([
    ['two of two', life(two), (l) => press(l, { ...late, personId: 'it2' })],
    ['one of each stage', life(stages), (l) => press(l, { ...late, personId: 'sec1' })],
    ['one who left when it was over', life(), (l) => gone(l, 'it1', 20)],
    ['one who had been away before', life(), (l) => gone(l, 'it1', -60, 4)],
    ['one who left a moment before', life(), (l) => gone(l, 'it1', 4)],
    ['one, before two were asked', life(), (l) => strict(l, 20, 21)],
    ['one, while it was on its way that two are', life(), (l) => strict(l, -20, 8)],
    [
      'one, who is asked again',
      life(),
      (l) => {
        strict(l, -40, -30);
        l.notebook.laws.push({ law: 'plain', from: ms(-20), to: ms(-10) });
      },
    ],
    [
      'security, of an extension that is theirs',
      life(longer),
      (l) => {
        extend(l, 10_000);
        press(l, { at: ms(15), personId: 'sec2', actionId: 'ext-approve:10000', digest: EXTENSION });
      },
    ],
  ])('may be %s', (_, one, change) => {
    change(one);
    expect(found(one.facts())).toEqual([]);
  });

  it.each<[string, RegExp, ReturnType<typeof life>, (l: ReturnType<typeof life>) => void]>([
    ['one of two', /^I5: too few who may had approved \(1\)/, life(two), () => undefined],
    ['one of two, twice', /^I5: too few who may/, life(two), (l) => press(l, late)],
    ['one stage of two', /^I5: too few who may/, life(stages), (l) => press(l, { ...late, personId: 'it2' })],
    [
      'the shorter of two lengths, and the longer was given',
      /^I7: the deadline/,
      life(two),
      (l) => {
        press(l, { ...late, personId: 'it2', actionId: 'approve:5000' });
      },
    ],
    ['somebody who had left', /^I5: nobody who may/, life(), (l) => gone(l, 'it1', 1)],
    [
      'somebody who left before it was armed',
      /^I5: too few who may/,
      life(),
      (l) => {
        Object.assign(l.notebook.presses[0] ?? {}, { at: ms(1) });
        gone(l, 'it1', 1.5);
      },
    ],
    ['one, where two were when it was asked', /^I5: too few who may/, life(), (l) => strict(l, -20, -10)],
    ['one, where two were when it was armed', /^I5: too few who may/, life(), (l) => strict(l, 2, 3)],
    [
      'IT, of an extension that is for security',
      /^I7: the deadline/,
      life(longer),
      (l) => {
        extend(l, 10_000);
        press(l, { at: ms(15), actionId: 'ext-approve:10000', digest: EXTENSION });
      },
    ],
    [
      'a policy that has a mistake',
      /^policy: a policy with a mistake was taken/,
      life(),
      (l) => {
        l.notebook.mistakesTaken.push(ms(3));
      },
    ],
  ])('must not be %s', (_, rule, one, change) => {
    change(one);
    expect(found(one.facts())).toEqual(expect.arrayContaining([expect.stringMatching(rule)]));
  });

  it('who left is granted nothing, and does not keep what they hold', () => {
    const id = asker?.id ?? '';
    const granted = life();
    gone(granted, id, 1);
    expect(found(granted.facts())).toEqual([`left: ${id} had left, and was granted access, from 2026-03-02T09:00:08.000Z`]);
    const held = life();
    held.held.splice(0, 1, { from: ms(8), to: ms(40) });
    gone(held, id, 10);
    const kept = expect.stringMatching(/^left: .* held access for 30000 ms more, 20000 allowed/);
    expect(found(held.facts())).toContainEqual(kept);
    // Nobody could tell the Mac.
    held.notebook.unheard.push({ serial: asker?.mac.serial ?? '', kind: 'mac-offline', from: ms(12), to: ms(25) });
    expect(found(held.facts())).not.toContainEqual(expect.stringMatching(/^left/));
  });
});

/** The request, as recorded, says this as well. */
function says(l: Life, change: object): void {
  const [requested] = l.events;
  if (requested?.type === 'requested') Object.assign(requested.data.request, change);
}

describe('a break-glass', () => {
  /** For an incident: nobody voted, it is said in an entry, on the card and to everybody who was passed over, and its review is open. */
  function broken(asker = world.askers[3], drill = false): ReturnType<typeof life> {
    const one = life(asker);
    const { requestId } = one;
    const glass = { incident: 'INC-417', drill };
    says(one, { breakGlass: { incident: glass.incident, ...(drill && { drill }) } });
    Object.assign(one.notebook.asks[0] ?? {}, { glass });
    one.notebook.presses.splice(0);
    const [requested] = one.events;
    const by = { via: 'slack', personId: asker?.id };
    const entry = { ...requested, id: 'broken', type: 'glass-broken', at: s(1), actor: by, data: { ...glass } } as AnyEvent;
    one.events = one.events.flatMap((e) => (e.type === 'voted' ? [entry] : [e]));
    const [card] = one.messages;
    if (!card) throw new Error('no card');
    const passed = world.it.map(({ id }) => ({ ...card, channel: `D-${id}`, key: `skipped/${requestId}/${id}`, words: '' }));
    const loud = { ...card, words: `Break-glass: nobody was asked. ${card.words}` };
    one.messages = [loud, ...passed];
    one.more = { openReviews: new Set([requestId]) };
    return one;
  }
  const ask = (l: Life, change: Partial<Ask>) => void Object.assign(l.notebook.asks[0] ?? {}, change);
  const named = (l: Life, incident: string) => {
    ask(l, { glass: { incident, drill: false } });
    for (const e of l.events) if (e.type === 'glass-broken') Object.assign(e.data, { incident });
  };
  const strict = (l: Life, from: number) => void l.notebook.laws.push({ law: 'strict', from: ms(from), to: ms(from + 1) });
  /** By whom, as the ledger has it; the store lists it as open no more. */
  const closed = (l: ReturnType<typeof life>, personId: string) => {
    const actor = { via: 'slack', personId };
    l.events.push({ ...l.events[0], id: 'closed by', type: 'review-closed', at: s(40), actor, data: {} } as AnyEvent);
    l.more = { openReviews: new Set() };
  };
  const review = (l: ReturnType<typeof life>, personId: string, form?: string) =>
    l.notebook.presses.push({
      at: ms(25),
      ackAt: ms(25.3),
      personId,
      requestId: l.requestId,
      actionId: 'review',
      digest: '',
      ack: 'ok',
      ...(form && { form }),
    });
  const own = asker?.id ?? '';

  it.each<[string, (l: ReturnType<typeof life>) => void]>([
    [
      'whose review is open, with its button',
      (l) => void Object.assign(l.messages[0] ?? {}, { buttons: [{ action_id: 'review', value: '' }] }),
    ],
    [
      'whose review somebody else closed',
      (l) => {
        review(l, 'it1', 'ok');
        closed(l, 'it1');
      },
    ],
    ['whose review its person wanted to close', (l) => void review(l, own)],
    ['of a length that is short enough for either policy', (l) => strict(l, 2)],
    [
      'of which somebody who was passed over had left',
      (l) => {
        l.messages.splice(1, 1);
        l.notebook.absences.push({ personId: 'it1', from: ms(-1), to: ms(5) });
      },
    ],
  ])('is allowed without an approval: one %s', (_, change) => {
    const one = broken();
    change(one);
    expect(found(one.facts())).toEqual([]);
  });

  it('that is a drill is told and reviewed as well', () => {
    const one = broken(asker, true);
    one.held.splice(0);
    one.more = { ...one.more, tagCalls: [], saidGone: [], countdowns: [] };
    const [first] = one.events;
    const end = [
      { ...first, id: 'drilled', type: 'drilled', at: s(1), data: {} },
      { ...first, id: 'over', type: 'closed', at: s(1), data: { outcome: 'drilled' } },
    ] as AnyEvent[];
    one.events = [...one.events.slice(0, 2), ...end];
    one.messages = one.messages.map((m) => ({ ...m, text: 'Closed: nothing was granted.' }));
    expect(found(one.facts())).toEqual([expect.stringMatching(/^I10: the card of a break-glass does not say so/)]);
    Object.assign(one.messages[0] ?? {}, { words: `This is a drill: nothing was granted. storm-4-1-1` });
    expect(found(one.facts())).toEqual([]);
    one.messages.pop();
    expect(found(one.facts())).toEqual(['told: it3 was passed over, and was not told']);
  });

  it.each<[string, RegExp, ReturnType<typeof life>, (l: ReturnType<typeof life>) => void]>([
    ['that nobody broke', /^I5: nobody had broken the glass/, broken(), (l) => ask(l, { glass: undefined } as never)],
    [
      'that became an ordinary request',
      /^ask: was asked for by break-glass/,
      broken(),
      (l) => says(l, { breakGlass: undefined }),
    ],
    ['by somebody who is not on duty', /^I5: no rule of then/, broken(world.askers[2]), () => undefined],
    ['of somebody else', /^I5: no rule of then/, broken(), (l) => ask(l, { personId: 'user1' })],
    ['where there is none', /^I5: no rule of then/, broken(world.askers[7]), () => undefined],
    ['for no incident', /^I5: no rule of then/, broken(), (l) => named(l, 'a-hunch')],
    ['for longer than may be', /^I5: no rule of then/, broken(), (l) => ask(l, { windowMs: 20_000 })],
    [
      'for longer than the policy of now lets it be',
      /^I5: no rule of then/,
      broken(),
      (l) => {
        ask(l, { windowMs: 15_000 });
        strict(l, 2);
      },
    ],
    [
      'that is there for longer than it was taken for',
      /^I5: 20900 ms past/,
      broken(),
      (l) => void l.held.splice(0, 1, { from: ms(8), to: ms(39.9) }),
    ],
    ['that was made longer', /^glass: what was taken by break-glass was made longer/, broken(), (l) => extend(l, 10_000)],
    ['that was a drill', /^glass: a drill took its target/, broken(asker, true), () => undefined],
    ['and a drill of it that gave access', /^I5: no rule of then/, broken(asker, true), () => undefined],
    ['without its entry', /^glass: no entry says/, broken(), (l) => void l.events.splice(1, 1)],
    [
      'whose entry came after',
      /^glass: the target was taken before/,
      broken(),
      (l) => void Object.assign(l.events[1] ?? {}, { at: s(7) }),
    ],
    [
      'whose entry names another incident',
      /^glass: the entry names the incident INC-1; the person named INC-417/,
      broken(),
      (l) => void Object.assign(l.events[1]?.data ?? {}, { incident: 'INC-1' }),
    ],
    ['whose review is not open', /^review: it is not open, and nobody/, broken(), (l) => void Object.assign(l, { more: {} })],
    [
      'whose review its own person closed',
      /^review: user4 closed it, who may not/,
      broken(),
      (l) => {
        review(l, own, 'ok');
        closed(l, own);
      },
    ],
    ['whose review nobody had pressed', /^review: it1 closed it, who may not/, broken(), (l) => closed(l, 'it1')],
    [
      'whose review others closed',
      /^review: sec1 closed it, who may not/,
      broken(),
      (l) => {
        review(l, 'sec1', 'ok');
        closed(l, 'sec1');
      },
    ],
    [
      'whose review somebody closed who had left',
      /^review: it1 closed it, who may not/,
      broken(),
      (l) => {
        l.notebook.absences.push({ personId: 'it1', from: ms(20), to: ms(30) });
        review(l, 'it1', 'ok');
        closed(l, 'it1');
      },
    ],
    [
      'whose review is open though it was closed',
      /^review: it is still open/,
      broken(),
      (l) => {
        review(l, 'it1', 'ok');
        closed(l, 'it1');
        l.more = { openReviews: new Set([l.requestId]) };
      },
    ],
    ['whose review was taken and lost', /^click: review of it1/, broken(), (l) => void review(l, 'it1', 'ok')],
    [
      'with a button though its review is closed',
      /^I10: .*has buttons: review/,
      broken(),
      (l) => {
        review(l, 'it1', 'ok');
        closed(l, 'it1');
        Object.assign(l.messages[0] ?? {}, { buttons: [{ action_id: 'review', value: '' }] });
      },
    ],
    [
      'of which somebody who was passed over hears nothing',
      /^told: it2 was passed over/,
      broken(),
      (l) => void l.messages.splice(2, 1),
    ],
    [
      'whose card is not loud',
      /^I10: the card of a break-glass does not say so/,
      broken(),
      (l) => void Object.assign(l.messages[0] ?? {}, { words: 'storm-4-1-1' }),
    ],
  ])('is found: one %s', (_, rule, one, change) => {
    change(one);
    expect(found(one.facts())).toEqual(expect.arrayContaining([expect.stringMatching(rule)]));
  });
});

describe('a later start', () => {
  /** Asked for at 0 to begin at so many seconds. */
  const later = (start: number) => {
    const one = life();
    says(one, { startAt: s(start) });
    Object.assign(one.notebook.asks[0] ?? {}, { startAt: ms(start) });
    return one;
  };
  const withdrawn = (l: Life, when: number) =>
    void l.events.splice(3, 0, { ...l.events[0], id: 'withdrawn', type: 'withdrawn', at: s(when), data: {} } as AnyEvent);

  it('is one where nothing is there before it', () => {
    expect(found(later(5.5).facts())).toEqual([]);
  });

  it.each<[string, RegExp, ReturnType<typeof life>, (l: ReturnType<typeof life>) => void]>([
    ['access before it', /^I5: access began 500 ms before its start/, later(8.5), () => undefined],
    ['a target taken before it', /^I5: its target was taken 1000 ms before/, later(7), () => undefined],
    ['what begins long after it', /^I5: it began 40001 ms after its start, 40000 allowed/, later(6 - 40.001), () => undefined],
    ['access that was called off', /^I5: access began although it was withdrawn/, later(5.5), (l) => withdrawn(l, 5.2)],
    ['another start than was asked for', /^ask: was asked for 2026-03-02T09:00:05/, later(5), (l) => says(l, { startAt: s(4) })],
    ['a start that nobody asked for', /^ask: was asked for at once/, life(), (l) => says(l, { startAt: s(4) })],
  ])('is none with %s', (_, rule, one, change) => {
    change(one);
    expect(found(one.facts())).toEqual(expect.arrayContaining([expect.stringMatching(rule)]));
  });
});

describe('a limit', () => {
  const has = (personId: string, key: string, from: number, to?: number) =>
    ({
      mac: { serial: key },
      held: { from: ms(from), ...(to !== undefined && { to: ms(to) }) },
      of: { requestId: key, view: { request: { subject: { personId }, target: { kind: 'aws-permission-set', key } } } },
    }) as unknown as Access;
  const [one, other, core] = ['aws/220000000010/ps-1/u', 'aws/220000000011/ps-1/u', 'aws/220000000014/ps-1/u'];
  const past = (...all: readonly Access[]) =>
    all.flatMap((access) => pastLimit({ now: ms(60) }, access, all)).map(({ what }) => what);

  it('is kept one after the other, by different people, and where another rule gives it', () => {
    expect(past(has('ada', one, 1, 5), has('ada', other, 5))).toEqual([]);
    expect(past(has('ada', one, 1, 5), has('grace', other, 2))).toEqual([]);
    expect(past(has('ada', one, 1, 5), has('ada', core, 2), has('ada', core, 3))).toEqual([]);
  });

  it('is passed by what is there at once', () => {
    const what = 'ada had 2 at once by the rule aws, which allows 1, at 2026-03-02T09:00:04.000Z';
    expect(past(has('ada', one, 1), has('ada', other, 4, 9))).toEqual([what]);
  });
});
