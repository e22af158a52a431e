/** The program as it is shipped: built, executable, agreeing with the deployment, and at work without the stand-ins. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { VARIABLES } from '../../workers/config-variables.js';
import { NEEDS } from '../../workers/processes.js';
import { ROOT } from './compile.js';

const tree = mkdtempSync(join(tmpdir(), 'stint-program-'));
const program = join(tree, 'dist', 'cli', 'main.js');
afterAll(() => rmSync(tree, { recursive: true, force: true }));

/** A checkout's copy, built by the real build script: the working tree's own `dist` may be in use. */
beforeAll(() => {
  const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { cwd: ROOT, encoding: 'utf8' });
  for (const file of files
    .split('\n')
    .filter((name) => name !== '' && !/^(test|docs)\//.test(name) && existsSync(join(ROOT, name)))) {
    mkdirSync(dirname(join(tree, file)), { recursive: true });
    copyFileSync(join(ROOT, file), join(tree, file));
  }
  symlinkSync(join(ROOT, 'node_modules'), join(tree, 'node_modules'));
  execFileSync(process.execPath, [join(tree, 'scripts', 'build.mjs')], { cwd: tree, stdio: 'inherit' });
}, 120_000);

test('is executable, with its first line', () => {
  expect(statSync(program).mode & 0o111).toBe(0o111);
  expect(readFileSync(program, 'utf8').split('\n')[0]).toBe('#!/usr/bin/env node');
  const { bin } = JSON.parse(readFileSync(join(tree, 'package.json'), 'utf8'));
  expect(join(tree, bin.stint)).toBe(program);
});

test('starts without the stand-ins, as in the image', () => {
  rmSync(join(tree, 'dist', 'sim'), { recursive: true });
  rmSync(join(tree, 'dist', 'cli', 'demo'), { recursive: true });
  const help = execFileSync(program, ['--help'], { encoding: 'utf8' });
  const compose = parse(readFileSync(join(tree, 'docker-compose.yml'), 'utf8'), { merge: true });
  for (const name of ['worker', 'slack-app', 'device-api']) {
    expect(compose.services[name].command).toEqual([name]);
    expect(help).toMatch(new RegExp(`^ +${name} `, 'm'));
  }
});

test('every setting that compose gives exists, and every secret that a process needs is given', () => {
  const compose = parse(readFileSync(join(tree, 'docker-compose.yml'), 'utf8'), { merge: true });
  for (const name of ['worker', 'slack-app', 'device-api'] as const) {
    const given = Object.keys(compose.services[name].environment).map((key) => key.replace(/_FILE$/, ''));
    const known = new Set(['STINT_CONFIG', ...Object.keys(VARIABLES).map((key) => key.replace(/_FILE$/, ''))]);
    expect(given.filter((key) => !known.has(key))).toEqual([]);
    const secrets = Object.entries(VARIABLES).filter(([, variable]) => 'secret' in variable && !('optional' in variable));
    const needed = secrets
      .filter(([, variable]) => (NEEDS[name] as readonly string[]).includes(variable.part))
      .map(([key]) => key);
    expect(given).toEqual(expect.arrayContaining(needed));
  }
});

test('an install without development packages builds nothing and does not fail', () => {
  const bare = join(tree, 'bare');
  mkdirSync(join(bare, 'scripts'), { recursive: true });
  copyFileSync(join(ROOT, 'scripts', 'build.mjs'), join(bare, 'scripts', 'build.mjs'));
  rmSync(join(tree, 'node_modules')); // else the compiler would be found in a folder above
  execFileSync(process.execPath, [join(bare, 'scripts', 'build.mjs'), '--if-possible'], { cwd: bare });
  expect(existsSync(join(bare, 'dist'))).toBe(false);
  expect(() => execFileSync(process.execPath, [join(bare, 'scripts', 'build.mjs')], { cwd: bare, stdio: 'pipe' })).toThrow(
    /npm ci/,
  );
});
