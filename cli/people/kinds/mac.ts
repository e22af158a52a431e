/** A Mac, by its serial number; without one it is the only one there is. Pure. */

import { StintError } from '../../../contract/errors.js';
import { few } from '../../../contract/few.js';
import { EXAMPLE_WALL_START } from '../../example-start.js';
import { plain } from '../client.js';
import { type Found, given, type Naming } from './naming.js';

export const MAC: Naming = {
  command: 'mac',
  about: 'admin rights on a Mac',
  options: [['--serial <number>', 'serial number of the Mac; default: your only one, or that of whom it is for']],
  confirm: "the Mac's name once more, for what is of the highest risk (tier 0)",
  examples: [
    '--for 15m --category install --reason "Install the driver of the new printer" --wait',
    '--serial C02ADA000001 --for 30m --reason "CHG-7: another VPN client" --json',
    `--for 30m --start ${EXAMPLE_WALL_START} --reason "CHG-8: upgrade at night"`,
    '--for 10m --reason "The VPN is gone, and Slack with it" --break-glass --incident INC-419 --wait',
    '--search "ada-mac"',
    '--on-behalf-of ada --for 15m --reason "INC-417: Ada is on the road"',
  ],
  away: 'oncall-unavailable',
  named({ serial: asked }) {
    if (asked === undefined) return { words: '', among: onlyMac };
    const serial = given('--serial', asked, MAC).toUpperCase();
    return { words: serial, wider: '', among: (found) => macOfSerial(found, serial) };
  },
  // `mac-admin/<serial>`
  numberOf: ({ key }) => /^mac-admin\/([A-Z0-9-]+)$/.exec(key)?.[1] ?? '?',
};

function onlyMac(found: readonly Found[]): Found {
  const [only, ...more] = found;
  if (!only) throw new StintError('unknown-target', `There is no Mac that the policy lets you ask for. ${ASK_WHOM}`);
  if (more.length === 0) return only;
  throw new StintError('bad-input', `Which Mac is meant? Say it with --serial: ${listed(found)}.`);
}

function macOfSerial(found: readonly Found[], serial: string): Found {
  const hit = found.find((one) => MAC.numberOf(one) === serial);
  if (hit) return hit;
  const none = `There is no Mac ${plain(serial)} that the policy lets you ask for.`;
  throw new StintError('unknown-target', `${none} ${found.length > 0 ? `There are: ${listed(found)}.` : ASK_WHOM}`);
}

const ASK_WHOM = 'Ask your IT team whether the people file has it, and which rule covers it.';

function listed(found: readonly Found[]): string {
  const each = found.map((one) => `${plain(one.display)} (${MAC.numberOf(one)})`);
  return few(each, 8);
}
