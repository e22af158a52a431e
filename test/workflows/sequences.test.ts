/**
 * Policies, people and clicks at random, on the real server: generated rules (quorums, stages, steps, extensions, limits, the
 * policy's own word), people with second accounts who leave, come back and change groups, rules that change between request and
 * click, votes in any order. After each act who counted, what came of it, for how long, and whether the access is there have to be as
 * a model of a few lines has it, which uses nothing of the product.
 *
 * `STINT_SEED` repeats a search, `STINT_SEQUENCE` one sequence of it, `STINT_SEQUENCES` makes it more or fewer.
 */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import type { JudgeInput } from '../../contract/duties.js';
import type { Verdict } from '../../contract/verdict.js';
import { parsePolicy } from '../../policy/load.js';
import { createPreview } from '../../policy/preview.js';
import { sideBySide } from '../../workers/side-by-side.js';
import { type Harness, startHarness } from './harness.js';
import { aheadMs } from './sequences/ahead.js';
import { sequence } from './sequences/draw.js';
import { live } from './sequences/live.js';
import type { People } from './sequences/model.js';
import { type Act, CAST, type Rule, type Sequence, type Setting } from './sequences/plan.js';
import { makeTown } from './sequences/town.js';

const { STINT_SEED, STINT_SEQUENCE, STINT_SEQUENCES } = process.env;
const seed = Number(STINT_SEED);
const COUNT = Number(STINT_SEQUENCES ?? 40);
/** At once: a run that waits costs nothing. */
const WIDTH = 8;

type Judge = (input: JudgeInput) => Promise<Verdict>;
/** A judgement that is wrong, of the sequences that it is planted in. */
type Fault = (judge: Judge) => Judge;

const town = makeTown();
const faults = new Map<string, Fault>();
let h: Harness;
/** Read anew only when it is another. */
let read = { text: '', policy: parsePolicy(town.policy(), 'policy.yaml') };
const preview = createPreview({
  policy: async () => {
    const text = town.policy();
    if (read.text !== text) read = { text, policy: parsePolicy(text, 'policy.yaml') };
    return read.policy;
  },
  policies: { get: (hash) => h.policies.get(hash) },
  grants: { grant: (requestId) => h.store.fence.grant(requestId) },
  directory: town.directory,
  usage: { of: (request) => h.store.usage.of(request) },
  clock: () => Date.now() + aheadMs(),
});

beforeAll(async () => {
  h = await startHarness(inject('temporalAddress'), {
    policy: town.policy(),
    directory: town.directory,
    confirmMode: 'poll',
    aheadMs,
    judged: (judge) => async (input) => {
      const [of = ''] = input.request.requester.personId.split('-');
      return (faults.get(of)?.(judge) ?? judge)(input);
    },
  });
});
// Every run that was made is lived again, and there are many.
afterAll(() => h?.close(), 300_000);

/** The people and the rule of each, in one policy that is applied once. Answers their numbers. */
function settle(all: readonly Sequence[]): readonly number[] {
  const numbers = all.map(({ setting: { groups, rules } }) => {
    const people = Object.fromEntries(CAST.map((name) => [name, { active: true, groups: groups[name] }]));
    return town.settle(people as unknown as People, rules[0]);
  });
  h.setPolicy(town.policy());
  return numbers;
}

test(`no sequence of ${COUNT} is judged otherwise than by the model`, { timeout: 900_000 }, async () => {
  process.stdout.write(`sequences: seed ${seed}, ${COUNT} of them (repeat with STINT_SEED=${seed})\n`);
  const drawn = fc.sample(sequence, { seed, numRuns: COUNT }).map((one, at) => ({ at, one }));
  const chosen = STINT_SEQUENCE === undefined ? drawn : drawn.slice(Number(STINT_SEQUENCE), Number(STINT_SEQUENCE) + 1);
  if (chosen.length === 0) throw new Error(`there are sequences 0 to ${COUNT - 1}, and no ${STINT_SEQUENCE}`);
  const numbers = settle(chosen.map(({ one }) => one));
  const numbered = chosen.map((each, i) => ({ ...each, n: numbers[i] ?? -1 }));
  const all = await sideBySide(numbered, WIDTH, async ({ at, one, n }) => {
    const said = await live({ h, town, preview }, one, n);
    expect(said.wrong, `STINT_SEED=${seed} STINT_SEQUENCE=${at}: ${JSON.stringify(one, undefined, 1)}`).toEqual([]);
    return said;
  });
  const failed = all.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []));
  if (failed.length > 0) throw new Error(`${failed.length} of ${all.length} sequences, seed ${seed}`, { cause: failed[0] });
  const told = all.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  const granted = told.filter((one) => one.granted).length;
  const extended = told.filter((one) => one.extended > 0).length;
  const ways = ['later', 'glass'].map((how) => `${told.filter((one) => one.granted && one.how === how).length} ${how}`);
  process.stdout.write(`sequences: ${granted} granted (${ways.join(', ')}), ${extended} of them extended\n`);
  if (COUNT >= 40 && STINT_SEQUENCE === undefined) expect(granted, 'granted').toBeGreaterThanOrEqual(5);
});

// ---- it can fail: each judgement that is wrong is found --------------------------------------------------------------------

const MIN = 60_000;
const RULE: Rule = { stages: [{ groups: ['a'], people: [], quorum: 2 }], windows: [5, 10], max: 20, starts: true };
const ALONE: Rule = { ...RULE, stages: [{ groups: ['a'], people: [], quorum: 1 }] };
const SETTING: Setting = {
  rules: [RULE, ALONE],
  groups: { asker: [], holder: [], v0: ['a'], v1: ['a'], v2: ['b'], v3: [], stranger: [] },
  minutes: 10,
  onBehalf: false,
  how: 'now',
  reviewer: 'v0',
  last: 'person',
};
const approval = (who: 'v0' | 'v1' | 'stranger', kind: 'approve' | 'ext-approve' = 'approve'): Act => ({
  do: kind,
  who,
  minutes: 5,
  door: false,
  account: 0,
});

interface Planted {
  readonly fault: Fault;
  readonly acts: readonly Act[];
  readonly rule?: Rule;
  readonly how?: Setting['how'];
  readonly found: RegExp;
}
const changed =
  (change: (verdict: Verdict, input: JudgeInput) => Partial<Verdict>): Fault =>
  (judge) =>
  async (input) => {
    const verdict = await judge(input);
    return { ...verdict, ...change(verdict, input) };
  };

/** What was satisfied once is so for ever. */
const remembering = (): Fault => {
  let before: Verdict | undefined;
  return (judge) => async (input) => {
    const verdict = before ?? (await judge(input));
    if (verdict.outcome === 'satisfied') before = verdict;
    return verdict;
  };
};

const PLANTED: { readonly [what: string]: Planted } = {
  'one approval is enough where two are asked': {
    fault: changed((v) => (v.approvedBy.length > 0 ? { outcome: 'satisfied', windowMs: 5 * MIN } : {})),
    acts: [approval('v0')],
    found: /the state is active and not requested/,
  },
  'somebody counts who may not': {
    fault: changed((_, { votes }) => ({ approvedBy: votes.map(({ personId }) => personId) })),
    acts: [approval('stranger')],
    found: /who counted is stranger and not /,
  },
  'the rule of the request is forgotten': {
    fault: (judge) => (input) => judge({ ...input, policyThen: undefined }),
    acts: [{ do: 'reload', rule: 1 }, approval('v0')],
    found: /the state is active and not requested/,
  },
  'more is given than was approved': {
    fault: changed(({ windowMs }) => (windowMs ? { windowMs: 2 * windowMs } : {})),
    acts: [approval('v0'), approval('v1')],
    found: /the time until the deadline is 10 and not 5/,
  },
  'an extension is longer than was approved': {
    fault: changed(({ windowMs }, { round }) => (windowMs && round.kind === 'extension' ? { windowMs: 2 * windowMs } : {})),
    acts: [approval('v0'), { do: 'extend', who: 'asker', minutes: 5 }, approval('v1', 'ext-approve')],
    rule: ALONE,
    found: /the time until the deadline is 15 and not 10/,
  },
  'whoever likes breaks the glass': {
    fault: changed((_, { request }) => (request.breakGlass ? { outcome: 'auto', windowMs: 10 * MIN } : {})),
    acts: [],
    rule: { ...RULE, glass: { may: ['holder'], max: 10, review: ['b'], named: [] } },
    how: 'glass',
    found: /the state is active and not closed/,
  },
  'a break-glass is longer than its cap': {
    fault: changed(({ windowMs }) => (windowMs ? { windowMs: 2 * windowMs } : {})),
    acts: [],
    rule: { ...RULE, glass: { may: ['asker'], max: 10, review: ['b'], named: [] } },
    how: 'glass',
    found: /the time until the deadline is 20 and not 10/,
  },
  'a later start is not judged again': {
    fault: remembering(),
    acts: [approval('v0'), { do: 'leave', who: 'v0' }],
    rule: ALONE,
    how: 'later',
    found: /the state is active and not closed after its start/,
  },
  'a limit is not kept': {
    fault: changed(({ outcome }) => (outcome === 'deny' ? { outcome: 'needs-approval' } : {})),
    acts: [{ do: 'ask-more', minutes: 5 }],
    rule: { ...RULE, limits: { perHour: 1 } },
    found: /one more was judged needs-approval and not deny/,
  },
};

test('a judgement that is wrong is found, whichever it is', { timeout: 300_000 }, async () => {
  const all = Object.entries(PLANTED).map(([what, one]) => {
    const setting = { ...SETTING, rules: [one.rule ?? RULE, ALONE], how: one.how ?? 'now' } as const;
    return { what, ...one, sequence: { setting, acts: one.acts } };
  });
  const numbers = settle(all.map(({ sequence: one }) => one));
  all.forEach(({ fault }, i) => {
    faults.set(`q${numbers[i]}`, fault);
  });
  const told = await Promise.all(all.map(({ sequence: one }, i) => live({ h, town, preview }, one, numbers[i] ?? -1)));
  const wrong = all.map(({ what }, i) => [what, told[i]?.wrong ?? []]);
  expect(wrong).toEqual(all.map(({ what, found }) => [what, expect.arrayContaining([expect.stringMatching(found)])]));
});
