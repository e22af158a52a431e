/**
 * Proving that the ledger is whole, from its rows alone: every hash is computed anew and every link followed. A chain
 * finds changes in its middle; that its end was cut off, or that all of it was written anew, shows only against a head
 * that was kept elsewhere. So the head is part of the answer.
 */
import type { Digest } from '../contract/ids.js';
import type { LedgerEntry } from '../contract/ports.js';
import { canonical } from '../seal/canonical.js';
import { GENESIS, leafHash } from './entry.js';

/** How far a verification has come; what a next page of rows follows on. */
export interface Verified {
  readonly ok: true;
  /** How many entries there are up to here. */
  readonly entries: number;
  /** The hash of the last one. */
  readonly head: Digest;
  /** The name of the chain; absent while there is no entry. */
  readonly chain?: string;
}

/** `seq` is the number that the first wrong row should have had. */
export type ChainVerdict = Verified | { readonly ok: false; readonly seq: number; readonly what: string };

const NOTHING: Verified = { ok: true, entries: 0, head: GENESIS };

/** Checks rows in order of `seq`, the first of which follows on `since` (the beginning, if not given). Pure; never throws. */
export function verifyChain(rows: Iterable<LedgerEntry>, since: Verified = NOTHING): ChainVerdict {
  let standing = since;
  for (const row of rows) {
    const what = wrong(row, standing);
    if (typeof what === 'string') return { ok: false, seq: standing.entries, what };
    standing = { ok: true, entries: standing.entries + 1, head: row.hash, chain: what.chain };
  }
  return standing;
}

/**
 * Checks the newest rows alone, in order of `seq`: each follows on the one before it, and the last is what the head says.
 * What lies before them is taken on trust. Pure; never throws.
 */
export function verifyEnd(
  rows: readonly LedgerEntry[],
  head: { readonly size: number; readonly hash: Digest } | undefined,
): ChainVerdict {
  const [first, ...rest] = rows;
  const verdict = !first || first.seq === 0 ? verifyChain(rows) : verifyChain(rest, onTrust(first));
  if (!verdict.ok || head === undefined) return verdict;
  const fits = verdict.entries === head.size && verdict.head === head.hash;
  return fits ? verdict : { ok: false, seq: verdict.entries, what: `the head of the ledger speaks of ${head.size} entries` };
}

const onTrust = ({ seq, hash }: LedgerEntry): Verified => ({ ok: true, entries: seq + 1, head: hash });

/** What is wrong with a row that should follow on what stands, or the name of its chain. */
function wrong(row: LedgerEntry, { entries, head, chain }: Verified): string | { readonly chain: string } {
  if (row.seq !== entries) return `entry ${entries} is missing: the next one is ${row.seq}`;
  if (leafHash(row.body) !== row.hash) return 'the hash is not that of the text';
  const body = parse(row.body);
  if (!body) return 'the text is not canonical JSON (RFC 8785)';
  if (body.v !== 1) return 'the text is of an unknown version';
  if (body.seq !== row.seq) return `the text speaks of entry ${String(body.seq)}`;
  if (body.prev !== head) return 'it does not follow on the entry before it';
  if (typeof body.chain !== 'string' || (chain !== undefined && body.chain !== chain)) return 'it is of another chain';
  return { chain: body.chain };
}

/** Canonical text has one spelling only: no second key of the same name can hide in it. */
function parse(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
    return canonical(value) === text ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}
