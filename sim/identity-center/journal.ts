/**
 * What happened, one line each, so that a stand-in that was killed comes back with the truth it had: what is due when is
 * in the lines, so doing them again in order comes to the same. A line is on the disk before its call is answered.
 */
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import type { Change } from './changes.js';
import type { Sync } from './sync.js';

export type Entry =
  | { readonly kind: 'change'; readonly change: Change }
  | { readonly kind: 'sync'; readonly at: number; readonly act: keyof Sync; readonly args: readonly unknown[] };

export interface Journal {
  /** Everything since the first start; a last line that was torn by a kill is nothing that was answered. */
  read(): Entry[];
  append(entry: Entry): void;
}

/** A journal in this file; without a file it forgets. */
export function createJournal(file: string | undefined): Journal {
  if (file === undefined) return { read: () => [], append: () => undefined };
  return {
    read: () => (existsSync(file) ? readFileSync(file, 'utf8').split('\n').flatMap(entry) : []),
    append: (one) => appendFileSync(file, `${JSON.stringify(one)}\n`),
  };
}

function entry(line: string): Entry[] {
  try {
    return [JSON.parse(line) as Entry];
  } catch {
    return [];
  }
}
