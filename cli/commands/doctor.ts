/** `stint doctor`: looks at everything that Stint needs, and says what is wrong and how to mend it. Changes nothing. */
import { type Command, InvalidArgumentError } from 'commander';
import { AREAS, type Area, type Examined, examine, type Finding, type Level, worst } from '../../workers/checks/check.js';

const PROCESSES = ['all', 'worker', 'slack-app', 'device-api'] as const;
type ProcessName = (typeof PROCESSES)[number];

interface Options {
  readonly json?: boolean;
  readonly only?: readonly Area[];
  readonly process: ProcessName;
  readonly limit: number;
}

/** Adds the command. */
export function addDoctor(stint: Command): void {
  stint
    .command('doctor')
    .summary('looks at everything that Stint needs, and says what is wrong and how to mend it')
    .description(
      'Looks at settings, keys, policy, who is on call, ticket checks, store, Temporal, Slack, the MDM, AWS, the mail server and the clocks, all at once, and says what is wrong and how to mend it. Changes nothing.',
    )
    .option('--only <areas>', 'only these, separated by commas', readAreas)
    .option('--process <name>', `for this process: ${PROCESSES.join(', ')}`, readProcess, 'all')
    .option('--limit <seconds>', 'the longest that one area may take', readLimit, 20)
    .option('--json', 'as JSON, for a script')
    .addHelpText(
      'after',
      `
Examples:
  $ stint doctor                              before the first start, and whenever something is odd
  $ stint doctor --process worker --json      for a script
  $ stint doctor --only temporal,store

Exit code: 0 when nothing fails (there may be warnings), 1 when something does, 2 for a bug of Stint.`,
    )
    .action(doctor);
}

function readAreas(text: string): readonly Area[] {
  const names = text.split(',').map((name) => name.trim());
  const unknown = names.find((name) => !AREAS.some((area) => area === name));
  if (unknown !== undefined) throw new InvalidArgumentError(`${unknown} is no area. Areas: ${AREAS.join(', ')}.`);
  return names as Area[];
}

function readProcess(text: string): ProcessName {
  const found = PROCESSES.find((name) => name === text);
  if (!found) throw new InvalidArgumentError(`It must be one of: ${PROCESSES.join(', ')}.`);
  return found;
}

function readLimit(text: string): number {
  const seconds = Number(text);
  if (!Number.isInteger(seconds) || seconds < 1 || seconds > 300) throw new InvalidArgumentError('It must be from 1 to 300.');
  return seconds;
}

async function doctor({ json, only, process: name, limit }: Options): Promise<void> {
  const [{ checksOf }, { NEEDS }, { readText }, { print }] = await Promise.all([
    import('../../workers/checks/areas.js'),
    import('../../workers/processes.js'),
    import('../../workers/file-text.js'),
    import('../ask.js'),
  ]);
  const all = checksOf({
    env: process.env,
    readFile: readText,
    parts: NEEDS[name],
    clock: Date.now,
  });
  const checks = Object.fromEntries(Object.entries(all).filter(([area]) => !only || only.includes(area as Area)));
  const progress = startProgress(Object.keys(checks), json !== true && process.stderr.isTTY === true);
  const examined = await examine({ checks, limitMs: limit * 1000, done: progress.done });
  progress.end();
  const level = worst(examined.findings);
  print(json, { process: name, level, findings: examined.findings }, () => table(examined));
  if (level === 'fail') process.exitCode = 1;
  if (examined.bugs.length > 0) throw examined.bugs[0];
}

/** One line on a terminal that names what is still waited for; silent in a pipe. */
function startProgress(areas: readonly string[], shown: boolean): { done(area: string): void; end(): void } {
  const open = new Set(areas);
  const clear = '\r\u001b[K';
  const draw = () => process.stderr.write(`${clear}looking at ${[...open].join(', ')} …`);
  if (shown) draw();
  return {
    done(area) {
      open.delete(area);
      if (shown && open.size > 0) draw();
    },
    end: () => void (shown && process.stderr.write(clear)),
  };
}

const MARKS: { readonly [L in Level]: string } = { ok: 'ok  ', warn: 'WARN', fail: 'FAIL' };

/** The table for people: one row a finding, and its fix below it. Lines are not cut: a sentence is to be read whole. */
export function table({ findings }: Pick<Examined, 'findings'>): string {
  const width = (of: (finding: Finding) => string) => Math.max(0, ...findings.map((finding) => of(finding).length));
  const [areas, checks] = [width(({ area }) => area), width(({ check }) => check)];
  const indent = ' '.repeat(areas + checks + MARKS.ok.length + 6);
  const rows = findings.flatMap(({ area, check, level, found, fix }) => [
    `${MARKS[level]}  ${area.padEnd(areas)}  ${check.padEnd(checks)}  ${found.replaceAll('\n', `\n${indent}`)}`,
    ...(fix === undefined ? [] : [`${indent}→ ${fix}`]),
  ]);
  const count = (level: Level) => findings.filter((finding) => finding.level === level).length;
  return [...rows, '', `${count('ok')} ok, ${count('warn')} to look at, ${count('fail')} to mend`].join('\n');
}
