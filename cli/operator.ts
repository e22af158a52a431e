/** What an operator's command needs beside the store: a way to workflows, and one to the targets for when that is closed. */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { isStintError } from '../contract/errors.js';
import type { Digest } from '../contract/ids.js';
import type { Store } from '../contract/ports.js';
import { createSealer, type Seal } from '../seal/envelope.js';
import { readSealKey } from '../seal/key-files.js';
import { type ConfigPart, loadConfig } from '../workers/config.js';
import { readText } from '../workers/file-text.js';
import { alarmsOf, reconcilerOf } from '../workers/guard.js';
import { createLog } from '../workers/log.js';
import { createHand } from '../workers/operator-hand.js';
import { pause, targetsOf, temporalClient } from '../workers/parts.js';
import type { Ask, Tools } from '../workers/questions.js';
import type { Hand } from '../workers/take-back.js';

const TELL_MS = 5_000;

/** The way to Temporal. A key of the command line that is not there is said, and Cancel does without. */
export async function handOf(
  ask: Ask | undefined,
  reason: string | undefined,
  say: (line: string) => void,
): Promise<{ readonly hand: Hand; readonly close: () => Promise<void> }> {
  const config = settings(['temporal', 'seals']);
  const client = temporalClient(config);
  const seal = sealOf(config.seals.keysDir, say);
  const commentDigest = reason && ask ? await ask<Digest>({ ask: 'keep-words', text: reason }) : undefined;
  const hand = createHand({ client, ...(seal && { seal }), ...(commentDigest && { commentDigest }), clock: Date.now });
  return { hand, close: () => client.connection.close() };
}

/** For a store that this very process opens: the targets are reached from here, if this environment has the MDM's settings. */
export function targetsFromHere(store: Store, clock: () => number): Tools {
  let targets: ReturnType<NonNullable<Tools['targets']>> | undefined;
  return {
    clock,
    targets: () => {
      targets ??= { driverOf: targetsOf(settings(['mdm', 'aws']), store, clock).driverOf, sleep: pause };
      return targets;
    },
    reconcile: () => {
      const config = settings(['policy', 'mdm', 'aws', 'alarms']);
      // Whoever runs the command reads what it found; the webhook and the ledger hear of it, too.
      const alarms = alarmsOf(config, store, createLog('silent', 'reconcile'));
      const run = reconcilerOf(config, store, targetsOf(config, store, clock), { alarms, clock, sleep: pause });
      return async (options) => {
        const result = await run(options);
        // One try and a repeat; a webhook that is down must not keep the command from answering.
        const enough = new AbortController();
        const late = sleep(TELL_MS, undefined, { signal: enough.signal }).catch(() => undefined);
        await Promise.race([alarms.idle(), late]);
        enough.abort();
        return result;
      };
    },
  };
}

function sealOf(keysDir: string, say: (line: string) => void): Seal | undefined {
  try {
    return createSealer({ sender: 'cli', ...readSealKey(keysDir, 'cli'), clock: Date.now, random: randomBytes });
  } catch (error) {
    if (!isStintError(error)) throw error;
    say(`${error.sentence} Workflows are cancelled instead, which needs no key.`);
    return undefined;
  }
}

function settings<P extends ConfigPart>(parts: readonly P[]) {
  return loadConfig({ env: process.env, readFile: readText, parts });
}
