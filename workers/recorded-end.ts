/**
 * What ended an elevation past its workflow reaches the workflow as a cancel only, which says nothing of who ordered it and
 * why. The ledger knows: what people are shown of such an end is taken from there.
 */
import type { SlackDuties } from '../contract/duties.js';
import type { Ledger } from '../contract/ports.js';
import type { ElevationView } from '../contract/view.js';

/** The same duties, with the recorded cause of an end in place of the cancel that followed it. */
export function withRecordedEnd(slack: SlackDuties, ledger: Pick<Ledger, 'find'>): SlackDuties {
  return {
    ...slack,
    paint: async (view) => slack.paint(await recorded(ledger, view)),
    dm: async (kind, view) => slack.dm(kind, await recorded(ledger, view)),
    line: async (kind, view, key) => slack.line(kind, await recorded(ledger, view), key),
  };
}

/** A store that is down keeps no message back: that it was cancelled is true as well. */
async function recorded(ledger: Pick<Ledger, 'find'>, view: ElevationView): Promise<ElevationView> {
  if (view.revokeCause !== 'cancel') return view;
  const stored = (await ledger.find(view.request.requestId).catch(() => undefined))?.view;
  if (stored?.digest !== view.digest) return view;
  const { outcome, revokeCause, revokeComment, endedBy, endingAt } = stored;
  const who = { ...(endedBy && { endedBy }), ...(view.endingAt && endingAt && { endingAt }) };
  if (outcome === 'revoked' && revokeCause) return { ...view, revokeCause, ...(revokeComment && { revokeComment }), ...who };
  const { revokeCause: _, ...ended } = view;
  return outcome === 'ended' ? { ...ended, outcome, ...who } : view;
}
