/**
 * I13, message by message: somebody who can write anything to Temporal, but has no key of a sender who may say it, says
 * everything. Nothing changes, nothing is blocked, and each attempt is on record. Beside `invariants.test.ts` (what is no
 * message at all) and `faults.test.ts` (floods, huge signals).
 */
import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest';
import { instant } from '../../contract/ids.js';
import { KINDS, type MessageKind, SENDERS, type Sender } from '../../contract/messages.js';
import { ELEVATION, QUEUES } from '../../contract/queues.js';
import { requestDigest, sha256 } from '../../seal/canonical.js';
import { generateSealKey, type SealKey } from '../../seal/keys.js';
import { ada, grace, linus } from '../fixtures/people.js';
import {
  type Fields,
  inVain,
  refusedCodes,
  SIGNALS,
  signalBytes,
  signed,
  startBytes,
  stranger,
  UNDECODABLE,
  updateBytes,
  words,
} from './forger.js';
import { type Asked, type Harness, startHarness, until } from './harness.js';

const MIN = 60_000;
const DAY = 24 * 60 * MIN;

/** The deployment's own keys, as its processes hold them: a process that was taken over can sign what it should not say. */
const made = vi.hoisted((): { keys: SealKey[] } => ({ keys: [] }));
vi.mock('../../seal/keys.js', async (load) => {
  const real = await load<typeof import('../../seal/keys.js')>();
  const noted = (sender: Sender) => {
    const key = real.generateSealKey(sender);
    made.keys.push(key);
    return key;
  };
  return { ...real, generateSealKey: noted };
});

let h: Harness;
const keys = new Map<Sender, SealKey>();
beforeAll(async () => {
  made.keys.length = 0;
  h = await startHarness(inject('temporalAddress'));
  for (const key of made.keys) keys.set(key.sender, key);
});
afterAll(() => h?.close());

function keyOf(sender: Sender): SealKey {
  const key = keys.get(sender);
  if (!key) throw new Error(`no key of ${sender}`);
  return key;
}
const genuine = (e: Asked, kind: MessageKind, sender: Sender, change?: Fields) =>
  signed(words(e, kind, sender, change), keyOf(sender));
const NAMES = Object.keys(SENDERS) as Sender[];
const senderOf = (kind: MessageKind): Sender =>
  NAMES.find((name) => (SENDERS[name] as readonly MessageKind[]).includes(kind)) ?? 'cli';

const send = (e: Asked, forged: readonly { readonly name: string; readonly raw: unknown }[]) => async () => {
  for (const { name, raw } of forged) await e.handle.signal(name, raw);
};
const manyOf = (code: string, n: number) => Array.from({ length: n }, () => code);

/** Every kind by somebody without a key: under a key of their own, and under one of ours that they only name. */
function byStranger(e: Asked) {
  return SIGNALS.flatMap((kind) => {
    const sender = senderOf(kind);
    const own = signed(words(e, kind, sender), generateOwn(sender));
    const named = signed(words(e, kind, sender), stranger, { keyId: keyOf(sender).keyId });
    return [own, named].map((raw) => ({ name: kind, raw }));
  });
}
/** `start` is no message to one that runs, whoever signed it. */
const STRANGER_CODES = ['bad-input', 'bad-input', ...manyOf('bad-seal', (SIGNALS.length - 1) * 2)];

const own = new Map<Sender, SealKey>();
function generateOwn(sender: Sender): SealKey {
  const key = own.get(sender) ?? generateSealKey(sender);
  own.set(sender, key);
  return key;
}

/** Each sender says what only others may; and its own words as if they came through another door. */
function byWrongSender(e: Asked) {
  const foreign = NAMES.flatMap((sender) =>
    KINDS.filter((kind) => kind !== 'start' && !(SENDERS[sender] as readonly MessageKind[]).includes(kind)).map((kind) => ({
      name: kind,
      raw: genuine(e, kind, sender),
    })),
  );
  const doors = [
    { name: 'end', raw: genuine(e, 'end', 'device-api', { via: 'slack', actor: { personId: ada.personId } }) },
    { name: 'revoke', raw: genuine(e, 'revoke', 'cli', { via: 'slack' }) },
    { name: 'approve', raw: genuine(e, 'approve', 'slack-app', { via: 'cli' }) },
  ];
  // Signed by one who may say it, and sent under the name of another kind.
  const renamed = { name: 'approve', raw: genuine(e, 'end', 'slack-app') };
  return [...foreign, ...doors, renamed];
}

describe.concurrent('a running elevation', () => {
  test('that waits for a decision: no kind counts without the key of one who may say it', async () => {
    const e = await h.ask();
    await e.in('requested');
    await inVain(h, e, STRANGER_CODES, send(e, byStranger(e)));
    const wrong = byWrongSender(e);
    await inVain(h, e, manyOf('wrong-sender', wrong.length), send(e, wrong));
    await e.approve(grace);
    await e.in('granting');
    await e.revoke(linus);
    await e.logIfAsked();
    expect(await e.result()).toBe('revoked');
  });

  test('that is held: nobody without a key ends it, extends it or reports on it', async () => {
    const e = await h.ask();
    await e.activate(grace);
    await h.granted(e);
    await inVain(h, e, STRANGER_CODES, send(e, byStranger(e)));
    const wrong = byWrongSender(e);
    await inVain(h, e, manyOf('wrong-sender', wrong.length), send(e, wrong));
    expect(e.isAdmin).toBe(true);
    await e.revoke(linus);
    expect(await e.finish()).toBe('revoked');
  });

  test('that cannot be proved gone: forged findings of two people, and a forged log, close nothing', async () => {
    const e = await h.ask();
    await e.activate(grace);
    e.trouble.macSilent = true;
    await e.revoke(linus);
    await e.in('ending');
    const forged = [grace, linus].flatMap(({ personId }) => {
      const fields = words(e, 'closeUnproven', 'slack-app', { actor: { personId } });
      return [signed(fields, stranger), signed(fields, keyOf('device-api')), { ...fields, keyId: 'none', sig: 'none' }];
    });
    const log = signed(words(e, 'evidenceComplete', 'device-api'), keyOf('slack-app'));
    for (const raw of [...forged, log]) await e.handle.signal(String(raw.kind), raw);
    await e.sees((view) => view.refusals >= 7, 'seven refusals');
    expect(await e.view()).toMatchObject({ state: 'ending', unprovenBy: [] });
    e.trouble.macSilent = false;
    expect(await e.finish()).toBe('revoked');
  });
});

/** Another body of each kind, as well formed as the one that was signed. Where a kind carries nothing, nothing else fits in it. */
const CHANGED: { readonly [K in MessageKind]: Fields } = {
  start: { request: {} },
  approve: { windowMs: 30 * MIN },
  deny: { commentDigest: sha256('x') },
  revoke: { commentDigest: sha256('x') },
  end: { commentDigest: sha256('x') },
  withdraw: { commentDigest: sha256('x') },
  askExtension: { windowMs: 30 * MIN },
  closeUnproven: { findingDigest: sha256('x') },
  contactLost: { lastHeardAt: instant(0) },
  evidenceComplete: { chunks: 2, bytes: 20, digest: sha256('x') },
  claim: { serial: 'C02OTHER01', localUser: 'mallory', bootSession: 'B00T-1' },
  confirm: { serial: 'C02OTHER01', localUser: 'mallory', bootSession: 'B00T-1' },
};
const EMPTY: readonly MessageKind[] = ['end', 'withdraw'];

/** What somebody makes of a genuine message of any kind, and why that is refused. `other`: an elevation of somebody else. */
const MADE: readonly {
  readonly of: string;
  readonly make: (e: Asked, kind: MessageKind, other: Asked) => { readonly name: string; readonly raw: Fields };
  readonly code: (kind: MessageKind) => string;
}[] = [
  {
    of: 'with a changed body',
    make: (e, kind) => ({ name: kind, raw: { ...genuine(e, kind, senderOf(kind)), body: CHANGED[kind] } }),
    code: (kind) => (EMPTY.includes(kind) ? 'bad-input' : 'bad-seal'),
  },
  {
    of: 'in the name of somebody else',
    make: (e, kind) => ({ name: kind, raw: { ...genuine(e, kind, senderOf(kind)), actor: { personId: linus.personId } } }),
    code: () => 'bad-seal',
  },
  {
    of: 'that is old',
    make: (e, kind) => {
      const past = { at: instant(Date.now() - 2 * MIN), exp: instant(Date.now() - MIN) };
      return { name: kind, raw: genuine(e, kind, senderOf(kind), past) };
    },
    code: () => 'seal-expired',
  },
  {
    of: 'for another elevation',
    make: (_, kind, other) => ({ name: kind, raw: genuine(other, kind, senderOf(kind)) }),
    code: () => 'bad-seal',
  },
  {
    of: 'under the name of another kind',
    make: (e, kind) => ({ name: kind === 'revoke' ? 'approve' : 'revoke', raw: genuine(e, kind, senderOf(kind)) }),
    code: () => 'wrong-sender',
  },
];

describe.concurrent('a genuine message of every kind', () => {
  test.each(MADE)('$of is nothing, neither while a decision is waited for nor in the window', async ({ make, code }) => {
    const [e, other] = [await h.ask(), h.hand(h.request())];
    const all = () => SIGNALS.map((kind) => make(e, kind, other));
    // `start` is no message to one that runs.
    const codes = SIGNALS.map((kind) => (kind === 'start' ? 'bad-input' : code(kind)));
    await e.in('requested');
    await inVain(h, e, codes, send(e, all()));
    await e.activate(grace);
    await inVain(h, e, codes, send(e, all()));
    expect(e.isAdmin).toBe(true);
    await e.revoke(linus);
    expect(await e.finish()).toBe('revoked');
  });

  const silent = async (e: Asked) => {
    await e.activate(grace);
    e.trouble.macSilent = true;
  };
  /** Where each has its effect, and the entry of that in the ledger. */
  const ONCE: readonly (readonly [MessageKind, (e: Asked) => Promise<unknown>, string])[] = [
    ['approve', (e) => e.in('requested'), 'voted'],
    ['deny', (e) => e.in('requested'), 'voted'],
    ['withdraw', (e) => e.in('requested'), 'withdrawn'],
    ['askExtension', (e) => e.activate(grace), 'extension-asked'],
    ['revoke', silent, 'revoked'],
    ['end', silent, 'ended'],
    ['contactLost', silent, 'contact-lost'],
    [
      'closeUnproven',
      async (e) => {
        await silent(e);
        await e.revoke(linus);
        await e.in('ending');
      },
      'unproven-asked',
    ],
    [
      'evidenceComplete',
      async (e) => {
        await e.activate(grace);
        await e.revoke(linus);
        await e.in('collecting');
      },
      'evidence-settled',
    ],
  ];
  test.each(ONCE)('twice has one effect: %s', async (kind, bring, entry) => {
    const e = await h.ask();
    await bring(e);
    const [sender, known] = [senderOf(kind), await entriesOf(e, entry)];
    const message = genuine(e, kind, sender);
    const again = [message, { ...message, body: CHANGED[kind] }, message];
    await Promise.all([message, ...again].map((raw) => e.handle.signal(kind, raw)));
    await until(async () => (await entriesOf(e, entry)) > known, `the entry ${entry}`);
    // Once it is over nobody can say it to the run any more.
    await send(
      e,
      again.map((raw) => ({ name: kind, raw })),
    )().catch(() => undefined);
    // Whatever is refused after this was heard after them.
    await e.handle.signal('approve', genuine(e, 'approve', 'device-api')).catch(() => undefined);
    const over = ['deny', 'withdraw', 'evidenceComplete'].includes(kind);
    if (over) await e.result();
    else await until(async () => (await refusedCodes(h, e)).includes('wrong-sender'), 'all of it heard');
    expect((await entriesOf(e, entry)) - known).toBe(1);
    // What is said once more is no forgery; what was changed in it is one, each time that it is heard.
    const codes = (await refusedCodes(h, e)).filter((code) => code !== 'wrong-sender');
    expect(codes).toEqual(manyOf(EMPTY.includes(kind) ? 'bad-input' : 'bad-seal', over ? codes.length : 2));
    const { votes = [], unprovenBy = [] } = (await h.store.ledger.find(e.requestId))?.view ?? {};
    expect(votes.length).toBeLessThanOrEqual(1);
    expect(unprovenBy.length).toBeLessThanOrEqual(1);
    if (!over) await e.handle.terminate('test over');
  });

  const byGrace = { actor: { personId: grace.personId, slackUserId: 'U0GRACE' } };
  /** Approved by a message that the test holds, and waited with. */
  const approvedBy = async () => {
    const e = await h.ask();
    await e.in('requested');
    const good = genuine(e, 'approve', 'slack-app', byGrace);
    await e.handle.signal('approve', good);
    await e.in('granting');
    await h.granted(e);
    return { e, good };
  };
  const nobodyWasAnswered = async (e: Asked) => {
    expect(h.sent.answers.filter(({ requestId }) => requestId === e.requestId)).toEqual([]);
    await e.revoke(linus);
    await e.logIfAsked();
    expect(await e.result()).toBe('revoked');
  };

  test('twice in other letters is the same once more: it speaks for nobody, and nobody is answered', async () => {
    const { e, good } = await approvedBy();
    const backwards = Object.fromEntries(Object.entries(good).reverse());
    await inVain(h, e, ['wrong-sender'], async () => {
      for (let i = 0; i < 120; i += 1) await e.handle.signal('approve', backwards);
      // Heard after them.
      await e.handle.signal('approve', genuine(e, 'approve', 'device-api'));
    });
    await nobodyWasAnswered(e);
  });

  test('under a nonce that was used: another of the same sender is refused, and nobody is answered', async () => {
    const { e, good } = await approvedBy();
    const other = genuine(e, 'revoke', 'slack-app', { ...byGrace, nonce: good.nonce });
    await inVain(h, e, ['replayed'], () => e.handle.signal('revoke', other));
    await nobodyWasAnswered(e);
  });

  test('twice has one answer: claim and confirm', async () => {
    const e = await h.ask();
    await e.approve(grace);
    await h.granted(e);
    const twice = async (kind: 'claim' | 'confirm') => {
      const raw = genuine(e, kind, 'device-api');
      const [first, second] = [
        await e.handle.executeUpdate(kind, { args: [raw] }),
        await e.handle.executeUpdate(kind, { args: [raw] }),
      ];
      expect(first).toMatchObject({ ok: true });
      return [first, second];
    };
    const [claimed, claimedAgain] = await twice('claim');
    expect(claimedAgain).toMatchObject({ localUser: (claimed as { localUser: string }).localUser });
    h.mac.admin.add(e.requestId);
    const [confirmed, confirmedAgain] = await twice('confirm');
    expect(confirmedAgain).toEqual(confirmed);
    expect([await entriesOf(e, 'claimed'), await entriesOf(e, 'confirmed')]).toEqual([1, 1]);
    await e.revoke(linus);
    expect(await e.finish()).toBe('revoked');
  });
});

async function entriesOf(e: Asked, type: string): Promise<number> {
  return (await h.store.ledger.timeline(e.requestId)).filter((event) => event.type === type).length;
}

describe.concurrent('one genuine approval in the hands of somebody else', () => {
  test('counts for nothing with any field changed, and still counts as it is', async () => {
    const [e, other] = [await h.ask(), await h.ask()];
    await e.in('requested');
    const approval = genuine(e, 'approve', 'slack-app');
    const { sig: _, ...unsigned } = approval;
    const later = (field: unknown, ms: number) => instant(Date.parse(String(field)) + ms);
    const changes: readonly (readonly [Fields, string])[] = [
      [{ requestId: other.requestId }, 'bad-seal'],
      [{ roundDigest: other.digest }, 'bad-seal'],
      [{ body: { windowMs: 30 * MIN } }, 'bad-seal'],
      [{ body: { windowMs: 10 * MIN, commentDigest: sha256('x') } }, 'bad-seal'],
      [{ body: {} }, 'bad-input'],
      [{ actor: { personId: linus.personId } }, 'bad-seal'],
      [{ actor: {} }, 'bad-seal'],
      [{ via: 'http' }, 'bad-seal'],
      [{ at: later(approval.at, -1) }, 'bad-seal'],
      [{ exp: later(approval.exp, 12 * 60 * MIN) }, 'bad-seal'],
      [{ nonce: 'A'.repeat(22) }, 'bad-seal'],
      [{ keyId: keyOf('device-api').keyId }, 'bad-seal'],
      [{ keyId: stranger.keyId }, 'bad-seal'],
      [{ sig: `${'A'.repeat(85)}A` }, 'bad-seal'],
      [{ sig: String(approval.sig).slice(1) }, 'bad-input'],
      [{ kind: 'revoke', body: {} }, 'bad-seal'],
      [{ kind: 'nonsense' }, 'bad-input'],
      [{ v: 2 }, 'bad-input'],
      [{ more: 1 }, 'bad-input'],
    ];
    await inVain(
      h,
      e,
      [...changes.map(([, code]) => code), 'bad-input'],
      send(e, [
        ...changes.map(([change]) => ({ name: 'approve', raw: { ...approval, ...change } })),
        { name: 'approve', raw: unsigned },
      ]),
    );
    // Sent to another elevation it is nothing there; to its own it is what it was: no forgery used up its nonce.
    await other.in('requested');
    await inVain(h, other, ['bad-seal'], send(other, [{ name: 'approve', raw: approval }]));
    await e.handle.signal('approve', approval);
    await e.in('granting');
    // And once: after that it is dropped as it is, and refused with anything changed in it.
    const wanted = [...(await refusedCodes(h, e)), 'bad-seal'].sort();
    await send(
      e,
      [approval, { ...approval, body: { windowMs: 30 * MIN } }, approval].map((raw) => ({ name: 'approve', raw })),
    )();
    await until(async () => (await refusedCodes(h, e)).length >= wanted.length, 'the refusal');
    expect(await refusedCodes(h, e)).toEqual(wanted);
    await other.deny(linus);
    expect(await other.result()).toBe('denied');
    expect((await e.view())?.votes).toHaveLength(1);
    await e.revoke(linus);
    await e.logIfAsked();
    expect(await e.result()).toBe('revoked');
    expect([e.calls('grant') <= 1, other.calls('grant')]).toEqual([true, 0]);
  });

  test('counts only in its time', async () => {
    const e = await h.ask();
    await e.in('requested');
    const now = Date.now();
    const times = [
      { at: now - DAY, exp: now - 1, code: 'seal-expired' },
      { at: now - 10 * DAY, exp: now + MIN, code: 'bad-seal' }, // longer than any message lives
      { at: now + 60 * MIN, exp: now + 90 * MIN, code: 'stale-call' },
      { at: now, exp: now - 60 * MIN, code: 'seal-expired' },
    ];
    const forged = times.flatMap(({ at, exp }) =>
      (['approve', 'deny', 'revoke'] as const).map((kind) => ({
        name: kind,
        raw: genuine(e, kind, 'slack-app', { at: instant(at), exp: instant(exp) }),
      })),
    );
    await inVain(
      h,
      e,
      times.flatMap(({ code }) => manyOf(code, 3)),
      send(e, forged),
    );
    await e.deny(linus);
    expect(await e.result()).toBe('denied');
  });

  test('sent again after the elevation was denied and its start sent again, grants nothing', async () => {
    const e = await h.ask();
    await e.in('requested');
    const [start, approval] = [h.sealStart(e.request), genuine(e, 'approve', 'slack-app')];
    await e.deny(linus);
    expect(await e.result()).toBe('denied');
    await h.startRaw(e.requestId, start);
    await e.handle.signal('approve', approval);
    await e.logIfAsked();
    await e.result();
    expect(e.calls('grant')).toBe(0);
    expect((await h.store.ledger.find(e.requestId))?.view).toMatchObject({ state: 'closed', outcome: 'denied' });
  });
});

test('claim and confirm: forged, foreign, old or changed ones are answered no, and the genuine Mac is let in', async () => {
  const e = await h.ask();
  await e.approve(grace);
  await h.granted(e);
  const ask = (kind: string, raw: unknown) => e.handle.executeUpdate(kind, { args: [raw] });
  const past = { at: instant(Date.now() - 2 * MIN), exp: instant(Date.now() - MIN) };
  for (const kind of ['claim', 'confirm'] as const) {
    const other = kind === 'claim' ? 'confirm' : 'claim';
    const good = genuine(e, kind, 'device-api');
    const forged: readonly (readonly [unknown, string])[] = [
      [signed(words(e, kind, 'device-api'), stranger), 'bad-seal'],
      [signed(words(e, kind, 'device-api'), stranger, { keyId: keyOf('device-api').keyId }), 'bad-seal'],
      [genuine(e, kind, 'slack-app'), 'wrong-sender'],
      [genuine(e, kind, 'cli'), 'wrong-sender'],
      [genuine(e, other, 'device-api'), 'wrong-sender'],
      [genuine(e, 'end', 'device-api'), 'wrong-sender'],
      [genuine(e, kind, 'device-api', past), 'seal-expired'],
      [{ ...good, requestId: requestDigest(e.request).slice(0, 26) }, 'bad-input'],
      [{ ...good, body: { ...(good.body as object), localUser: 'mallory' } }, 'bad-seal'],
      [genuine(e, kind, 'device-api', { actor: { serial: 'C02OTHER01' } }), 'bad-seal'],
    ];
    await inVain(
      h,
      e,
      forged.map(([, code]) => code),
      async () => {
        for (const [raw, code] of forged) expect(await ask(kind, raw)).toMatchObject({ ok: false, code });
      },
    );
  }
  // What has not the shape of a message is turned away at the door: no event in the history, no place in its limits.
  await inVain(h, e, [], async () => {
    for (const kind of ['claim', 'confirm']) {
      for (const { payload } of UNDECODABLE) expect((await updateBytes(h.client, e, kind, payload))?.failure).toBeTruthy();
      for (const raw of [null, 7, 'confirm', { kind }, { sig: 'x'.repeat(9000) }]) await expect(ask(kind, raw)).rejects.toThrow();
    }
    await expect(ask('approve', genuine(e, 'approve', 'slack-app'))).rejects.toThrow();
  });
  expect((await e.claim()).ok).toBe(true);
  expect((await e.confirm()).ok).toBe(true);
  await e.revoke(linus);
  expect(await e.finish()).toBe('revoked');
});

test('bytes that no converter reads, as every signal and in every encoding, block nothing', async () => {
  const e = await h.ask();
  await e.in('requested');
  const names = ['approve', 'revoke', 'no-such-signal'];
  const bytes = names.flatMap((name) => UNDECODABLE.map(({ payload }) => ({ name, payload })));
  await inVain(h, e, manyOf('bad-input', bytes.length), async () => {
    for (const { name, payload } of bytes) await signalBytes(h.client, e, name, payload);
  });
  await e.activate(grace);
  await inVain(h, e, manyOf('bad-input', SIGNALS.length), async () => {
    for (const [i, name] of SIGNALS.entries())
      await signalBytes(
        h.client,
        e,
        name,
        UNDECODABLE[i % UNDECODABLE.length]?.payload ?? { metadata: null, data: Buffer.from('') },
      );
  });
  // A query is only read: its arguments cannot matter, whatever they are.
  expect(await e.handle.query('state', 'nonsense')).toMatchObject({ state: 'active' });
  await e.revoke(linus);
  expect(await e.finish()).toBe('revoked');
});

test('a start that is no sealed request of its requester starts nothing, and stands in no genuine one’s way', async () => {
  const [request, foreign] = [h.request(), h.request()];
  const [e, other] = [h.hand(request), h.hand(foreign)];
  const lie = (change: object) => {
    const said = { ...request, ...change };
    return { body: { request: said }, roundDigest: requestDigest(said) };
  };
  const now = Date.now();
  const grown = { personId: grace.personId, name: grace.name };
  const forged: readonly (readonly [unknown, string])[] = [
    [signed(words(e, 'start', 'slack-app'), stranger), 'bad-seal'],
    [signed(words(e, 'start', 'slack-app'), stranger, { keyId: keyOf('slack-app').keyId }), 'bad-seal'],
    // A false requester: the words of one person in the mouth of another, so that the one could approve the own request.
    [genuine(e, 'start', 'slack-app', { body: { request: { ...request, requester: grown } } }), 'bad-seal'],
    [genuine(e, 'start', 'slack-app', lie({ requester: grown })), 'bad-seal'],
    [{ ...genuine(e, 'start', 'slack-app'), ...lie({ requester: grown, subject: grown }) }, 'bad-seal'],
    [genuine(e, 'start', 'slack-app', { roundDigest: sha256('another') }), 'bad-seal'],
    [genuine(e, 'start', 'device-api', lie({ via: 'slack' })), 'bad-seal'],
    [genuine(e, 'start', 'cli', { via: 'slack' }), 'wrong-sender'],
    [genuine(other, 'start', 'slack-app'), 'bad-seal'],
    [genuine(e, 'approve', 'slack-app'), 'bad-input'],
    [genuine(e, 'start', 'slack-app', { at: instant(now - DAY), exp: instant(now - 1) }), 'seal-expired'],
    [{ ...genuine(e, 'start', 'slack-app'), pad: 'x'.repeat(100_000) }, 'bad-input'],
  ];
  for (const [raw] of forged) {
    await h.startRaw(e.requestId, raw);
    expect(await e.result()).toBe('refused');
  }
  for (const { payload } of UNDECODABLE) {
    await startBytes(h.client, e, payload);
    expect(await e.result()).toBe('refused');
  }
  // With signals in the same breath, so that they are there before anything was looked at.
  await h.client.workflow.signalWithStart(ELEVATION, {
    workflowId: e.workflowId,
    taskQueue: QUEUES.story,
    args: ['junk'],
    signal: 'approve',
    signalArgs: [genuine(e, 'approve', 'slack-app')],
  });
  expect(await e.result()).toBe('refused');
  const codes = [...forged.map(([, code]) => code), ...manyOf('bad-input', UNDECODABLE.length + 1)];
  expect(await refusedCodes(h, e)).toEqual(codes.sort());
  expect([e.calls('grant'), await h.store.fence.grant(e.requestId)]).toEqual([0, undefined]);

  await h.store.requests.put(request, requestDigest(request));
  expect(await h.gates['slack-app'].start(request, { personId: ada.personId })).toBe('started');
  await e.approve(grace);
  await e.in('granting');
  await e.revoke(linus);
  await e.logIfAsked();
  expect(await e.result()).toBe('revoked');
});

test('a storm of forgeries of all kinds, revokes first among them, delays no genuine revoke', async () => {
  const e = await h.ask();
  await e.activate(grace);
  const storm = Array.from({ length: 8 }, () => byStranger(e)).flat();
  const ending = manyOf('revoke', 300).map((name) => ({ name, raw: signed(words(e, 'revoke', 'cli'), stranger) }));
  await Promise.all([...storm, ...ending].map(({ name, raw }) => e.handle.signal(name, raw)));
  const from = Date.now();
  await e.revoke(linus);
  await until(async () => e.calls('revoke'), 'the revoke call');
  const [call] = h.mac.calls.filter(({ what, requestId }) => what === 'revoke' && requestId === e.requestId);
  expect((call?.at ?? Number.POSITIVE_INFINITY) - from).toBeLessThan(5000);
  expect(await e.finish()).toBe('revoked');
  // A flood is counted, but not written out: the ledger must not be what it fills.
  const written = (await refusedCodes(h, e)).length;
  expect(written).toBeGreaterThanOrEqual(20);
  expect(written).toBeLessThanOrEqual(101);
  expect((await h.store.ledger.find(e.requestId))?.view.refusals).toBe(storm.length + ending.length);
});
