/** The text of a file that people write. A decoder that forgives would make other names of theirs: a rule about "Büro" then takes nothing. */
import { StintError } from '../contract/errors.js';

const NEWLINE = 0x0a;

/** Throws `bad-config`, which names the file, the place of the first byte that is none of UTF-8, and the fix. A BOM is no part of the text. */
export function utf8Of(bytes: Uint8Array, file: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    const [first, second] = bytes;
    const wide = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff);
    const what = wide ? 'the file is UTF-16' : 'here is a byte that is not UTF-8';
    throw new StintError('bad-config', `${file}:${firstBad(bytes)} ${what}; save it as UTF-8`, { cause });
  }
}

/** `line:column`, in characters. */
function firstBad(bytes: Uint8Array): string {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let [line, column] = [1, 1];
  try {
    for (const byte of bytes) {
      column += decoder.decode(Uint8Array.of(byte), { stream: true }).length;
      if (byte === NEWLINE) [line, column] = [line + 1, 1];
    }
  } catch {
    // It is the byte at which we are.
  }
  return `${line}:${column}`;
}
