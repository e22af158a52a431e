/** Reads the files that commands about policies are given. */
import { readFileSync } from 'node:fs';
import { StintError } from '../../contract/errors.js';

/** The text of a file. Throws `bad-input`, which names the file and how it came to be looked for. */
export function readText(file: string, fix: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    throw new StintError('bad-input', `The file ${file} cannot be read. ${fix}`);
  }
}
