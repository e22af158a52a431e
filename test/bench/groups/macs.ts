/**
 * What a person waits for, with the real agent on stand-in Macs: from the click on Approve until the Mac made them an
 * administrator, and from the click on Revoke until it no longer is one. The MDM's tag arrives after 0 to 120 s, as the
 * vendor's does; until then only the agent's own poll can know. It is Stint's own tag on the stand-in MDM's record that the Mac's
 * MDM agent finds there: nobody else wakes the agent, and a round without the tag fails the group.
 */
import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { TAGS } from '../../../cli/demo/world.js';
import { packageRoot } from '../../../cli/package-root.js';
import type { RequestId } from '../../../contract/ids.js';
import { type Mac, startMac } from '../../../sim/mac/mac.js';
import type { Metric } from '../metric.js';
import { until } from '../pace.js';
import { cardsOf, press } from '../rig/cards.js';
import { type Rig, startRig } from '../rig/rig.js';
import { closed } from '../rig/stories.js';
import { tagSetAt } from '../rig/tags.js';
import { APPROVERS, type Owner } from '../rig/world.js';
import { percentile, spread } from '../stats.js';

const WINDOW_S = 600;
const TAG_MAX_MS = 120_000;
const CHECK_IN_MS = 2000;
const [APPROVER] = APPROVERS;

export const macs: Metric = {
  name: 'mac',
  figures: [
    { name: 'approval-click-to-admin.p95', unit: 's', bar: { atMost: 20 } },
    { name: 'revoke-click-to-no-admin.p95', unit: 's', bar: { atMost: 5 } },
  ],
  async measure({ quick, topology, say }) {
    const count = quick ? 4 : 8;
    const rounds = quick ? 2 : 5;
    const rig = await startRig({ fleets: [{ name: 'MAC', count, windowS: WINDOW_S }], own: () => true, topology, say });
    const started: Mac[] = [];
    try {
      for (const owner of rig.owners) started.push(await realMac(rig, owner));
      const seen = (await Promise.all(started.map((mac, i) => manyRounds(rig, mac, i, rounds)))).flat();
      const granted = seen.map((one) => one.grantedS);
      const gone = seen.map((one) => one.goneS);
      const woken = started.reduce((sum, { mdmRuns }) => sum + mdmRuns.filter((tag) => tag === TAGS.elevate).length, 0);
      const tags = `our tag was on the record each time, and woke ${woken} agents`;
      const note = (s: readonly number[]) => `real agent on ${count} Macs, ms: ${spread(s.map((v) => v * 1000))}; ${tags}`;
      return {
        measured: {
          'approval-click-to-admin.p95': { value: percentile(granted, 95), n: granted.length, note: note(granted) },
          'revoke-click-to-no-admin.p95': { value: percentile(gone, 95), n: gone.length, note: note(gone) },
        },
      };
    } finally {
      await Promise.all(started.map((mac) => mac.close()));
      await rig.close();
    }
  },
};

async function realMac(rig: Rig, owner: Owner): Promise<Mac> {
  const folder = join(rig.folder, 'macs', owner.serial);
  mkdirSync(folder, { recursive: true });
  const mac = await startMac({
    serial: owner.serial,
    name: `mac-${owner.user}`,
    localUser: owner.user,
    osVersion: '15.5',
    folder,
    deviceApiUrl: rig.deviceUrl,
    serverPublicKeyPem: rig.home.replyPublicKey,
    mdmUrl: rig.mdm.url,
    checkInMs: CHECK_IN_MS,
    agentFolder: join(packageRoot, 'device', 'macos'),
  });
  await rig.ask({ ask: 'register-device', serial: owner.serial, publicKey: mac.publicKeyPem, operator: 'bench' });
  return mac;
}

interface Seen {
  readonly grantedS: number;
  readonly goneS: number;
}

/** The first round warms up and is not counted. */
async function manyRounds(rig: Rig, mac: Mac, i: number, rounds: number): Promise<readonly Seen[]> {
  await sleep(i * 700); // a fleet is not in step
  const seen: Seen[] = [];
  for (let round = 0; round < rounds; round++) {
    const one = await oneRound(rig, mac);
    if (round > 0) seen.push(one);
  }
  return seen;
}

async function oneRound(rig: Rig, mac: Mac): Promise<Seen> {
  const requestId = await ask(rig, mac);
  const [ts = ''] = await cardsOf(rig, [requestId]);
  await sleep(Math.random() * 8_000); // wherever the agent's poll may stand
  rig.mdm.control.settings({ tagDelayMs: Math.random() * TAG_MAX_MS });
  const approved = await press(rig, APPROVER?.slack ?? '', ts, `approve:${WINDOW_S * 1000}`);
  const on = await changed(mac, true, approved.at);
  await until('the elevation is active', async () => (await rig.shown(requestId)).row.view.state === 'active' || undefined);
  tagSetAt(rig.mdm.control.truth(), mac.serial, TAGS.elevate, approved.at);
  await sleep(2_000 + Math.random() * 8_000);
  const revoked = await press(rig, APPROVER?.slack ?? '', ts, 'revoke');
  const off = await changed(mac, false, revoked.at);
  await closed(rig, requestId);
  return { grantedS: (on - approved.at) / 1000, goneS: (off - revoked.at) / 1000 };
}

/** The person asks on the Mac itself. */
async function ask(rig: Rig, mac: Mac): Promise<RequestId> {
  const { localUser } = mac.truth();
  const reason = `Measure how long this takes ${randomBytes(4).toString('hex')}`;
  const before = new Set((await live(rig, localUser)).map((row) => row.view.request.requestId));
  const said = await mac.acts.request({ localUser, windowMs: WINDOW_S * 1000, category: 'install', reason });
  if (!said.ok) throw new Error(`the Mac could not ask: ${said.output}`);
  const mine = await until('the request is known', async () =>
    (await live(rig, localUser)).find((row) => !before.has(row.view.request.requestId)),
  );
  return mine.view.request.requestId;
}

const live = (rig: Rig, personId: string) =>
  rig.ask<readonly { view: { request: { requestId: RequestId } } }[]>({ ask: 'list', personId });

/** When the Mac's own record says that its user became, or stopped being, an administrator; in ms since 1970. */
async function changed(mac: Mac, admin: boolean, since: number): Promise<number> {
  const change = await until(
    `${mac.serial} ${admin ? 'makes' : 'no longer has'} an administrator`,
    () => mac.truth().adminLog.find((c) => c.admin === admin && Date.parse(c.at) >= since),
    180_000,
  );
  return Date.parse(change.at);
}
