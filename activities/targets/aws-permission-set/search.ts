/** Finding a pair of account and permission set as somebody types. Pure; five thousand pairs take a few milliseconds. */
import { foldName } from '../../../contract/names.js';
import type { Limits } from './limits.js';
import type { Account, PermissionSet } from './organisation.js';

/** One thing that can be asked for. */
export interface Pair {
  readonly account: Account;
  readonly set: PermissionSet;
  /** Why AWS would refuse it, as a sentence; shown instead of failing later. */
  readonly barred?: string;
}

export interface Search {
  /**
   * Pairs that hold every word, best first: an account whose name begins with the first word, then such a set, then the rest; of one
   * account first the set whose name is a word.
   */
  find(text: string, limit: number, may?: (pair: Pair) => boolean): readonly Pair[];
  pair(accountId: string, setArn: string): Pair | undefined;
  readonly size: number;
}

/** Something with words to be found by. */
interface Entry<T> {
  readonly of: T;
  readonly name: string;
  readonly words: string;
}

/** Accounts that are suspended or closed are left out. Pairs are made only when found: there may be millions. */
export function createSearch(accounts: readonly Account[], sets: readonly PermissionSet[], limits: Limits): Search {
  const places = entries(
    accounts.filter(({ active }) => active),
    ({ name, id, path, unitIds }) => [name, id, ...path, ...unitIds],
  );
  const kinds = entries(sets, ({ name, description }) => [name, description]);
  const pairOf = (account: Account, set: PermissionSet): Pair => {
    const barred = whyBarred(account, set, limits);
    return { account, set, ...(barred ? { barred } : {}) };
  };
  const byId = new Map(places.map(({ of }) => [of.id, of]));
  const byArn = new Map(kinds.map(({ of }) => [of.arn, of]));
  return {
    size: places.length * kinds.length,
    pair: (accountId, setArn) => {
      const account = byId.get(accountId);
      const set = byArn.get(setArn);
      return account && set && pairOf(account, set);
    },
    find(text, limit, may = () => true) {
      const ranked: [Pair[], Pair[], Pair[]] = [[], [], []];
      for (const { account, set, rank } of matches(
        places,
        kinds,
        foldName(text).split(/\s+/).filter(Boolean).slice(0, TERMS_MAX),
      )) {
        if (ranked[rank].length >= limit) continue;
        const pair = pairOf(account, set);
        if (may(pair)) ranked[rank].push(pair);
        if (ranked[0].length >= limit) break;
      }
      return ranked.flat().slice(0, limit);
    },
  };
}

const TERMS_MAX = 8;

/**
 * In the order of names; of an account first the set that is called like a term, since whoever names it means it, and a list has an
 * end. A pair matches when each term stands in its account or in its set.
 */
function* matches(places: readonly Entry<Account>[], kinds: readonly Entry<PermissionSet>[], terms: readonly string[]) {
  const [first = ''] = terms;
  const all = 2 ** terms.length - 1;
  const marked = kinds
    .map((entry) => ({
      ...entry,
      mask: maskOf(entry, terms),
      begins: entry.name.startsWith(first),
      meant: terms.includes(entry.name),
    }))
    .sort((a, b) => Number(b.meant) - Number(a.meant));
  for (const place of places) {
    const mask = maskOf(place, terms);
    const begins = place.name.startsWith(first);
    for (const kind of marked) {
      if ((mask | kind.mask) !== all) continue;
      const rank: 0 | 1 | 2 = begins ? 0 : kind.begins ? 1 : 2;
      yield { account: place.of, set: kind.of, rank };
    }
  }
}

/** One bit for each term that stands in it. */
function maskOf({ words }: Entry<unknown>, terms: readonly string[]): number {
  return terms.reduce((mask, term, n) => (words.includes(term) ? mask | (1 << n) : mask), 0);
}

function entries<T extends { readonly name: string }>(
  all: readonly T[],
  wordsOf: (one: T) => readonly string[],
): readonly Entry<T>[] {
  const made = all.map((of) => ({ of, name: foldName(of.name), words: foldName(wordsOf(of).join(' ')) }));
  return made.sort((a, b) => (a.name < b.name ? -1 : 1));
}

function whyBarred(account: Account, set: PermissionSet, limits: Limits): string | undefined {
  if (!limits.delegated) return undefined;
  if (account.id === limits.managementAccountId) {
    return 'Stint runs in a delegated administrator account, which cannot give access to the management account. Whoever administers that one has to.';
  }
  if (!limits.setsOfManagement.has(set.arn)) return undefined;
  return `"${set.name}" is also used in the management account, so a delegated administrator cannot assign it. Use a copy of it.`;
}
