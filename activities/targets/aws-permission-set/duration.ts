/** How long a session of a permission set may last, as AWS writes it. */

const FORM = /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$/;
/** AWS' default when a set names none and the least it takes; and the most that a session may last whatever is named. */
const DEFAULT_MS = 3_600_000;
const MOST_MS = 12 * 3_600_000;

/**
 * An ISO 8601 duration in ms. One hour when absent, as AWS says. What can't be read counts as twelve hours, the longest there
 * is: people are told this as "can last until".
 */
export function sessionMsOf(text: string | undefined): number {
  if (text === undefined || text === '') return DEFAULT_MS;
  const parts = FORM.exec(text)?.slice(1);
  if (!parts || parts.every((part) => part === undefined)) return MOST_MS;
  const [days = 0, hours = 0, minutes = 0, seconds = 0] = parts.map((part) => Number(part ?? 0));
  const ms = (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000;
  return Math.max(DEFAULT_MS, Math.min(ms, MOST_MS));
}
