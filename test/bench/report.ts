/** How results are shown: a table for people, one JSON object for scripts. */
import { cpus, loadavg, totalmem } from 'node:os';
import type { Result, Topology } from './metric.js';

const HEADS = ['figure', 'value', 'floor', 'ratio', 'bar', 'holds', 'n'] as const;

/** The table; figures without a bar say `-`. */
export function table(results: readonly Result[]): string {
  const rows = results.map((r) => [
    r.name,
    r.value === null ? '-' : `${r.value} ${r.unit}`,
    r.floor === null ? '-' : `${r.floor} ${r.unit}`,
    r.ratio === null ? '-' : String(r.ratio),
    r.bar ?? '-',
    r.holds === null ? '-' : r.holds ? 'yes' : 'NO',
    String(r.n),
  ]);
  const widths = HEADS.map((head, i) => Math.max(head.length, ...rows.map((row) => row[i]?.length ?? 0)));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd();
  const notes = results.filter((r) => r.note !== '').map((r) => `  ${r.name}: ${r.note}`);
  const body = [line(HEADS), line(widths.map((w) => '-'.repeat(w))), ...rows.map(line)];
  return [...body, ...(notes.length > 0 ? ['', 'Notes', ...notes] : [])].join('\n');
}

export interface RunFacts {
  readonly quick: boolean;
  readonly topology: Topology;
  readonly cores: number;
  readonly cpu: string;
  readonly memoryGb: number;
  readonly node: string;
  /** Processes that wanted a core, over the minute before the run: what else this machine was doing. */
  readonly loadBefore: number;
  readonly seconds?: number;
}

/** What the figures were measured on. */
export function runFacts(quick: boolean, topology: Topology): RunFacts {
  const cores = cpus();
  return {
    quick,
    topology,
    cores: cores.length,
    cpu: cores[0]?.model ?? 'unknown',
    memoryGb: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    loadBefore: Math.round((loadavg()[0] ?? 0) * 100) / 100,
  };
}

export function factsLine(run: RunFacts): string {
  const kind = run.quick ? 'QUICK run: fewer samples and smaller numbers' : 'full run';
  return `${kind}; ${run.topology}; ${run.cores} cores (${run.cpu}), ${run.memoryGb} GB, Node ${run.node}, load before ${run.loadBefore}`;
}

export function json(results: readonly Result[], run: RunFacts, details: Readonly<Record<string, readonly string[]>>): string {
  return JSON.stringify({ metrics: results, run, details }, null, 2);
}

/** 1 as soon as one bar falls short. */
export function exitCode(results: readonly Result[]): 0 | 1 {
  return results.some((r) => r.holds === false) ? 1 : 0;
}
