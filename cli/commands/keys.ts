/** `stint keys init`: the keys of a new deployment, each where its process looks for it. */
import { generateKeyPairSync } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { StintError } from '../../contract/errors.js';
import { SENDERS, type Sender } from '../../contract/messages.js';

/** Adds the command. */
export function addKeys(stint: Command): void {
  const keys = stint
    .command('keys')
    .description('Works on the keys that messages are sealed with.')
    .addHelpText('after', '\nExample:\n  $ stint keys init');
  keys
    .command('init')
    .description(
      'Makes a private key for each sender, the file of public keys that workers trust, and the reply key of the device API.',
    )
    .option('--dir <folder>', 'where the private keys go', './.stint/keys')
    .option('--trusted <file>', 'the file of public keys', './.stint/trusted-keys.json')
    .option('--json', 'as JSON, for a script')
    .addHelpText(
      'after',
      `
Examples:
  $ stint keys init
  $ stint keys init --dir /etc/stint/keys --trusted /etc/stint/trusted-keys.json

Give each process only its own private key; every worker gets the file of public keys. Nothing is ever overwritten.`,
    )
    .action(init);
}

async function init({ dir, trusted, json }: { dir: string; trusted: string; json?: boolean }): Promise<void> {
  const [{ generateSealKey, trustedKeysText }, { sealKeyPath, writeSealKey }, { print }] = await Promise.all([
    import('../../seal/keys.js'),
    import('../../seal/key-files.js'),
    import('../ask.js'),
  ]);
  const senders = Object.keys(SENDERS) as Sender[];
  const reply = join(dir, 'reply.pem');
  const there = [trusted, reply, ...senders.map((sender) => sealKeyPath(dir, sender))].filter((path) => existsSync(path));
  if (there.length > 0)
    throw new StintError(
      'bad-config',
      `These files are there already and are never overwritten: ${there.join(', ')}. Choose another --dir and --trusted.`,
    );
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const made = senders.map(generateSealKey);
  const files = made.map((key) => writeSealKey(dir, key));
  writeFileSync(trusted, trustedKeysText(made), { flag: 'wx' });
  const pair = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  writeFileSync(reply, pair.privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600, flag: 'wx' });
  writeFileSync(join(dir, 'reply.pub.pem'), pair.publicKey.export({ type: 'spki', format: 'pem' }), { flag: 'wx' });
  print(json, { privateKeys: [...files, reply], trusted }, () =>
    [...files, reply, trusted].map((file) => `wrote ${file}`).join('\n'),
  );
}
