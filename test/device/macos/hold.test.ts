/** The window: what ends it, what moves it, and what may fail while it is open. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { problem } from './server.js';
import { macTest as it } from './setup.js';

describe.concurrent('the deadline', () => {
  it('holds without any network', async ({ b }) => {
    await b.hold(6);
    b.mac.faults.set({ kind: 'offline' });
    expect(await b.gone()).toBeLessThan(b.server.script.deadlineMs + 2000);
    b.mac.faults.clear();
    await b.told();
  });

  for (const ms of [-3_600_000, 3_600_000]) {
    it(`is not moved by setting the clock by ${ms} ms, and the server hears of the end`, async ({ b }) => {
      await b.hold(7);
      b.mac.faults.set({ kind: 'clock-skew', ms });
      const at = await b.gone();
      expect(at).toBeLessThan(b.server.script.deadlineMs + 2000);
      expect(at).toBeGreaterThan(b.server.script.deadlineMs - 3000);
      await b.told();
      expect(b.mac.truth().skewMs).toBe(ms);
    });

    it(`is not moved by setting the clock by ${ms} ms on a Mac without a hardware counter`, async ({ b }) => {
      b.mac.faults.set({ kind: 'no-counter' });
      await b.hold(7);
      expect(b.mac.truth().session?.clock).toBe('boottime');
      b.mac.faults.set({ kind: 'clock-skew', ms });
      const at = await b.gone();
      expect(at).toBeLessThan(b.server.script.deadlineMs + 2000);
      expect(at).toBeGreaterThan(b.server.script.deadlineMs - 3000);
    });
  }

  it('a clock source that vanishes ends the window', async ({ b }) => {
    await b.hold(60);
    b.mac.faults.set({ kind: 'no-counter' });
    await b.gone();
    await b.said('(clock)');
  });

  it('is passed when the Mac wakes from sleep', async ({ b }) => {
    await b.hold(5);
    b.mac.faults.set({ kind: 'sleep', ms: 7000 });
    expect(await b.gone()).toBeLessThan(b.server.script.deadlineMs + 10_000);
  });

  it('moves later with a signed reply, and earlier at once', async ({ b }) => {
    await b.hold(30);
    Object.assign(b.server.script, { deadlineMs: Date.now() + 300_000, capS: 1800 });
    await b.until('the extension arrived', () => (b.mac.truth().countdown ?? 0) > 200);
    b.server.script.deadlineMs = Date.now() + 1000;
    await b.gone(8000);
  });

  for (const [what, capS] of [
    ['names no cap moves it past what was claimed', undefined],
    ['names a cap moves it past that', 12],
  ] as const)
    it(`no report reply that ${what}`, async ({ b }) => {
      await b.hold(8);
      const start = b.server.script.deadlineMs - 8000;
      Object.assign(b.server.script, { deadlineMs: Date.now() + 300_000, capS });
      const lasted = (await b.gone(25_000)) - start;
      expect(lasted).toBeLessThan((capS ?? 8) * 1000 + 2000);
      expect(lasted).toBeGreaterThan((capS ?? 8) * 1000 - 4000);
    });

  it('does not move by a reply that does not verify', async ({ b }) => {
    await b.hold(8);
    const end = b.server.script.deadlineMs;
    b.server.replySignature = 'wrong';
    b.server.script.deadlineMs = Date.now() + 300_000;
    expect(await b.gone()).toBeLessThan(end + 2000);
  });
});

describe.concurrent('what ends the window early', () => {
  it('an end order, within a few seconds', async ({ b }) => {
    await b.hold(60);
    const at = Date.now();
    b.server.script.order = 'end';
    expect((await b.gone()) - at).toBeLessThan(5000);
    await b.told();
  });

  it('the user, and the Mac demotes before it tells', async ({ b }) => {
    await b.hold(60);
    expect((await b.mac.acts.end()).ok).toBe(true);
    const at = await b.gone();
    await b.until('the end was told', () => b.called('end').length > 0);
    expect(b.called('end')[0]?.at).toBeGreaterThanOrEqual(at);
    await b.told();
  });

  it('the user, while the daemon is dead', async ({ b }) => {
    await b.hold(60);
    b.mac.faults.set({ kind: 'daemon-dead' });
    await b.mac.acts.end();
    expect(b.mac.truth().admins).not.toContain('alice');
    await b.told();
  });

  describe.concurrent('with a grace of five seconds', () => {
    it.scoped({ options: { contactGraceS: 5 } });

    it('silence longer than the grace, and not before', async ({ b }) => {
      await b.hold(120);
      const at = Date.now();
      b.mac.faults.set({ kind: 'offline' });
      const lag = (await b.gone(20_000)) - at;
      expect(lag).toBeGreaterThan(2500);
      expect(lag).toBeLessThan(10_000);
      await b.said('(contact)');
    });

    it('a server that only fails is silence too', async ({ b }) => {
      await b.hold(120);
      b.server.hooks.set('report', problem(503));
      b.server.hooks.set('orders', problem(503));
      await b.gone(20_000);
      await b.said('(contact)');
    });
  });

  it('a reboot', async ({ b }) => {
    await b.hold(120);
    b.mac.acts.reboot();
    await b.gone();
    await b.told();
    await b.said('(boot)');
  });

  it('somebody else taking admin away', async ({ b }) => {
    await b.hold(60);
    expect(b.mac.truth().dropin).toBe(true);
    await b.mac.acts.privilegesRemove('alice');
    await b.tidy();
    await b.told();
  });
});

describe.concurrent('taking access back', () => {
  it('goes on until it is seen gone, and never says so before', async ({ b }) => {
    await b.hold(60);
    b.mac.faults.set({ kind: 'dseditgroup-fails' });
    b.server.script.order = 'end';
    await b.until('three attempts', () => (b.log().match(/still an administrator/g)?.length ?? 0) >= 3, 20_000);
    expect(b.server.lastReport()).toMatchObject({ admin: true });
    b.mac.faults.clear();
    await b.gone(20_000);
    await b.told();
  });

  it('removes the GUID that removing the name leaves behind', async ({ b }) => {
    await b.hold(60);
    b.mac.faults.set({ kind: 'guid-stays' });
    b.server.script.order = 'end';
    await b.told();
    const guid = readFileSync(join(b.mac.layout.mac, 'users/alice/GeneratedUID'), 'utf8').trim();
    expect(b.mac.truth().adminGuids).not.toContain(guid);
    expect(b.mac.truth().admins).not.toContain('alice');
  });

  it('undoes a primary group that was set to admin meanwhile', async ({ b }) => {
    await b.hold(60);
    writeFileSync(join(b.mac.layout.mac, 'users/alice/PrimaryGroupID'), '80\n');
    b.server.script.order = 'end';
    await b.told();
    expect(readFileSync(join(b.mac.layout.mac, 'users/alice/PrimaryGroupID'), 'utf8').trim()).toBe('20');
  });

  it('tells of it when the key was not known for a while', async ({ b }) => {
    await b.hold(60);
    b.server.hooks.set('report', problem(401));
    await b.mac.acts.end();
    await b.gone();
    const reports = () => b.called('report').filter((call) => call.body.admin === false).length;
    await b.until('tried', () => reports() >= 2);
    b.server.hooks.clear();
    const refused = reports();
    await b.until('told after all', () => reports() > refused);
  });

  it('goes on after the daemon was killed in the middle of the window', async ({ b }) => {
    await b.hold(12);
    b.mac.acts.killDaemon();
    await b.until('the daemon runs again', () => b.mac.truth().daemonStarts === 2 && b.mac.truth().daemonPid !== undefined);
    expect(b.mac.truth().admins).toContain('alice');
    expect(await b.gone(20_000)).toBeLessThan(b.server.script.deadlineMs + 2000);
  });

  it('is done for whoever a damaged record names', async ({ b }) => {
    await b.hold(60);
    b.mac.faults.set({ kind: 'daemon-dead' });
    const file = join(b.mac.layout.state, 'session');
    writeFileSync(file, readFileSync(file, 'utf8').replace(/^deadline=.*$/m, 'deadline=a[$(touch never)]'));
    b.mac.faults.clear();
    await b.gone();
    await b.told();
  });
});
