/** What is seen while the storm blows: on the disk of a Mac, and in AWS, held against the records that judge. */
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Layout, layOut } from '../../../sim/mac/root.js';
import { monotonicSeconds, readTruth } from '../../../sim/mac/truth.js';
import { type Cloud, startCloud } from '../far/cloud.js';
import type { FarEnds } from '../far/ends.js';
import { PAIRS, targetKey } from '../far/organisation.js';
import { makeWorld } from '../world.js';
import { createLooks, type Looks, startWatch } from './truth.js';

const all = makeWorld(2);
const [first, light, standing] = [all.askers[0], all.askers[3], all.askers[4]].map((one) => {
  if (!one) throw new Error('too few people');
  return one;
}) as [(typeof all.askers)[0], (typeof all.askers)[0], (typeof all.askers)[0]];
/** One Mac with a disk, and two simulated ones, of which one has a standing administrator. */
const world = { ...all, askers: [first, light, standing] };
const { serial, user } = first.mac;
const T = Date.now();

let folder: string;
let disk: Layout;
let cloud: Cloud;
let admins: Set<string>;
let looks: Looks;
let far: FarEnds;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'stint-looks-'));
  const options = { serial, name: 'one', localUser: user, folder, deviceApiUrl: 'http://127.0.0.1:9', osVersion: '15.5' };
  disk = layOut({ ...options, serverPublicKeyPem: '' });
  cloud = await startCloud(world, 1);
  admins = new Set([standing.mac.serial]);
  const truth = () => readTruth(disk, { serial, name: 'one', localUser: user }, { running: false, starts: 0 });
  const simulated = [light, standing].map(({ mac }) => [
    mac.serial,
    {
      get isAdmin() {
        return admins.has(mac.serial);
      },
    },
  ]);
  far = { real: new Map([[serial, { layout: disk, truth }]]), light: new Map(simulated as never), cloud } as unknown as FarEnds;
  looks = createLooks(world, far);
});
afterEach(async () => {
  await cloud.close();
  rmSync(folder, { recursive: true });
});

const groupFile = () => join(disk.mac, 'group/GroupMembership');
const put = (who: string) => appendFileSync(groupFile(), `${who}\n`);
const record = (at: number, admin: boolean) =>
  appendFileSync(join(disk.mac, 'admin.log'), `${at} ${user} ${admin} dseditgroup\n`);
const odd = () => {
  looks.compare();
  return looks.oddities.map(({ serial: place, what }) => `${place} ${what}`);
};

const pair = PAIRS[8] ?? PAIRS[0];
const userId = () => cloud.userOf(first.id) ?? '';
const wanted = () =>
  ({ accountId: pair?.accountId ?? '', setArn: pair?.setArn ?? '', principalType: 'USER', principalId: userId() }) as const;
const key = () => targetKey(wanted(), userId());
const SEEN = 'was seen with access at a time that the record does not name';

describe('a look at a Mac', () => {
  it('finds nothing in an administrator of whom the record knows, and counts who has no standing right', () => {
    looks.look(T - 60_000);
    record(T, true);
    put(user);
    admins.add(light.mac.serial);
    looks.look(T + 100);
    expect(odd()).toEqual([]);
    expect([looks.samples, looks.mostAtOnce]).toEqual([2, 2]);
  });

  it.each<[string, () => void]>([
    ['says nothing', () => undefined],
    ['knows of another time', () => [T - 60_000, T - 30_000].forEach((at, n) => void record(at, n === 0))],
    ['knows only of later', () => record(T + 30_000, true)],
  ])('finds an administrator of whom the record %s', (_, write) => {
    write();
    put(user);
    looks.look(T);
    expect(odd()).toEqual([`${serial} I5: ${user} ${SEEN}`]);
  });

  it('finds a standing administrator who is none any more, and the account of the company taken out', () => {
    admins.delete(standing.mac.serial);
    for (const file of [groupFile(), join(disk.mac, 'group/GroupMembers')]) writeFileSync(file, 'root\n');
    looks.look(T);
    expect(odd()).toEqual([
      `${serial} I12: itadmin is no administrator any more`,
      `${standing.mac.serial} I12: a standing administrator is none any more`,
    ]);
  });

  it('reads what the Mac counts down to, and of nothing that is not active', () => {
    const session = (phase: string) => {
      const boot = readFileSync(join(disk.mac, 'clock/session'), 'utf8').trim();
      const deadline = monotonicSeconds(disk.mac) + 30;
      writeFileSync(join(disk.state, 'session'), `request=r1\nphase=${phase}\nboot=${boot}\ndeadline=${deadline}\n`);
      return () => deadline - monotonicSeconds(disk.mac);
    };
    session('granting');
    looks.look(T);
    expect(looks.countdowns).toEqual([]);
    const left = session('active');
    for (const n of [1, 2, 3, 4]) looks.look(T + n);
    expect(looks.countdowns).toEqual([{ serial, requestId: 'r1', phase: 'active', endsAt: expect.any(Number) }]);
    const seconds = ((looks.countdowns[0]?.endsAt ?? 0) - (T + 4)) / 1000;
    expect(seconds).toBeLessThanOrEqual(30);
    expect(seconds).toBeGreaterThanOrEqual(left());
  });

  it('is made again and again until it is stopped, and all is held against the records then', async () => {
    put(user);
    const watch = startWatch(world, far);
    await vi.waitFor(() => expect(watch.samples).toBeGreaterThanOrEqual(2), { timeout: 10_000 });
    expect(watch.oddities).toEqual([]);
    await watch.stop();
    expect(watch.oddities.length).toBeGreaterThanOrEqual(2);
    expect(watch.mostAtOnce).toBe(1);
  }, 20_000);
});

describe('a look at AWS', () => {
  const give = (at: number) => cloud.aws.world.add(wanted(), at, { by: 'call', requestId: 'c' });

  it('finds nothing in what the record knows of, also when it stood before', () => {
    give(T);
    looks.look(T + 100);
    cloud.aws.world.remove(wanted(), T + 200, { by: 'call', requestId: 'd' });
    looks.look(T + 300);
    expect(odd()).toEqual([]);
  });

  it('finds access of which the record says nothing, and what is there though the record says that it is over', () => {
    give(T);
    looks.look(T + 100);
    const read = vi.spyOn(cloud.aws.truth, 'access');
    read.mockReturnValue([]);
    expect(odd().filter((what) => what.startsWith(key()))).toEqual([`${key()} I5: ${userId()} ${SEEN}`]);
    read.mockReturnValue([{ ...wanted(), userId: userId(), via: 'direct', from: T, to: T + 5000, cause: { by: 'sync' } }]);
    looks = createLooks(world, far);
    looks.look(T + 6000);
    looks.look(T + 7001);
    expect(odd().filter((what) => what.startsWith(key()))).toHaveLength(1);
  });
});
