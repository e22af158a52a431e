/** `stint request aws`: asks for access from the command line, in one's own name: the key says who asks. */
import { randomBytes } from 'node:crypto';
import type { Command } from 'commander';
import { isStintError } from '../../contract/errors.js';
import type { AskOptions } from '../people/ask.js';

const EXAMPLES = `
Examples:
  $ stint request aws --account sandbox-7 --set PowerUser --for 45m --reason "INC-417: the queue is stuck" --wait
  $ stint request aws --account 123456789012 --set ReadOnly --for 15m --category debug --reason "Look at a bill" --json
  $ stint request aws --account payments-prod --set Admin --for 15m --reason "INC-418: roll back" --confirm payments-prod
  $ stint request aws --account payments --set ReadOnly --for 1h --start "2026-11-23 22:00 Europe/Berlin" --reason "CHG-7: night shift"
  $ stint request aws --account payments-prod --set Admin --for 15m --reason "Payments are down" --break-glass --incident INC-419 --wait
  $ stint request aws --search "sandbox power"
  $ stint request aws --on-behalf-of ada --account sandbox-7 --set PowerUser --for 45m --reason "INC-417: Ada is on the road"

Needs STINT_SERVER_URL, and a key of your own: see "stint enroll --help". STINT_SERVER_KEY_FILE, if set, names the public key
by which answers have to be signed. Nothing names who asks: your key does. Neither you nor whom it is for can approve it.

Exit codes: 0 granted (without --wait: handed over), 1 refused, denied, failed or lapsed, 2 a mistake in what was given.`;

/** Adds the command. */
export function addRequest(stint: Command): void {
  const request = stint
    .command('request')
    .description('Asks for access for yourself, as /elevate does.')
    .addHelpText(
      'after',
      '\nExample:\n  $ stint request aws --account sandbox-7 --set PowerUser --for 45m --reason "INC-417: look" --wait',
    );
  request
    .command('aws')
    .description('Asks for a permission set in an AWS account. The policy and its approvers decide, as for Slack.')
    .option('--account <account>', 'number of the account, or its exact name')
    .option('--set <name>', 'the permission set')
    .option('--for <length>', 'how long: 30s, 45m, 2h; one of the lengths that the policy offers')
    .option(
      '--on-behalf-of <person>',
      'id of the person who gets the access, where a rule for others lets both of you ask; default: you',
    )
    .option(
      '--start <time>',
      'when it is to begin, where the rule allows it: 2026-11-23T22:00+01:00, or "2026-11-23 22:00 Europe/Berlin"',
    )
    .option('--reason <text>', 'what you will do, and why it needs this access: approvers see it')
    .option('--category <name>', 'install, debug, config, security, developer or other', 'other')
    .option('--confirm <name>', "the account's name once more, for what is of the highest risk (tier 0)")
    .option('--break-glass', 'takes it at once, without an approver: for an incident, where the policy lets you; it is reviewed')
    .option('--incident <id>', 'with --break-glass: the id of the incident')
    .option('--drill', 'with --break-glass: as if, for practice; everybody is told and it is reviewed, but nothing is granted')
    .option('--wait', 'tells how it goes, until it is granted or is not')
    .option('--search <words>', 'only shows what you may ask for that holds these words')
    .option('--server <url>', 'where Stint is; default: STINT_SERVER_URL')
    .option('--json', 'one JSON object at the end, for a script')
    .addHelpText('after', EXAMPLES)
    .action(run);
}

async function run(options: AskOptions): Promise<void> {
  const { askAws } = await import('../people/ask.js');
  try {
    process.exitCode = await askAws(options, {
      env: process.env,
      clock: Date.now,
      random: (bytes) => randomBytes(bytes).toString('hex'),
      out: (text) => process.stdout.write(`${text}\n`),
      say: (line) => process.stderr.write(`${line}\n`),
    });
  } catch (error) {
    if (options.json && isStintError(error))
      process.stdout.write(`${JSON.stringify({ ok: false, code: error.code, sentence: error.sentence }, null, 2)}\n`);
    throw error;
  }
}
