// @ts-check
/**
 * The payload converter, in client, worker and replay alike. It never throws: a payload that cannot be decoded becomes
 * a tagged value, which is recorded and refused. With the stock converter one undecodable signal would stop the
 * workflow for ever, Cancel included, and so the revoke with it (facts: temporal-live 6b).
 *
 * Plain JavaScript, because the SDK loads it by its path with `require`, from the sources in tests as well.
 */
import { DefaultPayloadConverter } from '@temporalio/common';

const inner = new DefaultPayloadConverter();

/**
 * The largest that is read, in bytes. The largest of our own is a page's mail, of some 600 KB. To make an object of megabytes takes
 * a tenth of a second; a task in which a dozen of them arrive has to end within five, or the revoke behind them waits.
 */
const MOST = 1_000_000;

/** @type {import('@temporalio/common').PayloadConverter} */
export const payloadConverter = {
  toPayload: (value) => inner.toPayload(value),
  fromPayload: (payload) => {
    const size = payload.data?.length ?? 0;
    try {
      if (size <= MOST) return inner.fromPayload(payload);
    } catch {
      // As below: attacker-controlled bytes, of which only size and claimed encoding are kept.
    }
    const encoding = String.fromCharCode(...(payload.metadata?.encoding ?? []).slice(0, 40));
    return /** @type {any} */ ({ __undecodable: true, encoding, size });
  },
};
