/** Lengths of time as people write them in files (`30s`, `5m`, `1h30m`, `1d`), and as sentences spell them. */

const UNITS = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000 } as const;

/** How a length is written: the largest unit first, each unit once. */
export const LENGTH = /^(?=\d)(?:(\d{1,5})d)?(?:(\d{1,5})h)?(?:(\d{1,5})m)?(?:(\d{1,7})s)?$/;

/** Milliseconds of a text such as `30m` or `1h30m`; undefined when it is none. Zero is `0s`. Largest unit first, each once. */
export function parseDuration(text: string): number | undefined {
  const match = LENGTH.exec(text);
  if (!match) return undefined;
  const [, days, hours, minutes, seconds] = match.map((part) => Number(part ?? 0));
  return (days ?? 0) * UNITS.d + (hours ?? 0) * UNITS.h + (minutes ?? 0) * UNITS.m + (seconds ?? 0) * UNITS.s;
}

/** The shortest text that `parseDuration` reads as this many milliseconds (whole seconds). */
export function durationText(ms: number): string {
  let rest = Math.round(ms / 1000) * 1000;
  let text = '';
  for (const [unit, size] of Object.entries(UNITS)) {
    const count = Math.floor(rest / size);
    if (count > 0) text += `${count}${unit}`;
    rest -= count * size;
  }
  return text || '0s';
}
