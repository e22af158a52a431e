/** What `/admin-status` shows: short lists from the read model, to one person. No decision is made there. */
import type { Button, KnownBlock } from '@slack/types';
import { type AnyEvent, EVENT_CODES } from '../contract/events.js';
import { shortId } from '../contract/ids.js';
import type { ElevationRow, Frozen, Rendered } from '../contract/ports.js';
import type { ElevationView } from '../contract/view.js';
import { formatPage } from './actions.js';
import { actions, bullets, button, context, header, lines, rendered } from './blocks.js';
import { facts } from './card.js';
import { frozenLine } from './frozen.js';
import { wordsOf } from './kinds/index.js';
import { named, type PeopleLookup, plain, plural, type Sentence, spell, strong, when, who, whoIs } from './say.js';
import { stateLines } from './state-line.js';

/** How many elevations a page of `/admin-status` holds. */
export const STATUS_PAGE_SIZE = 10;
const SHOWN_EVENTS = 25;

export interface StatusPage {
  /** The rows of this page, at most ten. */
  readonly rows: readonly ElevationRow[];
  readonly total: number;
  /** From 0. */
  readonly page: number;
  readonly isLast: boolean;
  readonly frozen?: Frozen | undefined;
}

/** The list for administrators, for an ephemeral answer. */
export function adminStatus({ rows, total, page, isLast, frozen }: StatusPage): Rendered {
  const shown = rows.slice(0, STATUS_PAGE_SIZE).map((row) => brief(row.view));
  const summary = `${plural(total, 'elevation')}, page ${page + 1}.`;
  const body: KnownBlock[] = shown.length > 0 ? [bullets(shown)] : [lines(['Nothing here.'])];
  const blocks = [
    header('Elevations'),
    ...freeze(frozen),
    ...body,
    context(`${summary} For one in full: /admin-status <id>`),
    ...actions(turn(page, isLast)),
  ];
  const head = frozen ? [plain(frozenLine(frozen))] : [];
  return rendered([...head, summary, ...shown.map(plain)].join(' '), blocks);
}

function freeze(frozen: Frozen | undefined): KnownBlock[] {
  return frozen ? [lines(frozenLine(frozen))] : [];
}

function turn(page: number, isLast: boolean): readonly Button[] {
  const to = (n: number, label: string) =>
    button({ actionId: formatPage(n), value: String(n), label, spoken: `${label} page of elevations` });
  return [...(page > 0 ? [to(page - 1, 'Previous')] : []), ...(isLast ? [] : [to(page + 1, 'Next')])];
}

/** One elevation in one line. */
export function brief(view: ElevationView): Sentence {
  const { requestId, subject, windowMs, startAt } = view.request;
  const loud = view.state === 'ending' && view.alarmMinutes !== undefined;
  const state = view.outcome && view.state === 'closed' ? `closed, ${view.outcome}` : view.state;
  return [
    strong(shortId(requestId)),
    ` · ${state} · `,
    who(subject),
    ` ${wordsOf(view.request.target).joint} `,
    named(view),
    ` · ${spell(view.approvedWindowMs ?? windowMs)}`,
    ...((view.state === 'requested' || view.state === 'approved') && startAt ? [' · starts ', when(startAt)] : []),
    ...(view.state === 'active' && view.deadlineAt ? [' · until ', when(view.deadlineAt)] : []),
    ...(loud ? [' · ', strong(`alarm: no proof for ${view.alarmMinutes} min`)] : []),
  ];
}

/** One elevation in full, with its last entries. */
export function adminDetail(view: ElevationView, timeline: readonly AnyEvent[], people?: PeopleLookup): Rendered {
  const state = stateLines(view, { people });
  const shown = timeline.slice(-SHOWN_EVENTS);
  const earlier = timeline.length - shown.length;
  const blocks: KnownBlock[] = [
    header(`Elevation ${shortId(view.request.requestId)}`),
    lines(...state),
    lines(...facts(view)),
    ...(shown.length > 0 ? [bullets(shown.map((event) => entry(view, event, people)))] : []),
    context(
      `${view.request.requestId}${earlier > 0 ? ` · ${plural(earlier, 'earlier entry', 'earlier entries')} not shown` : ''}`,
    ),
  ];
  return rendered(state.map(plain).filter(Boolean).join(' '), blocks);
}

function entry(view: ElevationView, event: AnyEvent, people: PeopleLookup | undefined): Sentence {
  const { personId, via } = event.actor;
  const { code, text } = EVENT_CODES[event.type];
  return [when(event.at), ` · ${code} ${text}`, ...(personId ? [' · ', whoIs(view, personId, people)] : []), ` · ${via}`];
}
