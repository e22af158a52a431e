/** What people are shown of an end past the workflow: who ordered it, and not the cancel by which the workflow heard of it. */
import { expect, it } from 'vitest';
import { stateLines } from '../../cards/state-line.js';
import type { SlackDuties } from '../../contract/duties.js';
import { StintError } from '../../contract/errors.js';
import type { Ledger } from '../../contract/ports.js';
import { type ElevationView, fold } from '../../contract/view.js';
import { sha256 } from '../../seal/canonical.js';
import { withRecordedEnd } from '../../workers/recorded-end.js';
import { ALICE, at, event, viewOf } from '../cards/views.js';

/** What Slack is shown of a view by all three ways, when the ledger has another. */
async function shown(view: ElevationView, stored: ElevationView | 'down' | undefined): Promise<readonly ElevationView[]> {
  const views: ElevationView[] = [];
  const note = async (one: ElevationView) => void views.push(one);
  const slack = {
    paint: note,
    dm: (_: string, one: ElevationView) => note(one),
    line: (_: string, one: ElevationView) => note(one),
  };
  const ledger: Pick<Ledger, 'find'> = {
    find: async () => {
      if (stored === 'down') throw new StintError('store-unavailable');
      return stored && { view: stored, updatedAt: at(0) };
    },
  };
  const told = withRecordedEnd(slack as unknown as SlackDuties, ledger);
  await told.paint(view);
  await told.dm('ended', view);
  await told.line('ending', view, 'k');
  return views;
}

const active = viewOf('active');
/** As the workflow has it, which heard a cancel ten minutes after the operator had ended it. */
const cancelled = fold(active, event('revoked', { cause: 'cancel' }, 12));

it.each(['operator', 'left'] as const)('an end by "%s" is shown as that, and when it was', async (cause) => {
  const stored = fold(active, event('revoked', { cause }, 5));
  for (const view of await shown(cancelled, stored)) expect(view).toEqual({ ...cancelled, revokeCause: cause, endingAt: at(5) });
  const gone = fold(cancelled, event('gone', { observedAt: at(13), how: 'seen' }, 13));
  const closed = fold(stored, event('swept', { observedAt: at(6), how: 'seen' }, 6));
  for (const view of await shown(gone, closed)) {
    expect(view).toMatchObject({ state: 'collecting', goneAt: at(13), revokeCause: cause });
    expect(JSON.stringify(stateLines(view))).not.toContain('by a cancel');
  }
});

it('why somebody revoked past the workflow is shown with it', async () => {
  const commentDigest = sha256('The laptop is lost');
  const stored = fold(active, event('revoked', { cause: 'approver', commentDigest }, 5, ALICE));
  for (const view of await shown(cancelled, stored)) {
    expect(view).toMatchObject({ revokeCause: 'approver', revokeComment: commentDigest, endedBy: stored.endedBy });
  }
});

it('an end by whoever holds the access is shown as that, with who and when', async () => {
  const stored = fold(active, event('ended', {}, 5, ALICE));
  for (const view of await shown(cancelled, stored)) {
    expect(view).toMatchObject({ state: 'ending', outcome: 'ended', endedBy: stored.endedBy, endingAt: at(5) });
    expect(view.revokeCause).toBeUndefined();
  }
});

it('a cancel by hand in Temporal stays one, and so it does while the store is down', async () => {
  for (const stored of [cancelled, active, undefined, 'down'] as const)
    for (const view of await shown(cancelled, stored)) expect(view).toEqual(cancelled);
});

it('any other end is shown as the workflow has it', async () => {
  const revoked = fold(active, event('revoked', { cause: 'approver' }, 8, ALICE));
  const stored = fold(active, event('revoked', { cause: 'operator' }, 5));
  for (const view of await shown(revoked, stored)) expect(view).toBe(revoked);
});
