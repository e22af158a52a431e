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

/** @type {import('@temporalio/common').PayloadConverter} */
export const payloadConverter = {
  toPayload: (value) => inner.toPayload(value),
  fromPayload: (payload) => {
    try {
      return inner.fromPayload(payload);
    } catch {
      // Attacker-controlled bytes: only their size and claimed encoding are kept.
      const encoding = String.fromCharCode(...(payload.metadata?.encoding ?? []).slice(0, 40));
      return /** @type {any} */ ({ __undecodable: true, encoding, size: payload.data?.length ?? 0 });
    }
  },
};
