/** The gate: what counts as a failure, and that its last line says so in every case. */
import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { summarise } from '../../scripts/ci-reporter.mjs';
import { ROOT } from './compile.js';

const folder = mkdtempSync(join(tmpdir(), 'stint-ci-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the count', () => {
  const passed = (layer: string) => ({ layer, name: 'a test', state: 'passed' });

  test('is one line of passed, failed and skipped', () => {
    const results = [
      passed('fast'),
      passed('e2e'),
      { layer: 'fast', name: 'b', state: 'failed' },
      { layer: 'e2e', name: 'c', state: 'skipped' },
    ];
    const { failed, last, lines } = summarise(['fast', 'e2e'], results, 0);
    expect(last).toBe('2 passed, 1 failed, 1 skipped');
    expect(failed).toBe(1);
    expect(lines).toContain('skipped: e2e: c');
  });

  test('takes a layer in which nothing passed for a failure', () => {
    expect(summarise(['fast', 'temporal'], [passed('fast')], 0).last).toBe('1 passed, 1 failed, 0 skipped');
    const skipped = [passed('fast'), { layer: 'temporal', name: 'x', state: 'skipped' }];
    expect(summarise(['fast', 'temporal'], skipped, 0).last).toBe('1 passed, 1 failed, 1 skipped');
  });

  test('takes a file that does not load for a failure', () => {
    expect(summarise(['fast'], [passed('fast')], 2).last).toBe('1 passed, 2 failed, 0 skipped');
  });

  test('takes a group of tests whose set-up failed for a failure, though all of its tests are skipped', () => {
    const tree = mkdtempSync(join(ROOT, 'test', 'tooling', '.ci-'));
    const summary = join(tree, 'summary');
    try {
      writeFileSync(
        join(tree, 'group.test.js'),
        "import { beforeAll, describe, test } from 'vitest';\ntest('a', () => {});\ndescribe('b', () => { beforeAll(() => { throw new Error('no'); }); test('c', () => {}); });\n",
      );
      const config = join(tree, 'vitest.config.mjs');
      writeFileSync(config, "export default { test: { name: 'fast' } };\n");
      const vitest = join(ROOT, 'node_modules', 'vitest', 'vitest.mjs');
      const reporter = join(ROOT, 'scripts', 'ci-reporter.mjs');
      const args = [vitest, 'run', '--root', tree, '--config', config, '--reporter', reporter];
      const { status } = spawnSync(process.execPath, args, { cwd: tree, env: { ...process.env, STINT_CI_SUMMARY: summary } });
      expect(readFileSync(summary, 'utf8')).toContain('1 passed, 1 failed, 1 skipped');
      expect(status).toBe(1);
    } finally {
      rmSync(tree, { recursive: true, force: true });
    }
  }, 60_000);
});

describe('.ci/run', () => {
  const TOOLS = ['chromium', 'sudo', 'visudo', 'shellcheck', 'zsh', 'dash', 'openssl', 'xxd'];

  /** Runs the gate in an empty tree with an `npm` that does what the test says. */
  function gate(npm: string): { status: number | null; lines: readonly string[]; calls: readonly string[] } {
    const tree = mkdtempSync(join(folder, 'tree-'));
    const bin = join(tree, 'bin');
    mkdirSync(bin);
    mkdirSync(join(tree, '.ci'));
    copyFileSync(join(ROOT, '.ci', 'run'), join(tree, '.ci', 'run'));
    const program = (name: string, body: string) => {
      writeFileSync(join(bin, name), `#!/bin/sh\n${body}\n`);
      chmodSync(join(bin, name), 0o755);
    };
    for (const tool of TOOLS) program(tool, 'exit 0');
    program('npm', `echo "npm $*" >>"${tree}/calls"\n${npm}`);
    program('apt-get', `echo "apt-get $*" >>"${tree}/calls"; exit 1`);
    const env = { ...process.env, PATH: `${bin}:${process.env.PATH}` };
    const { status, stdout } = spawnSync('bash', [join(tree, '.ci', 'run')], { env, encoding: 'utf8' });
    const calls = existsSync(join(tree, 'calls')) ? readFileSync(join(tree, 'calls'), 'utf8').trim().split('\n') : [];
    return { status, lines: stdout.trim().split('\n'), calls };
  }

  test('runs the commands of the README, in order, and passes on the count', () => {
    const { status, lines, calls } = gate('case "$1" in test) echo "7 passed, 0 failed, 0 skipped" >"$STINT_CI_SUMMARY";; esac');
    expect(calls).toEqual(['npm ci', 'npm run check', 'npm test -- --reporter=default --reporter=./scripts/ci-reporter.mjs']);
    expect(lines.at(-1)).toBe('7 passed, 0 failed, 0 skipped');
    expect(status).toBe(0);
  });

  test('fails when the checks fail, and runs no test then', () => {
    const { status, lines, calls } = gate('case "$*" in "run check") exit 3;; esac');
    expect(calls).toEqual(['npm ci', 'npm run check']);
    expect(lines.at(-1)).toBe('0 passed, 1 failed, 0 skipped');
    expect(status).not.toBe(0);
  });

  test('fails when the tests fail', () => {
    const { status, lines } = gate('case "$1" in test) echo "6 passed, 1 failed, 0 skipped" >"$STINT_CI_SUMMARY"; exit 1;; esac');
    expect(lines.at(-1)).toBe('6 passed, 1 failed, 0 skipped');
    expect(status).not.toBe(0);
  });

  test('fails when everything ends well but no test ran', () => {
    const { status, lines } = gate('exit 0');
    expect(lines.at(-1)).toBe('0 passed, 1 failed, 0 skipped');
    expect(status).not.toBe(0);
  });
});
