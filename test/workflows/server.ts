/** One real Temporal dev server, with per-workflow time skipping, for all workflow tests of a run. */
import { closeSync, openSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type {} from 'vitest'; // TypeScript augments only a module that the file imports
import type { TestProject } from 'vitest/node';
import { spawnGuarded } from '../../cli/parent-watch.js';
import { devServerArgs, isServing, startDevServer } from '../../cli/temporal-server/dev-server.js';
import { findServer } from '../../cli/temporal-server/find.js';
import { freePort } from '../../cli/temporal-server/ports.js';
import { until } from './until.js';

declare module 'vitest' {
  export interface ProvidedContext {
    /** `host:port` of the dev server; the namespace is `default`. */
    temporalAddress: string;
  }
}

export const SEARCH_ATTRIBUTES = {
  StintState: 'Keyword',
  StintPerson: 'Keyword',
  StintTarget: 'Keyword',
  StintOutcome: 'Keyword',
  StintRule: 'Keyword',
} as const;

async function findBinary(): Promise<string> {
  // A TEMPORAL_ADDRESS of the shell may be somebody's real server: tests fast-forward and terminate, so never there.
  const { TEMPORAL_ADDRESS: _, ...env } = process.env;
  const found = await findServer({ env, say: (line) => process.stderr.write(`${line}\n`) });
  if (found.kind !== 'binary') throw new Error('tests start their own server');
  return found.path;
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const binary = await findBinary();
  const folder = await mkdtemp(join(tmpdir(), 'stint-temporal-'));
  const server = await startDevServer({
    binary,
    searchAttributes: SEARCH_ATTRIBUTES,
    timeSkipping: true,
    logFile: join(folder, 'server.log'),
  });
  project.provide('temporalAddress', server.address);
  return async () => {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  };
}

/**
 * A second server, which tells a workflow to continue as new after so few events that one elevation turns its page
 * several times. Everything else is as on the first.
 */
export async function startPagingServer(events: number): Promise<{ readonly address: string; stop(): Promise<void> }> {
  const binary = await findBinary();
  const folder = await mkdtemp(join(tmpdir(), 'stint-paging-'));
  const port = await freePort();
  const log = openSync(join(folder, 'server.log'), 'a', 0o600);
  const args = devServerArgs({ port, timeSkipping: true });
  const suggest = `limit.historyCount.suggestContinueAsNew=${events}`;
  const server = await spawnGuarded(binary, [...args, '--dynamic-config-value', suggest], { output: log });
  closeSync(log);
  const address = `127.0.0.1:${port}`;
  await until(() => isServing(address, 'default'), 'the paging server', 30_000);
  return {
    address,
    stop: async () => {
      await server.stop(5_000);
      await rm(folder, { recursive: true, force: true });
    },
  };
}
