/**
 * Starts a part whose far end may be down right now. A mistake in the set-up ends the start with its sentence; an outage
 * is waited for in the background, so that one service that is down never keeps the others from running.
 */
import type { Logger } from 'pino';
import { isStintError } from '../contract/errors.js';

const AGAIN_MS = 5000;

/** A part at work. */
export interface Part {
  stop(): Promise<void>;
}

/** Resolves with the part, or with one that goes on trying to start it. Throws what a retry cannot mend. */
export async function keepTrying(name: string, start: () => Promise<Part>, log: Logger): Promise<Part> {
  let part: Part | undefined;
  const attempt = async (): Promise<boolean> => {
    try {
      part = await start();
      return true;
    } catch (error) {
      if (!isStintError(error) || !error.retryable) throw error;
      log.warn({ err: error }, `${name} cannot start yet; trying again`);
      return false;
    }
  };
  if (await attempt()) return { stop: async () => part?.stop() };

  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  let running: Promise<unknown> = Promise.resolve();
  const again = () => {
    timer = setTimeout(() => {
      running = attempt().then(
        (up) => {
          if (!up && !stopped) again();
        },
        (error: unknown) => log.error({ err: error }, `${name} cannot start; mend its configuration and start again`),
      );
    }, AGAIN_MS);
  };
  again();
  return {
    stop: async () => {
      stopped = true;
      clearTimeout(timer);
      await running;
      await part?.stop();
    },
  };
}
