/** Many checks at once: none keeps the others from speaking, and none is waited for longer than it may take. */
import { expect, test } from 'vitest';
import { table } from '../../../cli/commands/doctor.js';
import { StintError } from '../../../contract/errors.js';
import { type Check, examine, worst } from '../../../workers/checks/check.js';

const never: Check = () => new Promise(() => {});

test('what an area found before its limit still counts, and what it says later does not', async () => {
  let later = () => {};
  const slow: Check = async (say) => {
    say.ok('first', 'is there');
    later = () => say.ok('second', 'too late');
    await new Promise(() => {});
  };
  const done: string[] = [];
  const { findings, bugs } = await examine({ checks: { store: slow, mdm: never }, limitMs: 50, done: (area) => done.push(area) });
  later();
  expect(findings).toEqual([
    { area: 'store', check: 'first', level: 'ok', found: 'is there' },
    { area: 'store', check: 'store', level: 'fail', found: expect.stringContaining('No answer within 0.05 s') },
    { area: 'mdm', check: 'mdm', level: 'fail', found: expect.stringContaining('No answer') },
  ]);
  expect(bugs).toEqual([]);
  expect(done.sort()).toEqual(['mdm', 'store']);
});

test('a check is told when its time is over, so that it can stop asking', async () => {
  const signals: AbortSignal[] = [];
  const slack: Check = (_, signal) => {
    signals.push(signal);
    return new Promise(() => {});
  };
  await examine({ checks: { slack }, limitMs: 20 });
  expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
});

test('our own errors are rows; others are bugs, are said to be, and keep nobody else from speaking', async () => {
  const bug = new TypeError('x is not a function; token xoxb-secret');
  const checks = {
    keys: async () => {
      throw new StintError('bad-config', 'No key there.');
    },
    policy: async () => {
      throw bug;
    },
    clock: async (say: Parameters<Check>[0]) => say.warn('Slack', 'is 5 s off', 'Set it.'),
  };
  const { findings, bugs } = await examine({ checks, limitMs: 5_000 });
  expect(bugs).toEqual([bug]);
  expect(findings.map(({ level, found }) => `${level} ${found}`)).toEqual([
    'fail No key there.',
    'fail This check itself failed; that is a bug of Stint.',
    'warn is 5 s off',
  ]);
  expect(worst(findings)).toBe('fail');
  expect(worst(findings.slice(2))).toBe('warn');
  expect(worst([])).toBe('ok');
});

test('the table shows each row with its fix below it, and counts them', () => {
  const text = table({
    findings: [
      { area: 'store', check: 'version', level: 'ok', found: 'fine' },
      { area: 'mdm', check: 'tag', level: 'fail', found: 'two\nlines', fix: 'Make it.' },
      { area: 'mdm', check: 'Macs', level: 'warn', found: 'one is missing' },
    ],
  });
  expect(text.split('\n')).toEqual([
    'ok    store  version  fine',
    'FAIL  mdm    tag      two',
    '                      lines',
    '                      → Make it.',
    'WARN  mdm    Macs     one is missing',
    '',
    '1 ok, 1 to look at, 1 to mend',
  ]);
});
