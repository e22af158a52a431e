/**
 * The figures: `npm run -s bench -- --help`. Prints a table, or JSON; the exit code is 1 when a bar falls short and 2 for a command line
 * that makes no sense. What each figure means: docs/figures.md.
 */
import { chosen, HELP, type Options, readArgs, UsageError } from './args.js';
import { GROUPS } from './groups/index.js';
import { exitCode, factsLine, json, runFacts, table } from './report.js';
import { runGroups } from './run.js';

const out = (text: string) => process.stdout.write(`${text}\n`);
const say = (line: string) => process.stderr.write(`[bench] ${line}\n`);

async function bench({ json: asJson, quick, list, help, topology, only }: Options): Promise<number> {
  if (help) {
    process.stdout.write(HELP);
    return 0;
  }
  const groups = chosen(GROUPS, only);
  if (list) {
    for (const group of groups) out([group.name, ...group.figures.map((f) => `  ${f.name}`)].join('\n'));
    return 0;
  }
  const run = runFacts(quick, topology);
  say(factsLine(run));
  const from = performance.now();
  const { results, details } = await runGroups(groups, { quick, topology, say });
  const facts = { ...run, seconds: Math.round((performance.now() - from) / 1000) };
  if (asJson) out(json(results, facts, details));
  else {
    out(table(results));
    for (const [name, lines] of Object.entries(details)) out(['', name, ...lines.map((line) => `  ${line}`)].join('\n'));
    out(`\n${factsLine(facts)}; ${facts.seconds} s`);
  }
  return exitCode(results);
}

// Children end with this process; its folders are removed at its exit.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));

/** Ends at once when all is printed: after a group that failed, jobs of it may still wait for what is no more. */
const end = (code: number) => process.stdout.write('', () => process.exit(code));

try {
  end(await bench(readArgs(process.argv.slice(2))));
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  say(error.message);
  end(2);
}
