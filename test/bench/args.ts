/** The command line of the bench. */
import { parseArgs } from 'node:util';
import { type Metric, TOPOLOGIES, type Topology } from './metric.js';

export interface Options {
  readonly json: boolean;
  readonly quick: boolean;
  readonly list: boolean;
  readonly help: boolean;
  readonly topology: Topology;
  /** Parts of names of groups or figures; none means all. */
  readonly only: readonly string[];
}

export const HELP = `Usage: npm run -s bench -- [options]

Measures what Stint needs, each figure beside a floor where there is one. Exit code 1 when a figure fell short of its bar. What each
figure means: docs/figures.md. Let nothing else run on the machine meanwhile.

  --quick          fewer samples and smaller numbers: about 8 minutes instead of 40
  --topology T     embedded (stint all, with its own store) or postgres (three processes on a PostgreSQL) (embedded)
  --only NAME      one group, or part of a figure's name; may be given several times, or as a list with commas
  --list           the names of all groups and figures; nothing is measured
  --json           the result as JSON on standard output; what is said meanwhile goes to standard error
  -h, --help       this text

The -s keeps npm from writing a banner of its own before the result.

Examples:
  $ npm run -s bench
  $ npm run -s bench -- --only deadline,click --quick
  $ npm run -s bench -- --json | jq .metrics
`;

export class UsageError extends Error {}

/** Throws `UsageError` with a sentence. */
export function readArgs(argv: readonly string[]): Options {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: {
        json: { type: 'boolean', default: false },
        quick: { type: 'boolean', default: false },
        list: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false, short: 'h' },
        topology: { type: 'string', default: 'embedded' },
        only: { type: 'string', multiple: true, default: [] },
      },
    });
    const only = values.only.flatMap((names) => names.split(',')).map((name) => name.trim());
    const { json, quick, list, help } = values;
    return { json, quick, list, help, topology: topologyOf(values.topology), only: only.filter((name) => name !== '') };
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

function topologyOf(name: string): Topology {
  const found = TOPOLOGIES.find((one) => one === name);
  if (found) return found;
  throw new UsageError(`--topology ${name}: no such topology. There are: ${TOPOLOGIES.join(', ')}.`);
}

/**
 * The groups that a person asked for: by a group's own name, else by any part of the name of a figure in it. Throws
 * `UsageError` naming all there are, or a misspelt name would be a green run that measured nothing.
 */
export function chosen(groups: readonly Metric[], only: readonly string[]): readonly Metric[] {
  if (only.length === 0) return groups;
  const wanted = new Set(only.flatMap((name) => fitting(groups, name)));
  return groups.filter((group) => wanted.has(group));
}

function fitting(groups: readonly Metric[], name: string): readonly Metric[] {
  const exact = groups.filter((group) => group.name === name);
  const found = exact.length > 0 ? exact : groups.filter((group) => group.figures.some((f) => f.name.includes(name)));
  if (found.length > 0) return found;
  throw new UsageError(`--only ${name}: no such figure. There are: ${groups.map((g) => g.name).join(', ')}; see --list.`);
}
