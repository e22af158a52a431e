/** The keys of a new deployment, each where its process looks for it. */
import { generateKeyPairSync } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { StintError } from '../../contract/errors.js';
import { SENDERS, type Sender } from '../../contract/messages.js';
import { type KeyPlace, sealKeyPath, writeSealKey } from '../../seal/key-files.js';
import { generateSealKey, trustedKeysText } from '../../seal/keys.js';

const NAMES = Object.keys(SENDERS) as Sender[];

/** Makes them; answers the paths of the private ones. Throws `bad-config` when any is there already. */
export function init({ keysDir, trustedKeysFile }: KeyPlace): readonly string[] {
  const reply = join(keysDir, 'reply.pem');
  const secrets = [...NAMES.map((sender) => sealKeyPath(keysDir, sender)), reply];
  refuseExisting([trustedKeysFile, ...secrets].filter((path) => existsSync(path)));
  mkdirSync(keysDir, { recursive: true, mode: 0o700 });
  const made = NAMES.map(generateSealKey);
  for (const key of made) writeSealKey(keysDir, key);
  const pair = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  writeFileSync(reply, pair.privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600, flag: 'wx' });
  writeFileSync(join(keysDir, 'reply.pub.pem'), pair.publicKey.export({ type: 'spki', format: 'pem' }), { flag: 'wx' });
  // Last: where it is, everything that it names is there.
  writeFileSync(trustedKeysFile, trustedKeysText(made), { mode: 0o644, flag: 'wx' });
  return secrets;
}

function refuseExisting(there: readonly string[]): void {
  if (there.length === 0) return;
  throw new StintError(
    'bad-config',
    `These files are there already and are never overwritten: ${there.join(', ')}. Choose another --dir and --trusted, or see "stint keys rotate". If an init was cut short, remove them first.`,
  );
}
