/** `stint request` and the key behind it, against a server that answers what it is told to. */
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type AskOptions, askFor } from '../../cli/people/ask.js';
import { serverOf } from '../../cli/people/client.js';
import { findOwnKey, keyFileOf, makeOwnKey, readOwnKey } from '../../cli/people/key.js';
import { chooseAws } from '../../cli/people/kinds/aws.js';
import type { Found } from '../../cli/people/kinds/naming.js';
import { startOf } from '../../cli/people/start.js';
import { runLine } from '../../cli/program.js';
import type { TargetKind } from '../../contract/request.js';

const MINUTE = 60_000;
const STARTS = /\d{4}-\d\d-\d\dT\d\d:\d\d\+\d\d:\d\d|"\d{4}-\d\d-\d\d \d\d:\d\d [A-Za-z/]+"/g;
const ID = 'abcdefghijklmnopqrstuvwxyz';
const found = (account: string, set: string, number = '111122223333', more: Partial<Found> = {}): Found => ({
  key: `aws/${number}/ps-0123456789abcdef`,
  kind: 'aws-permission-set',
  display: `${set} in ${account}`,
  setName: set,
  detail: '',
  confirmBy: account,
  windowsMs: [15 * MINUTE, 45 * MINUTE],
  approvers: [],
  ...more,
});
const mac = (name: string, serial: string, more: Partial<Found> = {}): Found => {
  const { setName: _, ...one } = found(name, '');
  return { ...one, key: `mac-admin/${serial}`, kind: 'mac-admin', display: name, ...more };
};
const standing = (state: string, more: object = {}) => ({
  requestId: ID,
  display: 'PowerUser in sandbox',
  state,
  approvedBy: [],
  needed: 1,
  windowMs: 45 * MINUTE,
  why: [],
  ...more,
});

let folder: string;
let server: Server;
let url: string;
let calls: { method: string; path: string; body: Record<string, unknown> }[];
let targets: Found[];
/** What may be taken by break-glass. */
let breakable: Found[] | undefined;
let note: string | undefined;
/** What a POST and each look answer, in order; the last stays. */
let posts: { status: number; body: object }[];
let looks: { status: number; body: object }[];
let said: string[];
let printed: string[];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'stint-person-'));
  makeOwnKey(join(folder, 'key.pem'));
  [calls, said, printed] = [[], [], []];
  note = undefined;
  breakable = undefined;
  targets = [found('sandbox', 'PowerUser'), found('sandbox-2', 'PowerUser', '444455556666')];
  posts = [{ status: 201, body: { requestId: ID, state: 'requested', display: 'PowerUser in sandbox' } }];
  looks = [{ status: 200, body: standing('active', { confirmedAt: '2026-11-21T14:10:00.000Z', approvedBy: ['Grace Hopper'] }) }];
  server = createServer((call, reply) => {
    const parts: Buffer[] = [];
    call.on('data', (part: Buffer) => parts.push(part));
    call.on('end', () => {
      const text = Buffer.concat(parts).toString('utf8');
      calls.push({
        method: call.method ?? '',
        path: call.url ?? '',
        body: text ? (JSON.parse(text) as Record<string, unknown>) : {},
      });
      const next = (from: { status: number; body: object }[]) => (from.length > 1 ? from.shift() : from[0]);
      const answer = call.url?.startsWith('/people/v1/targets')
        ? {
            status: 200,
            body: { targets: call.url.includes('breakGlass=1') ? (breakable ?? targets) : targets, ...(note && { note }) },
          }
        : next(call.method === 'POST' ? posts : looks);
      reply.writeHead(answer?.status ?? 500, { 'content-type': 'application/json' });
      reply.end(JSON.stringify(answer?.body ?? {}));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true, force: true });
});

let count = 0;
const asking = (kind: TargetKind, options: Partial<AskOptions>): Promise<number> =>
  askFor(
    kind,
    { for: '45m', reason: 'INC-417: the queue is stuck', category: 'debug', ...options },
    {
      env: { STINT_SERVER_URL: url, STINT_PERSON_KEY_FILE: join(folder, 'key.pem') },
      clock: Date.now,
      random: () => {
        count += 1;
        return count.toString(16).padStart(32, '0');
      },
      out: (text) => printed.push(text),
      say: (line) => said.push(line),
      everyMs: 1,
    },
  );
const run = (options: Partial<AskOptions> = {}): Promise<number> =>
  asking('aws-permission-set', { account: 'sandbox', set: 'PowerUser', ...options });
const runMac = (options: Partial<AskOptions> = {}): Promise<number> => asking('mac-admin', options);
const told = (job: Promise<number>): Promise<string> =>
  job.then(
    () => 'done',
    (error: unknown) => String(error),
  );
const refusal = (options: Partial<AskOptions> = {}) => told(run(options));
const searches = () => calls.filter(({ method }) => method === 'GET').map(({ path }) => path);
const asked = () => calls.filter(({ method }) => method === 'POST');

describe('asking', () => {
  it('finds the target by its exact name and hands it over, naming nobody', async () => {
    expect(await run()).toBe(0);
    expect(asked()[0]?.body).toMatchObject({
      key: 'aws/111122223333/ps-0123456789abcdef',
      windowMs: 45 * MINUTE,
      category: 'debug',
    });
    expect(Object.keys(asked()[0]?.body ?? {}).sort()).toEqual(['askId', 'category', 'key', 'reason', 'windowMs']);
    expect(said.join()).toMatch(/handed over: PowerUser in sandbox for 45m, elevation abcdefgh/);
  });

  it('names the person whom it is for, where that is somebody else, in the search and in what it asks', async () => {
    expect(await run({ onBehalfOf: 'grace' })).toBe(0);
    expect(calls.filter(({ method }) => method === 'GET').map(({ path }) => path)).toEqual([
      expect.stringMatching(/^\/people\/v1\/targets\?q=.*&kind=aws-permission-set&subject=grace$/),
    ]);
    expect(asked()[0]?.body).toMatchObject({ subject: 'grace' });
  });

  it('breaks the glass with the id of an incident, where that may be taken', async () => {
    expect(await run({ breakGlass: true, incident: 'INC-417' })).toBe(0);
    expect(asked()[0]?.body).toMatchObject({ breakGlass: { incident: 'INC-417' } });
    expect(asked()[0]?.body).not.toHaveProperty('breakGlass.drill');
    expect(calls.filter(({ method }) => method === 'GET').every(({ path }) => path.includes('breakGlass=1'))).toBe(true);
  });

  it.each([
    [{ incident: 'INC-417' }, /--incident belongs to --break-glass/],
    [{ drill: true }, /--drill belongs to --break-glass/],
    [{ breakGlass: true, drill: true }, /--incident is missing/],
    [{ breakGlass: true }, /--incident is missing/],
    [{ breakGlass: true, incident: 'two words' }, /--incident must be one word/],
    [{ breakGlass: true, incident: 'INC-417', start: '2099-11-23T22:00+01:00' }, /--start does not go with --break-glass/],
    [{ breakGlass: true, incident: 'INC-417', onBehalfOf: 'grace' }, /--on-behalf-of does not go with --break-glass/],
  ])('with %j asks for nothing: the two belong together', async (options, said) => {
    expect(await refusal(options)).toMatch(said);
    expect(calls).toEqual([]);
  });

  it('is one request when the first answers are lost', async () => {
    const away = { status: 503, body: { code: 'temporal-unavailable', detail: 'Temporal is away.' } };
    posts = [away, { status: 502, body: {} }, ...posts];
    expect(await run()).toBe(0);
    expect(asked()).toHaveLength(3);
    expect(new Set(asked().map(({ body }) => body.askId)).size).toBe(1);
  });

  it('tells of each step once, and that it is granted', async () => {
    looks = [
      { status: 200, body: standing('handed-over') },
      { status: 503, body: { code: 'store-unavailable', detail: 'away' } },
      { status: 200, body: standing('requested') },
      { status: 200, body: standing('granting', { approvedBy: ['Grace Hopper'] }) },
      { status: 200, body: standing('granting', { approvedBy: ['Grace Hopper'] }) },
      {
        status: 200,
        body: standing('active', {
          approvedBy: ['Grace Hopper'],
          confirmedAt: '2026-11-21T14:10:00.000Z',
          deadlineAt: '2026-11-21T14:55:00.000Z',
        }),
      },
    ];
    expect(await run({ wait: true })).toBe(0);
    expect(said.slice(1)).toEqual([
      'requested: PowerUser in sandbox, elevation abcdefgh',
      'approved by Grace Hopper',
      'being granted, for 45m',
      'granted at 2026-11-21T14:10:00.000Z',
      'ends at 2026-11-21T14:55:00.000Z',
    ]);
  });

  it('tells how far each stage is and whom it waits for, again when that has changed', async () => {
    const stages = (owners: number, security: number) => [
      { name: 'owners', approved: owners, needed: 1 },
      { name: 'security', approved: security, needed: 2 },
    ];
    const asked = (owners: number, security: number, more: object) =>
      ({ status: 200, body: standing('requested', { needed: 3, stages: stages(owners, security), ...more }) }) as const;
    looks = [
      asked(0, 0, { waitsFor: ['Grace Hopper', 'Linus \u001b[31mPauling'] }),
      asked(1, 0, { waitsFor: ['Margaret Hamilton'], approvedBy: ['Grace Hopper'] }),
      asked(1, 0, { waitsFor: ['Margaret Hamilton'], approvedBy: ['Grace Hopper'] }),
      { status: 200, body: standing('closed', { outcome: 'denied', needed: 3, stages: stages(1, 0) }) },
    ];
    expect(await run({ wait: true })).toBe(1);
    expect(said.slice(2)).toEqual([
      expect.stringContaining('approvals: owners 0 of 1, security 0 of 2; waits for Grace Hopper or Linus '),
      'approved by Grace Hopper',
      'approvals: owners 1 of 1, security 0 of 2; waits for Margaret Hamilton',
      'denied',
    ]);
    expect(said.join('')).not.toContain('\u001b');
  });

  it.each([
    ['denied', 'closed', { outcome: 'denied' }],
    ['lapsed', 'closed', { outcome: 'lapsed' }],
    ['failed', 'ending', { outcome: 'failed', why: ['AWS refused: \u001b[31mquota'] }],
  ])('exits with 1 when it is %s, and says why', async (outcome, state, more) => {
    looks = [{ status: 200, body: standing(state, more) }];
    expect(await run({ wait: true })).toBe(1);
    expect(said.at(-1)).toMatch(new RegExp(`^${outcome}`));
    expect(said.join()).not.toContain('\u001b');
  });

  it('prints one JSON object with --json, and nothing beside it', async () => {
    expect(await run({ wait: true, json: true })).toBe(0);
    expect(said).toEqual([]);
    expect(printed).toHaveLength(1);
    expect(JSON.parse(printed[0] ?? '')).toMatchObject({ ok: true, requestId: ID, state: 'active' });
  });

  it.each([
    [{ account: undefined }, /bad-input: --account is missing/],
    [{ set: ' ' }, /--set is missing/],
    [{ for: '45' }, /--for must be a length such as 30s, 45m or 2h, not 45/],
    [{ for: '30m' }, /may be had for 15m, 45m, and not for 30m/],
    [{ reason: 'short' }, /--reason needs 10 to 500 characters; this has 5/],
    [{ category: 'fun' }, /--category must be one of: install/],
    [{ account: 'sandbix' }, /no account sandbix.*Near it: PowerUser in sandbox \(111122223333\)/],
    [{ set: 'Admin' }, /In sandbox there is no permission set Admin.*There are: PowerUser/],
    [{ server: 'http://stint.example.com' }, /no https address/],
  ])('%j is refused before anything is asked for', async (options, words) => {
    expect(await refusal(options)).toMatch(words);
    expect(asked()).toEqual([]);
  });

  it('while the accounts are still being read says so, and not that there is none', async () => {
    targets = [];
    note = 'Tags of accounts are still being read.';
    expect(await refusal()).toMatch(/aws-unavailable: Nothing was found yet. Tags of accounts/);
    expect(await refusal({ search: 'sandbox' })).toMatch(/still being read/);
  });

  it('of the highest risk wants the account named once more', async () => {
    targets = [found('sandbox', 'PowerUser', '111122223333', { tier: 0 })];
    expect(await refusal()).toMatch(/tier 0.*--confirm "sandbox"/);
    expect(asked()).toEqual([]);
    expect(await run({ confirm: 'sandbox' })).toBe(0);
    expect(asked()[0]?.body.confirm).toBe('sandbox');
  });

  it('passes a refusal of the server on', async () => {
    posts = [{ status: 409, body: { code: 'target-busy', detail: 'Grace Hopper has it until 15:00 UTC.\u001b[2J' } }];
    const said = await refusal();
    expect(said).toMatch(/target-busy: Grace Hopper has it until 15:00 UTC/);
    expect(said).not.toContain('\u001b');
    posts = [{ status: 200, body: [] }];
    looks = [{ status: 200, body: [] }];
  });
});

describe('a Mac', () => {
  beforeEach(() => {
    targets = [mac('ada-mac', 'C02ADA0001')];
  });

  it('is the only one there is, and what is no Mac is none', async () => {
    targets = [found('ada-mac', 'PowerUser'), ...targets];
    expect(await runMac()).toBe(0);
    expect(searches()).toEqual(['/people/v1/targets?q=&kind=mac-admin']);
    expect(asked()[0]?.body).toMatchObject({ key: 'mac-admin/C02ADA0001', windowMs: 45 * MINUTE, category: 'debug' });
    expect(Object.keys(asked()[0]?.body ?? {}).sort()).toEqual(['askId', 'category', 'key', 'reason', 'windowMs']);
    expect(said.join()).toMatch(/handed over: ada-mac for 45m, elevation abcdefgh/);
  });

  it('is named by its serial number where there are several; else they are listed, and nothing is asked for', async () => {
    targets = [...targets, mac('ada-\u001b[31mtwo', 'C02ADA0002')];
    const which = await told(runMac());
    expect(which).toMatch(/bad-input: Which Mac is meant\? Say it with --serial: ada-mac \(C02ADA0001\), .*\(C02ADA0002\)/);
    expect(which).not.toContain('\u001b');
    expect(asked()).toEqual([]);
    expect(await runMac({ serial: ' c02ada0002 ' })).toBe(0);
    expect(asked()[0]?.body.key).toBe('mac-admin/C02ADA0002');
  });

  it('is somebody else’s with --on-behalf-of, in the search and in what is asked', async () => {
    targets = [mac('grace-mac', 'C02GRACE01')];
    expect(await runMac({ onBehalfOf: 'grace' })).toBe(0);
    expect(searches()).toEqual(['/people/v1/targets?q=&kind=mac-admin&subject=grace']);
    expect(asked()[0]?.body).toMatchObject({ key: 'mac-admin/C02GRACE01', subject: 'grace' });
  });

  it('is taken by break-glass with the id of an incident, and waited for', async () => {
    const options = { breakGlass: true, incident: 'INC-417', wait: true, json: true };
    looks = [{ status: 200, body: standing('active', { confirmedAt: '2026-11-21T14:10:00.000Z' }) }];
    expect(await runMac(options)).toBe(0);
    expect(searches()[0]).toBe('/people/v1/targets?q=&kind=mac-admin&breakGlass=1');
    expect(asked()[0]?.body).toMatchObject({ key: 'mac-admin/C02ADA0001', breakGlass: { incident: 'INC-417' } });
    expect(JSON.parse(printed[0] ?? '')).toMatchObject({ ok: true, state: 'active' });
  });

  it('may be asked for later, where its rule lets it', async () => {
    const start = '2099-11-23T22:00+01:00';
    expect(await told(runMac({ start }))).toMatch(/--start: ada-mac may be asked for now only/);
    targets = [mac('ada-mac', 'C02ADA0001', { later: 'up to 7d ahead' })];
    expect(await runMac({ start })).toBe(0);
    expect(asked()[0]?.body.startAt).toBe('2099-11-23T21:00:00.000Z');
  });

  it.each<[Partial<AskOptions>, RegExp]>([
    [{ for: undefined }, /bad-input: --for is missing. For example: stint request mac --for 15m/],
    [{ serial: ' ' }, /--serial is missing. For example: stint request mac/],
    [{ for: '30m' }, /may be had for 15m, 45m, and not for 30m/],
    [
      { serial: 'C02ADA' },
      /unknown-target: There is no Mac C02ADA that the policy lets you ask for\. There are: ada-mac \(C02ADA0001\)/,
    ],
    [{ breakGlass: true }, /--incident is missing. For example: stint request mac/],
    [{ incident: 'INC-417' }, /--incident belongs to --break-glass/],
  ])('with %j is refused before anything is asked for', async (options, words) => {
    expect(await told(runMac(options))).toMatch(words);
    expect(asked()).toEqual([]);
  });

  it('that is none of one’s own, or not covered by a rule, is refused with whom to ask', async () => {
    targets = [];
    for (const options of [{}, { serial: 'C02GRACE01' }])
      expect(await told(runMac(options))).toMatch(
        /unknown-target: There is no Mac.*Ask your IT team whether the people file has it/,
      );
    expect(asked()).toEqual([]);
  });

  it('of the highest risk wants its name once more', async () => {
    targets = [mac('ada-mac', 'C02ADA0001', { tier: 0 })];
    expect(await told(runMac())).toMatch(/tier 0.*--confirm "ada-mac"/);
    expect(await runMac({ confirm: 'ada-mac' })).toBe(0);
  });

  it('is listed with its serial number', async () => {
    expect(await runMac({ search: 'ada' })).toBe(0);
    expect(printed).toEqual(['ada-mac  (C02ADA0001)  for 15m, 45m']);
  });
});

describe('whoever may not break the glass', () => {
  const glass = { breakGlass: true, incident: 'INC-417' };
  beforeEach(() => {
    breakable = [];
  });

  it.each<[string, (options: Partial<AskOptions>) => Promise<number>, () => Found]>([
    ['a Mac', runMac, () => mac('ada-mac', 'C02ADA0001', { approvers: ['Grace Hopper', 'Linus \u001b[31mPauling'] })],
    ['AWS', run, () => found('sandbox', 'PowerUser', '111122223333', { approvers: ['Grace Hopper', 'Linus \u001b[31mPauling'] })],
  ])('%s: is told that it may be asked for, and who can approve it', async (_kind, ask, one) => {
    targets = [one()];
    const words = await told(ask(glass));
    expect(words).toMatch(
      /not-eligible: The policy does not let you take .* by break-glass\. You may ask for it without --break-glass\. Grace Hopper, Linus .*Pauling can approve it\./,
    );
    expect(words).not.toContain('\u001b');
    expect(asked()).toEqual([]);
  });

  it('and may not ask for it either is told that alone', async () => {
    targets = [];
    expect(await told(runMac(glass))).toMatch(/unknown-target: There is no Mac/);
    targets = [mac('ada-mac', 'C02ADA0001', { barred: 'Open on weekdays.' })];
    expect(await told(runMac(glass))).toMatch(/unknown-target: There is no Mac/);
    expect(asked()).toEqual([]);
  });
});

it('what is barred says why, and nothing is asked for', async () => {
  targets = [found('sandbox', 'PowerUser', '111122223333', { barred: 'Not from here.' })];
  expect(await refusal()).toMatch(/not-eligible: Not from here/);
  targets = [mac('ada-mac', 'C02ADA0001', { barred: 'Open on weekdays.' })];
  expect(await told(runMac())).toMatch(/not-eligible: Open on weekdays/);
  expect(asked()).toEqual([]);
});

describe('which target is meant', () => {
  const two = [found('prod', 'Admin', '111111111111'), found('prod', 'Admin', '222222222222')];
  it('two accounts of one name are told apart by their numbers', () => {
    expect(() => chooseAws(two, 'prod', 'Admin')).toThrow(/Several accounts.*111111111111, 222222222222/);
    expect(chooseAws(two, '222222222222', 'admin').key).toContain('222222222222');
  });
  it('a set is known by its own name, whatever the two are called together', () => {
    const odd = [found('a', 'B', '111111111111', { display: 'Something else' })];
    expect(chooseAws(odd, 'a', 'b').key).toContain('111111111111');
    expect(() => chooseAws(odd, 'a', 'Something else')).toThrow(/no permission set Something else.*There are: B/);
  });
  it('an account called like a number is no number', () => {
    expect(() => chooseAws([found('222222222222', 'B', '111111111111')], '222222222222', 'B')).toThrow(/no account/);
  });
});

describe('the key', () => {
  const file = () => join(folder, 'deep', 'key.pem');
  it('is made for nobody else to read, and stays the same', () => {
    const made = makeOwnKey(file());
    expect(statSync(file()).mode & 0o777).toBe(0o600);
    expect(statSync(join(folder, 'deep')).mode & 0o777).toBe(0o700);
    expect(readOwnKey(file()).keyId).toBe(made.keyId);
    expect(made.keyId).toMatch(/^person-[0-9a-f]{32}$/);
    expect(readFileSync(file(), 'utf8')).not.toContain(made.publicKey);
    expect(makeOwnKey(file()).keyId).not.toBe(made.keyId);
  });
  it('is refused where others may read it, where it is a link, and where there is none', () => {
    expect(() => readOwnKey(file())).toThrow(/no key on this computer yet.*stint enroll/);
    expect(existsSync(file())).toBe(false);
    makeOwnKey(file());
    chmodSync(file(), 0o640);
    expect(() => findOwnKey(file())).toThrow(/Others may read/);
    symlinkSync(join(folder, 'key.pem'), join(folder, 'link.pem'));
    expect(() => findOwnKey(join(folder, 'link.pem'))).toThrow(/no ordinary file/);
  });
  it('is looked for where its setting says, or among the settings of the account', () => {
    expect(keyFileOf({ STINT_PERSON_KEY_FILE: '/x/y' })).toBe('/x/y');
    expect(keyFileOf({ XDG_CONFIG_HOME: '/c' })).toBe('/c/stint/person-key.pem');
    expect(keyFileOf({ XDG_CONFIG_HOME: 'c' })).toMatch(/\/\.config\/stint\/person-key\.pem$/);
  });
});

it('an address must be https, or this very computer', () => {
  expect(serverOf('https://stint.example.com/any').href).toBe('https://stint.example.com/');
  expect(serverOf('http://127.0.0.1:4003').href).toBe('http://127.0.0.1:4003/');
  for (const text of [undefined, '', 'stint', 'http://stint.example.com', 'http://127.0.0.1.example.com', 'ftp://localhost'])
    expect(() => serverOf(text)).toThrow(/bad-input/);
});

it('a length is written as in the policy, and is never nothing', async () => {
  targets = [found('sandbox', 'PowerUser', '111122223333', { windowsMs: [90 * MINUTE] })];
  expect(await run({ for: '1h30m' })).toBe(0);
  expect(asked()[0]?.body).toMatchObject({ windowMs: 90 * MINUTE });
  for (const text of ['45', '0m', '-1m', '1.5h', '45 m', '999999999s'])
    expect(await refusal({ for: text }), text).toMatch(/--for must be a length/);
});

describe('--start', () => {
  it.each([
    ['request', 'mac', '--help'],
    ['request', 'aws', '--help'],
    ['policy', 'explain', '--help'],
    ['policy', 'who-can-approve', '--help'],
  ])('can be copied as the help of %s %s has it: it lies ahead', async (...args) => {
    let help = '';
    const out = (text: string) => {
      help += text;
    };
    await runLine(['node', 'stint', ...args], { out, err: out });
    const options = help.replace(/\s+/g, ' ').match(/--start <time>.*?--/)?.[0] ?? '';
    const starts = (text: string) => text.match(STARTS)?.map((one) => one.replaceAll('"', '')) ?? [];
    expect(starts(options)).toHaveLength(2);
    const examples = [...help.matchAll(/\$ stint .*--start (".*?"|\S+)/g)].flatMap(([, start = '']) => starts(start));
    for (const start of [...starts(options), ...examples]) expect(() => startOf(start, Date.now())).not.toThrow();
    const said = await told((async () => Date.parse(startOf('tomorrow', Date.now())))());
    expect(starts(said)).toHaveLength(2);
    for (const start of starts(said)) expect(() => startOf(start, Date.now())).not.toThrow();
  });

  const at = Date.parse('2026-10-20T08:00:00Z');
  it.each([
    ['2026-10-23T22:00+02:00', '2026-10-23T20:00:00.000Z'],
    ['2026-10-23T20:00:00Z', '2026-10-23T20:00:00.000Z'],
    ['2026-10-23 22:00 Europe/Berlin', '2026-10-23T20:00:00.000Z'],
    ['2026-10-26T22:00 Europe/Berlin', '2026-10-26T21:00:00.000Z'],
    ['2026-10-25 02:30 UTC', '2026-10-25T02:30:00.000Z'],
  ])('%s is %s', (text, instant) => {
    expect(startOf(text, at)).toBe(instant);
  });

  it.each([
    ['tomorrow', 'must be a time with its offset from UTC or its zone'],
    ['2026-10-23T22:00', 'must be a time with its offset'],
    ['2026-02-30 22:00 UTC', 'must be a time with its offset'],
    ['2026-10-23 25:00 UTC', 'must be a time with its offset'],
    ['2026-10-23 22:00 Europe/Berln', 'must be the IANA name of a time zone; did you mean "Europe/Berlin"?'],
    ['2026-10-20T07:59Z', 'has passed'],
    [
      '2026-10-25 02:30 Europe/Berlin',
      'twice on 2026-10-25. Say which is meant: 2026-10-25T00:30:00.000Z or 2026-10-25T01:30:00.000Z.',
    ],
    ['2027-03-28 02:30 Europe/Berlin', 'skip 02:30 on 2027-03-28'],
  ])('%s is refused: %s', (text, said) => {
    expect(() => startOf(text, at)).toThrow(said);
    expect(() => startOf(text, at)).toThrow('--start: ');
  });
});
