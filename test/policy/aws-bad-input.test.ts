/**
 * What a person gets wrong, and what is wrong with AWS, through the entrances that people use: the form in Slack and
 * `stint request aws`, both over the policy, the real facts and the stand-in of AWS. Each ends in a sentence that names the
 * fix, and nothing is asked for. What an operator sees of the same is in `workers/checks/aws.test.ts`.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { askFor } from '../../cli/people/ask.js';
import { makeOwnKey } from '../../cli/people/key.js';
import { isStintError } from '../../contract/errors.js';
import type { Instant } from '../../contract/ids.js';
import type { Person } from '../../contract/ports.js';
import type { Preview } from '../../contract/preview.js';
import { parsePolicy } from '../../policy/load.js';
import { directoryFrom } from '../../policy/people.js';
import { createPreview } from '../../policy/preview.js';
import { EXAMPLE } from '../../sim/identity-center/index.js';
import type { RigOptions } from '../activities/aws/rig.js';
import { type Bench, createBench } from '../device/api/bench.js';
import { CHANNEL } from '../slack-app/fakes.js';
import { type Harness, start, until } from '../slack-app/harness.js';
import { ADA, type AwsWorld, awsWorld, GRACE, LINUS } from './aws-world.js';
import { NOW, person } from './world.js';

const POLICY = parsePolicy(
  `version: 1
targets:
  - id: aws
    kind: aws-permission-set
    match: { accounts: ["${EXAMPLE.sandbox}", "${EXAMPLE.management}"] }
    ask: { groups: [staff] }
    approve: { groups: [platform] }
    windows: [15m]
    max: 15m
`,
  'policy.yaml',
);
const ASK = { account: 'sandbox', set: 'AdministratorAccess' };
const ADMIN = EXAMPLE.admin.split('/').at(-1);
/** Nothing could be read, and that was noticed. */
const tried = ({ aws }: AwsWorld) => aws.catalogue.refresh().catch(() => undefined);
const NOWHERE = person('nowhere', { email: 'nowhere@example.com', macs: [] });

interface Bad {
  readonly options?: RigOptions & { readonly cold?: boolean };
  readonly who?: Person;
  readonly account?: string;
  readonly set?: string;
  /** What a client puts in place of a choice, or what was found. */
  readonly key?: string;
  /** What is wrong once everything was read. */
  readonly wrong?: (world: AwsWorld) => unknown;
  readonly slack: RegExp;
  readonly line: RegExp;
}
const keyOf = (account: string, set = ADMIN): string => `aws/${account}/${set}`;

const NO_USER = /no user with the address nowhere@example\.com\. Ask your IT team to add it there, or to name your user id/;
const TWO = /2 users with the address ada@example\.com \(ada, ada\.external\).*Ask your IT team to remove one/;
const EXPIRED = /AWS does not accept Stint's own credentials.*renew them/;
const REGION = /cannot be searched yet.*Set STINT_AWS_REGION to the region/;
const COPY = /Billing.*delegated administrator cannot assign it\. Use a copy of it/;
const MANAGEMENT = /cannot give access to the management account\. Whoever administers that one has to/;
const GONE = /There is no such thing to ask for any more\. Open the form again/;
const THROUGH =
  /You have AdministratorAccess in sandbox already, through the group operators, and not from Stint\. Nothing was granted/;
/** The operators, of whom Linus is one, are given what is asked for. */
const toOperators = ({ rig }: AwsWorld) =>
  rig.aws.sync.add({
    accountId: EXAMPLE.sandbox,
    setArn: EXAMPLE.admin,
    principalType: 'GROUP',
    principalId: EXAMPLE.operators,
  });
const delegated = { settings: { caller: 'delegated' } } as const;

/** What is bad, and what the form and the command line say to it. */
const BAD: readonly (readonly [string, Bad])[] = [
  [
    'an unknown account',
    {
      account: 'nowhere',
      key: keyOf('999999999999'),
      slack: GONE,
      line: /There is no account nowhere.*Look for it with: stint request/,
    },
  ],
  [
    'an unknown permission set',
    {
      set: 'Nothing',
      key: keyOf(EXAMPLE.sandbox, 'ps-0000000000000000'),
      slack: GONE,
      line: /In sandbox there is no permission set Nothing.*There are: AdministratorAccess, Billing, ReadOnly/,
    },
  ],
  [
    'an account outside of the policy',
    {
      account: 'production',
      key: keyOf(EXAMPLE.production),
      slack: /The policy does not let you ask for this\. Ask your IT team which rule would/,
      line: /no account production.*that the policy lets you ask for/,
    },
  ],
  ['a person whom Identity Center does not know', { who: NOWHERE, slack: NO_USER, line: NO_USER }],
  ['two users of one address', { who: ADA, slack: TWO, line: TWO }],
  ['what one has already through a group', { who: LINUS, wrong: toOperators, slack: THROUGH, line: THROUGH }],
  ['expired credentials', { wrong: ({ rig }) => rig.aws.faults.add({ kind: 'expired' }), slack: EXPIRED, line: EXPIRED }],
  ['a wrong region', { options: { cold: true, region: 'eu-west-1' }, wrong: tried, slack: REGION, line: REGION }],
  ['no instance', { options: { cold: true, settings: { noInstance: true } }, wrong: tried, slack: REGION, line: REGION }],
  [
    'a set that a delegated administrator may not assign',
    {
      options: delegated,
      set: 'Billing',
      key: keyOf(EXAMPLE.sandbox, EXAMPLE.billing.split('/').at(-1)),
      slack: COPY,
      line: COPY,
    },
  ],
  [
    'the management account',
    { options: delegated, account: 'management', key: keyOf(EXAMPLE.management), slack: MANAGEMENT, line: MANAGEMENT },
  ],
];

let world: AwsWorld;
let closers: (() => unknown)[];
beforeEach(() => {
  closers = [];
});
afterEach(async () => {
  for (const close of closers) await close();
  await world?.close();
});

async function previewOf({ options, wrong }: Bad): Promise<Preview> {
  world = await awsWorld(options);
  await wrong?.(world);
  world.people = [GRACE, LINUS, ADA, NOWHERE];
  const directory = directoryFrom(world.people);
  return createPreview({ directory, targets: [world.facts], policy: async () => POLICY, clock: () => NOW });
}

describe.each(BAD)('%s', (_name, bad) => {
  const { who = GRACE, account = ASK.account, set = ASK.set, key = keyOf(EXAMPLE.sandbox) } = bad;

  it('is told in the form of Slack', async () => {
    const preview = await previewOf(bad);
    const h = await start();
    closers.push(() => h.stop());
    Object.assign(h.preview, {
      offersFor: () => preview.offersFor(who),
      search: (_p: Person, text: string, limit: number) => preview.search(who, text, limit),
      pin: (_p: Person, chosen: string) => preview.pin(who, chosen),
    });
    const told = await toldInSlack(h, `${set} ${account}`, key);
    expect(h.gate.started).toEqual([]);
    expect(told).toMatch(bad.slack);
  });

  it('is told on the command line', async () => {
    const preview = await previewOf(bad);
    const folder = mkdtempSync(join(tmpdir(), 'stint-bad-'));
    closers.push(() => rmSync(folder, { recursive: true, force: true }));
    const keyFile = join(folder, 'key.pem');
    const { keyId, publicKey } = makeOwnKey(keyFile);
    const bench: Bench = await createBench({
      people: {
        keys: {
          key: async () => ({ personId: who.personId, keyId, publicKey, enrolledAt: '2026-01-01T00:00:00.000Z' as Instant }),
        },
        directory: { person: async () => who },
        preview,
        gate: { start: async (request, actor) => bench.gate.start(request, actor), send: async () => 'sent' },
      },
    });
    closers.unshift(() => bench.close());
    const env = { STINT_PERSON_KEY_FILE: keyFile, STINT_SERVER_URL: bench.url };
    const io = { env, clock: bench.clock, random: (n: number) => 'a'.repeat(2 * n), out: () => undefined, say: () => undefined };
    const options = { account, set, for: '15m', reason: 'INC-1: look at the queue', category: 'debug' };
    const told = await askFor('aws-permission-set', options, io).then(
      (code) => `done ${code}`,
      (error: unknown) => (isStintError(error) ? error.sentence : `no sentence: ${error}`),
    );
    expect(bench.gate.said).toEqual([]);
    expect(told).toMatch(bad.line);
  });
});

/** What the form says to somebody who has typed and chosen; where nothing was found, to a client that sends it all the same. */
async function toldInSlack(h: Harness, query: string, key: string): Promise<string> {
  const { act, truth } = h.sim;
  const form = () => JSON.stringify(truth().views.find(({ userId }) => userId === 'U0BOB')?.body ?? '');
  await act.command({ user: 'U0BOB', channel: CHANNEL, command: '/elevate', text: '' });
  await until('the form', () => /What do you need/.test(form()));
  const before = form();
  const { options = [] } = await act.options({ user: 'U0BOB', actionId: 'target', query });
  if (options.length === 0) {
    const answer = await act.submit({ user: 'U0BOB', values: {}, forge: { values: formOf(key) } });
    return `${form()} ${JSON.stringify(answer.errors ?? answer.response)}`;
  }
  await act.select({ user: 'U0BOB', actionId: 'target', value: key });
  await until('what becomes of the choice', () => form() !== before);
  return form();
}

function formOf(key: string) {
  const option = (value: string) => ({ type: 'external_select', selected_option: { value } });
  return {
    target: { target: option(key) },
    window: { window: option('900000') },
    category: { category: option('debug') },
    reason: { reason: { type: 'plain_text_input', value: 'INC-1: look at the queue' } },
  };
}
