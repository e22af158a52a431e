/** How a command reaches the store: directly when there is a PostgreSQL, else through the process that holds the folder. */
import { userInfo } from 'node:os';
import type { Store } from '../contract/ports.js';
import { askSocket } from '../workers/admin-socket.js';
import { loadConfig } from '../workers/config.js';
import { readText } from '../workers/file-text.js';
import { type Ask, askStore, type Tools } from '../workers/questions.js';

/**
 * Runs `use` with a way to ask, and cleans up. Throws `store-unavailable` with what to do. `tools` are for a store that
 * this very process opens, with a clock that agrees with it; a process that holds a folder has its own.
 */
export async function withStore<T>(
  use: (ask: Ask) => Promise<T>,
  tools?: (store: Store, clock: () => number) => Tools,
): Promise<T> {
  const config = loadConfig({ env: process.env, readFile: readText, parts: ['store'] });
  if (config.store.kind === 'pglite') return use(askSocket(config.home));
  const { openStore } = await import('../ledger/store.js'); // a database's driver is not loaded for the socket
  const url = config.store.url.reveal();
  const clock = tools ? await clockBeside(url) : Date.now;
  const store = await openStore({ databaseUrl: url, clock });
  try {
    return await use(askStore(store, tools?.(store, clock)));
  } finally {
    await store.close();
  }
}

/** For commands that only need the time: `freeze` and `unfreeze`. */
export function justTheClock(_: Store, clock: () => number): Tools {
  return { clock };
}

async function clockBeside(url: string): Promise<() => number> {
  const [{ fitClock }, { storeClock }] = await Promise.all([import('./fit-clock.js'), import('../workers/checks/store.js')]);
  return fitClock([storeClock(url, Date.now)], (line) => process.stderr.write(`${line}\n`));
}

/** The account that runs this command, as this computer names it. It is told, not proved: never taken for a person of ours. */
export function operatorName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.() ?? 'unknown'}`; // a container's user need not have a name
  }
}

/** Prints for a person or for a script. */
export function print(json: boolean | undefined, value: unknown, text: () => string): void {
  process.stdout.write(`${json ? JSON.stringify(value, null, 2) : text()}\n`);
}
