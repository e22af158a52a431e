/** What a simulated Mac still has to tell: ends until they were heard, and logs. It outlives the agent, as a disk does. */
import { createHash } from 'node:crypto';
import type { Link } from './link.js';

export interface Outbox {
  /** `user`: its user ended it, which is told before what was seen. */
  ended(requestId: string, why: 'told' | 'user'): void;
  /** A log of this request is to be sent; a later one replaces it. */
  log(requestId: string, text: string): void;
  /** True when no end is left to tell. */
  flush(signal: AbortSignal): Promise<boolean>;
  pushLogs(signal: AbortSignal): Promise<void>;
}

/** `gone` is the report that the account is no administrator. */
export function createOutbox(link: Link, localUser: string, gone: (requestId: string) => object): Outbox {
  const ends = new Map<string, 'told' | 'user'>();
  const logs = new Map<string, string>();
  return {
    ended: (requestId, why) => void ends.set(requestId, why),
    log: (requestId, text) => void logs.set(requestId, text),
    async flush(signal) {
      for (const [requestId, why] of ends) {
        try {
          if (why === 'user') await link.tell(`/device/v1/elevations/${requestId}/end`, { localUser }, signal);
          await link.tell('/device/v1/report', gone(requestId), signal);
          ends.delete(requestId);
        } catch {
          return false;
        }
      }
      return true;
    },
    async pushLogs(signal) {
      for (const [requestId, text] of logs) {
        const sha256 = createHash('sha256').update(text).digest('hex');
        const chunk = { seq: 0, total: 1, data: Buffer.from(text).toString('base64'), sha256 };
        await link.tell(`/device/v1/elevations/${requestId}/log`, chunk, signal).then(
          () => logs.delete(requestId),
          () => undefined,
        );
      }
    },
  };
}
