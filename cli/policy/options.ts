/** `stint policy explain` and `stint policy who-can-approve`, as the command line takes them. */

import type { Command } from 'commander';
import type { Explanation } from '../../policy/explain.js';
import { EXAMPLE_START, EXAMPLE_WALL_START } from '../example-start.js';
import { named } from '../named.js';
import type { Asked, ExplainOptions } from './explain.js';

const NOTE = `
Policy and people are read from --policy and --people, else from the files of the configuration (STINT_POLICY, STINT_PEOPLE).
Neither AWS nor PagerDuty is asked. What the rules may go by is told: the account by id and name, the units above it (all names, or all ids; an
empty --ou "" for none), tags as Key=Value (Key alone for one that it doesn't have). What is not told is not known.

Exit codes: 0 explained, whatever the answer; 1 a file is wrong or can't be read; 2 a mistake in what was given.`;

/** Adds both commands to `stint policy`. */
export function addExplain(policy: Command): void {
  asking(policy.command('explain'))
    .description('Says why somebody may have something by the policy, or why not: rule by rule, and who could approve it.')
    .option('--window <length>', 'for how long: 30s, 45m, 2h; without it any length that is offered')
    .addHelpText(
      'after',
      `
Examples:
  $ stint policy explain --as ada --target C02ADA000001 --window 15m
  $ stint policy explain --as ada --target aws/sandbox-7/PowerUser --account 444444444444 --ou Sandbox --tag tier=3
  $ stint policy explain --as ada --target C02ADA000001 --at 2026-12-25T09:00:00+01:00
  $ stint policy explain --as ada --target C02ADA000001 --start ${EXAMPLE_WALL_START}
  $ stint policy explain --as grace --target aws/payments/Admin --policy new.yaml --people people.yaml --json
${NOTE}`,
    )
    .action(explain);
  asking(policy.command('who-can-approve'))
    .description('Names who could approve it by the policy if somebody asked, and who never could, each with why.')
    .addHelpText(
      'after',
      `
Examples:
  $ stint policy who-can-approve --as ada --target C02ADA000001
  $ stint policy who-can-approve --as ada --target aws/sandbox-7/PowerUser --ou Sandbox --tag tier=3 --json
${NOTE}`,
    )
    .action(whoCanApprove);
}

function asking(command: Command): Command {
  const collect = (value: string, all: readonly string[] = []) => [...all, value];
  return command
    .requiredOption('--as <person>', 'who asks: an id of the people file', named)
    .requiredOption('--target <target>', "a Mac's serial number, or aws/<account>/<permission set>")
    .option('--for <person>', 'for whom, where it is somebody else', named)
    .option('--account <account>', 'of AWS: id or name of the account; can be given for both', collect)
    .option('--ou <unit>', 'of AWS: a unit above the account, by name or id; once for each', collect)
    .option('--tag <tag>', 'of AWS: a tag of the account as Key=Value; once for each', collect)
    .option('--at <instant>', 'when: 2026-11-23T09:00:00+01:00; now, if left out')
    .option('--start <time>', `with which start: ${EXAMPLE_START}, ${EXAMPLE_WALL_START}; at once, if left out`)
    .option('--waited <length>', 'how long it has waited by then, such as 20m; not at all, if left out')
    .option('--set <name>', 'of AWS: the permission set')
    .option('--oncall <rota=person>', 'who is on call; needed for a rota that PagerDuty keeps', collect)
    .option('--policy <file>', 'the policy file')
    .option('--people <file>', 'the people file')
    .option('--json', 'as JSON, for a script');
}

async function explain(options: ExplainOptions): Promise<void> {
  const [{ treeText }, { print }] = await Promise.all([import('./explain.js'), import('../ask.js')]);
  const { inquiry, explanation } = await answered(options);
  print(options.json, explanation, () => treeText(explanation, inquiry));
}

async function whoCanApprove(options: ExplainOptions): Promise<void> {
  const [{ decidersText }, { print }] = await Promise.all([import('./explain.js'), import('../ask.js')]);
  const { inquiry, explanation } = await answered(options);
  const { holds, by, stages, approvers, never, tree } = explanation;
  print(options.json, { holds, ...by, ...(stages ? { stages } : {}), approvers, never, why: tree.why }, () =>
    decidersText(explanation, inquiry),
  );
}

interface Answered {
  readonly inquiry: Asked;
  readonly explanation: Explanation;
}

async function answered(options: ExplainOptions): Promise<Answered> {
  const [{ inquiryOf }, { explainRequest }, { readText }] = await Promise.all([
    import('./explain.js'),
    import('../../policy/explain.js'),
    import('../../workers/file-text.js'),
  ]);
  const inquiry = await inquiryOf(options, {
    env: process.env,
    readFile: readText,
    now: Date.now(),
  });
  return { inquiry, explanation: explainRequest(inquiry) };
}
