/** One real Temporal dev server, with per-workflow time skipping, for all workflow tests of a run. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type {} from 'vitest'; // TypeScript augments only a module that the file imports
import type { TestProject } from 'vitest/node';
import { startDevServer } from '../../cli/temporal-server/dev-server.js';
import { findServer } from '../../cli/temporal-server/find.js';

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

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  // A TEMPORAL_ADDRESS of the shell may be somebody's real server: tests fast-forward and terminate, so never there.
  const { TEMPORAL_ADDRESS: _, ...env } = process.env;
  const found = await findServer({ env, say: (line) => process.stderr.write(`${line}\n`) });
  if (found.kind !== 'binary') throw new Error('tests start their own server');
  const folder = await mkdtemp(join(tmpdir(), 'stint-temporal-'));
  const server = await startDevServer({
    binary: found.path,
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
