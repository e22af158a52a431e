/** How a command reaches the store: directly when there is a PostgreSQL, else through the process that holds the folder. */
import { readFileSync } from 'node:fs';
import { askSocket } from '../workers/admin-socket.js';
import { loadConfig } from '../workers/config.js';
import { type Ask, askStore } from '../workers/questions.js';

/** Runs `use` with a way to ask, and cleans up. Throws `store-unavailable` with what to do. */
export async function withStore<T>(use: (ask: Ask) => Promise<T>): Promise<T> {
  const config = loadConfig({ env: process.env, readFile: (path) => readFileSync(path, 'utf8'), parts: ['store'] });
  if (config.store.kind === 'pglite') return use(askSocket(config.home));
  const { openStore } = await import('../ledger/store.js'); // a database's driver is not loaded for the socket
  const store = await openStore({ databaseUrl: config.store.url.reveal(), clock: Date.now });
  try {
    return await use(askStore(store));
  } finally {
    await store.close();
  }
}

/** Prints for a person or for a script. */
export function print(json: boolean | undefined, value: unknown, text: () => string): void {
  process.stdout.write(`${json ? JSON.stringify(value, null, 2) : text()}\n`);
}
