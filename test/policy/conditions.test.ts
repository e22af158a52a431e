/** Conditions of a rule: what they refuse, in which words, and that they never let anything through. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { plain } from '../../cards/say.js';
import { why } from '../../cards/state-line.js';
import { isStintError, StintError } from '../../contract/errors.js';
import type { Digest } from '../../contract/ids.js';
import type { Requests } from '../../contract/ports.js';
import type { Category } from '../../contract/request.js';
import type { Vote } from '../../contract/verdict.js';
import { parseEvent } from '../../ledger/entry-schema.js';
import { parseMoment } from '../../policy/calendar.js';
import { parseCases } from '../../policy/case-file.js';
import { runCases } from '../../policy/cases.js';
import { judgeConditions } from '../../policy/conditions.js';
import { decide, decideBoth } from '../../policy/decide.js';
import { compareReach, type Reach } from '../../policy/diff-rules.js';
import { explainRequest } from '../../policy/explain.js';
import { createJudge } from '../../policy/judge.js';
import { macTarget } from '../../policy/macs.js';
import { directoryFrom } from '../../policy/people.js';
import { createPreview } from '../../policy/preview.js';
import { asksNoLess, reasonText } from '../../policy/reason.js';
import type { Policy } from '../../policy/rules.js';
import { planOf } from '../../policy/stages.js';
import { sha256 } from '../../seal/canonical.js';
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

describe('a reason', () => {
  const TEXT = 'IT-417: the queue is stuck';
  const asking = (rule: string) => policyOf({ more: `    reason: ${rule}` });
  const strict = asking(`{ min: 20, ticket: "[A-Z]+-[0-9]+", pattern: queue, message: Say which queue. }`);
  const texts = (...all: string[]) => ({
    getText: async (digest: Digest) => all.find((text) => sha256(text) === digest),
  });
  const question = (text: string) => {
    const request = requestOf({ reasonDigest: sha256(text) });
    const round = roundOf(request);
    return { request, digest: round.digest, round, votes: [approval(GRACE, 600_000, round.digest)] };
  };
  const judge = (policy: Policy, known: Pick<Requests, 'getText'> | undefined, then?: Policy) =>
    createJudge({
      policy: async () => policy,
      policies: { get: async () => then?.source },
      directory: directoryFrom(EVERYBODY),
      ...(known && { texts: known }),
      clock: () => NOW,
    });

  it.each([
    [
      TEXT,
      'satisfied',
      'The reason needs at least 20 characters. Say which queue. The reason must name a ticket ([A-Z]+-[0-9]+).',
    ],
    ['IT-417 queue stuck', 'unsatisfied', 'The reason needs at least 20 characters; this has 18.'],
    ['IT-417: the printer is stuck', 'unsatisfied', 'Say which queue.'],
    ['it-417: the queue is stuck', 'unsatisfied', 'The reason must name a ticket ([A-Z]+-[0-9]+). This names none.'],
    [`IT-417: queue${'.'.repeat(500)}`, 'unsatisfied', 'The reason may have at most 500 characters; this has 513.'],
  ])('%s is held against what was written, and nothing of it is repeated', async (text, state, sentence) => {
    const verdict = await judge(strict, texts(text))(question(text));
    expect(verdict.conditions).toEqual([{ name: 'reason', state, sentence }]);
    expect(verdict.outcome).toBe(state === 'satisfied' ? 'satisfied' : 'deny');
  });

  it('that cannot be read will not do, and the verdict says so', async () => {
    const altered = { getText: async () => `${TEXT}.` };
    for (const known of [undefined, texts(), altered]) {
      const verdict = await judge(strict, known)(question(TEXT));
      expect(verdict).toMatchObject({ outcome: 'deny', conditions: [{ name: 'reason', state: 'failed' }] });
      expect(verdict.sentences[0]).toContain("It can't be read, so it does not count.");
    }
  });

  it('is no yes while the store is down: its error passes through', async () => {
    const down = { getText: () => Promise.reject(new StintError('store-unavailable', 'The store is down.')) };
    await expect(judge(strict, down)(question(TEXT))).rejects.toThrow('The store is down.');
  });

  it('has to do for then and for now', async () => {
    const other = asking('{ ticket: CHG-1 }');
    const verdict = await judge(strict, texts(TEXT), other)({ ...question(TEXT), policyThen: other.hash });
    expect(verdict.outcome).toBe('deny');
    expect(verdict.conditions?.map(({ state }) => state)).toEqual(['unsatisfied', 'satisfied']);
  });

  it('is read for the click of an approver, too', async () => {
    const { request, digest } = question(TEXT);
    const clicked = (known: Pick<Requests, 'getText'>) =>
      createPreview({
        policy: async () => strict,
        directory: directoryFrom(EVERYBODY),
        texts: known,
        clock: () => NOW,
      }).judgeClick(viewOf(judged(strict, NOW, []), { request, digest }), GRACE, 'approve', 600_000);
    expect(await clicked(texts(TEXT))).toEqual({ ok: true });
    expect(await clicked(texts())).toMatchObject({ ok: false, sentence: expect.stringContaining("can't be read") });
  });

  it('is asked for in words with the offer, and is the only thing that an explanation leaves open', async () => {
    const preview = createPreview({ policy: async () => strict, directory: directoryFrom(EVERYBODY), clock: () => NOW });
    const says = 'The reason needs at least 20 characters. Say which queue. The reason must name a ticket ([A-Z]+-[0-9]+).';
    expect((await preview.offersFor(ADA)).offers[0]?.reason).toEqual({ rule: strict.rules[0]?.reason, says });
    const { requester, subject, target } = requestOf();
    const facts = { ...factsOf(), voters: [] };
    const { holds, tree } = explainRequest({
      policy: strict,
      ask: { requester, subject, target },
      facts,
      whose: { holds: 'yes', why: '' },
      now: NOW,
    });
    expect(holds).toBe('yes');
    expect(tree.children.find(({ what }) => what === 'the reason will do')).toMatchObject({
      holds: 'unknown',
      why: `${says} None is given here.`,
    });
  });

  it.each([
    ['{ min: 9 }', /12:20 targets\[0\]\.reason\.min: must be at least 10/],
    ['{ min: 501 }', /must be at most 500/],
    ['{}', /12:13 targets\[0\]\.reason: must ask for something/],
    ['{ min: 20, message: Why? }', /reason: has a message.*but no pattern/],
    ['{ pattern: "(a" }', /12:24 targets\[0\]\.reason\.pattern: must be a regular expression: Unterminated group/],
    ['{ ticket: "(?=a)" }', /reason\.ticket: must not look around/],
    ['{ tickets: A }', /"tickets" is not known here; did you mean "ticket"/],
  ])('rule %s is refused, with line and column', (rule, said) => {
    expect(problems(`    reason: ${rule}`)).toMatch(said);
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
      /policy\.yaml:12:20 targets\[0\]\.hours\.zone: must be the IANA name.*did you mean "Europe\/Berlin"/,
    ],
    ['{ zone: CET }', /12:20 targets\[0\]\.hours\.zone: is an abbreviation; name a place such as Europe\/Berlin, or UTC/],
    ['{ zone: PST8PDT }', /12:20.*is an abbreviation/],
    ['{ zone: "+01:00" }', /12:20.*such as Europe\/Berlin, or UTC/],
    ['{ zone: UTC, from: "8:00" }', /12:31.*hours\.from: must be a time of day/],
    ['{ zone: UTC, from: "18:00", to: "18:00" }', /12:12.*hours: must not be empty/],
    ['{ zone: UTC, days: [monday] }', /12:32.*hours\.days\[0\]: must be one of: mon, tue.*did you mean "mon"/],
    ['{ zone: UTC, days: [] }', /12:31.*at least 1/],
    ['{ zone: UTC, holidays: [2026-02-30] }', /12:36.*must be a date such as/],
    ['{ zone: UTC, until: "18:00" }', /12:25.*"until" is not known here.*Allowed: zone, days, from, to, holidays/],
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
    if (!rule) return undefined;
    const plan = planOf(rule, { own: [ADA.personId], subject: ADA, find: () => undefined, now: 0 });
    const found: Reach = { rule, approvers: [GRACE.personId], plan, could: [GRACE], after: () => found };
    return found;
  };
  it.each([
    [policyOf(), office, 'narrowed'],
    [office, policyOf(), 'widened'],
    [office, policyOf({ more: OFFICE.replace('"18:00"', '"17:00"') }), 'narrowed'],
    [office, policyOf({ more: OFFICE.replace('"08:00"', '"07:00"') }), 'widened'],
    [policyOf({ more: OFFICE.replace('Berlin', 'London') }), policyOf({ more: '    hours: { zone: UTC }' }), 'widened'],
    [policyOf(), policyOf({ more: '    reason: { min: 20 }' }), 'narrowed'],
    [policyOf({ more: '    reason: { min: 20 }' }), policyOf({ more: '    reason: { min: 15 }' }), 'widened'],
    [policyOf({ more: '    reason: { ticket: A }' }), policyOf({ more: '    reason: { ticket: A, pattern: B }' }), 'narrowed'],
  ] as const)('tells what is plainly more or less as that alone (%#)', (before, after, where) => {
    const change = compareReach(reach(before), reach(after));
    expect({ ...change, [where]: [] }).toEqual({ widened: [], narrowed: [], other: [] });
    expect(change[where][0]).toMatch(/^(open (mon to fri|at any time).*, was |The reason .* Was: )/);
  });

  const compared = (before: string, after: string) => {
    const [was, is] = [before, after].map((one) => reach(policyOf({ more: `    ${one}` })));
    return compareReach(was, is);
  };
  const hours = (more: string) => `hours: { zone: UTC, from: "08:00", to: "18:00", ${more} }`;
  const reason = (more: string) => `reason: { ${more} }`;

  it.each([
    [
      hours('days: [mon, tue], holidays: [2026-12-25]'),
      hours('days: [mon, tue], holidays: [2026-12-26]'),
      'open mon, tue, 08:00 to 18:00 (UTC), holidays excepted, was mon, tue, 08:00 to 18:00 (UTC), holidays excepted; holidays new: 2026-12-26; holidays no more: 2026-12-25',
    ],
    [hours('days: [mon, tue]'), hours('days: [wed]'), 'open wed, 08:00 to 18:00 (UTC), was mon, tue, 08:00 to 18:00 (UTC)'],
    [
      'hours: { zone: Europe/Berlin, to: "12:00" }',
      'hours: { zone: Europe/London, to: "12:00" }',
      'open every day, 00:00 to 12:00 (Europe/London), was every day, 00:00 to 12:00 (Europe/Berlin)',
    ],
    [
      reason('pattern: "^[A-Z]", message: Capital.'),
      reason('pattern: "^[0-9]", message: Capital.'),
      'The reason must match ^[0-9]. Was: The reason must match ^[A-Z].',
    ],
    [
      reason('category: [install, debug]'),
      reason('category: [install, config]'),
      'The category must be one of: install, config. Was: The category must be one of: install, debug.',
    ],
    [
      reason('min: 20'),
      reason('min: 15, ticket: A'),
      'The reason needs at least 15 characters. The reason must name a ticket (A). Was: The reason needs at least 20 characters.',
    ],
    [
      'later: { ahead: 1d, missed: 2h }',
      'later: { ahead: 2d, missed: 1h }',
      'may be asked for later, up to 2d ahead; it begins within 1h of the time that is named, or not at all; was: may be asked for later, up to 1d ahead; it begins within 2h of the time that is named, or not at all',
    ],
  ])('tells what gives and takes at once as both, and shows what differs (%#)', (before, after, text) => {
    expect(compared(before, after)).toEqual({ widened: [text], narrowed: [text], other: [] });
    const back = compared(after, before);
    expect(back).toEqual({ widened: [expect.any(String)], narrowed: back.widened, other: [] });
  });

  it.each([
    [hours('holidays: [2026-12-25]'), hours('holidays: [2026-12-25, 2026-12-26]'), '; holidays new: 2026-12-26'],
    [reason('pattern: A'), reason('pattern: A, category: [debug]'), 'The category must be debug. The reason must match A. Was: '],
    [reason('pattern: A, category: [debug, config]'), reason('pattern: A, category: [debug]'), 'The category must be debug. '],
  ])('tells what only takes as less, and the other way round as more (%#)', (before, after, text) => {
    const [there, back] = [compared(before, after), compared(after, before)];
    expect(there).toEqual({ widened: [], narrowed: [expect.stringContaining(text)], other: [] });
    expect(back).toEqual({ widened: [expect.any(String)], narrowed: [], other: [] });
  });

  it('tells another message as neither more nor less, and what is only written otherwise not at all', () => {
    const said = (message: string) => reason(`pattern: "^[A-Z]", message: ${message}`);
    const none = { widened: [], narrowed: [], other: [] };
    expect(compared(said('Capital.'), said('Big.'))).toEqual({
      ...none,
      other: ['of a reason that does not match it says "Big.", was "Capital."'],
    });
    expect(compared(said('Capital.'), reason('pattern: "^[A-Z]"'))).toEqual({
      ...none,
      other: ['of a reason that does not match it says no words of its own, was "Capital."'],
    });
    expect(compared(reason('category: [debug, config]'), reason('category: [config, debug]'))).toEqual(none);
    expect(compared(hours('days: [mon, tue]'), hours('days: [tue, mon]'))).toEqual(none);
  });

  it('shows the holidays of what the policy approves by itself, and of when others join', () => {
    const own = (date: string) =>
      policyOf({
        approve: `{ groups: [it], policy: { upTo: 15m, perDay: 3, hours: { zone: UTC, to: "12:00", holidays: [${date}] } } }`,
      });
    const joined = (more: string) =>
      policyOf({ approve: `{ groups: [it], escalate: [{ outside: { zone: UTC, to: "12:00", ${more} }, groups: [security] }] }` });
    const moved = expect.stringMatching(/; holidays new: 2026-12-26; holidays no more: 2026-12-25$/);
    for (const [before, after] of [
      [own('2026-12-25'), own('2026-12-26')],
      [joined('holidays: [2026-12-25]'), joined('holidays: [2026-12-26]')],
    ] as const)
      expect(compareReach(reach(before), reach(after))).toEqual({ widened: [moved], narrowed: [moved], other: [] });
    // The fewer hours, the longer others may decide too.
    const [less, more] = [joined('holidays: []'), joined('days: [mon]')];
    expect(compareReach(reach(less), reach(more))).toMatchObject({ widened: [expect.any(String)], narrowed: [] });
    expect(compareReach(reach(more), reach(less))).toMatchObject({ widened: [], narrowed: [expect.any(String)] });
  });
});

it('a condition more never lets anything through that was refused without it, nor grants longer', () => {
  const lines = fc.constantFrom(OFFICE, NIGHT, '    hours: { zone: UTC, days: [mon] }', '    reason: { ticket: IT }');
  const vote = fc.constantFrom(approval(GRACE), approval(LINUS, 300_000), denial(GRACE), approval(ADA));
  const RANK = { deny: 0, 'needs-approval': 1, satisfied: 2, auto: 2 } as const;
  const reason = fc.constantFrom('IT-417: the queue is stuck', 'the queue is stuck', undefined);
  fc.assert(
    fc.property(
      lines,
      reason,
      fc.array(vote, { maxLength: 3 }),
      fc.integer({ min: 0, max: 24 * 4 }),
      (more, text, votes, quarters) => {
        const question = { request: requestOf(), round: roundOf(requestOf()) };
        const now = NOW + quarters * (HOUR / 4);
        const facts = { ...factsOf(), ...(text === undefined ? {} : { reason: text }) };
        const [without, withIt] = [policyOf(), policyOf({ more })].map((one) => decide(one, question, facts, votes, now));
        if (!without || !withIt) return false;
        expect(RANK[withIt.outcome]).toBeLessThanOrEqual(RANK[without.outcome]);
        expect(withIt.windowMs ?? 0).toBeLessThanOrEqual(without.windowMs ?? 0);
        return true;
      },
    ),
  );
});

describe('the category that a rule asks for', () => {
  const policy = policyOf({ more: '    reason: { category: [debug, security] }' });
  const judgedAs = (category: Category, text = 'a good reason') => {
    const request = requestOf({ category, reasonDigest: sha256(text) });
    return decide(policy, { request, round: roundOf(request) }, { ...factsOf(), reason: text }, [], NOW);
  };

  it('is one of those that it names, and every other refuses with a sentence', () => {
    for (const category of ['debug', 'security'] as const) expect(judgedAs(category).outcome).toBe('needs-approval');
    const sentence = 'The category must be one of: debug, security. This is install.';
    expect(judgedAs('install')).toMatchObject({ outcome: 'deny', sentences: [sentence] });
    expect(judgeConditions(policy.rules, { now: NOW, reason: 'a good reason' })[0]).toMatchObject({
      state: 'unsatisfied',
      sentence: 'The category must be one of: debug, security. This is not known.',
    });
  });

  it('is said before, and compared: fewer of them are less', () => {
    const rule = (text: string) => policyOf({ more: `    reason: ${text}` }).rules[0]?.reason;
    const two = rule('{ category: [debug, security] }');
    expect(two && reasonText(two)).toBe('The category must be one of: debug, security.');
    const one = rule('{ category: [debug] }');
    expect(one && reasonText(one)).toBe('The category must be debug.');
    expect([asksNoLess(one, two), asksNoLess(two, one), asksNoLess(two, undefined), asksNoLess(undefined, two)]).toEqual([
      true,
      false,
      true,
      false,
    ]);
    expect(() => rule('{ category: [] }')).toThrow();
    expect(() => rule('{ category: [bug] }')).toThrow(/must be one of: install, debug/);
  });
});
