/** `stint ledger verify`: recomputes the hash chain over every entry. */
import type { Command } from 'commander';
import type { LedgerEntry } from '../../contract/ports.js';

const PAGE = 1000;

/** Adds the command. */
export function addLedger(stint: Command): void {
  const ledger = stint
    .command('ledger')
    .description('Works on the ledger.')
    .addHelpText('after', '\nExample:\n  $ stint ledger verify');
  ledger
    .command('verify')
    .description('Recomputes every leaf hash and the chain. Exit code 1 when an entry does not fit.')
    .option('--json', 'as JSON, for a script')
    .addHelpText('after', '\nExample:\n  $ stint ledger verify --json')
    .action(verify);
}

async function verify({ json }: { json?: boolean }): Promise<void> {
  const [{ verifyChain }, { print, withStore }] = await Promise.all([import('../../ledger/verify.js'), import('../ask.js')]);
  const entries = await withStore(async (ask) => {
    const all: LedgerEntry[] = [];
    for (;;) {
      const page = await ask<readonly LedgerEntry[]>({ ask: 'entries', from: all.length, limit: PAGE });
      all.push(...page);
      if (page.length < PAGE) return all;
    }
  });
  const result = verifyChain(entries);
  print(json, result, () =>
    result.ok ? `${result.entries} entries fit; head ${result.head}` : `entry ${result.seq} does not fit: ${result.what}`,
  );
  if (!result.ok) process.exitCode = 1;
}
