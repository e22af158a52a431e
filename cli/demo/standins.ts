/**
 * The far ends of the demo in one process: Slack's cloud, the MDM's cloud, AWS, three Macs and the page that shows them.
 * Everything between them is the real product, in another process.
 */
import { request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import Fastify from 'fastify';
import { startIdentityCenter } from '../../sim/identity-center/index.js';
import { type Mac, startMac } from '../../sim/mac/mac.js';
import { startMdm } from '../../sim/mdm/server.js';
import { startSlack } from '../../sim/slack/index.js';
import { packageFile, packageRoot } from '../package-root.js';
import type { DemoHome } from './home.js';
import { AWS_REGION, demoOrganisation } from './organisation.js';
import { BOT, CHANNEL, type DemoPorts, GENERAL, PEOPLE, PROD_CHANNEL, TAGS, TEAM } from './world.js';

export interface StandIns {
  readonly macs: readonly Mac[];
  close(): Promise<void>;
}

/** Starts them all on their ports. */
export async function startStandIns(home: DemoHome, ports: DemoPorts): Promise<StandIns> {
  const slack = await startSlack({
    port: ports.slack,
    host: '127.0.0.1',
    dataFile: home.path('slack.json'),
    mode: 'socket',
    seed: slackSeed(home),
  });
  const owners = PEOPLE.flatMap((p) => (p.mac ? [{ ...p, mac: p.mac }] : []));
  const mdm = await startMdm({
    port: ports.mdm,
    dataFile: home.path('mdm.json'),
    token: home.secret('mdm-token'),
    tagDelayMs: 20_000,
    tags: [TAGS.elevate, TAGS.collect, 'corp-managed'],
    devices: owners.map(({ mac, email }) => ({
      deviceId: `dev-${mac.serial.toLowerCase()}`,
      serial: mac.serial,
      name: mac.name,
      userEmail: email,
      tags: ['corp-managed'],
    })),
  });
  const macs = await Promise.all(
    owners.map(({ mac }, i) =>
      startMac({
        serial: mac.serial,
        name: mac.name,
        localUser: mac.user,
        osVersion: mac.os,
        folder: home.path('macs', mac.serial),
        deviceApiUrl: `http://127.0.0.1:${ports.deviceApi}`,
        serverPublicKeyPem: home.replyPublicKey,
        port: ports.macs[i] ?? 0,
        mdmUrl: mdm.url,
        agentFolder: join(packageRoot, 'device', 'macos'),
      }),
    ),
  );
  const aws = await startIdentityCenter({
    port: ports.aws,
    seed: demoOrganisation(),
    region: AWS_REGION,
    dataFile: home.path('identity-center.jsonl'),
    settings: AWS_PACE,
    random: Math.random, // after a restart ids must be other ones
  });
  const page = await servePage(home, ports, macs);
  return {
    macs,
    close: async () => {
      await page.close();
      await Promise.allSettled([...macs.map((mac) => mac.close()), mdm.close(), aws.close(), slack.close()]);
    },
  };
}

/** As quick as AWS on a good day, so that one sees it work; its lists are late as real ones are. */
const AWS_PACE = {
  caller: 'delegated',
  inProgressMs: [1200, 2600],
  statusDelayMs: [0, 300],
  listDelayMs: [0, 500],
  statusListDelayMs: [0, 200],
  shortPages: true,
} as const;

function slackSeed(home: DemoHome) {
  return {
    team: { id: TEAM.id, name: TEAM.name },
    bot: {
      ...BOT,
      token: home.secret('bot-token'),
      appToken: home.secret('app-token'),
      signingSecret: home.secret('signing-secret'),
      scopes: manifestScopes(),
    },
    users: PEOPLE.map((p) => ({ id: p.slack, name: p.id, realName: p.name, email: p.email })),
    channels: [
      { id: GENERAL.id, name: GENERAL.name, private: false, members: PEOPLE.map((p) => p.slack) },
      {
        id: CHANNEL.id,
        name: CHANNEL.name,
        private: true,
        members: [BOT.userId, ...PEOPLE.filter((p) => p.inChannel).map((p) => p.slack)],
      },
      {
        id: PROD_CHANNEL.id,
        name: PROD_CHANNEL.name,
        private: true,
        members: [BOT.userId, ...PEOPLE.filter((p) => p.groups.includes('platform')).map((p) => p.slack)],
      },
    ],
  };
}

/** The stand-in grants what the real manifest asks for, and nothing else: a forgotten scope shows here first. */
function manifestScopes(): string[] {
  const manifest: unknown = JSON.parse(packageFile('slack-app/manifest.json'));
  return (manifest as { oauth_config: { scopes: { bot: string[] } } }).oauth_config.scopes.bot;
}

/** The page and, on the same origin, the control side of each stand-in. */
async function servePage(home: DemoHome, ports: DemoPorts, macs: readonly Mac[]) {
  const app = Fastify({ logger: false });
  await app.register(fastifyStatic, { root: join(packageRoot, 'sim', 'page') });
  app.get('/demo/info', () => ({
    team: TEAM,
    channel: CHANNEL,
    general: GENERAL,
    bot: { userId: BOT.userId, name: BOT.name },
    people: PEOPLE,
    macs: macs.map((mac) => ({
      serial: mac.serial,
      path: `/mac/${mac.serial}`,
      owner: PEOPLE.find((p) => p.mac?.serial === mac.serial)?.id,
    })),
    links: {
      temporal: `http://127.0.0.1:${ports.temporalUi}`,
      deviceApi: `http://127.0.0.1:${ports.deviceApi}/openapi.json`,
      health: `http://127.0.0.1:${ports.health}/healthz`,
    },
    folder: home.folder,
  }));
  app.get('/demo/key/:serial', (req, reply) => {
    const { serial } = req.params as { serial: string };
    const mac = macs.find((one) => one.serial === serial);
    return mac ? { serial, publicKey: mac.publicKeyPem } : reply.code(404).send({ error: 'no such Mac' });
  });
  const routes: readonly (readonly [string, number])[] = [
    ['/slack', ports.slack],
    ['/mdm', ports.mdm],
    ['/aws', ports.aws],
    ...macs.map((mac) => [`/mac/${mac.serial}`, Number(new URL(mac.url).port)] as const),
  ];
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_req, payload, done) => done(null, payload));
  for (const [prefix, port] of routes) {
    app.all(`${prefix}/*`, (req, reply) => {
      reply.hijack();
      forward(req.raw, reply.raw, port, (req.raw.url ?? '').slice(prefix.length));
    });
  }
  await app.listen({ port: ports.page, host: '127.0.0.1' });
  return app;
}

/** Passes one call on, streams included. */
function forward(from: IncomingMessage, to: ServerResponse, port: number, path: string): void {
  const onward = httpRequest(
    { host: '127.0.0.1', port, path, method: from.method, headers: { ...from.headers, host: `127.0.0.1:${port}` } },
    (answer) => {
      to.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(to);
    },
  );
  onward.on('error', () => {
    if (!to.headersSent) to.writeHead(502, { 'content-type': 'application/json' });
    to.end('{"error":"this stand-in does not answer"}');
  });
  to.on('close', () => onward.destroy());
  from.pipe(onward);
}
