/**
 * Every delivery is acknowledged at most once: a second acknowledgement is an error in HTTP mode. Commands, forms and
 * searches are answered within Slack's three seconds whatever a handler does, for Socket Mode neither warns nor times out
 * by itself, and their answers say that nothing was sent. The answer to a press can say nothing and so means that it was
 * taken: it is given by its handler, or not at all, and then Slack shows an error. What is under way is counted, so that a
 * stop can wait for it.
 */
import type { ReceiverEvent } from '@slack/bolt';
import { errorText, type Log } from './log.js';

/** Slack gives three seconds (docs.slack.dev/interactivity/handling-user-interaction); the network takes its part. */
const ACK_MS = 2700;
/** Envelopes that are remembered: Slack does deliver one twice now and then (bolt-js issue 2487). */
const KEPT = 5000;

export interface Delivery {
  deliver(event: ReceiverEvent, process: (event: ReceiverEvent) => Promise<void>): Promise<void>;
  /** From now on every delivery is answered with "restarting", a press with nothing, and not carried out. */
  close(): void;
  /** Waits until nothing is under way; false when `ms` passed first. */
  drained(ms: number): Promise<boolean>;
}

export function createDelivery(deps: { readonly logger: Log; readonly ackMs?: number }): Delivery {
  const running = new Set<Promise<unknown>>();
  /** Whether each was acknowledged. */
  const envelopes = new Map<string, Promise<boolean>>();
  let closed = false;

  /** The first delivery of the same Socket Mode envelope. A form or a search is never a copy: its answer has to be given again. */
  function twin(event: ReceiverEvent): Promise<boolean> | undefined {
    const id = envelopeOf(event);
    return id === undefined ? undefined : envelopes.get(id);
  }

  /** Remembered for the copies that may follow. */
  function first(event: ReceiverEvent, process: (event: ReceiverEvent) => Promise<void>): Promise<boolean> {
    const id = envelopeOf(event);
    const job = run(event, process);
    if (id === undefined) return job;
    if (envelopes.size >= KEPT) for (const old of [...envelopes.keys()].slice(0, KEPT / 10)) envelopes.delete(old);
    envelopes.set(id, job);
    return job;
  }

  /** Answers whether it was acknowledged. */
  async function run(event: ReceiverEvent, process: (event: ReceiverEvent) => Promise<void>): Promise<boolean> {
    const ack = once(event, deps.logger);
    const inItsPlace = async (sentence: string): Promise<boolean> => {
      if (isPress(event.body)) return false;
      await ack(lastWord(event.body, sentence));
      return true;
    };
    if (closed) return inItsPlace('Stint is being restarted. Try again in a few seconds.');
    const timer = setTimeout(() => {
      deps.logger.warn({}, 'a handler was too slow; answered in its place, unless it is a press');
      void inItsPlace(SLOW);
    }, deps.ackMs ?? ACK_MS);
    try {
      await process({ ...event, ack });
      // What nobody listens to can't be lost.
      await ack(lastWord(event.body, FAILED));
      return true;
    } catch (error) {
      deps.logger.error({ error: errorText(error) }, 'a delivery could not be handled');
      return await inItsPlace(FAILED);
    } finally {
      clearTimeout(timer);
    }
  }

  return {
    async deliver(event, process) {
      const again = twin(event);
      // The copy is acknowledged as the first was, and not before that: acknowledged earlier it could be lost with the process.
      const job = again ? again.then(async (taken) => taken && once(event, deps.logger)()) : first(event, process);
      running.add(job);
      try {
        await job;
      } finally {
        running.delete(job);
      }
    },
    close: () => {
      closed = true;
    },
    async drained(ms) {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<boolean>((resolve) => {
        timer = setTimeout(() => resolve(false), ms);
      });
      const done = Promise.allSettled([...running]).then(() => true);
      return Promise.race([done, late]).finally(() => clearTimeout(timer));
    },
  };
}

function envelopeOf({ body, customProperties }: ReceiverEvent): string | undefined {
  const id: unknown = customProperties?.envelopeId;
  return typeof id === 'string' && !ANSWERED.has(String(body.type)) ? id : undefined;
}

/** What is acknowledged with an answer that a copy has to be given again. */
const ANSWERED = new Set(['view_submission', 'block_suggestion']);

const SLOW = 'This takes longer than Slack waits. What you wrote is kept: send it again in a moment; it counts once.';
const FAILED = 'Something went wrong in Stint, and nothing was sent. What you wrote is kept: try again shortly.';

/** A button, or a choice in a form. */
function isPress(body: unknown): boolean {
  return (body as { type?: unknown }).type === 'block_actions';
}

/** The first call acknowledges; later ones do nothing. A socket that closed meanwhile is logged, never thrown. */
function once(event: ReceiverEvent, logger: Log): (response?: unknown) => Promise<void> {
  let first: Promise<void> | undefined;
  return (response) => {
    first ??= Promise.resolve()
      .then(() => event.ack(response))
      .catch((error: unknown) => logger.warn({ error: errorText(error) }, 'an acknowledgement could not be sent'));
    return first;
  };
}

/** An empty acknowledgement would close a submitted form, and what was written in it would be lost. */
function lastWord(body: unknown, sentence: string): unknown {
  const { type, view, command } = body as { type?: unknown; view?: { blocks?: unknown }; command?: unknown };
  if (type === 'block_suggestion') return { options: [] };
  if (typeof command === 'string') return { response_type: 'ephemeral', text: sentence };
  if (type !== 'view_submission' || !Array.isArray(view?.blocks)) return undefined;
  const input = (view.blocks as { type?: unknown; block_id?: unknown }[]).findLast((block) => block.type === 'input');
  return typeof input?.block_id === 'string' ? { response_action: 'errors', errors: { [input.block_id]: sentence } } : undefined;
}
