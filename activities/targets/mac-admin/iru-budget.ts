/**
 * The tenant's hourly budget of calls, shared with everybody else's tokens (10,000 an hour for the whole tenant, as
 * the vendor says). Calls that take access away are never held back; the others slow down as the budget runs out.
 */

/** Below this share of the hour's calls, calls that can wait are spread over the rest of the hour. */
const LOW_SHARE = 0.05;
const PAUSE_MAX_MS = 5_000;

export interface Budget {
  /** Learns from the rate headers of an answer; unknown or absent headers change nothing. */
  learn(headers: Headers): void;
  /** The vendor said 429: nothing that can wait is sent for this long. */
  exhausted(retryAfterMs: number): void;
  /** How long a call that can wait should pause, in ms; `refuse` when the vendor asked for silence until `retryAfterMs`. */
  pause(): { readonly waitMs: number } | { readonly retryAfterMs: number };
}

/** `clock` gives milliseconds since 1970. */
export function createBudget(clock: () => number): Budget {
  let limit = 0;
  let remaining = Number.POSITIVE_INFINITY;
  let resetAt = 0;
  let silentUntil = 0;
  return {
    learn(headers) {
      const left = numberOf(headers, 'ratelimit-remaining') ?? numberOf(headers, 'x-ratelimit-remaining-hour');
      if (left === undefined) return;
      remaining = left;
      limit = numberOf(headers, 'ratelimit-limit') ?? numberOf(headers, 'x-ratelimit-limit-hour') ?? limit;
      resetAt = clock() + (numberOf(headers, 'ratelimit-reset') ?? 60) * 1000;
    },
    exhausted(retryAfterMs) {
      silentUntil = Math.max(silentUntil, clock() + retryAfterMs);
    },
    pause() {
      const now = clock();
      if (now < silentUntil) return { retryAfterMs: silentUntil - now };
      if (now >= resetAt || remaining >= limit * LOW_SHARE) return { waitMs: 0 };
      return { waitMs: Math.min(PAUSE_MAX_MS, Math.ceil((resetAt - now) / (remaining + 1))) };
    },
  };
}

/** A header as a whole number of 0 and more; the vendor's headers are not documented, so anything else is ignored. */
function numberOf(headers: Headers, name: string): number | undefined {
  const text = headers.get(name);
  return text !== null && /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}
