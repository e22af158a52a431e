/**
 * Keeps an eye on the approver channel: it may be shared with another organisation, archived, or left, long after the
 * start. While it is not known to be safe, nothing can be approved; taking access away is not touched by it.
 */
import { StintError } from '../contract/errors.js';
import { errorText } from './log.js';
import { channelTrouble, type StartupDeps } from './startup.js';

const EVERY_MS = 5 * 60_000;

export interface ChannelWatch {
  /** Throws `bad-config` naming the fix, or `slack-unavailable`. */
  begin(): Promise<void>;
  /** After an event that may have changed the channel: unsafe until seen to be safe again. Never throws. */
  recheck(): Promise<void>;
  /** Why the channel cannot be used now, or undefined. */
  trouble(): string | undefined;
  end(): void;
}

export function createChannelWatch(deps: StartupDeps): ChannelWatch {
  let trouble: string | undefined = 'the approver channel has not been checked yet.';
  let timer: NodeJS.Timeout | undefined;

  async function look(): Promise<void> {
    const found = await channelTrouble(deps);
    if (found !== undefined && found !== trouble) deps.logger.error({ trouble: found }, 'the approver channel cannot be used');
    trouble = found;
  }

  /** Slack not answering says nothing about the channel: what was known stays. */
  async function again(): Promise<void> {
    try {
      await look();
    } catch (error) {
      deps.logger.warn({ error: errorText(error) }, 'the approver channel could not be checked');
    }
  }

  return {
    trouble: () => trouble,
    async begin() {
      await look();
      if (trouble !== undefined) throw new StintError('bad-config', trouble);
      timer = setInterval(() => void again(), EVERY_MS);
      timer.unref();
    },
    async recheck() {
      trouble = 'the approver channel has changed and is being checked again.';
      await again();
    },
    end: () => clearInterval(timer),
  };
}
