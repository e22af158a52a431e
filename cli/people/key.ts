/** A person's own key on their computer: one file that nobody else may read. The private half is never printed. */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { chmodSync, lstatSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { StintError } from '../../contract/errors.js';
import { personKeyId } from '../../seal/person-key.js';

export interface OwnKey {
  readonly file: string;
  readonly keyId: string;
  /** 32 bytes, base64url: what is enrolled. */
  readonly publicKey: string;
  readonly privateKey: KeyObject;
}

/** Where the key is: `STINT_PERSON_KEY_FILE`, else in the folder for settings of this account. */
export function keyFileOf(env: NodeJS.ProcessEnv): string {
  const folder = env.XDG_CONFIG_HOME?.startsWith('/') ? env.XDG_CONFIG_HOME : join(homedir(), '.config');
  return env.STINT_PERSON_KEY_FILE || join(folder, 'stint', 'person-key.pem');
}

/** Makes a key; one that is there is replaced. Throws `bad-config` when the file cannot be written. */
export function makeOwnKey(file: string): OwnKey {
  const pem = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' });
  const fresh = `${file}.new-${process.pid}`;
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    writeFileSync(fresh, pem, { mode: 0o600, flag: 'wx' });
    chmodSync(fresh, 0o600);
    renameSync(fresh, file); // whole or not at all
  } catch (error) {
    throw new StintError('bad-config', `The key cannot be written to ${file}: ${codeOf(error)}.`, { cause: error });
  }
  return readOwnKey(file);
}

/** Undefined when there is none. Throws `bad-config` for a file that others may read, or that holds something else. */
export function findOwnKey(file: string): OwnKey | undefined {
  const found = lstatSync(file, { throwIfNoEntry: false });
  if (!found) return undefined;
  const uid = process.getuid?.();
  if (!found.isFile()) throw new StintError('bad-config', `${file} is no ordinary file. Remove it, and run "stint enroll".`);
  if (uid !== undefined && found.uid !== uid) throw new StintError('bad-config', `${file} belongs to another account.`);
  if ((found.mode & 0o077) !== 0)
    throw new StintError(
      'bad-config',
      `Others may read ${file}. Run "stint enroll --new", since it may have been read; and remove the old key in Slack.`,
    );
  return ownKeyOf(file, readFileSync(file, 'utf8'));
}

/** As `findOwnKey`; throws `bad-config` with what to do when there is none. */
export function readOwnKey(file: string): OwnKey {
  const key = findOwnKey(file);
  if (key) return key;
  throw new StintError('bad-config', 'You have no key on this computer yet. Run "stint enroll", and paste its line into Slack.');
}

function ownKeyOf(file: string, pem: string): OwnKey {
  try {
    const privateKey = createPrivateKey(pem);
    if (privateKey.asymmetricKeyType !== 'ed25519') throw new TypeError('another kind of key');
    const { x = '' } = createPublicKey(privateKey).export({ format: 'jwk' });
    return { file, keyId: personKeyId(x), publicKey: x, privateKey };
  } catch {
    throw new StintError('bad-config', `${file} holds no Ed25519 key. Make another one: stint enroll --new`);
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
