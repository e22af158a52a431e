/**
 * Whether a ticket is there, asked by HTTP of whatever keeps it. The ticket is somebody else's text: it goes into one place of an
 * address that the configuration fixes, encoded, and whatever comes of that has to have the same origin. An answer counts for half a
 * minute; none is used in the place of one that could not be had. What an answer's body says is not repeated.
 */
import { foldAddress } from '../../contract/address.js';
import { isStintError, StintError } from '../../contract/errors.js';
import type { Person, TicketAnswer, Tickets } from '../../contract/ports.js';
import { isLineValue, readLimited, reasonOf } from '../far-http.js';
import { keep } from '../latest.js';
import { type FieldCheck, PLACEHOLDER, type TicketCheck } from './checks-file.js';

export interface TicketDeps {
  readonly checks: readonly TicketCheck[];
  /** The text of the file that a header's value lies in; read for every call. Throws when it can't be read. */
  readonly secret: (file: string) => string;
  readonly fetch?: typeof fetch;
  /** For one call, in milliseconds. */
  readonly timeoutMs: number;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
}

const FRESH_MS = 30_000;
const KEPT = 1_000;
/** Much more than an answer that holds but the fields that are wanted. */
const ANSWER_MAX_BYTES = 1024 * 1024;
const PAUSE_DEFAULT_MS = 10_000;
const PAUSE_MAX_MS = 60_000;

/** What the far end says of a ticket: the fields that are checked, as far as it tells them, or that there is none. */
type Found = { readonly values: readonly (string | undefined)[] } | 'missing';

interface Kept {
  readonly at: number;
  readonly found: Promise<Found>;
}

/** Looks tickets up. Each call asks for one; many at a time for the same one share it. */
export function createTickets(deps: TicketDeps): Tickets {
  const ends = new Map(deps.checks.map((check) => [check.name, farEnd(check, deps)]));
  return {
    async look(name, ticket, requester) {
      const end = ends.get(name);
      if (!end) throw unavailable(`there is no check ${name} in the file of ticket checks (STINT_TICKETS).`);
      const found = await end.ask(ticket);
      if (found === 'missing') return { there: false, why: `There is no ticket ${ticket} (${name}).` };
      return answerOf(end.check, ticket, found.values, requester);
    },
  };
}

function farEnd(check: TicketCheck, deps: TicketDeps) {
  const kept = new Map<string, Kept>();
  const call = createCall(check, deps);
  const ask = (ticket: string): Promise<Found> => {
    const last = kept.get(ticket);
    const age = last ? deps.clock() - last.at : Number.POSITIVE_INFINITY;
    // A clock that went back makes nothing young again.
    if (last && age >= 0 && age < FRESH_MS) return last.found;
    const fresh: Kept = { at: deps.clock(), found: call(ticket) };
    keep(kept, ticket, fresh, KEPT);
    // A failure is nobody's answer but of those who wait for it.
    fresh.found.catch(() => kept.get(ticket) === fresh && kept.delete(ticket));
    return fresh.found;
  };
  return { check, ask };
}

function answerOf(
  { name, fields }: TicketCheck,
  ticket: string,
  values: readonly (string | undefined)[],
  requester: Pick<Person, 'email'>,
): TicketAnswer {
  const wrong = fields.find((field, i) => !holds(field, values[i], requester));
  if (!wrong) return { there: true };
  return {
    there: false,
    why: `The ticket ${ticket} is there (${name}), but will not do: ${wrong.field} has to be ${wantedOf(wrong)}.`,
  };
}

/** What the far end does not tell holds nothing. */
function holds({ is, not }: FieldCheck, value: string | undefined, { email }: Pick<Person, 'email'>): boolean {
  if (value === undefined) return false;
  if (is) return is.includes(value);
  if (not) return !not.includes(value);
  return email !== undefined && foldAddress(value) === foldAddress(email);
}

function wantedOf({ is, not }: FieldCheck): string {
  if (is) return is.join(' or ');
  return not ? `told, and not ${not.join(' or ')}` : 'the e-mail address of whoever asks';
}

/** One GET of one far end. It is left alone for as long as it asks to be. */
function createCall(check: TicketCheck, deps: TicketDeps): (ticket: string) => Promise<Found> {
  let quietUntil = 0;
  return async (ticket) => {
    const now = deps.clock();
    if (now < quietUntil && quietUntil - now <= PAUSE_MAX_MS) throw unavailable(`${check.name} is busy.`);
    const { response, text } = await exchange(check, deps, ticket);
    if (response.status === 429) quietUntil = deps.clock() + pauseOf(response);
    if (check.missing.includes(response.status)) return 'missing';
    if (!check.there.includes(response.status)) throw refusal(check.name, response.status);
    const body = check.fields.length > 0 ? jsonOf(check.name, text) : undefined;
    return { values: check.fields.map(({ field }) => valueAt(body, field.split('.'))) };
  };
}

/** Every way in which it is not known whether a ticket is there. */
function unavailable(sentence: string, options?: ErrorOptions): StintError {
  return new StintError('ticket-unavailable', sentence, options);
}

async function exchange(
  check: TicketCheck,
  { secret, timeoutMs, fetch: send = fetch }: TicketDeps,
  ticket: string,
): Promise<{ readonly response: Response; readonly text: string }> {
  const { name, fields } = check;
  const url = addressOf(check, ticket);
  const headers = { accept: 'application/json', ...proofOf(check, secret) };
  try {
    const response = await send(url, { headers, redirect: 'manual', signal: AbortSignal.timeout(timeoutMs) });
    const wanted = fields.length > 0 && check.there.includes(response.status);
    if (wanted) return { response, text: await readLimited(response, ANSWER_MAX_BYTES, () => tooLarge(name)) };
    await response.body?.cancel();
    return { response, text: '' };
  } catch (error) {
    if (isStintError(error)) throw error;
    throw unavailable(`${name} does not answer.`, { cause: new Error(reasonOf(error)) });
  }
}

/** NB: `ticket` is attacker-controlled. Encoded it has no slash and no query in it; the comparison is there in case it had. */
function addressOf({ name, url }: TicketCheck, ticket: string): URL {
  const [before = '', after = ''] = url.split(PLACEHOLDER);
  const made = new URL(`${before}${encodeURIComponent(ticket)}${after}`);
  const plain = new URL(`${before}X${after}`);
  const depth = ({ pathname }: URL) => pathname.split('/').length;
  if (made.origin === plain.origin && depth(made) === depth(plain) && made.hash === '') return made;
  throw unavailable(`${name} can't be asked for a ticket of that name.`);
}

function proofOf({ name, header }: TicketCheck, secret: (file: string) => string): Readonly<Record<string, string>> {
  if (!header) return {};
  const value = readSecret(name, header.file, secret).trim();
  if (isLineValue(value)) return { [header.name]: value };
  throw unavailable(`the file of the header for ${name} is empty, or holds more than one line.`);
}

function readSecret(name: string, file: string, secret: (file: string) => string): string {
  try {
    return secret(file);
  } catch {
    throw unavailable(`the file of the header for ${name} can't be read.`);
  }
}

const tooLarge = (name: string): StintError => unavailable(`the answer of ${name} is too large.`);

function refusal(name: string, status: number): StintError {
  if (status === 429) return unavailable(`${name} is busy.`);
  if (status === 401 || status === 403) return unavailable(`${name} refuses Stint (HTTP ${status}).`);
  if (status >= 300 && status < 400) return unavailable(`${name} redirects elsewhere.`);
  return unavailable(`${name} could not answer (HTTP ${status}).`);
}

function pauseOf(response: Response): number {
  const text = response.headers.get('retry-after') ?? '';
  return /^\d{1,6}$/.test(text) ? Math.min(Number(text) * 1000, PAUSE_MAX_MS) : PAUSE_DEFAULT_MS;
}

function jsonOf(name: string, text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw unavailable(`${name} answered with something that is not JSON.`);
  }
}

/** The text, number or truth value at a path; undefined where there is none, or something else. */
function valueAt(body: unknown, path: readonly string[]): string | undefined {
  let here = body;
  for (const step of path) {
    if (typeof here !== 'object' || here === null || !Object.hasOwn(here, step)) return undefined;
    here = (here as Readonly<Record<string, unknown>>)[step];
  }
  return ['string', 'number', 'boolean'].includes(typeof here) ? String(here) : undefined;
}
