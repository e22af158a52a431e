/**
 * Hours by the clock on the wall of an IANA zone: whether an instant is inside them, and when they begin next. Pure but for
 * the zones themselves, which are those of the runtime (`Intl`). What counts is the local time that a clock there shows: an
 * hour that is shown twice is inside both times, and one that is skipped never is.
 */
import { few } from '../contract/few.js';

/** The days, Monday first. */
export const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
export type Day = (typeof DAYS)[number];

/** A window belongs to the local day on which it begins; so does the part of it after midnight. */
export interface Hours {
  /** IANA name, such as `Europe/Berlin`. */
  readonly zone: string;
  /** Days on which a window begins. */
  readonly days: readonly Day[];
  /** Minutes after local midnight, 0 to 1439. */
  readonly from: number;
  /** The same, 1 to 1440, itself outside. Not after `from`: that of the next day. */
  readonly to: number;
  /** Local dates (`2026-12-25`) on which no window begins. */
  readonly holidays: readonly string[];
}

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
/** Whoever closes for longer is told that it doesn't open soon. */
const AHEAD_DAYS = 400;

/** Whether the instant (ms since 1970) is inside. Throws `RangeError` for what is no instant, and for a zone that is not there. */
export function isOpen({ zone, days, from, to, holidays }: Hours, at: number): boolean {
  const wall = wallClock(zone, at);
  const day = Math.floor(wall / DAY);
  const minute = Math.floor((wall - day * DAY) / MINUTE);
  const begins = (number: number) => days.includes(weekday(number)) && !holidays.includes(dateOf(number * DAY));
  if (from < to) return minute >= from && minute < to && begins(day);
  return (minute >= from && begins(day)) || (minute < to && begins(day - 1));
}

/** The first instant after `at`, at which it is closed, at which it is open; undefined where that is more than a year ahead. */
export function nextOpening(hours: Hours, at: number): number | undefined {
  for (let day = 0; day < AHEAD_DAYS; day++) {
    const opening = edges(hours.zone, hours.from, at + day * DAY).find((instant) => isOpen(hours, instant));
    if (opening !== undefined) return opening;
  }
  return undefined;
}

/** The first instant from `at` on that is outside, which may be `at` itself; undefined where that is more than a year ahead. Throws as `isOpen` does. */
export function firstOutside(hours: Hours, at: number): number | undefined {
  if (!isOpen(hours, at)) return at;
  for (let day = 0; day < AHEAD_DAYS; day++) {
    const closing = edges(hours.zone, hours.to, at + day * DAY).find((instant) => !isOpen(hours, instant));
    if (closing !== undefined) return closing;
  }
  return undefined;
}

/** Whether nothing is outside, whatever the day. */
export function isAlways({ days, from, to, holidays }: Hours): boolean {
  return holidays.length === 0 && to - from === DAY / MINUTE && DAYS.every((day) => days.includes(day));
}

/** The instants of the 24 hours after `start` at which it can begin or end: where the clock shows these minutes, and where it is put forward or back. */
function edges(zone: string, minutes: number, start: number): readonly number[] {
  const end = start + DAY;
  const [before, after] = [offsetAt(zone, start), offsetAt(zone, end)];
  const shown = [before, after].map((off) => end - modulo(end + off - minutes * MINUTE, DAY));
  const changed = before === after ? [] : [changeBetween(zone, start, end)];
  return [...shown, ...changed].sort((a, b) => a - b);
}

/** The first instant at which the clocks show the new offset, where they change once between the two. To the second: no zone changes within one. */
export function changeBetween(zone: string, start: number, end: number): number {
  const before = offsetAt(zone, start);
  let [low, high] = [Math.floor(start / 1000), Math.ceil(end / 1000)];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (offsetAt(zone, middle * 1000) === before) low = middle;
    else high = middle;
  }
  return high * 1000;
}

/** Milliseconds since 1970 of `2026-11-23T09:00+01:00` or `2026-11-23T08:00:00Z`; undefined where it is none, or doesn't say where. */
export function parseMoment(text: string): number | undefined {
  const ms = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2})$/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(ms) ? undefined : ms;
}

const NAMES: { readonly [D in Day]: string } = {
  mon: 'Monday',
  tue: 'Tuesday',
  wed: 'Wednesday',
  thu: 'Thursday',
  fri: 'Friday',
  sat: 'Saturday',
  sun: 'Sunday',
};

/** `Monday, 2026-11-23, at 08:00`, as a clock in the zone shows it. */
export function wallText(zone: string, at: number): string {
  const wall = wallClock(zone, at);
  const [date, time] = [dateOf(wall), new Date(wall).toISOString().slice(11, 16)];
  return `${NAMES[weekday(Math.floor(wall / DAY))]}, ${date}, at ${time}`;
}

/** `mon to fri, 08:00 to 18:00 (Europe/Berlin), holidays excepted` */
export function hoursText({ zone, days, from, to, holidays }: Hours): string {
  const excepted = holidays.length === 0 ? '' : ', holidays excepted';
  const next = to <= from ? ' of the next day' : '';
  const times = to - from === DAY / MINUTE ? 'all day' : `${timeText(from)} to ${timeText(to)}${next}`;
  return `${daysText(days)}, ${times} (${zone})${excepted}`;
}

const NAMED = 5;

/** `; holidays new: 2026-12-26; holidays no more: 2026-12-25`, after `hoursText` of both. Empty where one has no hours, or they are the same. */
export function holidaysText(was: readonly string[] | undefined, is: readonly string[] | undefined): string {
  if (!was || !is) return '';
  const said = (words: string, dates: readonly string[]) => (dates.length === 0 ? '' : `; ${words}: ${few(dates, NAMED)}`);
  const [more, less] = [is.filter((date) => !was.includes(date)), was.filter((date) => !is.includes(date))];
  return said('holidays new', more) + said('holidays no more', less);
}

function daysText(days: readonly Day[]): string {
  const sorted = DAYS.filter((day) => days.includes(day));
  const [first, last] = [sorted[0], sorted.at(-1)];
  if (sorted.length === DAYS.length) return 'every day';
  const inARow = first && last && DAYS.indexOf(last) - DAYS.indexOf(first) === sorted.length - 1;
  return inARow && sorted.length > 2 ? `${first} to ${last}` : sorted.join(', ');
}

function timeText(minutes: number): string {
  const two = (number: number) => String(number).padStart(2, '0');
  return `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}

const WEEK = 7 * DAY;
/** Two weeks, in winter and in summer: clocks of two zones may be further apart in one of them. */
const WEEKS = [Date.UTC(2026, 0, 5), Date.UTC(2026, 6, 6)].flatMap((begins) => [begins, begins + WEEK]);

/** Whether both are ever open at the same time, holidays apart. Where they are, one of them opens while the other is open. */
export function everMeet(one: Hours, other: Hours): boolean {
  const [a, b] = [one, other].map((hours) => ({ ...hours, holidays: [] }));
  return a !== undefined && b !== undefined && WEEKS.some((begins) => meetIn(a, b, begins) || meetIn(b, a, begins));
}

function meetIn(opening: Hours, open: Hours, begins: number): boolean {
  for (let at: number | undefined = begins; at !== undefined && at <= begins + WEEK; at = nextOpening(opening, at))
    if (isOpen(opening, at) && isOpen(open, at)) return true;
  return false;
}

/** Whether whatever is inside `inner` is inside `outer`, as far as the two say it by themselves. */
export function isWithin(inner: Hours, outer: Hours): boolean {
  const end = ({ from, to }: Hours) => (to <= from ? to + DAY / MINUTE : to);
  return (
    inner.zone === outer.zone &&
    inner.days.every((day) => outer.days.includes(day)) &&
    outer.holidays.every((date) => inner.holidays.includes(date)) &&
    inner.from >= outer.from &&
    end(inner) <= end(outer)
  );
}

/** What a clock there shows, as the instant at which one in Greenwich would show the same. Whole seconds. */
function wallClock(zone: string, at: number): number {
  // `11/23/2026, 8:00:00`: told in parts it would take five times as long.
  const [month = 0, day, year = 0, ...time] = formatOf(zone).format(at).split(/\D+/).map(Number);
  return Date.UTC(year, month - 1, day, ...time);
}

/** By how much the clocks of a zone are ahead of UTC, in milliseconds. Throws `RangeError` as `isOpen` does. */
export function offsetAt(zone: string, at: number): number {
  return wallClock(zone, at) - Math.floor(at / 1000) * 1000;
}

/** Whether this is the IANA name of a zone. An offset such as `+01:00`, which the runtime may take too, knows no summer time. */
export function isZone(name: string): boolean {
  if (!/^(UTC|[A-Z][A-Za-z_]+(\/[A-Za-z0-9_+-]+){1,2})$/.test(name)) return false;
  try {
    formatOf(name);
    return true;
  } catch {
    return false;
  }
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** To make one takes as long as a hundred uses of it. Zones come from policies alone, so they are few. */
function formatOf(zone: string): Intl.DateTimeFormat {
  const made =
    formats.get(zone) ??
    new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      calendar: 'gregory',
      numberingSystem: 'latn',
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
  formats.set(zone, made);
  return made;
}

/** Of the days since 1970-01-01, a Thursday. */
function weekday(number: number): Day {
  return DAYS[modulo(number + 3, DAYS.length)] ?? 'mon';
}

function dateOf(wall: number): string {
  return new Date(wall).toISOString().slice(0, 10);
}

function modulo(number: number, by: number): number {
  return ((number % by) + by) % by;
}
