/**
 * What is left to extend of an elevation that runs, and how far an extension goes. The story, the gate and the direct messages go
 * by the same.
 */
import { type Instant, instant, msOf } from './ids.js';
import type { Verdict } from './verdict.js';
import type { ElevationView } from './view.js';

/** By how the policy last judged it: an extension that was voted on is younger than the request. */
export function lastVerdict({ verdict, extension }: Pick<ElevationView, 'verdict' | 'extension'>): Verdict {
  return extension?.verdict ?? verdict;
}

/** How many more may be granted; undefined where nothing counts them. */
export function extensionsLeft(view: ElevationView): number | undefined {
  const times = lastVerdict(view).extend?.times;
  return times === undefined ? undefined : Math.max(0, times - (view.extensions ?? 0));
}

/** The lengths that the rule has for extensions, ascending; no more of one may be granted than there is room for. */
export function extensionLengths(view: ElevationView): readonly number[] {
  const { extend, windowsMs } = lastVerdict(view);
  return (extend ?? { windowsMs }).windowsMs;
}

/** The lengths that may be asked for on top and that there is room for, ascending. */
export function lengthsLeft(view: ElevationView): readonly number[] {
  const { confirmedAt, deadlineAt, verdict } = view;
  if (!confirmedAt || !deadlineAt || extensionsLeft(view) === 0) return [];
  const room = Math.min(verdict.maxWindowMs, lastVerdict(view).maxWindowMs) - (msOf(deadlineAt) - msOf(confirmedAt));
  return extensionLengths(view).filter((windowMs) => windowMs <= room);
}

/** The end after an extension of `windowMs`: never past `maxMs` after the confirmation, and never earlier than before (invariant I7). */
export function extendedTo(confirmedAt: Instant, deadlineAt: Instant, windowMs: number, maxMs: number): Instant {
  const wanted = Math.min(msOf(deadlineAt) + windowMs, msOf(confirmedAt) + maxMs);
  return instant(Math.max(msOf(deadlineAt), wanted));
}
