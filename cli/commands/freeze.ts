/** `stint freeze` and `stint unfreeze`: nothing new is granted anywhere, and who ordered it and why. */
import type { Command } from 'commander';
import { StintError } from '../../contract/errors.js';
import type { Frozen } from '../../contract/ports.js';

interface Options {
  readonly reason?: string;
  readonly status?: boolean;
  readonly json?: boolean;
}

/** Adds both commands. */
export function addFreeze(stint: Command): void {
  stint
    .command('freeze')
    .description(
      'Stops all granting everywhere, also of what is approved already, until "stint unfreeze". What runs goes on and ends as it would: to end it, "stint revoke --all".',
    )
    .option('--reason <text>', 'why, for everybody who is refused and for the record')
    .option('--status', 'only say whether a freeze stands')
    .option('--json', 'as JSON, for a script')
    .addHelpText(
      'after',
      '\nExamples:\n  $ stint freeze --reason "INC-417: a signing key may be stolen"\n  $ stint freeze --status --json',
    )
    .action(freeze);
  stint
    .command('unfreeze')
    .description('Lifts the freeze. What was refused meanwhile has to be asked for again.')
    .option('--reason <text>', 'why, for the record')
    .option('--json', 'as JSON, for a script')
    .addHelpText('after', '\nExample:\n  $ stint unfreeze --reason "INC-417: the key was not stolen"')
    .action(unfreeze);
}

async function freeze({ reason, status, json }: Options): Promise<void> {
  const { justTheClock, operatorName, print, withStore } = await import('../ask.js');
  if (status) {
    const frozen = await withStore((ask) => ask<Frozen | undefined>({ ask: 'frozen' }));
    return print(json, { frozen: frozen ?? null }, () => (frozen ? frozenLine(frozen) : 'Not frozen.'));
  }
  const order = { ask: 'freeze', operator: operatorName(), reason: given(reason, 'freeze') } as const;
  const { changed, frozen } = await withStore((ask) => ask<{ changed: boolean; frozen: Frozen }>(order), justTheClock);
  print(json, { changed, frozen }, () => (changed ? `${frozenLine(frozen)}\n${NEXT}` : `Already so. ${frozenLine(frozen)}`));
}

async function unfreeze({ reason, json }: Options): Promise<void> {
  const { justTheClock, operatorName, print, withStore } = await import('../ask.js');
  const order = { ask: 'unfreeze', operator: operatorName(), reason: given(reason, 'unfreeze') } as const;
  const lifted = (await withStore((ask) => ask<Frozen | undefined>(order), justTheClock)) ?? undefined;
  print(json, { changed: lifted !== undefined, lifted: lifted ?? null }, () =>
    lifted ? `Lifted. It stood since ${lifted.since}, by ${lifted.operator}: ${lifted.reason}` : 'There was no freeze.',
  );
}

const NEXT =
  'Nothing new is granted from now on. What runs goes on until its end: "stint list --live" shows it, "stint revoke --all" ends it.';

/** One line for the terminal. */
export function frozenLine({ since, operator, reason }: Frozen): string {
  return `Frozen since ${since} by ${operator}: ${reason}`;
}

function given(reason: string | undefined, command: string): string {
  if (reason?.trim()) return reason;
  throw new StintError('bad-input', `Say why: stint ${command} --reason "…". Everybody who is refused reads it.`);
}
