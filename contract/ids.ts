/**
 * Identifiers. Each kind is its own branded type, so that a Slack user id can never be passed where a person is
 * meant: people are counted by `PersonId`, and by nothing else (invariant I3).
 */

declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]: Name };

/** The canonical person, as the people directory names them. */
export type PersonId = Branded<'PersonId'>;
/** A user of one Slack workspace (`U…` or `W…`); only meaningful together with its team. */
export type SlackUserId = Branded<'SlackUserId'>;
/** The short name of an account on a Mac. */
export type LocalUser = Branded<'LocalUser'>;
/** A Mac's hardware serial number, upper case. */
export type Serial = Branded<'Serial'>;
/** Names one elevation for its whole life; see `requestIdFrom` in `seal/digest.ts`. */
export type RequestId = Branded<'RequestId'>;
/** Lower-case hex SHA-256. */
export type Digest = Branded<'Digest'>;
/** Stands in an event whose request is not known: a refused start, or a sweep that found no request. */
export const NO_DIGEST = '0'.repeat(64) as Digest;
/** Stands for the whole service in the record, where an entry concerns no single elevation (a freeze, a foreign access). */
export const HOUSE = 'house'.padEnd(26, '2') as RequestId;
/** One Temporal run of an elevation. */
export type RunId = Branded<'RunId'>;
/** An instant: UTC, ISO 8601 with milliseconds, as `Date#toISOString` writes it. */
export type Instant = Branded<'Instant'>;

const PREFIX = 'elevation/';

/** The Temporal workflow id of an elevation. The target is never part of it: resetting an old run ends the live run of that id. */
export function workflowIdOf(requestId: RequestId): string {
  return PREFIX + requestId;
}

/** The elevation that a workflow id names, or undefined when it names none. */
export function requestIdOf(workflowId: string): RequestId | undefined {
  const rest = workflowId.startsWith(PREFIX) ? workflowId.slice(PREFIX.length) : '';
  return isRequestId(rest) ? rest : undefined;
}

/** Whether a string has the shape of a request id: 26 characters of lower-case base 32. */
export function isRequestId(text: unknown): text is RequestId {
  return typeof text === 'string' && /^[a-z2-7]{26}$/.test(text);
}

/** The instant of a number of milliseconds since 1970. */
export function instant(ms: number): Instant {
  return new Date(ms).toISOString() as Instant;
}

/** Milliseconds since 1970 of an instant. */
export function msOf(at: Instant): number {
  return Date.parse(at);
}

/** The first eight characters: enough to name an elevation to a person. */
export function shortId(requestId: RequestId): string {
  return requestId.slice(0, 8);
}
