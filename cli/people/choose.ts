/** Which of the targets that were found is meant by an account and a permission set. Pure. */
import { StintError } from '../../contract/errors.js';
import { sameName } from '../../contract/names.js';
import { plain } from './client.js';

/** A target as the server tells of it. */
export interface Found {
  readonly key: string;
  readonly kind: string;
  readonly display: string;
  readonly setName?: string | undefined;
  readonly detail: string;
  readonly confirmBy: string;
  readonly windowsMs: readonly number[];
  readonly tier?: number | undefined;
  readonly barred?: string | undefined;
  readonly approvers: readonly string[];
  /** How it may be asked for with a time at which it is to begin. */
  readonly later?: string | undefined;
}

const AWS = 'aws-permission-set';

/** The one target of an account (its number, or its exact name) and a permission set. Throws `unknown-target`, `not-eligible`. */
export function chooseAws(found: readonly Found[], account: string, set: string): Found {
  const inAccount = found.filter((one) => isAccount(one, account));
  const [hit, ...more] = inAccount.filter((one) => one.setName !== undefined && sameName(one.setName, set));
  if (!hit)
    throw new StintError(
      'unknown-target',
      inAccount.length > 0 ? noSet(inAccount, account, set) : noAccount(found, account, set),
    );
  if (more.length > 0) {
    const numbers = [hit, ...more].map(numberOf).join(', ');
    throw new StintError('unknown-target', `Several accounts are called ${plain(account)}. Give the number: ${numbers}.`);
  }
  if (hit.barred) throw new StintError('not-eligible', plain(hit.barred));
  return hit;
}

function isAccount(one: Found, account: string): boolean {
  if (one.kind !== AWS) return false;
  return /^\d{12}$/.test(account) ? numberOf(one) === account : sameName(one.confirmBy, account);
}

function noSet(found: readonly Found[], account: string, set: string): string {
  const sets = [...new Set(found.flatMap(({ setName }) => setName ?? []))].slice(0, 8).map(plain).join(', ');
  return `In ${plain(account)} there is no permission set ${plain(set)} that the policy lets you ask for. There are: ${sets}.`;
}

function noAccount(found: readonly Found[], account: string, set: string): string {
  const near = found.filter(({ kind }) => kind === AWS).slice(0, 5);
  const words = near.map((one) => `${plain(one.display)} (${numberOf(one)})`).join('; ');
  const none = `There is no account ${plain(account)} with a permission set ${plain(set)} that the policy lets you ask for.`;
  return words ? `${none} Near it: ${words}.` : `${none} Look for it with: stint request aws --search "…"`;
}

/** `aws/<account>/<permission set>` */
export function numberOf({ key }: Pick<Found, 'key'>): string {
  return /^aws\/(\d{12})\//.exec(key)?.[1] ?? '?';
}
