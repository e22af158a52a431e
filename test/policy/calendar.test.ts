/** Hours by the clock of a zone, held against the rules by which each zone changes its clocks, worked out here by arithmetic alone. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  DAYS,
  firstOutside,
  type Hours,
  hoursText,
  isAlways,
  isOpen,
  isWithin,
  nextOpening,
  parseMoment,
  wallText,
} from '../../policy/calendar.js';

const MIN = 60_000;
const HOUR = 60 * MIN;
const DAY = 24 * HOUR;
const STEP = 15 * MIN;

/** Midnight in Greenwich of the nth Sunday of a month (January is 1), or of the last one. */
function sunday(year: number, month: number, nth: 1 | 2 | 'last'): number {
  const first = Date.UTC(year, month - 1, 1);
  const offered = first + ((7 - new Date(first).getUTCDay()) % 7) * DAY;
  if (nth !== 'last') return offered + (nth - 1) * 7 * DAY;
  const end = Date.UTC(year, month, 1);
  return end - (new Date(end - DAY).getUTCDay() + 1) * DAY;
}

/** Midnight in Greenwich of the last such weekday of a month (Sunday is 0). */
function last(weekday: number, year: number, month: number): number {
  const end = Date.UTC(year, month, 0);
  return end - ((new Date(end).getUTCDay() - weekday + 7) % 7) * DAY;
}

/** Midnight in Greenwich of the first Sunday from a day on. */
function sundayFrom(year: number, month: number, day: number): number {
  const from = Date.UTC(year, month - 1, day);
  return from + ((7 - new Date(from).getUTCDay()) % 7) * DAY;
}

/** When clocks in Morocco went, or will go, forward again and back before. */
const RAMADAN: Readonly<Record<number, readonly [forward: string, back: string]>> = {
  2020: ['05-31', '04-19'],
  2021: ['05-16', '04-11'],
  2022: ['05-08', '03-27'],
  2023: ['04-23', '03-19'],
  2024: ['04-14', '03-10'],
  2025: ['04-06', '02-23'],
  2026: ['03-22', '02-15'],
  2027: ['03-14', '02-07'],
  2028: ['03-05', '01-23'],
  2029: ['02-18', '01-14'],
};

interface Zone {
  readonly zone: string;
  /** Minutes ahead of Greenwich in winter. */
  readonly base: number;
  /** Minutes more in summer. */
  readonly more: number;
  /** The instants at which summer time begins and ends in a year; neither where there is none. */
  readonly summer: (year: number) => readonly [begins: number, ends: number] | undefined;
}

const europe = (zone: string, base: number): Zone => ({
  zone,
  base,
  more: 60,
  summer: (year) => [sunday(year, 3, 'last') + HOUR, sunday(year, 10, 'last') + HOUR],
});
const america = (zone: string, base: number): Zone => ({
  zone,
  base,
  more: 60,
  summer: (year) => [sunday(year, 3, 2) + 2 * HOUR - base * MIN, sunday(year, 11, 1) + HOUR - base * MIN],
});

const ZONES: readonly Zone[] = [
  europe('Europe/Berlin', 60),
  europe('Europe/London', 0),
  europe('Europe/Athens', 120),
  america('America/New_York', -300),
  america('America/Los_Angeles', -480),
  america('America/St_Johns', -210),
  {
    zone: 'Australia/Sydney',
    base: 600,
    more: 60,
    summer: (year) => [sunday(year, 10, 1) + 2 * HOUR - 600 * MIN, sunday(year, 4, 1) + 2 * HOUR - 600 * MIN],
  },
  {
    zone: 'Australia/Lord_Howe',
    base: 630,
    more: 30,
    summer: (year) => [sunday(year, 10, 1) + 2 * HOUR - 630 * MIN, sunday(year, 4, 1) + 2 * HOUR - 660 * MIN],
  },
  {
    zone: 'Pacific/Auckland',
    base: 720,
    more: 60,
    summer: (year) => [sunday(year, 9, 'last') + 2 * HOUR - 720 * MIN, sunday(year, 4, 1) + 2 * HOUR - 720 * MIN],
  },
  {
    // Summer again since 2023: from the midnight before the last Friday of April to the one after the last Thursday of October.
    zone: 'Africa/Cairo',
    base: 120,
    more: 60,
    summer: (year) => (year < 2023 ? undefined : [last(5, year, 4) - 2 * HOUR, last(4, year, 10) + DAY - 3 * HOUR]),
  },
  {
    // In 2022 a week later, for a referendum.
    zone: 'America/Santiago',
    base: -240,
    more: 60,
    summer: (year) => [sundayFrom(year, 9, year === 2022 ? 9 : 2) + 4 * HOUR, sundayFrom(year, 4, 2) + 3 * HOUR],
  },
  {
    // An hour ahead but for Ramadan, of which the government names the Sundays.
    zone: 'Africa/Casablanca',
    base: 0,
    more: 60,
    summer: (year) => RAMADAN[year]?.map((day) => Date.parse(`${year}-${day}T02:00Z`)) as [number, number] | undefined,
  },
];
const YEARS = Array.from({ length: 10 }, (_, i) => 2020 + i);

function wallOf({ base, more, summer }: Zone, at: number): number {
  const year = new Date(at + base * MIN).getUTCFullYear();
  const [begins, ends] = summer(year) ?? [0, 0];
  const isSummer = begins < ends ? at >= begins && at < ends : begins > ends && (at >= begins || at < ends);
  return at + (base + (isSummer ? more : 0)) * MIN;
}

/** The same question, answered by walking back to the last time that the clock on the wall showed the beginning of a window. */
function inside(zone: Zone, { days, from, to, holidays }: Hours, at: number): boolean {
  const wall = wallOf(zone, at);
  const length = to > from ? to - from : to + 24 * 60 - from;
  const began = [0, 1].map((back) => Math.floor(wall / DAY) * DAY - back * DAY + from * MIN);
  return began.some((start) => {
    const day = DAYS[(new Date(start).getUTCDay() + 6) % 7];
    const counts = day !== undefined && days.includes(day) && !holidays.includes(new Date(start).toJSON().slice(0, 10));
    return counts && wall >= start && wall < start + length * MIN;
  });
}

/** Every change of a zone's clock; where there is none, the days on which Berlin's change. */
function changesOf({ summer }: Zone): readonly number[] {
  return YEARS.flatMap((year) => summer(year) ?? [sunday(year, 3, 'last'), sunday(year, 10, 'last')]);
}

const quarter = fc.integer({ min: 0, max: 95 }).map((n) => n * 15);
/** Half of them begin or end in the small hours, where clocks are changed. */
const timeOfDay = fc.oneof(
  quarter,
  fc.integer({ min: 0, max: 16 }).map((n) => n * 15),
);
const anyHours = fc
  .record({
    days: fc.subarray([...DAYS], { minLength: 1 }),
    from: timeOfDay,
    to: timeOfDay.map((n) => n + 15),
    closed: fc.boolean(),
  })
  .filter(({ from, to }) => from !== to);

describe('hours', () => {
  it('are open at exactly the instants at which the clock on the wall is inside, over every change of twelve zones in ten years', () => {
    fc.assert(
      fc.property(anyHours, ({ closed, ...some }) => {
        for (const zone of ZONES) {
          for (const change of changesOf(zone)) {
            const holidays = closed ? [new Date(wallOf(zone, change)).toJSON().slice(0, 10)] : [];
            const hours: Hours = { ...some, zone: zone.zone, holidays };
            for (let at = change - 26 * HOUR; at < change + 26 * HOUR; at += STEP) {
              // A message for each of them would take longer than all the rest.
              if (isOpen(hours, at) !== inside(zone, hours, at))
                expect.fail(`${JSON.stringify(hours)} at ${new Date(at).toJSON()}`);
            }
          }
        }
      }),
      { numRuns: 4 },
    );
  });

  it('open next at the first instant that is inside, over every change', () => {
    fc.assert(
      fc.property(anyHours, fc.integer({ min: 0, max: 4 * 96 }), ({ closed, ...some }, before) => {
        for (const zone of ZONES) {
          for (const change of changesOf(zone)) {
            const holidays = closed ? [new Date(wallOf(zone, change)).toJSON().slice(0, 10)] : [];
            const hours: Hours = { ...some, zone: zone.zone, holidays };
            const at = change - before * STEP;
            if (inside(zone, hours, at)) continue;
            let first = at + STEP;
            while (!inside(zone, hours, first)) first += STEP;
            expect([zone.zone, at, nextOpening(hours, at)]).toEqual([zone.zone, at, first]);
          }
        }
      }),
      { numRuns: 20 },
    );
  });

  it('are over at the first instant that is outside, over every change', () => {
    fc.assert(
      fc.property(anyHours, fc.integer({ min: 0, max: 2 * 96 }), ({ closed, ...some }, before) => {
        for (const zone of ZONES) {
          for (const change of changesOf(zone)) {
            const holidays = closed ? [new Date(wallOf(zone, change)).toJSON().slice(0, 10)] : [];
            const hours: Hours = { ...some, zone: zone.zone, holidays };
            const at = change - before * STEP;
            if (isAlways(hours)) continue;
            let first = at;
            // Most are over within the day; what is open for days on end is walked through, too.
            while (inside(zone, hours, first) && first < at + 8 * DAY) first += STEP;
            if (first < at + 8 * DAY) expect([zone.zone, at, firstOutside(hours, at)]).toEqual([zone.zone, at, first]);
          }
        }
      }),
      { numRuns: 20 },
    );
  });

  const office: Hours = { zone: 'Europe/Berlin', days: DAYS.slice(0, 5), from: 480, to: 1080, holidays: ['2026-12-25'] };
  const night: Hours = { zone: 'Europe/Berlin', days: ['fri'], from: 22 * 60, to: 6 * 60, holidays: [] };
  it.each([
    ['the first minute', office, '2026-11-23T08:00+01:00', true],
    ['the last second', office, '2026-11-23T17:59:59+01:00', true],
    ['the end itself', office, '2026-11-23T18:00+01:00', false],
    ['a Saturday', office, '2026-11-28T12:00+01:00', false],
    ['a holiday', office, '2026-12-25T12:00+01:00', false],
    ['the morning after a night that began on a day of it', night, '2026-11-28T05:59+01:00', true],
    ['the same hour on the day on which the night begins', night, '2026-11-27T05:59+01:00', false],
    ['the second showing of an hour', { ...night, days: ['sat'], to: 150 }, '2026-10-25T02:15+01:00', true],
  ] satisfies [string, Hours, string, boolean][])('%s is answered by the clock there', (_what, hours, text, open) => {
    expect(isOpen(hours, parseMoment(text) ?? 0)).toBe(open);
  });

  it('open next after a weekend and holidays, and never where each day is one', () => {
    const at = parseMoment('2026-12-24T18:00+01:00') ?? 0;
    expect(wallText('Europe/Berlin', nextOpening(office, at) ?? 0)).toBe('Monday, 2026-12-28, at 08:00');
    const fridays = Array.from({ length: 70 }, (_, i) => new Date(Date.UTC(2026, 11, 18) + i * 7 * DAY).toJSON().slice(0, 10));
    expect(nextOpening({ ...night, holidays: fridays }, at)).toBeUndefined();
  });

  it('are over at once outside, next on the holiday of a calendar without an end, and never where there is none', () => {
    const at = parseMoment('2026-11-23T08:00+01:00') ?? 0;
    const over = (hours: Hours, from = at) => new Date(firstOutside(hours, from) ?? 0).toJSON();
    expect(over(office)).toBe('2026-11-23T17:00:00.000Z');
    expect(over(office, at - 1)).toBe(new Date(at - 1).toJSON());
    const always = { ...office, days: DAYS, from: 0, to: 1440 };
    expect(over(always)).toBe('2026-12-24T23:00:00.000Z');
    expect(isAlways(always)).toBe(false);
    expect(firstOutside({ ...always, holidays: [] }, at)).toBeUndefined();
    expect(isAlways({ ...always, holidays: [] })).toBe(true);
    expect(isAlways({ ...always, holidays: [], days: DAYS.slice(1) })).toBe(false);
    expect(() => firstOutside(office, Number.NaN)).toThrow(RangeError);
  });

  it('are said as people say them', () => {
    expect(hoursText(office)).toBe('mon to fri, 08:00 to 18:00 (Europe/Berlin), holidays excepted');
    expect(hoursText({ ...night, days: ['sun', 'fri'] })).toBe('fri, sun, 22:00 to 06:00 of the next day (Europe/Berlin)');
    expect(hoursText({ ...night, days: DAYS, from: 0, to: 1440 })).toBe('every day, all day (Europe/Berlin)');
  });

  it('are within others only if no instant is outside of those', () => {
    fc.assert(
      fc.property(anyHours, anyHours, fc.integer({ min: 0, max: 14 * 96 }), ({ closed: _a, ...a }, { closed: _b, ...b }, n) => {
        const [inner, outer] = [a, b].map((some) => ({ ...some, zone: 'Europe/Berlin', holidays: [] }));
        if (!inner || !outer || !isWithin(inner, outer)) return true;
        const at = Date.UTC(2026, 2, 22) + n * STEP;
        return !isOpen(inner, at) || isOpen(outer, at);
      }),
      { numRuns: 1000 },
    );
    expect(isWithin({ ...office, days: ['mon'] }, office)).toBe(true);
    expect(isWithin({ ...office, holidays: [] }, office)).toBe(false);
    expect(isWithin({ ...office, zone: 'Europe/London' }, office)).toBe(false);
  });
});
