/** On call as a group of the policy: counted live, looked up only where a decision turns on it, and never guessed. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StintError } from '../../contract/errors.js';
import type { PersonId } from '../../contract/ids.js';
import type { About, Person } from '../../contract/ports.js';
import { checkRotas, parseCases } from '../../policy/case-file.js';
import { runCases } from '../../policy/cases.js';
import { fileFindings } from '../../policy/check.js';
import { decide } from '../../policy/decide.js';
import { dutyOf, everOnDuty, type Paged, type PagedUser, unpaged, withEveryRota } from '../../policy/duty.js';
import { waitedFrom } from '../../policy/escalation.js';
import { gatherFacts } from '../../policy/facts.js';
import { liveDirectory } from '../../policy/live.js';
import {
  asFarAsKnown,
  createOnCall,
  learnFor,
  learnForGlass,
  lookedUp,
  namesRota,
  rulesToAsk,
  withRotas,
} from '../../policy/on-call.js';
import { directoryFrom, type PeopleFile, parsePeopleFile } from '../../policy/people.js';
import { createPreview } from '../../policy/preview.js';
import type { Policy, Rule } from '../../policy/rules.js';
import {
  ADA,
  approval,
  denial,
  EVERYBODY,
  factsOf,
  GRACE,
  LINUS,
  MALLORY,
  MARGARET,
  MIN,
  NOW,
  policyOf,
  requestOf,
  roundOf,
  viewOf,
} from './world.js';

const down: Paged = async () => {
  throw new StintError('oncall-unavailable', 'PagerDuty does not answer.');
};
/** Margaret until nine on Tuesday the third, then Linus; by the clocks of Berlin, where it is ten on Monday. */
const PRIMARY = {
  name: 'primary',
  zone: 'Europe/Berlin',
  from: Date.parse('2026-03-02') / 86_400_000,
  handoff: 9 * 3_600_000,
  days: 1,
  people: ['margaret', 'linus'] as string[] as PersonId[],
  overrides: [],
} as const;
const FILE: PeopleFile = { people: EVERYBODY, rotas: [PRIMARY, { name: 'cloud', pagerduty: 'PSCHED1' }] };
const TOMORROW = NOW + 24 * 60 * MIN;

function directoryAt(now = NOW, paged: Paged = down, file = FILE) {
  return directoryFrom(
    file.people,
    dutyOf(file, paged, () => now),
  );
}
async function verdictOf(policy: Policy, votes = [approval(MARGARET)], directory = directoryAt(), who: Person = ADA) {
  const request = requestOf({}, who);
  const facts = await gatherFacts({ directory }, policy, request, votes);
  return decide(policy, { request, round: roundOf(request) }, facts, votes, NOW);
}
const byPrimary = policyOf({ approve: '{ groups: ["oncall:primary"] }' });
const byCloud = policyOf({ approve: '{ groups: ["oncall:cloud"] }' });

describe('whoever is on call', () => {
  it('approves, and after the handoff the next one does, in their place', async () => {
    expect(await verdictOf(byPrimary)).toMatchObject({ outcome: 'satisfied', approvers: ['margaret'] });
    const next = await verdictOf(byPrimary, [approval(MARGARET)], directoryAt(TOMORROW));
    expect(next).toMatchObject({ outcome: 'needs-approval', approvers: ['linus'] });
    expect(await verdictOf(byPrimary, [approval(LINUS)], directoryAt(TOMORROW))).toMatchObject({ outcome: 'satisfied' });
  });

  it('counts once, through however many groups', async () => {
    const both = policyOf({ approve: '{ groups: [security, "oncall:primary"], people: [margaret], quorum: 2 }' });
    expect(await verdictOf(both)).toMatchObject({ outcome: 'needs-approval', approvedBy: ['margaret'] });
  });

  it('never decides their own request', async () => {
    const own = approval(MARGARET, 10 * MIN, roundOf(requestOf({}, MARGARET)).digest);
    expect(await verdictOf(byPrimary, [own], directoryAt(), MARGARET)).toMatchObject({
      outcome: 'needs-approval',
      approvers: [],
    });
  });

  it('does not count once they have left', async () => {
    const people = EVERYBODY.map((p) => (p === MARGARET ? { ...p, active: false } : p));
    const left = directoryAt(NOW, down, { ...FILE, people });
    expect(await verdictOf(byPrimary, [approval(MARGARET)], left)).toMatchObject({ outcome: 'needs-approval' });
  });

  it('may ask where the rule says so, and nobody else may', async () => {
    const asking = policyOf({ ask: '{ groups: ["oncall:primary"] }' });
    expect(await verdictOf(asking, [], directoryAt(), MARGARET)).toMatchObject({ outcome: 'needs-approval', rule: 'macs' });
    expect(await verdictOf(asking, [], directoryAt(), LINUS)).toMatchObject({ outcome: 'deny' });
    expect(await verdictOf(asking, [], directoryAt(TOMORROW), LINUS)).toMatchObject({ outcome: 'needs-approval' });
  });

  it('is nobody for a rota that is not there', async () => {
    const missing = policyOf({ approve: '{ groups: ["oncall:primry"] }' });
    expect(await verdictOf(missing)).toMatchObject({ outcome: 'needs-approval', approvers: [] });
    expect(await fileFindings(missing, FILE, 'p')).toEqual([
      expect.stringMatching(
        /^p:\d+:\d+ macs\.approve: nobody is ever on call for primry; did you mean "oncall:primary"\? Put a rota of that name into/,
      ),
      expect.stringContaining('too few people could approve'),
    ]);
    expect(await fileFindings(byPrimary, FILE, 'p')).toEqual([]);
  });
});

describe('a rota that cannot be looked up', () => {
  it('passes its error on where the decision turns on it: nothing is approved, whoever voted', async () => {
    for (const policy of [
      byCloud,
      policyOf({ approve: '{ groups: [it, "oncall:cloud"] }' }),
      policyOf({ ask: '{ groups: ["oncall:cloud"] }' }),
    ])
      await expect(verdictOf(policy, [approval(GRACE)])).rejects.toThrow(/PagerDuty does not answer/);
  });

  it('holds up nothing that another rule decides, before or after', async () => {
    const rule = (id: string, ask: string, approve: string) =>
      `  - { id: ${id}, kind: mac-admin, match: { serials: ["*"] }, ask: { groups: [${ask}] }, approve: { groups: [${approve}] }, windows: [10m], max: 30m }\n`;
    const after = policyOf({ more: rule('after', '"oncall:cloud"', '"oncall:cloud"') });
    expect(await verdictOf(after, [approval(GRACE)])).toMatchObject({ outcome: 'satisfied', rule: 'macs' });
    const before = policyOf({
      ask: '{ groups: [contractors] }',
      approve: '{ groups: ["oncall:cloud"] }',
      more: rule('mine', 'staff', 'it'),
    });
    expect(await verdictOf(before, [approval(GRACE)])).toMatchObject({ outcome: 'satisfied', rule: 'mine' });
  });

  it('is not looked up where the asker may ask through something else', async () => {
    const either = policyOf({ ask: '{ groups: [staff, "oncall:cloud"] }' });
    expect(await verdictOf(either, [approval(GRACE)])).toMatchObject({ outcome: 'satisfied' });
  });

  it('is asked once for a decision, so that no handoff lies within one', async () => {
    let asked = 0;
    const users: Paged = async () => (asked++ === 0 ? [{ id: 'PGRACE1', email: 'grace@example.com' }] : []);
    const people = EVERYBODY.map((p) => (p === GRACE ? { ...p, pagerdutyUserId: 'PGRACE1' } : p));
    const twice = policyOf({ ask: '{ groups: ["oncall:cloud"] }', approve: '{ groups: ["oncall:cloud", it] }' });
    const request = requestOf({}, GRACE);
    const facts = await gatherFacts({ directory: directoryAt(NOW, users, { ...FILE, people }) }, [twice, twice], request, []);
    expect(asked).toBe(1);
    expect(facts.requester?.groups).toContain('oncall:cloud');
  });
});

describe('whatever the rules, the votes and the rotas that are down', () => {
  type Known = readonly Person[] | 'down';
  const some = <T>(of: readonly T[], least = 0) => fc.subarray([...of], { minLength: least });
  const quoted = (groups: readonly string[]) => `{ groups: [${groups.map((one) => `"${one}"`).join(', ')}] }`;
  const rule = fc.record({
    ask: some(['staff', 'it', 'contractors', 'oncall:night', 'oncall:cloud'], 1).map(quoted),
    approve: some(['it', 'security', 'oncall:night', 'oncall:cloud'], 1).map(quoted),
  });
  const known: fc.Arbitrary<Known> = fc.oneof(fc.constant('down' as const), some(EVERYBODY));
  const anything = fc.record({
    rules: fc.array(rule, { minLength: 1, maxLength: 4 }),
    asker: fc.constantFrom(...EVERYBODY),
    votes: fc.array(fc.record({ by: fc.constantFrom(...EVERYBODY), deny: fc.boolean() }), { maxLength: 3 }),
    night: known,
    cloud: known,
  });
  const each: readonly (readonly Person[])[] = [[], ...EVERYBODY.map((person) => [person]), EVERYBODY];
  const completed = (one: Known) => (one === 'down' ? each : [one]);
  const shown = ({ outcome, rule: by, approvers, approvedBy }: ReturnType<typeof decide>) => ({
    outcome,
    by,
    approvers,
    approvedBy,
  });

  /** Undefined where rules hide each other, which is refused. */
  function policyWith(rules: readonly { ask: string; approve: string }[]): Policy | undefined {
    const [first, ...others] = rules;
    const more = others.map(
      (one, i) =>
        `  - { id: r${i}, kind: mac-admin, match: { serials: ["*"] }, ask: ${one.ask}, approve: ${one.approve}, windows: [10m], max: 30m }\n`,
    );
    try {
      return policyOf({ ...first, more: more.join('') });
    } catch (error) {
      if (error instanceof StintError) return undefined;
      throw error;
    }
  }

  it('what is decided is what would be decided whoever is on call there; all else is an error', async () => {
    let [decided, refused] = [0, 0];
    const property = fc.asyncProperty(anything, async ({ rules, asker, votes: cast, night, cloud }) => {
      const policy = policyWith(rules);
      fc.pre(policy !== undefined);
      const request = requestOf({}, asker);
      const round = roundOf(request);
      const votes = cast.map(({ by, deny }) => (deny ? denial(by, round.digest) : approval(by, 10 * MIN, round.digest)));
      const people = EVERYBODY.map((p) => ({ ...p, pagerdutyUserId: p.personId }));
      const paged: Paged = async (schedule) => {
        const users = schedule === 'PNIGHT1' ? night : cloud;
        return users === 'down' ? down(schedule) : users.map(({ personId }) => ({ id: personId }));
      };
      const rotas = ['night', 'cloud'].map((name) => ({ name, pagerduty: `P${name.toUpperCase()}1` }));
      const directory = directoryAt(NOW, paged, { people, rotas });
      const found = await verdictOf(policy, votes, directory, asker).catch((error: unknown) => {
        if (error instanceof StintError && error.code === 'oncall-unavailable') return undefined;
        throw error;
      });
      if (found) decided++;
      else {
        refused++;
        expect([night, cloud]).toContain('down');
        return;
      }
      for (const one of completed(night))
        for (const other of completed(cloud)) {
          const ids = (all: readonly Person[]) => all.map(({ personId }) => personId);
          const said = new Map(Object.entries({ night: ids(one), cloud: ids(other) }));
          const facts = factsOf(withRotas(EVERYBODY, said), request);
          expect(shown(found)).toEqual(shown(decide(policy, { request, round }, facts, votes, NOW)));
        }
    });
    await fc.assert(property, { numRuns: 400 });
    expect([decided > 50, refused > 50]).toEqual([true, true]);
  });
});

describe('a user of PagerDuty', () => {
  const users =
    (...all: PagedUser[]): Paged =>
    async () =>
      all;
  const named = (change: (person: Person) => Partial<Person>): PeopleFile => ({
    ...FILE,
    people: EVERYBODY.map((p) => ({ ...p, email: `${p.personId}@example.com`, ...change(p) })),
  });
  const onCall = async (file: PeopleFile, ...all: PagedUser[]) =>
    (await directoryAt(NOW, users(...all), file).membersOf('oncall:cloud')).map((p) => p.personId);

  it('is the person whose entry has the id, whatever the address says', async () => {
    const file = named(({ personId }) => (personId === 'grace' ? { pagerdutyUserId: 'PGRACE1' } : {}));
    expect(await onCall(file, { id: 'PGRACE1', email: 'g.hopper@example.com' })).toEqual(['grace']);
    expect(await onCall(file, { id: 'POTHER1', email: 'grace@example.com' })).toEqual([]);
  });

  it('is the person of exactly that address, where the entry has no id', async () => {
    const file = named(() => ({}));
    expect(await onCall(file, { id: 'PLINUS1', email: 'linus@example.com' })).toEqual(['linus']);
    expect(await onCall(file, { id: 'PLINUS1', email: 'linus@example.com.evil.test' })).toEqual([]);
    expect(await onCall(file, { id: 'PLINUS1' })).toEqual([]);
  });

  it('who shares an address with another user is the same person, once, in whatever case the address is written; in letters that only look alike it is nobody', async () => {
    const file = named(() => ({}));
    const both = [
      { id: 'PLINUS1', email: 'linus@example.com' },
      { id: 'POTHER1', email: 'linus@example.com' },
    ];
    expect(await onCall(file, ...both)).toEqual(['linus']);
    expect(await onCall(file, { id: 'PLINUS1', email: 'Linus@Example.com' })).toEqual(['linus']);
    const loud = named(({ personId }) => (personId === 'linus' ? { email: 'LINUS@example.com' } : {}));
    expect(await onCall(loud, { id: 'PLINUS1', email: 'linus@example.com' })).toEqual(['linus']);
    // The dotless i, which is another letter.
    expect(await onCall(file, { id: 'PLINUS1', email: 'lınus@example.com' })).toEqual([]);
  });

  it('whom the people file does not know is nobody, and takes nobody with them', async () => {
    const file = named(() => ({}));
    const unknown = { id: 'PNOBODY1', email: 'nobody@example.com' };
    expect(await onCall(file, unknown)).toEqual([]);
    expect(await onCall(file, unknown, { id: 'PGRACE1', email: 'grace@example.com' })).toEqual(['grace']);
  });

  it('is on call until the first of the ends that PagerDuty says, where it says one', async () => {
    const file = named(() => ({}));
    const both = (...ends: (number | undefined)[]) =>
      ends.map((until, i) => ({ id: `P${i}`, email: `${i === 0 ? 'grace' : 'linus'}@example.com`, ...(until ? { until } : {}) }));
    const until = async (...all: PagedUser[]) => (await directoryAt(NOW, users(...all), file).onCall('cloud')).untilMs;
    expect(await until(...both(7, 5))).toBe(5);
    expect(await until(...both(undefined, 9))).toBe(9);
    expect(await until(...both(undefined, undefined))).toBeUndefined();
  });

  it('may, for a check of files, be whoever has an id or an address', () => {
    const [ada, grace, linus] = [ADA, { ...GRACE, pagerdutyUserId: 'PGRACE1' }, { ...LINUS, email: 'linus@example.com' }];
    const ever = everOnDuty({ ...FILE, people: [ada, grace, linus] });
    expect([...ever]).toEqual([
      ['primary', ['margaret', 'linus']],
      ['cloud', ['grace', 'linus']],
    ]);
    expect(withEveryRota({ ...FILE, people: [ada, grace, linus] }).map(({ groups }) => groups)).toEqual([
      ['staff'],
      ['staff', 'it', 'oncall:cloud'],
      ['staff', 'it', 'oncall:primary', 'oncall:cloud'],
    ]);
  });

  it('is known to nobody where PagerDuty is not set up', async () => {
    await expect(unpaged('PSCHED1')).rejects.toMatchObject({
      code: 'oncall-unavailable',
      sentence: expect.stringContaining('the schedule PSCHED1 is known to PagerDuty alone'),
    });
  });

  it('who is one person by id and another by address is refused', async () => {
    const file = named(({ personId }) => (personId === 'grace' ? { pagerdutyUserId: 'PGRACE1' } : {}));
    await expect(onCall(file, { id: 'PGRACE1', email: 'ada@example.com' })).rejects.toThrow(/is grace by id, or ada by e-mail/);
  });
});

describe('looking up', () => {
  const ABOUT = { kind: 'mac-admin', serial: 'C02ADA01' } as About;
  const who = (...groups: string[]) => ({ groups, people: [] });
  /** Rotas and their members; `broken` is down, and `odd` fails in another way. Says which were asked. */
  function world(members: Record<string, { readonly members: readonly Person[]; readonly untilMs?: number }> = {}) {
    const asked: string[] = [];
    const onCall = async (rota: string) => {
      asked.push(rota);
      if (rota === 'broken') throw new StintError('oncall-unavailable', 'PagerDuty does not answer.');
      if (rota === 'odd') throw new StintError('bad-config', 'The file is broken.');
      return members[rota] ?? { members: [] };
    };
    const directory = { ...directoryFrom(EVERYBODY), onCall };
    return { asked, directory, onCall: createOnCall(directory) };
  }
  const rule = (id: string, ask: string, approve: string, more = '') =>
    `  - { id: ${id}, kind: mac-admin, match: { serials: ["*"] }, ask: ${ask}, approve: ${approve}, windows: [10m], max: 30m${more} }\n`;
  const ROUND = { kind: 'request', wait: waitedFrom(NOW - 60 * MIN, NOW) } as const;

  it('a rota is one of which the group says so', () => {
    expect([who('staff'), who('staff', 'oncall:a'), who()].map(namesRota)).toEqual([false, true, false]);
  });

  it('leaves those alone who are on call for nothing', () => {
    const [ada, grace] = withRotas([ADA, GRACE], new Map([['a', [GRACE.personId]]]));
    expect(ada).toBe(ADA);
    expect(grace).toEqual({ ...GRACE, groups: ['staff', 'it', 'oncall:a'] });
  });

  it('is done once for each rota, and stays so until the first of them ends', async () => {
    const { asked, onCall } = world({ a: { members: [GRACE], untilMs: 9 }, b: { members: [], untilMs: 7 }, c: { members: [] } });
    expect(onCall.duty()).toBeUndefined();
    await onCall.learn(who('staff', 'oncall:c'));
    expect(onCall.duty()).toEqual({});
    await onCall.learn(who('oncall:a'));
    await Promise.all([onCall.learn(who('oncall:b')), onCall.learn(who('oncall:a', 'oncall:b'))]);
    expect(onCall.duty()).toEqual({ until: 7 });
    expect(asked).toEqual(['c', 'a', 'b']);
    const members = async (group: string) => (await onCall.directory.membersOf(group)).map((p) => p.personId);
    expect([await members('oncall:a'), await members('oncall:z'), await members('security')]).toEqual([
      ['grace'],
      [],
      ['margaret'],
    ]);
    expect(asked).toHaveLength(3);
  });

  it('goes by the members of the group where the directory knows no more', async () => {
    const { personByMac: _, ...all } = directoryFrom(EVERYBODY);
    const bare = { person: all.person, membersOf: async (group: string) => (group === 'oncall:a' ? [LINUS] : []) };
    const onCall = createOnCall(bare);
    await onCall.learn(who('oncall:a'));
    expect(onCall.onto([ADA, LINUS]).map(({ groups }) => groups)).toEqual([['staff'], ['staff', 'it', 'oncall:a']]);
    expect(onCall.duty()).toEqual({});
  });

  it('as far as it can answers why it could not, and throws what is another failure', async () => {
    const { directory } = world({ a: { members: [ADA] } });
    const [fine, short] = [who('oncall:a', 'staff'), who('oncall:broken', 'oncall:a')];
    const ada = { ...ADA, groups: ['staff', 'oncall:a'] };
    expect(await asFarAsKnown(directory, ADA, [fine, fine])).toEqual({ person: ada });
    const failure = expect.objectContaining({ code: 'oncall-unavailable' });
    expect(await asFarAsKnown(directory, ADA, [who('staff'), short])).toEqual({ person: ada, failure });
    expect('failure' in (await lookedUp(directory, [fine]))).toBe(false);
    await expect(asFarAsKnown(directory, ADA, [who('oncall:odd')])).rejects.toThrow('The file is broken.');
  });

  it.each<[string, Policy, readonly Person[], readonly string[]]>([
    ['no rota is named', policyOf(), [ADA], []],
    ['nobody asks', policyOf({ approve: '{ groups: ["oncall:a"] }' }), [], []],
    ['the rule that lets them ask is approved by one', policyOf({ approve: '{ groups: ["oncall:a"] }' }), [ADA], ['a']],
    [
      'they may ask by one',
      policyOf({ ask: '{ groups: ["oncall:b"] }', approve: '{ groups: ["oncall:a"] }' }),
      [ADA],
      ['b', 'a'],
    ],
    ['they may not ask by one', policyOf({ ask: '{ groups: ["oncall:c"] }', approve: '{ groups: ["oncall:a"] }' }), [ADA], ['c']],
    ['one of two may ask', policyOf({ ask: '{ people: [grace] }', approve: '{ groups: ["oncall:a"] }' }), [GRACE, ADA], []],
    [
      'a rule before it does not mean them',
      policyOf({
        ask: '{ people: [zoe] }',
        approve: '{ groups: ["oncall:a"] }',
        more: rule('mine', '{ groups: [staff] }', '{ groups: ["oncall:b"] }'),
      }),
      [ADA],
      ['b'],
    ],
    [
      'it is denied',
      policyOf({
        approve: '{ groups: ["oncall:a"] }',
        more: '  - { id: no, effect: deny, kind: mac-admin, match: { serials: ["*"] }, ask: { people: [ada] } }\n',
      }),
      [ADA],
      [],
    ],
    [
      'steps have begun',
      policyOf({
        approve:
          '{ groups: [it], escalate: [{ after: 5m, groups: ["oncall:a", "oncall:b"] }, { after: 2h, groups: ["oncall:c"] }] }',
      }),
      [ADA],
      ['a', 'b'],
    ],
    [
      'it covers other Macs',
      {
        ...policyOf(),
        rules: policyOf({ approve: '{ groups: ["oncall:a"] }' }).rules.map(
          (one) => ({ ...one, match: { serials: ['C03*'] } }) as Rule,
        ),
      },
      [ADA],
      [],
    ],
  ])('to decide where %s', async (_, policy, askers, looked) => {
    const { asked, onCall } = world({ b: { members: [ADA] } });
    expect(await learnFor(onCall, policy, ABOUT, askers, ROUND)).toBeUndefined();
    expect(asked).toEqual(looked);
  });

  it('to decide answers that a step could not be looked up, and throws it of those who decide anyway', async () => {
    const step = policyOf({ approve: '{ groups: [it], escalate: [{ after: 5m, groups: ["oncall:broken"] }] }' });
    expect(await learnFor(world().onCall, step, ABOUT, [ADA], ROUND)).toMatchObject({ code: 'oncall-unavailable' });
    const first = policyOf({ approve: '{ groups: ["oncall:broken"] }' });
    await expect(learnFor(world().onCall, first, ABOUT, [ADA], ROUND)).rejects.toThrow(/does not answer/);
  });

  const glass = (ask: string) => `    breakGlass: { ask: ${ask}, max: 10m, review: { groups: [security] } }\n`;
  const denied = '  - { id: no, effect: deny, kind: mac-admin, match: { serials: ["*"] }, ask: { people: [ada] } }\n';
  it.each<[string, Policy, readonly Person[], readonly string[]]>([
    ['nobody breaks it', policyOf({ approve: '{ groups: ["oncall:a"] }', more: glass('{ groups: [staff] }') }), [], []],
    ['they may by name', policyOf({ approve: '{ groups: ["oncall:a"] }', more: glass('{ groups: [staff] }') }), [ADA], ['a']],
    ['a rota may', policyOf({ approve: '{ groups: ["oncall:a"] }', more: glass('{ groups: ["oncall:b"] }') }), [ADA], ['b', 'a']],
    [
      'another rota may',
      policyOf({ ask: '{ people: [zoe] }', approve: '{ groups: ["oncall:a"] }', more: glass('{ groups: ["oncall:c"] }') }),
      [ADA],
      ['c'],
    ],
    [
      'a rota may ask',
      policyOf({ ask: '{ groups: ["oncall:b"] }', approve: '{ groups: ["oncall:a"] }', more: glass('{ people: [zoe] }') }),
      [ADA],
      ['b', 'a'],
    ],
    ['it is denied', policyOf({ approve: '{ groups: ["oncall:a"] }', more: glass('{ groups: [staff] }') + denied }), [ADA], []],
  ])('to break the glass where %s', async (_, policy, askers, looked) => {
    const { asked, onCall } = world({ b: { members: [ADA] } });
    expect(await learnForGlass(onCall, policy, ABOUT, askers)).toBeUndefined();
    expect(asked).toEqual(looked);
  });

  it('to break the glass answers that approvers could not be looked up, and throws it of those who may', async () => {
    const told = policyOf({ approve: '{ groups: ["oncall:broken"] }', more: glass('{ groups: [staff] }') });
    expect(await learnForGlass(world().onCall, told, ABOUT, [ADA])).toMatchObject({ code: 'oncall-unavailable' });
    const may = policyOf({ more: glass('{ groups: ["oncall:broken"] }') });
    await expect(learnForGlass(world().onCall, may, ABOUT, [ADA])).rejects.toThrow(/does not answer/);
  });

  it('the rules to ask by are those that cover it and let all of them ask, or name a rota', () => {
    const policy = policyOf({
      ask: '{ people: [ada] }',
      more:
        rule('rota', '{ people: [grace], groups: ["oncall:a"] }', '{ groups: [it] }') +
        rule('all', '{ groups: [staff] }', '{ groups: [it] }'),
    });
    const ids = (askers: readonly Person[], about: About = ABOUT) => rulesToAsk(policy, about, askers).map(({ id }) => id);
    expect(ids([ADA])).toEqual(['macs', 'rota', 'all']);
    expect(ids([ADA, LINUS])).toEqual(['rota', 'all']);
    expect(ids([MALLORY])).toEqual(['rota']);
    expect(
      rulesToAsk({ ...policy, rules: policy.rules.map((one) => ({ ...one, match: { serials: ['C03*'] } }) as Rule) }, ABOUT, [
        ADA,
      ]),
    ).toEqual([]);
  });
});

describe('a click', () => {
  const ask = (policy: Policy, paged: Paged = down, now = NOW) =>
    createPreview({ policy: async () => policy, directory: directoryAt(now, paged), clock: () => NOW });
  const verdict = decide(policyOf(), { request: requestOf(), round: roundOf(requestOf()) }, factsOf([ADA]), [], NOW);
  const view = viewOf(verdict, { state: 'active' });

  it('of whoever is on call takes away by a rule that lets them, and of nobody else', async () => {
    const policy = policyOf({ revoke: '{ groups: ["oncall:primary", "oncall:cloud"] }' });
    expect(await ask(policy).judgeClick(view, MARGARET, 'revoke')).toEqual({ ok: true });
    await expect(ask(policy).judgeClick(view, MALLORY, 'revoke')).rejects.toThrow(/PagerDuty does not answer/);
    const primary = policyOf({ revoke: '{ groups: ["oncall:primary"] }' });
    expect(await ask(primary).judgeClick(view, MALLORY, 'revoke')).toMatchObject({
      ok: false,
      sentence: expect.stringContaining('Margaret'),
    });
  });

  it('that takes away waits for no look-up of those who may anyway', async () => {
    const policy = policyOf({ revoke: '{ groups: [security, "oncall:cloud"] }' });
    expect(await ask(policy).judgeClick(view, MARGARET, 'revoke')).toEqual({ ok: true });
  });

  it('approves only while they are on call', async () => {
    const waiting = viewOf(verdict);
    expect(await ask(byPrimary).judgeClick(waiting, MARGARET, 'approve', 10 * MIN)).toEqual({ ok: true });
    expect(await ask(byPrimary, down, TOMORROW).judgeClick(waiting, MARGARET, 'approve', 10 * MIN)).toMatchObject({ ok: false });
  });
});

describe('what is offered', () => {
  const preview = (policy: Policy, paged: Paged = down) =>
    createPreview({ policy: async () => policy, directory: directoryAt(NOW, paged), clock: () => NOW });

  it('names who is on call among those who will be asked', async () => {
    expect((await preview(byPrimary).offersFor(ADA)).offers[0]?.approverNames).toEqual(['Margaret']);
  });

  it('is still there without the rota that could not be looked up, which is said', async () => {
    const either = policyOf({ approve: '{ groups: [it, "oncall:cloud"] }' });
    expect((await preview(either).offersFor(ADA)).offers[0]?.approverNames).toEqual(['Grace', 'Linus']);
    const asking = policyOf({ ask: '{ groups: ["oncall:cloud"] }' });
    expect(await preview(asking).offersFor(ADA)).toMatchObject({ offers: [], note: 'PagerDuty does not answer.' });
    const [mac] = (await preview(either).offersFor(ADA)).offers;
    await expect(preview(asking).pin(ADA, mac?.key ?? '')).rejects.toThrow(/PagerDuty does not answer/);
  });
});

describe('files', () => {
  it('say who is on call as they are now, by the clock that is given', async () => {
    let now = NOW;
    const text = `people:\n  - { id: ada, name: Ada }\n  - { id: grace, name: Grace }\nrotas:\n  - { name: primary, zone: UTC, from: 2026-03-02, handoff: "09:00", every: day, people: [ada, grace] }\n`;
    const directory = liveDirectory(async () => text, 'people.yaml', { paged: down, clock: () => now });
    const who = async () => (await directory.membersOf('oncall:primary')).map((p) => p.personId).join();
    expect(await who()).toBe('ada');
    now = TOMORROW;
    expect(await who()).toBe('grace');
  });

  it('of cases say who is on call, so that a case comes out the same at every hour', async () => {
    const table = parseCases(
      `version: 1
policy: policy.yaml
people: people.yaml
cases:
  - name: the one on call approves
    who: ada
    target: { mac: C02ADA01 }
    window: 10m
    oncall: { primary: [grace] }
    votes: [{ by: grace }]
    expect: { outcome: satisfied, approvers: { include: [grace], exclude: [margaret, linus] } }
  - name: nobody is on call who is not said to be
    who: ada
    target: { mac: C02ADA01 }
    window: 10m
    votes: [{ by: grace }]
    expect: { outcome: needs-approval }
`,
      'cases.yaml',
    );
    const report = await runCases(byPrimary, EVERYBODY, table, NOW);
    expect(report.cases.map(({ failures }) => failures)).toEqual([[], []]);
  });

  it('of cases that name a rota which is not there are refused: such a case would fail, and so pass, for the wrong reason', () => {
    const table = parseCases(
      'version: 1\npolicy: p.yaml\npeople: p.yaml\ncases:\n  - { name: one, who: ada, target: { mac: C02ADA01 }, window: 10m, oncall: { primry: [grace] }, expect: { outcome: needs-approval } }\n',
      'cases.yaml',
    );
    expect(() => checkRotas(table, FILE.rotas)).toThrow(
      /cases\.yaml:5:\d+ cases\[0\]\.oncall\.primry: the people file has no rota/,
    );
    expect(() => checkRotas(table, [{ name: 'primry' }])).not.toThrow();
  });

  it('in which somebody who left still has turns are found fault with, once for each rota', async () => {
    const people = EVERYBODY.map((p) => (p === LINUS ? { ...p, active: false } : p));
    const found = await fileFindings(byPrimary, { ...FILE, people }, 'p');
    const said = found.filter((one) => one.startsWith('the rota'));
    expect(said).toEqual([
      'the rota primary: linus is not active in the people file, so nobody can decide in their turns. Take them out of it.',
    ]);
  });

  it('of PagerDuty alone leave a check nothing to say', async () => {
    const file = parsePeopleFile(
      'people:\n  - { id: ada, name: Ada, groups: [staff] }\n  - { id: grace, name: Grace, pagerduty: PGRACE1 }\nrotas:\n  - { name: cloud, pagerduty: PSCHED1 }\n',
      'people.yaml',
    );
    const policy = policyOf({ approve: '{ groups: ["oncall:cloud"] }', revoke: '{ people: [grace] }' });
    expect(await fileFindings(policy, file, 'p')).toEqual([]);
  });
});

describe('a rota of the file has one person at a time', () => {
  const file: PeopleFile = {
    people: EVERYBODY,
    rotas: [PRIMARY, { ...PRIMARY, name: 'desk' }, { name: 'cloud', pagerduty: 'PSCHED1' }],
  };
  const found = async (approve: string, more = '') =>
    (await fileFindings(policyOf({ approve, more }), file, 'p')).filter(
      (one) => one.includes('person at a time') || one.includes('one person is on call'),
    );

  it.each([
    ['{ groups: ["oncall:primary"], quorum: 2 }', 'macs.approve.quorum: must not be more than the 1 who can be there at a time'],
    ['{ groups: ["oncall:primary"], people: [grace], quorum: 3 }', 'must not be more than the 2 who can be there at a time'],
    [
      '{ stages: [{ groups: ["oncall:primary"] }, { groups: ["oncall:primary"] }] }',
      'macs.approve.stages: can never be satisfied',
    ],
    ['{ groups: ["oncall:primary"], quorum: 3, escalate: [{ after: 5m, groups: ["oncall:desk"] }] }', 'macs.approve.quorum'],
  ])('so %s is found fault with', async (approve, expected) => {
    expect(await found(approve)).toEqual([expect.stringContaining(expected)]);
    expect(await found('{ groups: [it] }', `    extend: { approve: ${approve.replace(/, escalate.*\]/, '')} }`)).toEqual([
      expect.stringContaining(expected.replace('macs.approve', 'macs.extend.approve')),
    ]);
  });

  it.each([
    '{ groups: ["oncall:primary"] }',
    '{ groups: ["oncall:primary"], people: [grace], quorum: 2 }',
    '{ groups: ["oncall:primary"], manager: true, quorum: 2 }',
    '{ groups: ["oncall:primary", "oncall:desk"], quorum: 2 }',
    '{ stages: [{ groups: ["oncall:primary"] }, { groups: ["oncall:desk"] }] }',
    '{ groups: ["oncall:cloud"], quorum: 2 }',
    '{ groups: ["oncall:primary", it], quorum: 3 }',
    '{ groups: ["oncall:primary"], quorum: 2, escalate: [{ after: 5m, groups: [it] }] }',
  ])('and %s is not', async (approve) => expect(await found(approve)).toEqual([]));
});
