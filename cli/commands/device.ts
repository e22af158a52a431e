/** `stint device register`: makes a Mac's public key known. */
import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { StintError } from '../../contract/errors.js';

/** Adds the command. */
export function addDevice(stint: Command): void {
  const example = '$ stint device register --serial C02XK0AAJG5H --public-key ada-mbp.pub.pem';
  const device = stint
    .command('device')
    .description('Works on the Macs that may call the device API.')
    .addHelpText('after', `\nExample:\n  ${example}`);
  device
    .command('register')
    .description('Registers the public key of one Mac. Repeating it changes nothing.')
    .requiredOption('--serial <serial>', 'the serial number, exactly as the MDM has it')
    .requiredOption('--public-key <file>', 'ECDSA P-256 public key in PEM, made on that Mac')
    .option('--json', 'as JSON, for a script')
    .addHelpText('after', `\nExample:\n  ${example}`)
    .action(register);
}

async function register({ serial, publicKey, json }: { serial: string; publicKey: string; json?: boolean }): Promise<void> {
  const [{ print, withStore }, { deviceKeyId }] = await Promise.all([
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
  const made = await withStore((ask) => ask<{ keyId: string }>({ ask: 'register-device', serial, publicKey: pem }));
  print(json, made, () => `registered ${serial} with the key ${made.keyId}`);
}
