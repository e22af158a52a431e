/** No profile or no key: access is taken back with the disk alone, and what is to be told waits until they are back. */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { problem } from './server.js';
import { type Bench, macTest as it, REQUEST } from './setup.js';

const profile = (b: Bench) => join(b.mac.layout.root, 'Library/Managed Preferences/com.stint.agent.plist');
const away = (file: string) => renameSync(file, `${file}.away`);
const back = (file: string) => renameSync(`${file}.away`, file);

const FILES: Record<string, (b: Bench) => string> = {
  profile,
  'key of the Mac': (b) => join(b.mac.layout.state, 'device-key.pem'),
  'key of the server': (b) => join(b.mac.layout.state, 'server-key.pem'),
};

/** Kills the daemon, lets `meanwhile` run, and starts it again: in the same boot, or in the next. */
async function restart(b: Bench, boot: 'same' | 'next', meanwhile: () => void): Promise<void> {
  b.mac.faults.set({ kind: 'daemon-dead' });
  await b.until('the daemon is dead', () => b.mac.truth().daemonPid === undefined);
  meanwhile();
  if (boot === 'next') b.mac.acts.reboot();
  else b.mac.acts.killDaemon();
}

/** After the file came back: the server hears of the end and gets the log. */
async function delivered(b: Bench): Promise<void> {
  await b.mac.acts.kick();
  await b.told();
  await b.evidenceComplete();
  expect(b.server.lastReport()).toMatchObject({ requestId: REQUEST, localUser: 'alice', admin: false, standing: false });
  expect(b.server.evidence()).toContain('COMMAND=/usr/bin/id');
}

describe.concurrent('after a reboot without the', () => {
  for (const [what, file] of Object.entries(FILES))
    it(`${what}, the user is taken back, and the server hears of it when it is there again`, async ({ b }) => {
      await b.hold(120);
      b.mac.acts.sudo('alice', '/usr/bin/id');
      await restart(b, 'next', () => away(file(b)));
      await b.gone();
      await b.said('; waiting for it');
      await b.tidy();
      expect(existsSync(join(b.mac.layout.state, 'outbox', REQUEST))).toBe(true);
      const starts = b.mac.truth().daemonStarts;
      await b.mac.acts.kick();
      await b.until('it looked again', () => !existsSync(join(b.mac.layout.state, 'kick')));
      expect(b.mac.truth().daemonStarts).toBe(starts);
      expect(b.log().split('; waiting for it').length - 1).toBe(1);
      back(file(b));
      await delivered(b);
    });

  it('profile and with a damaged record, the user is taken back', async ({ b }) => {
    await b.hold(120);
    await restart(b, 'next', () => {
      away(profile(b));
      writeFileSync(join(b.mac.layout.state, 'session'), '');
    });
    await b.gone();
    await b.tidy();
  });
});

describe.concurrent('in the boot of the window', () => {
  it('a daemon that starts without a profile ends it at once', async ({ b }) => {
    await b.hold(120);
    b.mac.acts.sudo('alice', '/usr/bin/id');
    await restart(b, 'same', () => away(profile(b)));
    await b.gone();
    await b.said('(profile)');
    back(profile(b));
    await delivered(b);
  });

  it('a daemon that starts without a key holds it to its own deadline', async ({ b }) => {
    await b.hold(10);
    await restart(b, 'same', () => away(join(b.mac.layout.state, 'device-key.pem')));
    await b.said('this Mac has no key');
    expect(b.mac.truth().admins).toContain('alice');
    expect(await b.gone(20_000)).toBeLessThan(b.server.script.deadlineMs + 2000);
    await b.said('(deadline)');
  });

  it('a profile that stays away ends it, and the server is told at once', async ({ b }) => {
    await b.hold(120);
    away(profile(b));
    await b.gone(25_000);
    await b.said('(profile)');
    await b.told();
  });

  it('a profile that is written anew does not end it', async ({ b }) => {
    await b.hold(120);
    away(profile(b));
    const beats = b.called('report').length;
    await b.until('heartbeats without it', () => b.called('report').length >= beats + 3);
    back(profile(b));
    await b.until('heartbeats for longer than it may be away', () => b.called('report').length >= beats + 13, 40_000);
    expect(b.mac.truth().admins).toContain('alice');
  });

  it('the user who says that all is done is taken back without a profile and a daemon', async ({ b }) => {
    await b.hold(120);
    b.mac.faults.set({ kind: 'daemon-dead' });
    await b.until('the daemon is dead', () => b.mac.truth().daemonPid === undefined);
    away(profile(b));
    await b.mac.acts.end();
    expect(b.mac.truth().admins).not.toContain('alice');
    expect(readFileSync(join(b.mac.layout.state, 'outbox', REQUEST), 'utf8')).toMatch(/ user$/m);
  });
});

describe.concurrent('a Mac', () => {
  it('whose profile is gone starts nothing', async ({ b }) => {
    await b.until('it asks for orders', () => b.called('orders').length > 0);
    away(profile(b));
    b.server.script.order = 'start';
    await b.said('no longer managed');
    expect(b.called('claim')).toEqual([]);
  });

  it('that asks too often says what the server says, and asks once', async ({ b }) => {
    b.server.hooks.set('requests', problem(429));
    const asked = await b.mac.acts.request({ localUser: 'alice', windowMs: 900_000, category: 'install', reason: 'why' });
    expect(asked.ok).toBe(false);
    expect(asked.output).toContain('not accepted: This is not allowed.');
    expect(b.called('requests').length).toBe(1);
  });
});
