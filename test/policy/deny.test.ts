/** Rules that deny: they come before all others wherever they stand, nothing gets past them, and one more never lets anything in. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isStintError, StintError } from '../../contract/errors.js';
import type { PersonId, Serial } from '../../contract/ids.js';
import type { About, Person } from '../../contract/ports.js';
import type { ElevationRequest, Target } from '../../contract/request.js';
import type { Vote } from '../../contract/verdict.js';
import { findings } from '../../policy/check.js';
import { decide, decideBoth } from '../../policy/decide.js';
import { diffPolicies } from '../../policy/diff.js';
import { explainRequest } from '../../policy/explain.js';
import { gatherFacts } from '../../policy/facts.js';
import { parsePolicy } from '../../policy/load.js';
import { pin } from '../../policy/offers.js';
import { directoryFrom } from '../../policy/people.js';
import { covers, type Deny, includes, mayCover, type Policy, type Rule, type Who } from '../../policy/rules.js';
import { ONLY_MACS } from '../../policy/targets.js';
import { weakerRules } from '../../policy/weaker.js';
import { requestDigest, sha256 } from '../../seal/canonical.js';
import {
  ADA,
  approval,
  at,
  EVERYBODY,
  factsOf,
  GRACE,
  LINUS,
  MARGARET,
  MIN,
  NOW,
  person,
  policyOf,
  requestOf,
  roundOf,
} from './world.js';

const NAMES = ['ada', 'bob', 'cyn', 'dan'];
const GROUPS = ['staff', 'it', 'security'];
const maybe = <T>(one: fc.Arbitrary<T>) => fc.option(one, { nil: undefined });
const who = fc.record<Who>({
  groups: fc.subarray(GROUPS),
  people: fc.subarray(NAMES).map((ids) => ids.map((id) => id as PersonId)),
});
/** Most of those who ask are let by some rule, or there would be little to deny. */
const asks = fc.tuple(who, fc.subarray(GROUPS, { minLength: 1 })).map(([one, groups]): Who => ({ ...one, groups }));
const match = fc.oneof(
  fc
    .subarray(['*', 'C02*', 'C02ADA01', 'C02B*'], { minLength: 1 })
    .map((serials) => ({ kind: 'mac-admin', match: { serials } }) as const),
  fc
    .record({
      accounts: maybe(fc.constantFrom(['prod-*'], ['*'], ['111111111111'])),
      tags: maybe(fc.constantFrom<Record<string, string>>({ tier: '0' }, { tier: '*' }, { owner: 'pay*' })),
      sets: maybe(fc.constantFrom(['Read*'], ['admin'])),
    })
    .map((one) => ({ kind: 'aws-permission-set', match: one }) as const),
);
const [BASE] = policyOf().rules;
const rule = fc
  .tuple(match, fc.record({ ask: asks, approve: who, quorum: fc.integer({ min: 1, max: 2 }) }))
  .map(([one, rest]) => ({ ...BASE, ...rest, ...one }) as Rule);
const deny = fc
  .tuple(match, maybe(who), maybe(who))
  .map(([one, ask, except]) => ({ id: 'd', ...one, ...(ask ? { ask } : {}), ...(except ? { except } : {}) }) as Deny);
const numbered = <T extends { readonly id: string }>(all: readonly T[], letter: string) =>
  all.map((one, i) => ({ ...one, id: `${letter}${i}` }));
const policy = fc
  .tuple(fc.array(rule, { minLength: 1, maxLength: 5 }), fc.array(deny, { maxLength: 2 }))
  .map(
    ([rules, denies]): Policy => ({ hash: sha256('p'), source: '', rules: numbered(rules, 'r'), denies: numbered(denies, 'd') }),
  );
const about = fc.oneof(
  fc.constantFrom('C02ADA01', 'C02BOB01', 'C03X').map((serial): About => ({ kind: 'mac-admin', serial: serial as Serial })),
  fc
    .record({
      accountName: fc.constantFrom('prod-a', 'test'),
      tags: maybe(fc.constantFrom<Record<string, string>>({}, { tier: '0' }, { tier: '1', owner: 'payments' })),
      set: fc.constantFrom('ReadOnly', 'admin'),
    })
    .map((one): About => ({ kind: 'aws-permission-set', accountId: '111111111111', ouIds: [], ouNames: [], ...one })),
);
const people = fc.tuple(...NAMES.map((name) => fc.subarray(GROUPS, { minLength: 1 }).map((groups) => person(name, { groups }))));
const ballots = fc.array(fc.tuple(fc.nat(3), fc.constantFrom('approve', 'approve', 'approve', 'deny')), { maxLength: 4 });

/** A round of a request by the first of them, for the second or for themself; some have voted. */
const situation = fc.tuple(about, people, fc.boolean(), ballots).map(([one, everybody, forSelf, cast]) => {
  const [asker = ADA, other = ADA] = everybody;
  const holder = forSelf ? asker : other;
  const ref = ({ personId, name }: Person) => ({ personId, name });
  const target = { ...requestOf().target, kind: one.kind, accountId: '111111111111' } as Target;
  const request: ElevationRequest = { ...requestOf(), requester: ref(asker), subject: ref(holder), target };
  const votes = cast.map(([i, decision]): Vote => {
    const by = { personId: everybody[i]?.personId ?? ADA.personId, roundDigest: requestDigest(request), at: at(0) };
    return decision === 'approve' ? { ...by, decision, windowMs: 10 * MIN } : { ...by, decision: 'deny' };
  });
  const facts = { requester: asker, subject: holder, look: { about: one }, voters: everybody, approverPool: everybody };
  return { about: one, askers: [asker, holder], question: { request, round: roundOf(request) }, facts, votes };
});
const RUNS = { numRuns: 4_000 };
/** By its words alone, so that this is no copy of the product. */
const isKeptOut = ({ ask, except }: Deny, one: Person) => (!ask || includes(ask, one)) && (!except || !includes(except, one));

describe('one more rule that denies', () => {
  it('lets nothing in: what was denied stays so, and what is not denied is as it was, in every word', () => {
    const seen = { kept: 0, taken: 0 };
    fc.assert(
      fc.property(policy, deny, situation, (before, more, { question, facts, votes }) => {
        const after = { ...before, denies: [...(before.denies ?? []), { ...more, id: 'more' }] };
        const [was, is] = [decide(before, question, facts, votes, NOW), decide(after, question, facts, votes, NOW)];
        if (is.outcome !== 'deny') {
          expect(is).toEqual(was);
          seen.kept++;
        } else if (was.outcome !== 'deny') {
          expect([is.rule, is.approvers, is.windowMs]).toEqual(['more', [], undefined]);
          seen.taken++;
        }
      }),
      RUNS,
    );
    expect(seen.kept).toBeGreaterThan(100);
    expect(seen.taken).toBeGreaterThan(100);
  });

  it('is beaten by nothing: not by rules, votes, who asks, nor by what is not known yet of the target', () => {
    let met = 0;
    fc.assert(
      fc.property(
        policy.filter(({ denies = [] }) => denies.length > 0),
        situation,
        (all, { about: one, askers, question, facts, votes }) => {
          const meant = (all.denies ?? []).filter((each) => askers.some((asker) => isKeptOut(each, asker)));
          if (!meant.some((each) => covers(each, one) || mayCover(each, one))) return;
          met++;
          const open = { ...all, hash: sha256('open'), denies: [] };
          expect(decide(all, question, facts, votes, NOW).outcome).toBe('deny');
          for (const [then, now] of [
            [open, all],
            [all, open],
          ] as const)
            expect(decideBoth(then, now, question, facts, votes, NOW).outcome).toBe('deny');
        },
      ),
      RUNS,
    );
    expect(met).toBeGreaterThan(300);
  });

  it('is explained as it is decided', () => {
    fc.assert(
      fc.property(policy, situation, (all, { about: one, question, facts }) => {
        const { requester, subject, target, windowMs } = question.request;
        const whose = { holds: 'yes', why: '' } as const;
        const explained = explainRequest({ policy: all, ask: { requester, subject, target, windowMs }, facts, whose, now: NOW });
        const { outcome, rule: by } = decide(all, question, facts, [], NOW);
        if (outcome === 'deny') expect(explained.holds).not.toBe('yes');
        if (explained.by) expect(explained.by.rule).toBe(by);
        // A tag that is not known is said as that.
        const isKnown = one.kind !== 'aws-permission-set' || one.tags !== undefined;
        if (by?.startsWith('d') && isKnown)
          expect([explained.holds, explained.by, explained.approvers]).toEqual(['no', undefined, []]);
      }),
      RUNS,
    );
  });
});

const FENCE = `  - id: fence
    effect: deny
    kind: mac-admin
    match: { serials: ["C02ADA*"] }
    except: { groups: [security] }
    say: These are for security alone.
`;
const MACS = `  - id: macs
    kind: mac-admin
    match: { serials: ["*"] }
    ask: { groups: [staff] }
    approve: { groups: [it] }
    windows: [10m]
    max: 30m
`;
const parsed = (...targets: string[]) => parsePolicy(`version: 1\ntargets:\n${targets.join('')}`, 'policy.yaml');
function problems(...targets: string[]): string {
  try {
    parsed(...targets);
  } catch (error) {
    if (isStintError(error)) return error.sentence;
    throw error;
  }
  return '';
}

describe('in a file', () => {
  const request = requestOf();
  const question = { request, round: roundOf(request) };

  it('it denies before and after the rule that lets, with its own sentence, whoever has approved', () => {
    for (const one of [parsed(FENCE, MACS), parsed(MACS, FENCE)]) {
      const verdict = decide(one, question, factsOf(), [approval(GRACE), approval(LINUS)], NOW);
      expect([verdict.outcome, verdict.rule, verdict.approvers]).toEqual(['deny', 'fence', []]);
      expect(verdict.sentences[0]).toBe('The rule fence denies ada-mac (C02ADA01): These are for security alone.');
    }
    const silent = parsed(MACS, FENCE.replace(/ {4}say.*\n/, ''));
    const verdict = decide(silent, question, factsOf(), [], NOW);
    expect(verdict.sentences).toEqual(['The rule fence denies ada-mac (C02ADA01), whatever other rules let.']);
  });

  it('is another policy with it than without it, and the same as before where there is none', () => {
    const hashes = [parsed(MACS), parsed(MACS, FENCE), parsed(MACS, FENCE.replace('security', 'it'))].map(({ hash }) => hash);
    expect(new Set(hashes).size).toBe(3);
    expect(parsed(MACS.replace('    kind', '    effect: allow\n    kind')).hash).toBe(hashes[0]);
  });

  it('what is asked for by its key is refused with its sentence', async () => {
    const shelf = { policy: parsed(MACS, FENCE), directory: directoryFrom(EVERYBODY), targets: ONLY_MACS, now: NOW };
    const refused = pin(shelf, { person: ADA, subject: ADA }, request.target.key);
    await expect(refused).rejects.toMatchObject({ code: 'not-eligible', sentence: 'These are for security alone.' });
  });

  it('asks nobody who is on call: a rota that can not be looked up does not hold a denial up', async () => {
    const text = MACS.replace('groups: [it]', 'groups: ["oncall:primary"]');
    const down = directoryFrom(EVERYBODY, async () => {
      throw new StintError('oncall-unavailable');
    });
    const fenced = parsed(text, FENCE);
    const facts = await gatherFacts({ directory: down }, fenced, request, []);
    expect(decide(fenced, question, facts, [], NOW)).toMatchObject({ outcome: 'deny', rule: 'fence' });
    await expect(gatherFacts({ directory: down }, parsed(text), request, [])).rejects.toMatchObject({
      code: 'oncall-unavailable',
    });
  });

  it.each([
    ['a key of rules that let', FENCE.replace('    say', '    max: 5m\n    say'), '"max" is not known here'],
    ['a key that is misspelt', FENCE.replace('except', 'exept'), 'did you mean "except"?'],
    ['another effect', FENCE.replace('deny', 'dny'), 'targets[1].effect: must be one of: allow, deny; did you mean "deny"?'],
    ['a rota', FENCE.replace('[security]', '["oncall:primary"]'), 'targets[1].except.groups[0]: must be a group name'],
    ['nobody', FENCE.replace('[security]', '[]'), "A rota can't be named where a rule denies"],
    ['no match', FENCE.replace(/ {4}match.*\n/, ''), 'targets[1].match: is missing'],
    ['another kind', FENCE.replace('mac-admin', 'mac'), 'targets[1].kind: must be one of: mac-admin, aws-permission-set'],
    ['an id that is there', FENCE.replace('id: fence', 'id: macs'), 'targets[1].id: macs is used twice'],
    ['two lines to say', FENCE.replace('These are', '"a\\nb" #'), 'targets[1].say: must be one line'],
    [
      'what lets, with who is excepted',
      MACS.replace('    max', '    except: { groups: [it] }\n    max').replace('id: macs', 'id: m2'),
      '"except" is not known here',
    ],
  ])('refuses %s, with its place', (_what, text, expected) => {
    expect(problems(MACS, text)).toContain(expected);
  });

  it('refuses a rule of which it leaves nothing, wherever they stand', () => {
    const all = '  - { id: shut, effect: deny, kind: mac-admin, match: { serials: ["*"] } }\n';
    const staff = all.replace(' } }', ' }, ask: { groups: [staff] } }');
    const why = 'this rule can never apply: the rule shut denies every request of it. Leave one of them out, or narrow that one';
    for (const one of [all, staff])
      expect([problems(MACS, one), problems(one, MACS)]).toEqual([expect.stringContaining(why), expect.stringContaining(why)]);
    expect(problems(MACS, staff.replace('staff', 'it'))).toBe('');
    expect(problems(MACS, all.replace(' } }', ' }, except: { groups: [it] } }'))).toBe('');
    expect(problems(MACS, all.replace('"*"', '"C02*"'))).toBe('');
  });

  it('is checked with the people: who is not there is said with its own place, and of a rule after it too', async () => {
    const [fence, macs] = [FENCE.replace('security', 'securty'), MACS.replace('groups: [it]', 'groups: [itt]')];
    const found = await findings(parsed(fence, macs), directoryFrom(EVERYBODY), 'policy.yaml', {
      groups: ['security', 'it'],
      people: [],
    });
    expect(found).toContain('policy.yaml:7:24 fence.except: the group securty has no members; did you mean "security"?');
    expect(found.find((one) => one.includes('macs.approve'))).toMatch(/^policy\.yaml:13:25 /);
  });

  it('is told by a comparison as less for those whom it keeps out, and for nobody else', () => {
    const vera = person('vera', { groups: ['staff', 'security'], macs: ADA.macs });
    const { groups } = diffPolicies(parsed(MACS), parsed(MACS, FENCE), [ADA, GRACE, LINUS, vera]);
    expect(groups).toMatchObject([{ people: ['ada'], widened: [], narrowed: [expect.stringContaining('may ask no more')] }]);
    const aws = (more: string) =>
      parsed(
        '  - { id: prod, kind: aws-permission-set, match: { sets: ["*"] }, ask: { groups: [staff] }, approve: { groups: [it] }, windows: [10m], max: 30m }\n',
        more,
      );
    const shut =
      '  - { id: shut, effect: deny, kind: aws-permission-set, match: { tags: { tier: "0" } }, except: { groups: [it] } }\n';
    const [one, ...others] = diffPolicies(aws(''), aws(shut), [ADA, GRACE, LINUS, MARGARET]).groups;
    expect([one?.people, one?.narrowed.length, others]).toEqual([['ada', 'margaret'], 1, []]);
  });
});

describe('a later rule that gives what an earlier one keeps', () => {
  const strict =
    '  - { id: strict, kind: mac-admin, match: { serials: ["C02ADA*"] }, ask: { groups: [security] }, approve: { groups: [it], quorum: 2 }, windows: [10m], max: 10m }\n';
  const file = { people: EVERYBODY, rotas: [] };

  it('is warned of, with the people and the targets, unless a rule denies it', () => {
    const [warning, ...others] = weakerRules(parsed(strict, MACS), file, 'policy.yaml');
    expect(others).toEqual([]);
    expect(warning).toMatch(
      /^policy\.yaml:4:9 macs gives what strict is there for to others, who may not ask by that: one approval, up to 30m rather than 2 approvals, up to 10m\. To: ada\. On: C02ADA01\. /,
    );
    expect(weakerRules(parsed(strict, FENCE, MACS), file, 'policy.yaml')).toEqual([]);
  });

  it('is not where it is no weaker, nor where all may ask by the strict one', () => {
    expect(weakerRules(parsed(strict, MACS.replace('[it]', '[it], quorum: 2').replace('30m', '10m')), file, 'p')).toEqual([]);
    expect(weakerRules(parsed(strict.replace('[security]', '[staff]'), MACS), file, 'p')).toEqual([]);
  });

  it('is found in AWS, where the two go by other attributes', () => {
    const rules = [
      '  - { id: tier, kind: aws-permission-set, match: { tags: { tier: "0" } }, ask: { groups: [it] }, approve: { groups: [it], quorum: 2 }, windows: [10m], max: 30m }\n',
      '  - { id: prod, kind: aws-permission-set, match: { ous: [Production] }, ask: { groups: [staff] }, approve: { groups: [it] }, windows: [10m], max: 30m }\n',
    ];
    const [warning, ...others] = weakerRules(parsed(...rules), file, 'p');
    expect(others).toEqual([]);
    expect(warning).toContain('prod gives what tier is there for to others');
    expect(warning).toContain('To: ada, margaret.');
  });
});
