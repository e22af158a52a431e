/**
 * Replies are signed too: what tells a Mac to elevate must come from this server, not from a proxy that inspects TLS.
 * The signature is bound to the nonce of the call, so that an old reply cannot answer a new call.
 */
import { createHash, type KeyObject, sign } from 'node:crypto';

export const REPLY_HEADER = 'stint-reply-signature';

/** What is signed: a fixed first line, then nonce, status and the SHA-256 of the body, a line each. */
function replyText(nonce: string, status: number, body: string): string {
  return `stint-reply-v1\n${nonce}\n${status}\n${createHash('sha256').update(body).digest('hex')}\n`;
}

/** ECDSA P-256 over SHA-256, DER, in base64: the form that `openssl dgst -verify` on a Mac reads. */
export function signReply(key: KeyObject, nonce: string, status: number, body: string): string {
  return sign('sha256', Buffer.from(replyText(nonce, status, body)), key).toString('base64');
}
