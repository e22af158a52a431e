import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PersonId } from '../../contract/ids.js';
import type { Absence, Directory, Person } from '../../contract/ports.js';
import type { Verdict, Vote } from '../../contract/verdict.js';
import { decideBoth } from '../../policy/decide.js';
import { gatherFacts } from '../../policy/facts.js';
import { createJudge } from '../../policy/judge.js';
import { directoryFrom } from '../../policy/people.js';
import { approvalOf } from '../../policy/pools.js';
import { createPreview } from '../../policy/preview.js';
import type { Policy } from '../../policy/rules.js';
import { letsMore, type Plan } from '../../policy/stages.js';
import { digestOf, requestDigest } from '../../seal/canonical.js';
import { mostByTrying, sum } from './seating.js';
import {
  ADA,
  approval,
  at,
  denial,
  GRACE,
  LINUS,
  MARGARET,
  MIN,
  NOW,
  person,
  policyOf,
  requestOf,
  roundOf,
  viewOf,
} from './world.js';

interface StageText {
  readonly groups?: readonly string[];
  readonly people?: readonly string[];
  readonly manager?: boolean;
  readonly quorum?: number;
}

const staged = (...stages: StageText[]): Policy => policyOf({ approve: JSON.stringify({ stages }) });
const TWO = staged({ groups: ['it'] }, { groups: ['security'], quorum: 2 });
const BOTH = person('bea', { groups: ['staff', 'it', 'security'] });
const VERA = person('vera', { groups: ['staff', 'security'] });
const PEOPLE = [ADA, GRACE, LINUS, MARGARET, VERA, BOTH];

const ADAS = requestDigest(requestOf());

async function judged(
  policy: Policy | readonly [Policy, Policy],
  people: readonly Person[],
  votes: readonly Vote[],
  subject = ADA,
) {
  const ref = { personId: subject.personId, name: subject.name };
  const request = requestOf(subject === ADA ? {} : { subject: ref, target: requestOf({}, subject).target });
  const round = roundOf(request);
  const cast = votes.map((vote) => (vote.roundDigest === ADAS ? { ...vote, roundDigest: round.digest } : vote));
  const policies = 'rules' in policy ? [policy, policy] : policy;
  const facts = await gatherFacts({ directory: directoryFrom(people) }, policies, request, cast);
  const [then, now] = policies as [Policy, Policy];
  return decideBoth(then, now, { request, round }, facts, cast, NOW);
}

const counts = ({ stages = [] }: Verdict) => stages.map(({ name, approved, quorum }) => `${name} ${approved}/${quorum}`);

describe('an approval in stages', () => {
  it('asks the first stage first, then the next, and is there when all are', async () => {
    const none = await judged(TWO, PEOPLE, []);
    expect(none).toMatchObject({ outcome: 'needs-approval', quorum: 3, approvers: ['bea', 'grace', 'linus'] });
    expect(counts(none)).toEqual(['it 0/1', 'security 0/2']);
    expect(none.sentences).toEqual([
      'Stage 1 of 2 (it): one more approval is needed, from: Bea, Grace, Linus.',
      'Stage 2 of 2 (security): 2 more approvals are needed.',
    ]);
    const one = await judged(TWO, PEOPLE, [approval(GRACE)]);
    expect(one).toMatchObject({ outcome: 'needs-approval', approvers: ['bea', 'margaret', 'vera'] });
    expect(counts(one)).toEqual(['it 1/1', 'security 0/2']);
    const votes = [approval(GRACE), approval(VERA, 5 * MIN), approval(MARGARET)];
    expect(await judged(TWO, PEOPLE, votes)).toMatchObject({ outcome: 'satisfied', windowMs: 5 * MIN });
  });

  it('counts a vote for a later stage that came early', async () => {
    const early = await judged(TWO, PEOPLE, [approval(VERA), approval(MARGARET)]);
    expect(early).toMatchObject({ outcome: 'needs-approval', approvers: ['bea', 'grace', 'linus'] });
    expect(counts(early)).toEqual(['it 0/1', 'security 2/2']);
    expect((await judged(TWO, PEOPLE, [approval(VERA), approval(MARGARET), approval(GRACE)])).outcome).toBe('satisfied');
  });

  it('counts nobody twice, and moves whom both stages could have to where they are missing', async () => {
    const alone = await judged(staged({ groups: ['it'] }, { groups: ['security'] }), PEOPLE, [approval(BOTH), approval(BOTH)]);
    expect(alone.outcome).toBe('needs-approval');
    // Grace sits in the first, so Bea need not: she is the one of security.
    expect(alone.approvers).toEqual(['margaret', 'vera', 'grace', 'linus'].sort());
    expect(
      (await judged(staged({ groups: ['it'] }, { groups: ['security'] }), PEOPLE, [approval(BOTH), approval(GRACE)])).outcome,
    ).toBe('satisfied');
  });

  it('more of one stage stand in for none of another', async () => {
    const verdict = await judged(TWO, PEOPLE, [approval(GRACE), approval(LINUS), approval(VERA)]);
    expect(verdict).toMatchObject({ outcome: 'needs-approval', approvedBy: ['grace', 'linus', 'vera'] });
  });

  it('says which stage too few people could satisfy', async () => {
    const { sentences } = await judged(TWO, [ADA, GRACE, VERA], []);
    expect(sentences).toContain('Stage 2 of 2 (security): too few people could approve: ask your IT team to correct the policy.');
  });

  it('that is one stage is the same policy as a single pool', async () => {
    expect(staged({ groups: ['it'], quorum: 2 })).toMatchObject({
      hash: policyOf({ approve: '{ groups: [it], quorum: 2 }' }).hash,
    });
    expect(await judged(staged({ groups: ['it'] }), PEOPLE, [])).toEqual(await judged(policyOf(), PEOPLE, []));
  });

  it('is ended by a denial of anybody who could approve in any stage', async () => {
    for (const one of [GRACE, VERA, BOTH])
      expect((await judged(TWO, PEOPLE, [approval(LINUS), denial(one)])).outcome).toBe('deny');
  });

  it('of then and of now are both to be satisfied', async () => {
    const other = staged({ groups: ['security'] }, { groups: ['it'], quorum: 2 });
    const votes = [approval(GRACE), approval(VERA), approval(MARGARET)];
    expect((await judged(TWO, PEOPLE, votes)).outcome).toBe('satisfied');
    for (const pair of [
      [TWO, other],
      [other, TWO],
    ] as const) {
      expect((await judged(pair, PEOPLE, votes)).outcome).toBe('needs-approval');
      expect((await judged(pair, PEOPLE, [...votes, approval(LINUS)])).outcome).toBe('satisfied');
    }
  });
});

describe('a click', () => {
  const preview = createPreview({ policy: async () => TWO, directory: directoryFrom(PEOPLE), clock: () => NOW });
  it('of somebody of a later stage counts, and one that does not is told who could now', async () => {
    const waiting = viewOf(await judged(TWO, PEOPLE, []), { votes: [approval(GRACE)] });
    expect(await preview.judgeClick(waiting, VERA, 'approve', 5 * MIN)).toEqual({ ok: true });
    const refused = await preview.judgeClick(waiting, person('eve'), 'approve', 5 * MIN);
    expect(refused).toMatchObject({
      ok: false,
      sentence: expect.stringContaining('Missing: 2 of security. Who could approve: Bea, Margaret, Vera.'),
    });
  });

  it('to deny is for every stage, and for the manager where one is asked', async () => {
    const managed = staged({ groups: ['it'] }, { manager: true });
    const people = [{ ...ADA, manager: VERA.personId }, GRACE, VERA, MARGARET];
    const view = viewOf(await judged(managed, people, []));
    expect(view.verdict.approvers).toEqual(['grace']);
    const closed = policyOf({
      approve: JSON.stringify({ stages: [{ groups: ['it'] }, { manager: true }] }),
      revoke: '{ groups: [it] }',
    });
    const asked = createPreview({ policy: async () => closed, directory: directoryFrom(people), clock: () => NOW });
    for (const one of [GRACE, VERA]) expect(await asked.judgeClick(view, one, 'deny')).toEqual({ ok: true });
    expect(await asked.judgeClick(view, MARGARET, 'deny')).toMatchObject({ ok: false });
  });

  it('is offered with those who are asked first', async () => {
    const { offers } = await preview.offersFor(ADA);
    expect(offers[0]?.approverNames).toEqual(['Bea', 'Grace', 'Linus']);
  });
});

// ---- properties: any people, managers, absences, stages and votes ------------------------------------------------------

const NAMES = ['ada', 'bob', 'cyn', 'dan', 'eve', 'fay'];
const OWN = ['ada', 'bob'];
const name = fc.constantFrom(...NAMES, 'nobody').map((id) => id as PersonId);
const own = fc.constantFrom(...OWN).map((id) => id as PersonId);
const maybe = <T>(one: fc.Arbitrary<T>) => fc.option(one, { nil: undefined });
const absence = fc.record({ begins: fc.constantFrom(-1, 0, 0, 0, 1), delegate: maybe(fc.oneof(name, own)) }).map(
  ({ begins, delegate }): Absence => ({
    from: at(begins * MIN),
    until: at((begins + 1) * MIN),
    ...(delegate && { delegate }),
  }),
);
const somebody = fc.record({
  groups: fc.subarray(['it', 'security', 'owners']),
  active: fc.integer({ min: 0, max: 5 }).map((n) => n > 0),
  manager: maybe(name),
  away: maybe(absence),
});
const anyPeople = fc.array(somebody, { minLength: NAMES.length, maxLength: NAMES.length }).map((all) =>
  all.map(({ groups, active, manager, away }, i) =>
    person(NAMES[i] ?? '', {
      groups: ['staff', ...groups],
      // Those whose request it is are there, or nothing would be judged but that.
      active: active || i < OWN.length,
      ...(manager && { manager }),
      ...(away && { away }),
      slack: [1, 2].map((n) => ({ teamId: `T000${n}`, userId: `U0${NAMES[i]}`.toUpperCase() as never })),
    }),
  ),
);
const anyStage = fc
  .record({ groups: fc.subarray(['it', 'security', 'owners']), manager: fc.boolean(), quorum: fc.integer({ min: 1, max: 2 }) })
  .map((stage) => (stage.groups.length === 0 ? { ...stage, groups: ['it'] } : stage));
const anyStages = fc.array(anyStage, { minLength: 1, maxLength: 3 });

const [BASE] = policyOf().rules;
/** What `staged` gives, without its text: a text takes as long to read as ten decisions. */
const built = (...stages: StageText[]): Policy => {
  if (!BASE) throw new Error('a policy has a rule');
  const { stages: _, ...rest } = BASE;
  const rules = [{ ...rest, ...approvalOf({ stages: stages as never }) }];
  return { hash: digestOf({ t: 'stint-policy-v1', rules } as never), source: '', rules };
};
const anyVotes = fc.array(
  fc.record({
    by: fc.constantFrom(...NAMES),
    windowMs: fc.constantFrom(5 * MIN, 10 * MIN),
    deny: fc.integer({ min: 0, max: 15 }),
  }),
  { maxLength: 8 },
);
const cast = (votes: readonly { by: string; windowMs: number; deny: number }[]) =>
  votes.map(({ by, windowMs, deny }) => (deny === 0 ? denial(person(by), ADAS) : approval(person(by), windowMs, ADAS)));
const forWhom = fc.constantFrom<'ada' | 'bob'>('ada', 'bob');

/** Who decides as a manager, told once more: by recursion, from what the docs say. */
function managerIn(people: readonly Person[], subject: string, own: readonly string[]): string | undefined {
  const find = (id: string | undefined) => people.find(({ personId, active }) => personId === id && active);
  const there = ({ away }: Person) => !away || Date.parse(away.from) > NOW || Date.parse(away.until) <= NOW;
  const above = (id: string, seen: readonly string[]): string | undefined => {
    const manager = find(find(id)?.manager);
    if (!manager || seen.length > 5 || seen.includes(manager.personId)) return undefined;
    if (there(manager)) return own.includes(manager.personId) ? undefined : manager.personId;
    const delegate = find(manager.away?.delegate);
    if (delegate && there(delegate) && !own.includes(delegate.personId)) return delegate.personId;
    return above(manager.personId, [...seen, manager.personId]);
  };
  return above(subject, [subject]);
}

function masksOf(people: readonly Person[], stages: readonly StageText[], subject: string) {
  const own = ['ada', subject];
  const manager = managerIn(people, subject, own);
  return (one: Person | undefined) =>
    !one?.active || own.includes(one.personId)
      ? 0
      : stages.reduce((mask, stage, i) => {
          const may = stage.groups?.some((group) => one.groups.includes(group)) || (stage.manager && one.personId === manager);
          return mask | (may ? 1 << i : 0);
        }, 0);
}

const of = (people: readonly Person[], id: string) => people.find(({ personId }) => personId === id) ?? ADA;

const RUNS = 2000;

it('a policy that is built is the one of the text', () => {
  fc.assert(
    fc.property(anyStages, (stages) => {
      expect(built(...stages)).toEqual({ ...staged(...stages), source: '' });
    }),
  );
});

describe('whatever people, managers, stages and votes there are', () => {
  it('it is satisfied exactly when some seating of different people fills every stage and nobody of them denied', async () => {
    let [yes, no] = [0, 0];
    await fc.assert(
      fc.asyncProperty(anyPeople, anyStages, anyVotes, forWhom, async (people, stages, drawn, subject) => {
        const votes = cast(drawn);
        const verdict = await judged(built(...stages), people, votes, subject === 'ada' ? ADA : of(people, subject));
        const mask = masksOf(people, stages, subject);
        const by = (decision: string) => [...new Set(votes.flatMap((v) => (v.decision === decision ? [v.personId] : [])))];
        const quorums = stages.map(({ quorum }) => quorum);
        const approved = by('approve').map((id) => mask(of(people, id)));
        const denied = by('deny').some((id) => mask(of(people, id)) > 0);
        const filled = mostByTrying(quorums, approved) === sum(quorums);
        expect(verdict.outcome).toBe(denied ? 'deny' : filled ? 'satisfied' : 'needs-approval');
        expect(verdict.approvedBy).toEqual(
          by('approve')
            .filter((id) => mask(of(people, id)) > 0)
            .sort(),
        );
        if (filled) yes += 1;
        else no += 1;
        if (verdict.outcome !== 'needs-approval' || stages.length === 1) return;
        // Asked is exactly who fills another seat of the first stage that is open.
        const open = (verdict.stages ?? []).findIndex((stage) => stage.approved < stage.quorum);
        const upTo = quorums.slice(0, open + 1);
        const more = people.filter((p) => {
          const counted = verdict.approvedBy.includes(p.personId);
          return !counted && mostByTrying(upTo, [...approved, mask(p)]) > mostByTrying(upTo, approved);
        });
        expect(verdict.approvers).toEqual(more.map(({ personId }) => personId).sort());
      }),
      { numRuns: RUNS },
    );
    expect(Math.min(yes, no)).toBeGreaterThan(10);
  });

  it('the requester and the subject never count: in every pool, as every manager and every delegate, with two accounts', async () => {
    await fc.assert(
      fc.asyncProperty(anyPeople, anyStages, forWhom, fc.constantFrom(...OWN), async (drawn, stages, subject, favourite) => {
        const own = ['ada', subject];
        const people = drawn.map((p) => ({
          ...p,
          manager: favourite as PersonId,
          ...(p.away && { away: { ...p.away, delegate: favourite as PersonId } }),
          ...(own.includes(p.personId) && { groups: ['staff', 'it', 'security', 'owners'] }),
        }));
        const votes = own.flatMap((id) => [approval(of(people, id), 10 * MIN, ADAS), approval(of(people, id), 5 * MIN, ADAS)]);
        const verdict = await judged(built(...stages), people, votes, subject === 'ada' ? ADA : of(people, subject));
        expect(verdict).toMatchObject({ outcome: 'needs-approval', approvedBy: [] });
        for (const id of own) expect(verdict.approvers).not.toContain(id);
      }),
      { numRuns: RUNS },
    );
  });

  it('neither the order nor the repetition of votes makes a difference', async () => {
    await fc.assert(
      fc.asyncProperty(anyPeople, anyStages, anyVotes, fc.infiniteStream(fc.nat()), async (people, stages, drawn, random) => {
        const votes = cast(drawn);
        const keyed = [...votes, ...votes].map((vote) => ({ vote, key: random.next().value }));
        const other = keyed.sort((a, b) => a.key - b.key).map(({ vote }) => vote);
        const { sentences: _, ...one } = await judged(built(...stages), people, votes);
        const { sentences: __, ...two } = await judged(built(...stages), [...people].reverse(), other);
        expect(two).toEqual(one);
      }),
      { numRuns: RUNS },
    );
  });

  it('one stage more never widens, wherever it stands, nor does another policy beside it', async () => {
    await fc.assert(
      fc.asyncProperty(
        anyPeople,
        anyStages,
        anyStage,
        fc.nat({ max: 3 }),
        anyVotes,
        async (people, stages, extra, where, drawn) => {
          const votes = cast(drawn);
          const more = built(...stages.toSpliced(where, 0, extra));
          const [less, wider, both] = await Promise.all([
            judged(more, people, votes),
            judged(built(...stages), people, votes),
            judged([more, built(extra)], people, votes),
          ]);
          if (less.outcome === 'satisfied') expect(wider.outcome).not.toBe('needs-approval');
          if (wider.outcome === 'deny') expect(less.outcome).toBe('deny');
          if (both.outcome === 'satisfied') expect(less.outcome).toBe('satisfied');
        },
      ),
      { numRuns: RUNS },
    );
  });

  it('a plan lets more through exactly where some people satisfy it and not the other', () => {
    const masks = fc.array(fc.tuple(fc.nat({ max: 7 }), fc.nat({ max: 7 })), { maxLength: 6 });
    const quorums = fc.array(fc.integer({ min: 1, max: 2 }), { minLength: 1, maxLength: 3 });
    const planOf = (all: readonly number[], who: readonly number[]): Plan =>
      all.map((quorum, i) => ({
        name: `${i}`,
        quorum,
        who: { groups: [], people: [] },
        may: ({ personId }) => ((who[Number(personId.slice(1))] ?? 0) >> i) % 2 === 1,
      }));
    fc.assert(
      fc.property(quorums, quorums, masks, (was, is, who) => {
        const [first, second] = [who.map(([mask]) => mask), who.map(([, mask]) => mask)];
        const people = who.map((_, i) => person(`p${i}`));
        const subsets = Array.from({ length: 2 ** who.length }, (_, s) => who.flatMap((__, i) => ((s >> i) & 1 ? [i] : [])));
        const meets = (all: readonly number[], mask: readonly number[], some: readonly number[]) =>
          mostByTrying(
            all,
            some.map((i) => mask[i] ?? 0),
          ) === sum(all);
        const found = subsets.some((some) => meets(is, second, some) && !meets(was, first, some));
        expect(letsMore(planOf(was, first), planOf(is, second), people)).toBe(found);
      }),
    );
  });
});

it('a directory that fails while the manager is looked for is an error and no verdict', async () => {
  const people = [{ ...ADA, manager: GRACE.personId }, GRACE];
  const real = directoryFrom(people);
  const directory: Directory = {
    ...real,
    person: async (id) => {
      if (id === GRACE.personId) throw new Error('The directory is down');
      return real.person(id);
    },
  };
  const policy = policyOf({ approve: '{ manager: true }' });
  const policies = { get: async () => undefined };
  const judge = createJudge({ policy: async () => policy, policies, directory, clock: () => NOW });
  const request = requestOf();
  await expect(judge({ request, digest: requestDigest(request), round: roundOf(request), votes: [] })).rejects.toThrow('is down');
});
