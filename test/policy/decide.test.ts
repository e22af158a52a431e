import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Serial } from '../../contract/ids.js';
import type { Person } from '../../contract/ports.js';
import type { ElevationRequest, MacAdminTarget } from '../../contract/request.js';
import type { Round, Vote } from '../../contract/verdict.js';
import { decide, decideBoth } from '../../policy/decide.js';
import type { Policy } from '../../policy/rules.js';
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
} from './world.js';

interface Case {
  readonly policy?: Policy;
  readonly request?: ElevationRequest<MacAdminTarget>;
  readonly round?: Round;
  readonly people?: readonly Person[];
  readonly votes?: readonly Vote[];
  readonly now?: number;
}

function judged({ policy = policyOf(), request = requestOf(), round, people = EVERYBODY, votes = [], now = NOW }: Case = {}) {
  return decide(policy, { request, round: round ?? roundOf(request) }, factsOf(people, request), votes, now);
}

describe('a request', () => {
  it('of somebody whom a rule lets ask needs approval, and says from whom', () => {
    const verdict = judged();
    expect(verdict).toMatchObject({ outcome: 'needs-approval', rule: 'macs', quorum: 1, maxWindowMs: 30 * MIN });
    expect(verdict.approvers).toEqual(['grace', 'linus']);
    expect(verdict.windowsMs).toEqual([5, 10, 15, 30].map((m) => m * MIN));
    expect(verdict.sentences).toEqual(['One more approval is needed, from: Grace, Linus.']);
    expect(verdict.windowMs).toBeUndefined();
  });

  const wrongMac = { ...requestOf().target, serial: 'C02GRACE01' as Serial, key: 'mac-admin/C02GRACE01' };
  const closed = policyOf({ ask: '{ groups: [executives] }' });
  const absent = EVERYBODY.filter((p) => p !== ADA);
  const inactive = [...absent, person('ada', { active: false })];
  const other = { subject: { personId: MALLORY.personId, name: 'Mallory' } };
  const elsewhere = JSON.parse(JSON.stringify(policyOf()).replace('"*"', '"C03*"')) as Policy;
  it.each<[string, Case, RegExp]>([
    ['for a Mac that no rule covers', { policy: elsewhere }, /No rule of the policy covers ada-mac/],
    ['by somebody whom no rule lets ask', { policy: closed }, /Ada may not ask.*macs/],
    ['by somebody who is not in the people file', { people: absent }, /Ada is not in the people file/],
    ['by somebody who is not active', { people: inactive }, /Ada is not active/],
    ["for somebody else's Mac", { request: requestOf({ target: wrongMac }) }, /does not give ada on C02GRACE01 to Ada/],
    [
      'for another account on the own Mac',
      { request: requestOf({ target: { ...requestOf().target, localUser: 'root' as never } }) },
      /root/,
    ],
    [
      'for a subject whom no rule lets ask',
      { request: requestOf({ ...other, target: { ...requestOf({}, MALLORY).target } }) },
      /does not let Mallory ask/,
    ],
    ['for a window that is not offered', { request: requestOf({ windowMs: 7 * MIN }) }, /does not offer 7m.*5m, 10m, 15m, 30m/],
    ['for a window beyond the maximum', { request: requestOf({ windowMs: 60 * MIN }) }, /does not offer 1h/],
    ['of long ago', { now: NOW + (24 + 24 + 4) * 60 * MIN + 1 }, /too old/],
    ['in a round that is not its own', { round: { ...roundOf(requestOf()), digest: sha256('x') } }, /is not this request/],
    ['in a round of another length', { round: { ...roundOf(requestOf()), windowMs: 30 * MIN } }, /is not this request/],
  ])('%s is denied, although approved', (_what, given, sentence) => {
    const digest = given.round?.digest ?? roundOf(given.request ?? requestOf()).digest;
    const verdict = judged({ ...given, votes: [approval(GRACE, 10 * MIN, digest), approval(LINUS, 10 * MIN, digest)] });
    expect(verdict.outcome).toBe('deny');
    expect(verdict.windowMs).toBeUndefined();
    expect(verdict.sentences[0]).toMatch(sentence);
  });

  it('names only active approvers, and of very many only the first hundred', () => {
    expect(judged({ people: [ADA, GRACE, { ...LINUS, active: false }] }).approvers).toEqual(['grace']);
    const many = Array.from({ length: 150 }, (_, i) => person(`p${i}`, { groups: ['it'] }));
    expect(judged({ people: [ADA, ...many] }).approvers).toHaveLength(100);
  });

  it('that waited as long as a start may wait is still decided', () => {
    expect(judged({ now: NOW + (24 + 24 + 4) * 60 * MIN }).outcome).toBe('needs-approval');
  });

  it('that nobody could approve says so', () => {
    const verdict = judged({ people: [ADA, MALLORY] });
    expect(verdict.outcome).toBe('needs-approval');
    expect(verdict.sentences[0]).toMatch(/nobody could give it/);
  });
});

describe('a vote', () => {
  it('of an approver satisfies a quorum of one, and its window counts', () => {
    const verdict = judged({ votes: [approval(GRACE, 15 * MIN)] });
    expect(verdict).toMatchObject({ outcome: 'satisfied', windowMs: 15 * MIN, approvedBy: ['grace'] });
    expect(verdict.sentences).toEqual(['Grace approved 15m.']);
  });

  it.each<[string, Vote, readonly Person[], RegExp]>([
    ['of a stranger', approval(MALLORY), EVERYBODY, /Mallory's vote does not count: not an approver/],
    ['of somebody who may only revoke', approval(MARGARET), EVERYBODY, /not an approver/],
    ['of somebody unknown', approval(person('nobody')), EVERYBODY, /nobody's vote.*not in the people file/],
    ['of an approver who left', approval(GRACE), [ADA, { ...GRACE, active: false }, LINUS], /not active/],
    [
      'of an approver who was moved out of the group',
      approval(GRACE),
      [ADA, { ...GRACE, groups: ['staff'] }, LINUS],
      /not an approver/,
    ],
    ['on another version of the request', approval(GRACE, 10 * MIN, sha256('other')), EVERYBODY, /another version/],
    ['for a window that is not offered', approval(GRACE, 7 * MIN), EVERYBODY, /does not offer that length/],
    ['without a window', { ...approval(GRACE), windowMs: undefined } as unknown as Vote, EVERYBODY, /does not offer/],
    ['dated in the future', { ...approval(GRACE), at: at(60_001) }, EVERYBODY, /dated in the future/],
    ['with a date that is none', { ...approval(GRACE), at: 'soon' as never }, EVERYBODY, /dated in the future/],
  ])('%s does not count', (_what, vote, people, sentence) => {
    const verdict = judged({ people, votes: [vote] });
    expect(verdict.outcome).toBe('needs-approval');
    expect(verdict.approvedBy).toEqual([]);
    expect(verdict.sentences[0]).toMatch(sentence);
  });

  it('against by an approver ends it, however many are in favour; by anybody else it does nothing', () => {
    expect(judged({ votes: [approval(GRACE), denial(LINUS)] })).toMatchObject({ outcome: 'deny' });
    expect(judged({ votes: [approval(GRACE), denial(GRACE)] }).outcome).toBe('deny');
    expect(judged({ votes: [approval(GRACE), denial(MALLORY)] }).outcome).toBe('satisfied');
    expect(judged({ votes: [approval(GRACE), denial(LINUS, sha256('other'))] }).outcome).toBe('satisfied');
  });

  it('of several windows the shortest approved counts', () => {
    const policy = policyOf({ approve: '{ groups: [it], quorum: 2 }' });
    const verdict = judged({ policy, votes: [approval(GRACE, 30 * MIN), approval(LINUS, 5 * MIN)] });
    expect(verdict).toMatchObject({ outcome: 'satisfied', windowMs: 5 * MIN });
  });
});

describe('an extension', () => {
  const round: Round = { digest: sha256('an extension'), kind: 'extension', windowMs: 5 * MIN };
  it('is judged by its own digest and by the same rule', () => {
    expect(judged({ round, votes: [approval(GRACE, 5 * MIN, round.digest)] })).toMatchObject({
      outcome: 'satisfied',
      windowMs: 5 * MIN,
    });
    expect(judged({ round, votes: [approval(GRACE, 5 * MIN)] }).outcome).toBe('needs-approval');
    expect(judged({ round: { ...round, windowMs: 7 * MIN } }).outcome).toBe('deny');
  });
});

// ---- properties: any people, any votes -------------------------------------------------------------------------------

const NAMES = ['ada', 'bob', 'cyn', 'dan', 'eve', 'fay', 'gus'];
/** As facts have them: whoever is on call for the desk has that among their groups. */
const groups = fc.subarray(['staff', 'it', 'security', 'oncall:desk', 'contractors']);
const DECIDING = ['it', 'security', 'oncall:desk'];
const account = fc.constantFrom('U0ONE', 'U0TWO', 'U0THREE').map((userId) => ({ teamId: 'T0001', userId: userId as never }));
const windows = fc.constantFrom(...[1, 5, 10, 15, 30, 45].map((m) => m * MIN));
const somebody = fc.constantFrom(...NAMES);
const anyPeople = fc
  .array(fc.record({ groups, active: fc.boolean(), slack: fc.array(account, { maxLength: 3 }) }), {
    minLength: NAMES.length,
    maxLength: NAMES.length,
  })
  .map((all) =>
    all.map((each, i) =>
      person(NAMES[i] ?? '', { ...each, ...(i === 0 ? { active: true, groups: ['staff', ...each.groups] } : {}) }),
    ),
  );
const anyVote = fc
  .record({ by: somebody, windowMs: windows, deny: fc.boolean(), other: fc.boolean() })
  .map(({ by, windowMs, deny, other }): Vote => {
    const vote = deny ? denial(person(by)) : approval(person(by), windowMs);
    return other ? { ...vote, roundDigest: sha256('another round') } : vote;
  });
const anyVotes = fc.array(anyVote, { maxLength: 12 });
const quorum = fc.integer({ min: 1, max: 4 });
const BY_QUORUM = [1, 2, 3, 4].map((n) => policyOf({ approve: `{ groups: [it, security, "oncall:desk"], quorum: ${n} }` }));
const ofQuorum = (n: number) => BY_QUORUM[n - 1] ?? policyOf();
const RUNS = { numRuns: 2_000 };

describe('whatever people and votes there are', () => {
  it('a verdict is satisfied exactly when as many distinct eligible people as the quorum approved and none denied', () => {
    fc.assert(
      fc.property(anyPeople, anyVotes, quorum, (people, votes, n) => {
        const verdict = judged({ people, votes, policy: ofQuorum(n) });
        const digest = roundOf(requestOf()).digest;
        const counts = (vote: Vote) => {
          const voter = people.find((p) => p.personId === vote.personId);
          const eligible = voter?.active === true && voter.groups.some((g) => DECIDING.includes(g));
          return vote.roundDigest === digest && vote.personId !== 'ada' && eligible;
        };
        const offered = [5, 10, 15, 30].map((m) => m * MIN);
        const approvals = votes.filter((v) => v.decision === 'approve' && counts(v) && offered.includes(v.windowMs ?? 0));
        const denied = votes.some((v) => v.decision === 'deny' && counts(v));
        const by = [...new Set(approvals.map((v) => v.personId))];
        expect(verdict.outcome).toBe(denied ? 'deny' : by.length >= n ? 'satisfied' : 'needs-approval');
        if (verdict.outcome === 'satisfied') expect(verdict.windowMs).toBe(Math.min(...approvals.map((v) => v.windowMs ?? 0)));
        else expect(verdict.windowMs).toBeUndefined();
      }),
      RUNS,
    );
  });

  it('the requester and the subject never count, in whatever group they are', () => {
    fc.assert(
      fc.property(anyPeople, fc.array(windows), quorum, fc.boolean(), (people, chosen, n, forOther) => {
        const subject = person('bob', { groups: ['staff', 'it'] });
        const all = [...people.filter((p) => p.personId !== 'bob'), subject].map((p) =>
          p.personId === 'ada' ? { ...p, groups: ['staff', 'it', 'oncall:desk'] } : p,
        );
        const request = requestOf(
          forOther ? { subject: { personId: subject.personId, name: 'Bob' }, target: requestOf({}, subject).target } : {},
        );
        const own = forOther ? [ADA, subject] : [ADA];
        const { digest } = roundOf(request);
        const votes = own.flatMap((p) => chosen.map((ms) => approval(p, ms, digest)));
        const verdict = judged({ people: all, request, votes, policy: ofQuorum(n) });
        expect(verdict.approvedBy).toEqual([]);
        expect(verdict.outcome).toBe('needs-approval');
        for (const p of own) expect(verdict.approvers).not.toContain(p.personId);
      }),
      RUNS,
    );
  });

  it('neither the order nor the repetition of votes makes a difference', () => {
    fc.assert(
      fc.property(anyPeople, anyVotes, quorum, fc.infiniteStream(fc.nat()), (people, votes, n, random) => {
        const twice = [...votes, ...votes].map((vote) => ({ vote, key: random.next().value })).sort((a, b) => a.key - b.key);
        const { sentences: _, ...one } = judged({ people, votes, policy: ofQuorum(n) });
        const { sentences: __, ...other } = judged({
          people: [...people].reverse(),
          votes: twice.map((t) => t.vote),
          policy: ofQuorum(n),
        });
        expect(other).toEqual(one);
      }),
      RUNS,
    );
  });

  it('one more deny never turns into access, and one vote less never does either', () => {
    fc.assert(
      fc.property(anyPeople, anyVotes, quorum, somebody, (people, votes, n, by) => {
        const more = judged({ people, votes: [...votes, denial(person(by))], policy: ofQuorum(n) });
        const before = judged({ people, votes, policy: ofQuorum(n) });
        if (more.outcome === 'satisfied') expect(before.outcome).toBe('satisfied');
        const fewer = judged({
          people,
          votes: votes.filter((v) => v.decision === 'deny').concat(votes.filter((v) => v.decision === 'approve').slice(1)),
          policy: ofQuorum(n),
        });
        if (fewer.outcome === 'satisfied') expect(before.outcome).toBe('satisfied');
      }),
      RUNS,
    );
  });

  it('two accounts of one person are one approval', () => {
    const two = person('grace', {
      groups: ['staff', 'it'],
      slack: [
        { teamId: 'T0001', userId: 'U0ONE' as never },
        { teamId: 'T0001', userId: 'U0TWO' as never },
      ],
    });
    const policy = policyOf({ approve: '{ groups: [it], quorum: 2 }' });
    const verdict = judged({ people: [ADA, two, LINUS], policy, votes: [approval(two, 5 * MIN), approval(two, 10 * MIN)] });
    expect(verdict).toMatchObject({ outcome: 'needs-approval', approvedBy: ['grace'] });
  });
});

describe('two policies', () => {
  describe('with other approvers', () => {
    const [then, now] = [
      policyOf({ approve: '{ people: [grace, linus] }' }),
      policyOf({ approve: '{ people: [linus, margaret] }' }),
    ];
    const joint = (votes: readonly Vote[], [a, b] = [then, now]) =>
      decideBoth(a, b, { request: requestOf(), round: roundOf(requestOf()) }, factsOf(), votes, NOW);

    it.each([
      ['then', GRACE],
      ['now', MARGARET],
    ])('grant no longer than whoever approves by that of %s alone approved, though it counts for nothing else', (_when, who) => {
      expect(joint([approval(who, 5 * MIN)])).toMatchObject({ outcome: 'needs-approval', approvedBy: [] });
      const both = joint([approval(who, 5 * MIN), approval(LINUS, 15 * MIN)]);
      expect(both).toMatchObject({ outcome: 'satisfied', approvedBy: ['linus'], windowMs: 5 * MIN });
      expect(both.sentences).toContainEqual(
        expect.stringMatching(/does not count: .*it is not granted for longer than they approved\.$/),
      );
      expect(joint([approval(who, 30 * MIN), approval(LINUS, 15 * MIN)])).toMatchObject({ windowMs: 15 * MIN });
    });

    it('grant no longer than a length that one of them alone offers, and never by the word of a stranger', () => {
      const [longer, shorter] = [policyOf({ windows: '[10m, 15m]' }), policyOf()];
      const votes = [approval(GRACE, 5 * MIN), approval(LINUS, 15 * MIN)];
      for (const pair of [[longer, shorter] as const, [shorter, longer] as const])
        expect(joint(votes, [...pair])).toMatchObject({ outcome: 'satisfied', approvedBy: ['linus'], windowMs: 5 * MIN });
      for (const who of [ADA, MALLORY])
        expect(joint([approval(who, 5 * MIN), approval(LINUS, 15 * MIN)])).toMatchObject({ windowMs: 15 * MIN });
      const late = { ...approval(GRACE, 5 * MIN), at: at(2 * MIN) };
      expect(joint([late, approval(LINUS, 15 * MIN)])).toMatchObject({ windowMs: 15 * MIN });
    });
  });

  const both = (then: Policy, now: Policy, votes: readonly Vote[]) =>
    decideBoth(then, now, { request: requestOf(), round: roundOf(requestOf()) }, factsOf(), votes, NOW);

  it('that are the same decide as one', () => {
    expect(both(policyOf(), policyOf(), [approval(GRACE)])).toEqual(judged({ votes: [approval(GRACE)] }));
  });

  it.each<[string, Policy, readonly Vote[], RegExp]>([
    ['a higher quorum', policyOf({ approve: '{ groups: [it], quorum: 2 }' }), [approval(GRACE)], /more approval/],
    [
      'other approvers',
      policyOf({ approve: '{ groups: [security] }' }),
      [approval(GRACE), approval(MARGARET)],
      /not an approver/,
    ],
    ['a shorter list of windows', policyOf({ windows: '[5m, 10m]', max: '10m' }), [approval(GRACE, 30 * MIN)], /does not offer/],
    ['other people who may ask', policyOf({ ask: '{ groups: [executives] }' }), [approval(GRACE)], /may not ask/],
    ['the asked window gone', policyOf({ windows: '[5m]', max: '5m' }), [approval(GRACE, 5 * MIN)], /does not offer 10m/],
  ])('with %s decide by the stricter, whichever came first', (_what, stricter, votes, sentence) => {
    for (const verdict of [both(policyOf(), stricter, votes), both(stricter, policyOf(), votes)]) {
      expect(verdict.outcome).not.toBe('satisfied');
      expect(verdict.sentences.join(' ')).toMatch(sentence);
    }
  });

  it('both hear a denial: one of an approver under either is never lost', () => {
    const later = policyOf({ approve: '{ groups: [security] }' });
    expect(both(policyOf(), later, [denial(GRACE)]).outcome).toBe('deny');
    expect(both(later, policyOf(), [denial(GRACE)]).outcome).toBe('deny');
    expect(both(later, policyOf(), [denial(MALLORY)]).outcome).toBe('needs-approval');
  });

  it('keep the hash of the first, so that a third is still measured against it', () => {
    const later = policyOf({ windows: '[5m, 10m]', max: '10m' });
    const verdict = both(policyOf(), later, [approval(GRACE)]);
    expect(verdict).toMatchObject({ policyHash: policyOf().hash, maxWindowMs: 10 * MIN, windowsMs: [5 * MIN, 10 * MIN] });
    expect(later.hash).not.toBe(policyOf().hash);
  });

  it('never allow what either alone does not, nor a longer window', () => {
    const policies = fc
      .record({
        quorum,
        windows: fc.constantFrom('[5m]', '[5m, 10m]', '[10m, 30m]', '[5m, 10m, 15m, 30m]'),
        approve: fc.constantFrom('it', 'security', 'it, security'),
      })
      .map((p) => policyOf({ approve: `{ groups: [${p.approve}], quorum: ${p.quorum} }`, windows: p.windows }));
    fc.assert(
      fc.property(policies, policies, anyPeople, anyVotes, (then, now, people, votes) => {
        const question = { request: requestOf(), round: roundOf(requestOf()) };
        const joint = decideBoth(then, now, question, factsOf(people), votes, NOW);
        for (const alone of [then, now].map((p) => decide(p, question, factsOf(people), votes, NOW))) {
          expect(joint.quorum).toBeGreaterThanOrEqual(alone.quorum);
          expect(joint.maxWindowMs).toBeLessThanOrEqual(alone.maxWindowMs);
          if (alone.outcome === 'deny') expect(joint.outcome).toBe('deny');
          if (joint.outcome !== 'satisfied') continue;
          expect(joint.windowMs ?? Number.NaN).toBeLessThanOrEqual(joint.maxWindowMs);
          expect(alone.windowsMs).toContain(joint.windowMs);
          expect(alone.outcome).toBe('satisfied');
        }
      }),
    );
  });
});
