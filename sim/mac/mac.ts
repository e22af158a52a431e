/**
 * A stand-in Mac: the real agent on a fake root, with tools that act together, under something like launchd. Speaks the real
 * device protocol to whatever `deviceApiUrl` names, and tells its own truth on its own port.
 */
import { watch } from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type Acts, createActs } from './acts.js';
import { createControl } from './control.js';
import { createFaults, type Faults } from './faults.js';
import { type Launchd, launchd } from './launchd.js';
import { checkIn } from './mdm.js';
import { type Layout, layOut, type MacOptions } from './root.js';
import { readAccounts, readTruth, type Truth } from './truth.js';

export type { MacOptions } from './root.js';
export type { Truth } from './truth.js';

export interface Mac {
  /** Where its truth is told, such as `http://127.0.0.1:40001`. */
  readonly url: string;
  readonly serial: string;
  /** First 16 hex digits of the SHA-256 of the public key. */
  readonly keyId: string;
  /** To be registered with the device API for this serial. */
  readonly publicKeyPem: string;
  readonly layout: Layout;
  readonly acts: Acts;
  readonly faults: Faults;
  /** The MDM tags whose items ran here, in order. */
  readonly mdmRuns: readonly string[];
  truth(): Truth;
  close(): Promise<void>;
}

/** Starts the Mac; its daemon runs at once. Errors when the agent can't be assembled or the port is taken. */
export async function startMac(options: MacOptions): Promise<Mac> {
  const layout = layOut(options);
  const shell = options.shell ?? ['/bin/sh'];
  const daemon = launchd([...shell, layout.agent, 'daemon'], join(layout.mac, 'agent.log'), 1000);
  const acts = createActs(layout, shell, daemon);
  const who = { serial: options.serial, name: options.name, localUser: options.localUser };
  const truth = () => readTruth(layout, who, { running: daemon.running(), starts: daemon.starts() });
  const faults = createFaults(layout.mac, daemon, () => control.tell());
  const control = createControl({ truth, acts, faults });
  const watching = watchState(layout, () => control.tell());
  await new Promise<void>((resolve, reject) => {
    control.server.once('error', reject);
    control.server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  daemon.start();
  const mdmRuns: string[] = [];
  const item = (tag: string, act: () => Promise<unknown>) => {
    mdmRuns.push(tag);
    void act();
  };
  const checks =
    options.mdmUrl === undefined
      ? undefined
      : checkIn({
          mdmUrl: options.mdmUrl,
          serial: options.serial,
          everyMs: options.checkInMs ?? 5000,
          actions: {
            'stint-elevate': () => item('stint-elevate', acts.kick),
            'stint-collect': () => item('stint-collect', acts.collect),
          },
          accounts: () => readAccounts(layout.mac),
        });
  const { port } = control.server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    serial: options.serial,
    keyId: layout.keyId,
    publicKeyPem: layout.publicKeyPem,
    layout,
    acts,
    faults,
    mdmRuns,
    truth,
    close: () => close(daemon, faults, () => checks?.close(), watching, control.server, acts),
  };
}

async function close(
  daemon: Launchd,
  faults: Faults,
  stopChecks: () => void,
  watching: { close(): void },
  server: Server,
  acts: Acts,
): Promise<void> {
  stopChecks();
  faults.close();
  watching.close();
  await daemon.close();
  await acts.settled();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}

/** Calls `changed`, at most every 200 ms, when the group, the session or the sudo log changes. */
function watchState(layout: Layout, changed: () => void): { close(): void } {
  let timer: NodeJS.Timeout | undefined;
  const soon = () => {
    timer ??= setTimeout(() => {
      timer = undefined;
      changed();
    }, 200);
  };
  const watchers = [
    watch(join(layout.mac, 'group'), soon),
    watch(layout.state, soon),
    watch(layout.mac, (_, name) => name === 'sudo.log' && soon()),
  ];
  return {
    close: () => {
      clearTimeout(timer);
      for (const watcher of watchers) watcher.close();
    },
  };
}
