/** `stint device`: the keys of Macs: which are known, making one known, and taking the trust from them. */
import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { StintError } from '../../contract/errors.js';
import { shortId } from '../../contract/ids.js';
import type { DeviceKey } from '../../contract/ports.js';
import type { Withdrawn } from '../../workers/withdraw-device.js';
import { named } from '../named.js';

/** Adds the command. */
export function addDevice(stint: Command): void {
  const example = '$ stint device register --serial C02XK0AAJG5H --public-key ada-mbp.pub.pem';
  const device = stint
    .command('device')
    .description('Works on the Macs that may call the device API.')
    .addHelpText('after', `\nExamples:\n  ${example}\n  ${WITHDRAW}`);
  device
    .command('register')
    .description('Registers the public key of one Mac. The ledger keeps who did it. Repeating it changes nothing.')
    .requiredOption('--serial <serial>', 'the serial number, exactly as the MDM has it')
    .requiredOption('--public-key <file>', 'ECDSA P-256 public key in PEM, made on that Mac')
    .option('--json', 'as JSON, for a script')
    .addHelpText('after', `\nExample:\n  ${example}`)
    .action(register);
  device
    .command('keys')
    .description('Lists the registered keys of Macs, and which were withdrawn.')
    .option('--serial <serial>', 'only of this Mac', named)
    .option('--json', 'as JSON, for a script')
    .addHelpText('after', '\nExample:\n  $ stint device keys --serial C02XK0AAJG5H')
    .action(keys);
  device
    .command('withdraw')
    .description(
      'Withdraws the keys of one Mac, for good: within 30 seconds nothing is heard any more that is signed with them. The ledger keeps who did it. Neither asks first nor ends what the Mac holds, which ends by itself.',
    )
    .requiredOption('--serial <serial>', 'the serial number, exactly as the MDM has it', named)
    .option('--key <id>', 'only this key of it, as "stint device keys" shows it', named)
    .option('--json', 'as JSON, for a script')
    .addHelpText('after', `\nExamples:\n  ${WITHDRAW}\n  ${WITHDRAW} --key 9f86d081884c7d65`)
    .action(withdraw);
}

const WITHDRAW = '$ stint device withdraw --serial C02XK0AAJG5H';

interface Options {
  readonly serial: string;
  readonly key?: string;
  readonly json?: boolean;
}

async function keys({ serial, json }: Partial<Options>): Promise<void> {
  const { print, withStore } = await import('../ask.js');
  const all = await withStore((ask) => ask<readonly DeviceKey[]>({ ask: 'device-keys', ...(serial && { serial }) }));
  const line = (key: DeviceKey) => `${key.serial}  ${key.keyId}  ${key.revokedAt ? `withdrawn at ${key.revokedAt}` : 'works'}`;
  const none = serial ? `${serial} has no key.` : 'No Mac has a key yet.';
  print(json, all, () => (all.length === 0 ? none : all.map(line).join('\n')));
}

async function withdraw({ serial, key, json }: Options): Promise<void> {
  const { justTheClock, operatorName, print, withStore } = await import('../ask.js');
  const order = { ask: 'withdraw-device-keys', serial, ...(key && { keyId: key }), operator: operatorName() } as const;
  const done = await withStore((ask) => ask<Withdrawn>(order), justTheClock);
  print(json, done, () => toldOf(done).join('\n'));
}

function toldOf({ serial, keyIds, left, held }: Withdrawn): readonly string[] {
  const which = left.length > 0 ? `It still has ${left.join(', ')}.` : `${serial} has no key that works now.`;
  if (keyIds.length === 0) return [`Nothing was changed: that was withdrawn before, or never there. ${which}`];
  const silent = `It holds ${held.map(shortId).join(', ')}, which ends by itself. Nobody hears from the Mac that it is gone: register a new key for it, or look there.`;
  return [
    ...keyIds.map((keyId) => `${keyId} of ${serial} works no more, within 30 seconds.`),
    which,
    ...(held.length > 0 && left.length === 0 ? [silent] : []),
  ];
}

async function register({ serial, publicKey, json }: { serial: string; publicKey: string; json?: boolean }): Promise<void> {
  const [{ justTheClock, operatorName, print, withStore }, { deviceKeyId }] = await Promise.all([
    import('../ask.js'),
    import('../../workers/device-keys.js'),
  ]);
  let pem: string;
  try {
    pem = readFileSync(publicKey, 'utf8');
  } catch {
    throw new StintError('bad-config', `--public-key: the file ${publicKey} cannot be read.`);
  }
  try {
    deviceKeyId(pem);
  } catch {
    throw new StintError('bad-config', `--public-key: ${publicKey} holds no ECDSA P-256 public key in PEM.`);
  }
  const order = { ask: 'register-device', serial, publicKey: pem, operator: operatorName() } as const;
  const made = await withStore((ask) => ask<{ keyId: string }>(order), justTheClock);
  print(json, made, () => `registered ${serial} with the key ${made.keyId}`);
}
