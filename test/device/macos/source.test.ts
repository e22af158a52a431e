/** What goes on Macs, as text: full paths, no GNU options, nothing from the environment, valid sudoers lines. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tool } from './setup.js';

const ASSEMBLE = 'device/macos/assemble.mjs';
let folder: string;
let release: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'stint-release-'));
  execFileSync(process.execPath, [ASSEMBLE, '--out', join(folder, 'stint-agent')]);
  release = readFileSync(join(folder, 'stint-agent'), 'utf8');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The program without comments. */
const code = () =>
  release
    .split('\n')
    .filter((line) => !/^\s*#/.test(line))
    .join('\n');

const shellcheck = tool('shellcheck');
it.skipIf(shellcheck === undefined)('is clean POSIX sh to shellcheck', () => {
  const result = spawnSync(shellcheck ?? '', ['-s', 'sh', join(folder, 'stint-agent')], { encoding: 'utf8' });
  expect(result.stdout).toBe('');
  expect(result.status).toBe(0);
});

describe.each([['dash'], ['bash', '--posix'], ['zsh', '--emulate', 'sh']])('%s', (program, ...args) => {
  const path = tool(program);
  it.skipIf(path === undefined)('parses it', () => {
    const result = spawnSync(path ?? '', [...args.filter(Boolean), '-n', join(folder, 'stint-agent')], { encoding: 'utf8' });
    expect(result.stderr).toBe('');
    expect(result.status).toBe(0);
  });
});

// What Linux has and macOS has not, or has with another meaning.
const GNU =
  /\bdate -d\b|\bsed -(i|r)\b|\bstat -c\b|\bgrep -[a-zA-Z]*P|(^|[\s|(])timeout \d|base64 -w|xargs -r|head -n -|sort -V|\brealpath\b|\btac\b|sha\d+sum|\/proc\b|\bseq \d|\bpython|\bjq\b|readlink -f|mktemp --|\[\[ |\blocal \b|\bfunction \b|<\(|\$'[a-z\\]|&>|\becho -|mapfile|declare /m;

it('uses nothing that macOS does not have', () => {
  expect(GNU.exec(code())?.[0]).toBeUndefined();
});

it.each([
  'date -d now',
  'sed -i s/a/b/ x',
  'stat -c %u x',
  'x | timeout 5 y',
  'sha256sum x',
  'if [[ a ]]; then',
  'cat /proc/uptime',
])('the gate finds a planted %s', (planted) => {
  expect(GNU.test(planted)).toBe(true);
});

it('names every outside program by its full path', () => {
  const programs = [...new Set([...code().matchAll(/(?:\/usr)?\/s?bin\/([a-z_]+)/g)].map((match) => match[1]))].filter(
    (name) => name !== 'sh',
  );
  expect(programs.length).toBeGreaterThan(25);
  const quotedAway = code()
    .replace(/'[^']*'/g, "''")
    .replace(/(?:\/usr)?\/s?bin\/[a-z_]+/g, ' ');
  const bare = programs.filter(
    (name) =>
      !['date', 'stat', 'ps', 'log', 'sudo', 'security', 'profiles'].includes(String(name)) &&
      new RegExp(`(^|[|&;(!]|then|do|else) *${name} `, 'm').test(quotedAway),
  );
  expect(bare).toEqual([]);
});

it('takes nothing from the environment and leaves no trace of the stand-in', () => {
  expect(code()).toMatch(/^PATH=\/usr\/bin:\/bin:\/usr\/sbin:\/sbin$/m);
  // Every variable that it reads is one that it sets; PATH is the only inherited name, and set first.
  const text = code().replace(/'[^']*'/g, "''");
  const set = new Set(
    [...code().matchAll(/(?:^|[\s;&|(])([A-Za-z_]\w*)=|read -r ([\w ]+)|\bfor (\w+) in/gm)].flatMap((m) =>
      (m[1] ?? m[2] ?? m[3] ?? '').split(' '),
    ),
  );
  const read = new Set([...text.matchAll(/\$\{?#?([A-Za-z_]\w*)/g)].map((m) => String(m[1])));
  expect([...read].filter((name) => !set.has(name))).toEqual([]);
  expect(release).not.toMatch(/SIM_|\/tmp|@MAC@/);
});

const visudo = tool('visudo');
describe.each([
  ['12.7', false],
  ['13.6', false],
  ['14.5', true],
  ['15.5', true],
  ['26.0', true],
])('the sudoers drop-in for macOS %s', (version, exitStatus) => {
  const text = () => {
    const functions = release.slice(release.indexOf('# ---- basics'), release.indexOf('# ---- evidence'));
    const script = `${functions}\nLOG_DIR=/private/var/log/stint S_UID=502 S_REQUEST=${'a'.repeat(26)}\ndropin_text ${version.split('.')[0]}`;
    return execFileSync('/bin/sh', ['-c', `RUN_DIR=/x\n${script}`], { encoding: 'utf8' });
  };

  it.skipIf(visudo === undefined)('is accepted by the real visudo', () => {
    const file = join(folder, `dropin-${version}`);
    writeFileSync(file, text(), { mode: 0o440 });
    const result = spawnSync(visudo ?? '', ['-cf', file], { encoding: 'utf8' });
    expect(result.stderr).toBe('');
    expect(result.status).toBe(0);
  });

  it('logs what is allowed and refused in full lines, and only for that account', () => {
    for (const word of ['log_allowed', 'log_denied', 'loglinelen=0', 'log_format=sudo', 'timestamp_timeout=0'])
      expect(text()).toContain(word);
    expect(text().includes('log_exit_status')).toBe(exitStatus);
    for (const line of text().trim().split('\n').slice(1)) expect(line).toMatch(/^Defaults:#502 /);
  });
});

it('the launchd job is a property list that keeps the daemon alive', () => {
  const plist = readFileSync('device/macos/com.stint.agent.plist', 'utf8');
  for (const key of ['RunAtLoad', 'KeepAlive']) expect(plist).toMatch(new RegExp(`<key>${key}</key>\\s*<true/>`));
  expect(plist).toContain('<string>/Library/Application Support/Stint/stint-agent</string>');
});
