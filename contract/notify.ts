/**
 * Who else is told of an elevation, and of what: after the fact, as a rule says it. Nothing of an elevation waits for it, and nothing
 * that is told decides anything.
 */
import type { AnyEvent, EventType } from './events.js';

/** What can be told. `ended`: nothing is left of the access. */
export const TELLINGS = ['requested', 'approved', 'denied', 'lapsed', 'granted', 'extended', 'revoked', 'ended'] as const;
export type Telling = (typeof TELLINGS)[number];

/** One line of a rule: these things to a Slack channel, to addresses, or to both. */
export interface Notify {
  readonly on: readonly Telling[];
  readonly slack?: string | undefined;
  readonly email?: readonly string[] | undefined;
}

/** What of the ledger is told as what. Access that ends past its workflow ends all the same. */
const TOLD_AS: Partial<Readonly<Record<EventType, Telling>>> = {
  requested: 'requested',
  approved: 'approved',
  denied: 'denied',
  lapsed: 'lapsed',
  confirmed: 'granted',
  extended: 'extended',
  revoked: 'revoked',
  gone: 'ended',
  swept: 'ended',
  'closed-unproven': 'ended',
};

/** The types of events that something is told of. */
export const TOLD_EVENTS = Object.keys(TOLD_AS) as readonly EventType[];

/** As what an event is told; undefined for those that nobody is told of. */
export function tellingOf({ type }: AnyEvent): Telling | undefined {
  return TOLD_AS[type];
}
