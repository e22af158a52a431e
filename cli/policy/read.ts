/** Reads the files that commands about policies are given. */
import { parseTicketChecks } from '../../activities/tickets/checks-file.js';
import { isStintError, StintError } from '../../contract/errors.js';
import { loadConfig } from '../../workers/config.js';
import { readText as read } from '../../workers/file-text.js';
import { print } from '../ask.js';

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
 * What `run` answers. Where a file is wrong, and JSON is wanted, `told` is printed with its mistakes, one a line as
 * `file:line:column path: what is wrong`; the error goes on to whoever called, and with it the exit code.
 */
export async function withMistakes<T>(
  json: boolean | undefined,
  told: (findings: readonly string[]) => unknown,
  run: () => Promise<T>,
): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (json && isStintError(error) && (error.code === 'bad-policy' || error.code === 'bad-config')) {
      // The first line of several counts those that follow.
      const [first = '', ...lines] = error.sentence.split('\n');
      print(true, told(lines.length > 0 ? lines : [first]), () => '');
    }
    throw error;
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
