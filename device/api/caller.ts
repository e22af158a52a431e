/**
 * Turns a signed call into a known Mac, or refuses it. The order matters: form and time first (free), then the key
 * (cached), then the signature, and only then is the nonce used up.
 */
import { createPublicKey, type KeyObject } from 'node:crypto';
import { StintError } from '../../contract/errors.js';
import { instant, type Serial } from '../../contract/ids.js';
import type { Devices, OnceStore } from '../../contract/ports.js';
import { keyIdOf, openCall, type SignedCall, verifyCall } from './signature.js';
import { bad } from './signature-input.js';

/** A Mac that proved to be itself. */
export interface Caller {
  readonly serial: Serial;
  readonly keyId: string;
  /** Of this call; the reply's signature is bound to it. */
  readonly nonce: string;
}

export interface CallerDeps {
  readonly devices: Pick<Devices, 'key'>;
  readonly once: OnceStore;
  readonly clock: () => number;
  readonly authorities?: readonly string[];
}

/** How long a key is believed without asking again: a revoked key works for at most this. */
const KEY_CACHE_MS = 30_000;
const KEYS_CACHED = 20_000;

interface KnownKey {
  readonly serial: Serial;
  readonly key: KeyObject;
  readonly readAt: number;
}

/** Throws `bad-signature`, `stale-call`, `replayed`, `store-unavailable`. */
export function createCallerCheck(deps: CallerDeps): (call: SignedCall) => Promise<Caller> {
  const keyOf = createKeyCache(deps);
  const authorities = deps.authorities?.map((name) => name.toLowerCase());
  return async (call) => {
    if (authorities && !authorities.includes(call.authority.toLowerCase())) throw bad('It was made to another host.');
    const opened = openCall(call, deps.clock());
    const { keyId, nonce } = opened.input;
    const known = await keyOf(keyId);
    verifyCall(call, opened, known.key);
    // remembered a second longer than it could be accepted again
    const until = instant((opened.refusedAfter + 1) * 1000);
    if (!(await deps.once.first('device-call', `${keyId}/${nonce}`, until))) throw new StintError('replayed');
    return { serial: known.serial, keyId, nonce };
  };
}

function createKeyCache({ devices, clock }: CallerDeps): (keyId: string) => Promise<KnownKey> {
  const cache = new Map<string, KnownKey>();
  return async (keyId) => {
    const cached = cache.get(keyId);
    if (cached && clock() - cached.readAt < KEY_CACHE_MS) return cached;
    cache.delete(keyId);
    const row = await devices.key(keyId);
    // An unknown key and a revoked one get the same answer. Neither is cached: whoever enrols must not have to wait.
    if (!row || row.revokedAt) throw bad('Its key is not known here, or was withdrawn.');
    const known = { serial: row.serial, key: publicKeyOf(row.publicKey, keyId), readAt: clock() };
    if (cache.size >= KEYS_CACHED) cache.clear();
    cache.set(keyId, known);
    return known;
  };
}

/** A row whose key does not belong to its id was not written by us. */
function publicKeyOf(pem: string, keyId: string): KeyObject {
  const key = createPublicKey(pem);
  if (keyIdOf(key) !== keyId) throw bad('Its key is not the one of its id.');
  return key;
}
