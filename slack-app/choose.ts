/**
 * Something was chosen in the open form: it is drawn anew, to say what has to be known of the choice. Nothing is decided
 * here. Choices may overtake each other: the newest of a form wins, and a form that speaks of another choice than the
 * one that is sent is not taken (`submit.ts`).
 */
import type { WebClient } from '@slack/web-api';
import type { Ack } from './clicks.js';
import type { Gatekeeper } from './gatekeeper.js';
import { errorText, type Log } from './log.js';
import type { Choice } from './payload.js';
import type { RequestViews } from './request-view.js';

/** Forms whose newest choice is remembered: one is open for minutes. */
const KEPT = 1000;

export interface Choose {
  /** Never throws: a form that could not be drawn anew is, when it is sent. */
  chosen(choice: Choice, ack: Ack): Promise<void>;
}

export function createChoose(deps: {
  readonly api: WebClient;
  readonly gatekeeper: Gatekeeper;
  readonly views: RequestViews;
  readonly logger: Log;
}): Choose {
  const { api, logger } = deps;
  const newest = new Map<string, string>();

  function begin({ viewId, actionTs }: Choice): () => boolean {
    if (newest.size >= KEPT) newest.clear();
    const before = newest.get(viewId);
    if (before === undefined || Number(before) <= Number(actionTs)) newest.set(viewId, actionTs);
    return () => (newest.get(viewId) ?? actionTs) === actionTs;
  }

  async function draw(choice: Choice, isNewest: () => boolean): Promise<void> {
    const { person } = await deps.gatekeeper.identify(choice.claim);
    const view = await deps.views.about(person, choice);
    if (!isNewest()) return;
    const { viewId, hash } = choice;
    try {
      await api.views.update({ view_id: viewId, view, ...(hash ? { hash } : {}) });
    } catch (error) {
      // An earlier choice was drawn meanwhile; this one is later.
      if (!/hash_conflict/.test(errorText(error)) || !isNewest()) throw error;
      await api.views.update({ view_id: viewId, view });
    }
  }

  return {
    async chosen(choice, ack) {
      await ack();
      try {
        await draw(choice, begin(choice));
      } catch (error) {
        logger.warn({ slackUserId: choice.claim.userId, error: errorText(error) }, 'a choice in the form was not drawn');
      }
    },
  };
}
