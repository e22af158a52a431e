/** Runs the groups one after the other and judges what they answer. A group that fails does not keep the others. */
import type { Bench, Metric, Result } from './metric.js';
import { judge } from './metric.js';

export interface Outcome {
  readonly results: readonly Result[];
  /** Lines that belong under the table, by group. */
  readonly details: Readonly<Record<string, readonly string[]>>;
}

export async function runGroups(groups: readonly Metric[], bench: Bench): Promise<Outcome> {
  const results: Result[] = [];
  const details: Record<string, readonly string[]> = {};
  for (const group of groups) {
    const from = performance.now();
    bench.say(`${group.name} ...`);
    try {
      const answers = await group.measure(bench);
      results.push(...group.figures.map((figure) => judge(figure, answers.measured[figure.name])));
      if (answers.details) details[group.name] = answers.details;
    } catch (error) {
      const words = error instanceof Error ? (error.stack ?? error.message) : String(error);
      bench.say(`${group.name} FAILED: ${words}`);
      results.push(...group.figures.map((figure) => judge(figure, undefined)));
    }
    bench.say(`${group.name}: ${((performance.now() - from) / 1000).toFixed(0)} s`);
  }
  return { results, details };
}
