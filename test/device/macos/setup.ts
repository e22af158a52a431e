/** What the agent's tests share: a Mac with its server, waiting with a deadline, and tools that may be missing. */
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { test } from 'vitest';
import { type Mac, type MacOptions, startMac } from '../../../sim/mac/mac.js';
import { type DeviceServer, startDeviceServer } from './server.js';

export const REQUEST = 'abcdefghijklmnopqrstuvwxyz';

/** One test's Mac and server, and what tests do with them. */
export class Bench {
  constructor(
    readonly mac: Mac,
    readonly server: DeviceServer,
    private readonly folder: string,
  ) {}

  /** What the agent said, as one text. */
  readonly log = (): string => this.mac.truth().agentLog.join('\n');

  readonly until = (what: string, check: () => boolean, ms?: number): Promise<void> => until(what, check, ms, this.log);

  /** Orders a start whose window is `windowS` and waits until it is open. */
  async hold(windowS: number): Promise<void> {
    Object.assign(this.server.script, { windowS, maxS: windowS, order: 'start' });
    await this.until('the window is open', () => this.mac.truth().session?.phase === 'active');
  }

  /** Waits until alice is no administrator; when that was, in ms. */
  async gone(ms = 15_000): Promise<number> {
    const over = () => !isAdmin(this.mac) && this.mac.truth().adminLog.at(-1)?.admin === false;
    await this.until('alice is a standard user', over, ms);
    return Date.parse(this.mac.truth().adminLog.at(-1)?.at ?? '');
  }

  readonly told = (): Promise<void> => this.until('the server was told', () => this.server.lastReport()?.admin === false, 20_000);

  readonly said = (text: string): Promise<void> => this.until(`the agent says ${text}`, () => this.log().includes(text));

  /** The session is closed and the drop-in away. */
  readonly tidy = (): Promise<void> =>
    this.until('nothing is left behind', () => this.mac.truth().session === undefined && !this.mac.truth().dropin);

  readonly evidenceComplete = (): Promise<void> =>
    this.until('the evidence is complete', () => this.server.total > 0 && this.server.chunks.size === this.server.total);

  /** The calls whose path ends in `name`. */
  called(name: string) {
    return this.server.calls.filter((call) => call.path.endsWith(`/${name}`));
  }

  async close(): Promise<void> {
    await this.mac.close();
    await this.server.close();
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** A Mac of alice's and a server that knows it. */
export async function bench(options: Partial<MacOptions> = {}): Promise<Bench> {
  const server = await startDeviceServer();
  server.script.requestId = REQUEST;
  const folder = await mkdtemp(join(tmpdir(), 'stint mac '));
  const mac = await startMac({
    serial: 'C02TEST1',
    name: "Alice's Mac",
    localUser: 'alice',
    folder,
    deviceApiUrl: server.url,
    serverPublicKeyPem: server.publicKeyPem,
    osVersion: '15.5',
    heartbeatS: 1,
    ...options,
  });
  server.trust(mac.publicKeyPem);
  return new Bench(mac, server, folder);
}

/** A test with a Mac of its own, `b`, so that tests that mostly wait can run side by side. */
export const macTest = test.extend<{ options: Partial<MacOptions>; b: Bench }>({
  options: {},
  b: async ({ options }, use) => {
    const own = await bench(options);
    await use(own);
    await own.close();
  },
});

/** Waits until `check` holds; fails with `what` after `ms`. */
export async function until(what: string, check: () => boolean, ms = 15_000, say: () => unknown = () => ''): Promise<void> {
  const end = Date.now() + ms;
  while (!check()) {
    if (Date.now() > end) throw new Error(`not within ${ms} ms: ${what}\n${String(say())}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Whether alice is an administrator, by the Mac's own truth. */
export const isAdmin = (mac: Mac): boolean => mac.truth().admins.includes('alice');

/** Where a program is, or undefined. In CI a missing one is an error: a layer that was not run must not look green. */
export function tool(name: string): string | undefined {
  const found = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin']
    .map((folder) => join(folder, name))
    .find(existsSync);
  if (found === undefined && process.env.CI) throw new Error(`${name} is not installed`);
  if (found === undefined) console.error(`SKIPPED: ${name} is not installed, so its tests do not run here`);
  return found;
}
