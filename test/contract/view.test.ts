/** The fold of events into the view: it never throws, believes nothing that the state does not know, and never forgets an end. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type AnyEvent, EVENT_CODES, type EventType } from '../../contract/events.js';
import { type Instant, instant, type PersonId, type RunId, type Serial } from '../../contract/ids.js';
import type { Target } from '../../contract/request.js';
import { next, OUTCOMES, STATES, TRIGGERS } from '../../contract/states.js';
import type { Verdict } from '../../contract/verdict.js';
import { begin, type ElevationView, fold, foldAll, recollectionOf } from '../../contract/view.js';
import { requestDigest, sha256 } from '../../seal/canonical.js';
import { requestOf } from '../fixtures/people.js';

const MIN = 60_000;
const request = requestOf();
const digest = requestDigest(request);
const round = sha256('a round');
const at = instant(Date.UTC(2026, 0, 1));
const verdict: Verdict = {
  outcome: 'satisfied',
  policyHash: sha256('policy'),
  factsDigest: sha256('facts'),
  quorum: 1,
  approvedBy: [],
  approvers: [],
  windowsMs: [10 * MIN],
  maxWindowMs: 30 * MIN,
  warnBeforeMs: 5 * MIN,
  warnMinWindowMs: 5 * MIN,
  deadlines: { pendingMs: MIN, startMs: MIN, evidenceMs: MIN, remindEveryMs: MIN, remindForMs: MIN, remindThenMs: MIN },
  sentences: [],
};
const vote = { decision: 'approve', personId: 'grace' as PersonId, roundDigest: round, at } as const;

/** One event of each type. */
const DATA: { readonly [T in EventType]: Extract<AnyEvent, { type: T }>['data'] } = {
  requested: { request, digest, verdict },
  refused: { kind: 'approve', code: 'bad-seal' },
  'glass-broken': { incident: 'INC-417' },
  drilled: {},
  'review-closed': { findingDigest: digest },
  voted: { vote, verdict },
  reminded: { count: 1 },
  rejudged: { verdict, called: [vote.personId] },
  approved: { windowMs: 10 * MIN, startBy: at, verdict },
  denied: {},
  lapsed: {},
  withdrawn: {},
  armed: { notAfter: at },
  'arm-refused': { code: 'target-busy' },
  'grant-sent': { sendBefore: at },
  'grant-failed': { code: 'fenced' },
  'start-missed': {},
  claimed: { serial: request.target.serial, localUser: request.target.localUser },
  confirmed: { confirmedAt: at, deadlineAt: instant(Date.UTC(2026, 0, 1, 0, 10)) },
  warned: {},
  expired: {},
  revoked: { cause: 'approver' },
  ended: {},
  'contact-lost': { lastHeardAt: at },
  drift: { what: 'reappeared', targetKey: 'mac-admin/C02TEST1', how: 'x', likely: 'y' },
  frozen: { reasonDigest: digest },
  unfrozen: { reasonDigest: digest },
  'key-enrolled': { keyId: 'person-00112233445566778899aabbccddeeff' },
  'key-removed': { keyId: 'person-00112233445566778899aabbccddeeff' },
  'keys-revoked': { personId: 'grace' as PersonId, cause: 'left', keyIds: ['person-00112233445566778899aabbccddeeff'] },
  'policy-applied': { after: digest, byDigest: digest },
  'device-registered': { serial: 'C02XK0AAJG5H' as Serial, keyId: '0011223344556677', byDigest: digest },
  'seal-keys-changed': { came: [{ keyId: 'cli-001122334455', sender: 'cli' }], went: [] },
  bound: { personId: 'grace' as PersonId, kind: 'aws-permission-set', farId: 'u' },
  'device-keys-withdrawn': { serial: 'C02XK0AAJG5H' as Serial, keyIds: ['0011223344556677'], byDigest: digest },
  unbound: { personId: 'grace' as PersonId, cause: 'operator', byDigest: digest, kind: 'aws-permission-set', farId: 'u' },
  alarm: { what: 'revoke-pending', minutes: 5 },
  gone: { observedAt: at, how: 'is no admin' },
  'unproven-asked': { findingDigest: digest },
  'closed-unproven': { findingDigests: [digest] },
  'extension-asked': { roundDigest: round, windowMs: 5 * MIN },
  extended: { roundDigest: round, windowMs: 5 * MIN, deadlineAt: instant(Date.UTC(2026, 0, 1, 0, 15)) },
  'extension-closed': { roundDigest: round, why: 'denied' },
  'evidence-settled': { complete: true, lines: 3 },
  closed: { outcome: 'expired' },
  'late-evidence': { lines: 3, digest },
  swept: { observedAt: at, how: 'is no admin' },
};
const TYPES = Object.keys(EVENT_CODES) as EventType[];

function event<T extends EventType>(type: T, when: Instant = at): AnyEvent {
  const runId = 'run-1' as RunId;
  const actor = { via: 'slack', personId: 'grace' as PersonId };
  return {
    id: `x/${type}`,
    type,
    requestId: request.requestId,
    requestDigest: digest,
    runId,
    at: when,
    actor,
    data: DATA[type],
  } as AnyEvent;
}

const first = event('requested') as AnyEvent & { type: 'requested' };
function walk(types: readonly EventType[]): readonly ElevationView[] {
  const way = [begin(first)];
  for (const type of types) way.push(fold(way.at(-1) ?? begin(first), event(type)));
  return way;
}
const sequence = fc.array(fc.constantFrom(...TYPES), { maxLength: 25 });
const isTrigger = (type: EventType) => TRIGGERS.some((trigger) => trigger === type);

describe('the fold', () => {
  test('never throws, and leads to known states and outcomes only', () => {
    fc.assert(
      fc.property(sequence, (types) => {
        for (const view of walk(types)) {
          expect(STATES).toContain(view.state);
          if (view.outcome) expect(OUTCOMES).toContain(view.outcome);
        }
      }),
      { numRuns: 500 },
    );
  });

  test('what a second run proves of an elevation that the first one held is in the view', () => {
    const views = walk([
      'voted',
      'approved',
      'armed',
      'confirmed',
      'requested',
      'grant-failed',
      'gone',
      'evidence-settled',
      'closed',
    ]);
    expect(views.map(({ state }) => state).slice(-5)).toEqual(['active', 'ending', 'collecting', 'closed', 'closed']);
    expect(views.at(-1)).toMatchObject({ outcome: 'failed', endingAt: at, goneAt: at, confirmedAt: at });
  });

  test('an event that the state does not know changes neither state nor outcome', () => {
    fc.assert(
      fc.property(sequence, fc.constantFrom(...TYPES), (types, type) => {
        const before = walk(types).at(-1) ?? begin(first);
        const known = TRIGGERS.find((trigger) => trigger === type);
        if (type === 'closed' || (known && next(before, known))) return;
        const after = fold(before, event(type));
        expect([after.state, after.outcome]).toEqual([before.state, before.outcome]);
        if (isTrigger(type) && type !== 'evidence-settled' && type !== 'swept') expect(after).toBe(before);
      }),
      { numRuns: 500 },
    );
  });

  test('what closed while another run of it held the target tells when that was gone, and only once', () => {
    const closed = fold(begin(first), event('denied'));
    const later = instant(Date.UTC(2026, 0, 1, 1));
    const swept = { ...event('swept'), data: { observedAt: later, how: 'x' } } as AnyEvent;
    expect(fold(closed, swept)).toEqual({ ...closed, goneAt: later });
    expect(fold(fold(closed, event('swept')), swept).goneAt).toBe(at);
  });

  test('I8: what is closed stays closed, whatever comes', () => {
    fc.assert(
      fc.property(sequence, (types) => {
        const states = walk(types).map((view) => view.state);
        const closed = states.indexOf('closed');
        if (closed >= 0) expect(new Set(states.slice(closed))).toEqual(new Set(['closed']));
      }),
      { numRuns: 500 },
    );
  });

  test('the request and its digest are never changed (I4)', () => {
    fc.assert(
      fc.property(sequence, (types) => {
        for (const view of walk(types)) expect([view.request, view.digest]).toEqual([request, digest]);
      }),
    );
  });

  test('a view that is shown as gone has an observation behind it', () => {
    fc.assert(
      fc.property(sequence, (types) => {
        const seen = types.filter((type) => type === 'gone' || type === 'swept');
        if (seen.length === 0) expect(walk(types).at(-1)?.goneAt).toBeUndefined();
      }),
      { numRuns: 500 },
    );
  });

  test('folding a whole timeline is folding it one by one; without a request there is no view', () => {
    fc.assert(
      fc.property(sequence, (types) => {
        expect(foldAll([first, ...types.map((type) => event(type))])).toEqual(walk(types).at(-1));
        if (types[0] !== 'requested') expect(foldAll(types.map((type) => event(type)))).toBeUndefined();
      }),
    );
    expect(foldAll([])).toBeUndefined();
  });

  test('a target that was taken after its run had given up does not keep the elevation open', () => {
    const late = (['withdrawn', 'revoked', 'start-missed'] as const).map((end) =>
      walk(['approved', 'armed', end, 'closed']).at(-1),
    );
    expect(late.map((view) => view?.state)).toEqual(['closed', 'closed', 'closed']);
  });

  test('what the sweep saw gone is closed, though no workflow lives to say so', () => {
    const lives = [['armed'], ['armed', 'claimed', 'confirmed'], ['armed', 'claimed', 'confirmed', 'revoked']] as const;
    for (const life of lives) expect(walk(['approved', ...life, 'swept']).at(-1)).toMatchObject({ state: 'closed', goneAt: at });
  });

  test('an ordinary life is told in full', () => {
    const view = walk([
      'voted',
      'approved',
      'armed',
      'claimed',
      'confirmed',
      'warned',
      'expired',
      'gone',
      'evidence-settled',
      'closed',
    ]).at(-1);
    expect(view).toMatchObject({
      state: 'closed',
      outcome: 'expired',
      approvedWindowMs: 10 * MIN,
      confirmedAt: at,
      goneAt: at,
      closedAt: at,
      evidence: { complete: true, lines: 3, late: false },
    });
  });
});

describe('what is remembered of the time before a grant', () => {
  const target = { ...request.target, kind: 'aws-permission-set' } as unknown as Target;
  const polled = (...types: EventType[]) => {
    const view = walk(['approved', ...types]).at(-1) ?? begin(first);
    return { ...view, request: { ...view.request, target } };
  };

  test('what was confirmed was not there before, however it ended', () => {
    for (const end of [[], ['expired'], ['expired', 'closed-unproven'], ['grant-failed', 'gone']] as const)
      expect(recollectionOf(polled('armed', 'confirmed', ...end))).toEqual({ before: 'absent' });
  });

  test('what was armed and told nothing may have been given since; what no run of the record armed, since it was asked for', () => {
    expect(recollectionOf(polled('armed', 'start-missed'))).toEqual({ since: at });
    expect(recollectionOf(polled('withdrawn'))).toEqual({ since: request.askedAt });
  });

  test('who had it already still has it', () => {
    expect(recollectionOf({ ...polled('armed', 'grant-failed'), failure: 'have-already' })).toEqual({ before: 'present' });
  });

  test('of a Mac nothing: it says itself whose its access is', () => {
    for (const life of [['approved'], ['approved', 'armed'], ['approved', 'armed', 'confirmed']] as const)
      expect(recollectionOf(walk(life).at(-1) ?? begin(first))).toEqual({});
  });
});
