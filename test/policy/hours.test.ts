/** Hours by single cases: the very minutes of opening and closing, the days a clock is changed, and how they are said and compared. */
import { describe, expect, it } from 'vitest';
import { type Hours, hoursText, isOpen, isWithin, nextOpening, parseMoment } from '../../policy/calendar.js';

const HOURS: Hours = { zone: 'UTC', days: ['mon', 'tue'], from: 8 * 60, to: 18 * 60, holidays: [] };
const of = (change: Partial<Hours>): Hours => ({ ...HOURS, ...change });
const ms = (text: string): number => Date.parse(text);

describe('hours', () => {
  it('are open from the first minute on and closed from the last one on, of a day and of a night', () => {
    const open = (hours: Hours, ...times: readonly string[]) => times.map((time) => isOpen(hours, ms(`2026-03-0${time}Z`)));
    expect(open(HOURS, '2T07:59:59', '2T08:00:00', '2T17:59:59', '2T18:00:00', '4T08:00:00')).toEqual([
      false,
      true,
      true,
      false,
      false,
    ]);
    const night = of({ from: 22 * 60, to: 6 * 60, days: ['mon'] });
    expect(open(night, '2T05:59:00', '2T22:00:00', '3T05:59:59', '3T06:00:00', '3T22:00:00')).toEqual([
      false,
      true,
      true,
      false,
      false,
    ]);
    const whole = of({ from: 9 * 60, to: 9 * 60, days: ['mon'] });
    expect(open(whole, '2T08:59:00', '2T09:00:00', '3T08:59:59', '3T09:00:00')).toEqual([false, true, true, false]);
  });

  it('that begin in the hour that is left out in spring open when the clock has been put forward', () => {
    const early = of({ zone: 'Europe/Berlin', days: ['sun'], from: 2 * 60 + 30, to: 5 * 60 });
    for (const asked of ['2026-03-28T12:00Z', '2026-03-29T00:10Z', '2026-03-28T01:00Z'])
      expect(nextOpening(early, ms(asked))).toBe(ms('2026-03-29T01:00:00Z'));
    expect(nextOpening(early, ms('2026-10-24T12:00Z'))).toBe(ms('2026-10-25T00:30:00Z'));
  });

  it('open next at most about a year ahead', () => {
    const days = (count: number) =>
      Array.from({ length: count }, (_, n) => new Date(ms('2026-03-02T00:00Z') + n * 86_400_000).toISOString().slice(0, 10));
    const closed = (count: number) => of({ days: ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'], holidays: days(count) });
    expect(nextOpening(closed(399), ms('2026-03-02T09:00Z'))).toBe(ms('2026-03-02T08:00Z') + 399 * 86_400_000);
    expect(nextOpening(closed(402), ms('2026-03-02T09:00Z'))).toBeUndefined();
  });

  it('are said with what is special about them', () => {
    expect(hoursText(HOURS)).toBe('mon, tue, 08:00 to 18:00 (UTC)');
    expect(hoursText(of({ days: ['wed', 'mon', 'tue'] }))).toBe('mon to wed, 08:00 to 18:00 (UTC)');
    expect(hoursText(of({ days: ['mon', 'tue', 'thu'] }))).toBe('mon, tue, thu, 08:00 to 18:00 (UTC)');
    expect(hoursText(of({ days: ['wed', 'thu', 'fri'] }))).toBe('wed to fri, 08:00 to 18:00 (UTC)');
    expect(hoursText(of({ from: 22 * 60, to: 6 * 60, holidays: ['2026-12-25'] }))).toBe(
      'mon, tue, 22:00 to 06:00 of the next day (UTC), holidays excepted',
    );
    expect(hoursText(of({ from: 0, to: 24 * 60 }))).toBe('mon, tue, all day (UTC)');
    expect(hoursText(of({ from: 9 * 60, to: 9 * 60 }))).toBe('mon, tue, 09:00 to 09:00 of the next day (UTC)');
  });

  it.each<[string, Partial<Hours>, Partial<Hours>, boolean]>([
    ['the same', {}, {}, true],
    ['fewer days', { days: ['mon'] }, {}, true],
    ['one day of them and another', { days: ['mon', 'wed'] }, {}, false],
    ['another zone', { zone: 'Europe/Berlin' }, {}, false],
    ['later and shorter', { from: 9 * 60, to: 17 * 60 }, {}, true],
    ['one minute earlier', { from: 8 * 60 - 1 }, {}, false],
    ['one minute longer', { to: 18 * 60 + 1 }, {}, false],
    ['a night in a longer one', { from: 23 * 60, to: 5 * 60 }, { from: 22 * 60, to: 6 * 60 }, true],
    ['a day in a night', { from: 23 * 60, to: 24 * 60 }, { from: 22 * 60, to: 6 * 60 }, true],
    ['a night in a day', { from: 22 * 60, to: 6 * 60 }, { from: 0, to: 24 * 60 }, false],
    ['a whole day from nine in the day itself', { from: 9 * 60, to: 9 * 60 }, { from: 9 * 60, to: 24 * 60 }, false],
    ['more holidays', { holidays: ['2026-12-25'] }, {}, true],
    ['a holiday less', {}, { holidays: ['2026-12-25'] }, false],
  ])('%s: within or not', (_what, inner, outer, expected) => expect(isWithin(of(inner), of(outer))).toBe(expected));
});

it('a moment says day, time and how far from Greenwich, and nothing before or after', () => {
  for (const text of ['2026-11-23T09:00+01:00', '2026-11-23T08:00Z', '2026-11-23T08:00:00Z', '2026-11-23T08:00:00.000Z'])
    expect(parseMoment(text)).toBe(ms('2026-11-23T08:00:00Z'));
  expect(parseMoment('2026-11-23T08:00:00.123Z')).toBe(ms('2026-11-23T08:00:00Z') + 123);
  for (const text of ['2026-11-23T08:00', '+002026-11-23T08:00Z', '2026-11-23T08:00Z (UTC)', '2026-11-23', '2026-13-23T08:00Z'])
    expect(parseMoment(text)).toBeUndefined();
});
