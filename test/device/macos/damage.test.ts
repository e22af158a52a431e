/** Power loss, and a directory that is not up yet: what is on disk may be damaged or gone, the access must go all the same. */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { type Bench, macTest as it, REQUEST } from './setup.js';

const record = (b: Bench) => join(b.mac.layout.state, 'session');
const snapshot = (b: Bench) => join(b.mac.layout.state, 'before');

/** Holds the power off while `damage` runs, and boots again. */
async function powerLoss(b: Bench, damage: () => void): Promise<void> {
  b.mac.faults.set({ kind: 'daemon-dead' });
  await b.until('the daemon is dead', () => b.mac.truth().daemonPid === undefined);
  damage();
  b.mac.acts.reboot();
}

/** Alice is taken back, the server hears it for the right request, and nobody was ever called a standing administrator. */
async function takenBack(b: Bench): Promise<void> {
  await b.gone();
  await b.told();
  await b.tidy();
  expect(b.mac.truth().admins).toEqual(['itadmin', 'root']);
  expect(b.called('report').filter((call) => call.body.standing === true)).toEqual([]);
  expect(b.server.lastReport()).toMatchObject({ requestId: REQUEST, localUser: 'alice', admin: false });
  expect(existsSync(snapshot(b))).toBe(false);
}

describe.concurrent('after a power loss that left', () => {
  const damages: Record<string, (b: Bench) => void> = {
    'an empty record': (b) => writeFileSync(record(b), ''),
    'a record of zeros': (b) => writeFileSync(record(b), Buffer.alloc(300)),
    'half a record': (b) => writeFileSync(record(b), readFileSync(record(b), 'utf8').split('user=')[0] ?? ''),
    'a record cut off in the name': (b) => writeFileSync(record(b), `request=${REQUEST}\nuser=al`),
    'a record whose request is damaged': (b) =>
      writeFileSync(record(b), readFileSync(record(b), 'utf8').replace(/^request=.*$/m, 'request=?')),
    'no record': (b) => rmSync(record(b)),
    'an empty record and half a snapshot': (b) => {
      writeFileSync(record(b), '');
      writeFileSync(snapshot(b), readFileSync(snapshot(b), 'utf8').slice(0, 30));
    },
    'a record of an administrator of before': (b) =>
      writeFileSync(
        record(b),
        readFileSync(record(b), 'utf8')
          .replace(/^user=.*$/m, 'user=itadmin')
          .replace(/^uid=.*$/m, 'uid=x'),
      ),
  };
  for (const [what, damage] of Object.entries(damages))
    it(`${what}, the user is taken back and who was there before stays`, async ({ b }) => {
      await b.hold(120);
      await powerLoss(b, () => damage(b));
      await takenBack(b);
    });

  it('no record, a GUID alone and a primary group are taken back too', async ({ b }) => {
    await b.hold(120);
    await powerLoss(b, () => {
      rmSync(record(b));
      const names = join(b.mac.layout.mac, 'group/GroupMembership');
      writeFileSync(names, readFileSync(names, 'utf8').replace('alice\n', ''));
      writeFileSync(join(b.mac.layout.mac, 'users/alice/PrimaryGroupID'), '80\n');
    });
    await takenBack(b);
    expect(readFileSync(join(b.mac.layout.mac, 'users/alice/PrimaryGroupID'), 'utf8')).toBe('20\n');
  });

  it('nothing that names anybody, nobody is called a standing administrator', async ({ b }) => {
    await b.hold(120);
    await powerLoss(b, () => {
      for (const name of ['before', 'users']) rmSync(join(b.mac.layout.state, name));
      writeFileSync(record(b), '');
      b.server.script.order = 'end';
    });
    await b.said('look who is an administrator');
    const before = b.called('report').length;
    await b.until('the end order was answered', () => b.called('report').length > before);
    expect(b.server.lastReport()).toMatchObject({ localUser: 'alice', admin: true, standing: false });
  });

  it('an empty record, and the user says that all is done', async ({ b }) => {
    await b.hold(120);
    b.mac.faults.set({ kind: 'daemon-dead' });
    await b.until('the daemon is dead', () => b.mac.truth().daemonPid === undefined);
    writeFileSync(record(b), '');
    await b.mac.acts.end();
    expect(b.mac.truth().admins).not.toContain('alice');
  });
});

describe.concurrent('while the directory is not up at boot', () => {
  const damages: Record<string, (b: Bench) => void> = {
    'a damaged record': (b) => writeFileSync(record(b), readFileSync(record(b), 'utf8').replace(/^uid=.*$/m, 'uid=x')),
    'an empty record': (b) => writeFileSync(record(b), ''),
  };
  for (const [what, damage] of Object.entries(damages))
    it(`${what} is kept and tried again`, async ({ b }) => {
      await b.hold(120);
      await powerLoss(b, () => {
        damage(b);
        b.mac.faults.set({ kind: 'directory-down', times: 4 });
      });
      await takenBack(b);
      expect(b.mac.truth().faults).not.toContain('directory-down');
    });
});

describe.concurrent('the record', () => {
  it('is on the disk before access is given, and is not written with every heartbeat', async ({ b }) => {
    await b.hold(120);
    const calls = b.mac.truth().calls.map(({ call }) => call);
    const grant = calls.findIndex((call) => /PrivilegesCLI --add/.test(call));
    expect(grant).toBeGreaterThan(0);
    expect(calls.slice(0, grant).some((call) => call.startsWith('sync'))).toBe(true);
    const syncs = () => b.mac.truth().calls.filter(({ call }) => call.startsWith('sync')).length;
    const beats = b.called('report').length;
    await b.until('two heartbeats', () => b.called('report').length >= beats + 2);
    const [synced, seen] = [syncs(), new Set<string>()];
    for (let beat = 1; beat <= 8; beat++) {
      await b.until('a heartbeat', () => b.called('report').length >= beats + 2 + beat);
      seen.add(readFileSync(record(b), 'utf8'));
    }
    // The seconds left waver by one: the earliest deadline is written down, once.
    expect(seen.size).toBeLessThanOrEqual(3);
    expect(syncs()).toBe(synced);
  });

  it('is not needed for the last contact: a daemon that is killed later than the grace goes on', async ({ b }) => {
    await b.hold(120);
    const old = readFileSync(record(b), 'utf8').replace(/^contact=(\d+)$/m, (_, at) => `contact=${Number(at) - 400}`);
    const beats = b.called('report').length;
    await b.until('two heartbeats', () => b.called('report').length >= beats + 2);
    b.mac.faults.set({ kind: 'daemon-dead' });
    await b.until('the daemon is dead', () => b.mac.truth().daemonPid === undefined);
    writeFileSync(record(b), old);
    b.mac.acts.killDaemon();
    const again = b.called('report').length;
    await b.until('heartbeats again', () => b.called('report').length >= again + 2);
    expect(b.mac.truth().admins).toContain('alice');
  });
});
