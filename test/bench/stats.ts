/** Arithmetic on samples. */

/** The nearest-rank percentile: a value that was really seen. NaN of nothing, and as soon as one sample is lost (NaN). */
export function percentile(samples: readonly number[], p: number): number {
  if (samples.some(Number.isNaN)) return Number.NaN;
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((p / 100) * sorted.length) - 1)] ?? Number.NaN;
}

export const median = (samples: readonly number[]): number => percentile(samples, 50);

/** `p50 12, p95 30, max 44`: how samples lie, for a note. */
export function spread(samples: readonly number[]): string {
  const at = (p: number) => Math.round(percentile(samples, p));
  return `p50 ${at(50)}, p95 ${at(95)}, p99 ${at(99)}, max ${at(100)}`;
}
