/**
 * A process that owns a folder's store, for the tests that kill one. `hold` opens it and waits; `write` appends one event
 * after the other and tells the number of each once it is acknowledged; `lock` takes the bare lock.
 */
import type { AnyEvent } from '../../contract/events.js';
import { instant, type RequestId } from '../../contract/ids.js';
import { lockFolder } from '../../ledger/folder-lock.js';
import { openStore } from '../../ledger/store.js';
import { requestIdFrom, sha256 } from '../../seal/canonical.js';

const [, , mode = '', folder = '', from = '0'] = process.argv;
const say = (word: string) => process.stdout.write(`${word}\n`);

function eventOf(n: number): AnyEvent {
  const requestId: RequestId = requestIdFrom('test', 'writer');
  const requestDigest = sha256('writer');
  const data = { kind: 'unknown', code: 'bad-seal' } as const;
  return {
    id: `w${n}`,
    type: 'refused',
    requestId,
    requestDigest,
    runId: 'no-run',
    at: instant(n),
    actor: { via: 'system' },
    data,
  };
}

async function own(): Promise<void> {
  if (mode === 'lock') {
    await lockFolder(folder);
    return void say('owned');
  }
  const store = await openStore({ folder, clock: () => Date.now() });
  say('owned');
  if (mode !== 'write') return;
  for (let n = Number(from); ; n++) {
    await store.ledger.append([eventOf(n)]);
    say(`${n}`);
  }
}

// The lock itself keeps no process running; this one is to be killed.
setInterval(() => {}, 1_000);
own().catch((error: { code?: string }) => {
  say(`refused ${error.code ?? error}`);
  process.exit(3);
});
