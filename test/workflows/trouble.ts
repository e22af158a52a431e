/** What goes wrong for one elevation. Everything works until a test says otherwise, and tests of one file run side by side. */
import type { RequestId } from '../../contract/ids.js';

export interface Trouble {
  /** The Mac answers no question. */
  macSilent: boolean;
  /** Its account was an admin before we came. */
  macStanding: boolean;
  /** How far ahead of ours the Mac's clock is: lets a proof count without waiting for the last moment of a grant call. */
  macAheadMs: number;
  grantFails: Error | undefined;
  /** The grant call works, but its answer does not come back while this holds. */
  grantHangs: boolean;
  /** So long before now, by the worker's clock, a polled target was seen to have given it. */
  seenEarlyMs: number;
  /** A polled target has given it, and does not show it yet. */
  unlisted: boolean;
  /** The store writes when an access was seen, and its answer is lost. */
  seenLost: boolean;
  /** The worker's process stands still before it begins with a grant. */
  grantStandsStill: boolean;
  /** How many grants stood still so, and were carried out or refused after it. */
  grantsWoken: number;
  revokeFails: Error | undefined;
  storeDown: boolean;
  /** The store lost the row of the grant: what is there by the end is what the end itself has written. */
  grantLost: boolean;
  /** Only what is written to the ledger fails. */
  ledgerDown: boolean;
  judgeHangs: boolean;
  /** How many judgements wait for that to end. */
  judging: number;
  slackDown: boolean;
  /** No seal can be checked: the checks do not answer. */
  sealsHang: boolean;
}

export type Troubles = (requestId: RequestId) => Trouble;

/** One record of troubles for each elevation, made when it is first asked for. */
export function createTroubles(): Troubles {
  const all = new Map<RequestId, Trouble>();
  return (requestId) => {
    const known = all.get(requestId) ?? {
      macSilent: false,
      macStanding: false,
      macAheadMs: 11_000,
      grantFails: undefined,
      grantHangs: false,
      seenEarlyMs: 0,
      unlisted: false,
      seenLost: false,
      grantStandsStill: false,
      grantsWoken: 0,
      revokeFails: undefined,
      storeDown: false,
      grantLost: false,
      ledgerDown: false,
      judgeHangs: false,
      judging: 0,
      slackDown: false,
      sealsHang: false,
    };
    all.set(requestId, known);
    return known;
  };
}

/** Resolves when the trouble is over, or the caller was told to stop. */
export async function whileTroubled(holds: () => boolean, signal?: AbortSignal): Promise<void> {
  while (holds() && !signal?.aborted) await new Promise((r) => setTimeout(r, 30));
}
