/** `stint review`: closes the review of a break-glass with what was found, proved by one's own key. Works while Slack is down. */
import type { Command } from 'commander';
import { StintError } from '../../contract/errors.js';

interface Options {
  readonly finding?: string;
  readonly server?: string;
  readonly json?: boolean;
}

/** Adds the command. */
export function addReview(stint: Command): void {
  stint
    .command('review')
    .description('Closes the review of a break-glass. Never your own: the policy names who may, and your key says who you are.')
    .argument('<id>', 'the id of the elevation, or its first characters (6 or more)')
    .option('--finding <text>', 'what you looked at and what you found; recorded for good')
    .option('--server <url>', 'where Stint is; default: STINT_SERVER_URL')
    .option('--json', 'as JSON, for a script')
    .addHelpText(
      'after',
      `
Example:
  $ stint review 3kq7mzv2 --finding "Looked at the trail: only the queue was restarted, as INC-419 says."

Needs STINT_SERVER_URL, and a key of your own: see "stint enroll --help".`,
    )
    .action(review);
}

async function review(id: string, { finding = '', server, json }: Options): Promise<void> {
  if (!/^[a-z2-7]{6,26}$/.test(id))
    throw new StintError('bad-input', `${id} is no id of an elevation: give 6 to 26 of its letters and digits.`);
  if (finding.trim() === '')
    throw new StintError('bad-input', '--finding is missing: say what you looked at and what you found.');
  const [{ print }, { createPeopleClient, serverKeyOf, serverOf, plain }, { keyFileOf, readOwnKey }] = await Promise.all([
    import('../ask.js'),
    import('../people/client.js'),
    import('../people/key.js'),
  ]);
  const { env } = process;
  const serverKey = serverKeyOf(env.STINT_SERVER_KEY_FILE);
  const client = createPeopleClient({
    server: serverOf(server ?? env.STINT_SERVER_URL),
    key: readOwnKey(keyFileOf(env)),
    ...(serverKey && { serverKey }),
    clock: Date.now,
  });
  const done = (await client.call('POST', '/people/v1/reviews', { id, finding })) as { readonly requestId: string };
  print(json, { ok: true, ...done }, () => `The review of ${plain(done.requestId)} is closed.`);
}
