/** What is left to extend, and how far one goes: whatever was asked and granted before, never past the maximum. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { EventData } from '../../contract/events.js';
import { extendedTo, extensionLengths, extensionsLeft, lengthsLeft } from '../../contract/extension.js';
import { instant, msOf, type PersonId } from '../../contract/ids.js';
import type { Verdict } from '../../contract/verdict.js';
import { type ElevationView, fold } from '../../contract/view.js';
import { sha256 } from '../../seal/canonical.js';
import { event, verdict, viewOf } from '../cards/views.js';

const MIN = 60_000;
const ROUND = sha256('an extension');
const after = (minutes: number) => instant(Date.UTC(2026, 2, 2, 9) + minutes * MIN);
const LENGTHS = { windowsMs: [5, 10, 30].map((minutes) => minutes * MIN), maxWindowMs: 30 * MIN };

/** Active for so many minutes in all. */
function running(minutes: number, says: Partial<Verdict> = {}): ElevationView {
  return { ...viewOf('active'), verdict: verdict({ ...LENGTHS, ...says }), confirmedAt: after(0), deadlineAt: after(minutes) };
}

function granted(view: ElevationView, minutes: number, says: Partial<Verdict>): ElevationView {
  const asked: EventData['extension-asked'] = { roundDigest: ROUND, windowMs: minutes * MIN };
  const vote = { decision: 'approve', personId: 'grace' as PersonId, roundDigest: ROUND, at: after(0) } as const;
  const deadlineAt = instant(msOf(view.deadlineAt ?? after(0)) + minutes * MIN);
  const events = [
    event('extension-asked', asked),
    event('voted', { vote, verdict: verdict({ ...LENGTHS, ...says }) }),
    event('extended', { ...asked, deadlineAt }),
  ];
  return events.reduce(fold, view);
}

describe('what is left to extend', () => {
  test('is each length that there is room for, where the rule says nothing of extensions', () => {
    expect(lengthsLeft(running(10))).toEqual([5 * MIN, 10 * MIN]);
    expect(lengthsLeft(running(30))).toEqual([]);
    expect(extensionsLeft(running(10))).toBeUndefined();
    expect(lengthsLeft(viewOf('granting'))).toEqual([]);
  });

  test('is what the rule has for extensions, as often as it says, and then nothing', () => {
    const extend = { times: 2, windowsMs: [10 * MIN] };
    const says = { extend, maxWindowMs: 60 * MIN };
    const [none, one, two] = [0, 1, 2].map((count) =>
      Array.from({ length: count }).reduce<ElevationView>((view) => granted(view, 10, says), running(10, says)),
    );
    expect([none, one, two].map((view) => view && extensionsLeft(view))).toEqual([2, 1, 0]);
    expect([none, one, two].map((view) => view && lengthsLeft(view))).toEqual([[10 * MIN], [10 * MIN], []]);
    expect(lengthsLeft(running(10, { extend: { times: 0, windowsMs: [5 * MIN] } }))).toEqual([]);
  });

  test('goes by what was judged last: an extension is judged later than the request', () => {
    const once = granted(running(5, { maxWindowMs: 60 * MIN }), 5, { extend: { times: 1, windowsMs: [5 * MIN] } });
    expect([extensionsLeft(once), lengthsLeft(once)]).toEqual([0, []]);
    const shorter = granted(running(5), 5, { maxWindowMs: 20 * MIN, extend: { windowsMs: [5 * MIN, 15 * MIN] } });
    expect([extensionLengths(shorter), lengthsLeft(shorter)]).toEqual([[5 * MIN, 15 * MIN], [5 * MIN]]);
    expect(lengthsLeft(granted(running(5, { maxWindowMs: 10 * MIN }), 5, { maxWindowMs: 60 * MIN }))).toEqual([]);
  });

  test('is not less for an extension that was denied', () => {
    const view = running(5, { extend: { times: 1, windowsMs: [5 * MIN] } });
    const events = [
      event('extension-asked', { roundDigest: ROUND, windowMs: 5 * MIN }),
      event('extension-closed', { roundDigest: ROUND, why: 'denied' }),
    ];
    expect(extensionsLeft(events.reduce(fold, view))).toBe(1);
  });
});

test('I7: an extension never passes a cap and never shortens, whatever was granted before and whatever it asks for', () => {
  const minutes = fc.integer({ min: 0, max: 300 });
  fc.assert(
    fc.property(
      fc.array(fc.record({ window: minutes, cap: minutes }), { minLength: 1, maxLength: 8 }),
      minutes,
      (asked, first) => {
        let end = after(first);
        for (const { window, cap } of asked) {
          const moved = extendedTo(after(0), end, window * MIN, cap * MIN);
          expect(msOf(moved)).toBeGreaterThanOrEqual(msOf(end));
          expect(msOf(moved)).toBeLessThanOrEqual(Math.max(msOf(end), msOf(after(cap))));
          expect(msOf(moved)).toBeLessThanOrEqual(msOf(end) + window * MIN);
          end = moved;
        }
        expect(msOf(end)).toBeLessThanOrEqual(msOf(after(Math.max(first, ...asked.map(({ cap }) => cap)))));
      },
    ),
  );
});
