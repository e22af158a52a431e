/**
 * Pages as AWS may cut them: shorter than asked for, and now and then empty with a token. A token names the last item
 * given, so that what comes and goes between two pages neither doubles nor hides the others.
 */
import { type Input, maxResults } from './check.js';
import type { AwsError } from './errors.js';
import { type Random, within } from './random.js';
import type { Settings } from './types.js';

interface Token {
  /** The operation and what it was asked for: a token is good for no other question. */
  readonly of: string;
  readonly after: string;
  /** An empty page was just given; the next one has something, so that every walk ends. */
  readonly empty: boolean;
}

export interface Page<T> {
  readonly items: T[];
  readonly NextToken?: string;
}

/** Cuts pages out of all items of a question, ordered by their key. */
export type Pager = <T>(operation: string, input: Input, all: readonly T[], keyOf: (item: T) => string, most?: number) => Page<T>;

/** `badToken` is what a token is refused with that was not given for this question. */
export function createPager(settings: Settings, random: Random, badToken: () => AwsError): Pager {
  return (operation, input, all, keyOf, most = 100) => {
    const { NextToken, MaxResults: _, ...question } = input;
    const of = `${operation} ${JSON.stringify(question)}`;
    const token = NextToken === undefined || NextToken === null ? undefined : read(NextToken, of, badToken);
    const rest = all
      .map((item) => ({ item, key: keyOf(item) }))
      .sort((a, b) => (a.key < b.key ? -1 : 1))
      .filter(({ key }) => token === undefined || key > token.after);
    if (rest.length > 0 && !token?.empty && random() < settings.emptyPages) {
      return { items: [], NextToken: write({ of, after: token?.after ?? '', empty: true }) };
    }
    const size = Math.min(maxResults(input, most), settings.pageMax);
    const cut = settings.shortPages ? within(random, [Math.min(1, rest.length), Math.min(size, rest.length)]) : size;
    const given = rest.slice(0, cut);
    const last = given.at(-1);
    const items = given.map(({ item }) => item);
    // A token after the very last item is allowed too: the page that it leads to is empty.
    const more = given.length < rest.length || random() < settings.emptyPages;
    return last && more ? { items, NextToken: write({ of, after: last.key, empty: false }) } : { items };
  };
}

const write = (token: Token): string => Buffer.from(JSON.stringify(token)).toString('base64url');

function read(text: unknown, of: string, badToken: () => AwsError): Token {
  try {
    const token = JSON.parse(Buffer.from(String(text), 'base64url').toString()) as Token;
    if (token.of === of && typeof token.after === 'string') return token;
  } catch {
    // Answered below, as any other token that is not ours.
  }
  throw badToken();
}
