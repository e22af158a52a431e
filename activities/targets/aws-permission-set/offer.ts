/** A pair of account and permission set as rules and people see it. Pure. */
import type { AwsAbout, Candidate } from '../../../contract/ports.js';
import type { AwsPermissionSetTarget } from '../../../contract/request.js';
import type { Account, Instance, PermissionSet } from './organisation.js';
import type { Pair } from './search.js';

/** The ids of a pair, as an offer's key carries them. */
export interface PairIds {
  readonly accountId: string;
  /** `ps-…` */
  readonly setId: string;
}

/** Undefined unless the key has the exact form `aws/<account>/<permission set id>`. */
export function readKey(key: string): PairIds | undefined {
  const [, accountId, setId] = /^aws\/(\d{12})\/(ps-[0-9a-zA-Z.-]{16})$/.exec(key) ?? [];
  return accountId && setId ? { accountId, setId } : undefined;
}

/**
 * The ARN of a permission set of an instance: `arn:aws:sso:::instance/ssoins-…` and
 * `arn:aws:sso:::permissionSet/ssoins-…/ps-…` (API reference, DescribePermissionSet).
 */
export function setArnOf({ arn }: Instance, setId: string): string {
  return `${arn.replace(':instance/', ':permissionSet/')}/${setId}`;
}

/** What rules are held against. */
export function aboutPair({ id, name, path, unitIds, tags, untold }: Account, set: PermissionSet): AwsAbout {
  return {
    kind: 'aws-permission-set',
    accountId: id,
    accountName: name,
    ouNames: path,
    ouIds: unitIds,
    ...(tags ? { tags } : untold ? { untold } : {}),
    set: set.name,
  };
}

export function candidateOf({ account, set, barred }: Pair): Candidate {
  return {
    key: `aws/${account.id}/${setIdOf(set.arn)}`,
    about: aboutPair(account, set),
    display: displayOf(account, set),
    detail: [account.path.join(' / '), account.id].filter(Boolean).join(' · '),
    ...(barred ? { barred } : {}),
    notes: [`A session that was opened before the end can last up to ${hours(set.sessionMs)} from when it was opened.`],
  };
}

/** Pinned for one user of the Identity Store. */
export function targetFor({ account, set }: Pair, { arn }: Instance, principalId: string): AwsPermissionSetTarget {
  return {
    kind: 'aws-permission-set',
    key: `aws/${account.id}/${setIdOf(set.arn)}/${principalId}`,
    instanceArn: arn,
    accountId: account.id,
    permissionSetArn: set.arn,
    principalId,
    accountName: account.name,
    setName: set.name,
    display: displayOf(account, set),
    sessionMs: set.sessionMs,
  };
}

function displayOf(account: Account, set: PermissionSet): string {
  return `${set.name} in ${account.name}`;
}

function setIdOf(arn: string): string {
  return arn.slice(arn.lastIndexOf('/') + 1);
}

function hours(ms: number): string {
  const minutes = Math.round(ms / 60_000);
  const parts = [`${Math.floor(minutes / 60)} h`, `${minutes % 60} min`].filter((part) => !part.startsWith('0 '));
  return parts.join(' ');
}
