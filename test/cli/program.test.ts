/** The exit codes of the command line: a way to call it that is none is told from what was refused. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
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
  [['doctor', '--only', 'temporal,stor'], /stor is no area/],
  [['doctor', '--process', 'slack'], /must be one of: all, worker/],
  [['list', '--limit', '0'], /--limit must be a whole number from 1 to 500, not 0/],
  [['list', '--person', ''], /must not be empty/],
  [['list', '--target', ' '], /must not be empty/],
  [['show', 'ABC'], /ABC is no id of an elevation/],
  [['freeze'], /Say why: stint freeze --reason/],
  [['freeze', '--reason', ' '], /Say why: stint freeze --reason/],
  [['unfreeze'], /Say why: stint unfreeze --reason/],
  [['revoke'], /Say which: one id, or one of/],
  [['revoke', 'abcdefgh', '--all'], /Say which: one id, or one of/],
  [['revoke', '--request', '../x'], /is no id of an elevation/],
  [['revoke', '--person', ''], /must not be empty/],
  [['revoke', '--target', ' '], /must not be empty/],
  [['revoke', 'abcdefgh', '--wait', 'long'], /--wait must be a whole number of seconds/],
  [['people', 'keys', '--person', ''], /must not be empty/],
  [['people', 'unbind'], /required option '--person/],
  [['keys', 'rotate', 'slack'], /must be one of/],
  [['keys', 'rotate', 'slack-app', '--overlap', '5x'], /--overlap must be a time from 0s to 30d/],
  [['demo', '--port', 'abc'], /--port must be a whole number from 1024 to 65500, not abc/],
  [['demo', '--script', 'opera'], /--script knows the stories/],
  [['request', 'aws'], /--for is missing. For example: stint request aws --account/],
  [['request', 'mac'], /--for is missing. For example: stint request mac --for/],
  [['request', 'mac', '--account', 'x'], /unknown option '--account'/],
  [['request', 'aws', '--search', 'x', '--server', 'http://stint.example.com'], /is no https address/],
  [['policy', 'diff', 'old.yaml', '--people', 'people.yaml'], /missing required argument 'new'/],
  [['policy', 'test', '--min-coverage', '101'], /from 0 to 100/],
  [['policy', 'explain', '--as', 'ada', '--target', 'C02ADA000001', '--at', 'noon'], /--at must be an instant/],
  [['reconcile', 'now'], /too many arguments/],
  [['policy'], /Commands:/],
  [[], /Commands:/],
])('%j is a mistake in the call: 2, and what is right is said', async (args, words) => {
  const { code, err, out } = await ran(...args);
  expect(code).toBe(2);
  expect(err).toMatch(words);
  expect(out).toBe('');
});

it.each([[['--help']], [['--version']], [['request', 'aws', '--help']], [['request', 'mac', '--help']], [['help', 'revoke']]])(
  '%j is no failure',
  async (args) => {
    const { code, err, out } = await ran(...args);
    expect(code).toBeUndefined();
    expect(err).toBe('');
    expect(out).not.toBe('');
  },
);

it.each<[string[], RegExp]>([
  [['policy', 'check', 'nowhere.yaml'], /nowhere\.yaml cannot be read/],
  [['policy', 'check', 'examples/policy.yaml', '--people', ''], /cannot be read/],
  [['policy', 'test', 'nowhere.yaml'], /nowhere\.yaml cannot be read/],
  [['policy', 'test', 'examples/policy.yaml'], /The table of cases is not valid/],
  [['device', 'register', '--serial', 'C02ADA000001', '--public-key', 'nowhere.pem'], /nowhere\.pem cannot be read/],
  [['device', 'register', '--serial', 'C02ADA000001', '--public-key', 'package.json'], /holds no ECDSA P-256 public key/],
])('%j is refused, and no mistake in the call: 1, with a sentence', async (args, words) => {
  const { code, err } = await ran(...args);
  expect(code).toBe(1);
  expect(err).toMatch(/^stint: /);
  expect(err).toMatch(words);
});

it('goes on to its end where nobody reads what it prints any more, without a word of that', async () => {
  const [tsx, main] = ['node_modules/.bin/tsx', 'cli/main.ts'].map((path) => join(import.meta.dirname, '../..', path));
  const child = spawn(tsx ?? '', [main ?? '', 'policy', 'schema'], { stdio: ['ignore', 'pipe', 'pipe'] });
  child.stdout.destroy();
  const [said, [code]] = await Promise.all([text(child.stderr), once(child, 'close')]);
  expect([code, said]).toEqual([0, '']);
}, 60_000);
