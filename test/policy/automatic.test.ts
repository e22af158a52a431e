/** What a policy approves in its own name: only what it says, never past its caps, never where anything is in doubt. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isStintError, StintError } from '../../contract/errors.js';
import type { PersonId, RequestId } from '../../contract/ids.js';
import type { Happened } from '../../contract/limits.js';
import type { Directory, Person, UsageBook } from '../../contract/ports.js';
import type { Verdict } from '../../contract/verdict.js';
import { parseCases } from '../../policy/case-file.js';
import { runCases } from '../../policy/cases.js';
import { decide, decideBoth } from '../../policy/decide.js';
import { diffPolicies } from '../../policy/diff.js';
import { explainRequest } from '../../policy/explain.js';
import { createJudge } from '../../policy/judge.js';
import { NO_USAGE } from '../../policy/limits.js';
import { directoryFrom } from '../../policy/people.js';
import { createPreview } from '../../policy/preview.js';
import type { Policy } from '../../policy/rules.js';
import { requestDigest } from '../../seal/canonical.js';
import { ADA, approval, at, denial, EVERYBODY, factsOf, GRACE, LINUS, MIN, NOW, policyOf, requestOf, roundOf } from './world.js';

const DAY = 24 * 60 * MIN;
const own = (policy: string, more = ''): Policy => policyOf({ approve: `{ groups: [it], policy: ${policy} }`, more });
const CAPPED = own('{ upTo: 15m, perDay: 3 }');
const earlier = (name: string, ms: number, rule = 'macs'): Happened => {
  return { requestId: name.padEnd(26, 'a') as RequestId, rule, at: at(ms) };
};
const THREE = ['b', 'c', 'd'].map((name) => earlier(name, -MIN));

interface Asked {
  readonly policy?: Policy;
  readonly request?: ReturnType<typeof requestOf>;
  readonly automatic?: readonly Happened[];
  readonly votes?: Parameters<typeof decide>[3];
  readonly now?: number;
}

function judged({ policy = CAPPED, request = requestOf(), automatic = [], votes = [], now = NOW }: Asked = {}) {
  const facts = { ...factsOf(EVERYBODY, request), usage: { ...NO_USAGE, automatic } };
  return decide(policy, { request, round: roundOf(request) }, facts, votes, now);
}

describe('the policy itself approves', () => {
  it('what its rule says, in the name of the rule and of nobody', () => {
    expect(judged()).toMatchObject({
      outcome: 'auto',
      rule: 'macs',
      windowMs: 10 * MIN,
      approvedBy: [],
      approvers: ['grace', 'linus'],
      limits: [{ rule: 'macs', automaticPerDay: 3 }],
      sentences: [
        'Approved by the policy itself (rule macs): up to 15m, at most 3 times a day for one person. Nobody was asked.',
      ],
    });
  });

  it.each([
    ['perHour: 1', { automaticPerHour: 1 }, 'once an hour'],
    ['perWeek: 1', { automaticPerWeek: 1 }, 'once a week'],
    ['perHour: 2, perDay: 2', { automaticPerHour: 2, automaticPerDay: 2 }, '2 times an hour and 2 times a day'],
    ['perDay: 2, perWeek: 2', { automaticPerDay: 2, automaticPerWeek: 2 }, '2 times a day and 2 times a week'],
  ])('as often as its intervals say, which go on with the verdict: %s', (caps, limits, said) => {
    const policy = own(`{ upTo: 15m, ${caps} }`);
    const verdict = judged({ policy });
    expect(verdict).toMatchObject({
      outcome: 'auto',
      sentences: [expect.stringContaining(`up to 15m, at most ${said} for one`)],
    });
    expect(verdict.limits).toStrictEqual([{ rule: 'macs', ...limits }]);
    expect(judged({ policy, automatic: THREE }).outcome).toBe('needs-approval');
    expect(Object.keys(policy.rules[0]?.automatic ?? {})).toEqual(['upToMs', ...(caps.match(/per\w+/g) ?? [])]);
  });

  it.each<[string, Asked, string]>([
    ['a longer window', { request: requestOf({ windowMs: 30 * MIN }) }, 'The policy itself approves at most 15m.'],
    ['one more than its cap', { automatic: THREE }, 'The policy itself approves at most 3 requests of Ada a day'],
    [
      'what is asked for somebody else',
      { request: requestOf({ requester: { personId: GRACE.personId, name: 'Grace' } }) },
      'The policy itself approves only what somebody asks for themselves.',
    ],
    [
      'what is asked outside its hours',
      { policy: own('{ upTo: 15m, perDay: 3, hours: { zone: UTC, from: "18:00", to: "06:00" } }') },
      'The policy itself approves every day, 18:00 to 06:00 of the next day (UTC) only.',
    ],
  ])('not %s: a person has to', (_, asked, why) => {
    const verdict = judged(asked);
    expect(verdict).toMatchObject({ outcome: 'needs-approval' });
    expect(verdict.windowMs).toBeUndefined();
    expect(verdict.limits).toBeUndefined();
    expect(verdict.sentences[0]).toContain(why);
    expect(verdict.sentences[0]).toMatch(/So a person has to decide\.$/);
    expect(verdict.sentences[1]).toContain('One more approval is needed');
  });

  it('no extension, and nothing once somebody has voted', () => {
    const request = requestOf();
    const facts = { ...factsOf(), usage: NO_USAGE };
    const extension = { ...roundOf(request), kind: 'extension' } as const;
    expect(decide(CAPPED, { request, round: extension }, facts, [], NOW).outcome).toBe('needs-approval');
    expect(judged({ votes: [approval(GRACE)] })).toMatchObject({ outcome: 'satisfied', approvedBy: ['grace'] });
    expect(judged({ votes: [approval(ADA)] }).outcome).toBe('needs-approval');
    expect(judged({ votes: [denial(GRACE)] }).outcome).toBe('deny');
  });

  it('nothing once people were asked, whatever cap opens meanwhile: those who join later are told as without it', async () => {
    const approve = '{ groups: [it], escalate: [{ after: 15m, groups: [security] }], policy: { upTo: 15m, perDay: 3 } }';
    const policy = policyOf({ approve });
    const request = requestOf();
    const judge = createJudge({
      policy: async () => policy,
      policies: { get: async () => undefined },
      directory: directoryFrom(EVERYBODY),
      usage: { of: async () => NO_USAGE },
      clock: () => NOW + MIN,
    });
    const input = { request, digest: requestDigest(request), round: roundOf(request), votes: [] };
    const own = await judge(input);
    expect([own.outcome, own.again]).toEqual(['auto', undefined]);
    const asked = await judge({ ...input, byPeople: true });
    expect(asked).toMatchObject({ outcome: 'needs-approval', approvers: ['grace', 'linus'], again: at(15 * MIN) });
    expect([asked.windowMs, asked.limits]).toEqual([undefined, undefined]);
  });

  it('nothing that is refused anyway', () => {
    const limited = own('{ upTo: 15m, perDay: 3 }', '    limits: { live: 1 }');
    const held = [{ ...earlier('b', -MIN), live: true, windowMs: MIN, notAfter: at(MIN) }];
    const request = requestOf();
    const facts = { ...factsOf(), usage: { ...NO_USAGE, held } };
    expect(decide(limited, { request, round: roundOf(request) }, facts, [], NOW).outcome).toBe('deny');
    expect(judged({ policy: own('{ upTo: 15m, perDay: 3 }', '    hours: { zone: UTC, from: "18:00" }') }).outcome).toBe('deny');
    expect(judged({ request: requestOf({ windowMs: 7 * MIN }) }).outcome).toBe('deny');
  });

  it('nothing where nobody has counted', () => {
    const request = requestOf();
    const verdict = decide(CAPPED, { request, round: roundOf(request) }, factsOf(), [], NOW);
    expect(verdict).toMatchObject({ outcome: 'needs-approval' });
    expect(verdict.sentences[0]).toBe('How often the policy itself approved is not known. So a person has to decide.');
  });

  it('again once a day has gone by since the first', () => {
    const automatic = [earlier('b', 1 - DAY), earlier('c', -MIN), earlier('d', -MIN)];
    expect(judged({ automatic }).outcome).toBe('needs-approval');
    expect(judged({ automatic, now: NOW + 1 }).outcome).toBe('auto');
  });

  it('counts by its own rule, and what has no rule on record as well', () => {
    const { rule: _, ...unknown } = earlier('e', -MIN);
    expect(judged({ automatic: [...THREE.slice(1), earlier('e', -MIN, 'other')] }).outcome).toBe('auto');
    expect(judged({ automatic: [...THREE.slice(1), unknown] }).outcome).toBe('needs-approval');
  });
});

describe('of the policy then and now', () => {
  const both = (then: Policy, now: Policy, automatic: readonly Happened[] = [], windowMs = 10 * MIN) => {
    const request = requestOf({ windowMs });
    const facts = { ...factsOf(EVERYBODY, request), usage: { ...NO_USAGE, automatic } };
    return decideBoth(then, now, { request, round: roundOf(request) }, facts, [], NOW);
  };
  const shorter = own('{ upTo: 5m, perDay: 3 }');
  const rarer = own('{ upTo: 15m, perDay: 1 }');

  it('both have to approve by themselves; else a person decides', () => {
    expect(both(CAPPED, CAPPED).outcome).toBe('auto');
    expect(both(CAPPED, policyOf()).outcome).toBe('needs-approval');
    expect(both(policyOf(), CAPPED).outcome).toBe('needs-approval');
  });

  it('the caps of both hold', () => {
    for (const [then, now] of [[CAPPED, shorter] as const, [shorter, CAPPED] as const]) {
      expect(both(then, now).outcome).toBe('needs-approval');
      expect(both(then, now, [], 5 * MIN).outcome).toBe('auto');
    }
    for (const [then, now] of [[CAPPED, rarer] as const, [rarer, CAPPED] as const]) {
      expect(both(then, now)).toMatchObject({
        outcome: 'auto',
        limits: expect.arrayContaining([{ rule: 'macs', automaticPerDay: 1 }]),
      });
      expect(both(then, now, THREE.slice(2)).outcome).toBe('needs-approval');
    }
  });
});

describe('a directory or a store that fails is no yes', () => {
  const request = requestOf();
  const input = { request, digest: requestDigest(request), round: roundOf(request), votes: [] };
  const judge = (directory: Directory, usage: UsageBook | undefined, policy = CAPPED, then = policy) =>
    createJudge({
      policy: async () => policy,
      policies: { get: async () => then.source },
      directory,
      ...(usage && { usage }),
      clock: () => NOW,
    })({ ...input, policyThen: then.hash });
  const calm: UsageBook = { of: async () => NO_USAGE };
  const sound = directoryFrom(EVERYBODY);

  const FAILURES = {
    throws: () => {
      throw new Error('the directory is down');
    },
    rejects: () => Promise.reject(new Error('the directory is down')),
    'is unavailable': () => Promise.reject(new StintError('oncall-unavailable', 'Who is on call is not known.')),
    'knows nobody': (method: string) =>
      Promise.resolve(method === 'person' ? undefined : method === 'onCall' ? { members: [] } : []),
  } as const;
  const DESK = 'oncall:desk';
  const NIGHTS = `{ outside: { zone: UTC, from: "18:00" }, groups: ["${DESK}"] }`;
  const read = new Map<string, Policy>();
  const policyWith = (
    ask: readonly string[],
    groups: readonly string[],
    manager: boolean,
    upTo: string,
    step: boolean,
  ): Policy => {
    const escalate = step && !groups.includes(DESK) ? `, escalate: [${NIGHTS}]` : '';
    const approve = `{ groups: ${JSON.stringify(groups)}, manager: ${manager}, policy: { upTo: ${upTo}, perDay: 3 }${escalate} }`;
    const policy = read.get(ask + approve) ?? policyOf({ ask: `{ groups: ${JSON.stringify(ask)} }`, approve });
    read.set(ask + approve, policy);
    return policy;
  };
  const anyPolicy = fc
    .tuple(
      fc.subarray(['staff', 'it', DESK], { minLength: 1 }),
      fc.subarray(['it', 'security', DESK], { minLength: 1 }),
      fc.boolean(),
      fc.constantFrom('5m', '15m'),
      fc.boolean(),
    )
    .map((parts) => policyWith(...parts));
  const anyId = fc.constantFrom('ada', 'grace', 'linus', 'nobody').map((id) => id as PersonId);
  const anyone = fc.record({
    groups: fc.subarray(['staff', 'it', 'security']),
    manager: fc.option(anyId, { nil: undefined }),
    delegate: fc.option(anyId, { nil: undefined }),
    active: fc.integer({ min: 0, max: 5 }).map((n) => n > 0),
  });
  const anyPeople = fc.tuple(anyone, anyone, anyone).map((all) =>
    all.map(
      ({ groups, manager, delegate, active }, i): Person => ({
        ...([ADA, GRACE, LINUS][i] ?? ADA),
        groups,
        active,
        ...(manager && { manager }),
        ...(delegate && { away: { from: at(-MIN), until: at(MIN), delegate } }),
      }),
    ),
  );
  const anyFailure = fc.record({
    method: fc.constantFrom<keyof Directory | 'any'>('any', 'person', 'membersOf', 'onCall'),
    nth: fc.nat({ max: 5 }),
    how: fc.constantFrom(...(Object.keys(FAILURES) as (keyof typeof FAILURES)[])),
  });

  it('whatever the policy and the people, whichever call it is, and however it fails', async () => {
    const seen = { auto: 0, failed: 0, prevented: 0 };
    await fc.assert(
      fc.asyncProperty(
        anyPolicy,
        fc.option(anyPolicy, { nil: undefined, freq: 1 }),
        anyPeople,
        fc.subarray([0, 1, 2]),
        fc.boolean(),
        anyFailure,
        async (now, then, people, duty, ends, { method, nth, how }) => {
          const onCall = duty.map((i) => people[i] ?? ADA);
          const plain = directoryFrom(people);
          const sound: Directory = {
            ...plain,
            membersOf: async (group) => (group === DESK ? onCall : plain.membersOf(group)),
            ...(ends && { onCall: async () => ({ members: onCall, untilMs: NOW + MIN }) }),
          };
          let calls = 0;
          let looked = 0;
          let isOurs = false;
          const failing =
            (name: string, real: (...given: never[]) => unknown) =>
            (...given: never[]) => {
              if (name === 'person') looked += 1;
              if ((method !== 'any' && method !== name) || calls++ !== nth) return real(...given);
              // The first two are the requester and the subject.
              isOurs = name === 'person' && looked <= 2;
              return FAILURES[how](name);
            };
          const broken = Object.fromEntries(Object.entries(sound).map(([name, real]) => [name, failing(name, real)]));
          const answer = (directory: Directory) => judge(directory, calm, now, then).catch((error: unknown) => error);
          const [well, ill] = [await answer(sound), await answer(broken as unknown as Directory)];
          const isAuto = (given: unknown) => !(given instanceof Error) && (given as Verdict).outcome === 'auto';
          if (isAuto(well)) seen.auto += 1;
          // A call that is never made fails nothing.
          if (calls <= nth) return;
          seen.failed += 1;
          if (isAuto(well) && !isAuto(ill)) seen.prevented += 1;
          // Somebody else of whom nothing is found takes no part in what the policy says by itself.
          if (how === 'knows nobody' && !isOurs) expect(isAuto(ill) && !isAuto(well)).toBe(false);
          else expect(isAuto(ill)).toBe(false);
        },
      ),
      { numRuns: 3000 },
    );
    expect(Math.min(seen.auto, seen.failed, seen.prevented)).toBeGreaterThan(100);
  });

  it('nor is a step of which it is not known who is on call: a person decides', async () => {
    const onCall = () => FAILURES['is unavailable']();
    const stepped = policyWith(['staff'], ['it'], false, '15m', true);
    expect(await judge({ ...sound, onCall: async () => ({ members: [] }) }, calm, stepped)).toMatchObject({ outcome: 'auto' });
    const verdict = await judge({ ...sound, onCall }, calm, stepped);
    expect(verdict).toMatchObject({
      outcome: 'needs-approval',
      untold: ['Who is on call is not known.'],
      approvers: ['grace', 'linus'],
    });
    expect(verdict.windowMs).toBeUndefined();
    expect(verdict.sentences).toContain(
      'The policy itself approves nothing while it is not known who is on call. So a person has to decide.',
    );
  });

  it('nor is a person of whom nothing is found', async () => {
    for (const gone of [[GRACE], [{ ...ADA, active: false }, GRACE]])
      expect((await judge(directoryFrom(gone), calm)).outcome).toBe('deny');
  });

  it('nor a count that fails, or that nobody makes', async () => {
    const failing: UsageBook = { of: () => Promise.reject(new Error('the store is down')) };
    await expect(judge(sound, failing)).rejects.toThrow('the store is down');
    expect((await judge(sound, undefined)).outcome).toBe('needs-approval');
  });
});

const perHour = (most: number) => ({ key: 'perHour', most, ms: DAY / 24 });
const perDay = (most: number) => ({ key: 'perDay', most, ms: DAY });
const perWeek = (most: number) => ({ key: 'perWeek', most, ms: 7 * DAY });
const CAPS = [[perDay(1)], [perDay(2)], [perHour(1)], [perWeek(2)], [perHour(1), perDay(3)], [perHour(1), perDay(2), perWeek(3)]];

it('whatever is asked, by whatever policy: never longer, never more often, never for another, and never wider by a second policy', () => {
  const said = [5, 10, 15, 30].flatMap((upTo) => CAPS.flatMap((caps) => [true, false].map((open) => ({ upTo, caps, open }))));
  const owns = said.map((one) => {
    const hours = one.open ? '' : ', hours: { zone: UTC, from: "18:00" }';
    const caps = one.caps.map(({ key, most }) => `${key}: ${most}`).join(', ');
    return { ...one, policy: own(`{ upTo: ${one.upTo}m, ${caps}${hours} }`) };
  });
  const anyOwn = fc.constantFrom(...owns);
  const anyAsked = fc.record({
    windowMs: fc.constantFrom(5, 7, 10, 15, 30, 60).map((minutes) => minutes * MIN),
    requester: fc.constantFrom(ADA, GRACE),
    automatic: fc.array(fc.oneof(fc.integer({ min: -9 * 24 * 60, max: 5 }), fc.integer({ min: -90, max: 5 })), { maxLength: 4 }),
    votes: fc.subarray([approval(GRACE), denial(GRACE), approval(ADA)]),
  });
  fc.assert(
    fc.property(
      anyOwn,
      fc.option(anyOwn, { nil: undefined }),
      anyAsked,
      (first, second, { windowMs, requester, automatic, votes }) => {
        const request = requestOf({ windowMs, requester: { personId: requester.personId, name: requester.name } });
        const counted = automatic.map((minutes, i) => earlier(`${'bcdef'[i]}`, minutes * MIN));
        const facts = { ...factsOf(EVERYBODY, request), usage: { ...NO_USAGE, automatic: counted } };
        const question = { request, round: roundOf(request) };
        const { policy } = first;
        const alone = decide(policy, question, facts, votes, NOW);
        const verdict = second ? decideBoth(policy, second.policy, question, facts, votes, NOW) : alone;
        if (verdict.outcome !== 'auto') return;
        expect(alone.outcome).toBe('auto');
        expect(verdict.approvedBy).toEqual([]);
        expect(votes).toEqual([]);
        expect(requester).toBe(ADA);
        for (const one of second ? [first, second] : [first]) {
          expect(verdict.windowMs).toBeLessThanOrEqual(one.upTo * MIN);
          expect(one.open).toBe(true);
          for (const { most, ms } of one.caps)
            expect(counted.filter((other) => Date.parse(other.at) > NOW - ms).length).toBeLessThan(most);
        }
      },
    ),
    { numRuns: 2000 },
  );
});

describe('the tools know of it', () => {
  const cases = (text: string) =>
    runCases(
      CAPPED,
      EVERYBODY,
      parseCases(
        `version: 1\npolicy: p\npeople: q\ncases:\n  - { name: one, who: ada, target: { mac: C02ADA01 }, window: 10m, ${text} }`,
        't',
      ),
      NOW,
    );

  it('a case expects it, and says how often it was before', async () => {
    expect((await cases('expect: { outcome: auto, window: 10m }')).cases[0]?.failures).toEqual([]);
    const full = await cases('had: { automatic: 3 }, expect: { outcome: auto }');
    expect(full.cases[0]?.failures).toEqual(['outcome: expected auto, got needs-approval']);
  });

  it('the explanation says it, and holds where nobody could approve', () => {
    const { requester, subject, target } = requestOf();
    const explain = (policy: Policy, windowMs: number) =>
      explainRequest({
        policy,
        ask: { requester, subject, target, windowMs },
        facts: { ...factsOf(), approverPool: [] },
        whose: { holds: 'yes', why: '' },
        now: NOW,
      });
    const leafOf = (policy: Policy, windowMs: number) =>
      explain(policy, windowMs).tree.children.find(({ what }) => what.startsWith('the policy itself'));
    expect(leafOf(CAPPED, 10 * MIN)).toMatchObject({
      what: 'the policy itself approves, up to 15m, at most 3 times a day for one person',
      holds: 'yes',
    });
    expect(explain(CAPPED, 10 * MIN).holds).toBe('yes');
    expect(leafOf(CAPPED, 30 * MIN)).toMatchObject({ holds: 'no', why: expect.stringContaining('at most 15m') });
    expect(explain(CAPPED, 30 * MIN).holds).toBe('no');
    expect(leafOf(policyOf(), 10 * MIN)).toBeUndefined();
  });

  it.each([
    [
      '',
      '{ upTo: 15m, perDay: 3 }',
      'approved by the policy itself up to 15m, at most 3 times a day for one person, was always approved by people',
    ],
    ['{ upTo: 15m, perDay: 3 }', '{ upTo: 15m, perDay: 4 }', undefined],
    ['{ upTo: 10m, perDay: 3 }', '{ upTo: 15m, perDay: 3 }', undefined],
    ['{ upTo: 15m, perDay: 3, hours: { zone: UTC, from: "18:00" } }', '{ upTo: 15m, perDay: 3 }', undefined],
    [
      '{ upTo: 15m, perHour: 1, perDay: 3, perWeek: 7 }',
      '{ upTo: 15m, perDay: 3, perWeek: 7 }',
      'approved by the policy itself up to 15m, at most 3 times a day and 7 times a week for one person, was approved by the policy itself up to 15m, at most once an hour and 3 times a day and 7 times a week for one person',
    ],
    ['{ upTo: 15m, perDay: 3, perWeek: 7 }', '{ upTo: 15m, perDay: 3 }', undefined],
    ['{ upTo: 15m, perDay: 3, perWeek: 7 }', '{ upTo: 15m, perDay: 3, perWeek: 8 }', undefined],
  ])('a comparison tells %j from %j: wider, and narrower the other way round', (was, is, text) => {
    const [one, other] = [was, is].map((said) => (said ? own(said) : policyOf()));
    if (!one || !other) throw new Error('two were made');
    const [there] = diffPolicies(one, other, EVERYBODY).groups;
    expect(there).toMatchObject({ widened: [text ?? expect.stringContaining('by the policy itself')], narrowed: [], other: [] });
    const [back] = diffPolicies(other, one, EVERYBODY).groups;
    expect(back).toMatchObject({ widened: [], narrowed: [expect.stringContaining('by the policy itself')], other: [] });
  });

  it('a comparison says nothing where nothing changed', () => {
    const policy = own('{ upTo: 5m, perHour: 1, hours: { zone: UTC, from: "18:00" } }');
    expect(diffPolicies(policy, policy, EVERYBODY).groups).toEqual([]);
  });

  it('a comparison tells what is neither as both', () => {
    const [group] = diffPolicies(own('{ upTo: 5m, perDay: 3 }'), own('{ upTo: 15m, perDay: 1 }'), EVERYBODY).groups;
    expect(group?.widened).toEqual(group?.narrowed);
    expect(group?.widened).toHaveLength(1);
  });

  it('an offer says it before anybody asks', async () => {
    const preview = createPreview({ policy: async () => CAPPED, directory: directoryFrom(EVERYBODY), clock: () => NOW });
    const { offers } = await preview.offersFor(ADA);
    expect(offers[0]?.notes).toContain('The policy itself approves up to 15m, at most 3 times a day for one person.');
  });
});

describe('a policy file', () => {
  const problem = (text: string): string => {
    try {
      own(text);
    } catch (error) {
      if (isStintError(error)) return error.sentence;
      throw error;
    }
    throw new Error('it was accepted');
  };

  it.each([
    ['{ upTo: 15m }', 'approve.policy: must say how often: perHour, perDay, perWeek or several of them'],
    ['{ upTo: 15m, hours: { zone: UTC } }', 'must say how often'],
    ['{ upTo: 15m, perWeek: 0 }', 'approve.policy.perWeek: must be at least 1'],
    ['{ upTo: 15m, perHour: 1.5 }', 'approve.policy.perHour: must be a whole number'],
    [
      '{ upTo: 15m, perHour: 4, perDay: 3 }',
      'approve.policy: perHour (4) is above perDay (3), so it is never reached: lower it, or leave it out',
    ],
    ['{ upTo: 15m, perDay: 4, perWeek: 3 }', 'perDay (4) is above perWeek (3)'],
    ['{ upTo: 15m, perHour: 4, perWeek: 3 }', 'perHour (4) is above perWeek (3)'],
    ['{ perDay: 3 }', 'approve.policy.upTo: is missing'],
    ['{ upTo: 15m, perDay: 0 }', 'approve.policy.perDay: must be at least 1'],
    ['{ upTo: 4m, perDay: 1 }', 'upTo (4m) is shorter than its shortest window (5m)'],
    ['{ upTo: 8h, perDay: 1 }', 'approve.policy: upTo (8h) is longer than max (30m), which nobody gets: lower it to 30m'],
    ['{ upTo: 15m, perDay: 1, people: [ada] }', '"people" is not known here'],
  ])('that says %s is refused: it is capped, or it is none', (text, said) => {
    expect(problem(text)).toContain(said);
  });

  it('always names people too, who decide everything else', () => {
    expect(() => policyOf({ approve: '{ policy: { upTo: 15m, perDay: 3 } }' })).toThrow(/must name somebody/);
  });

  it('without it has the hash that it always had', () => {
    expect(policyOf({ approve: '{ groups: [it], quorum: 1 }' }).rules[0]).not.toHaveProperty('automatic');
    expect(CAPPED.hash).not.toBe(policyOf().hash);
  });

  it('beside stages names the same as beside one pool', () => {
    const staged = policyOf({
      approve: '{ stages: [{ groups: [it] }, { groups: [security] }], policy: { upTo: 15m, perDay: 3 } }',
    });
    expect(judged({ policy: staged })).toMatchObject({ outcome: 'auto', stages: [{ approved: 0 }, { approved: 0 }] });
  });
});

it('nobody is made an approver by it', () => {
  expect(judged({ votes: [approval(ADA)] }).approvedBy).toEqual([] as PersonId[]);
});
