/** `stint request`: asks for access from the command line, in one's own name: the key says who asks. */

import { randomBytes } from 'node:crypto';
import type { Command } from 'commander';
import { isStintError } from '../../contract/errors.js';
import { TARGET_KINDS, type TargetKind } from '../../contract/request.js';
import { EXAMPLE_START, EXAMPLE_WALL_START } from '../example-start.js';
import type { AskOptions } from '../people/ask.js';
import { NAMINGS } from '../people/kinds/index.js';
import { exampleOf } from '../people/kinds/naming.js';

const NEEDS = `
Needs STINT_SERVER_URL, and a key of your own: see "stint enroll --help". STINT_SERVER_KEY_FILE, if set, names the public key
by which answers have to be signed. Nothing names who asks: your key does. Neither you nor whom it is for can approve it.

Exit codes: 0 granted (without --wait: handed over), 1 refused, denied, failed or lapsed, 2 a mistake in what was given.`;

/** Adds the command, with one for each kind of target. */
export function addRequest(stint: Command): void {
  const request = stint
    .command('request')
    .description('Asks for access for yourself, as /elevate does. Works while Slack is down, too.')
    .addHelpText('after', examples(TARGET_KINDS.map((kind) => exampleOf(NAMINGS[kind]))));
  for (const kind of TARGET_KINDS) addKind(request, kind);
}

function addKind(request: Command, kind: TargetKind): void {
  const { command, about, options, confirm, examples: words } = NAMINGS[kind];
  const asks = request.command(command).description(`Asks for ${about}. The policy and its approvers decide, as for Slack.`);
  for (const [flags, says] of options) asks.option(flags, says);
  asks
    .option('--for <length>', 'how long: 30s, 45m, 2h; one of the lengths that the policy offers')
    .option(
      '--on-behalf-of <person>',
      'id of the person who gets the access, where a rule for others lets both of you ask; default: you',
    )
    .option('--start <time>', `when it is to begin, where the rule allows it: ${EXAMPLE_START}, or ${EXAMPLE_WALL_START}`)
    .option('--reason <text>', 'what you will do, and why it needs this access: approvers see it')
    .option('--category <name>', 'install, debug, config, security, developer or other', 'other')
    .option('--confirm <name>', confirm)
    .option('--break-glass', 'takes it at once, without an approver: for an incident, where the policy lets you; it is reviewed')
    .option('--incident <id>', 'with --break-glass: the id of the incident')
    .option('--drill', 'with --break-glass: as if, for practice; everybody is told and it is reviewed, but nothing is granted')
    .option('--wait', 'tells how it goes, until it is granted or is not')
    .option('--search <words>', 'only shows what you may ask for that holds these words')
    .option('--server <url>', 'where Stint is; default: STINT_SERVER_URL')
    .option('--json', 'one JSON object at the end, for a script')
    .addHelpText('after', `${examples(words.map((one) => `stint request ${command} ${one}`))}\n${NEEDS}`)
    .action((given: AskOptions) => run(kind, given));
}

const examples = (lines: readonly string[]): string => ['\nExamples:', ...lines.map((line) => `  $ ${line}`)].join('\n');

async function run(kind: TargetKind, options: AskOptions): Promise<void> {
  const { askFor } = await import('../people/ask.js');
  try {
    process.exitCode = await askFor(kind, options, {
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
