/**
 * Reading a collected sudo log. Classic format, one event a line (`loglinelen=0`); the command starts at the first
 * `; COMMAND=`, and what follows may itself contain those words (facts: macos 4.3, tested on sudo 1.9.13).
 */

const MARK = 'COMMAND=';
const DENIED = /command not allowed|user NOT in sudoers|incorrect password/;

/** One sudo event: what was run, and whether it was allowed. */
export interface SudoCommand {
  readonly at: string;
  readonly command: string;
  readonly allowed: boolean;
}

/** The commands of a log, in order. A line that only tells an exit status is not counted twice. */
export function readCommands(bytes: Uint8Array): readonly SudoCommand[] {
  const lines = new TextDecoder('utf-8', { fatal: false }).decode(bytes).split('\n');
  return lines.flatMap((line) => readLine(line) ?? []);
}

export function countCommands(bytes: Uint8Array): number {
  return readCommands(bytes).length;
}

function readLine(line: string): SudoCommand | undefined {
  const mark = line.indexOf(MARK);
  if (mark < 0 || /; EXIT=\d+\s*$/.test(line)) return undefined;
  const at = /^(\w{3} +\d+ [\d:]{8}(?: \d{4})?)/.exec(line)?.[1] ?? '';
  return { at, command: line.slice(mark + MARK.length), allowed: !DENIED.test(line.slice(0, mark)) };
}
