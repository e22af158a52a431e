/**
 * Reads `Signature-Input` and `Signature` of RFC 9421 for one profile: that of Macs, or that of people. Everything here is
 * attacker-controlled, so there is one accepted spelling: no blanks, no second label, no unknown parameter, no
 * parameter twice, and exactly the required components. A valid signature over too little is the classic mistake.
 */
import { StintError } from '../../contract/errors.js';

/** What every call must cover, in this order. */
const COVERED = ['@method', '@authority', '@path', '@query', 'content-digest', 'content-type'] as const;
const LABEL = 'stint';

/** Who speaks: keys, algorithm and tag of one kind of caller are never taken for another's. */
export interface Profile {
  readonly algorithm: string;
  readonly tag: string;
  readonly keyId: RegExp;
}

export interface SignatureInput {
  /** Unix seconds. */
  readonly created: number;
  readonly expires: number;
  /** 128 bits, base64url. */
  readonly nonce: string;
  readonly keyId: string;
  /** The member's value as it was sent: what the signature covers as `@signature-params`. */
  readonly raw: string;
}

const PREFIX = `${LABEL}=`;
const LIST = `(${COVERED.map((name) => `"${name}"`).join(' ')})`;
const INPUT_MAX = 512;
const PARAMETERS = ['created', 'expires', 'nonce', 'keyid', 'alg', 'tag'] as const;
type Parameter = (typeof PARAMETERS)[number];
/** One `;name=value` of RFC 8941: a string without escapes, or an integer in its only spelling. */
const PARAMETER = /^;([a-z]{1,10})=(?:"([\x20\x21\x23-\x5b\x5d-\x7e]{0,128})"|(0|[1-9]\d{0,11}))/;

/** Throws `bad-signature` for anything but the one accepted form. */
export function readSignatureInput(header: string, profile: Profile): SignatureInput {
  if (header.length > INPUT_MAX || !header.startsWith(PREFIX)) throw bad('It must carry one signature, labelled stint.');
  const raw = header.slice(PREFIX.length);
  if (!raw.startsWith(`${LIST};`)) throw bad('It does not cover what it must.');
  const found = readParameters(raw.slice(LIST.length));
  if (text(found, 'alg') !== profile.algorithm || text(found, 'tag') !== profile.tag)
    throw bad('Its algorithm or its tag is another.');
  const nonce = text(found, 'nonce');
  const keyId = text(found, 'keyid');
  if (!isNonce(nonce)) throw bad('Its nonce must be 16 bytes in base64url.');
  if (!profile.keyId.test(keyId)) throw bad('Its key id is malformed.');
  return { created: integer(found, 'created'), expires: integer(found, 'expires'), nonce, keyId, raw };
}

/** The 64 bytes r||s of the one signature. Throws `bad-signature`. */
export function readSignatureBytes(header: string): Buffer {
  const match = /^stint=:([A-Za-z0-9+/]{86}==):$/.exec(header);
  const bytes = match?.[1] === undefined ? undefined : strictBase64(match[1]);
  if (bytes?.length !== 64) throw bad('It must be 64 bytes in base64, labelled stint.');
  return bytes;
}

/** The bytes of standard base64, or undefined when the text is not their one canonical spelling. */
export function strictBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : undefined;
}

export const bad = (why: string): StintError =>
  new StintError('bad-signature', `The signature of this call is not valid. ${why}`);

function readParameters(text: string): ReadonlyMap<Parameter, string | number> {
  const found = new Map<Parameter, string | number>();
  let rest = text;
  while (rest !== '') {
    const match = PARAMETER.exec(rest);
    const name = PARAMETERS.find((known) => known === match?.[1]);
    if (!match || name === undefined || found.has(name)) throw bad('Its parameters are malformed.');
    found.set(name, match[2] ?? Number(match[3]));
    rest = rest.slice(match[0].length);
  }
  return found;
}

function text(found: ReadonlyMap<Parameter, string | number>, name: Parameter): string {
  const value = found.get(name);
  if (typeof value !== 'string') throw bad(`Its ${name} is missing or malformed.`);
  return value;
}

function integer(found: ReadonlyMap<Parameter, string | number>, name: Parameter): number {
  const value = found.get(name);
  if (typeof value !== 'number') throw bad(`Its ${name} is missing or malformed.`);
  return value;
}

function isNonce(text: string): boolean {
  return /^[A-Za-z0-9_-]{22}$/.test(text) && Buffer.from(text, 'base64url').toString('base64url') === text;
}
