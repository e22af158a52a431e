/**
 * What is said of a break-glass: on its card, to everybody who was passed over, and to whoever has to review it, day by day. Of a
 * drill the same, and first of all that it is one.
 */

import { isBroken, isReviewOpen } from '../contract/break-glass.js';
import type { PersonId } from '../contract/ids.js';
import { shortId } from '../contract/ids.js';
import type { Rendered } from '../contract/ports.js';
import type { ElevationView } from '../contract/view.js';
import { context, lines, rendered } from './blocks.js';
import { accessOf } from './kinds/index.js';
import type { NoticeText } from './notice.js';
import { foreign, listOf, type PeopleLookup, plain, plural, type Sentence, spell, strong, when, who, whoIs } from './say.js';
import { oneLine } from './text.js';

const MENTIONED = 10;

/** First on the card, and as loud as a card can be; nothing on any other. */
export function glassLines(view: ElevationView, people?: PeopleLookup): readonly Sentence[] {
  if (!isBroken(view)) return [];
  const said: Sentence = isDrill(view) ? DRILL : ['🚨 ', strong('Break-glass: nobody was asked.')];
  return [[...said, ...incidentOf(view)], ...reviewState(view, people)];
}

const DRILL: Sentence = ['🟣 ', strong('This is a drill: nothing was granted.')];

const isDrill = ({ request }: ElevationView): boolean => request.breakGlass?.drill === true;

const incidentOf = ({ request }: ElevationView): Sentence => [' Incident ', foreign(request.breakGlass?.incident ?? '', 64), '.'];

function reviewState(view: ElevationView, people: PeopleLookup | undefined): readonly Sentence[] {
  const { review } = view;
  if (review) return [['✅ ', strong('Reviewed'), ' by ', whoIs(view, review.by, people), ' ', when(review.at), '.']];
  if (!isReviewOpen(view)) return [];
  return [['🔴 ', strong('Its review is open.'), howToClose(view)]];
}

function howToClose({ request, state }: ElevationView): string {
  const over = state === 'closed' ? '' : ', when the access is over,';
  const command = `stint review ${shortId(request.requestId)} --finding "…"`;
  return ` Somebody else than the person closes it${over} with what they found: on its card, or by ${command}`;
}

function taken(view: ElevationView): Sentence {
  const { subject, windowMs } = view.request;
  const length = spell(view.approvedWindowMs ?? windowMs);
  const did = isDrill(view) ? ` practised taking ${length} of ` : ` took ${length} of `;
  return [who(subject), did, ...accessOf(view), ' by break-glass.', ...incidentOf(view)];
}

/** To an approver who was not asked. */
export function skippedLetter(view: ElevationView): Rendered {
  const act = isDrill(view)
    ? 'Had it been none, you could now have revoked it on its card.'
    : 'You could have decided it. If it is not right, revoke it on its card, now.';
  return letter(view, [['🚨 ', strong('You were passed over.'), ' ', ...taken(view)], [act]]);
}

/** To a reviewer: at the start, and then each day until it is closed. */
export function reviewLetter(view: ElevationView, days: number): Rendered {
  const open = days === 0 ? 'You may review it.' : `Its review has been open for ${plural(days, 'day')}.`;
  return letter(view, [
    ['🔴 ', strong('A break-glass waits for its review.'), ' ', ...taken(view)],
    [open, howToClose(view)],
  ]);
}

/** The same by e-mail, to a reviewer who has no account in Slack, and so no card. As with every e-mail the reason stands not in it. */
export function reviewMail(view: ElevationView, days: number): NoticeText {
  const { request, state, approvedWindowMs } = view;
  const [whom, what] = [oneLine(request.subject.name, 60), oneLine(request.target.display, 100)];
  const id = shortId(request.requestId);
  const drill = isDrill(view) ? ' (a drill: nothing was granted)' : '';
  const length = spell(approvedWindowMs ?? request.windowMs);
  const open = days === 0 ? 'You may review it' : `Its review has been open for ${plural(days, 'day')}`;
  return {
    subject: `[Stint] A break-glass waits for its review${drill}: ${whom}, ${what} (${id})`,
    lines: [
      `${whom} ${isDrill(view) ? 'practised taking' : 'took'} ${length} of ${what} by break-glass${drill}. Incident ${oneLine(request.breakGlass?.incident ?? '', 64)}.`,
      `${open}. Look at what was done; then close it${state === 'closed' ? '' : ', when the access is over,'} with what you found:`,
      `  stint review ${id} --finding "…"`,
      'It needs a key of your own: see "stint enroll --help", or ask your IT team.',
    ],
  };
}

/** In the thread of its card, each day. */
export function reviewLine(view: ElevationView, days: number, reviewers: readonly PersonId[], people?: PeopleLookup): Rendered {
  const could = reviewers.slice(0, MENTIONED).map((id) => whoIs(view, id, people));
  const says: readonly Sentence[] = [
    ...(isDrill(view) ? [DRILL] : []),
    ['🔴 ', strong(`The review has been open for ${plural(days, 'day')}.`), howToClose(view)],
    could.length > 0 ? ['Can review: ', ...listOf(could), '.'] : [strong('Nobody whom the policy names can review it.')],
  ];
  return rendered(says.map(plain).join(' '), [lines(...says)]);
}

function letter(view: ElevationView, says: readonly Sentence[]): Rendered {
  const all = isDrill(view) ? [DRILL, ...says] : says;
  return rendered(all.map(plain).join(' '), [lines(...all), context(`Elevation ${shortId(view.request.requestId)}`)]);
}
