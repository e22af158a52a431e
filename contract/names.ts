/** When two names that people give or type are the same name. Never for ids, keys or addresses, which are compared as they are. */

/** A name in which letter case, and how Unicode spells a letter, no longer show. */
export function foldName(text: string): string {
  return text.normalize('NFKC').toLocaleLowerCase('en');
}

/** Case and blanks don't matter: reading it is what matters. */
export function sameName(a: string, b: string): boolean {
  return bare(a) === bare(b);
}

const bare = (text: string): string => foldName(text).replace(/\s+/g, ' ').trim();
