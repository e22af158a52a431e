/** Finding a pair of account and permission set as somebody types. Pure; five thousand pairs take a few milliseconds. */
import type { Account, Limits, PermissionSet } from './organisation.js';

/** One thing that can be asked for. */
export interface Pair {
  readonly account: Account;
  readonly set: PermissionSet;
  /** Why AWS would refuse it, as a sentence; shown instead of failing later. */
  readonly barred?: string;
}

interface Row {
  readonly pair: Pair;
  readonly words: string;
  readonly name: string;
}

export interface Search {
  /** Pairs that hold every word, best first: at the start of a name before within it. */
  find(text: string, limit: number, may?: (pair: Pair) => boolean): readonly Pair[];
  pair(accountId: string, setArn: string): Pair | undefined;
  readonly size: number;
}

/** Accounts that are suspended or closed are left out. */
export function createSearch(accounts: readonly Account[], sets: readonly PermissionSet[], limits: Limits): Search {
  const rows: Row[] = [];
  const byIds = new Map<string, Pair>();
  for (const account of [...accounts].filter(({ active }) => active).sort((a, b) => byName(a.name, b.name))) {
    for (const set of [...sets].sort((a, b) => byName(a.name, b.name))) {
      const barred = whyBarred(account, set, limits);
      const pair: Pair = { account, set, ...(barred ? { barred } : {}) };
      byIds.set(`${account.id} ${set.arn}`, pair);
      rows.push({ pair, words: wordsOf(pair), name: fold(`${account.name} ${set.name}`) });
    }
  }
  return {
    size: rows.length,
    pair: (accountId, setArn) => byIds.get(`${accountId} ${setArn}`),
    find: (text, limit, may = () => true) => find(rows, text, limit, may),
  };
}

function find(rows: readonly Row[], text: string, limit: number, may: (pair: Pair) => boolean): readonly Pair[] {
  const terms = fold(text).split(/\s+/).filter(Boolean).slice(0, 8);
  const ranked: Pair[][] = [[], [], []];
  for (const row of rows) {
    if (!terms.every((term) => row.words.includes(term)) || !may(row.pair)) continue;
    const rank = rankOf(row, terms);
    ranked[rank]?.push(row.pair);
    if (rank === 0 && (ranked[0]?.length ?? 0) >= limit) break;
  }
  return ranked.flat().slice(0, limit);
}

function rankOf({ name }: Row, [first = '']: readonly string[]): 0 | 1 | 2 {
  if (name.startsWith(first)) return 0;
  return name.includes(` ${first}`) ? 1 : 2;
}

const fold = (text: string): string => text.normalize('NFKC').toLocaleLowerCase('en');
const byName = (a: string, b: string): number => (fold(a) < fold(b) ? -1 : 1);

function wordsOf({ account, set }: Pair): string {
  return fold([account.name, account.id, ...account.path, ...account.unitIds, set.name, set.description].join(' '));
}

function whyBarred(account: Account, set: PermissionSet, limits: Limits): string | undefined {
  if (!limits.delegated) return undefined;
  if (account.id === limits.managementAccountId) {
    return 'Stint runs in a delegated administrator account, which cannot give access to the management account.';
  }
  if (!limits.setsOfManagement.has(set.arn)) return undefined;
  return `"${set.name}" is also used in the management account, so a delegated administrator cannot assign it. Use a copy of it.`;
}
