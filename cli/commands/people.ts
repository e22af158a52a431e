/** `stint people`: who people are at far ends, as far as Stint has bound them, and their keys for the command line. */
import type { Command } from 'commander';
import type { PersonId } from '../../contract/ids.js';
import type { Binding, PersonKey } from '../../contract/ports.js';
import type { Unbound } from '../../workers/unbind.js';
import { named } from '../named.js';

interface Options {
  readonly person: string;
  readonly json?: boolean;
}

/** Adds the command. */
export function addPeople(stint: Command): void {
  const people = stint
    .command('people')
    .description('Who people are at AWS, as Stint has bound them, and their keys for the command line.')
    .addHelpText('after', '\nExamples:\n  $ stint people unbind --person ada\n  $ stint people revoke-keys --person ada');
  people
    .command('bindings')
    .description('Lists which user of Identity Center each person is bound to.')
    .option('--json', 'as JSON, for a script')
    .addHelpText('after', '\nExample:\n  $ stint people bindings --json')
    .action(bindings);
  people
    .command('unbind')
    .description(
      'Forgets which user of Identity Center a person is, for one whose user was made anew there. The next request binds them by their address again. Refused while they hold AWS access from Stint. The ledger keeps who did it.',
    )
    .requiredOption('--person <id>', 'the id of the person in the people file', named)
    .option('--json', 'as JSON, for a script')
    .addHelpText('after', '\nExample:\n  $ stint people unbind --person ada')
    .action(unbind);
  people
    .command('keys')
    .description('Lists the keys for the command line that work.')
    .option('--person <id>', 'only of this person of the people file', named)
    .option('--json', 'as JSON, for a script')
    .addHelpText('after', '\nExample:\n  $ stint people keys --person ada')
    .action(keys);
  people
    .command('revoke-keys')
    .description(
      'Revokes all keys of a person for the command line, for good: they have to enroll new ones. The ledger keeps who did it.',
    )
    .requiredOption('--person <id>', 'the id of the person in the people file', named)
    .option('--json', 'as JSON, for a script')
    .addHelpText('after', '\nExample:\n  $ stint people revoke-keys --person ada')
    .action(revokeKeys);
}

async function bindings({ json }: Pick<Options, 'json'>): Promise<void> {
  const { print, withStore } = await import('../ask.js');
  const all = await withStore((ask) => ask<readonly Binding[]>({ ask: 'bindings' }));
  print(json, all, () =>
    lines(
      all.map(({ personId, farId, at }) => `${personId}  ${farId}  since ${at}`),
      'Nobody is bound to a user of Identity Center yet.',
    ),
  );
}

async function unbind({ person, json }: Options): Promise<void> {
  const { justTheClock, operatorName, print, withStore } = await import('../ask.js');
  const order = { ask: 'unbind', personId: person as PersonId, operator: operatorName() } as const;
  const done = await withStore((ask) => ask<Unbound>(order), justTheClock);
  print(json, done, () =>
    done.was === null
      ? `${person} was bound to no user of Identity Center. Nothing was changed.`
      : `${person} is bound to the user ${done.was} of Identity Center no more. Their next request binds them by their address; a user id in the people file goes before that.`,
  );
}

async function keys({ person, json }: Partial<Options>): Promise<void> {
  const { print, withStore } = await import('../ask.js');
  const order = { ask: 'person-keys', ...(person && { personId: person as PersonId }) } as const;
  const all = await withStore((ask) => ask<readonly PersonKey[]>(order));
  print(json, all, () =>
    lines(
      all.map(({ personId, keyId, enrolledAt }) => `${personId}  ${keyId}  since ${enrolledAt}`),
      person ? `${person} has no key that works.` : 'Nobody has a key that works.',
    ),
  );
}

async function revokeKeys({ person, json }: Options): Promise<void> {
  const { justTheClock, operatorName, print, withStore } = await import('../ask.js');
  const order = { ask: 'revoke-keys', personId: person as PersonId, operator: operatorName() } as const;
  const keyIds = await withStore((ask) => ask<readonly string[]>(order), justTheClock);
  print(json, { personId: person, keyIds }, () =>
    lines(
      keyIds.map((keyId) => `${keyId} works no more.`),
      `${person} has no key that works. Nothing was changed.`,
    ),
  );
}

const lines = (rows: readonly string[], none: string): string => (rows.length > 0 ? rows.join('\n') : none);
