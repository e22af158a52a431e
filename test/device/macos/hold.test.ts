/** The window: what ends it, what moves it, and what may fail while it is open. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { MacOptions } from '../../../sim/mac/mac.js';
import { problem } from './server.js';
import { type Bench, bench, isAdmin, REQUEST, until } from './setup.js';

let open: Bench | undefined;
afterEach(async () => {
  await open?.close();
  open = undefined;
});
const agentLog = () => open?.mac.truth().agentLog.join('\n');

/** An elevation of `windowS` seconds that is confirmed and held. */
async function held(windowS: number, options: Partial<MacOptions> = {}): Promise<Bench> {
  open = await bench(options);
  open.server.script.windowS = windowS;
  open.server.script.maxS = windowS;
  open.server.script.order = 'start';
  const { mac } = open;
  await until('the window is open', () => mac.truth().session?.phase === 'active', 15_000, agentLog);
  return open;
}

async function gone(ms = 15_000): Promise<number> {
  const over = () => open !== undefined && !isAdmin(open.mac) && open.mac.truth().adminLog.at(-1)?.admin === false;
  await until('alice is a standard user', over, ms, agentLog);
  return Date.parse(open?.mac.truth().adminLog.at(-1)?.at ?? '');
}
const told = () => until('the server was told', () => open?.server.lastReport()?.admin === false, 20_000, agentLog);

describe('the deadline', () => {
  it('holds without any network', async () => {
    const { mac, server } = await held(6);
    mac.faults.set({ kind: 'offline' });
    expect(await gone()).toBeLessThan(server.script.deadlineMs + 2000);
    mac.faults.clear();
    await told();
  });

  it.each([-3_600_000, 3_600_000])('is not moved by setting the clock by %i ms, and the server hears of the end', async (ms) => {
    const { mac, server } = await held(7);
    mac.faults.set({ kind: 'clock-skew', ms });
    const at = await gone();
    expect(at).toBeLessThan(server.script.deadlineMs + 2000);
    expect(at).toBeGreaterThan(server.script.deadlineMs - 3000);
    await told();
    expect(mac.truth().skewMs).toBe(ms);
  });

  it.each([-3_600_000, 3_600_000])(
    'is not moved by setting the clock by %i ms on a Mac without a hardware counter',
    async (ms) => {
      const folderReady = await bench();
      open = folderReady;
      folderReady.mac.faults.set({ kind: 'no-counter' });
      folderReady.server.script.windowS = 7;
      folderReady.server.script.order = 'start';
      await until('the window is open', () => folderReady.mac.truth().session?.phase === 'active', 15_000, agentLog);
      expect(folderReady.mac.truth().session?.clock).toBe('boottime');
      folderReady.mac.faults.set({ kind: 'clock-skew', ms });
      const at = await gone();
      expect(at).toBeLessThan(folderReady.server.script.deadlineMs + 2000);
      expect(at).toBeGreaterThan(folderReady.server.script.deadlineMs - 3000);
    },
  );

  it('a clock source that vanishes ends the window', async () => {
    const { mac } = await held(60);
    mac.faults.set({ kind: 'no-counter' });
    await gone();
    await until('it says why', () => agentLog()?.includes('(clock)') ?? false);
  });

  it('is passed when the Mac wakes from sleep', async () => {
    const { mac, server } = await held(5);
    mac.faults.set({ kind: 'sleep', ms: 7000 });
    expect(await gone()).toBeLessThan(server.script.deadlineMs + 5000);
  });

  it('moves later with a signed reply, and earlier at once', async () => {
    const { mac, server } = await held(30);
    server.script.deadlineMs = Date.now() + 300_000;
    await until('the extension arrived', () => (mac.truth().countdown ?? 0) > 200, 10_000, agentLog);
    server.script.deadlineMs = Date.now() + 1000;
    await gone(8000);
  });

  it('does not move by a reply that does not verify', async () => {
    const { mac, server } = await held(8);
    server.replySignature = 'wrong';
    const end = server.script.deadlineMs;
    server.script.deadlineMs = Date.now() + 300_000;
    expect(await gone()).toBeLessThan(end + 2000);
    expect(mac.truth().adminLog.at(-1)?.admin).toBe(false);
  });
});

describe('what ends the window early', () => {
  it('an end order, within a few seconds', async () => {
    const { server } = await held(60);
    const at = Date.now();
    server.script.order = 'end';
    expect((await gone()) - at).toBeLessThan(4000);
    await told();
  });

  it('the user, and the Mac demotes before it tells', async () => {
    const { mac, server } = await held(60);
    expect((await mac.acts.end()).ok).toBe(true);
    const at = await gone();
    await until('the end was told', () => server.calls.some((call) => call.path.endsWith('/end')), 10_000, agentLog);
    expect(server.calls.find((call) => call.path.endsWith('/end'))?.at).toBeGreaterThanOrEqual(at);
    await told();
  });

  it('the user, while the daemon is dead', async () => {
    const { mac } = await held(60);
    mac.faults.set({ kind: 'daemon-dead' });
    await mac.acts.end();
    expect(isAdmin(mac)).toBe(false);
    await told();
  });

  it('silence longer than the grace, and not before', async () => {
    const { mac } = await held(120, { contactGraceS: 5 });
    const at = Date.now();
    mac.faults.set({ kind: 'offline' });
    const lag = (await gone(20_000)) - at;
    expect(lag).toBeGreaterThan(3000);
    expect(lag).toBeLessThan(9000);
    await until('it says why', () => agentLog()?.includes('(contact)') ?? false);
  });

  it('a server that only fails is silence too', async () => {
    const { server } = await held(120, { contactGraceS: 5 });
    server.hooks.set('report', problem(503));
    server.hooks.set('orders', problem(503));
    await gone(20_000);
  });

  it('a reboot', async () => {
    const { mac } = await held(120);
    mac.acts.reboot();
    await gone();
    await told();
    await until('it says why', () => agentLog()?.includes('(boot)') ?? false);
  });

  it('somebody else taking admin away', async () => {
    const { mac, server } = await held(60);
    expect(mac.truth().dropin).toBe(true);
    await mac.acts.privilegesRemove('alice');
    await until('the session is closed', () => mac.truth().session === undefined, 10_000, agentLog);
    expect(mac.truth().dropin).toBe(false);
    await until('told', () => server.lastReport()?.admin === false);
  });
});

describe('taking access back', () => {
  it('goes on until it is seen gone, and never says so before', async () => {
    const { mac, server } = await held(60);
    mac.faults.set({ kind: 'dseditgroup-fails' });
    server.script.order = 'end';
    await until('it says that it failed', () => agentLog()?.includes('still an administrator') ?? false);
    await until('three attempts', () => (agentLog()?.match(/still an administrator/g)?.length ?? 0) >= 3, 20_000, agentLog);
    expect(server.lastReport()).toMatchObject({ admin: true });
    mac.faults.clear();
    await gone(20_000);
    await told();
  });

  it('removes the GUID that removing the name leaves behind', async () => {
    const { mac, server } = await held(60);
    mac.faults.set({ kind: 'guid-stays' });
    server.script.order = 'end';
    await told();
    const guid = readFileSync(join(mac.layout.mac, 'users/alice/GeneratedUID'), 'utf8').trim();
    expect(mac.truth().adminGuids).not.toContain(guid);
    expect(isAdmin(mac)).toBe(false);
  });

  it('undoes a primary group that was set to admin meanwhile', async () => {
    const { mac, server } = await held(60);
    writeFileSync(join(mac.layout.mac, 'users/alice/PrimaryGroupID'), '80\n');
    server.script.order = 'end';
    await told();
    expect(readFileSync(join(mac.layout.mac, 'users/alice/PrimaryGroupID'), 'utf8').trim()).toBe('20');
  });

  it('tells of it when the key was not known for a while', async () => {
    const { mac, server } = await held(60);
    server.hooks.set('report', problem(401));
    await mac.acts.end();
    await gone();
    const reports = () => server.calls.filter((call) => call.path.endsWith('/report') && call.body.admin === false).length;
    await until('tried', () => reports() >= 2, 15_000, agentLog);
    server.hooks.clear();
    const refused = reports();
    await until('told after all', () => reports() > refused, 15_000, agentLog);
    await until('no more to tell', () => readdirSync(join(mac.layout.state, 'outbox')).length === 0);
  });

  it('goes on after the daemon was killed in the middle of the window', async () => {
    const { mac, server } = await held(12);
    mac.acts.killDaemon();
    await until('the daemon runs again', () => mac.truth().daemonStarts === 2 && mac.truth().daemonPid !== undefined);
    expect(isAdmin(mac)).toBe(true);
    expect(await gone()).toBeLessThan(server.script.deadlineMs + 2000);
  });
});

describe('the evidence', () => {
  it('holds a very long and a multi-line command, in chunks, complete', async () => {
    const { mac, server } = await held(60);
    const long = `/usr/bin/printf ${'x'.repeat(120_000)}END`;
    mac.acts.sudo('alice', long);
    mac.acts.sudo('alice', '/bin/sh -c echo one\necho two');
    mac.acts.sudo('alice', '/usr/bin/true PrivilegesCLI --remove');
    await mac.acts.end();
    await until('complete', () => server.total > 0 && server.chunks.size === server.total, 15_000, agentLog);
    expect(server.total).toBeGreaterThan(2);
    expect(server.evidence()).toContain(`COMMAND=${long}\n`);
    expect(server.evidence()).toContain('COMMAND=/bin/sh -c echo one#012echo two\n');
    expect(server.evidence()).toContain('PrivilegesCLI --remove');
  });

  it('names a second administrator and a new rule that outlive the window', async () => {
    const { mac, server } = await held(60);
    await mac.acts.addAdmin('backdoor');
    writeFileSync(join(mac.layout.root, 'private/etc/sudoers.d/mine'), 'alice ALL=(ALL) NOPASSWD: ALL\n');
    await mac.acts.end();
    await until('complete', () => server.total > 0 && server.chunks.size === server.total, 15_000, agentLog);
    expect(server.evidence()).toContain('# now there: admin name backdoor');
    expect(server.evidence()).toMatch(/# now there: rule file .*sudoers\.d\/mine/);
    expect(server.evidence()).not.toContain('admin name alice');
  });

  it('waits on disk until the server takes it', async () => {
    const { mac, server } = await held(60);
    mac.acts.sudo('alice', '/usr/bin/id');
    server.hooks.set('log', problem(503));
    await mac.acts.end();
    await told();
    await until('it was tried', () => server.calls.some((call) => call.path.endsWith('/log')), 15_000, agentLog);
    expect(existsSync(join(mac.layout.state, 'evidence', REQUEST, 'sent'))).toBe(false);
    server.hooks.clear();
    await mac.acts.collect();
    expect(server.evidence()).toContain('COMMAND=/usr/bin/id');
  });

  it('keeps head and tail of a log that is longer than the server takes, and says so', async () => {
    const { mac, server } = await held(60);
    const log = join(mac.layout.logs, `${REQUEST}.log`);
    writeFileSync(log, `first\n${`${'n'.repeat(99)}\n`.repeat(90_000)}last\n`);
    await mac.acts.end();
    await until('complete', () => server.total > 0 && server.chunks.size === server.total, 60_000, agentLog);
    const evidence = server.evidence();
    expect(evidence.length).toBeLessThan(8 * 1024 * 1024);
    expect(evidence.startsWith('first\n')).toBe(true);
    expect(evidence).toContain('\nlast\n');
    expect(evidence).toMatch(/\n# \d+ bytes of the log are left out here\n/);
  }, 90_000);

  it('of a start that was undone is sent when the server orders the end', async () => {
    open = await bench();
    const { server } = open;
    server.hooks.set('confirm', problem(500));
    server.script.order = 'start';
    await told();
    expect(server.chunks.size).toBe(0);
    server.script.order = 'end';
    await until('the log arrived', () => server.chunks.size > 0, 20_000, agentLog);
    expect(server.evidence()).toContain('# ended on the Mac: undo');
  });

  it('is sent again when the server asks', async () => {
    const { mac, server } = await held(60);
    await mac.acts.end();
    await until('complete', () => server.chunks.size > 0, 15_000, agentLog);
    server.chunks.clear();
    server.script.order = 'collect';
    await until('sent again', () => server.chunks.size > 0, 15_000, agentLog);
  });
});
