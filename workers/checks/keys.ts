/**
 * The keys of a process: the private ones that it seals with, the public ones that it believes, and the one that signs
 * answers to Macs. A process asks for them before it starts anything, for without them it could only refuse.
 */
import { closeSync, existsSync, fstatSync, openSync } from 'node:fs';
import { isStintError, StintError } from '../../contract/errors.js';
import { SENDERS, type Sender } from '../../contract/messages.js';
import { readSealKey, refuseOpenMode, sealKeyPath } from '../../seal/key-files.js';
import { countingKeys } from '../../seal/rotation.js';
import { readTrustedKeys, refuseUnfit } from '../../seal/trusted-file.js';
import type { Config, ConfigPart, PartConfigs } from '../config.js';
import { replyKeyOf } from '../parts.js';
import type { Check } from './check.js';

export interface KeyCheckDeps {
  readonly seals: PartConfigs['seals'];
  /** There for the process that answers Macs. */
  readonly device?: PartConfigs['device'];
  /** What the process has to do: it says which keys it seals with, and whether it believes others. */
  readonly parts: readonly ConfigPart[];
  /** Milliseconds since 1970. */
  readonly clock: () => number;
}

interface Look {
  readonly name: string;
  /** Answers what was found. Throws `bad-config` with the fix. */
  readonly look: () => string;
}

/** What this process looks at, in the order in which it is mended. */
function looksOf({ seals, device, parts, clock }: KeyCheckDeps): readonly Look[] {
  const senders: readonly Sender[] = [
    ...(parts.includes('slack') ? (['slack-app'] as const) : []),
    ...(parts.includes('device') ? (['device-api'] as const) : []),
  ];
  const looks = senders.map((sender) => ({ name: `key of ${sender}`, look: () => sealKey(seals, sender, clock()) }));
  const believes = parts.includes('mdm'); // only workers open messages
  return [
    ...(believes ? [{ name: 'trusted keys', look: () => trusted(seals.trustedKeysFile, clock()) }] : []),
    ...looks,
    ...(device ? [{ name: 'reply key', look: () => replyKey({ device }) }] : []),
  ];
}

function sealKey({ keysDir, trustedKeysFile }: PartConfigs['seals'], sender: Sender, now: number): string {
  const { keyId } = readSealKey(keysDir, sender);
  const path = sealKeyPath(keysDir, sender);
  refuseUnfit(trustedKeysFile, { sender, keyId, path, now });
  return `${path} holds ${keyId}`;
}

function trusted(file: string, now: number): string {
  const keys = readTrustedKeys(file);
  const counts = (Object.keys(SENDERS) as Sender[]).map((sender) => `${countingKeys(keys, sender, now).length} of ${sender}`);
  return `${file}: ${counts.join(', ')}`;
}

function replyKey(config: Pick<Config<'device'>, 'device'>): string {
  const path = config.device.replyKeyFile;
  const { asymmetricKeyType, asymmetricKeyDetails } = replyKeyOf(config as Config<'device'>);
  if (asymmetricKeyType !== 'ec' || asymmetricKeyDetails?.namedCurve !== 'prime256v1')
    throw new StintError(
      'bad-config',
      `${path} is no ECDSA P-256 key, which is what Macs know. Make one with "stint keys init".`,
    );
  const fd = openSync(path, 'r');
  try {
    refuseOpenMode(path, fstatSync(fd).mode);
  } finally {
    closeSync(fd);
  }
  return `${path} can sign`;
}

/** Each key as a row. */
export function checkKeys(deps: KeyCheckDeps): Check {
  return async (say) => {
    for (const { name, look } of looksOf(deps)) {
      try {
        say.ok(name, look());
      } catch (error) {
        if (!isStintError(error)) throw error;
        say.fail(name, error.sentence);
      }
    }
    if (deps.parts.includes('mdm')) tellSilent(deps, say);
    tellOwn(deps, say);
  };
}

/** The command line's own: without it `stint revoke` cancels instead, so one that does not fit is no failure; nor is none at all. */
function tellOwn({ seals, clock }: KeyCheckDeps, say: Parameters<Check>[0]): void {
  if (!existsSync(sealKeyPath(seals.keysDir, 'cli'))) return;
  try {
    say.ok('key of cli', sealKey(seals, 'cli', clock()));
  } catch (error) {
    if (!isStintError(error)) throw error;
    say.warn(
      'key of cli',
      `stint revoke cannot seal, and cancels workflows instead. ${error.sentence}`,
      'Run: stint keys rotate cli',
    );
  }
}

/** Believed by nobody is not wrong in itself (a deployment without a CLI key), but says why nothing works. */
function tellSilent({ seals, clock }: KeyCheckDeps, say: Parameters<Check>[0]): void {
  try {
    const keys = readTrustedKeys(seals.trustedKeysFile);
    for (const sender of Object.keys(SENDERS) as Sender[]) {
      if (countingKeys(keys, sender, clock()).length > 0) continue;
      say.warn(
        `key of ${sender}`,
        `${seals.trustedKeysFile} has none that counts: nothing it says is carried out`,
        `Run: stint keys rotate ${sender}`,
      );
    }
  } catch (error) {
    if (!isStintError(error)) throw error; // said above
  }
}

/** Throws `bad-config` with the first key that does not fit, so that a process ends before it has started anything. */
export function requireKeys(deps: KeyCheckDeps): void {
  for (const { look } of looksOf(deps)) look();
}
