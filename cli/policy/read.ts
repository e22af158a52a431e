/** Reads the files that commands about policies are given. */
import { parseTicketChecks } from '../../activities/tickets/checks-file.js';
import { isStintError, StintError } from '../../contract/errors.js';
import { loadConfig } from '../../workers/config.js';
import { readText as read } from '../../workers/file-text.js';

/** The text of a file. Throws `bad-config`, which names the file and how it came to be looked for, or where it is not UTF-8. */
export function readText(file: string, fix: string): string {
  try {
    return read(file);
  } catch (error) {
    if (isStintError(error)) throw error;
    throw new StintError('bad-config', `The file ${file} cannot be read. ${fix}`);
  }
}

/**
 * The names of the checks of tickets in a file, or in that of the configuration; undefined where none is named. Throws `bad-config`,
 * and `bad-input` for a file that can't be read.
 */
export function checkNames(file?: string): readonly string[] | undefined {
  if (file === undefined && !process.env.STINT_TICKETS && !process.env.STINT_CONFIG) return undefined;
  const { checks } =
    file === undefined
      ? loadConfig({ env: process.env, readFile: read, parts: ['tickets'] }).tickets
      : { checks: parseTicketChecks(readText(file, 'Give the path of a file of ticket checks.'), file, true) };
  return checks.map(({ name }) => name);
}
