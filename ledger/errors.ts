/**
 * What a failing database means. Only failures of the connection, of a limit or of the server as a whole become
 * `store-unavailable`, which callers may retry; everything else is a defect and is rethrown as it is.
 */
import { StintError } from '../contract/errors.js';

/** Errors of sockets and of name look-up, as Node names them. */
const NETWORK = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENETDOWN',
  'ENOENT', // the server's Unix socket is not there
  'EACCES',
]);

/**
 * SQLSTATE classes and codes that say "not now": https://www.postgresql.org/docs/current/errcodes-appendix.html.
 * 25006 is a server that has become a standby; 57014 and 55P03 are our own statement and lock limits.
 */
const NOT_NOW = [/^08/, /^28/, /^3D000$/, /^53/, /^57/, /^58030$/, /^25006$/, /^25P0[34]$/, /^40001$/, /^40P01$/, /^55P03$/];

/** What `pg` and PGlite say without any code: pg 8.23 lib/client.js, pg-pool index.js; PGlite 0.5 after `close`. */
const WORDS =
  /^(Connection terminated|timeout exceeded when trying to connect|timeout expired|Query read timeout|Client has encountered a connection error|Client was closed|Cannot use a pool after|Called end on pool|PGlite is closed|PGlite is closing|The server does not support SSL)/;

/** The error as callers of the store see it: `store-unavailable` when the database cannot be reached, else unchanged. */
export function storeError(error: unknown): unknown {
  if (error instanceof StintError || !isOutage(error)) return error;
  return new StintError('store-unavailable', undefined, { cause: error });
}

/** Whether the server itself answered with an error, so that its connection is still good. */
export function isAnswer(error: unknown): boolean {
  const code = codeOf(error);
  return code !== undefined && /^[0-9A-Z]{5}$/.test(code) && !NETWORK.has(code) && !/^(08|57P)/.test(code);
}

function isOutage(error: unknown): boolean {
  const code = codeOf(error);
  if (code !== undefined) return NETWORK.has(code) || NOT_NOW.some((pattern) => pattern.test(code));
  return error instanceof Error && WORDS.test(error.message);
}

function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
