/**
 * Open reviews of break-glass: everybody who was passed over is told at once, whoever may review it at once and then each day,
 * until somebody else than the person closes it. Beside the workflow, which ends long before: what is open stands in the store,
 * and what was said already is known by its key, so a process that dies or a Slack that is down forgets nothing and says nothing twice.
 */
import { type NoticeDeps, sayInThread } from '../activities/notices.js';
import { reviewLetter, reviewLine, skippedLetter } from '../cards/break-glass.js';
import { accountIn } from '../contract/account.js';
import { reviewedSince } from '../contract/break-glass.js';
import { msOf, type RequestId } from '../contract/ids.js';
import type { Ledger, Person, Rendered } from '../contract/ports.js';
import type { ElevationView } from '../contract/view.js';
import type { ReviewMails } from './review-ways.js';

const DAY = 24 * 3_600_000;
const PAGE = 500;
/** Whoever was passed over is told also when the review was closed before Slack was there again, up to so long after. */
const LATE_MS = 7 * DAY;

export interface ReviewRoundDeps {
  readonly store: { readonly ledger: Pick<Ledger, 'list'> };
  readonly notices: NoticeDeps;
  /** Who would have been asked. */
  readonly passedOver: (view: ElevationView) => Promise<readonly Person[]>;
  readonly reviewers: (view: ElevationView) => Promise<readonly Person[]>;
  /** For reviewers without an account in Slack; undefined where no mail server is set up. */
  readonly mails?: ReviewMails | undefined;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  /** Told of each message that could not be sent; it is tried again in the next round. */
  readonly failed: (view: ElevationView, error: unknown) => void;
}

/** One round over all open reviews, and over those that were closed early. Remembers what it said, so that a quiet round asks nobody. */
export function createReviews(deps: ReviewRoundDeps): () => Promise<void> {
  const said = new Set<string>();
  /** Of these somebody who was passed over may not have heard. */
  let late: Map<RequestId, ElevationView> | undefined;
  return async () => {
    // Another process may have died with its list.
    late ??= await closedLately(deps);
    const open = await openReviews(deps.store.ledger);
    for (const view of open) {
      const { requestId } = view.request;
      const days = daysOpen(view, deps.clock());
      const round = `${requestId}/${days}`;
      await deps.mails?.(view, days);
      if (said.has(round)) continue;
      late.set(requestId, view);
      if (!(await tellAll(deps, view, days))) continue;
      said.add(round);
      late.delete(requestId);
    }
    const isOpen = new Set(open.map(({ request }) => request.requestId));
    for (const [requestId, view] of late)
      if (!isOpen.has(requestId) && (isPast(deps, view) || (await tellSkipped(deps, view)))) late.delete(requestId);
  };
}

/** A review can be closed while Slack is down, and then nobody hears of it as an open one. */
async function closedLately(deps: ReviewRoundDeps): Promise<Map<RequestId, ElevationView>> {
  const rows = await deps.store.ledger.list({ live: false, limit: PAGE });
  const closed = rows.map(({ view }) => view).filter((view) => view.review && !isPast(deps, view));
  return new Map(closed.map((view) => [view.request.requestId, view]));
}

function isPast({ clock }: ReviewRoundDeps, view: ElevationView): boolean {
  return clock() - msOf(reviewedSince(view) ?? view.request.askedAt) > LATE_MS;
}

/** All of them: none is left out because there are many. */
async function openReviews(ledger: Pick<Ledger, 'list'>): Promise<readonly ElevationView[]> {
  const views: ElevationView[] = [];
  for (;;) {
    const page = await ledger.list({ review: 'open', limit: PAGE, offset: views.length });
    views.push(...page.map(({ view }) => view));
    if (page.length < PAGE) return views;
  }
}

function daysOpen(view: ElevationView, now: number): number {
  const since = reviewedSince(view);
  return since ? Math.max(0, Math.floor((now - msOf(since)) / DAY)) : 0;
}

/** Whether everybody was told. One whom Slack does not take keeps nobody else from hearing of it. */
async function tellAll(deps: ReviewRoundDeps, view: ElevationView, days: number): Promise<boolean> {
  const skipped = await tellSkipped(deps, view);
  const reviewers = await telling(deps, view, async () => {
    const found = await deps.reviewers(view);
    const ids = found.map(({ personId }) => personId);
    const line = () => sayInThread(deps.notices, view, `review-${days}`, (lookup) => reviewLine(view, days, ids, lookup));
    return [...letters(deps, view, found, `review-${days}`, reviewLetter(view, days)), ...(days === 0 ? [] : [line])];
  });
  return skipped && reviewers;
}

/** Also days later, if Slack was away until then: each of them is told once, by the name of the message. */
function tellSkipped(deps: ReviewRoundDeps, view: ElevationView): Promise<boolean> {
  return telling(deps, view, async () => letters(deps, view, await deps.passedOver(view), 'skipped', skippedLetter(view)));
}

type Task = () => Promise<void>;

function letters(
  { notices }: ReviewRoundDeps,
  { request }: ElevationView,
  who: readonly Person[],
  key: string,
  message: Rendered,
): Task[] {
  return who.flatMap((person) => {
    const userId = accountIn(notices.teamId, person);
    return userId ? [() => notices.cards.dm(`${key}/${request.requestId}/${person.personId}`, userId, message)] : [];
  });
}

/** Whether all of these could be done. */
async function telling(deps: ReviewRoundDeps, view: ElevationView, tasks: () => Promise<readonly Task[]>): Promise<boolean> {
  try {
    return await each(await tasks(), (error) => deps.failed(view, error));
  } catch (error) {
    deps.failed(view, error);
    return false;
  }
}

async function each(tasks: readonly Task[], failed: (error: unknown) => void): Promise<boolean> {
  let all = true;
  for (const task of tasks) {
    await task().catch((error: unknown) => {
      all = false;
      failed(error);
    });
  }
  return all;
}
