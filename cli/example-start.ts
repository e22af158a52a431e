/** Starts for examples in help and mistakes, by this computer's clock: a fixed one would soon have passed, and be refused when it is copied. */

const DAYS_AHEAD = 2;

/** The day after tomorrow, such as 2026-01-05. */
const DAY = new Date(Date.now() + DAYS_AHEAD * 86_400_000).toISOString().slice(0, 10);

/** With its offset from UTC, such as `2026-01-05T22:00+01:00`. */
export const EXAMPLE_START = `${DAY}T22:00+01:00`;
/** By the clocks of a zone, in quotes as a shell needs it. */
export const EXAMPLE_WALL_START = `"${DAY} 22:00 Europe/Berlin"`;
