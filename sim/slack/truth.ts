/** The stand-in's own record of what really happened, by which tests judge; the product never sees it. */
import type { Json } from './json.js';

export interface Call {
  n: number;
  at: number;
  /** A Web API method, or `upload`, or `response_url`. */
  method: string;
  /** Without tokens. */
  args: Json;
  token: 'bot' | 'app' | 'none' | 'unknown';
  status: number;
  answer: unknown;
  /** The faults that were applied to this call. */
  faults: string[];
  /** True when the caller never got the answer. */
  lost: boolean;
  /** Argument names that the method's reference doesn't know. Slack ignores them; a test may not want to. */
  unknownArgs: string[];
}
export type Outcome = 'pending' | 'ok' | 'timeout' | 'no-connection' | 'refused' | 'lost';
export interface Delivery {
  id: string;
  at: number;
  via: 'socket' | 'http';
  type: 'slash_commands' | 'interactive' | 'events_api';
  payload: Json;
  connection?: string;
  retry?: number;
  outcome: Outcome;
  /** Every acknowledgement that came, also late and repeated ones. */
  acks: { at: number; status?: number; payload: unknown }[];
  /** HTTP mode: the exact bytes and signature, so that the delivery can be replayed. */
  sent?: { body: string; headers: Record<string, string> };
}
interface UserError {
  at: number;
  user: string;
  doing: string;
  saw: string;
}
export interface Truth {
  calls: Call[];
  deliveries: Delivery[];
  /** Every "user saw an error": an act that the app did not acknowledge, or answered with nonsense. */
  errors: UserError[];
  /** The socket connections that were ever open. */
  connections: { id: string; openedAt: number; closedAt?: number; why?: string }[];
  clear(): void;
  /** How many of each list there are at most. */
  readonly kept: number;
}

const KEPT = 20_000;

/** An empty record. It forgets its oldest calls and deliveries beyond so many, so that a long run can't fill the memory. */
export function createTruth(kept = KEPT): Truth {
  const truth: Truth = {
    kept,
    calls: [],
    deliveries: [],
    errors: [],
    connections: [],
    clear() {
      truth.calls = [];
      truth.deliveries = [];
      truth.errors = [];
    },
  };
  return truth;
}

/** Adds to a list of the record, dropping from its old end. */
export function keep<T>({ kept }: Truth, list: T[], item: T): T {
  list.push(item);
  if (list.length > kept) list.splice(0, list.length - kept);
  return item;
}
