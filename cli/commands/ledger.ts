/** `stint ledger`: recomputing the hash chain over every entry, and what was recorded of the whole service. */
import type { Command } from 'commander';
import { StintError } from '../../contract/errors.js';
import { type AnyEvent, wordsOf } from '../../contract/events.js';
import type { LedgerEntry } from '../../contract/ports.js';
import type { HouseShown } from '../../workers/questions.js';
import { recordedLines } from '../recorded.js';

const PAGE = 1000;

/** Adds the command. */
export function addLedger(stint: Command): void {
  const ledger = stint
    .command('ledger')
    .description('Works on the ledger.')
    .addHelpText('after', '\nExamples:\n  $ stint ledger verify\n  $ stint ledger house');
  ledger
    .command('verify')
    .description('Recomputes every leaf hash and the chain. Exit code 1 when an entry does not fit.')
    .option('--json', 'as JSON, for a script')
    .addHelpText('after', '\nExample:\n  $ stint ledger verify --json')
    .action(verify);
  ledger
    .command('house')
    .description(
      "Shows what was recorded of the whole service, oldest first: policies, freezes, the keys of Macs and people, who somebody is in AWS, and access that is nobody's elevation.",
    )
    .option('--limit <n>', 'at most this many, up to 500, the newest; what is left out is said', '50')
    .option('--json', 'as JSON, for a script')
    .addHelpText('after', '\nExamples:\n  $ stint ledger house\n  $ stint ledger house --limit 500 --json')
    .action(house);
}

/** The most that one question to the store is answered with. */
const MOST = 500;

async function house({ limit, json }: { limit: string; json?: boolean }): Promise<void> {
  const count = Number(limit);
  if (!Number.isInteger(count) || count < 1 || count > MOST)
    throw new StintError('bad-input', `--limit must be a whole number from 1 to ${MOST}, not ${limit}.`);
  const { print, withStore } = await import('../ask.js');
  const shown = await withStore((ask) => ask<HouseShown>({ ask: 'house', limit: count }));
  const { total, timeline } = shown;
  const leftOut = timeline.length < total ? ['', `${timeline.length} of ${total} are shown, the newest.`] : [];
  print(json, shown, () => (total === 0 ? 'Nothing yet.' : [...recordedLines(shown, detailOf), ...leftOut].join('\n')));
}

/** What it was about; the words of whoever did it have a line of their own. */
function detailOf(event: AnyEvent): string {
  const said = wordsOf(event);
  const told = Object.entries(event.data).filter(([, value]) => value !== said);
  return told.map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`).join('  ');
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
