/** Faults that can be switched on: what the network and Slack do when they misbehave. */

const CALL_FAULTS = [
  'delay',
  '429',
  '500',
  '500-after',
  'drop-before',
  'drop-after',
  'hang',
  'html',
  'html-after',
  'error',
  'error-after',
  'lie-not-found',
] as const;
const DELIVERY_FAULTS = [
  'duplicate-delivery',
  'no-ack-window',
  'delay-delivery',
  'drop-delivery',
  'bad-signature',
  'stale-signature',
  'future-signature',
] as const;
type CallFault = (typeof CALL_FAULTS)[number];
type DeliveryFault = (typeof DELIVERY_FAULTS)[number];
export type FaultKind = CallFault | DeliveryFault | 'down';

export interface FaultInput {
  /** A Web API method, `upload`, `response_url`, or `*` for all of them (the default). Delivery faults and `down` ignore it. */
  method?: string;
  kind: FaultKind;
  /** Length of a delay; of the whole time of `429` and `down`. */
  ms?: number;
  /** The error code of `error`, `error-after` and `lie-not-found`. */
  error?: string;
  /** How often it strikes; until cleared when absent. */
  times?: number;
  /** Seconds in the Retry-After header of `429`. By default what is left of its time, or 1. */
  retryAfter?: number;
}
export interface Fault extends FaultInput {
  id: number;
  /** When it ends by itself, in milliseconds since 1970. */
  until?: number;
  method: string;
  hits: number;
}
export interface Faults {
  add(input: FaultInput & { until?: number }): Fault;
  list(): Fault[];
  clear(id?: number): void;
  /** Takes the faults that strike this call: all delays, and the first of the others. */
  forCall(method: string): Fault[];
  /** Takes the faults that strike this delivery. */
  forDelivery(): Fault[];
  /** Whether everything is down. */
  isDown(): boolean;
}

/** Whether a word names a fault. */
export function isFaultKind(value: unknown): value is FaultKind {
  return value === 'down' || isCallFault(value) || (DELIVERY_FAULTS as readonly unknown[]).includes(value);
}

function isCallFault(value: unknown): value is CallFault {
  return (CALL_FAULTS as readonly unknown[]).includes(value);
}

/** A switchboard of faults. */
export function createFaults(): Faults {
  let faults: Fault[] = [];
  let lastId = 0;
  const strike = (fault: Fault): Fault => {
    fault.hits += 1;
    if (fault.times !== undefined && fault.hits >= fault.times) faults = faults.filter((other) => other !== fault);
    return fault;
  };
  return {
    add(input) {
      lastId += 1;
      const fault: Fault = { ...input, method: input.method ?? '*', id: lastId, hits: 0 };
      faults.push(fault);
      return fault;
    },
    list: () => faults.map((fault) => ({ ...fault })),
    clear(id) {
      faults = id === undefined ? [] : faults.filter((fault) => fault.id !== id);
    },
    forCall(method) {
      const fitting = faults.filter((fault) => isCallFault(fault.kind) && (fault.method === '*' || fault.method === method));
      const first = fitting.find((fault) => fault.kind !== 'delay');
      return fitting.filter((fault) => fault.kind === 'delay' || fault === first).map(strike);
    },
    forDelivery: () => faults.filter((fault) => fault.kind !== 'down' && !isCallFault(fault.kind)).map(strike),
    isDown: () => faults.some((fault) => fault.kind === 'down'),
  };
}
