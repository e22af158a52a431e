/** Break-glass: who may take what, for how long, and who may review it; nothing else opens by it. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isStintError, StintError } from '../../contract/errors.js';
import type { Digest, PersonId, RunId } from '../../contract/ids.js';
import type { Directory, Grant, Person, Tickets } from '../../contract/ports.js';
import { glassRule, mayReview } from '../../policy/break-glass.js';
import { parseCases } from '../../policy/case-file.js';
import { runCases } from '../../policy/cases.js';
import { findings } from '../../policy/check.js';
import { decide, decideBoth } from '../../policy/decide.js';
import { diffPolicies } from '../../policy/diff.js';
import { explainRequest } from '../../policy/explain.js';
import { createJudge } from '../../policy/judge.js';
import { parsePolicy } from '../../policy/load.js';
import { directoryFrom } from '../../policy/people.js';
import { createPreview } from '../../policy/preview.js';
import { judgeReview, passedOver, reviewersOf } from '../../policy/reviewers.js';
import { hides, type Policy, type Rule } from '../../policy/rules.js';
import { requestDigest, sha256 } from '../../seal/canonical.js';
import {
  ADA,
  at,
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

const breakable = (said = '{ ask: { groups: [staff] }, max: 15m, review: { groups: [security] } }', more = ''): Policy =>
  policyOf({ more: `    breakGlass: ${said}\n${more}` });
const GLASS = breakable();
const isReviewer = async (...asked: Parameters<typeof judgeReview>) => (await judgeReview(...asked)).ok;
const broken = (change: Parameters<typeof requestOf>[0] = {}, who: Person = ADA) =>
  requestOf({ breakGlass: { incident: 'INC-417' }, ...change }, who);

function judged(policy: Policy, request = broken(), people = EVERYBODY, now = NOW) {
  return decide(policy, { request, round: roundOf(request) }, factsOf(people, request), [], now);
}

describe('breaking the glass', () => {
  it('needs nobody, and the verdict says so: who was passed over, and that somebody has to review it', () => {
    expect(judged(GLASS)).toMatchObject({
      outcome: 'auto',
      breakGlass: true,
      rule: 'macs',
      windowMs: 10 * MIN,
      maxWindowMs: 15 * MIN,
      windowsMs: [5, 10, 15].map((minutes) => minutes * MIN),
      approvedBy: [],
      approvers: ['grace', 'linus'],
      sentences: ['Taken at once by break-glass (rule macs). Nobody was asked; somebody else has to review it.'],
    });
    expect(judged(GLASS, requestOf())).toMatchObject({ outcome: 'needs-approval' });
  });

  it.each<[string, Policy, ReturnType<typeof broken>, string]>([
    ['a rule without it', policyOf(), broken(), 'The rule macs has no break-glass.'],
    ['a longer window', GLASS, broken({ windowMs: 30 * MIN }), 'The policy does not offer 30m for this; it offers 5m, 10m, 15m.'],
    [
      'whom the rule does not name',
      breakable('{ ask: { people: [grace] }, max: 15m, review: { groups: [security] } }'),
      broken(),
      'The rule macs does not let you break the glass.',
    ],
    ['whom no rule knows', GLASS, broken({}, MALLORY), 'Mallory may not ask for this'],
    [
      'somebody else',
      GLASS,
      broken({ requester: { personId: GRACE.personId, name: 'Grace' } }),
      'The glass is broken for oneself alone.',
    ],
    ['a later start', GLASS, broken({ startAt: at(60 * MIN) }), 'What is taken by break-glass begins at once. Name no start.'],
    [
      'an incident of another form',
      breakable('{ ask: { groups: [staff] }, max: 15m, incident: "^INC-[0-9]+$", review: { groups: [security] } }'),
      broken({ breakGlass: { incident: 'nothing' } }),
      'The id of the incident does not have the form that the policy asks for: ^INC-[0-9]+$.',
    ],
  ])('opens nothing for %s', (_, policy, request, why) => {
    const verdict = judged(policy, request);
    expect(verdict.outcome).toBe('deny');
    expect(verdict.sentences[0]).toContain(why);
    expect(verdict.windowMs).toBeUndefined();
  });

  it('is let by an incident of the form that is asked for', () => {
    const formed = breakable('{ ask: { groups: [staff] }, max: 15m, incident: "^INC-[0-9]+$", review: { groups: [security] } }');
    expect(judged(formed).outcome).toBe('auto');
  });

  it('is for whoever may break it, who need not be let ask, and for nobody because they may ask', () => {
    const apart = policyOf({
      ask: '{ groups: [it] }',
      more: '    breakGlass: { ask: { people: [ada] }, max: 15m, review: { groups: [security] } }',
    });
    expect(judged(apart).outcome).toBe('auto');
    expect(judged(apart, requestOf()).outcome).toBe('deny');
    expect(judged(apart, broken({}, GRACE))).toMatchObject({
      outcome: 'deny',
      sentences: ['The rule macs does not let you break the glass.'],
    });
  });

  it('of two people needs the leave of both, and a rule that speaks of one of them comes before any later one', () => {
    const rule = (id: string, ask: string, glass: string) =>
      `  - { id: ${id}, kind: mac-admin, match: { serials: ["*"] }, ask: { groups: [${ask}] }, approve: { groups: [it] }, windows: [10m], max: 10m${glass} }`;
    const glass = (who: string) => `, breakGlass: { ask: { groups: [${who}] }, max: 10m, review: { groups: [security] } }`;
    const file = (...rules: string[]) => parsePolicy(['version: 1', 'targets:', ...rules].join('\n'), 'two.yaml');
    const { look } = factsOf();
    const found = (policy: Policy, ...who: Person[]) => glassRule(policy, look.about, who);
    const one = file(rule('one', 'it', glass('it')));
    expect(found(one, GRACE, LINUS)).toHaveProperty('rule.id', 'one');
    for (const both of [[ADA, GRACE] as const, [GRACE, ADA] as const])
      expect(found(one, ...both)).toEqual({ refusal: 'The rule one does not let you break the glass.' });
    const stricter = file(rule('strict', 'it', ''), rule('all', 'staff', glass('staff')));
    expect(found(stricter, ADA)).toHaveProperty('rule.id', 'all');
    for (const both of [[ADA, GRACE] as const, [GRACE, ADA] as const])
      expect(found(stricter, ...both)).toEqual({ refusal: 'The rule strict has no break-glass.' });
    expect(found(one)).toBeUndefined();
    expect(glassRule(one, undefined, [GRACE])).toBeUndefined();
  });

  it('knows no hours, and every limit', () => {
    const closed = breakable(undefined, '    hours: { zone: UTC, from: "18:00" }');
    expect(judged(closed).outcome).toBe('auto');
    expect(judged(closed, requestOf()).outcome).toBe('deny');
    const limited = breakable(undefined, '    limits: { coolDown: 1h }');
    const request = broken();
    const revoked = [{ requestId: 'b'.repeat(26) as never, rule: 'macs', at: at(-MIN) }];
    const facts = { ...factsOf(), usage: { asked: [], held: [], automatic: [], revoked } };
    expect(decide(limited, { request, round: roundOf(request) }, facts, [], NOW).outcome).toBe('deny');
  });

  it('of a drill says first that it is one; who may is the same', () => {
    const drill = { breakGlass: { incident: 'INC-417', drill: true } } as const;
    const { outcome, breakGlass, sentences, approvers } = judged(GLASS, broken(drill));
    expect([outcome, breakGlass, approvers]).toEqual(['auto', true, ['grace', 'linus']]);
    expect(sentences[0]).toMatch(/^A drill of break-glass \(rule macs\): nothing is granted\./);
    expect(judged(GLASS, broken(drill, MALLORY)).outcome).toBe('deny');
  });

  it('waits for nobody: a ticket that can’t be looked up is no yes, and no request for approvers', async () => {
    const text = 'CHG-1: it burns';
    const ticketed = breakable(undefined, '    reason: { ticket: { pattern: "CHG-[0-9]+", check: jira } }');
    const request = broken({ reasonDigest: sha256(text) });
    const judge = (look: Tickets['look']) =>
      createJudge({
        policy: async () => ticketed,
        policies: { get: async () => undefined },
        directory: directoryFrom(EVERYBODY),
        texts: { getText: async () => text },
        tickets: { look },
        clock: () => NOW,
      })({ request, digest: requestDigest(request), round: roundOf(request), votes: [] });
    expect((await judge(async () => ({ there: true }))).outcome).toBe('auto');
    expect((await judge(async () => ({ there: false, why: 'There is none.' }))).outcome).toBe('deny');
    const down = async () => {
      throw new StintError('ticket-unavailable');
    };
    expect((await judge(down)).outcome).toBe('deny');
    // As the entrance and the click see it: nobody could decide it meanwhile.
    const facts = { ...factsOf(EVERYBODY, request), reason: text };
    expect(decide(ticketed, { request, round: roundOf(request) }, facts, [], NOW).outcome).toBe('deny');
  });

  it('is not voted on', () => {
    const request = broken();
    const vote = {
      decision: 'approve',
      personId: GRACE.personId,
      roundDigest: roundOf(request).digest,
      windowMs: 10 * MIN,
      at: at(0),
    } as const;
    const verdict = decide(
      GLASS,
      { request, round: roundOf(request) },
      { ...factsOf(EVERYBODY, request), voters: [GRACE] },
      [vote],
      NOW,
    );
    expect(verdict).toMatchObject({
      outcome: 'deny',
      sentences: expect.arrayContaining(['Nobody votes on what is taken by break-glass.']),
    });
  });

  it('is not extended', () => {
    const request = broken();
    const round = { ...roundOf(request), kind: 'extension', windowMs: 5 * MIN } as const;
    const verdict = decide(GLASS, { request, round }, factsOf(), [], NOW);
    expect(verdict).toMatchObject({ outcome: 'deny' });
    expect(verdict.sentences[0]).toContain('is not extended');
  });

  it('never evades a stricter rule that stands before and has none', () => {
    const two = (first: string, serial = 'C02ADA01') =>
      parsePolicy(
        `version: 1
targets:
  - { id: vault, kind: mac-admin, match: { serials: ["${serial}"] }, ask: { groups: [${first}] }, approve: { groups: [it] }, windows: [10m], max: 10m }
  - { id: all, kind: mac-admin, match: { serials: ["*"] }, ask: { groups: [staff] }, approve: { groups: [it] }, windows: [10m], max: 10m, breakGlass: { ask: { groups: [staff] }, max: 10m, review: { groups: [security] } } }`,
        'two.yaml',
      );
    expect(judged(two('staff'))).toMatchObject({ outcome: 'deny', sentences: ['The rule vault has no break-glass.'] });
    expect(judged(two('security'))).toMatchObject({ outcome: 'auto', rule: 'all' });
    expect(judged(two('staff', '*02'))).toMatchObject({ outcome: 'auto', rule: 'all' });
  });

  it('opens nothing that a rule denies, wherever that stands, in the policy of then or of now', async () => {
    const [rule, deny] = [
      '  - { id: all, kind: mac-admin, match: { serials: ["*"] }, ask: { groups: [staff] }, approve: { groups: [it] }, windows: [10m], max: 10m, breakGlass: { ask: { groups: [staff] }, max: 10m, review: { groups: [security] } } }',
      '  - { id: never, kind: mac-admin, effect: deny, match: { serials: ["C02ADA01"] }, say: "This Mac stays as it is." }',
    ];
    const file = (...rules: (string | undefined)[]) => parsePolicy(['version: 1', 'targets:', ...rules].join('\n'), 'deny.yaml');
    const free = file(rule);
    expect(judged(free)).toMatchObject({ outcome: 'auto', rule: 'all' });
    const request = broken();
    for (const denied of [file(rule, deny), file(deny, rule)]) {
      const why = expect.stringMatching(/^The rule never denies .*: This Mac stays as it is\.$/);
      expect(judged(denied)).toMatchObject({ outcome: 'deny', rule: 'never', sentences: [why] });
      for (const [then, now] of [[denied, free] as const, [free, denied] as const])
        expect(decideBoth(then, now, { request, round: roundOf(request) }, factsOf(), [], NOW).outcome).toBe('deny');
      const preview = createPreview({ policy: async () => denied, directory: directoryFrom(EVERYBODY), clock: () => NOW });
      expect(await preview.search(ADA, 'mac', 5, undefined, 'break-glass')).toEqual([]);
      await expect(preview.pin(ADA, 'mac-admin/C02ADA01', undefined, 'break-glass')).rejects.toThrow('This Mac stays as it is.');
    }
  });

  it('leaves a later rule to whoever may break its glass alone, and nothing to whom an earlier one means', () => {
    const rule = (ask: string, glass?: string) => {
      const more = glass ? `    breakGlass: { ask: ${glass}, max: 15m, review: { groups: [security] } }` : '';
      return policyOf({ ask, more }).rules[0];
    };
    const hidden = (earlier: Rule | undefined, later: Rule | undefined) => earlier && later && hides(earlier, later);
    const [staff, both] = [rule('{ groups: [staff] }'), rule('{ groups: [staff, it] }')];
    const taken = rule('{ groups: [staff] }', '{ groups: [it] }');
    expect([hidden(staff, taken), hidden(both, taken), hidden(taken, taken)]).toEqual([false, true, true]);
    // Whom the earlier one only lets break its glass asks by the later one.
    expect(hidden(rule('{ groups: [it] }', '{ groups: [staff] }'), staff)).toBe(false);
  });

  it('needs both policies, of then and of now, and the shorter cap of both', () => {
    const shorter = breakable('{ ask: { groups: [staff] }, max: 5m, review: { groups: [security] } }');
    const both = (then: Policy, now: Policy, windowMs = 10 * MIN) => {
      const request = broken({ windowMs });
      return decideBoth(then, now, { request, round: roundOf(request) }, factsOf(EVERYBODY, request), [], NOW).outcome;
    };
    for (const [then, now] of [[GLASS, shorter] as const, [shorter, GLASS] as const]) {
      expect(both(then, now)).toBe('deny');
      expect(both(then, now, 5 * MIN)).toBe('auto');
    }
    for (const [then, now] of [[GLASS, policyOf()] as const, [policyOf(), GLASS] as const]) expect(both(then, now)).toBe('deny');
  });

  it('is nothing that a directory which fails says yes to; who could have approved may be unknown', async () => {
    const request = broken();
    const judge = (policy: Policy, directory: Directory) =>
      createJudge({
        policy: async () => policy,
        policies: { get: async () => undefined },
        directory,
        clock: () => NOW,
      })({ request, digest: requestDigest(request), round: roundOf(request), votes: [] });
    const sound = directoryFrom(EVERYBODY);
    const down = async () => {
      throw new Error('the directory is down');
    };
    expect((await judge(GLASS, sound)).outcome).toBe('auto');
    await expect(judge(GLASS, { ...sound, person: down })).rejects.toThrow('is down');
    await expect(judge(GLASS, { ...sound, membersOf: down })).rejects.toThrow('is down');
    const paged = (where: string) =>
      policyOf({
        approve: where === 'approve' ? '{ groups: [it, "oncall:primary"] }' : '{ groups: [it] }',
        more: `    breakGlass: { ask: { groups: [${where === 'ask' ? '"oncall:primary"' : 'staff'}] }, max: 15m, review: { groups: [security] } }`,
      });
    const noRota: Directory = {
      ...sound,
      onCall: async () => {
        throw new StintError('oncall-unavailable');
      },
    };
    expect((await judge(paged('approve'), noRota)).outcome).toBe('auto');
    await expect(judge(paged('ask'), noRota)).rejects.toMatchObject({ code: 'oncall-unavailable' });
    // Nobody is looked for who makes no difference: whom the rule names besides may break it.
    const named = breakable('{ ask: { groups: [staff, "oncall:primary"] }, max: 15m, review: { groups: [security] } }');
    expect((await judge(named, noRota)).outcome).toBe('auto');
    // Nor is it held up by a rule before it for others, which has none.
    const before = parsePolicy(
      GLASS.source.replace(
        'targets:',
        'targets:\n  - { id: vault, kind: mac-admin, match: { serials: ["*"] }, ask: { groups: [security] }, approve: { groups: [it] }, windows: [5m], max: 5m }',
      ),
      'two.yaml',
    );
    expect(await judge(before, sound)).toMatchObject({ outcome: 'auto', rule: 'macs' });
  });
});

it('whatever is asked, by whatever two policies: never past a cap, never for another, never without the rule’s leave, never longer later', () => {
  const caps = [5, 10, 15, 30];
  const asks = ['{ groups: [staff] }', '{ groups: [it] }', '{ people: [ada] }', '{ groups: [security] }'];
  const policies = caps.flatMap((cap) =>
    asks.map((ask) => ({ cap, ask, policy: breakable(`{ ask: ${ask}, max: ${cap}m, review: { groups: [security] } }`) })),
  );
  const people = [ADA, GRACE, LINUS, MARGARET, MALLORY];
  const may: Readonly<Record<string, (p: Person) => boolean>> = {
    '{ groups: [staff] }': (p) => p.groups.includes('staff'),
    '{ groups: [it] }': (p) => p.groups.includes('it'),
    '{ people: [ada] }': (p) => p === ADA,
    '{ groups: [security] }': (p) => p.groups.includes('security'),
  };
  const anyone = fc.constantFrom(...people);
  fc.assert(
    fc.property(
      fc.constantFrom(...policies),
      fc.constantFrom(...policies),
      anyone,
      anyone,
      fc.constantFrom(5, 7, 10, 15, 30, 60),
      fc.boolean(),
      (then, now, subject, requester, minutes, extension) => {
        const request = broken(
          { windowMs: minutes * MIN, requester: { personId: requester.personId, name: requester.name } },
          subject,
        );
        const round = extension ? ({ ...roundOf(request), kind: 'extension' } as const) : roundOf(request);
        const verdict = decideBoth(then.policy, now.policy, { request, round }, factsOf(EVERYBODY, request), [], NOW);
        if (verdict.outcome !== 'auto') return;
        expect(extension).toBe(false);
        expect(requester).toBe(subject);
        for (const { cap, ask } of [then, now]) {
          expect(verdict.windowMs).toBeLessThanOrEqual(cap * MIN);
          expect(verdict.maxWindowMs).toBeLessThanOrEqual(cap * MIN);
          expect(may[ask]?.(subject)).toBe(true);
        }
      },
    ),
    { numRuns: 1500 },
  );
});

/** As the store keeps it. */
function takenBy(policy: Policy, rule: string | undefined = 'macs'): Grant {
  const { requestId, target, subject } = broken();
  const row = { requestId, target, targetKey: target.key, personId: subject.personId, runId: 'run' as RunId, notAfter: at(MIN) };
  return { ...row, rule, policyHash: policy.hash, windowMs: 10 * MIN };
}

describe('the review', () => {
  const deps = (people: readonly Person[] = EVERYBODY, policy = GLASS) => ({
    policies: { get: async (hash: Digest) => (hash === policy.hash ? policy.source : undefined) },
    grants: { grant: async () => takenBy(policy) },
    directory: directoryFrom(people),
  });
  const view = (who: Person = ADA, policy = GLASS) => {
    const request = broken({}, who);
    return viewOf(judged(policy, request), { request, digest: requestDigest(request) });
  };

  it('is for those whom the policy of then names, and never for the person, however many groups and accounts they have', async () => {
    const own = breakable('{ ask: { groups: [staff] }, max: 15m, review: { groups: [staff, security], people: [ada] } }');
    const twice = { ...ADA, groups: ['staff', 'security'], slack: [...ADA.slack, ...MARGARET.slack] };
    expect(await isReviewer(deps([twice, MARGARET], own), view(twice, own), twice)).toBe(false);
    expect(await isReviewer(deps(), view(), MARGARET)).toBe(true);
    expect(await isReviewer(deps(), view(), GRACE)).toBe(false);
    expect(await isReviewer(deps(), view(), { ...MARGARET, active: false })).toBe(false);
    expect((await reviewersOf(deps([twice, MARGARET, GRACE], own), view(twice, own))).map((p) => p.personId).sort()).toEqual([
      'grace',
      'margaret',
    ]);
  });

  it('is nobody’s where the policy of then cannot be found', async () => {
    const lost = { ...deps(), policies: { get: async () => undefined } };
    expect(await isReviewer(lost, view(), MARGARET)).toBe(false);
    expect(await reviewersOf(lost, view())).toEqual([]);
  });

  it('says who may to whom it is not, and to whom it is theirs that somebody else has to', async () => {
    expect(await judgeReview(deps(), view(), LINUS)).toEqual({
      ok: false,
      sentence: 'The policy does not let you review this; it lets Margaret.',
    });
    expect(await judgeReview(deps(), view(), ADA)).toEqual({
      ok: false,
      sentence: 'You cannot review your own break-glass. Someone else has to.',
    });
    const nobody = deps(EVERYBODY.filter((one) => one !== MARGARET));
    expect(await judgeReview(nobody, view(), LINUS)).toEqual({ ok: false, sentence: 'The policy does not let you review this.' });
    const lost = { ...deps(), policies: { get: async () => undefined } };
    const told = { ...view(), verdict: { ...view().verdict, approvers: ['grace'] as string[] as PersonId[] } };
    expect((await passedOver(lost, told)).map(({ personId }) => personId)).toEqual(['grace']);
    const { grants: _, ...storeless } = deps();
    expect(await reviewersOf(storeless, view())).toEqual([]);
  });

  it('goes by what the store wrote down as the target was taken, and not by a verdict that somebody gave in the policy’s place', async () => {
    const other = breakable(
      '{ ask: { groups: [staff] }, max: 15m, review: { people: [mallory] } }',
      '  - { id: other, kind: mac-admin, match: { serials: [XA*] }, ask: { groups: [x] }, approve: { people: [mallory] }, windows: [5m], max: 5m, breakGlass: { ask: { groups: [x] }, max: 5m, review: { people: [mallory] } } }\n',
    );
    const policies = { get: async (hash: Digest) => [GLASS, other].find((one) => one.hash === hash)?.source };
    const known = { ...deps(), policies };
    // Another policy of once, and another rule of the same: both would name others.
    const { verdict, ...rest } = view();
    for (const change of [{ policyHash: other.hash }, { policyHash: other.hash, rule: 'other' }, { rule: 'nothing' }]) {
      const forged = { ...rest, verdict: { ...verdict, ...change, approvers: [] } };
      expect(await isReviewer(known, forged, MALLORY)).toBe(false);
      expect(await isReviewer(known, forged, MARGARET)).toBe(true);
      expect((await reviewersOf(known, forged)).map(({ personId }) => personId)).toEqual(['margaret']);
      // Nor can it keep from anybody that they were passed over.
      expect((await passedOver(known, forged)).map(({ personId }) => personId).sort()).toEqual(['grace', 'linus']);
    }
    // What was never taken nobody reviews; a drill takes nothing, and goes by what is on record.
    const untaken = { ...known, grants: { grant: async () => undefined } };
    expect(await isReviewer(untaken, view(), MARGARET)).toBe(false);
    const { request } = view();
    const drill = { ...view(), request: { ...request, breakGlass: { incident: 'INC-417', drill: true as const } } };
    expect(await isReviewer(untaken, drill, MARGARET)).toBe(true);
    expect(await isReviewer(untaken, drill, MALLORY)).toBe(false);
    // What was called a drill, and was taken all the same.
    const called = { ...drill, verdict: { ...verdict, policyHash: other.hash, rule: 'other' } };
    expect(await isReviewer(known, called, MALLORY)).toBe(false);
  });

  it('tells everybody who was passed over, however many they are, and none of those whose it is', async () => {
    const many = Array.from({ length: 150 }, (_, i) => person(`p${i}`, { groups: ['it'] }));
    const inIt = { ...ADA, groups: [...ADA.groups, 'it'] };
    const left = { ...LINUS, active: false };
    const told = await passedOver(deps([inIt, GRACE, left, ...many]), view(inIt));
    expect(told).toHaveLength(151);
    expect(told.map(({ personId }) => personId)).not.toContain('ada');
  });

  it('never is for requester or subject, whoever they are and whatever the rule says', () => {
    const id = fc.constantFrom('ada', 'bob', 'cyn').map((name) => name as PersonId);
    const groups = fc.subarray(['staff', 'it', 'security']);
    const who = fc.record({ groups, people: fc.uniqueArray(id) });
    const [rule] = GLASS.rules;
    if (!rule) throw new Error('no rule');
    fc.assert(
      fc.property(who, who, id, id, id, groups, fc.boolean(), (ask, review, requester, subject, reviewer, own, active) => {
        const glass = { ...rule, breakGlass: { ask, review, maxMs: MIN } };
        const request = broken({
          requester: { personId: requester, name: requester },
          subject: { personId: subject, name: subject },
        });
        if (!mayReview(glass, request, person(reviewer, { groups: own, active }))) return;
        expect([requester, subject]).not.toContain(reviewer);
        expect(active).toBe(true);
        expect(review.people.includes(reviewer) || review.groups.some((group) => own.includes(group))).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('the tools know of it', () => {
  it('what may be taken is found apart from what may be asked for, and only where it may', async () => {
    const preview = createPreview({
      policy: async () => breakable(undefined, '    hours: { zone: UTC, from: "18:00" }'),
      directory: directoryFrom(EVERYBODY),
      clock: () => NOW,
    });
    const pinned = await preview.pin(ADA, 'mac-admin/C02ADA01', undefined, 'break-glass');
    expect(pinned.offer).toMatchObject({ rule: 'macs', windowsMs: [5, 10, 15].map((minutes) => minutes * MIN) });
    expect(pinned.offer.barred).toBeUndefined();
    await expect(preview.pin(ADA, 'mac-admin/C02ADA01')).rejects.toThrow(/closed now/);
    await expect(preview.pin(MALLORY, 'mac-admin/C02MALLORY01', undefined, 'break-glass')).rejects.toMatchObject({
      code: 'not-eligible',
    });
  });

  it('a case breaks it with an incident', async () => {
    const table = (text: string) =>
      parseCases(
        `version: 1\npolicy: p\npeople: q\ncases:\n  - { name: one, who: ada, target: { mac: C02ADA01 }, window: 10m, ${text} }`,
        't',
      );
    const failures = async (text: string) => (await runCases(GLASS, EVERYBODY, table(text), NOW)).cases[0]?.failures;
    expect(await failures('incident: INC-1, expect: { outcome: auto, window: 10m }')).toEqual([]);
    expect(await failures('expect: { outcome: auto }')).toEqual(['outcome: expected auto, got needs-approval']);
    expect(() => table('incident: "two words", expect: { outcome: auto }')).toThrow(/must be the id of an incident/);
  });

  it('an explanation says whether they may', () => {
    const { requester, subject, target } = requestOf();
    const { tree, holds } = explainRequest({
      policy: GLASS,
      ask: { requester, subject, target },
      facts: factsOf(),
      whose: { holds: 'yes', why: '' },
      now: NOW,
    });
    expect(holds).toBe('yes');
    expect(tree.children.find(({ what }) => what.includes('break-glass'))).toMatchObject({
      what: 'may be taken by break-glass, up to 15m, reviewed by the group security',
      holds: 'yes',
      why: 'by the group staff',
    });
  });

  it.each([
    [
      '{ ask: { groups: [it] }, max: 15m, review: { groups: [security] } }',
      '{ ask: { groups: [it, staff] }, max: 15m, review: { groups: [security] } }',
    ],
    [
      '{ ask: { groups: [it] }, max: 10m, review: { groups: [security] } }',
      '{ ask: { groups: [it] }, max: 15m, review: { groups: [security] } }',
    ],
    [
      '{ ask: { groups: [it] }, max: 10m, incident: INC, review: { groups: [security] } }',
      '{ ask: { groups: [it] }, max: 10m, review: { groups: [security] } }',
    ],
  ])('a comparison of %s with %s is wider, and narrower the other way round', (was, is) => {
    const [there] = diffPolicies(breakable(was), breakable(is), EVERYBODY).groups;
    expect(there).toMatchObject({ widened: [expect.stringContaining('may break the glass')], narrowed: [] });
    const [back] = diffPolicies(breakable(is), breakable(was), EVERYBODY).groups;
    expect(back).toMatchObject({ widened: [], narrowed: [expect.stringContaining('may break the glass')] });
  });

  it('a comparison tells where it begins, and another review as both', () => {
    expect(diffPolicies(policyOf(), GLASS, EVERYBODY).groups[0]?.widened).toEqual([
      'group staff may break the glass, up to 15m, reviewed by group security; was: nobody may break the glass',
    ]);
    const other = breakable('{ ask: { groups: [staff] }, max: 15m, review: { groups: [it] } }');
    const [group] = diffPolicies(GLASS, other, EVERYBODY).groups;
    expect([group?.widened.length, group?.narrowed.length]).toEqual([1, 1]);
  });
});

describe('a policy file', () => {
  const problem = (said: string): string => {
    try {
      breakable(said);
    } catch (error) {
      if (isStintError(error)) return error.sentence;
      throw error;
    }
    throw new Error('it was accepted');
  };

  it.each([
    ['{ ask: { groups: [it] }, max: 15m }', 'breakGlass.review: is missing'],
    ['{ ask: { groups: [it] }, review: { groups: [security] } }', 'breakGlass.max: is missing'],
    ['{ ask: { groups: [it] }, max: 2h, review: { groups: [it] } }', 'breakGlass.max: must be between 1s and 1h'],
    ['{ ask: { groups: [it] }, max: 45m, review: { groups: [it] } }', '(45m) must not be longer than max of the rule (30m)'],
    ['{ ask: { groups: [it] }, max: 1m, review: { groups: [it] } }', '(1m) is shorter than the shortest window (5m)'],
    ['{ ask: { people: [ada] }, max: 15m, review: { people: [ada] } }', 'must name somebody else'],
    ['{ ask: { groups: [it] }, max: 15m, incident: "(", review: { groups: [it] } }', 'breakGlass.incident'],
  ])('that says %s is refused', (said, why) => {
    expect(problem(said)).toContain(why);
  });

  it.each([
    ['{ ask: { people: [ada] }, max: 15m, review: { groups: [security] } }'],
    ['{ ask: { people: [ada] }, max: 15m, review: { groups: [security], people: [ada] } }'],
    ['{ ask: { people: [ada] }, max: 15m, review: { people: [ada, grace] } }'],
    ['{ ask: { people: [ada, grace] }, max: 15m, review: { people: [ada] } }'],
    ['{ ask: { groups: [it], people: [ada] }, max: 15m, review: { people: [ada] } }'],
    ['{ ask: { groups: [it] }, max: 15m, review: { people: [ada] } }'],
    ['{ ask: { groups: [it] }, max: 5m, review: { groups: [it] } }'],
    ['{ ask: { groups: [it] }, max: 30m, review: { groups: [it] } }'],
  ])('that says %s names somebody else who reviews, within its own bounds', (said) => {
    expect(breakable(said).rules[0]?.breakGlass).toBeDefined();
  });

  it('that is refused names the place', () => {
    expect(problem('{ ask: { people: [ada] }, max: 15m, review: { people: [ada] } }')).toContain('breakGlass.review: must name');
    expect(problem('{ ask: { groups: [it] }, max: 45m, review: { groups: [it] } }')).toContain('breakGlass.max: (45m)');
    expect(problem('{ ask: { groups: [it] }, max: 1m, review: { groups: [it] } }')).toContain('breakGlass.max: (1m)');
  });

  it('whose review nobody else could close is told with the people file', async () => {
    const alone = breakable('{ ask: { groups: [security] }, max: 15m, review: { groups: [security] } }');
    const told = await findings(alone, directoryFrom(EVERYBODY), 'p.yaml');
    expect(told.join('\n')).toContain('nobody else could review the break-glass of margaret.');
    const unknown = breakable('{ ask: { groups: [staff] }, max: 15m, review: { groups: [nobody] } }');
    expect((await findings(unknown, directoryFrom(EVERYBODY), 'p.yaml')).join('\n')).toContain(
      'the group nobody has no members.',
    );
    const two = breakable('{ ask: { groups: [staff] }, max: 15m, review: { groups: [it] } }');
    expect(await findings(two, directoryFrom(EVERYBODY), 'p.yaml')).toEqual([]);
  });

  it('without it has the hash that it always had', () => {
    expect(policyOf().rules[0]).not.toHaveProperty('breakGlass');
    expect(GLASS.hash).not.toBe(policyOf().hash);
  });
});
