/**
 * What the bench measures. A group is one file in `groups/`: it names its figures with their bars, and measures them in
 * one go against a Stint of its own. Whoever adds a figure writes a group and puts it into the list of `groups/index.ts`.
 */

/** What a figure must keep: a limit of its own, or one in multiples of the floor that was measured beside it. */
export type Bar = { readonly atMost: number } | { readonly atMostFloors: number } | { readonly atLeastFloors: number };

export interface Figure {
  /** Unique in the whole bench; what `--only` looks for. */
  readonly name: string;
  /** Such as `ms`, `/s`, `MB`. */
  readonly unit: string;
  /** None: the figure is reported and judged by nobody. */
  readonly bar?: Bar;
}

/** One figure as measured. */
export interface Measured {
  readonly value: number;
  /** The same by a bare workflow against the same server, in the same run. */
  readonly floor?: number;
  /** How many samples the value stands on. */
  readonly n: number;
  readonly note?: string;
}

/** Why a figure could not be had here: not a failure of ours, and said loudly. */
export interface Skipped {
  readonly skipped: string;
}

/** `stint all` on its embedded store; or worker, Slack app and device API as processes of their own on a PostgreSQL. */
export const TOPOLOGIES = ['embedded', 'postgres'] as const;
export type Topology = (typeof TOPOLOGIES)[number];

export interface Bench {
  /** Fewer samples and smaller numbers. */
  readonly quick: boolean;
  /** What groups measure that do not need one of the two. */
  readonly topology: Topology;
  /** Progress, for the person who waits. */
  readonly say: (line: string) => void;
}

/** Figures that are measured together. */
export interface Metric {
  readonly name: string;
  readonly figures: readonly Figure[];
  /** Answers each figure by its name; `details` are lines that belong under the table. */
  measure(bench: Bench): Promise<Answers>;
}

export interface Answers {
  readonly measured: Readonly<Record<string, Measured | Skipped>>;
  readonly details?: readonly string[];
}

/** One line of the result, as `--json` prints it. */
export interface Result {
  readonly name: string;
  readonly unit: string;
  readonly value: number | null;
  readonly floor: number | null;
  /** Value through floor. */
  readonly ratio: number | null;
  readonly bar: string | null;
  /** Whether the bar holds; null without a bar, and for what could not be had here. False for what was not measured. */
  readonly holds: boolean | null;
  readonly n: number;
  readonly note: string;
}

/** Judges one figure. What should have been measured and was not falls short, with a bar or without: nothing would tell it. */
export function judge(figure: Figure, answer: Measured | Skipped | undefined): Result {
  const { name, unit, bar } = figure;
  const head = { name, unit, bar: bar ? barText(bar, unit) : null };
  const nothing = { value: null, floor: null, ratio: null, n: 0 };
  if (!answer) return { ...head, ...nothing, holds: false, note: 'not measured: its group failed' };
  if ('skipped' in answer) return { ...head, ...nothing, holds: null, note: `skipped: ${answer.skipped}` };
  const { value, floor, n, note = '' } = answer;
  const ratio = floor ? value / floor : null;
  const holds = bar ? keeps(bar, value, ratio) : null;
  return {
    ...head,
    value: tidy(value),
    floor: floor === undefined ? null : tidy(floor),
    ratio: ratio && tidy(ratio),
    holds,
    n,
    note,
  };
}

function keeps(bar: Bar, value: number, ratio: number | null): boolean {
  if (!Number.isFinite(value)) return false;
  if ('atMost' in bar) return value <= bar.atMost;
  if (ratio === null) return false;
  return 'atMostFloors' in bar ? ratio <= bar.atMostFloors : ratio >= bar.atLeastFloors;
}

function barText(bar: Bar, unit: string): string {
  if ('atMost' in bar) return `<= ${bar.atMost} ${unit}`;
  return 'atMostFloors' in bar ? `<= ${bar.atMostFloors} x floor` : `>= ${bar.atLeastFloors} x floor`;
}

/** Three digits that mean something; more would pretend to a precision that no bench has. */
export function tidy(value: number): number {
  return Number.isFinite(value) ? Number(value.toPrecision(value >= 1000 ? 4 : 3)) : value;
}
