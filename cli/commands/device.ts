/** `stint device register`: makes a Mac's public key known. */
import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { StintError } from '../../contract/errors.js';

/** Adds the command. */
export function addDevice(stint: Command): void {
  const device = stint.command('device').description('Works on the Macs that may call the device API.');
  device
    .command('register')
    .description('Registers the public key of one Mac. Repeating it changes nothing.')
    .requiredOption('--serial <serial>', 'the serial number, exactly as the MDM has it')
    .requiredOption('--public-key <file>', 'ECDSA P-256 public key in PEM, made on that Mac')
    .option('--json', 'as JSON, for a script')
    .addHelpText('after', '\nExample:\n  $ stint device register --serial C02XK0AAJG5H --public-key ada-mbp.pub.pem')
    .action(register);
}

async function register({ serial, publicKey, json }: { serial: string; publicKey: string; json?: boolean }): Promise<void> {
  const { print, withStore } = await import('../ask.js');
  let pem: string;
  try {
    pem = readFileSync(publicKey, 'utf8');
  } catch {
    throw new StintError('bad-input', `--public-key: the file ${publicKey} cannot be read.`);
  }
  const made = await withStore((ask) => ask<{ keyId: string }>({ ask: 'register-device', serial, publicKey: pem }));
  print(json, made, () => `registered ${serial} with the key ${made.keyId}`);
}
