/**
 * What a decision costs in a large company: a policy of a thousand rules, five thousand targets, ten thousand people. Judged is as
 * the activity does it, from live facts to the verdict, with policy, people and what AWS says in memory: no store, no network.
 */
import { performance } from 'node:perf_hooks';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { JudgeInput } from '../../../contract/duties.js';
import type { Target } from '../../../contract/request.js';
import { fileFindings } from '../../../policy/check.js';
import { unpaged } from '../../../policy/duty.js';
import { createJudge } from '../../../policy/judge.js';
import { NO_USAGE } from '../../../policy/limits.js';
import { liveDirectory } from '../../../policy/live.js';
import { parsePolicy } from '../../../policy/load.js';
import { MACS } from '../../../policy/macs.js';
import { parsePeopleFile } from '../../../policy/people.js';
import type { Policy } from '../../../policy/rules.js';
import { random } from '../../storm/random.js';
import type { Metric } from '../metric.js';
import { awsFacts, NOW, peopleText, policyText, questionOf, REASON, rulesOf, targetsOf } from '../rig/company.js';
import { median, percentile, spread } from '../stats.js';

const TEAMS = 100;
const FEW_TEAMS = 10;
const PEOPLE = 10_000;
const SEED = 20_417;
const LOADS = 3;
const WARM_UP = 1_000;

export const policy: Metric = {
  name: 'policy',
  figures: [
    { name: 'policy.decision.p99', unit: 'ms', bar: { atMost: 1 } },
    { name: 'policy.decision.growth', unit: 'ms', bar: { atMostFloors: 1.5 } },
    { name: 'policy.load', unit: 's', bar: { atMost: 4 } },
    { name: 'policy.memory', unit: 'MB' },
  ],
  async measure({ quick }) {
    const text = { policy: policyText(TEAMS), people: peopleText(TEAMS, PEOPLE) };
    const loads: number[] = [];
    for (let i = 0; i < LOADS; i++) loads.push(await timed(() => load(text)));
    const before = heapUsed();
    const large = judgeOf(parsePolicy(text.policy, 'policy.yaml'), text.people);
    await large(questions(1)[0] as JudgeInput);
    const held = heapUsed() - before;
    const small = judgeOf(parsePolicy(policyText(FEW_TEAMS), 'small.yaml'), text.people);
    const all = questions(WARM_UP + (quick ? 4_000 : 20_000));
    const took = await judged({ large, small }, all);
    const n = took.large.length;
    return {
      measured: {
        'policy.decision.p99': { value: percentile(took.large, 99), n, note: `${rulesOf(TEAMS)} rules; ${inMicros(took.large)}` },
        'policy.decision.growth': {
          value: median(took.large),
          floor: median(took.small),
          n,
          note: `p50 with ${rulesOf(TEAMS)} rules beside that with ${rulesOf(FEW_TEAMS)}, of which the same could match`,
        },
        'policy.load': { value: Math.max(...loads) / 1000, n: LOADS, note: `read, parsed and held against ${PEOPLE} people` },
        'policy.memory': { value: held / 2 ** 20, n: 1, note: 'policy, people and the index of rules, after a collection' },
      },
      details: [`${PEOPLE} people, ${TARGETS.flat().length} targets; verdicts: ${JSON.stringify(took.outcomes)}`],
    };
  },
};

/** What each team can ask for. */
const TARGETS = Array.from({ length: TEAMS }, (_, team) => targetsOf(team));

/** Both policies have the rules for what is asked here: the first teams are in both. */
function questions(count: number): readonly JudgeInput[] {
  const draws = random(SEED, 'questions');
  return Array.from({ length: count }, (_, i) => {
    const team = draws.int(0, FEW_TEAMS - 1);
    const ofTeam = TARGETS[team] as readonly [Target, ...Target[]];
    return questionOf(draws, i, team, draws.pick(ofTeam));
  });
}

/** What has to be done before a policy counts: both files are read, and held against each other. */
async function load(text: { readonly policy: string; readonly people: string }): Promise<void> {
  const [read, people] = [parsePolicy(text.policy, 'policy.yaml'), parsePeopleFile(text.people, 'people.json')];
  const [finding] = await fileFindings(read, people, 'policy.yaml');
  if (finding !== undefined) throw new Error(`the policy of the bench is not as it should be: ${finding}`);
}

type Judge = ReturnType<typeof createJudge>;

function judgeOf(now: Policy, people: string): Judge {
  return createJudge({
    policy: async () => now,
    policies: { get: async () => now.source },
    directory: liveDirectory(async () => people, 'people.json', { paged: unpaged, clock: () => NOW }),
    targets: [MACS, awsFacts(TARGETS.flat())],
    texts: { getText: async () => REASON },
    usage: { of: async () => NO_USAGE },
    clock: () => NOW,
  });
}

/** Milliseconds of each decision, of both policies by turns, so that whatever else the machine does slows down both. */
async function judged(judges: { readonly large: Judge; readonly small: Judge }, all: readonly JudgeInput[]) {
  const [large, small]: [number[], number[]] = [[], []];
  const outcomes: Record<string, number> = {};
  for (const [i, one] of all.entries()) {
    const from = performance.now();
    const verdict = await judges.large(one);
    const between = performance.now();
    const other = await judges.small(one);
    const to = performance.now();
    if (verdict.outcome !== other.outcome || verdict.rule !== other.rule)
      throw new Error(`the two differ about ${one.request.target.key}`);
    if (i < WARM_UP) continue;
    large.push(between - from);
    small.push(to - between);
    outcomes[verdict.outcome] = (outcomes[verdict.outcome] ?? 0) + 1;
  }
  // A policy that refuses everything is soon done with.
  if ((outcomes.deny ?? 0) > large.length / 5) throw new Error(`too many are refused: ${JSON.stringify(outcomes)}`);
  return { large, small, outcomes };
}

async function timed(work: () => Promise<void>): Promise<number> {
  const from = performance.now();
  await work();
  return performance.now() - from;
}

const inMicros = (ms: readonly number[]): string => `in µs ${spread(ms.map((one) => one * 1000))}`;

/** Bytes, of what is still in use. */
function heapUsed(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  // What is kept by weak references goes with the second.
  collect();
  collect();
  return process.memoryUsage().heapUsed;
}
