/** What the doctor says of reviews: whichever is older than a day is a warning that names it, until somebody closes it. */
import { expect, it } from 'vitest';
import { instant, type PersonId } from '../../../contract/ids.js';
import { storeFacts } from '../../../ledger/facts.js';
import { pgliteInMemory } from '../../../ledger/pglite.js';
import { storeOn } from '../../../ledger/store.js';
import { requestDigest, sha256 } from '../../../seal/canonical.js';
import { tellReviews } from '../../../workers/checks/reviews.js';
import { at, Elevation, T0, VERDICT } from '../../ledger/events.js';

const DAY = 24 * 3_600_000;

it('one that nobody closes for a day is a warning that names it; before, and once it is closed, it is none', async () => {
  const source = await pgliteInMemory();
  const store = await storeOn(source, { clock: () => T0 });
  const e = new Elevation({ breakGlass: { incident: 'INC-417' } });
  const verdict = { ...VERDICT, outcome: 'auto', breakGlass: true, approvedBy: [] } as const;
  const said = async (now: number) => {
    const rows: [level: string, found: string][] = [];
    const row = (level: string) => (check: string, found: string) => {
      expect(check).toBe('reviews');
      rows.push([level, found]);
    };
    tellReviews((await storeFacts(source)).reviews ?? [], now, { ok: row('ok'), warn: row('warn'), fail: row('fail') });
    return rows;
  };
  try {
    await store.ledger.append([
      e.event('requested', { request: e.request, digest: requestDigest(e.request), verdict }),
      e.event('glass-broken', { incident: 'INC-417' }),
      e.event('approved', { windowMs: 600_000, startBy: at(240), verdict }),
    ]);
    expect(await said(T0 + 9 * DAY)).toEqual([['ok', 'none of a break-glass is open']]);
    await store.fence.arm(e.grant(), e.event('armed', { notAfter: e.grant().notAfter }, { at: at(0) }), at(0));
    expect(await said(T0 + DAY)).toEqual([['ok', '1 open, none for longer than a day']]);
    const [[level, found] = []] = await said(T0 + DAY + 1);
    expect(level).toBe('warn');
    expect(found).toBe(`of break-glass 1 open for longer than a day: ${e.request.requestId.slice(0, 8)} (ada)`);
    const actor = { via: 'cli', personId: 'linus' as PersonId } as const;
    await store.ledger.append([e.event('review-closed', { findingDigest: sha256('found') }, { at: instant(T0 + DAY), actor })]);
    expect(await said(T0 + 9 * DAY)).toEqual([['ok', 'none of a break-glass is open']]);
  } finally {
    await store.close();
  }
});
