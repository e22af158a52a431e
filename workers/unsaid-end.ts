/**
 * Access that is there while nobody has said when its window began: its workflow was ended before it heard of it, and the process
 * that gave it has died with it. Its end would be that of the last instant at which it might have begun.
 */
import { instant, msOf } from '../contract/ids.js';
import type { Store } from '../contract/ports.js';
import type { Failure, Looked } from './sights.js';

/**
 * Has each end with its window, counted from this sight of it, or by when what was sent has to be over (`Fence.sending`). A workflow that
 * says when it began is believed instead.
 */
export async function boundUnsaid(
  { fence }: Pick<Store, 'fence'>,
  looked: readonly Looked[],
  failures: Failure[],
): Promise<void> {
  for (const { sight } of looked) {
    const { live, present } = sight;
    const isOurs = present !== undefined && !present.standing && present.of === live?.grant.requestId;
    if (!live || !isOurs || live.view?.confirmedAt) continue;
    const { requestId, notAfter, windowMs, targetKey } = live.grant;
    // Somebody has seen it before.
    if (!windowMs || notAfter !== live.view?.notAfter) continue;
    try {
      // It may have been sent since the grants were listed.
      const sentUntil = (await fence.grant(requestId))?.sentUntil ?? notAfter;
      const until = instant(Math.min(msOf(present.observedAt) + windowMs, msOf(sentUntil)));
      await fence.seen(requestId, until, notAfter);
    } catch (error) {
      failures.push({ what: targetKey, error });
    }
  }
}
