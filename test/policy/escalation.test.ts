/** Who joins the approvers while a request waits: from when on, for which stage, and never in anybody's place. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StintError } from '../../contract/errors.js';
import type { PersonId } from '../../contract/ids.js';
import type { Directory, Person } from '../../contract/ports.js';
import type { Condition, Round, Vote } from '../../contract/verdict.js';
import { parseCases } from '../../policy/case-file.js';
import { runCases } from '../../policy/cases.js';
import { fileFindings } from '../../policy/check.js';
import { decideBoth } from '../../policy/decide.js';
import { diffPolicies } from '../../policy/diff.js';
import { againAt, datedSteps, EVER, joinsAt, manner } from '../../policy/escalation.js';
import { explainRequest } from '../../policy/explain.js';
import { gatherFacts, poolOf } from '../../policy/facts.js';
import { directoryFrom } from '../../policy/people.js';
import { createPreview } from '../../policy/preview.js';
import type { Policy } from '../../policy/rules.js';
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

const STEPS = '[{ after: 15m, groups: [security] }, { after: 45m, people: [mallory] }]';
const POLICY = policyOf({ approve: `{ groups: [it], escalate: ${STEPS} }` });

interface World {
  readonly directory?: Directory;
  readonly round?: Partial<Round>;
}

/** What is decided `minutes` after Ada asked. */
async function judged(
  policy: Policy | readonly [Policy, Policy],
  minutes: number,
  votes: readonly Vote[],
  { directory = directoryFrom(EVERYBODY), round: change = {} }: World = {},
) {
  const request = requestOf();
  const round = { ...roundOf(request), ...change };
  const now = NOW + minutes * MIN;
  const [then, current] = 'rules' in policy ? [policy, policy] : policy;
  const facts = await gatherFacts({ directory }, [then, current], request, votes, manner(round, request, now));
  return decideBoth(then, current, { request, round }, facts, votes, now);
}

const clickAt = (policy: Policy, minutes: number, directory: Directory = directoryFrom(EVERYBODY)) =>
  createPreview({ policy: async () => policy, directory, clock: () => NOW + minutes * MIN });

describe('a step of an escalation', () => {
  it('lets its people decide from its time on, and not a moment before; who could before still can', async () => {
    for (const [minutes, outcome] of [
      [0, 'needs-approval'],
      [15 - 1 / MIN, 'needs-approval'],
      [15, 'satisfied'],
      [400, 'satisfied'],
    ] as const)
      expect((await judged(POLICY, minutes, [approval(MARGARET)])).outcome, `${minutes} min`).toBe(outcome);
    expect((await judged(POLICY, 14, [approval(MARGARET)])).sentences[0]).toBe(
      "Margaret's vote does not count: not an approver of this request before 2026-03-02 09:15 UTC.",
    );
    expect((await judged(POLICY, 400, [approval(LINUS)])).outcome).toBe('satisfied');
  });

  it('is in the verdict: who is asked by then, and when it is to be judged again', async () => {
    const say = async (minutes: number) => {
      const { approvers, again } = await judged(POLICY, minutes, []);
      return [approvers, again];
    };
    expect(await say(0)).toEqual([['grace', 'linus'], at(15 * MIN)]);
    expect(await say(20)).toEqual([['grace', 'linus', 'margaret'], at(45 * MIN)]);
    expect(await say(45)).toEqual([['grace', 'linus', 'mallory', 'margaret'], undefined]);
  });

  it('is named also where more could approve than are named', async () => {
    const crowd = Array.from({ length: 150 }, (_, i) => person(`a${i}`, { groups: ['it'] }));
    const zoe = person('zoe', { groups: ['security'] });
    const directory = directoryFrom([ADA, ...crowd, zoe]);
    const [before, after] = [await judged(POLICY, 14, [], { directory }), await judged(POLICY, 15, [], { directory })];
    expect([before.approvers.length, after.approvers.length]).toEqual([100, 100]);
    expect([before.approvers.includes(zoe.personId), after.approvers.includes(zoe.personId)]).toEqual([false, true]);
  });

  it('can be denied by its people from then on', async () => {
    expect((await judged(POLICY, 14, [denial(MARGARET)])).outcome).toBe('needs-approval');
    expect((await judged(POLICY, 15, [denial(MARGARET)])).outcome).toBe('deny');
  });

  it('widens no extension, however long ago the elevation was asked for', async () => {
    const round = { kind: 'extension' } as const;
    const verdict = await judged(POLICY, 20, [approval(MARGARET)], { round });
    expect(verdict).toMatchObject({ outcome: 'needs-approval', approvedBy: [], approvers: ['grace', 'linus'] });
    expect(verdict.again).toBeUndefined();
    const shorter = policyOf({ approve: `{ groups: [it], escalate: ${STEPS} }`, more: '    extend: { windows: [10m] }' });
    expect(await judged(shorter, 20, [approval(MARGARET)], { round })).toMatchObject({
      approvedBy: [],
      approvers: ['grace', 'linus'],
    });
  });

  it('is of its stage alone', async () => {
    const stages = policyOf({
      approve: '{ stages: [{ groups: [it], escalate: [{ after: 15m, groups: [contractors] }] }, { groups: [security] }] }',
    });
    const [both, twice] = [
      [approval(MALLORY), approval(MARGARET)],
      [approval(MALLORY), approval(GRACE)],
    ];
    expect((await judged(stages, 14, both)).outcome).toBe('needs-approval');
    expect((await judged(stages, 15, both)).outcome).toBe('satisfied');
    // Whoever joins the first stage is nobody in the second.
    expect((await judged(stages, 15, twice)).outcome).toBe('needs-approval');
  });

  it('counts only where the policy of then and that of now both have it by now', async () => {
    const later = policyOf({ approve: '{ groups: [it], escalate: [{ after: 30m, groups: [security] }] }' });
    const none = policyOf();
    for (const pair of [
      [POLICY, later],
      [later, POLICY],
    ] as const) {
      expect((await judged(pair, 20, [approval(MARGARET)])).outcome).toBe('needs-approval');
      expect((await judged(pair, 30, [approval(MARGARET)])).outcome).toBe('satisfied');
      expect((await judged(pair, 20, [])).again).toBe(at(30 * MIN));
    }
    expect((await judged([POLICY, none], 400, [approval(MARGARET)])).outcome).toBe('needs-approval');
    expect((await judged([none, POLICY], 400, [approval(MARGARET)])).outcome).toBe('needs-approval');
  });

  it('that begins while it is closed is looked at again when it opens', async () => {
    const hours = '    hours: { zone: UTC, from: "08:00", to: "09:10" }';
    const policy = policyOf({ approve: `{ groups: [it], escalate: ${STEPS} }`, more: hours });
    expect(await judged(policy, 15, [approval(MARGARET)])).toMatchObject({ outcome: 'deny', again: at(45 * MIN) });
    expect(await judged(policy, 50, [])).toMatchObject({ outcome: 'deny', again: at(23 * 60 * MIN) });
  });

  it('never lets the requester or the subject in, also not through a group that they are in', async () => {
    const own = policyOf({ approve: '{ groups: [it], escalate: [{ after: 15m, groups: [staff], people: [ada] }] }' });
    const verdict = await judged(own, 60, [approval(ADA)]);
    expect(verdict).toMatchObject({ outcome: 'needs-approval', approvedBy: [] });
    expect(verdict.approvers).not.toContain('ada');
  });
});

describe('the gate of a click', () => {
  it('lets in whoever joins later from then on, to approve, to deny and to take away', async () => {
    const view = viewOf(await judged(POLICY, 0, []));
    for (const [kind, window] of [
      ['approve', 10 * MIN],
      ['deny', undefined],
    ] as const) {
      expect((await clickAt(POLICY, 14).judgeClick(view, MARGARET, kind, window)).ok, kind).toBe(kind === 'deny');
      expect(await clickAt(POLICY, 15).judgeClick(view, MARGARET, kind, window), kind).toEqual({ ok: true });
      expect((await clickAt(POLICY, 44).judgeClick(view, MALLORY, kind, window)).ok, kind).toBe(false);
      expect(await clickAt(POLICY, 45).judgeClick(view, MALLORY, kind, window), kind).toEqual({ ok: true });
    }
  });

  it('says from when on somebody could, and who could now', async () => {
    const view = viewOf(await judged(POLICY, 0, []));
    expect(await clickAt(POLICY, 3).judgeClick(view, MARGARET, 'approve', 10 * MIN)).toEqual({
      ok: false,
      sentence:
        "Margaret's vote does not count: not an approver of this request before 2026-03-02 09:15 UTC. Missing: 1 approval. Who could approve: Grace, Linus.",
    });
  });
});

/** Everybody, and a rota of which the answer is what is given; how often it was asked is counted. */
function onCallBy(answer: () => { readonly people: readonly string[]; readonly untilMs?: number }) {
  const base = directoryFrom(EVERYBODY);
  const asked: string[] = [];
  const onCall: Required<Directory>['onCall'] = async (rota) => {
    asked.push(rota);
    const { people, untilMs } = answer();
    return { members: EVERYBODY.filter(({ personId }) => people.includes(personId)), untilMs };
  };
  return { directory: { ...base, onCall }, asked };
}

describe('a step of whoever is on call', () => {
  const policy = policyOf({ approve: '{ groups: [it], escalate: [{ after: 15m, groups: ["oncall:primary"] }] }' });
  const down = () =>
    onCallBy(() => {
      throw new StintError('oncall-unavailable', 'PagerDuty does not answer.');
    });

  it('is looked up when it is reached, and not before', async () => {
    const { directory, asked } = onCallBy(() => ({ people: ['margaret'] }));
    await judged(policy, 14, [approval(MARGARET)], { directory });
    expect(asked).toEqual([]);
    expect(await judged(policy, 15, [approval(MARGARET)], { directory })).toMatchObject({ outcome: 'satisfied' });
    expect(asked).toEqual(['primary']);
  });

  it('that can’t be told lets nobody in, says so, is tried again, and holds up nobody else', async () => {
    const { directory } = down();
    const verdict = await judged(policy, 15, [approval(MARGARET)], { directory });
    expect(verdict).toMatchObject({
      outcome: 'needs-approval',
      approvedBy: [],
      approvers: ['grace', 'linus'],
      untold: ['PagerDuty does not answer.'],
      again: at(17 * MIN),
    });
    expect(await judged(policy, 15, [approval(GRACE)], { directory })).toMatchObject({ outcome: 'satisfied' });
    const view = viewOf(verdict);
    expect(await clickAt(policy, 15, directory).judgeClick(view, MARGARET, 'approve', 10 * MIN)).toEqual({
      ok: false,
      sentence:
        "Margaret's vote does not count: not an approver of this request. PagerDuty does not answer. Missing: 1 approval. Who could approve: Grace, Linus.",
    });
    expect(await clickAt(policy, 15, directory).judgeClick(view, GRACE, 'approve', 10 * MIN)).toEqual({ ok: true });
  });

  it('is judged again at the end of the shift, and at the latest after half an hour, for a rota can be edited', async () => {
    const until = (minutes: number) => onCallBy(() => ({ people: ['margaret'], untilMs: NOW + minutes * MIN }));
    expect((await judged(policy, 15, [], until(22))).again).toBe(at(22 * MIN));
    expect((await judged(policy, 15, [], until(500))).again).toBe(at(45 * MIN));
    expect(
      (
        await judged(
          policy,
          15,
          [],
          onCallBy(() => ({ people: ['margaret'] })),
        )
      ).again,
    ).toBe(at(45 * MIN));
    const always = policyOf({ approve: '{ groups: ["oncall:primary"] }' });
    expect((await judged(always, 0, [], until(7))).again).toBe(at(7 * MIN));
  });
});

/** It is ten in the morning of a Monday in Berlin when Ada asks. */
const DESK = '{ zone: Europe/Berlin, days: [mon, tue, wed, thu, fri], from: "08:00", to: "18:00" }';
const outsideOf = (after = '') =>
  policyOf({ approve: `{ groups: [it], escalate: [{ ${after}outside: ${DESK}, groups: ["oncall:primary"] }] }` });

describe('a step outside of hours', () => {
  const HOURS = 60;
  const primary = () => onCallBy(() => ({ people: ['margaret'], untilMs: NOW + 400 * HOURS * MIN }));
  /** What is decided `hours` after Monday, ten o'clock, of what was asked so long before that. */
  const asked = async (policy: Policy, hours: number, { directory } = primary(), votes: readonly Vote[] = []) => {
    const request = requestOf({ askedAt: at(hours * HOURS * MIN) });
    const now = NOW + hours * HOURS * MIN;
    const round = roundOf(request);
    const own = votes.map((vote) => ({ ...vote, roundDigest: round.digest, at: at(hours * HOURS * MIN) }));
    const facts = await gatherFacts({ directory }, policy, request, own, manner(round, request, now));
    return decideBoth(policy, policy, { request, round }, facts, own, now);
  };

  it('has not begun inside, is when they are over, and goes on when they open again', async () => {
    const { directory, asked: lookedUp } = primary();
    const policy = outsideOf();
    expect(await judged(policy, 0, [approval(MARGARET)], { directory })).toMatchObject({
      outcome: 'needs-approval',
      approvers: ['grace', 'linus'],
      again: at(8 * HOURS * MIN),
    });
    expect((await judged(policy, 8 * HOURS - 1 / MIN, [approval(MARGARET)], { directory })).outcome).toBe('needs-approval');
    // Nobody is looked up whom no decision turns on yet.
    expect(lookedUp).toEqual([]);
    for (const minutes of [8 * HOURS, 22 * HOURS])
      expect((await judged(policy, minutes, [approval(MARGARET)], { directory })).outcome, `${minutes}`).toBe('satisfied');
    expect((await judged(policy, 22 * HOURS, [approval(LINUS)], { directory })).outcome).toBe('satisfied');
  });

  it('has begun when it is asked outside: at night, and at noon on a Saturday', async () => {
    for (const hours of [8, 17, 5 * 24 + 2])
      expect(await asked(outsideOf(), hours), `${hours} h`).toMatchObject({
        outcome: 'needs-approval',
        approvers: ['grace', 'linus', 'margaret'],
        onCall: [{ rota: 'primary', people: ['margaret'] }],
      });
    expect((await asked(outsideOf(), 17, primary(), [approval(MARGARET)])).outcome).toBe('satisfied');
    expect((await asked(outsideOf(), 22)).onCall).toBeUndefined();
  });

  it('with a time begins when that has passed and they are over, whichever is later', async () => {
    const policy = outsideOf('after: 20m, ');
    const begins = async (hours: number) => (await asked(policy, hours)).again;
    expect(await begins(0)).toBe(at(8 * HOURS * MIN));
    expect(await begins(7.9)).toBe(at((7.9 * HOURS + 20) * MIN));
    expect(await begins(9)).toBe(at((9 * HOURS + 20) * MIN));
    // Ten minutes before they begin again: twenty minutes later it is day.
    expect(await begins(22 - 1 / 6)).toBe(at(32 * HOURS * MIN));
  });

  it('whose rota can’t be told lets nobody in, says so, and holds up nobody else', async () => {
    const down = onCallBy(() => {
      throw new StintError('oncall-unavailable', 'PagerDuty does not answer.');
    });
    const verdict = await asked(outsideOf(), 12, down);
    expect(verdict).toMatchObject({
      outcome: 'needs-approval',
      untold: ['PagerDuty does not answer.'],
      again: at(12 * HOURS * MIN + 2 * MIN),
    });
    expect(verdict).toMatchObject({ approvers: ['grace', 'linus'] });
    expect(verdict.onCall).toBeUndefined();
  });

  it('of an instant that is none never begins', async () => {
    const request = requestOf({ askedAt: 'never' as never });
    const round = roundOf(request);
    const { directory } = primary();
    const facts = await gatherFacts({ directory }, outsideOf(), request, [], manner(round, request, NOW));
    expect(facts.approverPool.map(({ personId }) => personId)).toEqual(['grace', 'linus']);
  });

  it('counts only where the policy of then and that of now both have it by now', async () => {
    const { directory } = primary();
    const [none, later] = [policyOf(), outsideOf('after: 9h, ')];
    const at8 = 8 * HOURS;
    for (const pair of [
      [outsideOf(), none],
      [none, outsideOf()],
      [outsideOf(), later],
    ] as const)
      expect((await judged(pair, at8, [approval(MARGARET)], { directory })).outcome).toBe('needs-approval');
    expect((await judged([outsideOf(), later], 9 * HOURS, [approval(MARGARET)], { directory })).outcome).toBe('satisfied');
  });

  it('widens no extension', async () => {
    const round = { kind: 'extension' } as const;
    const verdict = await judged(outsideOf(), 10 * HOURS, [approval(MARGARET)], { ...primary(), round });
    expect(verdict).toMatchObject({ outcome: 'needs-approval', approvedBy: [], approvers: ['grace', 'linus'] });
    expect(verdict.onCall).toBeUndefined();
  });

  it('lets its people take away and deny from then on', async () => {
    const { directory } = primary();
    const policy = policyOf({ approve: `{ groups: [it], escalate: [{ outside: ${DESK}, people: [mallory] }] }` });
    const view = viewOf(await judged(policy, 0, [], { directory }));
    expect((await clickAt(policy, 8 * HOURS - 1).judgeClick(view, MALLORY, 'deny')).ok).toBe(false);
    expect(await clickAt(policy, 8 * HOURS).judgeClick(view, MALLORY, 'deny')).toEqual({ ok: true });
    expect(await clickAt(policy, 8 * HOURS).judgeClick(view, MALLORY, 'approve', 10 * MIN)).toEqual({ ok: true });
  });
});

describe('who is called because they are on call', () => {
  const named = (approve: string) => policyOf({ approve });
  const on = (...people: string[]) => onCallBy(() => ({ people }));

  it('is whoever is on call for a rota that is asked, also where they could decide anyway', async () => {
    const policy = named('{ groups: [it, "oncall:primary"] }');
    expect(await judged(policy, 0, [], on('grace', 'margaret'))).toMatchObject({
      approvers: ['grace', 'linus', 'margaret'],
      onCall: [{ rota: 'primary', people: ['grace', 'margaret'] }],
    });
  });

  it('is nobody who may not decide: the requester, the subject, who left, who has approved', async () => {
    const two = named('{ groups: [it, "oncall:primary"], quorum: 2 }');
    expect((await judged(two, 0, [], on('ada', 'grace'))).onCall).toEqual([{ rota: 'primary', people: ['grace'] }]);
    expect((await judged(two, 0, [], on('ada'))).onCall).toBeUndefined();
    expect((await judged(two, 0, [approval(GRACE)], on('grace'))).onCall).toBeUndefined();
    const left = EVERYBODY.map((each) => (each === GRACE ? { ...GRACE, active: false } : each));
    const directory: Directory = {
      ...directoryFrom(left),
      onCall: async () => ({ members: left.filter(({ personId }) => personId === 'grace') }),
    };
    expect((await judged(two, 0, [], { directory })).onCall).toBeUndefined();
  });

  it('is nobody of a stage that is not asked yet, and nobody once it is decided', async () => {
    const staged = named('{ stages: [{ groups: [it] }, { groups: ["oncall:primary"] }] }');
    expect((await judged(staged, 0, [], on('margaret'))).onCall).toBeUndefined();
    expect((await judged(staged, 0, [approval(LINUS)], on('margaret'))).onCall).toEqual([
      { rota: 'primary', people: ['margaret'] },
    ]);
    expect(
      (await judged(named('{ groups: ["oncall:primary"] }'), 0, [approval(MARGARET)], on('margaret'))).onCall,
    ).toBeUndefined();
    expect((await judged(named('{ groups: ["oncall:primary"] }'), 0, [denial(MARGARET)], on('margaret'))).onCall).toBeUndefined();
  });

  it('is nobody whose step has not begun', async () => {
    const policy = named('{ groups: [it], escalate: [{ after: 15m, groups: ["oncall:primary"] }] }');
    expect((await judged(policy, 14, [], on('margaret'))).onCall).toBeUndefined();
    expect((await judged(policy, 15, [], on('margaret'))).onCall).toEqual([{ rota: 'primary', people: ['margaret'] }]);
  });
});

describe('when a request that waits is judged again', () => {
  const HOUR = 60 * MIN;
  const staff = { groups: ['staff'], people: [] };
  const from = (time: string) => policyOf({ more: `    hours: { zone: UTC, from: "${time}" }` }).rules;
  const rules = [...from('12:00'), ...from('11:00')];
  const hours = (state: Condition['state']) => ({ name: 'hours', state, sentence: '' }) as const;
  const shut = { untold: false, refused: true, rules, conditions: [hours('unsatisfied')] };
  const again = (change: Partial<Parameters<typeof againAt>[0]>, aheadMs = 20 * HOUR) =>
    againAt({ steps: [{ at: NOW + aheadMs, who: staff }], ...shut, ...change }, NOW);

  it('while it is closed is when the first of its rules opens', () => {
    expect(again({})).toBe(NOW + 2 * HOUR);
  });

  it('is within half an hour where it is not the hours that refuse, or where they can’t be told', () => {
    const reason = { name: 'reason', state: 'unsatisfied', sentence: '' } as const;
    for (const conditions of [[], [reason], [reason, hours('satisfied')], [hours('unsatisfied'), hours('failed')]])
      expect(again({ conditions })).toBe(NOW + 30 * MIN);
    expect(again({ rules: policyOf().rules })).toBe(NOW + 30 * MIN);
  });

  it('where nothing refuses is at the next step, and soon where somebody could not be told', () => {
    expect(again({ refused: false })).toBe(NOW + 20 * HOUR);
    expect(again({ refused: false, untold: true })).toBe(NOW + 2 * MIN);
    expect(again({ refused: false, duty: {} })).toBe(NOW + 30 * MIN);
    expect(again({ refused: false }, 0)).toBeUndefined();
    expect(again({ steps: [] })).toBeUndefined();
  });
});

describe('the steps of a request', () => {
  it('of several stages are in the order of time, whichever stage they are of; one that has begun lets nobody join later', () => {
    const [rule] = policyOf({
      approve:
        '{ stages: [{ groups: [it], escalate: [{ after: 30m, groups: [security] }] }, { groups: [security], escalate: [{ after: 10m, people: [mallory] }, { after: 50m, people: [margaret] }] }] }',
    }).rules;
    const dated = rule ? datedSteps(rule, requestOf(), EVER) : [];
    expect(dated.map((step) => step.at - NOW)).toEqual([10, 30, 50].map((minutes) => minutes * MIN));
    expect(joinsAt(dated, MARGARET, NOW)).toBe(NOW + 30 * MIN);
    expect(joinsAt(dated, MARGARET, NOW + 30 * MIN)).toBe(NOW + 50 * MIN);
    expect(joinsAt(dated, MARGARET, NOW + 50 * MIN)).toBeUndefined();
    expect(joinsAt(dated, GRACE, NOW)).toBeUndefined();
  });
});

describe('a policy file', () => {
  const wrong = (escalate: string, more = '') => {
    try {
      policyOf({ approve: `{ groups: [it], escalate: ${escalate} }`, more });
      return '';
    } catch (error) {
      return (error as StintError).sentence;
    }
  };

  it('is refused for steps that make no sense, each with its place', () => {
    expect(wrong('[{ after: 15m, groups: [a] }, { after: 15m, groups: [b] }]')).toContain(
      'targets[0].approve.escalate[1].after: must be later than the step before it',
    );
    expect(wrong('[{ after: 2h, groups: [a] }]', '    deadlines: { pending: 2h }')).toContain(
      'must be shorter than deadlines.pending (2h), after which nobody decides any more',
    );
    expect(wrong('[{ after: 5m, groups: [a] }, { after: 9m, groups: [it, a] }]')).toContain(
      'escalate[1]: adds nobody: all whom it names may decide before it already',
    );
    expect(wrong('[{ after: 5m, groups: [it, a] }]')).toBe('');
    expect(wrong('[{ after: 5m, people: [a] }, { after: 9m, people: [a] }]')).toContain('escalate[1]: adds nobody');
    expect(wrong('[{ after: 5m, people: [a] }, { after: 9m, people: [a, b] }]')).toBe('');
    expect(wrong('[{ after: 5m }]')).toContain('must name somebody');
    expect(wrong('[{ groups: [a] }]')).toContain('escalate[0]: must say when: after, outside or both');
    expect(wrong('[{ outside: { zone: Europe/Berlni }, groups: [a] }]')).toContain('did you mean "Europe/Berlin"?');
    expect(wrong('[{ outsid: { zone: UTC }, groups: [a] }]')).toContain('did you mean "outside"?');
    expect(wrong('[{ outside: { zone: UTC }, groups: [a] }]')).toContain(
      'escalate[0].outside: is at any time, so this step never begins: name the hours that are over at some time',
    );
    expect(
      wrong(`[{ outside: ${DESK}, groups: [a] }]`, '    hours: { zone: Europe/Berlin, days: [mon], from: "09:00", to: "17:00" }'),
    ).toContain(
      'escalate[0].outside: leaves nothing of when the rule is open (mon, 09:00 to 17:00 (Europe/Berlin)), so this step never begins while somebody may ask',
    );
    expect(wrong('[]')).toContain('at least 1');
    expect(wrong('[{ after: soon, groups: [a] }]')).toContain('must be a length of time');
    expect(wrong('[{ after: 5m, groups: [a], quorum: 2 }]')).toContain('"quorum" is not known here');
  });

  it('may ask the same people outside of hours sooner, and inside of them later', () => {
    expect(wrong(`[{ outside: ${DESK}, groups: [a] }, { after: 45m, groups: [a] }]`)).toBe('');
    expect(wrong(`[{ after: 15m, groups: [b] }, { after: 15m, outside: ${DESK}, groups: [a] }]`)).toBe('');
    // Who is let in by time alone is let in by then wherever the clocks stand.
    expect(wrong(`[{ after: 15m, groups: [a] }, { after: 45m, outside: ${DESK}, groups: [a] }]`)).toContain('adds nobody');
    expect(wrong(`[{ outside: ${DESK}, groups: [a] }, { after: 5m, outside: ${DESK}, groups: [a] }]`)).toContain('adds nobody');
    expect(wrong(`[{ after: 45m, groups: [b] }, { after: 15m, outside: ${DESK}, groups: [a] }]`)).toContain('must be later');
  });

  it('keeps its hash where it has no steps, and gets another one where it has', () => {
    expect(POLICY.hash).not.toBe(policyOf({ approve: '{ groups: [it] }' }).hash);
    expect(policyOf({ approve: '{ groups: [it] }' }).rules[0]).not.toHaveProperty('stages');
  });

  it('may leave it to a step to find enough people, and is told of names that are not there', async () => {
    const file = { people: EVERYBODY, rotas: [] };
    const two = policyOf({ approve: '{ people: [grace], quorum: 2, escalate: [{ after: 5m, people: [linus, margaret] }] }' });
    expect(await fileFindings(two, file, 'p')).toEqual([]);
    const nobody = policyOf({ approve: '{ groups: [it], escalate: [{ after: 5m, groups: [leads, "oncall:none"] }] }' });
    expect(await fileFindings(nobody, file, 'p')).toEqual([
      expect.stringMatching(/^p:\d+:\d+ macs\.approve\.escalate\[0\]: the group leads has no members; there are: \S+.*\.$/),
      expect.stringMatching(/nobody is ever on call for none\./),
    ]);
  });

  it('is compared step by step: who joins, who no longer does, and when', () => {
    const diff = (before: Policy, after: Policy) => {
      const { groups } = diffPolicies(before, after, EVERYBODY);
      return groups.filter(({ people }) => people.includes(ADA.personId)).map(({ widened, narrowed }) => ({ widened, narrowed }));
    };
    expect(diff(policyOf(), POLICY)).toEqual([
      {
        widened: ['after 15m could be approved also by margaret', 'after 45m could be approved also by mallory'],
        narrowed: [],
      },
    ]);
    const sooner = policyOf({ approve: '{ groups: [it], escalate: [{ after: 5m, groups: [security] }] }' });
    expect(diff(POLICY, sooner)).toEqual([
      {
        widened: ['after 5m could be approved also by margaret'],
        narrowed: ['after 45m could be approved no more by mallory'],
      },
    ]);
    expect(diff(POLICY, policyOf({ approve: `{ groups: [it], escalate: ${STEPS} }` }))).toEqual([]);
    const night = (hours: string, more = '') =>
      policyOf({ approve: `{ groups: [it], escalate: [{ outside: ${hours}, groups: [security] }${more}] }` });
    const desk = 'mon to fri, 08:00 to 18:00 (Europe/Berlin)';
    expect(diff(policyOf(), night(DESK))).toEqual([
      {
        widened: ['outside of hours could be approved also by margaret', `outside of hours is outside of ${desk}`],
        narrowed: [],
      },
    ]);
    expect(diff(night(DESK), policyOf())).toEqual([
      { widened: [], narrowed: ['outside of hours could be approved no more by margaret'] },
    ]);
    expect(diff(night(DESK), night(DESK.replace('18:00', '17:00')))).toEqual([
      {
        widened: [`outside of hours is outside of ${desk.replace('18:00', '17:00')}, was of ${desk}`],
        narrowed: [],
      },
    ]);
    expect(diff(night(DESK), night(DESK, ', { after: 1h, groups: [security] }'))).toEqual([
      { widened: ['after 1h could be approved also by margaret'], narrowed: [] },
    ]);
  });

  it('is tested with cases that say how long it has waited', async () => {
    const cases = (waited: string, outcome: string) =>
      `  - { name: after ${waited}, who: ada, target: { mac: C02ADA01 }, window: 10m, waited: ${waited}, votes: [{ by: margaret }], expect: { outcome: ${outcome} } }\n`;
    const text = `version: 1\npolicy: p\npeople: q\ncases:\n${cases('14m', 'needs-approval')}${cases('15m', 'satisfied')}`;
    const { cases: results } = await runCases(POLICY, EVERYBODY, parseCases(text, 'cases.yaml'), NOW);
    expect(results.map(({ failures }) => failures)).toEqual([[], []]);
  });

  it('is explained with who joins when, and whether they have by then', async () => {
    const approverPool = await poolOf(directoryFrom(EVERYBODY), POLICY.rules, [], EVER);
    const { requester, subject, target } = requestOf();
    const facts = { ...factsOf(), voters: [], approverPool };
    const whose = { holds: 'yes', why: '' } as const;
    const told = (waitedMs: number) =>
      explainRequest({ policy: POLICY, ask: { requester, subject, target }, facts, whose, now: NOW, waitedMs });
    const { by, approvers, tree } = told(20 * MIN);
    expect(approvers.map(({ personId }) => personId)).toEqual(['grace', 'linus', 'margaret']);
    expect(by?.steps).toEqual([
      { after: '15m', afterMs: 15 * MIN, who: 'the group security', approvers: ['margaret'], begun: true },
      { after: '45m', afterMs: 45 * MIN, who: 'mallory', approvers: ['mallory'], begun: false },
    ]);
    expect(JSON.stringify(tree)).toContain('"what":"after 15m also the group security","holds":"yes","why":"1 could: margaret"');
    expect(JSON.stringify(tree)).toContain('"what":"after 45m also mallory","holds":"no"');
    expect(told(0).approvers.map(({ personId }) => personId)).toEqual(['grace', 'linus']);
  });

  it('is explained with who joins outside of hours, by the hour at which it is asked', async () => {
    const policy = policyOf({ approve: `{ groups: [it], escalate: [{ outside: ${DESK}, groups: [security] }] }` });
    const approverPool = await poolOf(directoryFrom(EVERYBODY), policy.rules, [], EVER);
    const { requester, subject, target } = requestOf();
    const facts = { ...factsOf(), voters: [], approverPool };
    const told = (now: number, waitedMs = 0) =>
      explainRequest({ policy, ask: { requester, subject, target }, facts, whose: { holds: 'yes', why: '' }, now, waitedMs });
    const step = (explained: ReturnType<typeof told>) => explained.by?.steps?.map(({ outside, begun }) => [outside, begun]);
    const [day, night] = [told(NOW), told(NOW + 10 * 60 * MIN)];
    expect([step(day), day.approvers.length]).toEqual([[['mon to fri, 08:00 to 18:00 (Europe/Berlin)', false]], 2]);
    expect([step(night), night.approvers.length]).toEqual([[['mon to fri, 08:00 to 18:00 (Europe/Berlin)', true]], 3]);
    expect(JSON.stringify(night.tree)).toContain(
      '"what":"outside of mon to fri, 08:00 to 18:00 (Europe/Berlin), also the group security","holds":"yes"',
    );
    // Asked in the evening, it has begun by the morning.
    expect(step(told(NOW + 24 * 60 * MIN, 12 * 60 * MIN))?.[0]?.[1]).toBe(true);
  });
});

describe('whatever the policy, the people and the votes', () => {
  const GROUPS = ['a', 'b', 'c', 'd'] as const;
  const who = fc.record({ groups: fc.subarray([...GROUPS]), people: fc.subarray(['p0', 'p1', 'ada']) });
  const named = who.filter(({ groups, people }) => groups.length + people.length > 0);
  const pool = fc
    .record({ base: named, quorum: fc.integer({ min: 1, max: 3 }), steps: fc.array(named, { maxLength: 3 }) })
    .map(({ base, quorum, steps }) => ({
      ...base,
      quorum: Math.min(quorum, base.groups.length > 0 ? 3 : base.people.length),
      ...(steps.length > 0 ? { escalate: steps.map((step, i) => ({ after: `${(i + 1) * 10}m`, ...step })) } : {}),
    }));
  const policies = fc.array(pool, { minLength: 1, maxLength: 2 }).map((stages) => {
    try {
      return policyOf({ ask: '{ people: [ada] }', approve: JSON.stringify({ stages }) });
    } catch (error) {
      // A file that can never be satisfied, or whose step adds nobody, is refused: it is no policy.
      if (error instanceof StintError) return undefined;
      throw error;
    }
  });
  const policy = policies.filter((one) => one !== undefined);
  const people = fc
    .array(fc.subarray([...GROUPS]), { minLength: 6, maxLength: 6 })
    .map((all): readonly Person[] => [ADA, ...all.map((groups, i) => person(`p${i}`, { groups }))]);
  const votes = (all: readonly Person[]) => fc.shuffledSubarray([...all]).map((some) => some.map((one) => approval(one)));
  const world = fc.tuple(policy, policy, people).chain(([then, now, all]) =>
    fc.record({
      pair: fc.constant([then, now] as const),
      all: fc.constant(all),
      cast: votes(all),
      minutes: fc.integer({ min: 0, max: 40 }),
      more: fc.integer({ min: 0, max: 40 }),
    }),
  );

  it('nobody of a later step counts, requester and subject never do, and waiting takes nobody’s say away', async () => {
    await fc.assert(
      fc.asyncProperty(world, async ({ pair: [one, other], all, cast, minutes, more }) => {
        const directory = directoryFrom(all);
        const [early, late] = [
          await judged(one, minutes, cast, { directory }),
          await judged(one, minutes + more, cast, { directory }),
        ];
        const byNow = (one.rules[0]?.stages ?? [{ ...one.rules[0]?.approve, escalate: [] }]).flatMap(
          ({ escalate = [], ...base }) => [base, ...escalate.filter(({ afterMs }) => afterMs <= minutes * MIN)],
        );
        const meant = (id: PersonId) =>
          byNow.some(
            ({ groups = [], people: ids = [] }) =>
              ids.includes(id) || all.find((p) => p.personId === id)?.groups.some((group) => groups.includes(group)),
          );
        for (const id of early.approvedBy) expect(meant(id)).toBe(true);
        for (const { approvedBy, approvers } of [early, late]) expect([...approvedBy, ...approvers]).not.toContain('ada');
        expect(late.approvedBy).toEqual(expect.arrayContaining([...early.approvedBy]));
        if (early.outcome === 'satisfied') expect(late.outcome).toBe('satisfied');
        // Of two policies each must have the step by then, and no order of votes makes a difference.
        const both = await judged([one, other], minutes, cast, { directory });
        const alone = await judged(other, minutes, cast, { directory });
        for (const id of both.approvedBy) expect(early.approvedBy.includes(id) && alone.approvedBy.includes(id)).toBe(true);
        const turned = await judged([one, other], minutes, [...cast, ...cast].reverse(), { directory });
        expect([turned.outcome, turned.approvedBy]).toEqual([both.outcome, both.approvedBy]);
      }),
      { numRuns: 300 },
    );
  });
});
