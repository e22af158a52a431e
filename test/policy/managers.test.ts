import { describe, expect, it } from 'vitest';
import type { PersonId } from '../../contract/ids.js';
import type { Person } from '../../contract/ports.js';
import { decide } from '../../policy/decide.js';
import { explainRequest } from '../../policy/explain.js';
import { gatherFacts } from '../../policy/facts.js';
import { managersOf, managing } from '../../policy/managers.js';
import { directoryFrom, parsePeople } from '../../policy/people.js';
import { ADA, approval, at, GRACE, LINUS, MARGARET, MIN, NOW, person, policyOf, requestOf, roundOf } from './world.js';

const id = (name: string) => name as PersonId;
const away = (delegate?: string, from = at(-MIN), until = at(MIN)) => ({
  away: { from, until, ...(delegate === undefined ? {} : { delegate: id(delegate) }) },
});
const under = (name: string, manager: string | undefined, change: Partial<Person> = {}) =>
  person(name, { ...change, ...(manager === undefined ? {} : { manager: id(manager) }) });

/** Who decides as ada's manager, or why nobody does; ada asks for herself unless others are named. */
async function found(people: readonly Person[], own = ['ada'], now = NOW): Promise<string> {
  const [ada] = people;
  if (!ada) throw new Error('somebody has to ask');
  const known = await managersOf(directoryFrom(people), ada);
  const answer = managing(ada, own.map(id), { find: (one) => known.find(({ personId }) => personId === one), now });
  return answer.person?.personId ?? answer.nobody ?? '';
}

const ada = under('ada', 'bob');
describe('the manager who decides', () => {
  it.each<[string, readonly Person[], string]>([
    ['is whom the people file names', [ada, under('bob', 'cyn')], 'bob'],
    ['is the delegate while they are away', [ada, under('bob', 'cyn', away('dan')), person('cyn'), person('dan')], 'dan'],
    ['is the manager of the manager who is away', [ada, under('bob', 'cyn', away()), person('cyn')], 'cyn'],
    ['is not a delegate who is away too', [ada, under('bob', 'cyn', away('dan')), person('cyn'), person('dan', away())], 'cyn'],
    [
      'is not a delegate who left',
      [ada, under('bob', 'cyn', away('dan')), person('cyn'), person('dan', { active: false })],
      'cyn',
    ],
    ['is not the delegate who asks', [ada, under('bob', 'cyn', away('ada')), person('cyn')], 'cyn'],
    ['is not a delegate who is not there', [ada, under('bob', 'cyn', away('ghost')), person('cyn')], 'cyn'],
    ['is nobody where none is named', [under('ada', undefined)], 'Ada has no manager in the people file.'],
    ['is nobody where they are not there', [ada], 'bob, the manager of Ada, is not in the people file.'],
    [
      'is nobody where they left',
      [ada, person('bob', { active: false })],
      'Bob, the manager of Ada, is not active in the people file.',
    ],
    ['is never oneself', [under('ada', 'ada')], 'In the people file ada is the manager of Ada, in a circle.'],
    [
      'is nobody where it goes round in a circle',
      [ada, under('bob', 'cyn', away()), under('cyn', 'bob', away())],
      'In the people file bob is the manager of Cyn, in a circle.',
    ],
    [
      'is never the subject again',
      [ada, under('bob', 'ada', away())],
      'In the people file ada is the manager of Bob, in a circle.',
    ],
  ])('%s', async (_what, people, expected) => expect(await found(people)).toBe(expected));

  it('is no requester who asks for one of theirs', async () => {
    expect(await found([ada, person('bob')], ['bob', 'ada'])).toMatch(/Bob, the manager of Ada, is one of those whose request/);
  });

  it('is looked for five levels up, and no further', async () => {
    const chain = (length: number) =>
      Array.from({ length }, (_, i) => under(i === 0 ? 'ada' : `m${i}`, `m${i + 1}`, i === 0 ? {} : away()));
    expect(await found([...chain(5), person('m5')])).toBe('m5');
    expect(await found([...chain(6), person('m6')])).toMatch(/The 5 managers above Ada are away/);
  });

  it('changes at the very instants of the absence', async () => {
    const people = [ada, under('bob', undefined, away('dan', at(0), at(10))), person('dan')];
    const at4 = [NOW - 1, NOW, NOW + 9, NOW + 10].map((now) => found(people, ['ada'], now));
    expect(await Promise.all(at4)).toEqual(['bob', 'dan', 'dan', 'bob']);
  });
});

const MANAGED = policyOf({ approve: '{ manager: true }' });
async function judged(people: readonly Person[], by: readonly Person[], now = NOW, subject: Person = ADA) {
  const change = subject === ADA ? {} : { subject: { personId: subject.personId, name: subject.name } };
  const request = requestOf({ ...change, target: requestOf({}, subject).target });
  const round = roundOf(request);
  const votes = by.map((one) => approval(one, 10 * MIN, round.digest));
  const facts = await gatherFacts({ directory: directoryFrom(people) }, MANAGED, request, votes);
  return decide(MANAGED, { request, round }, facts, votes, now);
}

describe('a rule that asks the manager', () => {
  const managed = { ...ADA, manager: id('grace') };
  it('takes their approval and no other', async () => {
    expect(await judged([managed, GRACE, LINUS], [LINUS])).toMatchObject({ outcome: 'needs-approval', approvers: ['grace'] });
    expect(await judged([managed, GRACE, LINUS], [GRACE])).toMatchObject({ outcome: 'satisfied', approvedBy: ['grace'] });
  });

  it("means the subject's manager where somebody else asks", async () => {
    const subject = person('bob', { manager: id('linus') });
    expect((await judged([managed, subject, GRACE, LINUS], [GRACE], NOW, subject)).outcome).toBe('needs-approval');
    expect((await judged([managed, subject, GRACE, LINUS], [LINUS], NOW, subject)).outcome).toBe('satisfied');
  });

  it('counts an approval of the delegate as long as the absence lasts', async () => {
    const people = [managed, { ...GRACE, ...away('linus') }, LINUS];
    expect((await judged(people, [LINUS], NOW)).outcome).toBe('satisfied');
    expect((await judged(people, [LINUS], NOW + MIN)).outcome).toBe('needs-approval');
    expect((await judged(people, [GRACE], NOW)).outcome).toBe('needs-approval');
  });

  it('says why nobody is the manager', async () => {
    const { outcome, sentences } = await judged([ADA, GRACE], [GRACE]);
    expect(outcome).toBe('needs-approval');
    expect(sentences).toEqual([
      "Grace's vote does not count: not an approver of this request.",
      'One more approval is needed, but nobody could give it: ask your IT team to correct the policy.',
      'Ada has no manager in the people file.',
    ]);
  });

  it('is another fact when the manager is another, or away', async () => {
    const digests = await Promise.all(
      [
        [managed, GRACE],
        [{ ...ADA, manager: id('linus') }, GRACE],
        [managed, { ...GRACE, ...away() }],
      ].map(async (people) => (await judged(people, [])).factsDigest),
    );
    expect(new Set(digests).size).toBe(3);
  });

  it('is explained: as what they decide, stage by stage, or why nobody does', async () => {
    const policy = policyOf({ approve: '{ stages: [{ manager: true }, { groups: [security] }] }' });
    const tree = async (people: readonly Person[]) => {
      const request = requestOf();
      const facts = await gatherFacts({ directory: directoryFrom(people) }, policy, request, []);
      return explainRequest({ policy, ask: request, facts, whose: { holds: 'yes', why: '' }, now: NOW });
    };
    const said = await tree([managed, { ...GRACE, ...away('linus') }, LINUS, MARGARET]);
    expect(said).toMatchObject({ holds: 'yes', by: { quorum: 2 } });
    expect(said.stages).toEqual([
      { name: 'manager', quorum: 1, approvers: ['linus'] },
      { name: 'security', quorum: 1, approvers: ['margaret'] },
    ]);
    expect(said.approvers[0]?.why).toBe('as a manager: for Grace, the manager of Ada, who is away until 2026-03-02 09:01 UTC');
    const none = await tree([ADA, MARGARET]);
    const stages = none.tree.children.at(-1)?.children.map(({ what, holds, why }) => `${holds} ${what}: ${why}`);
    expect(none.holds).toBe('no');
    expect(stages).toContain('no stage 1, manager: 1 needed: 0 could');
    expect(stages).toContain('no the manager: Ada has no manager in the people file.');
  });
});

describe('the people file', () => {
  const file = (more: string) => `people:\n  - id: ada\n    name: Ada\n${more}`;
  it('names a manager, and when they are away, as days of UTC or as times', () => {
    const [one] = parsePeople(
      file('    manager: bob\n    away: { from: 2026-12-21, until: "2027-01-04T08:00+01:00", delegate: cyn }\n'),
      'p',
    );
    expect(one).toMatchObject({
      manager: 'bob',
      away: { from: '2026-12-21T00:00:00.000Z', until: '2027-01-04T07:00:00.000Z', delegate: 'cyn' },
    });
  });

  it.each([
    ['{ from: 2026-12-21, until: 2026-12-21 }', 'must end after it began'],
    ['{ from: 2026-12-21, until: 2026-02-31 }', 'must be a day such as 2026-12-24'],
    ['{ from: 2026-12-21, until: "2026-12-24T08:00" }', 'must be a day such as 2026-12-24'],
    ['{ from: 2026-12-21, until: "2026-12-24T25:00Z" }', 'must be a day such as 2026-12-24'],
    ['{ from: tomorrow, until: 2026-12-24 }', 'must be a day such as 2026-12-24'],
    ['{ until: 2026-12-24 }', 'people[0].away.from: is missing'],
    ['{ from: 2026-12-21, until: 2026-12-24, delegates: [a] }', '"delegates" is not known here; did you mean "delegate"?'],
  ])('refuses the absence %s', (absence, expected) => {
    expect(() => parsePeople(file(`    away: ${absence}\n`), 'p')).toThrow(expected);
  });
});
