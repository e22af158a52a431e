/**
 * `/elevate`: the form, with what this person may ask for and nothing else. The trigger lives for three seconds, so a
 * loading view opens before anything is looked up.
 */
import type { ModalView } from '@slack/types';
import type { WebClient } from '@slack/web-api';
import { frozenSentence } from '../cards/frozen.js';
import { loadingModal, messageModal, requestModal } from '../cards/modals.js';
import { StintError } from '../contract/errors.js';
import type { Freeze, Ledger, Person } from '../contract/ports.js';
import type { Offer, Preview } from '../contract/preview.js';
import { CATEGORIES } from '../contract/request.js';
import type { ElevationView } from '../contract/view.js';
import type { Answerer } from './answer.js';
import type { Ack } from './clicks.js';
import type { Gatekeeper } from './gatekeeper.js';
import { errorText, type Log } from './log.js';
import { failureOf } from './outcome.js';
import type { Command } from './payload.js';
import { now } from './standing.js';

export interface ElevateDeps {
  readonly api: WebClient;
  readonly gatekeeper: Gatekeeper;
  readonly preview: Preview;
  readonly ledger: Ledger;
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
      const { offers } = await deps.preview.offersFor(person);
      return await formFor(person, offers, reason, deps.ledger);
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

/** The form without what is already asked for; when nothing is left, what there is instead. */
async function formFor(person: Person, offers: readonly Offer[], reason: string, ledger: Ledger): Promise<ModalView> {
  if (offers.length === 0) throw new StintError('not-eligible');
  const open = await openOf(ledger, person);
  const free = offers.filter((o) => !open.some((view) => view.request.target.key === o.key));
  if (free.length === 0) return messageModal('Already asked for', open.map((view) => now(view)).join('\n'));
  return requestModal({
    targets: free.map(({ key, display, windowsMs }) => ({ key, display, windowsMs })),
    categories: CATEGORIES,
    prefill: { reason },
    approversLine: approversOf(free),
    privateMetadata: '',
  });
}

/** This person's elevations that wait, run or end: one per target at a time. */
export async function openOf(ledger: Ledger, person: Person, targetKey?: string): Promise<readonly ElevationView[]> {
  const rows = await ledger.list({ live: true, personId: person.personId, ...(targetKey ? { targetKey } : {}) });
  return rows
    .map((row) => row.view)
    .filter((v) => v.request.subject.personId === person.personId && v.state !== 'collecting' && v.state !== 'closed');
}

function approversOf(offers: readonly Offer[]): string {
  const names = [...new Set(offers.flatMap((o) => o.approverNames))];
  const shown = names.slice(0, 4).join(', ');
  if (names.length === 0) return 'the approvers';
  return names.length > 4 ? `${shown} and ${names.length - 4} more` : shown;
}

/** Slack escapes three characters in a command's text (docs.slack.dev, formatting message text). */
function unescaped(text: string): string {
  return text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
}
