/** Brings a payload to the app and waits for its acknowledgement, as long as Slack would. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault, Faults } from '../faults.js';
import type { Json } from '../json.js';
import { type Delivery, keep, type Outcome, type Truth } from '../truth.js';
import type { World } from '../world.js';

export interface Reply {
  outcome: Outcome;
  /** What the app said with its acknowledgement. */
  payload?: unknown;
}
/** Socket Mode or HTTP. `send` fills in what it knows of the delivery (`connection`, `acks`, `sent`). */
export interface Wire {
  readonly via: 'socket' | 'http';
  send(delivery: Delivery, how: SendOptions): Promise<Reply>;
}
export interface SendOptions {
  /** Whether an answer may be carried by the acknowledgement. */
  accepts: boolean;
  twice: boolean;
  signature: 'good' | 'bad' | 'stale' | 'future';
  ackMs: number;
}
export interface Deliverer {
  deliver(type: Delivery['type'], payload: Json, accepts?: boolean): Promise<Reply & { id: string }>;
  /** The same delivery once more: the same envelope id, or the same bytes under the same signature. */
  replay(id: string): Promise<Reply & { id: string }>;
  close(): void;
}

/** The way to the app, with the faults that are switched on. */
export function createDeliverer(world: World, truth: Truth, faults: Faults, wire: Wire): Deliverer {
  const timers = new Set<NodeJS.Timeout>();
  const run = async (delivery: Delivery, accepts: boolean) => {
    keep(truth, truth.deliveries, delivery);
    world.changed({ kind: 'truth' });
    const reply = await attempt(world, faults, wire, delivery, accepts);
    delivery.outcome = reply.outcome;
    world.changed({ kind: 'truth' });
    if (reply.outcome !== 'ok' && delivery.type === 'events_api') again(delivery);
    return { ...reply, id: delivery.id };
  };
  /** Only events are repeated: at once, after a minute, after five. */
  const again = (delivery: Delivery) => {
    const retry = (delivery.retry ?? 0) + 1;
    const wait = world.data.settings.eventRetryMs[retry - 1];
    if (wait === undefined) return;
    const timer = setTimeout(() => {
      timers.delete(timer);
      void run({ ...fresh(world, wire, delivery.type, delivery.payload), retry }, false);
    }, wait);
    timer.unref();
    timers.add(timer);
  };
  return {
    deliver: (type, payload, accepts = false) => run(fresh(world, wire, type, payload), accepts),
    replay(id) {
      const before = truth.deliveries.find((delivery) => delivery.id === id);
      if (!before) return Promise.resolve({ outcome: 'lost', id });
      const { sent } = before;
      return run({ ...fresh(world, wire, before.type, before.payload), id, retry: 0, ...(sent ? { sent } : {}) }, true);
    },
    close() {
      for (const timer of timers) clearTimeout(timer);
    },
  };
}

function fresh(world: World, wire: Wire, type: Delivery['type'], payload: Json): Delivery {
  return { id: randomUUID(), at: world.now(), via: wire.via, type, payload, outcome: 'pending', acks: [] };
}

async function attempt(world: World, faults: Faults, wire: Wire, delivery: Delivery, accepts: boolean): Promise<Reply> {
  if (faults.isDown()) return { outcome: 'no-connection' };
  const struck = faults.forDelivery();
  const has = (kind: Fault['kind']) => struck.some((fault) => fault.kind === kind);
  const delay = struck.find((fault) => fault.kind === 'delay-delivery');
  if (delay) await sleep(delay.ms ?? 1000);
  if (has('drop-delivery')) return { outcome: 'lost' };
  const reply = await wire.send(delivery, {
    accepts,
    twice: has('duplicate-delivery'),
    signature: has('bad-signature') ? 'bad' : has('stale-signature') ? 'stale' : has('future-signature') ? 'future' : 'good',
    ackMs: world.data.settings.ackMs,
  });
  // The app did its work, but the acknowledgement came too late for Slack.
  return has('no-ack-window') ? { outcome: 'timeout' } : reply;
}
