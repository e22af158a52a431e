/** Extensions by a rule of their own: how often, by which lengths, and who decides. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isStintError, StintError } from '../../contract/errors.js';
import type { Directory, Person } from '../../contract/ports.js';
import type { ClickKind } from '../../contract/preview.js';
import type { Round, Verdict, Vote } from '../../contract/verdict.js';
import type { ElevationView } from '../../contract/view.js';
import { parseCases } from '../../policy/case-file.js';
import { runCases } from '../../policy/cases.js';
import { findings } from '../../policy/check.js';
import { judgeClick } from '../../policy/click.js';
import { decide, decideBoth } from '../../policy/decide.js';
import { diffPolicies } from '../../policy/diff.js';
import { gatherFacts } from '../../policy/facts.js';
import { createJudge } from '../../policy/judge.js';
import { directoryFrom } from '../../policy/people.js';
import type { Policy } from '../../policy/rules.js';
import { ONLY_MACS } from '../../policy/targets.js';
import { sha256 } from '../../seal/canonical.js';
import {
  ADA,
  approval,
  at,
  denial,
  EVERYBODY,
  factsOf,
  GRACE,
  LINUS,
  MALLORY,
  MARGARET,
  MIN,
  NOW,
  person,
  policyOf,
  requestOf,
  roundOf,
  viewOf,
} from './world.js';

const request = requestOf();
const DIGEST = sha256('an extension');
const round = (windowMs: number, granted?: number): Round => ({
  digest: DIGEST,
  kind: 'extension',
  windowMs,
  ...(granted === undefined ? {} : { granted }),
});
const yes = (by: Person, windowMs = 5 * MIN): Vote => approval(by, windowMs, DIGEST);
const extended = (extend: string, change: Parameters<typeof policyOf>[0] = {}): Policy =>
  policyOf({ ...change, more: `    extend: ${extend}` });

/** An extension by five minutes unless another is asked for. */
function judged(policy: Policy, votes: readonly Vote[], asked = round(5 * MIN, 0)): Verdict {
  return decide(policy, { request, round: asked }, factsOf(), votes, NOW);
}

function refusal(extend: string, change: Parameters<typeof policyOf>[0] = {}): string {
  try {
    extended(extend, change);
  } catch (error) {
    if (isStintError(error) && error.code === 'bad-policy') return error.sentence;
    throw error;
  }
  throw new Error('it was taken');
}

describe('a rule about extensions', () => {
  it.each([
    ['{ times: 2, windows: [5m], approve: { groups: [security], quorum: 2 } }'],
    ['{ times: 0 }'],
    ['{ windows: [5m, 25m] }'],
    ['{ approve: { stages: [{ groups: [it] }, { manager: true }] } }'],
  ])('%s is a policy of its own', (extend) => {
    expect(extended(extend).hash).not.toBe(policyOf().hash);
  });

  it.each([
    ['{ }', /targets\[0\].extend: must say something: times, windows, approve/],
    ['{ times: -1 }', /extend\.times: must be at least 0/],
    ['{ times: 0, windows: [5m] }', /extend: has times: 0, by which nothing is extended/],
    ['{ time: 2 }', /"time" is not known here; did you mean "times"\? Allowed: times, windows, approve/],
    ['{ windows: [10m, 5m] }', /extend\.windows\[1\]: must be longer than the one before it/],
    ['{ windows: [5m, 31m] }', /extend\.windows\[1\]: must not be longer than max \(30m\)/],
    ['{ windows: [26m] }', /extend: can never be granted: of max \(30m\) the shortest window \(5m\) leaves 25m.*is 26m/],
    ['{ approve: { people: [grace], quorum: 2 } }', /extend\.approve\.quorum: must not be more than the 1 people named/],
    ['{ approve: { groups: [it], escalate: [{ after: 5m, groups: [security] }] } }', /extend\.approve: must not escalate/],
    [
      '{ approve: { groups: [it], policy: { upTo: 5m, perDay: 1 } } }',
      /^policy\.yaml:12:48 .*extend\.approve\.policy: must not stand here: only people approve an extension\. Leave it out/m,
    ],
    ['{ approve: { quorum: 2 } }', /extend\.approve: must name somebody/],
  ])('%s is refused, with the place and what is wrong', (extend, said) => {
    expect(refusal(extend)).toMatch(said);
    expect(refusal(extend)).toMatch(/policy\.yaml:\d+:\d+/);
  });

  it('of a rule whose window is its maximum can never be used, and is refused', () => {
    expect(refusal('{ times: 1 }', { windows: '[30m]' })).toMatch(/leaves no room/);
    expect(extended('{ times: 0 }', { windows: '[30m]' }).rules).toHaveLength(1);
  });

  it('names who is there and can be enough, or that is found with the people file', async () => {
    const policy = extended('{ approve: { groups: [cloud], people: [nobody], quorum: 2 } }');
    expect(await findings(policy, directoryFrom(EVERYBODY), 'policy.yaml')).toEqual([
      expect.stringMatching(/^policy\.yaml:12:\d+ macs\.extend\.approve: the group cloud has no members\.$/),
      expect.stringMatching(/^policy\.yaml:12:\d+ macs\.extend\.approve: nobody is not in the people file\.$/),
      expect.stringMatching(
        /^policy\.yaml:12:\d+ macs: too few people could approve an extension for ada, grace, linus, margaret: 2 are needed; 0 could\.$/,
      ),
    ]);
    expect(await findings(extended('{ approve: { groups: [it] } }'), directoryFrom(EVERYBODY), 'policy.yaml')).toEqual([]);
  });
});

describe('an extension', () => {
  it('is as the request is, where the rule says nothing of it', () => {
    const verdict = judged(policyOf(), [yes(GRACE)]);
    expect(verdict).toMatchObject({ outcome: 'satisfied', windowMs: 5 * MIN });
    expect(verdict).not.toHaveProperty('extend');
  });

  it('is decided by those whom the rule has for it, and by nobody else; the request by its own', () => {
    const policy = extended('{ approve: { groups: [security] } }');
    expect(judged(policy, [yes(GRACE)]).outcome).toBe('needs-approval');
    expect(judged(policy, [yes(GRACE)]).sentences).toContain("Grace's vote does not count: not an approver of this request.");
    expect(judged(policy, [yes(MARGARET)])).toMatchObject({ outcome: 'satisfied', windowMs: 5 * MIN });
    expect(judged(policy, [yes(MARGARET), denial(GRACE, DIGEST)]).outcome).toBe('satisfied');
    expect(judged(policy, [yes(MARGARET), denial(MARGARET, DIGEST)]).outcome).toBe('deny');
    const asked = decide(policy, { request, round: roundOf(request) }, factsOf(), [approval(MARGARET)], NOW);
    expect(asked).toMatchObject({ outcome: 'needs-approval', approvers: ['grace', 'linus'] });
  });

  it('in stages of its own waits for each of them, and one pool takes the place of the stages of the request', () => {
    const policy = extended('{ approve: { stages: [{ groups: [it] }, { groups: [security] }] } }');
    expect(judged(policy, [yes(GRACE)])).toMatchObject({
      outcome: 'needs-approval',
      stages: [
        { name: 'it', approved: 1 },
        { name: 'security', approved: 0 },
      ],
    });
    expect(judged(policy, [yes(GRACE), yes(MARGARET)]).outcome).toBe('satisfied');
    const plain = extended('{ approve: { groups: [it] } }', {
      approve: '{ stages: [{ groups: [it] }, { groups: [security] }] }',
    });
    expect(judged(plain, [yes(LINUS)]).outcome).toBe('satisfied');
  });

  it('has the lengths that the rule has for it', () => {
    const policy = extended('{ windows: [5m, 7m] }');
    expect(judged(policy, [yes(GRACE, 7 * MIN)], round(7 * MIN, 0))).toMatchObject({ outcome: 'satisfied', windowMs: 7 * MIN });
    const other = judged(policy, [yes(GRACE, 10 * MIN)], round(10 * MIN, 0));
    expect(other.outcome).toBe('deny');
    expect(other.sentences[0]).toBe('The policy does not offer 10m for this; it offers 5m, 7m.');
  });

  it('is granted as often as the rule says, and then refused with why and what is left', () => {
    const policy = extended('{ times: 2 }');
    const outcomes = [0, 1, 2, 3].map((granted) => judged(policy, [yes(GRACE)], round(5 * MIN, granted)).outcome);
    expect(outcomes).toEqual(['satisfied', 'satisfied', 'deny', 'deny']);
    expect(judged(policy, [], round(5 * MIN, 2)).sentences[0]).toBe(
      'The policy lets this be extended twice, and it was. No extension is left. You can ask anew once it has ended.',
    );
    expect(judged(extended('{ times: 0 }'), [yes(GRACE)]).sentences[0]).toBe(
      'The policy does not let this be extended. You can ask anew once it has ended.',
    );
    expect(judged(extended('{ times: 3 }'), [], round(5 * MIN, 3)).sentences[0]).toMatch(/extended 3 times, and it was/);
    expect(judged(extended('{ times: 1 }'), [], round(5 * MIN, 1)).sentences[0]).toMatch(/extended once, and it was/);
  });

  it('is refused where nobody knows how many there were, and only where that counts', () => {
    expect(judged(extended('{ times: 2 }'), [yes(GRACE)], round(5 * MIN)).outcome).toBe('deny');
    expect(judged(extended('{ windows: [5m] }'), [yes(GRACE)], round(5 * MIN)).outcome).toBe('satisfied');
  });

  it('does not count against the request itself, which says what will hold', () => {
    const verdict = decide(extended('{ times: 0 }'), { request, round: roundOf(request) }, factsOf(), [approval(GRACE)], NOW);
    expect(verdict).toMatchObject({ outcome: 'satisfied', extend: { times: 0, windowsMs: [5, 10, 15, 30].map((m) => m * MIN) } });
  });

  it('looks up who is on call where that decides it, and not where it decides the request', async () => {
    const policy = extended('{ approve: { groups: ["oncall:cloud"] } }');
    const asked: string[] = [];
    const plain = directoryFrom(EVERYBODY);
    const directory: Directory = {
      ...plain,
      onCall: async (rota) => {
        asked.push(rota);
        if (asked.length > 1) throw new StintError('oncall-unavailable', 'PagerDuty is down.');
        return { members: [MALLORY] };
      },
    };
    await gatherFacts({ directory }, policy, request, []);
    expect(asked).toEqual([]);
    const facts = await gatherFacts({ directory }, policy, request, [yes(MALLORY)], { kind: 'extension' });
    expect(decide(policy, { request, round: round(5 * MIN) }, facts, [yes(MALLORY)], NOW).outcome).toBe('satisfied');
    // No error is a yes.
    await expect(gatherFacts({ directory }, policy, request, [yes(MALLORY)], { kind: 'extension' })).rejects.toThrow(
      'PagerDuty is down',
    );
  });
});

describe('of then and of now', () => {
  const both = (then: Policy, now: Policy, votes: readonly Vote[], asked = round(5 * MIN, 0)) =>
    decideBoth(then, now, { request, round: asked }, factsOf(), votes, NOW);

  it('the fewer times hold, the lengths of both, and the approvers of each', () => {
    const one = extended('{ times: 1, windows: [5m, 7m] }');
    const other = extended('{ times: 3, windows: [7m, 9m], approve: { groups: [security] } }');
    for (const [then, now] of [
      [one, other],
      [other, one],
    ] as const) {
      const verdict = both(then, now, [yes(MARGARET, 7 * MIN)], round(7 * MIN, 0));
      expect(verdict).toMatchObject({ outcome: 'needs-approval', extend: { times: 1, windowsMs: [7 * MIN] } });
      expect(both(then, now, [], round(7 * MIN, 1)).outcome).toBe('deny');
      for (const window of [5, 9]) expect(both(then, now, [], round(window * MIN, 0)).outcome).toBe('deny');
    }
  });

  it('a rule that says nothing of them adds nothing to one that does', () => {
    const strict = extended('{ times: 1, windows: [5m] }');
    for (const pair of [
      [strict, policyOf()],
      [policyOf(), strict],
    ] as const) {
      expect(both(...pair, []).extend).toEqual({ times: 1, windowsMs: [5 * MIN] });
      expect(both(...pair, [yes(GRACE)], round(5 * MIN, 1)).outcome).toBe('deny');
    }
    expect(both(policyOf(), policyOf({ max: '31m' }), [])).not.toHaveProperty('extend');
  });

  it('are what the judgement goes by, with the count that the story gave', async () => {
    const then = extended('{ times: 1 }');
    const policies = { get: async () => then.source };
    const judge = createJudge({
      policy: async () => policyOf(),
      policies,
      directory: directoryFrom(EVERYBODY),
      clock: () => NOW,
    });
    const input = { request, digest: roundOf(request).digest, votes: [yes(GRACE)], policyThen: then.hash };
    expect((await judge({ ...input, round: round(5 * MIN, 0) })).outcome).toBe('satisfied');
    expect((await judge({ ...input, round: round(5 * MIN, 1) })).outcome).toBe('deny');
  });

  const lengths = fc.subarray(['5m', '10m', '15m'], { minLength: 1 });
  const pool = fc.record({ groups: fc.subarray(['it', 'security'], { minLength: 1 }), quorum: fc.constantFrom(1, 2) });
  const anyExtend = fc.option(
    fc.oneof(
      fc.constant({ times: 0 }),
      fc
        .record({ times: fc.integer({ min: 1, max: 3 }), windows: lengths, approve: pool }, { requiredKeys: [] })
        .filter((one) => Object.keys(one).length > 0),
    ),
    { nil: undefined },
  );
  const read = new Map<string, Policy>();
  /** Each text is read once: that takes as long as ten decisions. */
  const policyWith = (extend: object | undefined, max: string): Policy => {
    const more = extend ? `    extend: ${JSON.stringify(extend)}` : '';
    const policy = read.get(max + more) ?? policyOf({ max, more });
    read.set(max + more, policy);
    return policy;
  };
  const anyPolicy = fc.record({ extend: anyExtend, max: fc.constantFrom('30m', '45m') });
  const anyVotes = fc.array(
    fc.record({ by: fc.constantFrom(ADA, GRACE, LINUS, MARGARET, MALLORY), minutes: fc.constantFrom(5, 10) }),
    {
      maxLength: 5,
    },
  );

  it('a stricter rule never widens: what both let through, each lets through, up to the smaller maximum', () => {
    const seen = { satisfied: 0, other: 0 };
    fc.assert(
      fc.property(anyPolicy, anyPolicy, anyVotes, fc.constantFrom(5, 10), fc.nat(4), (a, b, drawn, minutes, granted) => {
        const [then, now] = [policyWith(a.extend, a.max), policyWith(b.extend, b.max)];
        const votes = drawn.map(({ by, minutes: window }) => yes(by, window * MIN));
        const asked = round(minutes * MIN, granted);
        const verdict = both(then, now, votes, asked);
        const [one, other] = [judged(then, votes, asked), judged(now, votes, asked)];
        expect(verdict.maxWindowMs).toBe(Math.min(one.maxWindowMs, other.maxWindowMs));
        if (verdict.outcome !== 'satisfied') {
          seen.other += 1;
          return;
        }
        seen.satisfied += 1;
        expect([one.outcome, other.outcome]).toEqual(['satisfied', 'satisfied']);
        // A vote that counts by one of them alone does not approve, and shortens all the same.
        expect(verdict.windowMs).toBe(Math.min(one.windowMs ?? 0, other.windowMs ?? 0));
      }),
      { numRuns: 2000 },
    );
    expect(Math.min(seen.satisfied, seen.other)).toBeGreaterThan(5);
  });

  it('fewer times, fewer lengths or one more approval never let through what was not', () => {
    const plain = { times: 3, windows: ['5m', '10m', '15m'], approve: { groups: ['it', 'security'], quorum: 1 } };
    const narrower = fc.record({
      times: fc.integer({ min: 1, max: 3 }),
      windows: lengths,
      approve: fc.record({ groups: fc.subarray(['it', 'security'], { minLength: 1 }), quorum: fc.constantFrom(1, 2) }),
    });
    fc.assert(
      fc.property(narrower, anyVotes, fc.constantFrom(5, 10), fc.nat(4), (extend, drawn, minutes, granted) => {
        const votes = drawn.map(({ by, minutes: window }) => yes(by, window * MIN));
        const asked = round(minutes * MIN, granted);
        const passes = judged(policyWith(extend, '45m'), votes, asked).outcome === 'satisfied';
        if (passes) expect(judged(policyWith(plain, '45m'), votes, asked).outcome).toBe('satisfied');
      }),
      { numRuns: 2000 },
    );
  });
});

describe('a click', () => {
  const verdictOf = (policy: Policy) => decide(policy, { request, round: roundOf(request) }, factsOf(), [approval(GRACE)], NOW);
  const running = (policy: Policy, change: Partial<ElevationView> = {}) =>
    viewOf({ ...verdictOf(policy), approvers: [] }, { state: 'active', confirmedAt: at(0), deadlineAt: at(10 * MIN), ...change });
  const waiting = { roundDigest: DIGEST, windowMs: 5 * MIN, askedAt: at(0), state: 'waiting', votes: [] } as const;

  async function click(kind: ClickKind, who: Person, view: ElevationView, policy: Policy, windowMs = 5 * MIN): Promise<string> {
    const directory = directoryFrom(EVERYBODY);
    const answer = await judgeClick(kind, { policy, directory, targets: ONLY_MACS, view, person: who, windowMs, now: NOW });
    return answer.ok ? 'ok' : answer.sentence;
  }

  it('to extend is refused once none is left: by the policy of now, and by the one that it was judged by', async () => {
    const policy = extended('{ times: 1 }');
    expect(await click('extend', ADA, running(policy), policy)).toBe('ok');
    const spent = 'The policy lets this be extended once, and it was. No extension is left. You can ask anew once it has ended.';
    expect(await click('extend', ADA, running(policy, { extensions: 1 }), policy)).toBe(spent);
    expect(await click('extend', ADA, running(policyOf(), { extensions: 1 }), policy)).toBe(spent);
    expect(await click('extend', ADA, running(policy, { extensions: 1 }), policyOf())).toBe(spent);
    expect(await click('extend', ADA, running(policy), extended('{ windows: [7m] }'))).toMatch(/does not offer 5m.*offers 7m/);
  });

  it('to decide one is for those who decide extensions, who are named to whoever may not', async () => {
    const policy = extended('{ times: 1, approve: { groups: [security] } }');
    const view = running(policy, { extension: waiting });
    expect(await click('ext-approve', MARGARET, view, policy)).toBe('ok');
    expect(await click('ext-approve', GRACE, view, policy)).toMatch(/not an approver.*Who could approve: Margaret\./);
    expect(await click('ext-approve', MARGARET, { ...view, extensions: 1 }, policy)).toMatch(/No extension is left/);
    const asked = viewOf(verdictOf(policy), { state: 'requested' });
    expect(await click('approve', MARGARET, asked, policy)).toMatch(/not an approver.*Grace, Linus/);
  });

  it('to deny one, or to take it away, is for them too', async () => {
    const change = { approve: '{ groups: [it] }', revoke: '{ groups: [it] }' };
    const policy = extended('{ approve: { groups: [security] } }', change);
    const view = running(policy, { extension: waiting });
    for (const kind of ['ext-deny', 'revoke'] as const) {
      expect(await click(kind, MARGARET, view, policy)).toBe('ok');
      expect(await click(kind, MARGARET, running(policyOf(change), { extension: waiting }), policyOf(change))).toMatch(
        /does not let/,
      );
    }
  });
});

describe('the tools', () => {
  const HEAD = 'version: 1\npolicy: policy.yaml\npeople: people.yaml\ncases:\n';
  const one = (more: string) => `  - { name: one, who: ada, target: { mac: C02ADA01 }, window: 10m, ${more} }\n`;
  const run = async (policy: Policy, more: string) => {
    const { cases } = await runCases(policy, EVERYBODY, parseCases(HEAD + one(more), 'policy.test.yaml'), NOW);
    return cases.flatMap(({ failures }) => failures);
  };

  it('a case tells what an extension comes to, and after how many', async () => {
    const policy = extended('{ times: 1, windows: [5m], approve: { groups: [security] } }');
    const votes = 'votes: [{ by: margaret }]';
    expect(await run(policy, `extension: { window: 5m }, ${votes}, expect: { outcome: satisfied, window: 5m }`)).toEqual([]);
    expect(await run(policy, `extension: { window: 5m, granted: 1 }, ${votes}, expect: { outcome: deny }`)).toEqual([]);
    expect(await run(policy, `${votes}, expect: { outcome: satisfied }`)).toEqual([
      'outcome: expected satisfied, got needs-approval',
    ]);
    const named =
      'extension: { window: 5m }, expect: { outcome: needs-approval, approvers: { include: [margaret], exclude: [grace] } }';
    expect(await run(policy, named)).toEqual([]);
  });

  it('a comparison says what an edit makes of extensions, and whether that is wider', () => {
    const said = (before: Policy, after: Policy) => {
      const all = [...EVERYBODY, person('vera', { groups: ['staff', 'security'] })];
      const { groups } = diffPolicies(before, after, all);
      return groups.map(({ widened, narrowed, other }) => ({ widened, narrowed, other }))[0];
    };
    const text = 'extended at most twice to at most 30m, by 5m, decided by 1 of it or security';
    const strict = extended('{ times: 2, windows: [5m], approve: { groups: [it, security] } }');
    const none = { widened: [], narrowed: [], other: [] };
    expect(said(policyOf(), extended('{ times: 2 }'))).toEqual({
      ...none,
      narrowed: ['extended at most twice to at most 30m; was extended to at most 30m'],
    });
    expect(said(extended('{ times: 2 }'), policyOf())?.widened).toHaveLength(1);
    // Others may decide, which is more; the rest is less.
    const both = [`${text}; was extended to at most 30m`];
    expect(said(policyOf(), strict)).toEqual({ ...none, widened: both, narrowed: both });
    // Written out as it is without.
    expect(said(policyOf(), extended('{ approve: { groups: [it] } }'))).toBeUndefined();
    expect(said(strict, extended('{ times: 0 }'))).toEqual({ ...none, narrowed: [`never extended; was ${text}`] });
    expect(said(extended('{ windows: [5m] }'), extended('{ windows: [7m] }'))?.widened).toHaveLength(1);
    expect(
      said(strict, extended('{ times: 2, windows: [5m], approve: { groups: [it, security], quorum: 2 } }'))?.narrowed,
    ).toHaveLength(1);
    expect(said(strict, strict)).toBeUndefined();
  });
});
