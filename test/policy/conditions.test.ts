/** Conditions of a rule: what they refuse, in which words, and that they never let anything through. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { plain } from '../../cards/say.js';
import { why } from '../../cards/state-line.js';
import { isStintError } from '../../contract/errors.js';
import type { Vote } from '../../contract/verdict.js';
import { parseEvent } from '../../ledger/entry-schema.js';
import { parseMoment } from '../../policy/calendar.js';
import { parseCases } from '../../policy/case-file.js';
import { runCases } from '../../policy/cases.js';
import { judgeConditions } from '../../policy/conditions.js';
import { decide, decideBoth } from '../../policy/decide.js';
import { compareReach } from '../../policy/diff-rules.js';
import { macTarget } from '../../policy/macs.js';
import { directoryFrom } from '../../policy/people.js';
import { createPreview } from '../../policy/preview.js';
import type { Policy } from '../../policy/rules.js';
import { createAskPreview } from '../../workers/ask-preview.js';
import { Elevation } from '../ledger/events.js';
import { ADA, approval, denial, EVERYBODY, factsOf, GRACE, LINUS, NOW, policyOf, requestOf, roundOf, viewOf } from './world.js';

const HOUR = 3_600_000;
/** `NOW` is a Monday, ten o'clock in Berlin. */
const OFFICE = '    hours: { zone: Europe/Berlin, days: [mon, tue, wed, thu, fri], from: "08:00", to: "18:00" }';
const NIGHT = '    hours: { zone: Europe/Berlin, from: "20:00", to: "06:00" }';
const office = policyOf({ more: OFFICE });
const EVENING = NOW + 9 * HOUR;
const CLOSED =
  'This can be asked for and approved mon to fri, 08:00 to 18:00 (Europe/Berlin). It is closed now, and opens next on Tuesday, 2026-03-03, at 08:00.';

function judged(policy: Policy, now: number, votes: readonly Vote[] = [approval(GRACE)], then: Policy = policy) {
  return decideBoth(then, policy, { request: requestOf(), round: roundOf(requestOf()) }, factsOf(), votes, now);
}

function problems(more: string): string {
  try {
    policyOf({ more });
    return 'no problem';
  } catch (error) {
    if (isStintError(error)) return error.sentence;
    throw error;
  }
}

describe('hours', () => {
  it('let a request through while they are open, and say so in the verdict', () => {
    const verdict = judged(office, NOW);
    expect(verdict).toMatchObject({ outcome: 'satisfied', conditions: [{ name: 'hours', state: 'satisfied' }] });
    expect(verdict.sentences).toEqual(['Grace approved 10m.']);
  });

  it('refuse what was asked and approved outside, and say when they open', () => {
    const verdict = judged(office, EVENING);
    expect(verdict).toMatchObject({ outcome: 'deny', conditions: [{ name: 'hours', state: 'unsatisfied', sentence: CLOSED }] });
    expect(verdict.sentences[0]).toBe(CLOSED);
    expect(verdict.windowMs).toBeUndefined();
  });

  it('refuse where the hour cannot be told, and say that', () => {
    const [hours] = office.rules;
    const found = judgeConditions(
      [hours ?? {}, { hours: { zone: 'Atlantis/Poseidonis', days: ['mon'], from: 0, to: 60, holidays: [] } }],
      {
        now: NOW,
      },
    );
    expect(found.map(({ state }) => state)).toEqual(['satisfied', 'failed']);
    expect(judged(office, Number.NaN).outcome).toBe('deny');
    expect(judged(office, Number.NaN).conditions?.[0]).toMatchObject({
      state: 'failed',
      sentence: expect.stringContaining("can't be told, so it is closed"),
    });
  });

  it('of then and of now must both be open', () => {
    const night = policyOf({ more: NIGHT });
    expect([NOW, EVENING + 2 * HOUR].map((now) => judged(office, now, [approval(GRACE)], night).outcome)).toEqual([
      'deny',
      'deny',
    ]);
    expect(judged(policyOf(), EVENING, [approval(GRACE)], office).outcome).toBe('deny');
    expect(judged(office, EVENING, [approval(GRACE)], policyOf()).outcome).toBe('deny');
    expect(judged(office, EVENING, [], night).conditions).toHaveLength(2);
  });

  it('do not let the request fall to a later rule', () => {
    const later = office.rules.map((rule) => ({ ...rule, id: 'later', hours: undefined }));
    expect(judged({ ...office, rules: [...office.rules, ...later] } as Policy, EVENING)).toMatchObject({
      outcome: 'deny',
      rule: 'macs',
    });
  });

  it('stand on the card of what they refused, and in what the person is told', () => {
    const closed = viewOf(judged(office, EVENING, []), { state: 'closed', outcome: 'denied' });
    expect(plain(why(closed))).toBe(`Denied by the policy. ${CLOSED}`);
    const denied = viewOf(judged(office, NOW, []), { state: 'closed', outcome: 'denied' });
    expect(plain(why(denied))).toBe('Denied by the policy.');
  });

  it('go into the ledger with the verdict, and nothing that is no condition does', () => {
    const verdict = judged(office, EVENING);
    const entry = (conditions: unknown) =>
      parseEvent({
        ...new Elevation().event('voted', { vote: approval(GRACE), verdict }),
        data: { vote: approval(GRACE), verdict: { ...verdict, conditions } },
      });
    expect(entry(verdict.conditions).data).toEqual({ vote: approval(GRACE), verdict });
    expect(() => entry([{ name: 'hours', state: 'maybe', sentence: '' }])).toThrow('conditions.0.state');
  });

  it('leave a verdict without conditions as it was', () => {
    expect(judged(policyOf(), NOW)).not.toHaveProperty('conditions');
  });

  it('refuse the click of an approver, and an extension, with the same words', async () => {
    const preview = createPreview({ policy: async () => office, directory: directoryFrom(EVERYBODY), clock: () => EVENING });
    const waiting = viewOf(judged(office, NOW, []));
    expect(await preview.judgeClick(waiting, GRACE, 'approve', 600_000)).toEqual({
      ok: false,
      sentence: expect.stringContaining(CLOSED),
    });
    const active = { ...waiting, state: 'active', confirmedAt: requestOf().askedAt, deadlineAt: requestOf().askedAt } as const;
    expect(await preview.judgeClick(active, ADA, 'extend', 300_000)).toEqual({ ok: false, sentence: CLOSED });
    // What takes away waits for no hour.
    for (const kind of ['deny', 'revoke'] as const) expect(await preview.judgeClick(active, GRACE, kind)).toEqual({ ok: true });
  });

  it('are said before anything is asked: open as a note, closed as why it is not possible', async () => {
    const [mac] = ADA.macs.map(macTarget);
    const offered = async (now: number) => {
      const preview = createPreview({ policy: async () => office, directory: directoryFrom(EVERYBODY), clock: () => now });
      return { preview, offers: (await preview.offersFor(ADA)).offers };
    };
    const [open, closed] = [await offered(NOW), await offered(EVENING)];
    expect(open.offers[0]).toMatchObject({ notes: [expect.stringContaining('08:00 to 18:00 (Europe/Berlin)')] });
    expect(open.offers[0]).not.toHaveProperty('barred');
    expect(closed.offers[0]).toMatchObject({ barred: CLOSED });
    await expect(closed.preview.pin(ADA, mac?.key ?? '')).rejects.toThrow(CLOSED);
    const onMac = ({ preview }: typeof open) =>
      createAskPreview({ directory: directoryFrom(EVERYBODY), preview })(ADA.personId, requestOf().target);
    expect([await onMac(open), await onMac(closed)]).toEqual([
      { ok: true, windowsMs: [5, 10, 15, 30].map((minutes) => minutes * 60_000) },
      { ok: false, sentence: CLOSED },
    ]);
  });
});

describe('a policy file', () => {
  it('may leave out days, times and holidays', () => {
    const [rule] = policyOf({ more: '    hours: { zone: UTC }' }).rules;
    expect(rule?.hours).toMatchObject({ zone: 'UTC', from: 0, to: 1440, holidays: [], days: { length: 7 } });
  });

  it.each([
    [
      '{ zone: Europe/Berln }',
      /policy\.yaml:11:20 targets\[0\]\.hours\.zone: must be the IANA name.*did you mean "Europe\/Berlin"/,
    ],
    ['{ zone: "+01:00" }', /11:20.*such as Europe\/Berlin, or UTC/],
    ['{ zone: UTC, from: "8:00" }', /11:31.*hours\.from: must be a time of day/],
    ['{ zone: UTC, from: "18:00", to: "18:00" }', /11:12.*hours: must not be empty/],
    ['{ zone: UTC, days: [monday] }', /11:32.*hours\.days\[0\]: must be one of: mon, tue/],
    ['{ zone: UTC, days: [] }', /11:31.*at least 1/],
    ['{ zone: UTC, holidays: [2026-02-30] }', /11:36.*must be a date such as/],
    ['{ zone: UTC, until: "18:00" }', /11:25.*"until" is not known here.*Allowed: zone, days, from, to, holidays/],
    ['{ days: [mon] }', /hours\.zone: is missing/],
  ])('with the hours %s is refused, with line and column', (hours, said) => {
    expect(problems(`    hours: ${hours}`)).toMatch(said);
  });
});

describe('a table of cases', () => {
  const cases = (at: string) =>
    parseCases(
      `version: 1
policy: policy.yaml
people: people.yaml
cases:
  - { name: one, who: ada, target: { mac: C02ADA01 }, window: 10m${at}, votes: [{ by: grace }], expect: { outcome: satisfied } }
`,
      'policy.test.yaml',
    );
  it('asks and votes at the time that a case says', async () => {
    const run = (at: string, now: number) => runCases(office, EVERYBODY, cases(at), now);
    expect((await run(', at: "2026-03-02T10:00+01:00"', EVENING)).cases[0]).toMatchObject({ ok: true });
    expect((await run(', at: 2026-12-25T20:00:00Z', NOW)).cases[0]).toMatchObject({
      outcome: 'deny',
      sentences: [expect.stringContaining('opens next on Monday, 2026-12-28, at 08:00'), 'Grace approved 10m.'],
    });
    expect((await run('', EVENING)).cases[0]).toMatchObject({ outcome: 'deny' });
  });
  it('takes no time that does not say where', () => {
    expect(() => cases(', at: 2026-03-02T10:00:00')).toThrow(/cases\[0\]\.at: must be an instant with its offset/);
    expect(parseMoment('2026-13-01T00:00Z')).toBeUndefined();
  });
});

describe('a comparison of policies', () => {
  const reach = (policy: Policy) => {
    const [rule] = policy.rules;
    return rule && { rule, approvers: [GRACE.personId] };
  };
  it.each([
    [policyOf(), office, 'narrowed'],
    [office, policyOf(), 'widened'],
    [office, policyOf({ more: OFFICE.replace('"18:00"', '"17:00"') }), 'narrowed'],
    [office, policyOf({ more: OFFICE.replace('"08:00"', '"07:00"') }), 'widened'],
    [office, policyOf({ more: OFFICE.replace('Berlin', 'London') }), 'widened'],
  ] as const)('tells other hours as more unless they are plainly less (%#)', (before, after, where) => {
    const change = compareReach(reach(before), reach(after));
    expect({ ...change, [where]: [] }).toEqual({ widened: [], narrowed: [], other: [] });
    expect(change[where][0]).toMatch(/^open (mon to fri|at any time).*, was /);
  });
});

it('a condition more never lets anything through that was refused without it, nor grants longer', () => {
  const lines = fc.constantFrom(OFFICE, NIGHT, '    hours: { zone: UTC, days: [mon] }');
  const vote = fc.constantFrom(approval(GRACE), approval(LINUS, 300_000), denial(GRACE), approval(ADA));
  const RANK = { deny: 0, 'needs-approval': 1, satisfied: 2 } as const;
  fc.assert(
    fc.property(lines, fc.array(vote, { maxLength: 3 }), fc.integer({ min: 0, max: 24 * 4 }), (more, votes, quarters) => {
      const question = { request: requestOf(), round: roundOf(requestOf()) };
      const now = NOW + quarters * (HOUR / 4);
      const [without, withIt] = [policyOf(), policyOf({ more })].map((one) => decide(one, question, factsOf(), votes, now));
      if (!without || !withIt) return false;
      expect(RANK[withIt.outcome]).toBeLessThanOrEqual(RANK[without.outcome]);
      expect(withIt.windowMs ?? 0).toBeLessThanOrEqual(without.windowMs ?? 0);
      return true;
    }),
  );
});
