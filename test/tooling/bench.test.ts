/** The bench as a program: its command line, its table, its JSON and its exit code, on figures that nobody measured. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, test, vi } from 'vitest';
import { chosen, HELP, readArgs, UsageError } from '../bench/args.js';
import { GROUPS } from '../bench/groups/index.js';
import { type Answers, type Figure, judge, type Metric } from '../bench/metric.js';
import { exitCode, json, runFacts, table } from '../bench/report.js';
import { tally } from '../bench/rig/history.js';
import { childrenOf, familyBytes, residentBytes, together } from '../bench/rig/process.js';
import { tagSetAt } from '../bench/rig/tags.js';
import { runGroups } from '../bench/run.js';
import { percentile } from '../bench/stats.js';

const limit: Figure = { name: 'late.p99', unit: 'ms', bar: { atMost: 250 } };
const beside: Figure = { name: 'calls.p50', unit: 'ms', bar: { atMostFloors: 2 } };
const rate: Figure = { name: 'lives', unit: '/s', bar: { atLeastFloors: 0.5 } };
const free: Figure = { name: 'memory', unit: 'KB' };

const group = (name: string, figures: readonly Figure[], measure: () => Promise<Answers>): Metric => ({ name, figures, measure });
const quiet = { quick: true, topology: 'embedded', say: () => undefined } as const;

describe('the command line', () => {
  test('takes all options, names by comma or one by one', () => {
    const read = readArgs(['--json', '--quick', '--only', 'click,deadline', '--only', 'mac']);
    const others = { list: false, help: false, topology: 'embedded' };
    expect(read).toEqual({ json: true, quick: true, ...others, only: ['click', 'deadline', 'mac'] });
  });

  test('--help names every option, with examples whose output can be piped', () => {
    expect(readArgs(['-h']).help).toBe(true);
    for (const name of Object.keys(readArgs([]))) expect(HELP).toContain(`  --${name}`.replace('  --help', '-h, --help'));
    expect(HELP).toMatch(/npm run -s bench -- .*--json \| jq/);
    expect(HELP).not.toMatch(/npm run (?!-s )/);
  });

  test('an option that there is not is refused', () => {
    expect(() => readArgs(['--fast'])).toThrow(UsageError);
    expect(() => readArgs(['--topology', 'cloud'])).toThrow('There are: embedded, postgres.');
    expect(readArgs(['--topology', 'postgres']).topology).toBe('postgres');
  });

  test('--only finds a group by its own name and by that of a figure in it', () => {
    const groups = [group('a', [limit], async () => ({ measured: {} })), group('b', [free], async () => ({ measured: {} }))];
    expect(chosen(groups, ['late']).map((g) => g.name)).toEqual(['a']);
    expect(chosen(groups, ['b']).map((g) => g.name)).toEqual(['b']);
    expect(chosen(groups, [])).toEqual(groups);
  });

  test('a name that fits nothing is refused with all there are, or a run would be green without having measured', () => {
    expect(() => chosen(GROUPS, ['deadlien'])).toThrow(/--only deadlien: no such figure.*deadline/);
  });
});

describe('a bar', () => {
  test('of its own holds up to itself and not above', () => {
    expect(judge(limit, { value: 250, n: 200 }).holds).toBe(true);
    expect(judge(limit, { value: 251, n: 200 }).holds).toBe(false);
  });

  test('in floors is judged by the ratio, from above or from below', () => {
    expect(judge(beside, { value: 60, floor: 30, n: 9 })).toMatchObject({ ratio: 2, holds: true });
    expect(judge(beside, { value: 61, floor: 30, n: 9 }).holds).toBe(false);
    expect(judge(rate, { value: 5, floor: 10, n: 9 }).holds).toBe(true);
    expect(judge(rate, { value: 4.9, floor: 10, n: 9 }).holds).toBe(false);
  });

  test('in floors does not hold without a floor', () => {
    expect(judge(beside, { value: 1, n: 9 }).holds).toBe(false);
  });

  test('does not hold for a figure of which a sample was lost', () => {
    expect(judge(limit, { value: percentile([1, Number.NaN, 2], 99), n: 3 }).holds).toBe(false);
  });

  test('falls short when the figure was not measured, though it has none; what has none is judged by nobody', () => {
    expect(judge(limit, undefined)).toMatchObject({ value: null, holds: false });
    expect(judge(free, undefined)).toMatchObject({ value: null, bar: null, holds: false });
    expect(judge(free, { value: 1e9, n: 1 })).toMatchObject({ bar: null, holds: null });
  });
});

describe('a run', () => {
  test('goes on after a group that fails, and ends with 1', async () => {
    const said: string[] = [];
    const groups = [
      group('broken', [limit], async () => Promise.reject(new Error('the server did not come up'))),
      group('whole', [free], async () => ({ measured: { memory: { value: 12, n: 1 } } })),
    ];
    const { results } = await runGroups(groups, { quick: false, topology: 'embedded', say: (line) => said.push(line) });
    expect(results.map((r) => [r.name, r.value, r.holds])).toEqual([
      ['late.p99', null, false],
      ['memory', 12, null],
    ]);
    expect(said.join('\n')).toContain('the server did not come up');
    expect(exitCode(results)).toBe(1);
  });

  test('ends with 0 when all bars hold, also with figures that were skipped or have no bar', async () => {
    const answers: Answers = { measured: { 'late.p99': { value: 3, n: 1 }, memory: { skipped: 'no PostgreSQL' } } };
    const { results } = await runGroups([group('g', [limit, free], async () => answers)], quiet);
    expect(exitCode(results)).toBe(0);
    expect(table(results)).toContain('skipped: no PostgreSQL');
  });

  test('ends with 1 when one bar of many falls short', async () => {
    const answers: Answers = { measured: { 'late.p99': { value: 300, n: 1 }, memory: { value: 1, n: 1 } } };
    const { results } = await runGroups([group('g', [limit, free], async () => answers)], quiet);
    expect(exitCode(results)).toBe(1);
  });
});

describe('the result', () => {
  const results = [judge(beside, { value: 61.234, floor: 30, n: 120, note: 'p50 61' }), judge(free, { value: 7, n: 1 })];

  test('as a table says value, floor, ratio, bar, whether it holds and how many samples', () => {
    const [head, , first, second] = table(results).split('\n');
    expect(head?.split(/ {2,}/)).toEqual(['figure', 'value', 'floor', 'ratio', 'bar', 'holds', 'n']);
    expect(first?.split(/ {2,}/)).toEqual(['calls.p50', '61.2 ms', '30 ms', '2.04', '<= 2 x floor', 'NO', '120']);
    expect(second?.split(/ {2,}/)).toEqual(['memory', '7 KB', '-', '-', '-', '-', '1']);
  });

  test('as JSON has every figure with all its keys, and the machine', () => {
    const read = JSON.parse(json(results, runFacts(true, 'embedded'), { g: ['a line'] }));
    expect(read.metrics[0]).toEqual({
      name: 'calls.p50',
      unit: 'ms',
      value: 61.2,
      floor: 30,
      ratio: 2.04,
      bar: '<= 2 x floor',
      holds: false,
      n: 120,
      note: 'p50 61',
    });
    expect(read.metrics[1]).toMatchObject({ floor: null, ratio: null, bar: null, holds: null });
    expect(read.run).toMatchObject({ quick: true, node: process.version });
    expect(read.details).toEqual({ g: ['a line'] });
  });
});

describe('the memory of a process and its children', () => {
  test('counts what they share once', () => {
    const members = [
      { resident: 50, shared: 30 },
      { resident: 45, shared: 40 },
      { resident: 7, shared: 0 },
    ];
    expect(together(members)).toBe(20 + 5 + 7 + 40);
  });

  test('is more than that of the process alone, while it has a child', async () => {
    const shell = spawn('sh', ['-c', 'cat; true'], { stdio: ['pipe', 'ignore', 'ignore'] });
    const pid = shell.pid ?? 0;
    await vi.waitFor(() => expect(childrenOf(pid)).toHaveLength(1), { timeout: 20_000 });
    expect(familyBytes(pid)).toBeGreaterThan(residentBytes(pid));
    const ended = once(shell, 'exit');
    shell.stdin.end(); // ends the child, and so the shell
    await ended;
    expect(childrenOf(pid)).toEqual([]);
  }, 30_000);
});

describe('the tag on a Mac at the MDM', () => {
  const at = (s: number) => new Date(s * 1000).toISOString();
  const change = (s: number, ...tags: string[]) => ({ at: at(s), tags, visibleAt: 0, by: 'api' }) as const;
  const truth = (...history: ReturnType<typeof change>[]) => ({
    devices: [{ deviceId: 'd', serial: 'M1', name: 'm', tags: [], seenByDevice: [], history }],
  });

  test('is found where it was set anew', () => {
    const seen = truth(change(1, 'ours'), change(5), change(9, 'ours', 'other'));
    expect(tagSetAt(seen, 'M1', 'ours', 6_000)).toBe(9_000);
  });

  test.each([
    ['never set', truth(change(1), change(9, 'other'))],
    ['set before and not since', truth(change(1, 'ours'), change(9, 'ours', 'other'))],
    ['set on no such Mac', { devices: [] }],
  ])('fails the group when it was %s', (_, seen) => {
    expect(() => tagSetAt(seen, 'M1', 'ours', 6_000)).toThrow(/M1 .* never told to set ours/);
  });
});

test('every figure has one name, which no other has', () => {
  const names = GROUPS.flatMap((g) => g.figures.map((f) => f.name));
  expect(new Set(names).size).toBe(names.length);
});

test('the cost of a run counts activities and timers once each, and their events with them', () => {
  const cost = tally([
    { eventId: 1n as never, workflowExecutionStartedEventAttributes: {} },
    { eventId: 2n as never, activityTaskScheduledEventAttributes: { activityType: { name: 'arm' } } },
    { eventId: 3n as never, activityTaskStartedEventAttributes: { scheduledEventId: 2n as never } },
    { eventId: 4n as never, activityTaskCompletedEventAttributes: { scheduledEventId: 2n as never } },
    { eventId: 5n as never, timerStartedEventAttributes: {} },
    { eventId: 6n as never, timerFiredEventAttributes: {} },
  ]);
  expect(cost).toMatchObject({ events: 6, activities: 1, timers: 1 });
  expect(cost.lines[0]).toMatch(/^activity arm: 1 times, 3 events/);
});
