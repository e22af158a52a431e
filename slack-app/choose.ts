/**
 * Something was chosen in the open form: it is drawn anew, to say what has to be known of the choice. Nothing is decided
 * here. Choices may overtake each other: the newest of a form wins, and a form that speaks of another choice than the
 * one that is sent is not taken (`submit.ts`).
 */
import type { ModalView } from '@slack/types';
import type { WebClient } from '@slack/web-api';
import { messageModal } from '../cards/modals.js';
import type { Ack } from './clicks.js';
import type { Gatekeeper } from './gatekeeper.js';
import { errorText, type Log } from './log.js';
import { failureOf } from './outcome.js';
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
  readonly random: () => number;
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

  /** The form about the choice. Where that can't be told, why stands above the form, which stays as it is. */
  async function about(choice: Choice): Promise<ModalView | undefined> {
    try {
      const { person } = await deps.gatekeeper.identify(choice.claim);
      return await deps.views.about(person, choice);
    } catch (error) {
      const { sentence } = failureOf(error, deps, { slackUserId: choice.claim.userId });
      const view = messageModal('Not now', `${sentence}\n\nWhat you wrote is still there: close this to go back to it.`);
      if (choice.triggerId) await api.views.push({ trigger_id: choice.triggerId, view });
      return undefined;
    }
  }

  async function draw(choice: Choice, isNewest: () => boolean): Promise<void> {
    const view = await about(choice);
    if (!view || !isNewest()) return;
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
