/** `stint people`: who people are at far ends, as far as Stint has bound them. */
import type { Command } from 'commander';
import type { PersonId } from '../../contract/ids.js';
import type { Unbound } from '../../workers/unbind.js';

interface Options {
  readonly person: string;
  readonly json?: boolean;
}

/** Adds the command. */
export function addPeople(stint: Command): void {
  const people = stint
    .command('people')
    .description('Who people are at AWS, as Stint has bound them.')
    .addHelpText('after', '\nExample:\n  $ stint people unbind --person ada');
  people
    .command('unbind')
    .description(
      'Forgets which user of Identity Center a person is, for one whose user was made anew there. The next request binds them by their address again. Refused while they hold AWS access from Stint.',
    )
    .requiredOption('--person <id>', 'the id of the person in the people file')
    .option('--json', 'as JSON, for a script')
    .addHelpText('after', '\nExample:\n  $ stint people unbind --person ada')
    .action(unbind);
}

async function unbind({ person, json }: Options): Promise<void> {
  const { print, withStore } = await import('../ask.js');
  const done = await withStore((ask) => ask<Unbound>({ ask: 'unbind', personId: person as PersonId }));
  print(json, done, () =>
    done.was === null
      ? `${person} was bound to no user of Identity Center. Nothing was changed.`
      : `${person} is bound to the user ${done.was} of Identity Center no more. Their next request binds them by their address; a user id in the people file goes before that.`,
  );
}
