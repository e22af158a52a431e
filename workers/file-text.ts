/**
 * The text of a small file that people edit while we run. Asked for many times a second, so it is read again only when
 * the file's stamp is another.
 */
import { type BigIntStats, readFileSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { utf8Of } from '../policy/utf8.js';

/** A stamp is as coarse as the kernel's tick, in ms: until it is older than this, a second edit could have the same one. */
const TICK_MS = 1_000;

/** The text of a file that people write. Throws what the file system throws, and `bad-config` where it is not UTF-8. */
export const readText = (path: string): string => utf8Of(readFileSync(path), path);

/** The same without holding anything up. */
export const readTextLater = async (path: string): Promise<string> => utf8Of(await readFile(path), path);

/** Answers the text as it is at each call. Throws what the file system throws, and `bad-config` where it is not UTF-8. */
export function fileText(path: string, clock: () => number, read = readTextLater): () => Promise<string> {
  let last: { readonly stamp: string; readonly text: string } | undefined;
  return async () => {
    const before = statSync(path, { bigint: true });
    const stamp = stampOf(before);
    if (last?.stamp === stamp) return last.text;
    last = undefined;
    const text = await read(path);
    const settled = clock() - Number(before.ctimeMs) > TICK_MS && stampOf(statSync(path, { bigint: true })) === stamp;
    if (settled) last = { stamp, text };
    return text;
  };
}

/** The time of change cannot be set by a program that copies a file's dates. */
function stampOf({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return [dev, ino, size, mtimeNs, ctimeNs].join('/');
}
