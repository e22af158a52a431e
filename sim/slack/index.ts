/**
 * A stand-in of Slack's cloud: Web API, Socket Mode and HTTP mode, Block Kit's limits, people who act, and faults. It
 * speaks the real protocol, so Slack's own SDK works against it unchanged. README.md beside this file has the shapes.
 */
import type { AddressInfo } from 'node:net';
import type { Context } from './api/context.js';
import { createLimits } from './api/limits.js';
import { type Control, createControl } from './control.js';
import { createDeliverer } from './delivery/deliver.js';
import { createHttpWire } from './delivery/http.js';
import { createSocketHub } from './delivery/socket.js';
import { createFaults } from './faults.js';
import { createRoutes } from './http/routes.js';
import { createHttp } from './http/server.js';
import { settle } from './messages.js';
import { createSaver, readData } from './persist.js';
import { createTruth } from './truth.js';
import type { Seed, Settings } from './types.js';
import { createWorld } from './world.js';

export interface SlackOptions {
  seed: Seed;
  mode: 'socket' | 'http';
  /** The system chooses a port when it is 0 or absent. */
  port?: number;
  host?: string;
  /** Where the data is kept. A second start with the same file goes on with the same data; its own seed adds what lacks. */
  dataFile?: string;
  /** Milliseconds since 1970. Deadlines of acknowledgements always run in real time. */
  clock?: () => number;
  /** HTTP mode: where the app listens. Can also be told later by `setRequestUrl`. */
  requestUrl?: string;
  settings?: Partial<Settings>;
  /** How many calls and deliveries, each with a whole card, the record keeps. 20,000 when absent. */
  kept?: number;
}
export interface SlackSim extends Control {
  /** `http://host:port` */
  url: string;
  /** For `slackApiUrl`: ends in `/api/`. */
  apiUrl: string;
  setRequestUrl(url: string): void;
  /** Closes every connection; all data is in the file when it resolves. */
  close(): Promise<void>;
}

/** Starts a stand-in. Rejects when the port is taken or the data file can't be read. */
export async function startSlack(options: SlackOptions): Promise<SlackSim> {
  const { seed, dataFile, host = '127.0.0.1' } = options;
  let { requestUrl } = options;
  const stored = dataFile === undefined ? undefined : await readData(dataFile);
  const world = createWorld(seed, options.clock ?? Date.now, options.settings ?? {}, stored);
  const saver = createSaver(dataFile, () => JSON.stringify(world.data));
  world.onChange(({ kind }) => {
    if (kind !== 'truth' && kind !== 'fault') saver.touch();
  });
  const truth = createTruth(options.kept);
  const faults = createFaults();
  const hub = createSocketHub(world, truth, faults);
  const wire = options.mode === 'socket' ? hub : createHttpWire(world, () => requestUrl);
  const deliverer = createDeliverer(world, truth, faults, wire);
  const control = createControl({ world, truth, deliverer }, faults, hub);
  const later = (ms: number) => void setTimeout(() => settle(world), ms + 5).unref();
  const context: Context = { world, truth, ticket: hub.ticket, later };
  const routes = createRoutes(world, control);
  const server = createHttp({ world, truth, faults, saver, context, limits: createLimits(world), control: routes });
  server.on('upgrade', hub.upgrade);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, host, resolve);
  });
  world.url = `http://${host}:${(server.address() as AddressInfo).port}`;
  // Shares that a former process still owed.
  settle(world);
  return {
    ...control,
    url: world.url,
    apiUrl: `${world.url}/api/`,
    setRequestUrl(url) {
      requestUrl = url;
    },
    async close() {
      deliverer.close();
      hub.close();
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
      await saver.close();
    },
  };
}

export type { Control } from './control.js';
export type { FaultInput } from './faults.js';
export type { Message, Seed, Settings } from './types.js';
