/**
 * What every call of a far end by HTTP with a token has to look at, whosever API it is: the token before `fetch` can tell it, the
 * size of the answer before it is held, and why there was none.
 */

/** Whether a token can stand in a header: `fetch` puts a value that can't, here the token, into its error text. */
export function isHeaderValue(token: string): boolean {
  return /^[\x21-\x7e]+$/.test(token);
}

/** The same for the whole value of a header, in which blanks may stand. */
export function isLineValue(value: string): boolean {
  return /^[\x20-\x7e]+$/.test(value);
}

/** The body as text, of so many bytes at most. Throws what `tooLarge` makes for more, which is not read. */
export async function readLimited(response: Response, maxBytes: number, tooLarge: () => Error): Promise<string> {
  if (!response.body) return '';
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of response.body as AsyncIterable<Uint8Array>) {
    size += part.byteLength;
    if (size > maxBytes) throw tooLarge();
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

/** Why `fetch` had no answer, without its text: that may hold what was sent. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'no answer';
  const code = (error.cause as { code?: unknown } | undefined)?.code;
  return typeof code === 'string' ? `no answer: ${code}` : `no answer: ${error.name}`;
}
