/**
 * What identifiers look like, as zod schemas: used wherever one comes in from outside (an envelope, the people file, the
 * policy). All are anchored, capped, and free of blanks, control characters and leading dashes, because some of them
 * end in shell arguments on a Mac and all of them end in logs.
 */
import { z } from 'zod';
import {
  type Digest,
  type Instant,
  isRequestId,
  type LocalUser,
  type PersonId,
  type RequestId,
  type Serial,
  type SlackUserId,
} from '../contract/ids.js';

/** A string that matches a pattern, typed as one brand of identifier. */
const branded = <T extends string>(pattern: RegExp, what: string) =>
  z.custom<T>((value) => typeof value === 'string' && pattern.test(value), { error: `must be ${what}` });

/** How a person id is written; editors are told the same. */
export const PERSON_ID = /^[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}$/;
export const personId = branded<PersonId>(
  PERSON_ID,
  'a person id: 1 to 64 letters, digits and . _ @ + -, beginning with a letter or digit',
);
export const slackUserId = branded<SlackUserId>(/^[UW][A-Z0-9]{1,20}$/, 'a Slack user id such as U012AB3CD');
/** A workspace, or an Enterprise Grid organisation (`E…`). */
export const slackTeamId = branded<string>(/^[TE][A-Z0-9]{1,20}$/, 'a Slack team id such as T012AB3CD');
export const serial = branded<Serial>(/^[A-Z0-9][A-Z0-9-]{3,31}$/, 'a serial number: 4 to 32 upper-case letters and digits');
export const localUser = branded<LocalUser>(
  /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$/,
  'the short name of a local account: 1 to 64 letters, digits and _ . -, without a leading dash',
);
export const digest = branded<Digest>(/^[0-9a-f]{64}$/, 'a SHA-256 digest in lower-case hex');
export const requestId = z.custom<RequestId>(isRequestId, { error: 'must be a request id' });
/** Only the one spelling that `Date#toISOString` writes, so that an instant has exactly one canonical form. */
export const instantText = z.custom<Instant>(isInstant, { error: 'must be an instant such as 2026-01-31T09:30:00.000Z' });
/** The longest window that anything in Stint may speak of: 24 hours. */
export const MAX_WINDOW_MS = 24 * 60 * 60 * 1000;
export const windowMs = z.int().min(1000).max(MAX_WINDOW_MS);
/** A name for people: one line, no control characters, no text-direction overrides that could disguise it. */
export const displayName = z
  .string()
  .min(1)
  .max(100)
  .refine((text) => text.trim() === text && !/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(text), {
    error: 'must be one line without leading or trailing blanks and without control characters',
  });

function isInstant(value: unknown): value is Instant {
  if (typeof value !== 'string' || !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(value)) return false;
  const ms = Date.parse(value);
  return !Number.isNaN(ms) && new Date(ms).toISOString() === value;
}

/** The id of an incident: one word, and no place for a text. */
export const incident = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._#/-]{0,63}$/, {
  error: 'must be the id of an incident: one word of up to 64 letters, digits and . _ # / -',
});

export const breakingGlass = z.strictObject({ incident, drill: z.literal(true).optional() });
