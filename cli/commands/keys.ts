/** `stint keys`: making, listing, rotating and revoking the keys that messages are sealed with. */
import { type Command, InvalidArgumentError } from 'commander';
import { StintError } from '../../contract/errors.js';
import { instant } from '../../contract/ids.js';
import { SENDERS, type Sender } from '../../contract/messages.js';
import type { KeyPlace } from '../../seal/key-files.js';
import type { ListedKey } from '../keys/list.js';

/** Adds the commands. */
export function addKeys(stint: Command): void {
  const keys = stint
    .command('keys')
    .description('Works on the keys that messages are sealed with.')
    .addHelpText('after', '\nExamples:\n  $ stint keys init\n  $ stint keys list\n  $ stint keys rotate slack-app');
  addInit(keys);
  addList(keys);
  addRotate(keys);
  addRevoke(keys);
}

const JSON_OPTION = ['--json', 'as JSON, for a script'] as const;
const DIR = ['--dir <folder>', 'the private keys (default: STINT_SEAL_KEYS_DIR, or keys in STINT_HOME)'] as const;
const TRUSTED = [
  '--trusted <file>',
  'the file of public keys (default: STINT_TRUSTED_KEYS_FILE, or trusted-keys.json in STINT_HOME)',
] as const;

interface Options {
  readonly dir?: string;
  readonly trusted?: string;
  readonly json?: boolean;
}

function addInit(keys: Command): void {
  keys
    .command('init')
    .description(
      'Makes a private key for each sender, the file of public keys that workers trust, and the reply key of the device API.',
    )
    .option(...DIR)
    .option(...TRUSTED)
    .option(...JSON_OPTION)
    .addHelpText(
      'after',
      `
Examples:
  $ stint keys init
  $ stint keys init --dir /etc/stint/keys --trusted /etc/stint/trusted-keys.json

Give each process only its own private key; every worker gets the file of public keys. Nothing is ever overwritten.`,
    )
    .action(async (options: Options) => {
      const [{ init }, { print }] = await Promise.all([import('../keys/init.js'), import('../ask.js')]);
      const place = await placeOf(options);
      const privateKeys = onDisk(() => init(place));
      const trusted = place.trustedKeysFile;
      print(options.json, { privateKeys, trusted }, () => [...privateKeys, trusted].map((file) => `wrote ${file}`).join('\n'));
    });
}

function addList(keys: Command): void {
  keys
    .command('list')
    .description(
      'Lists the trusted keys, how each stands and what it may say. Exit code 1 when a key on this computer does not fit.',
    )
    .option(...DIR)
    .option(...TRUSTED)
    .option(...JSON_OPTION)
    .addHelpText('after', '\nExamples:\n  $ stint keys list\n  $ stint keys list --json | jq .problems')
    .action(async (options: Options) => {
      const [{ listKeys }, { print }] = await Promise.all([import('../keys/list.js'), import('../ask.js')]);
      const place = await placeOf(options);
      const listed = onDisk(() => listKeys(place, Date.now()));
      print(options.json, { trusted: place.trustedKeysFile, ...listed }, () =>
        [...listed.keys.map(line), ...listed.problems.map((problem) => `\nproblem: ${problem}`)].join('\n'),
      );
      if (listed.problems.length > 0) process.exitCode = 1;
    });
}

function line({ keyId, standing, says, here }: ListedKey): string {
  const { state } = standing;
  const how = 'at' in standing ? `${state === 'ending' ? 'until' : 'ended'} ${standing.at}` : state;
  return `${keyId.padEnd(24)}  ${how.padEnd(30)}  ${here ? 'here' : '    '}  says ${says.join(', ')}`;
}

function addRotate(keys: Command): void {
  keys
    .command('rotate')
    .description('Gives a sender a new key. Those before count on for a while, so that no click is lost.')
    .argument('<sender>', Object.keys(SENDERS).join(', '), senderOf)
    .option('--overlap <time>', 'how long the keys before count on; 0s revokes them at once', '48h')
    .option(...DIR)
    .option(...TRUSTED)
    .option(...JSON_OPTION)
    .addHelpText(
      'after',
      `
Examples:
  $ stint keys rotate slack-app
  $ stint keys rotate device-api --overlap 7d
  $ stint keys rotate slack-app --overlap 0s     the old key was stolen

A message lives up to a day, so an overlap below 24h refuses clicks that are still on their way. If this is cut short, run
it again: the sender's key is believed at every moment.`,
    )
    .action(rotateKey);
}

async function rotateKey(sender: Sender, { overlap, ...options }: Options & { overlap: string }): Promise<void> {
  const [{ rotate }, { keyDisk }, { parseDuration }, { print }] = await Promise.all([
    import('../keys/rotate.js'),
    import('../keys/disk.js'),
    import('../../policy/duration.js'),
    import('../ask.js'),
  ]);
  const overlapMs = parseDuration(overlap);
  if (overlapMs === undefined || overlapMs > LONGEST_OVERLAP_MS)
    throw new StintError('bad-input', `--overlap must be a time from 0s to 30d, such as 48h or 1h30m, not ${overlap}.`);
  const place = await placeOf(options);
  const now = Date.now();
  const done = onDisk(() => rotate({ ...place, sender, overlapMs, now }, keyDisk));
  const until = instant(now + overlapMs);
  print(options.json, { sender, ...done, trusted: place.trustedKeysFile }, () =>
    [
      `${sender} has a new key: ${done.keyId}`,
      ...done.before.map(({ keyId, revoked, notAfter }) => `${keyId} ${revoked ? 'is revoked' : `counts until ${notAfter}`}`),
      '',
      `On this computer nothing is left to do: workers and ${sender} read their files anew.`,
      `On others${overlapMs > 0 ? `, before ${until}` : ', now'}: first copy ${place.trustedKeysFile} to every worker, then ${done.privateKey} to ${sender}.`,
      'A container that was given the file itself as a secret must be made anew to see it.',
    ].join('\n'),
  );
}

const LONGEST_OVERLAP_MS = 30 * 24 * 60 * 60 * 1000;

function senderOf(name: string): Sender {
  if (Object.hasOwn(SENDERS, name)) return name as Sender;
  throw new InvalidArgumentError(`It must be one of ${Object.keys(SENDERS).join(', ')}.`);
}

function addRevoke(keys: Command): void {
  keys
    .command('revoke')
    .description('Takes the trust from a key at once: for a key that was stolen.')
    .argument('<keyId>', 'the id, as in "stint keys list"')
    .option('--force', 'also when it is the only key of its sender')
    .option(...TRUSTED)
    .option(...JSON_OPTION)
    .addHelpText(
      'after',
      `
Examples:
  $ stint keys revoke slack-app-3f9c0a1b2d4e
  $ stint keys rotate slack-app --overlap 0s     replaces and revokes in one step

What was sealed with it and is still on its way is refused, and so is the grant of a request or approval that it sealed and
that is not granted yet. Access that is held goes on until its deadline; end it with "stint revoke".`,
    )
    .action(revokeKey);
}

async function revokeKey(keyId: string, { force, ...options }: Options & { force?: boolean }): Promise<void> {
  const [{ revoke }, { keyDisk }, { print }] = await Promise.all([
    import('../keys/revoke.js'),
    import('../keys/disk.js'),
    import('../ask.js'),
  ]);
  const { trustedKeysFile } = await placeOf(options);
  const done = onDisk(() => revoke({ trustedKeysFile, keyId, force: force ?? false, now: Date.now() }, keyDisk));
  print(options.json, { ...done, trusted: trustedKeysFile }, () =>
    [
      done.already ? `${keyId} was revoked already.` : `${keyId} is revoked.`,
      done.left.length > 0
        ? `${done.sender} goes on with ${done.left.join(', ')}.`
        : `${done.sender} has no key left. Run: stint keys rotate ${done.sender}`,
      `Workers on this computer know at their next message. On others, copy ${trustedKeysFile} to every worker now.`,
    ].join('\n'),
  );
}

/** Where the files are: as the options say, else as every process of this configuration finds them. */
async function placeOf({ dir, trusted }: Options): Promise<KeyPlace> {
  if (dir && trusted) return { keysDir: dir, trustedKeysFile: trusted };
  const [{ loadConfig }, { readText }] = await Promise.all([
    import('../../workers/config.js'),
    import('../../workers/file-text.js'),
  ]);
  const { seals } = loadConfig({ env: process.env, readFile: readText, parts: ['seals'] });
  return { keysDir: dir ?? seals.keysDir, trustedKeysFile: trusted ?? seals.trustedKeysFile };
}

/** Runs what touches files; a file that cannot be touched is an answer, not a bug. */
function onDisk<T>(act: () => T): T {
  try {
    return act();
  } catch (error) {
    const path = error instanceof Error && 'path' in error ? String(error.path) : undefined;
    if (!path || !(error instanceof Error) || !('code' in error)) throw error;
    throw new StintError('bad-config', `${path} cannot be used (${String(error.code)}). Run this as the account that owns it.`, {
      cause: error,
    });
  }
}
