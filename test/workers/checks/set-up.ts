/** A whole set-up that is right, with real stand-ins, for tests that break one thing of it and look what is said. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DemoHome, demoEnv, openHome } from '../../../cli/demo/home.js';
import { BOT, CHANNEL, PEOPLE, PROD_CHANNEL, portsFrom, TAGS, TEAM } from '../../../cli/demo/world.js';
import { type MdmStandIn, startMdm } from '../../../sim/mdm/server.js';
import { type Seed, type SlackSim, startSlack } from '../../../sim/slack/index.js';
import { BOT_SCOPES } from '../../../slack-app/startup.js';
import { checksOf } from '../../../workers/checks/areas.js';
import { type Area, type Examined, examine, type Finding } from '../../../workers/checks/check.js';
import { NEEDS, type ProcessName } from '../../../workers/processes.js';

export interface SetUp {
  readonly home: DemoHome;
  readonly env: Record<string, string | undefined>;
  readonly slack: SlackSim;
  readonly mdm: MdmStandIn;
  readonly mdmUrl: string;
  close(): Promise<void>;
}

export interface Looked extends Examined {
  /** The rows of one check. */
  of(area: Area, check: string): readonly Finding[];
}

/** Slack's side, with the bot where it has to be. */
function slackSeed(home: DemoHome): Seed {
  const members = [...PEOPLE.filter((person) => person.inChannel).map(({ slack }) => slack), BOT.userId];
  return {
    team: { ...TEAM },
    bot: {
      ...BOT,
      token: home.secret('bot-token'),
      appToken: home.secret('app-token'),
      signingSecret: home.secret('signing-secret'),
      scopes: [...BOT_SCOPES],
    },
    users: PEOPLE.map(({ slack, name, email }) => ({ id: slack, name: name.toLowerCase(), realName: name, email })),
    channels: [
      { ...CHANNEL, private: true, members },
      { ...PROD_CHANNEL, private: true, members },
    ],
  };
}

export async function setUp(): Promise<SetUp> {
  const home = openHome(mkdtempSync(join(tmpdir(), 'stint-doctor-')), false);
  const slack = await startSlack({ mode: 'socket', seed: slackSeed(home) });
  const mdm = await startMdm({
    token: home.secret('mdm-token'),
    tags: [TAGS.elevate, TAGS.collect],
    devices: PEOPLE.flatMap(({ mac }) =>
      mac ? [{ deviceId: `dev-${mac.serial}`, serial: mac.serial, name: mac.name, tags: [] as string[] }] : [],
    ),
  });
  const env = { ...demoEnv(home, portsFrom(40_000)), SLACK_API_URL: slack.apiUrl, MDM_URL: mdm.url };
  return {
    home,
    env,
    slack,
    mdm,
    mdmUrl: mdm.url,
    close: async () => {
      await Promise.all([slack.close(), mdm.close()]);
      rmSync(home.folder, { recursive: true, force: true });
    },
  };
}

/** Looks at these areas as the doctor does. */
export async function look(
  { env }: Pick<SetUp, 'env'>,
  areas: readonly Area[],
  change: { process?: ProcessName; clock?: () => number; limitMs?: number } = {},
): Promise<Looked> {
  const all = checksOf({
    env,
    readFile: (path) => readFileSync(path, 'utf8'),
    parts: NEEDS[change.process ?? 'all'],
    clock: change.clock ?? Date.now,
  });
  const checks = Object.fromEntries(Object.entries(all).filter(([area]) => areas.includes(area as Area)));
  const examined = await examine({ checks, limitMs: change.limitMs ?? 20_000 });
  return {
    ...examined,
    of: (area, check) => examined.findings.filter((finding) => finding.area === area && finding.check === check),
  };
}
