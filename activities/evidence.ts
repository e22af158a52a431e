/**
 * Reading a collected sudo log. Classic format, one event a line (`loglinelen=0`). The command begins at the first
 * `; COMMAND=`, and what follows may itself contain those words (facts: macos 4.3). With `log_exit_status` the end of a
 * command is a second line, the same but for `; EXIT=n` at its end (seen on sudo 1.9.13). A command may end in those
 * words, too, so such a line tells of an end only when its beginning was there: nothing may hide from the count.
 */

const MARK = '; COMMAND=';
const HEADER = /^(\w{3} +\d+ [\d:]{8}(?: \d{4})?) : \S+ : (?:HOST=\S* : )?/;
const END = / ; (?:SIGNAL=\w+ ; )?EXIT=\d+$/;
/** What stands first when sudo allowed it: a field. A refusal begins with its reason. Looked for here only, for a folder may be called anything. */
const FIELD = /^[A-Z]+=/;

/** One sudo event: what was run, and whether it was allowed. */
export interface SudoCommand {
  readonly at: string;
  readonly command: string;
  readonly allowed: boolean;
}

/** The commands of a log, in order. A line that only tells how one ended is not counted twice. */
export function readCommands(bytes: Uint8Array): readonly SudoCommand[] {
  const running = new Map<string, number>();
  return new TextDecoder('utf-8', { fatal: false })
    .decode(bytes)
    .split(/\r?\n/)
    .flatMap((line) => readLine(line, running) ?? []);
}

export function countCommands(bytes: Uint8Array): number {
  return readCommands(bytes).length;
}

/** `running` counts the beginnings whose end was not seen yet, by their line without its date. */
function readLine(line: string, running: Map<string, number>): SudoCommand | undefined {
  const mark = line.indexOf(MARK);
  if (mark < 0 || line.startsWith('#')) return undefined; // a note of the agent, not sudo's
  const header = HEADER.exec(line);
  const at = header?.[1] ?? '';
  const event = line.slice(at.length);
  if (isEnd(event, running)) return undefined;
  running.set(event, (running.get(event) ?? 0) + 1);
  const allowed = header === null || FIELD.test(line.slice(header[0].length));
  return { at, command: line.slice(mark + MARK.length), allowed };
}

function isEnd(event: string, running: Map<string, number>): boolean {
  const begun = event.replace(END, '');
  const count = running.get(begun) ?? 0;
  if (begun === event || count === 0) return false;
  running.set(begun, count - 1);
  return true;
}
