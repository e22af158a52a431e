/** The far ends, in the storm's own process so that they outlive every kill: Slack, the MDM, AWS, real agents and simulated Macs. */
import { createPublicKey } from 'node:crypto';
import { join } from 'node:path';
import type { DemoHome } from '../../../cli/demo/home.js';
import { BOT, CHANNEL, GENERAL, TAGS, TEAM } from '../../../cli/demo/world.js';
import { packageFile, packageRoot } from '../../../cli/package-root.js';
import { type Mac, startMac } from '../../../sim/mac/mac.js';
import { type MdmStandIn, startMdm } from '../../../sim/mdm/server.js';
import { type SlackSim, startSlack } from '../../../sim/slack/index.js';
import { emailOf, type StormMac, type World } from '../world.js';
import { type Cloud, startCloud } from './cloud.js';
import { makeDeviceKeys } from './device-call.js';
import { LightMac } from './light-mac.js';

export interface FarEnds {
  readonly slack: SlackSim;
  readonly mdm: MdmStandIn;
  readonly real: ReadonlyMap<string, Mac>;
  readonly light: ReadonlyMap<string, LightMac>;
  readonly cloud?: Cloud;
  /** Every Mac's public key, by its serial. */
  readonly publicKeys: ReadonlyMap<string, string>;
  close(): Promise<void>;
}

export const CONTACT_GRACE_S = 30;
/** They are looked at three times a second (`eyes.ts`): hours of them would be gigabytes, and each collection of garbage a gust of its own. */
const KEPT_CALLS = 2000;

export interface FarOptions {
  readonly deviceApiUrl: string;
  readonly seed: number;
  readonly aws: boolean;
}

export async function startFarEnds(home: DemoHome, world: World, { deviceApiUrl, seed, aws }: FarOptions): Promise<FarEnds> {
  const slack = await startSlack({ mode: 'socket', seed: slackSeed(home, world), kept: KEPT_CALLS });
  const macs = world.askers.map((person) => ({ ...person.mac, email: emailOf(person) }));
  const mdm = await startMdm({
    token: home.secret('mdm-token'),
    tagDelayMs: 1000,
    hourlyLimit: 1_000_000,
    tags: [TAGS.elevate, TAGS.collect, 'corp-managed'],
    devices: macs.map(({ serial, name, email }) => ({
      deviceId: `dev-${serial}`,
      serial,
      name,
      userEmail: email,
      tags: ['corp-managed'],
    })),
  });
  const real = new Map<string, Mac>();
  for (const mac of macs.filter(({ kind }) => kind === 'real'))
    real.set(mac.serial, await realMac(home, mac, deviceApiUrl, mdm.url));
  const keys = new Map(macs.filter(({ kind }) => kind === 'light').map(({ serial }) => [serial, makeDeviceKeys()]));
  const serverKey = createPublicKey(home.replyPublicKey);
  const light = new Map(
    macs.flatMap(({ serial, user, standing }) => {
      const own = keys.get(serial);
      const options = { serial, user, standing, url: deviceApiUrl, serverKey, contactGraceMs: CONTACT_GRACE_S * 1000 };
      return own ? [[serial, new LightMac({ ...options, keys: own })] as const] : [];
    }),
  );
  const cloud = aws ? await startCloud(world, seed) : undefined;
  return {
    slack,
    mdm,
    real,
    light,
    ...(cloud && { cloud }),
    publicKeys: new Map([
      ...[...real].map(([s, mac]) => [s, mac.publicKeyPem] as const),
      ...[...keys].map(([s, k]) => [s, k.publicKeyPem] as const),
    ]),
    close: async () => {
      await Promise.allSettled([...[...real.values(), ...light.values()].map((mac) => mac.close())]);
      await Promise.allSettled([mdm.close(), slack.close(), cloud?.close()]);
    },
  };
}

function realMac(home: DemoHome, mac: StormMac, deviceApiUrl: string, mdmUrl: string): Promise<Mac> {
  return startMac({
    serial: mac.serial,
    name: mac.name,
    localUser: mac.user,
    osVersion: '15.5',
    folder: home.path('macs', mac.serial),
    deviceApiUrl,
    serverPublicKeyPem: home.replyPublicKey,
    mdmUrl,
    checkInMs: 2000,
    contactGraceS: CONTACT_GRACE_S,
    agentFolder: join(packageRoot, 'device', 'macos'),
  });
}

function slackSeed(home: DemoHome, { people }: World) {
  const manifest = JSON.parse(packageFile('slack-app/manifest.json')) as { oauth_config: { scopes: { bot: string[] } } };
  return {
    team: { id: TEAM.id, name: TEAM.name },
    bot: {
      ...BOT,
      token: home.secret('bot-token'),
      appToken: home.secret('app-token'),
      signingSecret: home.secret('signing-secret'),
      scopes: manifest.oauth_config.scopes.bot,
    },
    users: people.map((p) => ({ id: p.slack, name: p.id, realName: `Storm ${p.id}`, email: emailOf(p) })),
    channels: [
      { id: GENERAL.id, name: GENERAL.name, private: false, members: people.map((p) => p.slack) },
      {
        id: CHANNEL.id,
        name: CHANNEL.name,
        private: true,
        members: [BOT.userId, ...people.filter((p) => p.inChannel).map((p) => p.slack)],
      },
    ],
  };
}
