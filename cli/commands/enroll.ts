/** `stint enroll`: a key of one's own on this computer, and the line by which Slack learns whose it is. */
import type { Command } from 'commander';

interface Options {
  readonly new?: boolean;
  readonly json?: boolean;
}

/** Adds the command. */
export function addEnroll(stint: Command): void {
  stint
    .command('enroll')
    .description(
      'Makes your own key for "stint request" on this computer, and prints the line that you paste into Slack: only there it is proved whose key it is. Repeating it prints the same line.',
    )
    .option('--new', 'makes another key in the place of the one that is here; remove the old one in Slack')
    .option('--json', 'as JSON, for a script')
    .addHelpText('after', '\nExamples:\n  $ stint enroll\n  $ stint enroll --new')
    .action(enroll);
}

async function enroll({ new: anew, json }: Options): Promise<void> {
  const [{ findOwnKey, keyFileOf, makeOwnKey }, { fingerprint }, { print }] = await Promise.all([
    import('../people/key.js'),
    import('../../seal/person-key.js'),
    import('../ask.js'),
  ]);
  const file = keyFileOf(process.env);
  const key = anew ? makeOwnKey(file) : (findOwnKey(file) ?? makeOwnKey(file));
  const line = `/elevate enroll ${key.publicKey}`;
  const shown = { line, keyId: key.keyId, fingerprint: fingerprint(key.keyId), file };
  print(
    json,
    shown,
    () => `Paste this line into Slack, into any conversation where you can type:

  ${line}

Stint answers there with this fingerprint:

  ${shown.fingerprint}

The key stays in ${file}; whoever can read that file can ask in your name.`,
  );
}
