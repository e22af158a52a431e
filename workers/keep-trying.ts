/**
 * Starts a part whose far end may be down right now. A mistake in the set-up ends the start with its sentence; an outage
 * is waited for in the background, so that one service that is down never keeps the others from running.
 */
import type { Logger } from 'pino';
import { isStintError } from '../contract/errors.js';

const AGAIN_MS = 5000;
/** A mistake in the set-up may be mended at the other end (a token, a channel), so it is tried, too, but seldom. */
const MISTAKE_AGAIN_MS = 60_000;

/** A part at work. */
export interface Part {
  stop(): Promise<void>;
  /** Why it does not work now, as a sentence; undefined while it does. */
  trouble?(): string | undefined;
}

/** Resolves with the part, or with one that goes on trying to start it. Throws what a retry cannot mend, if it shows at once. */
export async function keepTrying(name: string, start: () => Promise<Part>, log: Logger): Promise<Part> {
  let part: Part | undefined;
  let trouble: string | undefined;
  /** Tries once; answers how long to wait, or undefined when it runs. */
  const attempt = async (first: boolean): Promise<number | undefined> => {
    try {
      part = await start();
      trouble = undefined;
      return undefined;
    } catch (error) {
      const mayPass = isStintError(error) && error.retryable;
      if (first && !mayPass) throw error;
      trouble = `${name} does not run: ${isStintError(error) ? error.sentence : 'see the log'}`;
      if (mayPass) log.warn({ err: error }, `${name} cannot start yet; trying again`);
      else log.error({ err: error }, `${name} cannot start; mend this, and it starts by itself`);
      return mayPass ? AGAIN_MS : MISTAKE_AGAIN_MS;
    }
  };
  const waitMs = await attempt(true);
  const stopTrying = waitMs === undefined ? async () => {} : goOn(() => attempt(false), waitMs);
  return {
    trouble: () => trouble ?? part?.trouble?.(),
    stop: async () => {
      await stopTrying();
      await part?.stop();
    },
  };
}

/** Tries until an attempt needs no other. Answers how to stop. */
function goOn(attempt: () => Promise<number | undefined>, waitMs: number): () => Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  let running: Promise<unknown> = Promise.resolve();
  const again = (ms: number) => {
    timer = setTimeout(() => {
      running = attempt().then((next) => {
        if (next !== undefined && !stopped) again(next);
      });
    }, ms);
  };
  again(waitMs);
  return async () => {
    stopped = true;
    clearTimeout(timer);
    await running;
  };
}
