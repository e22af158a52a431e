/**
 * The calls that the driver makes, in its own words: small enough to be replaced in a test, and every list followed to
 * its end. Empty pages with a token are normal at AWS ("always follow NextToken").
 */
import { awsError } from './errors.js';
import type { AwsTarget, Kind, Rank } from './types.js';

export interface How {
  readonly rank: Rank;
  readonly signal?: AbortSignal | undefined;
  /** The call never leaves at or after this instant, in ms since 1970, and is broken off at it. */
  readonly sendBefore?: number | undefined;
  /** Names what this is about, for sentences. */
  readonly what?: string;
}

export type OperationState = 'IN_PROGRESS' | 'SUCCEEDED' | 'FAILED';

/** One asynchronous operation of AWS, as its lists tell it. */
export interface Brief {
  readonly id: string;
  readonly state: OperationState;
  /** By AWS' clock, in ms since 1970. */
  readonly createdAt?: number;
}

/** The same in full. */
export interface Operation extends Brief {
  readonly reason?: string;
  readonly accountId?: string;
  readonly permissionSetArn?: string;
  readonly principalId?: string;
}

/** What a grant and a revoke need. Errors are those of `awsError`, or the signal's reason. */
export interface AssignmentCalls {
  begin(kind: Kind, target: AwsTarget, how: How): Promise<Operation>;
  operation(kind: Kind, instanceArn: string, id: string, how: How): Promise<Operation>;
  /** All of the instance, or those of one state. */
  operations(kind: Kind, instanceArn: string, state: OperationState | undefined, how: How): Promise<readonly Brief[]>;
  /** Ids of the users that a permission set is assigned to in an account: the whole list. */
  assigned(target: Pick<AwsTarget, 'instanceArn' | 'accountId' | 'permissionSetArn'>, how: How): Promise<readonly string[]>;
  /** ARNs of all permission sets. */
  permissionSets(instanceArn: string, how: How): Promise<readonly string[]>;
  /** Ids of all accounts of the organisation. */
  accountIds(how: How): Promise<readonly string[]>;
  /** Whether the person's user is no more: not described, and not in the whole list of users either. */
  userGone(principalId: string, how: How): Promise<boolean>;
  /** How far AWS' clock is ahead of ours, in ms, as its last answer showed. */
  skewMs(): number;
}

interface Page<T> {
  readonly items: readonly T[] | undefined;
  readonly next: string | undefined;
}

const PAGES_MAX = 10_000;

/** Everything of a paged list. Throws rather than answer a part of it: whoever reads it may conclude "not there". */
export async function allPages<T>(what: string, fetchPage: (token: string | undefined) => Promise<Page<T>>): Promise<T[]> {
  const found: T[] = [];
  let token: string | undefined;
  for (let page = 0; page < PAGES_MAX; page++) {
    const { items, next } = await fetchPage(token);
    found.push(...(items ?? []));
    if (!next) return found;
    if (next === token) break;
    token = next;
  }
  throw awsError(new Error('an endless list'), `the list of ${what}`);
}
