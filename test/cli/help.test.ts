/** The command line as a stranger meets it: help with examples everywhere, and mistakes answered with what to do. */
import { beforeAll, expect, test } from 'vitest';
import { run } from '../../cli/temporal-server/run.js';
import { build, PROGRAM, ROOT, stint } from '../e2e/built.js';

beforeAll(build, 120_000);

/** Every command that the built program has, found by reading its help: nothing can be added without being looked at here. */
async function walk(path: readonly string[] = []): Promise<readonly (readonly string[])[]> {
  const { code, out } = await stint([...path, '--help']);
  expect(code).toBe(0);
  const section = /^Commands:\n((?: .*\n?)+)/m.exec(out)?.[1] ?? '';
  const names = [...section.matchAll(/^ {2}([a-z][a-z-]*)/gm)].flatMap(([, name]) => (name && name !== 'help' ? [name] : []));
  const below = await Promise.all(names.map((name) => walk([...path, name])));
  return [path, ...below.flat()];
}

test('every command, groups too, explains itself with examples that name it', async () => {
  const commands = await walk();
  const names = commands.map((path) => path.join(' '));
  expect(names).toEqual(
    expect.arrayContaining(['', 'demo', 'all', 'worker', 'policy', 'policy check', 'keys', 'device register', 'ledger', 'show']),
  );
  for (const path of commands) {
    const { out } = await stint([...path, '--help']);
    const examples = /^Examples?:\n((?: .*\n?)+)/m.exec(out)?.[1] ?? '';
    expect(examples, `stint ${path.join(' ')}`).toMatch(new RegExp(`^ +\\$ .*(stint|npm run) .*${path.join(' ')}`, 'm'));
  }
});

test('npx finds it in the package’s own folder', async () => {
  const out = await run('npx', ['--no-install', 'stint', '--help'], { timeoutMs: 25_000, cwd: ROOT });
  expect(out).toContain('Examples:');
});

test('its version is the package’s', async () => {
  expect((await stint(['--version'])).out.trim()).toMatch(/^\d+\.\d+\.\d+$/);
  expect(PROGRAM.startsWith(ROOT)).toBe(true);
});

test.each([
  [['lsit'], /unknown command 'lsit'[\s\S]*Did you mean list\?[\s\S]*--help/],
  [['policy', 'chekc'], /unknown command 'chekc'[\s\S]*Did you mean check\?[\s\S]*--help/],
  [['list', '--jsno'], /unknown option '--jsno'[\s\S]*Did you mean --json\?[\s\S]*--help/],
  [['show'], /missing required argument 'id'[\s\S]*--help/],
  [['device', 'register'], /required option '--serial <serial>' not specified[\s\S]*--help/],
  [['show', 'abcdef', 'more'], /too many arguments[\s\S]*--help/],
])('%j is refused with what to do', async (args, words) => {
  const ran = await stint(args);
  expect(ran.code).toBe(2);
  expect(ran.out).toBe('');
  expect(ran.err).toMatch(words);
});
