/**
 * Keeps an eye on the channels that cards stand in: one may be shared with another organisation, archived, or left, long
 * after the start. While one is not known to be safe, nothing can be approved there; taking access away is not touched by
 * it. The approver channel is looked at all the time, one that a rule names when it is needed.
 */
import { StintError } from '../contract/errors.js';
import { errorText } from './log.js';
import { channelTrouble, type StartupDeps, troubleOf } from './startup.js';

const EVERY_MS = 5 * 60_000;
const ROOMS = 500;

export interface ChannelWatch {
  /** Throws `bad-config` naming the fix, or `slack-unavailable`. */
  begin(): Promise<void>;
  /** After an event that may have changed channels: those that it names are unsafe until seen to be safe again. Never throws. */
  heard(event: string): Promise<void>;
  /** Why the approver channel cannot be used now, or undefined. */
  trouble(): string | undefined;
  /** The same of any channel. Never throws: one of which Slack does not say is not safe. */
  troubleIn(channel: string): Promise<string | undefined>;
  /** Refuses to post a card where it could not be decided. Throws `wrong-place`; without a channel the approver channel is meant. */
  check(channel: string | undefined): Promise<void>;
  end(): void;
}

interface Room {
  readonly trouble: string | undefined;
  readonly at: number;
}

export function createChannelWatch(deps: StartupDeps & { readonly clock: () => number }): ChannelWatch {
  const { approverChannel } = deps.config;
  const rooms = new Map<string, Room>();
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

  async function troubleIn(channel: string): Promise<string | undefined> {
    if (channel === approverChannel) return trouble;
    const known = rooms.get(channel);
    const at = deps.clock();
    if (known && at - known.at < EVERY_MS) return known.trouble;
    try {
      const found = await troubleOf(deps, channel, "rule's channel");
      if (rooms.size >= ROOMS) rooms.clear();
      rooms.set(channel, { trouble: found, at });
      return found;
    } catch (error) {
      deps.logger.warn({ channel, error: errorText(error) }, "a rule's channel could not be checked");
      return known ? known.trouble : `Slack does not say whether the channel ${channel} is safe. Try again shortly.`;
    }
  }

  return {
    trouble: () => trouble,
    troubleIn,
    async check(channel) {
      const found = channel === undefined ? undefined : await troubleIn(channel);
      if (found !== undefined) throw new StintError('wrong-place', `Its approvers could not be asked now: ${found}`);
    },
    async begin() {
      await look();
      if (trouble !== undefined) throw new StintError('bad-config', trouble);
      timer = setInterval(() => void again(), EVERY_MS);
      timer.unref();
    },
    async heard(event) {
      for (const channel of rooms.keys()) if (event.includes(channel)) rooms.delete(channel);
      if (!event.includes(approverChannel)) return;
      trouble = 'the approver channel has changed and is being checked again.';
      await again();
    },
    end: () => clearInterval(timer),
  };
}
