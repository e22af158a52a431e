/** What a storm was to come to: it must not pass where one kind of target was granted to nobody. */
import { describe, expect, it } from 'vitest';
import { instant, type PersonId } from '../../contract/ids.js';
import type { AwsPermissionSetTarget, ElevationRequest, Target } from '../../contract/request.js';
import { foldAll } from '../../contract/view.js';
import { ada, macOf } from '../fixtures/people.js';
import { Elevation } from '../ledger/events.js';
import type { Facts } from './judge/facts.js';
import { createNotebook } from './notebook.js';
import { shortOf, waysOf } from './report.js';

const WANTED = { kills: 0, elevations: 20, calm: 1 };
const cloud = {} as NonNullable<Facts['cloud']>;
const aws = { kind: 'aws-permission-set', key: 'aws/1/ps-1/u' } as AwsPermissionSetTarget;

/** So many elevations that ended without a grant, or with one. */
function lives(
  count: number,
  confirmed: boolean,
  target: Target = macOf(ada),
  more: Partial<ElevationRequest> = {},
): Facts['recorded'] {
  return Array.from({ length: count }, () => {
    const e = new Elevation<Target>({ ...more, target });
    const at = e.request.askedAt;
    const events = [e.requested(), ...(confirmed ? [e.event('confirmed', { confirmedAt: at, deadlineAt: at })] : [])];
    const view = foldAll(events);
    if (!view) throw new Error('it begins as requested');
    return { requestId: e.request.requestId, events, view };
  });
}
const short = (recorded: Facts['recorded'], wanted = WANTED, more: Pick<Facts, 'cloud'> = { cloud }) =>
  shortOf(wanted, { notebook: createNotebook(), recorded, ...more }, true);

describe('a storm falls short', () => {
  it('where nobody was granted anything in AWS, however many Macs gave it, and the other way round', () => {
    expect(short([...lives(19, true), ...lives(5, false, aws)])).toEqual(['nobody was granted anything in AWS']);
    expect(short([...lives(19, false), ...lives(5, true, aws)])).toEqual(['nobody was granted anything on a Mac']);
    expect(short([...lives(19, true), ...lives(1, true, aws)])).toEqual([]);
  });

  it('for want of AWS only where it was part of it, and where so many were asked for that chance is no excuse', () => {
    expect(short(lives(20, true), WANTED, {})).toEqual([]);
    expect(short(lives(3, false), { ...WANTED, elevations: 3 })).toEqual([]);
  });

  it('where fewer were asked for or killed than was said, or it did not come to rest', () => {
    const facts = { notebook: createNotebook(), recorded: lives(1, true), cloud: undefined as never };
    expect(shortOf({ kills: 2, elevations: 3, calm: 4 }, facts, false)).toEqual([
      '0 of 2 kills',
      '1 of 3 elevations',
      'not everything had converged after 4 min of calm',
    ]);
  });
});

it('counts who broke the glass, and whose access began later', () => {
  const glass = { breakGlass: { incident: 'INC-417' } };
  const later = { startAt: instant(Date.parse('2026-03-02T09:00:20.000Z')) };
  const closed = (all: Facts['recorded'], change: Partial<Facts['recorded'][number]['view']>) =>
    all.map((one) => ({ ...one, view: { ...one.view, ...change } }));
  const all = [
    ...lives(9, true),
    ...closed(lives(2, true, aws, glass), { review: { by: 'sec1' as PersonId, at: later.startAt } }),
    ...lives(3, false, undefined, glass),
    ...closed(lives(1, false, undefined, glass), { outcome: 'drilled' }),
    ...lives(4, true, undefined, later),
    ...closed(lives(5, false, undefined, later), { outcome: 'withdrawn' }),
    ...closed(lives(1, false, undefined, later), { outcome: 'lapsed' }),
  ];
  expect(waysOf(all)).toEqual({
    glass: { asked: 6, broke: 2, drills: 1, reviewed: 2 },
    later: { asked: 10, began: 4, calledOff: 5 },
  });
});
