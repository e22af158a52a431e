/**
 * What the clocks on the wall of an IANA time zone show, and the instants at which they show it, by the zone data of the
 * runtime. A day is counted as if it were one of UTC: days since 1970-01-01.
 */
import { changeBetween, offsetAt } from './calendar.js';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** Zones are at most 14 hours from UTC, so the offsets before and after any change of clocks lie within this. */
const SEARCH_MS = 36 * 60 * MINUTE_MS;

/** A day, and milliseconds since its midnight, as a wall clock shows them. */
export interface Wall {
  readonly day: number;
  readonly ms: number;
}

/** What the wall clocks of a zone show at an instant, in milliseconds since 1970. */
export function wallAt(zone: string, instant: number): Wall {
  const shown = instant + offsetAt(zone, instant);
  const day = Math.floor(shown / DAY_MS);
  return { day, ms: shown - day * DAY_MS };
}

/** The instants at which the wall clocks of a zone show this, in order: one as a rule, none where they skip it, two where they show it twice. */
export function instantsOf(zone: string, wall: Wall): readonly number[] {
  const shown = shownOf(wall);
  return candidatesOf(zone, shown).filter((instant) => instant + offsetAt(zone, instant) === shown);
}

const shownOf = ({ day, ms }: Wall): number => day * DAY_MS + ms;

/** Each offset that the zone has near this, once. */
function candidatesOf(zone: string, shown: number): readonly number[] {
  const [before, after] = [offsetAt(zone, shown - SEARCH_MS), offsetAt(zone, shown + SEARCH_MS)];
  return [...new Set([shown - before, shown - after])].sort((a, b) => a - b);
}

/**
 * The instant at which the wall clocks of a zone first show this. Where they skip it, as when summer time begins, the next
 * instant that there is. In milliseconds since 1970.
 */
export function instantOf(zone: string, wall: Wall): number {
  const [exact] = instantsOf(zone, wall);
  if (exact !== undefined) return exact;
  const shown = shownOf(wall);
  const [first = shown, last = shown] = candidatesOf(zone, shown);
  return changeBetween(zone, first, last);
}

/** A date such as 2026-01-05 as a day; undefined when there is no such date. */
export function dayOf(date: string): number | undefined {
  const ms = /^\d{4}-\d\d-\d\d$/.test(date) ? Date.parse(`${date}T00:00:00Z`) : Number.NaN;
  return Number.isNaN(ms) || new Date(ms).toISOString().slice(0, 10) !== date ? undefined : ms / DAY_MS;
}

/** A time of day such as 09:00 in milliseconds since midnight; undefined when it is none. */
export function timeOf(time: string): number | undefined {
  const [, hours, minutes] = /^([01]\d|2[0-3]):([0-5]\d)$/.exec(time) ?? [];
  return hours === undefined ? undefined : (Number(hours) * 60 + Number(minutes)) * MINUTE_MS;
}

/** `09:00`, and with its date where that is not the one of `now`: `2026-01-12 09:00`. */
export function wallText(zone: string, instant: number, now: number): string {
  const { day, ms } = wallAt(zone, instant);
  const text = new Date(day * DAY_MS + ms).toISOString();
  const time = text.slice(11, 16);
  return day === wallAt(zone, now).day ? time : `${text.slice(0, 10)} ${time}`;
}
