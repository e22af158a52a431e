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
 * 25006 is a server that has become a standby; 57014 and 55P03 are our own statement and lock limits. 28, 3D000 and 42501
 * are rights that somebody took away: whoever mends them needs no restart of ours.
 */
const NOT_NOW = [
  /^08/,
  /^28/,
  /^3D000$/,
  /^42501$/,
  /^53/,
  /^57/,
  /^58030$/,
  /^25006$/,
  /^25P0[34]$/,
  /^40001$/,
  /^40P01$/,
  /^55P03$/,
];

/** What `pg` and PGlite say without any code: pg 8.23 lib/client.js, pg-pool index.js; PGlite 0.5 after `close`. */
const WORDS =
  /^(Connection terminated|timeout exceeded when trying to connect|timeout expired|Query read timeout|Client has encountered a connection error|Client was closed|Cannot use a pool after|Called end on pool|PGlite is closed|PGlite is closing|The server does not support SSL)/;

/** The error as callers of the store see it: `store-unavailable` when the database cannot be reached, else unchanged. */
export function storeError(error: unknown): unknown {
  if (error instanceof StintError || !isOutage(error)) return error;
  return new StintError('store-unavailable', undefined, { cause: error });
}

/**
 * The same for whoever starts a process: what cannot be reached, or is not allowed, with its fix. These sentences name the
 * database, so they are for operators only and never for somebody who pressed a button. Never holds the password.
 */
export function openingError(error: unknown): unknown {
  const told = storeError(error);
  if (!(told instanceof StintError) || told.code !== 'store-unavailable') return told;
  const why = reasonOf(told.cause);
  return why === undefined ? told : new StintError('store-unavailable', why, { cause: told.cause });
}

const OPENING: readonly (readonly [RegExp, (said: string) => string])[] = [
  [/^28P01$/, () => 'The database refuses the password. Correct it in DATABASE_URL.'],
  [/^28/, (said) => `The database does not let this role in (${said}). Correct the user in DATABASE_URL, or let it log in.`],
  [/^3D000$/, (said) => `The database is not there (${said}). Make it with "createdb", or correct its name in DATABASE_URL.`],
  [
    /^42501$/,
    (said) =>
      `The role of DATABASE_URL lacks a right (${said}). Make it the owner of the database, or: grant connect, create on the database, usage, create on schema public, and all rights on the tables. "stint doctor" names what is missing.`,
  ],
  [/^25006$/, () => 'The database only reads: it is a standby. Name the primary in DATABASE_URL.'],
  [/^53300$/, (said) => `The database has no connection left (${said}). Raise max_connections, or the limit of the role.`],
  [/^(ENOTFOUND|EAI_AGAIN)$/, (said) => `The host of DATABASE_URL is not found (${said}). Correct it, or mend the name service.`],
  [
    /^E[A-Z]+$/,
    (said) => `The database cannot be reached (${said}). Is it running, and are host and port of DATABASE_URL right?`,
  ],
];

/** Drivers and servers name hosts, roles, databases and tables in these messages, and no passwords. */
function reasonOf(cause: unknown): string | undefined {
  const inner = cause instanceof AggregateError ? cause.errors[0] : cause;
  const code = codeOf(inner) ?? codeOf(cause);
  if (code === undefined) return WORDLESS;
  const said = inner instanceof Error && inner.message ? inner.message.slice(0, 200) : code;
  return OPENING.find(([pattern]) => pattern.test(code))?.[1](said);
}

const WORDLESS = 'The database does not answer in time. Is it running, and are host and port of DATABASE_URL right?';

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
