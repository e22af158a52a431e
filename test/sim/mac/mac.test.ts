/** The stand-in Mac by itself: its tools act together, its truth is its own, its MDM agent acts on tags. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Mac, startMac } from '../../../sim/mac/mac.js';
import { monotonicSeconds } from '../../../sim/mac/truth.js';
import { until } from '../../device/macos/setup.js';

let folder: string;
let mac: Mac | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'stint-mac-'));
});
afterEach(async () => {
  await mac?.close();
  mac = undefined;
  rmSync(folder, { recursive: true, force: true });
});

const start = async (more: Partial<Parameters<typeof startMac>[0]> = {}) => {
  mac = await startMac({
    serial: 'C02TEST2',
    name: 'A Mac',
    localUser: 'alice',
    folder,
    deviceApiUrl: 'http://127.0.0.1:9',
    serverPublicKeyPem: 'none',
    osVersion: '15.5',
    ...more,
  });
  return mac;
};
const run = (m: Mac, tool: string, ...args: string[]) => spawnSync(join(m.layout.bin, tool), args, { encoding: 'utf8' });
const post = (m: Mac, path: string, body: unknown) =>
  fetch(`${m.url}${path}`, { method: 'POST', body: JSON.stringify(body) }).then(async (reply) => ({
    status: reply.status,
    body: await reply.json(),
  }));

it('what dseditgroup changes, dsmemberutil and dscl see', async () => {
  const m = await start();
  expect(run(m, 'dsmemberutil', 'checkmembership', '-U', 'alice', '-G', 'admin').stdout).toBe(
    'user is not a member of the group\n',
  );
  run(m, 'dseditgroup', '-o', 'edit', '-a', 'alice', '-t', 'user', 'admin');
  expect(run(m, 'dsmemberutil', 'checkmembership', '-U', 'alice', '-G', 'admin').stdout).toBe('user is a member of the group\n');
  expect(run(m, 'dscl', '.', '-read', '/Groups/admin', 'GroupMembership').stdout).toBe('GroupMembership: root itadmin alice\n');
  run(m, 'dscl', '.', '-delete', '/Groups/admin', 'GroupMembership', 'alice');
  expect(m.truth().admins).toContain('alice'); // the GUID still counts
});

it('PrivilegesCLI refuses root and lies when restricted', async () => {
  const m = await start();
  const cli = join(m.layout.root, 'Applications/Privileges.app/Contents/MacOS/PrivilegesCLI');
  expect(spawnSync(cli, ['--add']).status).toBe(3);
  expect((await post(m, '/fault', { kind: 'privileges-lies', times: 1 })).status).toBe(200);
  const asAlice = () => spawnSync(cli, ['--add'], { env: { ...process.env, SIM_AS: 'alice' } }).status;
  expect(asAlice()).toBe(0);
  expect(m.truth().admins).not.toContain('alice');
  expect(asAlice()).toBe(0);
  expect(m.truth().admins).toContain('alice');
});

it('setting the clock moves date and boottime but not the counter', async () => {
  const m = await start();
  const read = (name: string) => run(m, 'sysctl', '-n', name).stdout;
  const before = {
    counter: Number.parseInt(read('kern.monotonicclock_usecs'), 10),
    boot: Number(/sec = (\d+)/.exec(read('kern.boottime'))?.[1]),
  };
  await post(m, '/fault', { kind: 'clock-skew', ms: -7_200_000 });
  expect(Number(/sec = (\d+)/.exec(read('kern.boottime'))?.[1]) - before.boot).toBe(-7200);
  expect(Number.parseInt(read('kern.monotonicclock_usecs'), 10) - before.counter).toBeLessThan(3_000_000);
  expect(Number(run(m, 'date', '+%s').stdout) * 1000).toBeLessThan(Date.now() - 7_100_000);
});

it('plutil reads what JSON.stringify writes, and prints its errors on stdout', async () => {
  const m = await start();
  const value = 'a "b" \\ c\nd\te {}[],:';
  const file = join(folder, 'x.json');
  const extract = (key: string) => run(m, 'plutil', '-extract', key, 'raw', '-o', '-', file);
  execFileSync(process.execPath, [
    '-e',
    'require("fs").writeFileSync(process.argv[1],process.argv[2])',
    file,
    JSON.stringify({ value, n: 12, yes: true }),
  ]);
  expect(extract('value').stdout).toBe(`${value}\n`);
  expect([extract('n').stdout, extract('yes').stdout]).toEqual(['12\n', 'true\n']);
  expect(extract('none')).toMatchObject({ status: 1, stdout: expect.stringContaining('Could not extract value') });
});

it('sudo refuses a standard user, and an administrator without the drop-in leaves no line on macOS 15', async () => {
  const m = await start();
  expect(await post(m, '/act/sudo', { user: 'alice', command: '/usr/bin/id' })).toMatchObject({
    status: 409,
    body: { output: 'alice is not in the sudoers file.' },
  });
  await post(m, '/act/make-standing-admin', {});
  expect((await post(m, '/act/sudo', { command: '/usr/bin/id' })).status).toBe(200);
  expect(m.truth().sudoLog).toEqual([]);
  expect(m.truth().adminLog).toMatchObject([{ user: 'alice', admin: true, by: 'it' }]);
});

it('the daemon is started again when it dies, until a fault keeps it dead', async () => {
  const m = await start();
  m.acts.killDaemon();
  await until('a second start', () => m.truth().daemonStarts === 2 && m.truth().daemonPid !== undefined);
  m.faults.set({ kind: 'daemon-dead' });
  await until('dead', () => m.truth().daemonPid === undefined);
  expect(m.truth().faults).toEqual(['daemon-dead']);
  await post(m, '/fault/clear', {});
  await until('alive', () => m.truth().daemonPid !== undefined);
});

it('one fault is ended alone, or all are', async () => {
  const m = await start();
  for (const kind of ['offline', 'slow', 'daemon-dead'] as const) await post(m, '/fault', { kind });
  await post(m, '/fault', { kind: 'clock-skew', ms: 3_600_000 });
  await post(m, '/fault/clear', { kind: 'offline' });
  const left = () => ({ faults: [...m.truth().faults].sort(), skewMs: m.truth().skewMs });
  expect(left()).toEqual({ faults: ['daemon-dead', 'slow'], skewMs: 3_600_000 });
  await post(m, '/fault/clear', { kind: 'clock-skew' });
  expect(left()).toEqual({ faults: ['daemon-dead', 'slow'], skewMs: 0 });
  await until('the agent to be dead still', () => m.truth().daemonPid === undefined);
  expect((await post(m, '/fault/clear', { kind: 'rain' })).status).toBe(409);
  await post(m, '/fault/clear', {});
  await until('alive', () => m.truth().faults.length === 0 && m.truth().daemonPid !== undefined);
});

it('what it runs ends when the process that started it is killed', async () => {
  const mark = `3${process.pid}`;
  const keeper = /^const KEEPER = '(.*)';$/m.exec(readFileSync('sim/mac/launchd.ts', 'utf8'))?.[1] ?? '';
  const script = `require('child_process').spawn('/bin/sh', ['-c', process.argv[1], 'launchd', '/bin/sleep', '${mark}'], { detached: true, stdio: ['ignore', 'ignore', 'ignore', 'pipe'] }); setInterval(() => {}, 1000)`;
  const parent = spawn(process.execPath, ['-e', script, keeper]);
  const asleep = () =>
    spawnSync('ps', ['-axo', 'args='], { encoding: 'utf8' })
      .stdout.split('\n')
      .filter((line) => line === `/bin/sleep ${mark}`).length;
  await until('it runs', () => asleep() === 1);
  parent.kill('SIGKILL');
  await until('nothing is left', () => asleep() === 0);
});

it('a reboot is another boot session', async () => {
  const m = await start();
  const before = m.truth().bootSession;
  await post(m, '/act/reboot', {});
  expect(m.truth().bootSession).not.toBe(before);
});

it('counts down by the clock of the boot that a session is of, and by no other', async () => {
  const m = await start();
  const record = { request: 'r', phase: 'active', boot: m.truth().bootSession, deadline: monotonicSeconds(m.layout.mac) + 60 };
  mkdirSync(m.layout.state, { recursive: true });
  const lines = Object.entries(record).map(([key, value]) => `${key}=${value}\n`);
  writeFileSync(join(m.layout.state, 'session'), lines.join(''));
  expect(m.truth().countdown).toBeGreaterThan(50);
  await post(m, '/act/reboot', {});
  expect(m.truth()).not.toHaveProperty('countdown');
});

it('survives a restart of the stand-in with its key and its administrators', async () => {
  const first = await start();
  await first.acts.makeStandingAdmin('alice');
  const { keyId } = first;
  const { bootSession } = first.truth();
  await first.close();
  const second = await start();
  expect(second.keyId).toBe(keyId);
  expect(second.truth()).toMatchObject({ bootSession, admins: expect.arrayContaining(['alice']) });
});

it('tells its truth as JSON, as a page with everything escaped, and as a stream', async () => {
  const m = await start({ name: '<script>alert(1)</script>' });
  const truth = await (await fetch(`${m.url}/truth`)).text();
  expect(JSON.parse(truth)).toMatchObject({ serial: 'C02TEST2', admins: ['itadmin', 'root'], skewMs: 0 });
  expect(truth).not.toContain('PRIVATE KEY');
  const page = await (await fetch(`${m.url}/truth/page`)).text();
  expect(page).toContain('alice is a standard user');
  expect(page).not.toContain('<script>alert');
  const stream = await fetch(`${m.url}/events`);
  const reader = stream.body?.getReader();
  await reader?.read();
  await m.acts.makeStandingAdmin('alice');
  const change = await reader?.read();
  expect(new TextDecoder().decode(change?.value)).toContain('"adminSince"');
  await reader?.cancel();
});

it('runs the items that the MDM tags name, once each time a tag appears', async () => {
  let tags: string[] = [];
  let asked = 0;
  const inventory: string[] = [];
  const mdm = createServer((request, response) => {
    if (request.method === 'POST') request.on('data', (data) => inventory.push(String(data)));
    asked += request.url === '/sim/devices/C02TEST2/tags' ? 1 : 0;
    response.end(JSON.stringify({ tags }));
  });
  await new Promise<void>((resolve) => mdm.listen(0, '127.0.0.1', resolve));
  const m = await start({ mdmUrl: `http://127.0.0.1:${(mdm.address() as AddressInfo).port}`, checkInMs: 50 });
  tags = ['stint-elevate', 'other'];
  await until('kicked', () => m.mdmRuns.length > 0);
  const seen = asked;
  await until('three more check-ins', () => asked >= seen + 3);
  expect(m.mdmRuns).toEqual(['stint-elevate']);
  tags = [];
  const without = asked;
  await until('check-ins without the tag', () => asked >= without + 2);
  tags = ['stint-elevate', 'stint-collect'];
  await until('both again', () => m.mdmRuns.length === 3);
  expect(inventory).toHaveLength(1);
  expect(JSON.parse(inventory[0] ?? '')).toMatchObject({
    users: expect.arrayContaining([expect.objectContaining({ username: 'itadmin', type: 'Admin' })]),
  });
  await new Promise((resolve) => mdm.close(resolve));
});
