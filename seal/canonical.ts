/** RFC 8785 canonical JSON, and the SHA-256 digests over it that name requests, rounds and entries. */
import { hash } from 'node:crypto';
import canonicalize from 'canonicalize';
import type { Digest, RequestId } from '../contract/ids.js';
import type { ElevationRequest } from '../contract/request.js';

/** The RFC 8785 form. Throws on what JSON cannot say (NaN, cycles, undefined at the top, lone surrogates). */
export function canonical(value: unknown): string {
  const text = canonicalize(value);
  if (text === undefined) throw new TypeError('this value has no canonical JSON form');
  return text;
}

/** Lower-case hex SHA-256 of text or bytes. */
export function sha256(data: string | Uint8Array): Digest {
  return hash('sha256', data) as Digest;
}

/** Digest of any JSON value over its canonical form. */
export function digestOf(value: unknown): Digest {
  return sha256(canonical(value));
}

/** What a request is named by: any change of any field is another digest, so old approvals never fit (invariant I4). */
export function requestDigest(request: ElevationRequest): Digest {
  return digestOf({ t: 'stint-request-v1', request });
}

/** The digest of an extension round, bound to its elevation and to the message that asked for it. */
export function extensionDigest(requestId: RequestId, nonce: string, windowMs: number): Digest {
  return digestOf({ t: 'stint-extension-v1', requestId, nonce, windowMs });
}

const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567';

/**
 * The request id of an entrance's own idempotency key (a modal's view id, a device call's nonce): the same key is the
 * same request, so a repeated start cannot make a second elevation.
 */
export function requestIdFrom(entrance: string, key: string): RequestId {
  const bytes = hash('sha256', `stint-request-id-v1\n${entrance}\n${key}`, 'buffer');
  let bits = 0n;
  for (const byte of bytes.subarray(0, 17)) bits = (bits << 8n) | BigInt(byte);
  bits >>= 6n; // 136 bits read, 130 kept: 26 characters of 5 bits
  let text = '';
  for (let i = 0; i < 26; i++) {
    text = BASE32[Number(bits & 31n)] + text;
    bits >>= 5n;
  }
  return text as RequestId;
}
