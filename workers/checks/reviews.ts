/** Reviews of break-glass that nobody closes: people are reminded of them each day, and whoever looks after Stint sees that it did not help. */
import { reviewedSince } from '../../contract/break-glass.js';
import { few } from '../../contract/few.js';
import { msOf, shortId } from '../../contract/ids.js';
import type { ElevationView } from '../../contract/view.js';
import { type Say, SHOWN } from './check.js';

const DAY = 24 * 3_600_000;

/** `open`: those of open reviews. `now` in milliseconds since 1970. */
export function tellReviews(open: readonly ElevationView[], now: number, say: Say): void {
  const late = open.filter((view) => now - msOf(reviewedSince(view) ?? view.request.askedAt) > DAY);
  const none = open.length === 0 ? 'none of a break-glass is open' : `${open.length} open, none for longer than a day`;
  const ids = late.map(({ request }) => `${shortId(request.requestId)} (${request.subject.personId})`);
  const fix =
    'Somebody whom the policy names, and not the person, closes each, on its card or by "stint review". "stint list --review" shows all.';
  if (late.length === 0) say.ok('reviews', none);
  else say.warn('reviews', `of break-glass ${late.length} open for longer than a day: ${few(ids, SHOWN)}`, fix);
}
