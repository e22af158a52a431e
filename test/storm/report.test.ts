/** What a storm was to come to: it must not pass where one kind of target was granted to nobody. */
import { describe, expect, it } from 'vitest';
import type { AwsPermissionSetTarget, Target } from '../../contract/request.js';
import { foldAll } from '../../contract/view.js';
import { ada, macOf } from '../fixtures/people.js';
import { Elevation } from '../ledger/events.js';
import type { Facts } from './judge/facts.js';
import { createNotebook } from './notebook.js';
import { shortOf } from './report.js';

const WANTED = { kills: 0, elevations: 20, calm: 1 };
const cloud = {} as NonNullable<Facts['cloud']>;
const aws = { kind: 'aws-permission-set', key: 'aws/1/ps-1/u' } as AwsPermissionSetTarget;

/** So many elevations that ended without a grant, or with one. */
function lives(count: number, confirmed: boolean, target: Target = macOf(ada)): Facts['recorded'] {
  return Array.from({ length: count }, () => {
    const e = new Elevation<Target>({ target });
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
