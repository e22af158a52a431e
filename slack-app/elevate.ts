/**
 * `/elevate`: the form, with what this person may ask for and nothing else. The trigger lives for three seconds, so a
 * loading view opens before anything is looked up.
 */
import type { ModalView } from '@slack/types';
import type { WebClient } from '@slack/web-api';
import { frozenSentence } from '../cards/frozen.js';
import { loadingModal, messageModal } from '../cards/modals.js';
import { StintError } from '../contract/errors.js';
import type { Freeze } from '../contract/ports.js';
import type { Answerer } from './answer.js';
import type { Ack } from './clicks.js';
import type { Gatekeeper } from './gatekeeper.js';
import { errorText, type Log } from './log.js';
import { failureOf } from './outcome.js';
import type { Command } from './payload.js';
import type { RequestViews } from './request-view.js';
import { now } from './standing.js';

export interface ElevateDeps {
  readonly api: WebClient;
  readonly gatekeeper: Gatekeeper;
  readonly views: RequestViews;
  readonly freeze: Pick<Freeze, 'now'>;
  readonly answerer: Answerer;
  readonly random: () => number;
  readonly logger: Log;
}

export interface Elevate {
  command(command: Command, ack: Ack): Promise<void>;
}

export function createElevate(deps: ElevateDeps): Elevate {
  const { api, logger } = deps;

  async function open(command: Command): Promise<string | undefined> {
    try {
      const { view } = await api.views.open({ trigger_id: command.triggerId, view: loadingModal() });
      if (view?.id) return view.id;
    } catch (error) {
      logger.warn({ error: errorText(error) }, 'views.open failed');
    }
    await deps.answerer.say(command.replyTo, 'Slack did not open the form. Type /elevate again.');
    return undefined;
  }

  async function content(command: Command): Promise<ModalView> {
    const reason = unescaped(command.text);
    try {
      const { person } = await deps.gatekeeper.identify(command.claim);
      const frozen = await deps.freeze.now();
      if (frozen) throw new StintError('frozen', frozenSentence(frozen));
      const found = await deps.views.fresh(person, reason);
      return 'form' in found ? found.form : messageModal('Already asked for', found.open.map(now).join('\n'));
    } catch (error) {
      const { sentence } = failureOf(error, deps, { command: 'elevate', slackUserId: command.claim.userId });
      return messageModal('Not now', reason ? `${sentence}\n\nWhat you wrote: ${reason}` : sentence);
    }
  }

  return {
    async command(command, ack) {
      await ack();
      const viewId = await open(command);
      if (!viewId) return;
      const view = await content(command);
      try {
        await api.views.update({ view_id: viewId, view });
      } catch (error) {
        // Closed meanwhile, or Slack is slow: the loading view says nothing wrong, and the person is told.
        logger.warn({ error: errorText(error) }, 'views.update failed');
        await deps.answerer.say(command.replyTo, 'The form could not be shown. Type /elevate again.');
      }
    },
  };
}

/** Slack escapes three characters in a command's text (docs.slack.dev, formatting message text). */
export function unescaped(text: string): string {
  return text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
}
