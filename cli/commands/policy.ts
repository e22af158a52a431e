/** `stint policy`: policy and people files, read exactly as the product reads them. */
import type { Command } from 'commander';
import { addExplain } from '../policy/options.js';
import { addPolicyTools } from '../policy/tools.js';

/** Adds the command. */
export function addPolicy(stint: Command): void {
  const policy = stint
    .command('policy')
    .description('Works on policy files.')
    .addHelpText('after', '\nExample:\n  $ stint policy check examples/policy.yaml --people examples/people.yaml');
  policy
    .command('check')
    .description(
      'Checks a policy file, and with --people that everybody it names is there. Exit code 1 when something is wrong; a warning is nothing wrong.',
    )
    .argument('[file]', 'the policy file', './policy.yaml')
    .option('--people <file>', 'the people file to check it against')
    .option(
      '--tickets <file>',
      'the file of ticket checks that its rules name; without it, that of the configuration (STINT_TICKETS)',
    )
    .option('--json', 'as JSON, for a script')
    .addHelpText(
      'after',
      '\nExamples:\n  $ stint policy check examples/policy.yaml\n  $ stint policy check policy.yaml --people people.yaml --json',
    )
    .action(check);
  addExplain(policy);
  addPolicyTools(policy);
}

const GIVE_POLICY = 'Give its path: stint policy check path/to/policy.yaml';
const GIVE_PEOPLE = 'Give the path of the people file: --people path/to/people.yaml';

interface CheckOptions {
  readonly people?: string;
  readonly tickets?: string;
  readonly json?: boolean;
}

async function check(file: string, options: CheckOptions): Promise<void> {
  const { withMistakes } = await import('../policy/read.js');
  const told = (findings: readonly string[]) => ({ ok: false, hash: null, findings, warnings: [] });
  await withMistakes(options.json, told, () => checkFile(file, options));
}

async function checkFile(file: string, { people, tickets, json }: CheckOptions): Promise<void> {
  const [
    { parsePolicy },
    { parsePeopleFile },
    { fileFindings, ticketFindings },
    { checkNames, readText },
    { weakerRules },
    { print },
  ] = await Promise.all([
    import('../../policy/load.js'),
    import('../../policy/people.js'),
    import('../../policy/check.js'),
    import('../policy/read.js'),
    import('../../policy/weaker.js'),
    import('../ask.js'),
  ]);
  const parsed = parsePolicy(readText(file, GIVE_POLICY), file);
  const checks = checkNames(tickets);
  const alone = checks ? ticketFindings(parsed, checks, file) : [];
  const everybody = people === undefined ? undefined : parsePeopleFile(readText(people, GIVE_PEOPLE), people);
  const found = everybody ? await fileFindings(parsed, everybody, file, checks) : alone;
  const warnings = everybody ? weakerRules(parsed, everybody, file) : [];
  print(json, { ok: found.length === 0, hash: parsed.hash, findings: found, warnings }, () =>
    [
      ...found,
      ...warnings.map((one) => `Warning: ${one}`),
      found.length === 0 ? `${file} is valid (policy ${parsed.hash.slice(0, 12)})` : '',
    ]
      .filter(Boolean)
      .join('\n'),
  );
  if (found.length > 0) process.exitCode = 1;
}
