/** A start that is asked for later: how far ahead, how late at most, and within the hours of the rule; by the stricter of two policies. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isStintError } from '../../contract/errors.js';
import { instant } from '../../contract/ids.js';
import { isAhead, isEarly, lapsesAtMs, startByOf } from '../../contract/later.js';
import type { ElevationRequest } from '../../contract/request.js';
import type { Verdict } from '../../contract/verdict.js';
import { parseCases } from '../../policy/case-file.js';
import { runCases } from '../../policy/cases.js';
import { decide, decideBoth } from '../../policy/decide.js';
import { diffPolicies } from '../../policy/diff.js';
import { createCheckLimits } from '../../policy/entrance.js';
import { directoryFrom } from '../../policy/people.js';
import type { Policy } from '../../policy/rules.js';
import { ADA, approval, EVERYBODY, factsOf, GRACE, MIN, NOW, policyOf, requestOf, roundOf, viewOf } from './world.js';

const HOUR = 60 * MIN;
const LATER = '    later: { ahead: 2d, missed: 1h }';
const DAYTIME = '    hours: { zone: Europe/Berlin, from: "08:00", to: "18:00" }';
const allows = (more = LATER, change: Parameters<typeof policyOf>[0] = {}) => policyOf({ ...change, more });

/** A request for so much later, judged so long after it was asked, with Grace's approval if she is named. */
function judged(policy: Policy, aheadMs: number, passedMs = 0, approved = false, then = policy): Verdict {
  const request = requestOf({ startAt: instant(NOW + aheadMs) });
  const round = roundOf(request);
  const votes = approved ? [approval(GRACE, 10 * MIN, round.digest)] : [];
  return decideBoth(then, policy, { request, round }, factsOf(), votes, NOW + passedMs);
}

function refusal(more: string): string {
  try {
    allows(more);
    return '';
  } catch (error) {
    if (isStintError(error)) return error.sentence;
    throw error;
  }
}

describe('a start that is asked for later', () => {
  it('waits for an approval like any other, and says from when on it is too late', () => {
    expect(judged(allows(), HOUR)).toMatchObject({ outcome: 'needs-approval', startBefore: instant(NOW + 2 * HOUR) });
    expect(judged(allows(), HOUR, 0, true)).toMatchObject({ outcome: 'satisfied', windowMs: 10 * MIN });
  });

  it('may be missed by an hour where the rule does not say by how much', () => {
    expect(judged(allows('    later: { ahead: 2d }'), HOUR).startBefore).toBe(instant(NOW + 2 * HOUR));
  });

  it('is refused by a rule that says nothing of it', () => {
    const { outcome, sentences, startBefore } = judged(policyOf(), HOUR);
    expect([outcome, startBefore]).toEqual(['deny', undefined]);
    expect(sentences[0]).toBe('The policy does not let this be asked for a later time. Ask for it when you need it.');
  });

  it.each([
    [0, 'The start has to lie ahead, and 2026-03-02 09:00 UTC has passed. Name a later time.'],
    [-1, 'The start has to lie ahead'],
    [48 * HOUR + 1, 'The start may lie at most 2d ahead. Name a time before 2026-03-04 09:00 UTC.'],
  ])('may not lie %i ms ahead', (aheadMs, said) => {
    const { outcome, sentences } = judged(allows(), aheadMs, 0, true);
    expect(outcome).toBe('deny');
    expect(sentences[0]).toContain(said);
  });

  it.each([1, 48 * HOUR])('may lie %i ms ahead', (aheadMs) => {
    expect(judged(allows(), aheadMs, 0, true).outcome).toBe('satisfied');
  });

  it('can be approved until it is missed, and no longer', () => {
    expect(judged(allows(), HOUR, 2 * HOUR - 1, true).outcome).toBe('satisfied');
    const late = judged(allows(), HOUR, 2 * HOUR, true);
    expect(late.outcome).toBe('deny');
    expect(late.sentences[0]).toBe(
      'It was to begin at 2026-03-02 10:00 UTC, and within 1h of that or not at all; that time has passed.',
    );
  });

  it('has to be inside of the hours, when it is asked for and when it starts', () => {
    const policy = allows(`${LATER}\n${DAYTIME}`);
    expect(judged(policy, HOUR).outcome).toBe('needs-approval');
    // 09:00 UTC is 10:00 in Berlin; eight hours later it is closed.
    const { outcome, sentences } = judged(policy, 8 * HOUR);
    expect(outcome).toBe('deny');
    expect(sentences[0]).toBe(
      'The start, Monday, 2026-03-02, at 18:00 there, is outside of the hours of this rule, every day, 08:00 to 18:00 (Europe/Berlin). Name a time inside.',
    );
    // Begun late it may be outside by then.
    expect(judged(policy, 8 * HOUR - 1, 8 * HOUR + MIN, true).outcome).toBe('deny');
  });

  it('ages from its start, and not from when it was asked', () => {
    const policy = allows('    later: { ahead: 30d, missed: 1h }\n    deadlines: { pending: 1h, start: 1h }');
    expect(judged(policy, 29 * 24 * HOUR, 29 * 24 * HOUR, true).outcome).toBe('satisfied');
    expect(judged(policy, 29 * 24 * HOUR, 29 * 24 * HOUR + HOUR, true).outcome).toBe('deny');
  });

  it('is approved by a person, also where the policy itself approves', () => {
    const own = allows(LATER, { approve: '{ groups: [it], policy: { upTo: 30m, perDay: 5 } }' });
    const facts = { ...factsOf(), usage: { asked: [], held: [], revoked: [], automatic: [] } };
    const of = (request: ElevationRequest) => decide(own, { request, round: roundOf(request as never) }, facts, [], NOW);
    expect(of(requestOf()).outcome).toBe('auto');
    const later = of(requestOf({ startAt: instant(NOW + HOUR) }));
    expect(later.outcome).toBe('needs-approval');
    expect(later.sentences[0]).toContain('only what is to begin at once. So a person has to decide.');
  });

  it('plays no part in an extension of what has begun', () => {
    const request = requestOf({ startAt: instant(NOW + HOUR) });
    const digest = roundOf(requestOf()).digest;
    const round = { digest, kind: 'extension', windowMs: 5 * MIN, granted: 0 } as const;
    const votes = [approval(GRACE, 5 * MIN, digest)];
    expect(decide(policyOf(), { request, round }, factsOf(), votes, NOW + 2 * HOUR).outcome).toBe('satisfied');
  });
});

describe('of two policies', () => {
  const short = allows('    later: { ahead: 2h, missed: 10m }');
  it('both have to let it be asked for later', () => {
    expect(judged(policyOf(), HOUR, 0, true, allows()).outcome).toBe('deny');
    expect(judged(allows(), HOUR, 0, true, policyOf()).outcome).toBe('deny');
  });

  it('the nearer start and the earlier miss hold', () => {
    for (const [then, now] of [
      [allows(), short],
      [short, allows()],
    ] as const) {
      expect(judged(now, HOUR, 0, true, then)).toMatchObject({
        outcome: 'satisfied',
        startBefore: instant(NOW + HOUR + 10 * MIN),
      });
      expect(judged(now, 3 * HOUR, 0, true, then).outcome).toBe('deny');
      expect(judged(now, HOUR, HOUR + 10 * MIN, true, then).outcome).toBe('deny');
    }
  });

  it('a stricter one never widens: whatever both allow, each allows', () => {
    const length = fc.integer({ min: 1, max: 600 });
    const rule = fc.option(fc.tuple(length, length), { nil: undefined });
    const of = (one: readonly [number, number] | undefined) =>
      one ? allows(`    later: { ahead: ${one[0] * 60}s, missed: ${one[1] * 60}s }`) : policyOf();
    fc.assert(
      fc.property(rule, rule, length, length, (a, b, ahead, passed) => {
        const [then, now] = [of(a), of(b)];
        const asked = [ahead * MIN, passed * MIN, true] as const;
        const both = judged(now, ...asked, then).outcome === 'satisfied';
        const each = judged(then, ...asked).outcome === 'satisfied' && judged(now, ...asked).outcome === 'satisfied';
        expect(both).toBe(each);
      }),
      { numRuns: 300 },
    );
  });
});

describe('whoever asks', () => {
  const check = (policy: Policy, aheadMs: number | undefined) =>
    createCheckLimits({ policy: async () => policy, clock: () => NOW, directory: directoryFrom(EVERYBODY) })(
      requestOf(aheadMs === undefined ? {} : { startAt: instant(NOW + aheadMs) }),
    );

  it('is told at once what is wrong with the start', async () => {
    await expect(check(allows(), -MIN)).rejects.toMatchObject({ code: 'bad-start', sentence: expect.stringContaining('ahead') });
    await expect(check(policyOf(), HOUR)).rejects.toMatchObject({ code: 'bad-start' });
    await expect(check(allows(`${LATER}\n${DAYTIME}`), 10 * HOUR)).rejects.toMatchObject({ code: 'bad-start' });
  });

  it('is told nothing where there is nothing wrong', async () => {
    await check(allows(), HOUR);
    await check(policyOf(), undefined);
  });
});

describe('what a file says', () => {
  it.each([
    ['    later: { missed: 1h }', 'later.ahead'],
    ['    later: { ahead: 31d }', 'must be between 1m and 30d'],
    ['    later: { ahead: 1d, missed: 0s }', 'must be between 1s and 1d'],
    ['    later: { ahead: 1d, late: 1h }', 'late'],
  ])('%s is refused', (more, said) => {
    expect(refusal(more)).toContain(said);
  });

  it('is told of an edit, as more or as less', () => {
    const changes = (before: Policy, after: Policy) => {
      const [group] = diffPolicies(before, after, EVERYBODY).groups;
      return { wider: group?.widened ?? [], narrower: group?.narrowed ?? [] };
    };
    expect(changes(policyOf(), allows()).wider).toEqual([
      'may be asked for later, up to 2d ahead; it begins within 1h of the time that is named, or not at all; was: may not be asked for later',
    ]);
    expect(changes(allows(), policyOf()).narrower).toHaveLength(1);
    expect(changes(allows(), allows('    later: { ahead: 2d, missed: 30m }')).narrower).toHaveLength(1);
    expect(changes(allows(), allows('    later: { ahead: 1d, missed: 2h }')).wider).toHaveLength(1);
  });

  it('can be held against cases', async () => {
    const target = `target: { mac: ${ADA.macs[0]?.serial} }`;
    const head = `who: ada, ${target}, window: 10m, at: 2026-03-02T09:00:00Z`;
    const table = parseCases(
      `version: 1
policy: policy.yaml
people: people.yaml
cases:
  - { name: tomorrow, ${head}, start: 2026-03-03T09:00:00Z, expect: { outcome: needs-approval } }
  - { name: next week, ${head}, start: 2026-03-09T09:00:00Z, expect: { outcome: deny } }
  - { name: at the start, ${head}, waited: 1h, start: 2026-03-02T09:00:00Z, votes: [{ by: grace }], expect: { outcome: satisfied } }
  - { name: missed, ${head}, waited: 3h, start: 2026-03-02T08:00:00Z, votes: [{ by: grace }], expect: { outcome: deny } }
`,
      'policy.test.yaml',
    );
    const { cases } = await runCases(allows(), EVERYBODY, table, NOW);
    expect(cases.map(({ name, ok, failures }) => [name, ok, failures])).toEqual(
      ['tomorrow', 'next week', 'at the start', 'missed'].map((name) => [name, true, []]),
    );
  });
});

describe('the times of a later start', () => {
  const verdict = judged(allows(), HOUR);
  it('nobody is waited for past it, and a shorter wait stays', () => {
    expect(lapsesAtMs(NOW, verdict)).toBe(NOW + 2 * HOUR);
    expect(lapsesAtMs(NOW, { ...verdict, deadlines: { ...verdict.deadlines, pendingMs: MIN } })).toBe(NOW + MIN);
    expect(startByOf(verdict, NOW)).toBe(instant(NOW + 2 * HOUR));
    const { startBefore: _, ...now } = verdict;
    expect(lapsesAtMs(NOW, now)).toBe(NOW + now.deadlines.pendingMs);
    expect(startByOf(now, NOW)).toBe(instant(NOW + now.deadlines.startMs));
  });

  it('it is early until its very instant, and for ever where that is none', () => {
    const startAt = instant(NOW);
    expect([NOW - 1, NOW].map((now) => isEarly({ startAt }, now))).toEqual([true, false]);
    expect(isEarly({ startAt: 'soon' as never }, NOW)).toBe(true);
    expect(isEarly({}, NOW)).toBe(false);
  });

  it('what waits for it holds nothing; what is there does', () => {
    const view = viewOf(verdict, { request: requestOf({ startAt: instant(NOW + HOUR) }), state: 'approved' });
    expect(isAhead(view, NOW)).toBe(true);
    expect(isAhead(view, NOW + HOUR)).toBe(false);
    expect(isAhead({ ...view, state: 'granting' }, NOW)).toBe(false);
    expect(isAhead({ ...view, request: requestOf() }, NOW)).toBe(false);
  });
});
