/** What the agent's tests share: a Mac with its server, waiting with a deadline, and tools that may be missing. */
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { type Mac, type MacOptions, startMac } from '../../../sim/mac/mac.js';
import { type DeviceServer, startDeviceServer } from './server.js';

export const REQUEST = 'abcdefghijklmnopqrstuvwxyz';

export interface Bench {
  readonly mac: Mac;
  readonly server: DeviceServer;
  readonly close: () => Promise<void>;
}

/** A Mac of alice's and a server that knows it. */
export async function bench(options: Partial<MacOptions> = {}, prepare?: (server: DeviceServer) => void): Promise<Bench> {
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
  prepare?.(server);
  const close = async () => {
    await mac.close();
    await server.close();
    await rm(folder, { recursive: true, force: true });
  };
  return { mac, server, close };
}

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
