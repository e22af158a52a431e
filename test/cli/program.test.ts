/** The exit codes of the command line: a way to call it that is none is told from what was refused. */
import { expect, it } from 'vitest';
import { runLine } from '../../cli/program.js';

async function ran(...args: string[]) {
  const said = { out: '', err: '' };
  const code = await runLine(['node', 'stint', ...args], {
    out: (text) => {
      said.out += text;
    },
    err: (text) => {
      said.err += text;
    },
  });
  return { code, ...said };
}

it.each<[string[], RegExp]>([
  [['--nothing'], /unknown option '--nothing'/],
  [['nothing'], /unknown command 'nothing'/],
  [['show'], /missing required argument/],
  [['list', '--jsno'], /Did you mean --json/],
  [['list', '--limit'], /argument missing/],
  [['request', 'aws', '--acount', 'x'], /unknown option '--acount'/],
  [['device', 'register'], /required option '--serial/],
  [['doctor', '--limit', '0'], /from 1 to 300/],
  [['policy'], /Commands:/],
  [[], /Commands:/],
])('%j is a mistake in the call: 2, and what is right is said', async (args, words) => {
  const { code, err, out } = await ran(...args);
  expect(code).toBe(2);
  expect(err).toMatch(words);
  expect(out).toBe('');
});

it.each([[['--help']], [['--version']], [['request', 'aws', '--help']], [['help', 'revoke']]])(
  '%j is no failure',
  async (args) => {
    const { code, err, out } = await ran(...args);
    expect(code).toBeUndefined();
    expect(err).toBe('');
    expect(out).not.toBe('');
  },
);

it('what is refused with a sentence is 1', async () => {
  const { code, err } = await ran('show', 'ABC');
  expect(code).toBe(1);
  expect(err).toMatch(/^stint: .*is no id of an elevation/);
});
