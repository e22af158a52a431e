/**
 * Calls to the server, signed with the person's own key as RFC 9421 has it. An answer is believed as far as TLS goes; where
 * the server's key is given, its signature of the answer is checked too, as Macs do.
 */
import { createHash, createPublicKey, type KeyObject, randomBytes, sign, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { ERRORS, type ErrorCode, StintError } from '../../contract/errors.js';
import { isLoopback } from '../../contract/loopback.js';
import type { OwnKey } from './key.js';

export interface PeopleClient {
  /** Throws the server's refusal, `not-ready` when it cannot be reached, `bad-signature` for an answer that is not its own. */
  call(method: 'GET' | 'POST', path: string, body?: unknown): Promise<unknown>;
}

export interface ClientDeps {
  readonly server: URL;
  readonly key: Pick<OwnKey, 'keyId' | 'privateKey'>;
  /** The public half of the key that signs answers. */
  readonly serverKey?: KeyObject;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
}

const CALL_MS = 15_000;
const LIFE_S = 60;
const ANSWER_MAX = 1024 * 1024;
const COVERED = '("@method" "@authority" "@path" "@query" "content-digest" "content-type")';

export function createPeopleClient(deps: ClientDeps): PeopleClient {
  return {
    async call(method, path, body) {
      const url = new URL(path, deps.server);
      const text = body === undefined ? '' : JSON.stringify(body);
      const nonce = randomBytes(16).toString('base64url');
      const response = await reach(url, {
        method,
        headers: headersOf(deps, method, url, text, nonce),
        ...(text && { body: text }),
      });
      const answer = await response.text().catch(() => '');
      if (answer.length > ANSWER_MAX) throw notOurs(deps.server);
      if (!response.ok) throw refusalOf(deps.server, answer);
      const said = response.headers.get('stint-reply-signature');
      if (deps.serverKey && !genuine(deps.serverKey, nonce, response.status, answer, said)) {
        throw new StintError(
          'bad-signature',
          `The answer of ${deps.server.host} was not signed by the key in STINT_SERVER_KEY_FILE.`,
        );
      }
      return parsed(answer) ?? fail(notOurs(deps.server));
    },
  };
}

/** The address of the server. Throws `bad-input` unless it is https, or plain http on this very computer (the demo). */
export function serverOf(text: string | undefined): URL {
  if (!text)
    throw new StintError('bad-input', 'Say where Stint is: set STINT_SERVER_URL, or give --server https://stint.example.com');
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const here = url?.protocol === 'http:' && isLoopback(url.hostname);
  if (!url || (url.protocol !== 'https:' && !here))
    throw new StintError('bad-input', `${text} is no https address. Stint is called by https, or by http on this very computer.`);
  return new URL('/', url);
}

/** The public half of the server's key for answers. Throws `bad-config`. */
export function serverKeyOf(file: string | undefined): KeyObject | undefined {
  if (!file) return undefined;
  try {
    return createPublicKey(readFileSync(file, 'utf8'));
  } catch {
    throw new StintError('bad-config', `STINT_SERVER_KEY_FILE: ${file} is no readable public key in PEM.`);
  }
}

function headersOf({ key, clock }: ClientDeps, method: string, url: URL, body: string, nonce: string): Record<string, string> {
  const created = Math.floor(clock() / 1000);
  const digest = `sha-256=:${createHash('sha256').update(body).digest('base64')}:`;
  const params = `${COVERED};created=${created};expires=${created + LIFE_S};nonce="${nonce}";keyid="${key.keyId}";alg="ed25519";tag="stint-person-v1"`;
  const base = [
    `"@method": ${method}`,
    `"@authority": ${url.host.toLowerCase()}`,
    `"@path": ${url.pathname}`,
    `"@query": ${url.search || '?'}`,
    `"content-digest": ${digest}`,
    '"content-type": application/json',
    `"@signature-params": ${params}`,
  ].join('\n');
  return {
    'content-type': 'application/json',
    'content-digest': digest,
    'signature-input': `stint=${params}`,
    signature: `stint=:${sign(null, Buffer.from(base), key.privateKey).toString('base64')}:`,
  };
}

async function reach(url: URL, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, { ...init, redirect: 'error', signal: AbortSignal.timeout(CALL_MS) });
  } catch (error) {
    throw new StintError('not-ready', `Stint cannot be reached at ${url.origin}. Check STINT_SERVER_URL and your network.`, {
      cause: error,
    });
  }
}

/** The form of the signature is that of `device/api/reply.ts`. */
function genuine(key: KeyObject, nonce: string, status: number, body: string, signature: string | null): boolean {
  const said = `stint-reply-v1\n${nonce}\n${status}\n${createHash('sha256').update(body).digest('hex')}\n`;
  return signature !== null && verify('sha256', Buffer.from(said), key, Buffer.from(signature, 'base64'));
}

/** Whoever answers is not proved by that: of its words only a code of ours and a line of plain text are taken. */
function refusalOf(server: URL, answer: string): StintError {
  const problem = parsed(answer) as { readonly code?: unknown; readonly detail?: unknown } | undefined;
  const { code, detail } = problem ?? {};
  if (typeof code !== 'string' || !isCode(code) || typeof detail !== 'string') return notOurs(server);
  return new StintError(code, plain(detail));
}

/** One line without what a terminal would act on. */
export function plain(text: string): string {
  return text
    .replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ')
    .trim()
    .slice(0, 600);
}

const isCode = (code: string): code is ErrorCode => Object.hasOwn(ERRORS, code);

function parsed(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

const notOurs = (server: URL): StintError =>
  new StintError(
    'not-ready',
    `What answers at ${server.origin} is not Stint, or a part on the way failed. Check STINT_SERVER_URL.`,
  );

function fail(error: StintError): never {
  throw error;
}
