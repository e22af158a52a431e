/** The storm's command line. */
import { parseArgs } from 'node:util';
import { AWS_FAULTS, FAULTS, type FaultKind } from './plan.js';

export interface StormOptions {
  readonly kills: number;
  readonly seed: number;
  /** How long it may blow at most, in minutes; the calm after it is not counted. */
  readonly minutes: number;
  readonly elevations: number;
  readonly topology: 'embedded' | 'postgres';
  /** How long the calm may take until everything has converged, in minutes. */
  readonly calm: number;
  /** How many times as long as usual the gusts of kills last. */
  readonly fury: number;
  /** Simulated Macs beside the three real agents. */
  readonly macs: number;
  /** Whether people ask for AWS permission sets too. */
  readonly aws: boolean;
  /** Faults that are left out. */
  readonly without: readonly FaultKind[];
  /** Keep the folder also when all went well. */
  readonly keep: boolean;
  readonly json: boolean;
}

export const HELP = `Usage: npm run -s storm -- [options]

Lets people ask for, decide and end elevations on real and simulated Macs and in AWS while the product's processes are
killed, far ends misbehave and clocks step, and judges by the far ends' own truth. Exit code 1 when a promise was broken.

  --kills N        SIGKILLs of server processes until it may end (20)
  --elevations N   elevations asked for until it may end (40)
  --minutes M      the longest that it may blow (10); what was not reached by then is a failure
  --seed S         which plan; the same seed is the same plan of acts, kills and faults, but not the same timing (random)
  --topology T     embedded (stint all, PGlite, Temporal's dev server) or postgres (worker, slack-app and device-api as
                   processes of their own, Temporal and Stint on PostgreSQL) (embedded)
  --fury N         gusts of kills last N times as long as usual; the lulls between them stay as they are (1)
  --macs N         simulated Macs beside three real agents (20)
  --calm M         minutes that everything may take to converge afterwards (5)
  --without KINDS  leave out faults, such as temporal-terminate,slack-down (what terminate leaves is swept after minutes);
                   aws leaves AWS out altogether
  --keep           keep the folder of logs and evidence also when all went well
  --json           the result as one line of JSON on standard output
  -h, --help       this text

The -s keeps npm from writing a banner of its own before the result.

Examples:
  $ npm run -s storm
  $ npm run -s storm -- --kills 1000 --elevations 1500 --minutes 150 --seed 7 --keep
  $ npm run -s storm -- --topology postgres --kills 50 --json | jq .violations
`;

/** Thrown for a command line that is not understood; the message names the option. */
export class BadOption extends Error {}

/** Reads the options; `help` when they ask for it. `fallbackSeed` is used where none is given. */
export function readOptions(argv: readonly string[], fallbackSeed: number): StormOptions | 'help' {
  const { values } = parse(argv);
  if (values.help) return 'help';
  const topology = values.topology ?? 'embedded';
  if (topology !== 'embedded' && topology !== 'postgres') throw new BadOption('--topology is embedded or postgres.');
  return {
    kills: whole(values.kills, '--kills', 20, 0),
    seed: whole(values.seed, '--seed', fallbackSeed, 0),
    minutes: number(values.minutes, '--minutes', 10, 0.1),
    elevations: whole(values.elevations, '--elevations', 40, 1),
    calm: number(values.calm, '--calm', 5, 0.1),
    fury: number(values.fury, '--fury', 1, 0.1),
    macs: whole(values.macs, '--macs', 20, 1),
    topology,
    ...kindsOf(values.without),
    keep: values.keep ?? false,
    json: values.json ?? false,
  };
}

function parse(argv: readonly string[]) {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  try {
    return parseArgs({
      args: [...argv],
      options: {
        kills: text,
        seed: text,
        minutes: text,
        elevations: text,
        topology: text,
        calm: text,
        fury: text,
        macs: text,
        without: text,
        keep: flag,
        json: flag,
        help: { ...flag, short: 'h' },
      },
    });
  } catch (error) {
    throw new BadOption(error instanceof Error ? error.message : String(error));
  }
}

function number(given: string | undefined, name: string, otherwise: number, least: number): number {
  if (given === undefined) return otherwise;
  // An empty text is 0 to JavaScript: a script's empty variable would make a storm without kills, which passes.
  const value = given.trim() === '' ? Number.NaN : Number(given);
  if (!Number.isFinite(value) || value < least) throw new BadOption(`${name} is a number of at least ${least}.`);
  return value;
}

function whole(given: string | undefined, name: string, otherwise: number, least: number): number {
  const value = number(given, name, otherwise, least);
  if (!Number.isSafeInteger(value)) throw new BadOption(`${name} is a whole number.`);
  return value;
}

function kindsOf(given: string | undefined): Pick<StormOptions, 'without' | 'aws'> {
  const words = given?.split(',').filter(Boolean) ?? [];
  const wrong = words.find((word) => word !== 'aws' && !Object.hasOwn(FAULTS, word));
  if (wrong !== undefined)
    throw new BadOption(`--without: there is no fault ${wrong}. There is: aws, ${Object.keys(FAULTS).join(', ')}.`);
  const aws = !words.includes('aws');
  const kinds = words.filter((word) => word !== 'aws') as FaultKind[];
  return { aws, without: aws ? kinds : [...kinds, ...AWS_FAULTS] };
}
