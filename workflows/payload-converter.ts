/**
 * The payload converter, in client, worker and replay alike. It never throws: a payload that cannot be decoded becomes
 * a tagged value, which is recorded and refused. With the stock converter one undecodable signal would stop the
 * workflow for ever, Cancel included, and so the revoke with it (facts: temporal-live 6b).
 */
import { DefaultPayloadConverter, type Payload, type PayloadConverter } from '@temporalio/common';

const inner = new DefaultPayloadConverter();

/** What an undecodable payload is seen as. */
export interface Undecodable {
  readonly __undecodable: true;
  readonly encoding: string;
  readonly size: number;
}

class TolerantConverter implements PayloadConverter {
  toPayload<T>(value: T): Payload {
    return inner.toPayload(value);
  }

  fromPayload<T>(payload: Payload): T {
    try {
      return inner.fromPayload<T>(payload);
    } catch {
      // Attacker-controlled bytes: only their size and claimed encoding are kept.
      const encoding = String.fromCharCode(...(payload.metadata?.encoding ?? []).slice(0, 40));
      const tagged: Undecodable = { __undecodable: true, encoding, size: payload.data?.length ?? 0 };
      return tagged as T;
    }
  }
}

export const payloadConverter: PayloadConverter = new TolerantConverter();
