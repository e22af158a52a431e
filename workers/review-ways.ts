/**
 * How whoever may review a break-glass hears of it who has no account in Slack: by e-mail, where a mail server is set up. Once as the
 * review opens and once each day, whichever process tells; what failed is tried again, and holds up nobody who is told in Slack.
 */
import type { Mail } from '../activities/mail/smtp.js';
import { reviewMail } from '../cards/break-glass.js';
import { accountIn } from '../contract/account.js';
import type { Person } from '../contract/ports.js';
import type { ElevationView } from '../contract/view.js';
import { sha256 } from '../seal/canonical.js';
import { TURN_MS, type Turns } from './alarm-turns.js';

/** The next day has a message of its own. */
const KEPT_MS = 2 * 24 * 3_600_000;

export interface ReviewMailDeps {
  /** Throws what was wrong. */
  readonly mail: (mail: Mail) => Promise<void>;
  readonly turns: Turns;
  /** The workspace that the app is in. */
  readonly teamId: string;
  readonly reviewers: (view: ElevationView) => Promise<readonly Person[]>;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  /** Told of each message that could not be sent; it is tried again after a minute. */
  readonly failed: (view: ElevationView, error: unknown) => void;
}

/** Tells of a review that has been open for so many days. Never throws. */
export type ReviewMails = (view: ElevationView, days: number) => Promise<void>;

/** Remembers whom it told, so that a quiet round asks nobody. */
export function createReviewMails(deps: ReviewMailDeps): ReviewMails {
  const said = new Set<string>();
  const pauses = new Map<string, number>();
  return async (view, days) => {
    const { requestId } = view.request;
    const round = `${requestId}/${days}`;
    if (said.has(round) || deps.clock() < (pauses.get(requestId) ?? 0)) return;
    if (await tellAll(deps, view, days)) {
      said.add(round);
      pauses.delete(requestId);
    } else pauses.set(requestId, deps.clock() + TURN_MS);
  };
}

/** Whether everybody was told. One whose mailbox is refused keeps nobody else from hearing of it. */
async function tellAll(deps: ReviewMailDeps, view: ElevationView, days: number): Promise<boolean> {
  const failed = (error: unknown): false => {
    deps.failed(view, error);
    return false;
  };
  const found = await deps.reviewers(view).catch(failed);
  if (!found) return false;
  let all = true;
  for (const person of found) {
    if (person.email === undefined || accountIn(deps.teamId, person)) continue;
    if (!(await tell(deps, view, days, { ...person, email: person.email }).catch(failed))) all = false;
  }
  return all;
}

/** Whether it was said: by this process now, or by any before. */
async function tell(
  { mail, turns, clock }: ReviewMailDeps,
  view: ElevationView,
  days: number,
  { personId, email }: Person & { readonly email: string },
): Promise<boolean> {
  const { requestId } = view.request;
  const key = `review-mail-${days}/${requestId}/${personId}`;
  const turn = await turns.take(key);
  if (turn === 'said') return true;
  if (turn === 'others') return false;
  const { subject, lines } = reviewMail(view, days);
  const [id, thread] = [key, requestId].map((name) => sha256(name).slice(0, 40));
  await mail({ id: id ?? '', thread: thread ?? '', to: email, subject, text: `${lines.join('\n')}\n` });
  await turns.said(key, clock() + KEPT_MS);
  return true;
}
