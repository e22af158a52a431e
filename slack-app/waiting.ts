/**
 * What a person could decide now. The pool of the last verdict narrows it down, and the policy judges each as it would a
 * click: who is no approver any more is shown nothing of others' requests. Nothing can be decided here; a link leads to
 * the card, the one place of decisions.
 */
import type { WebClient } from '@slack/web-api';
import type { ToDecide, Waiting } from '../cards/home.js';
import type { Ledger, MessageRef, Person } from '../contract/ports.js';
import type { Preview } from '../contract/preview.js';
import type { ElevationView } from '../contract/view.js';
import { errorText, type Log } from './log.js';
import type { Recall } from './recall.js';

/** How many live elevations are looked through, newest first, and how many of them are judged. */
const LOOKED_AT = 200;
const JUDGED = 10;
/** Addresses of cards that are remembered. */
const KEPT = 500;

export interface WaitingDeps {
  readonly api: WebClient;
  readonly ledger: Ledger;
  readonly preview: Preview;
  readonly recall: Recall;
  readonly logger: Log;
}

/** What waits for this person; the oldest first. Throws `store-unavailable`. */
export function createWaiting(deps: WaitingDeps): (person: Person) => Promise<Waiting> {
  const links = new Map<string, string>();

  /** Slack's own address of the card; undefined when there is none (yet), or Slack does not say. */
  async function linkTo({ channel, ts }: MessageRef): Promise<string | undefined> {
    const key = `${channel}/${ts}`;
    const known = links.get(key);
    if (known) return known;
    const { permalink } = await deps.api.chat.getPermalink({ channel, message_ts: ts });
    if (!permalink || !URL.canParse(permalink)) return undefined;
    if (links.size >= KEPT) links.clear();
    links.set(key, permalink);
    return permalink;
  }

  async function judged(view: ElevationView, person: Person): Promise<ToDecide | undefined> {
    const extension = isLonger(view) ? view.extension : undefined;
    const windowMs = extension?.windowMs ?? view.verdict.windowsMs[0];
    const answer = await deps.preview.judgeClick(view, person, extension ? 'ext-approve' : 'approve', windowMs);
    if (!answer.ok) return undefined;
    const { card } = await deps.recall.of(view.request.requestId);
    return { view, link: card && (await linkTo(card).catch(() => undefined)) };
  }

  return async (person) => {
    const rows = await deps.ledger.list({ live: true, limit: LOOKED_AT });
    const all = rows.map((row) => row.view).filter((view) => mayWait(view, person));
    const oldest = all.toReversed().slice(0, JUDGED);
    const answers = await Promise.allSettled(oldest.map((view) => judged(view, person)));
    const failed = answers.find((answer) => answer.status === 'rejected');
    if (failed) deps.logger.warn({ error: errorText(failed.reason) }, 'what waits for somebody could not all be judged');
    return {
      shown: answers.flatMap((answer) => (answer.status === 'fulfilled' && answer.value ? [answer.value] : [])),
      more: all.length - oldest.length,
      unsure: failed !== undefined || rows.length === LOOKED_AT,
    };
  };
}

const isLonger = (view: ElevationView): boolean => view.state === 'active' && view.extension?.state === 'waiting';

/** Not their own, open to a decision, and not decided by them already. */
function mayWait(view: ElevationView, { personId }: Person): boolean {
  const { requester, subject } = view.request;
  if (requester.personId === personId || subject.personId === personId) return false;
  const voted = (isLonger(view) ? (view.extension?.votes ?? []) : view.votes).some((vote) => vote.personId === personId);
  if (voted) return false;
  return isLonger(view) || (view.state === 'requested' && view.verdict.approvers.includes(personId));
}
