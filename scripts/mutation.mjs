/**
 * Whether the tests would notice: changes the policy and the state table in one place at a time and counts how many of these
 * mutants no test finds. `npm run mutation -- --help`. Not part of CI; why, and what is left out, is decision 24.
 */
import { mkdirSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { Stryker } from '@stryker-mutator/core';

const HELP = `npm run mutation -- [--file <path>]... [--min <score>] [--fresh] [--json]

Prints every change that no test finds, as file:line:column, its kind and what was put there, the score of
each file, then "mutation score: N". What did not change since the last run is taken from it. Exit code 1
below the least score (90), 2 for a mistake in the call, or when the tests fail as they are.

  npm run mutation
  npm run mutation -- --file policy/tally.ts --file policy/terms.ts
  npm run mutation -- --file policy/stages.ts --min 95
  npm run mutation -- --fresh      forgets what the last run found
`;
const ALL = [
  'contract/states.ts',
  ...readdirSync('policy')
    .filter((name) => name.endsWith('.ts'))
    .map((name) => `policy/${name}`),
];
const OURS = 'reports/mutation';

function options() {
  try {
    const { values } = parseArgs({
      options: {
        file: { type: 'string', multiple: true },
        min: { type: 'string', default: '90' },
        fresh: { type: 'boolean' },
        json: { type: 'boolean' },
        help: { type: 'boolean' },
      },
    });
    const least = Number(values.min);
    if (!(least >= 0 && least <= 100)) throw new Error(`--min must be a number from 0 to 100, not ${values.min}.`);
    const stray = values.file?.find((name) => !ALL.includes(name));
    if (stray) throw new Error(`${stray} is not one of the files that this is about: policy/*.ts and contract/states.ts.`);
    return { ...values, least };
  } catch (error) {
    process.stderr.write(`${error.message}\n\n${HELP}`);
    process.exit(2);
  }
}

/** One run of Stryker over some files. `memory` names what is remembered of it. */
async function mutate(files, memory, { fresh = false, json = false }, more) {
  const stryker = new Stryker({
    mutate: files,
    plugins: ['@stryker-mutator/vitest-runner', `${import.meta.dirname}/mutation-words.mjs`],
    ignorers: ['words'],
    testRunner: 'vitest',
    vitest: { configFile: 'test/mutation.config.ts', related: false },
    coverageAnalysis: 'perTest',
    incremental: true,
    incrementalFile: `${OURS}/${memory}`, // without an ending: the linter looks at every .json
    force: fresh,
    // What Stryker reads of TypeScript's own library is not there in version 7.
    tsconfigFile: 'none',
    disableTypeChecks: false,
    // Elsewhere: a run that is killed leaves a copy of the sources, which must not be linted or searched as ours.
    tempDirName: join(tmpdir(), `stint-mutation-${process.pid}`),
    cleanTempDir: 'always',
    ignorePatterns: ['dist', 'reports', 'sim/page', 'docs/images'],
    concurrency: 1,
    timeoutMS: 20_000,
    reporters: json ? [] : ['progress-append-only'],
    logLevel: json ? 'error' : 'warn',
    allowConsoleColors: false,
    ...more,
  });
  const mutants = await stryker.runMutationTest();
  return mutants.map((mutant) => ({ ...mutant, file: relative(process.cwd(), mutant.fileName) }));
}

/** As `mutate` takes it: its columns count from 0, those of a result from 1. */
const place = ({ file, location: { start, end } }) => `${file}:${start.line}:${start.column - 1}-${end.line}:${end.column - 1}`;
const isLoaded = ({ status, statusReason }) => status === 'Ignored' && /^Static/.test(statusReason ?? '');

/**
 * In two steps, for the second is slow: what runs inside tests, each mutant with the tests that come there; then what runs only
 * while files are loaded, such as a table, with all tests.
 */
async function mutateAll(files, asked) {
  const mine = ({ file }) => files.includes(file);
  const first = (await mutate(files, 'all', asked, { ignoreStatic: true })).filter(mine);
  const loaded = new Map(first.filter(isLoaded).map((mutant) => [`${place(mutant)} ${mutant.replacement}`, mutant]));
  if (loaded.size === 0) return first;
  const places = [...new Set([...loaded.values()].map(place))];
  const second = await mutate(places, 'loaded', asked, { ignoreStatic: false, warnings: { slow: false } });
  return [...first.filter((mutant) => !isLoaded(mutant)), ...second.filter((m) => loaded.has(`${place(m)} ${m.replacement}`))];
}

const isFound = ({ status }) => status === 'Killed' || status === 'Timeout';
const scoreOf = (mutants) =>
  mutants.length === 0 ? 0 : Math.floor((1000 * mutants.filter(isFound).length) / mutants.length) / 10;

/** Killed, or never came to an end: both would be noticed. Mutants that no test reaches count as not found. */
function summary(all) {
  const counted = all.filter(({ status }) => ['Killed', 'Timeout', 'Survived', 'NoCoverage'].includes(status));
  const survivors = counted
    .filter((mutant) => !isFound(mutant))
    .map(({ file, location: { start }, replacement, mutatorName, status }) => ({
      file,
      line: start.line,
      column: start.column,
      kind: mutatorName,
      replacement,
      reached: status === 'Survived',
    }))
    .sort((a, b) => a.file.localeCompare(b.file) || a.line - b.line || a.column - b.column);
  const files = [...new Set(counted.map(({ file }) => file))].sort().map((file) => {
    const own = counted.filter((mutant) => mutant.file === file);
    return { file, score: scoreOf(own), mutants: own.length };
  });
  return { score: scoreOf(counted), mutants: counted.length, files, survivors };
}

async function run(asked) {
  mkdirSync(OURS, { recursive: true });
  return summary(await mutateAll(asked.file ?? ALL, asked));
}

function tell({ score, mutants, files, survivors }) {
  const lines = [
    ...survivors.map(({ file, line, column, kind, replacement, reached }) => {
      const change = `${kind}: ${replacement.replace(/\s+/g, ' ')}`;
      return `${file}:${line}:${column} ${change}${reached ? '' : ' (no test comes here)'}`;
    }),
    ...files.map((one) => `${String(one.score).padStart(5)}  ${one.file}, of ${one.mutants}`),
    `${survivors.length} of ${mutants} mutants were not found`,
    `mutation score: ${score}`,
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

const asked = options();
if (asked.help) process.stdout.write(HELP);
else {
  try {
    const result = await run(asked);
    if (asked.json) process.stdout.write(`${JSON.stringify(result)}\n`);
    else tell(result);
    process.exitCode = result.score < asked.least ? 1 : 0;
  } catch (error) {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 2;
  }
}
