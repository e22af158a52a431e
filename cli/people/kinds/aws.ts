/** A permission set in an AWS account, by the account and the set. Pure. */

import { StintError } from '../../../contract/errors.js';
import { few } from '../../../contract/few.js';
import { sameName } from '../../../contract/names.js';
import { EXAMPLE_WALL_START } from '../../example-start.js';
import { plain } from '../client.js';
import { type Found, given, type Naming } from './naming.js';

export const AWS: Naming = {
  command: 'aws',
  about: 'a permission set in an AWS account',
  options: [
    ['--account <account>', 'number of the account, or its exact name'],
    ['--set <name>', 'the permission set'],
  ],
  confirm: "the account's name once more, for what is of the highest risk (tier 0)",
  examples: [
    '--account sandbox-7 --set PowerUser --for 45m --reason "INC-417: the queue is stuck" --wait',
    '--account 123456789012 --set ReadOnly --for 15m --category debug --reason "Look at a bill" --json',
    '--account payments-prod --set Admin --for 15m --reason "INC-418: roll back" --confirm payments-prod',
    `--account payments --set ReadOnly --for 1h --start ${EXAMPLE_WALL_START} --reason "CHG-7: night shift"`,
    '--account payments-prod --set Admin --for 15m --reason "Payments are down" --break-glass --incident INC-419 --wait',
    '--search "sandbox power"',
    '--on-behalf-of ada --account sandbox-7 --set PowerUser --for 45m --reason "INC-417: Ada is on the road"',
  ],
  away: 'aws-unavailable',
  named(names) {
    const [account, set] = [given('--account', names.account, AWS), given('--set', names.set, AWS)];
    return { words: `${account} ${set}`, wider: account, among: (found) => chooseAws(found, account, set) };
  },
  // `aws/<account>/<permission set>`
  numberOf: ({ key }) => /^aws\/(\d{12})\//.exec(key)?.[1] ?? '?',
};

/** The one target of an account (its number, or its exact name) and a permission set. Throws `unknown-target`, `bad-input`. */
export function chooseAws(found: readonly Found[], account: string, set: string): Found {
  const inAccount = found.filter((one) => isAccount(one, account));
  const [hit, ...more] = inAccount.filter((one) => one.setName !== undefined && sameName(one.setName, set));
  if (!hit)
    throw new StintError(
      'unknown-target',
      inAccount.length > 0 ? noSet(inAccount, account, set) : noAccount(found, account, set),
    );
  if (more.length === 0) return hit;
  const numbers = [hit, ...more].map(AWS.numberOf).join(', ');
  throw new StintError('bad-input', `Several accounts are called ${plain(account)}. Give the number: ${numbers}.`);
}

function isAccount(one: Found, account: string): boolean {
  return /^\d{12}$/.test(account) ? AWS.numberOf(one) === account : sameName(one.confirmBy, account);
}

function noSet(found: readonly Found[], account: string, set: string): string {
  const sets = [...new Set(found.flatMap(({ setName }) => setName ?? []))].map(plain);
  return `In ${plain(account)} there is no permission set ${plain(set)} that the policy lets you ask for. There are: ${few(sets, 8)}.`;
}

function noAccount(found: readonly Found[], account: string, set: string): string {
  const near = found.map((one) => `${plain(one.display)} (${AWS.numberOf(one)})`);
  const words = few(near, 5, '; ');
  const none = `There is no account ${plain(account)} with a permission set ${plain(set)} that the policy lets you ask for.`;
  return words ? `${none} Near it: ${words}.` : `${none} Look for it with: stint request aws --search "…"`;
}
