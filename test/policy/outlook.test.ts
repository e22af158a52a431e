/** What somebody is told before they ask: the words, and that they are those of the decision. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StintError } from '../../contract/errors.js';
import type { Instant, PersonId } from '../../contract/ids.js';
import type { Usage } from '../../contract/limits.js';
import type { Directory, Person } from '../../contract/ports.js';
import type { Outlook } from '../../contract/preview.js';
import { NO_USAGE } from '../../policy/limits.js';
import { directoryFrom } from '../../policy/people.js';
import { createPreview } from '../../policy/preview.js';
import type { Policy } from '../../policy/rules.js';
import { ADA, at, EVERYBODY, GRACE, LINUS, MARGARET, MIN, NOW, person, policyOf, requestOf } from './world.js';

interface Around {
  readonly people?: readonly Person[];
  readonly directory?: Directory;
  readonly windowMs?: number;
  readonly startAt?: Instant;
  readonly requester?: Person;
  readonly subject?: Person;
  readonly usage?: Usage;
}

function outlook(policy: Policy, { people = EVERYBODY, requester = ADA, subject = ADA, ...more }: Around = {}): Promise<Outlook> {
  const { directory = directoryFrom(people), usage = NO_USAGE, windowMs, startAt } = more;
  const preview = createPreview({ policy: async () => policy, directory, usage: { of: async () => usage }, clock: () => NOW });
  const { target } = requestOf({}, subject);
  return preview.outlook({ requester, subject, target, windowMs, startAt });
}

const says = ({ lines }: Outlook, title: string) => lines.find((line) => line.title === title)?.says;
const asked = async (policy: Policy, around?: Around) => says(await outlook(policy, around), 'Who will be asked');

describe('who will be asked', () => {
  const crowd = ['bea', 'cleo', 'dan', 'eve', 'fay'].map((id) => person(id, { groups: ['it'] }));
  const managed = [{ ...ADA, manager: GRACE.personId }, GRACE, LINUS, MARGARET];
  const stages = (...all: object[]) => JSON.stringify({ stages: all });

  it.each<[string, string, readonly Person[], string]>([
    ['few', '{ groups: [it] }', EVERYBODY, 'one of Grace or Linus of it.'],
    ['all of them', '{ groups: [it], quorum: 2 }', EVERYBODY, 'Grace and Linus of it.'],
    ['many', '{ groups: [it], quorum: 3 }', [...EVERYBODY, ...crowd], 'three of Bea, Cleo, Dan, Eve or 3 more of it.'],
    ['by name', '{ people: [grace, linus] }', EVERYBODY, 'one of Grace or Linus.'],
    ['the requester among them', '{ groups: [staff] }', [ADA, GRACE], 'Grace of staff.'],
    [
      'in stages',
      stages({ groups: ['it'] }, { groups: ['security'] }),
      EVERYBODY,
      'one of Grace or Linus of it, then one of security. 2 different people in all.',
    ],
    ['the manager', '{ manager: true }', managed, 'Grace (your manager).'],
    [
      'a manager later',
      stages({ groups: ['security'] }, { groups: ['it'], manager: true }),
      managed,
      'Margaret of security, then one of it or your manager. 2 different people in all.',
    ],
    [
      'nobody',
      '{ groups: [security], quorum: 2 }',
      EVERYBODY,
      'Margaret of security. 2 more approvals are needed, but only Margaret could give them: ask your IT team to correct the policy.',
    ],
  ])('%s', async (_name, approve, people, words) => {
    expect(await asked(policyOf({ approve }), { people })).toBe(words);
  });

  it('whoever is on call, and that it can not be told where nobody says who', async () => {
    const policy = policyOf({ approve: '{ groups: ["oncall:cloud"] }' });
    const on = (onCall: Directory['onCall']) => ({ directory: { ...directoryFrom(EVERYBODY), ...(onCall && { onCall }) } });
    expect(
      await asked(
        policy,
        on(async () => ({ members: [MARGARET] })),
      ),
    ).toBe('Margaret of those on call for cloud.');
    const down = on(async () => {
      throw new StintError('oncall-unavailable', 'PagerDuty does not answer.');
    });
    await expect(outlook(policy, down)).rejects.toThrow('PagerDuty does not answer.');
  });

  it('for somebody else names them, and that neither of the two counts', async () => {
    const policy = policyOf({ approve: '{ groups: [it] }' });
    expect(await asked(policy, { requester: GRACE, subject: ADA })).toBe('Linus of it. Neither you nor Ada counts.');
  });

  it('never those whose request it is, and only such as the decision would count', async () => {
    const ids = ['ada', 'bob', 'cyn', 'dan'];
    const team = fc.uniqueArray(fc.constantFrom('it', 'security', 'staff'), { maxLength: 3 });
    const pool = fc.record({
      groups: fc.subarray(['it', 'security', 'staff'], { minLength: 1 }),
      quorum: fc.integer({ min: 1, max: 2 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.tuple(team, team, team, team), fc.array(pool, { minLength: 1, maxLength: 3 }), async (teams, pools) => {
        const people = ids.map((id, i) => person(id, { groups: ['askers', ...(teams[i] ?? [])] }));
        const [requester = ADA, subject = ADA] = people;
        const policy = policyOf({ ask: '{ groups: [askers] }', approve: JSON.stringify({ stages: pools }) });
        const words = (await asked(policy, { people, requester, subject })) ?? '';
        const [first = ''] = words.split(/, then| of (?:it|security|staff)|\. /);
        expect(first).not.toMatch(/Ada|Bob/);
        const named = people.filter(({ name }) => first.includes(name));
        const may = people.slice(2).filter(({ groups }) => pools[0]?.groups.some((group) => groups.includes(group)));
        for (const one of named) expect(may).toContain(one);
        expect(named.length > 0).toBe(may.length > 0);
      }),
      { numRuns: 300 },
    );
  });
});

describe('what bounds it', () => {
  it('the longest, extensions, steps and when it lapses', async () => {
    const policy = policyOf({
      approve: '{ groups: [it], escalate: [{ after: 15m, groups: [security] }] }',
      more: '    extend: { times: 1, windows: [5m] }\n    deadlines: { pending: 2h }\n',
    });
    expect((await outlook(policy)).lines).toEqual([
      { title: 'Who will be asked', says: 'one of Grace or Linus of it.' },
      { title: 'If nobody decides', says: 'After 15m also the group security. After 2h it lapses.' },
      { title: 'Longest', says: '30m in all. It may be extended at most once to at most 30m, by 5m.' },
    ]);
    const never = await outlook(policyOf({ more: '    extend: { times: 0 }\n' }));
    expect(says(never, 'Longest')).toBe('30m in all. It is never extended.');
  });

  it('limits, with what is left of them', async () => {
    const policy = policyOf({ more: '    limits: { live: 2, perHour: 3, perWeek: 1h, coolDown: 30m }\n' });
    const held = [
      {
        requestId: 'b'.repeat(26),
        live: true,
        windowMs: 20 * MIN,
        notAfter: at(MIN),
        span: { from: at(-20.5 * MIN), to: at(0) },
      },
    ] as unknown as Usage['held'];
    const sent = [{ requestId: 'c'.repeat(26), at: at(-10 * MIN) }] as unknown as Usage['asked'];
    const usage = { ...NO_USAGE, held, asked: sent };
    const mine = await outlook(policy, { usage });
    expect(says(mine, 'Limits')).toBe(
      'at most 2 at once by the rule macs, 1 left; at most 3 requests an hour by the rule macs, 2 left; at most 1h of access in seven days by the rule macs, 39m left; nothing by the rule macs for 30m after a revoke.',
    );
    expect(mine).toMatchObject({ refusals: [], byLength: true });
    // How much somebody else has is not told to whoever asks for them.
    const theirs = says(await outlook(policy, { usage, requester: GRACE }), 'Limits') ?? '';
    expect(theirs.match(/left/g)).toHaveLength(1);
    expect(theirs).toContain('3 requests an hour by the rule macs, 2 left');
    const long = policyOf({ more: '    limits: { perWeek: 31m }\n' });
    expect((await outlook(long, { usage, windowMs: 10 * MIN })).refusals).toEqual([]);
    const [sentence] = (await outlook(long, { usage, windowMs: 30 * MIN })).refusals;
    expect(sentence).toMatch(/so 30m more is too much/);
  });

  it('why nothing would be granted now, as the decision says it', async () => {
    const closed = policyOf({ more: '    hours: { zone: UTC, from: "18:00", to: "20:00" }\n' });
    expect((await outlook(closed)).refusals).toEqual([expect.stringMatching(/It is closed now, and opens next/)]);
    const stranger = policyOf({ ask: '{ groups: [security] }' });
    expect(await outlook(stranger)).toEqual({
      refusals: [expect.stringMatching(/Ada may not ask for this/)],
      lines: [],
      byLength: false,
    });
    const gone = await outlook(policyOf(), { people: [{ ...ADA, active: false }, GRACE] });
    expect(gone).toMatchObject({ refusals: ['Ada is not active in the people file.'], lines: [] });
  });
});

describe('a later start', () => {
  const DAY = 24 * 60 * MIN;
  const later = (more = '', approve = '{ groups: [it] }') =>
    policyOf({ approve, more: `    later: { ahead: 7d, missed: 1h }\n    deadlines: { pending: 2h }\n${more}` });

  it('is said, with when it lapses: at the end of its time, where that is sooner', async () => {
    const soon = await outlook(later(), { startAt: at(30 * MIN) });
    expect(says(soon, 'The start')).toBe(
      'at 2026-03-02 09:30 UTC, or within 1h of that, or not at all. Everything is judged once more then: whoever approves has to be an approver at that time as well.',
    );
    expect(says(soon, 'If nobody decides')).toBe('At 2026-03-02 10:30 UTC it lapses.');
    expect(says(await outlook(later(), { startAt: at(2 * DAY) }), 'If nobody decides')).toBe('After 2h it lapses.');
    expect(says(await outlook(later()), 'The start')).toBeUndefined();
    expect(says(await outlook(later()), 'If nobody decides')).toBe('After 2h it lapses.');
  });

  it('is held against the hours of that time and against how far ahead it may lie', async () => {
    const refusals = async (startAt: Instant, policy = later('    hours: { zone: UTC, from: "08:00", to: "18:00" }\n')) =>
      (await outlook(policy, { startAt })).refusals;
    expect(await refusals(at(2 * DAY))).toEqual([]);
    expect(await refusals(at(2 * DAY + 12 * 60 * MIN))).toEqual([expect.stringMatching(/^The start, .*outside of the hours/)]);
    expect(await refusals(at(8 * DAY))).toEqual([expect.stringMatching(/at most 7d ahead/)]);
    expect(await refusals(at(-MIN))).toEqual([expect.stringMatching(/has to lie ahead/)]);
    expect(await refusals(at(DAY), policyOf())).toEqual([expect.stringMatching(/does not let this be asked for a later time/)]);
  });

  it('names those who are approvers then, where others are asked now', async () => {
    const away = { from: at(-DAY), until: at(DAY), delegate: LINUS.personId };
    const people = [{ ...ADA, manager: GRACE.personId }, { ...GRACE, away }, LINUS, MARGARET];
    const managed = later('', '{ manager: true }');
    const sooner = await outlook(managed, { people, startAt: at(60 * MIN) });
    expect(says(sooner, 'Who will be asked')).toBe('Linus (your manager).');
    expect(says(sooner, 'The start')).not.toContain('Those are then');
    const after = await outlook(managed, { people, startAt: at(2 * DAY) });
    expect(says(after, 'Who will be asked')).toBe('Linus (your manager).');
    expect(says(after, 'The start')).toMatch(/an approver at that time as well\. Those are then: Grace \(your manager\)\.$/);
    const others = await outlook(managed, { people, requester: MARGARET, startAt: at(2 * DAY) });
    expect(says(others, 'The start')).toMatch(/Those are then: Grace \(Ada's manager\)\.$/);
  });

  it('is nothing that the policy itself approves', async () => {
    const own = later('', '{ groups: [it], policy: { upTo: 15m, perDay: 3 } }');
    const asking = await outlook(own, { windowMs: 10 * MIN, startAt: at(60 * MIN) });
    expect(says(asking, 'The policy itself')).toMatch(/approves only what is to begin at once\. So a person has to decide\./);
    expect(says(await outlook(own, { windowMs: 10 * MIN }), 'The policy itself')).toMatch(/would approve 10m now/);
  });
});

describe('the policy itself', () => {
  const own = (more = '') => policyOf({ approve: '{ groups: [it], policy: { upTo: 15m, perDay: 3 } }', more });
  const itself = async (policy: Policy, around: Around) => says(await outlook(policy, around), 'The policy itself');

  it('is told what it would say of this very length', async () => {
    expect(await itself(own(), { windowMs: 10 * MIN })).toBe('would approve 10m now, without asking anybody.');
    expect(await itself(own(), { windowMs: 30 * MIN })).toBe(
      'The policy itself approves at most 15m. So a person has to decide.',
    );
    expect(await itself(own('    reason: { min: 20 }\n'), {})).toBe(
      'would approve 5m now, without asking anybody, if the reason will do.',
    );
    expect((await outlook(own(), {})).byLength).toBe(true);
    expect(await itself(policyOf(), {})).toBeUndefined();
  });

  it('names people as those who are asked otherwise, and all it takes is a cap', async () => {
    const says1 = (await outlook(own(), { windowMs: 5 * MIN })).lines.map(({ title }) => title);
    expect(says1.slice(0, 2)).toEqual(['The policy itself', 'Otherwise']);
    const automatic = ['d', 'e', 'f'].map((id) => ({ requestId: id.repeat(26), rule: 'macs', at: at(-MIN) }));
    const usage = { ...NO_USAGE, automatic } as unknown as Usage;
    expect(await itself(own(), { windowMs: 5 * MIN, usage })).toMatch(
      /at most 3 requests of Ada a day.*So a person has to decide\./,
    );
  });

  it('approves nothing of what is asked for somebody else', async () => {
    expect(await itself(own(), { requester: LINUS, subject: ADA, windowMs: 5 * MIN })).toMatch(
      /only what somebody asks for themselves/,
    );
  });
});

it('judges a person of the directory, not the one that a form names', async () => {
  const forged = { ...ADA, personId: 'nobody' as PersonId };
  expect((await outlook(policyOf(), { requester: forged })).refusals).toEqual(['Ada is not in the people file.']);
});
