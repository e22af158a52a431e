/** What the storm itself did, with times: the judge knows from it what was asked for, approved and broken. */
import type { Law } from './law.js';

export interface Ask {
  readonly quote: string;
  readonly personId: string;
  /** The Mac, or the key of the target in AWS. */
  readonly serial: string;
  readonly windowMs: number;
  readonly via: 'slack' | 'mac';
  /** What was said in the form for break-glass, where it was that one. */
  readonly glass?: { readonly incident: string; readonly drill: boolean };
  /** When it is to begin, where a time was named; in milliseconds since 1970. */
  readonly startAt?: number;
  /** When it was told that the request is safely started. */
  ackedAt?: number;
  requestId?: string | undefined;
}

export interface Press {
  readonly at: number;
  readonly personId: string;
  readonly requestId: string;
  readonly actionId: string;
  /** Which round: of an extension or of the request. */
  readonly digest: string;
  /** How it was answered; `not pressed: …` when the button was gone by then. */
  ack: string;
  /** When that came. */
  ackAt?: number;
  /** How the form behind it was answered, where it has one and somebody sent it: `ok`, or why it stayed open. */
  form?: string;
}

/**
 * A time in which a Mac could not act on its deadline by fate's doing: asleep, its agent killed, its directory refusing. Or
 * in which AWS could not be reached.
 */
export interface Outage {
  readonly serial: string;
  readonly kind: string;
  readonly from: number;
  readonly to: number;
}

/** A policy that somebody applied: begun then, and in force from `to` on at the latest. */
export interface Applied {
  readonly law: Law;
  readonly from: number;
  to: number;
}

/** Somebody who had left, by the people file: from then on, and until before they were back in it. */
export interface Absence {
  readonly personId: string;
  readonly from: number;
  to: number;
}

export interface Notebook {
  readonly asks: Ask[];
  readonly presses: Press[];
  readonly outages: Outage[];
  /** `upAt`: when it was healthy again. */
  readonly kills: { readonly at: number; readonly victim: string; readonly downMs: number; upAt?: number }[];
  readonly faults: { readonly at: number; readonly kind: string; readonly what: string }[];
  /** In order; before the first the plain one is in force. */
  readonly laws: Applied[];
  readonly absences: Absence[];
  /** A policy with a mistake that was taken all the same. */
  readonly mistakesTaken: number[];
  /** Times in which a Mac could hear nobody, or not be heard. Its own clock goes on. */
  readonly unheard: Outage[];
  /** Requests whose Temporal run or card fate has touched, and how. */
  readonly touched: Map<string, Set<string>>;
  /** Every person's steps that did not go as meant; for a reader who looks into one elevation. */
  readonly log: string[];
}

export function createNotebook(): Notebook {
  return {
    asks: [],
    presses: [],
    outages: [],
    kills: [],
    faults: [],
    laws: [],
    absences: [],
    mistakesTaken: [],
    unheard: [],
    touched: new Map(),
    log: [],
  };
}
