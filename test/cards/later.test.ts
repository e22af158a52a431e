/** What is asked for later, as people see it: when it starts, until when at the latest, and what became of a start that was missed. */
import { describe, expect, it } from 'vitest';
import { card } from '../../cards/card.js';
import { dm } from '../../cards/dm.js';
import { plain } from '../../cards/say.js';
import { unstartedText } from '../../cards/state-line.js';
import { brief } from '../../cards/status.js';
import { threadLine } from '../../cards/thread.js';
import type { AnyEvent } from '../../contract/events.js';
import { type ElevationView, foldAll } from '../../contract/view.js';
import { now } from '../../slack-app/standing.js';
import { ALICE, at, BOB, DIGEST, event, MIN, people, request, verdict } from './views.js';

/** Asked at 14:00 for 20:00, to be missed at 21:00; decided within a week. */
const RULES = { startBefore: at(420), deadlines: { ...verdict().deadlines, pendingMs: 7 * 24 * 60 * MIN } };
const waiting = verdict(RULES);
const satisfied = verdict({ ...RULES, outcome: 'satisfied', approvedBy: [ALICE], windowMs: 10 * MIN });
const vote = { decision: 'approve', personId: ALICE, roundDigest: DIGEST, windowMs: 10 * MIN, at: at(2) } as const;
const YES = [
  event('voted', { vote, verdict: satisfied }, 2, ALICE),
  event('approved', { windowMs: 10 * MIN, startBy: at(420), verdict: satisfied }, 2),
];

function view(...events: readonly AnyEvent[]): ElevationView {
  const data = { request: request({ startAt: at(360) }), digest: DIGEST, verdict: waiting };
  const found = foldAll([event('requested', data, 0, BOB.personId), ...events]);
  if (!found) throw new Error('no view');
  return found;
}
const shown = (of: ElevationView) => card(of, { reason: 'a reason', now: at(5), people });

describe('a request for later', () => {
  it('says when it starts, and that nobody is waited for past that', () => {
    const { text } = shown(view());
    expect(text).toContain('Lapses 2026-11-21 21:00 UTC.');
    expect(text).toContain(
      'If it is approved, it starts 2026-11-21 20:00 UTC, by 2026-11-21 21:00 UTC at the latest, or not at all.',
    );
    expect(text).toContain('on mac-bob-01, to start 2026-11-21 20:00 UTC (install)');
    expect(JSON.stringify(shown(view()).blocks)).toContain('Start asked for: ');
    expect(dm('asked', view()).text).toContain('it starts 2026-11-21 20:00 UTC; you can withdraw it until then.');
    expect(plain(brief(view()))).toContain('mac-bob-01 · 10 min · starts 2026-11-21 20:00 UTC');
  });

  it('once approved says so without calling it granted, and can be withdrawn', () => {
    const approved = view(...YES);
    const said =
      'Starts 2026-11-21 20:00 UTC, by 2026-11-21 21:00 UTC at the latest, or not at all; the 10 min count from when the access is there.';
    expect(shown(approved).text).toContain(`Approved for 10 min by Alice Adams. ${said}`);
    const letter = dm('approved', approved);
    expect(letter.text).toContain(said);
    expect(letter.text).toContain('It is judged once more then.');
    expect(JSON.stringify(letter.blocks)).toContain('Withdraw');
    expect(now(approved)).toBe(
      'Elevation abcdefgh was approved for 10 min at 2026-11-21 14:02 UTC and starts at 2026-11-21 20:00 UTC.',
    );
  });

  it('whose start was missed says which of the two it was, and that it is not granted late', () => {
    const lapsed = view(event('lapsed', {}, 420));
    expect(shown(lapsed).text).toContain('Nobody decided before its start was missed; the request lapsed 2026-11-21 21:00 UTC.');
    const missed = view(...YES, event('start-missed', {}, 421));
    expect(shown(missed).text).toContain('Its start was missed (by 2026-11-21 21:00 UTC).');
    expect(shown(missed).text).toContain('It is not granted late: ask for another time.');
    expect(unstartedText(missed)).toContain(
      'Stint itself could not begin with it in the time that the policy leaves after a start.',
    );
  });

  it('that nobody decided long before its start lapsed as any other', () => {
    expect(shown(view(event('lapsed', {}, 240))).text).toContain('Nobody decided in time; the request lapsed');
  });

  it('that was taken and never confirmed is as any other that was not', () => {
    const closed = view(...YES, event('armed', { notAfter: at(430) }, 360), event('start-missed', {}, 420));
    expect(shown(closed).text).not.toContain('Its start was missed');
  });

  it('that was withdrawn after its approval is not told as approved', () => {
    const { text } = threadLine('decided', view(...YES, event('withdrawn', {}, 9, BOB.personId)), { people });
    expect(text).toContain('Withdrawn by Bob Builder');
    expect(text).not.toContain('It counts');
  });
});
