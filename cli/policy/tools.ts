/** `stint policy test`, `diff`, `apply` and `schema`: how they are called. What they do is loaded only when it is asked for. */
import { type Command, InvalidArgumentError } from 'commander';
import type { ApplyOptions } from './run-apply.js';
import type { CasesOptions } from './run-cases.js';
import type { DiffOptions } from './run-diff.js';

/** Adds the commands to `stint policy`. */
export function addPolicyTools(policy: Command): void {
  policy
    .command('test')
    .description('Decides the cases of a table as the product would, and says which come out otherwise than the table expects.')
    .argument('[file]', 'the table of cases', './policy.test.yaml')
    .option('--policy <file>', 'this policy, and not the one that the table names')
    .option('--people <file>', 'this people file, and not the one that the table names')
    .option('--min-coverage <percent>', 'fails too when cases reach fewer of the rules than this', readPercent, 0)
    .option('--json', 'as JSON, for a script')
    .addHelpText('after', TEST_EXAMPLES)
    .action(async (file: string, options: CasesOptions) => (await import('./run-cases.js')).testPolicy(file, options));
  policy
    .command('diff')
    .description('Says for whom and on what another policy changes anything: what is wider, what is narrower, what is neither.')
    .argument('<old>', 'the policy file as it was')
    .argument('<new>', 'the policy file as it will be')
    .requiredOption('--people <file>', 'the people file for which they are compared')
    .option('--exit-code', 'exit code 1 when anything changes for anybody')
    .option('--json', 'as JSON, for a script')
    .addHelpText('after', DIFF_EXAMPLES)
    .action(async (before: string, after: string, options: DiffOptions) =>
      (await import('./run-diff.js')).diffPolicyFiles(before, after, options),
    );
  policy
    .command('apply')
    .description(
      'Puts a policy in force for all processes at once, if nothing is wrong with it, and says what it changes for whom.',
    )
    .argument('[file]', 'the policy file; without it, that of the configuration (STINT_POLICY)')
    .option('--people <file>', 'the people file it has to fit; without it, that of the configuration (STINT_PEOPLE)')
    .option('--dry-run', 'only say what would change')
    .option('--anyway', 'although it names who is not there, or rules that nobody could ask by or approve')
    .option('--json', 'as JSON, for a script')
    .addHelpText('after', APPLY_EXAMPLES)
    .action(async (file: string | undefined, options: ApplyOptions) =>
      (await import('./run-apply.js')).applyPolicyFile(file, options),
    );
  policy
    .command('schema')
    .description('Prints the JSON Schema of the policy file, for editors that complete and check while you write.')
    .addHelpText('after', SCHEMA_EXAMPLES)
    .action(async () => {
      const [{ policyJsonSchema }, { print }] = await Promise.all([import('../../policy/json-schema.js'), import('../ask.js')]);
      print(true, policyJsonSchema(), () => '');
    });
}

const TEST_EXAMPLES = `
Examples:
  $ stint policy test examples/policy.test.yaml
  $ stint policy test policy.test.yaml --min-coverage 100 --json
  $ stint policy test policy.test.yaml --policy proposed.yaml

Exit code: 0 when every case comes out as expected and enough rules are reached, 1 when not, 2 when called wrongly.`;

const DIFF_EXAMPLES = `
Examples:
  $ git show main:policy.yaml > /tmp/old.yaml
  $ stint policy diff /tmp/old.yaml policy.yaml --people people.yaml
  $ stint policy diff old.yaml new.yaml --people people.yaml --exit-code --json

Macs are those of the people file. AWS targets are made up, one for each set of rules that can cover one together.
Exit code: 0, or with --exit-code 1 when anything changes; 1 when a file is not valid; 2 when called wrongly.`;

const APPLY_EXAMPLES = `
Examples:
  $ stint policy apply --dry-run
  $ stint policy apply policy.yaml --people people.yaml
  $ stint policy apply --json

Who applied it, and when, is an entry of the ledger. What runs and what waits is judged by the stricter of old and new.
Exit code: 0 when it is in force (with --dry-run: could be), 1 when something is wrong and the old one goes on, 2 when called wrongly.`;

const SCHEMA_EXAMPLES = `
Example:
  $ stint policy schema > policy.schema.json

The first line of a policy then names it: # yaml-language-server: $schema=policy.schema.json`;

function readPercent(text: string): number {
  const percent = Number(text);
  if (!/^\d{1,3}$/.test(text) || percent > 100) throw new InvalidArgumentError('It must be a whole number from 0 to 100.');
  return percent;
}
