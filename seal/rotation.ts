/**
 * How the list of trusted keys changes: a key is added, gets an end, is revoked. Pure; the command line writes the outcome.
 * An entry outlives its end by far: an approval that waits for its grant is believed by the key that sealed it.
 */
import { type Instant, instant } from '../contract/ids.js';
import type { Sender } from '../contract/messages.js';
import type { TrustedEntry, TrustedKeys } from './keys.js';

/** How a key stands at an instant. `ending`: it counts until `at`; `ended`: it counted until `at`. */
export type Standing = { readonly state: 'live' | 'revoked' } | { readonly state: 'ending' | 'ended'; readonly at: Instant };

/** No request waits this long for anything. */
const KEPT_AFTER_END_MS = 30 * 24 * 60 * 60 * 1000;

/** How this key stands at `now` (milliseconds since 1970). */
export function standingOf({ revoked, notAfter }: TrustedEntry, now: number): Standing {
  if (revoked) return { state: 'revoked' };
  if (notAfter === undefined) return { state: 'live' };
  return { state: Date.parse(notAfter) > now ? 'ending' : 'ended', at: notAfter };
}

/** The entries of a sender whose messages count at `now`. */
export function countingKeys({ keys }: TrustedKeys, sender: Sender, now: number): readonly TrustedEntry[] {
  return keys.filter((entry) => entry.sender === sender && ['live', 'ending'].includes(standingOf(entry, now).state));
}

/** With this key beside the others; unchanged when it is there. */
export function withKey({ keys }: TrustedKeys, entry: TrustedEntry): TrustedKeys {
  return keys.some(({ keyId }) => keyId === entry.keyId) ? { keys } : { keys: [...keys, entry] };
}

/**
 * With an end, `overlapMs` from `now`, for every key of the sender but `keepId`; an earlier end stays. An overlap of 0
 * revokes them: messages of theirs that are on their way, and approvals that wait for their grant, count no more.
 */
export function withOthersEnded(
  { keys }: TrustedKeys,
  { sender, keepId, now, overlapMs }: { sender: Sender; keepId: string; now: number; overlapMs: number },
): TrustedKeys {
  const end = instant(now + overlapMs);
  return {
    keys: keys.map((entry) => {
      if (entry.sender !== sender || entry.keyId === keepId || entry.revoked) return entry;
      if (overlapMs === 0) return { ...entry, revoked: true };
      return entry.notAfter !== undefined && entry.notAfter <= end ? entry : { ...entry, notAfter: end };
    }),
  };
}

/** With this key revoked. */
export function withRevoked({ keys }: TrustedKeys, keyId: string): TrustedKeys {
  return { keys: keys.map((entry) => (entry.keyId === keyId ? { ...entry, revoked: true } : entry)) };
}

/** Without those that ended more than 30 days ago, so that the file stays short. */
export function withoutLongEnded({ keys }: TrustedKeys, now: number): TrustedKeys {
  return { keys: keys.filter((entry) => standingOf(entry, now - KEPT_AFTER_END_MS).state !== 'ended') };
}
