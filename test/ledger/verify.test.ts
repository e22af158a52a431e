/** Verifying the chain: whatever single thing is changed in it is found. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EVENT_CODES } from '../../contract/events.js';
import type { Digest } from '../../contract/ids.js';
import type { LedgerEntry } from '../../contract/ports.js';
import { bodyOf, eventOf, GENESIS, leafHash, sameEvent } from '../../ledger/entry.js';
import { verifyChain } from '../../ledger/verify.js';
import { at, Elevation } from './events.js';

function chainOf(length: number, chain = 'stint'): LedgerEntry[] {
  const elevation = new Elevation();
  const rows: LedgerEntry[] = [];
  for (let seq = 0; seq < length; seq++) {
    const event = seq === 0 ? elevation.requested() : elevation.event('reminded', { count: seq });
    const body = bodyOf(event, { chain, seq, prev: rows.at(-1)?.hash ?? GENESIS });
    rows.push({ seq, body, hash: leafHash(body) });
  }
  return rows;
}

const ROWS = chainOf(12);
const HEAD = ROWS.at(-1)?.hash;
const index = fc.nat(ROWS.length - 1);
/** An index whose row has a successor: only against a known head would the last row's absence show. */
const inner = fc.nat(ROWS.length - 2);
const row = (i: number): LedgerEntry => ROWS[i] ?? expect.fail('no such row');
const replaced = (i: number, change: Partial<LedgerEntry>) => ROWS.map((r, k) => (k === i ? { ...r, ...change } : r));

const mutations: { readonly [what: string]: fc.Arbitrary<LedgerEntry[]> } = {
  'any byte of a text': fc.tuple(index, fc.nat(), fc.integer({ min: 1, max: 255 })).map(([i, at, flip]) => {
    const bytes = Buffer.from(row(i).body, 'latin1');
    const place = at % bytes.length;
    bytes[place] = (bytes[place] ?? 0) ^ flip;
    return replaced(i, { body: bytes.toString('latin1') });
  }),
  'any digit of a hash': fc.tuple(index, fc.nat(63), fc.nat(14)).map(([i, at, other]) => {
    const { hash } = row(i);
    const digits = '0123456789abcdef'.replace(hash[at] ?? '', '');
    return replaced(i, { hash: (hash.slice(0, at) + digits[other] + hash.slice(at + 1)) as Digest });
  }),
  'a row left out': inner.map((i) => ROWS.filter((_, k) => k !== i)),
  'two rows exchanged': fc
    .tuple(index, index)
    .filter(([a, b]) => a !== b)
    .map(([a, b]) => ROWS.map((r, k) => (k === a ? row(b) : k === b ? row(a) : r))),
  'two rows exchanged and numbered anew': fc
    .tuple(index, index)
    .filter(([a, b]) => a !== b)
    .map(([a, b]) => ROWS.map((r, k) => ({ ...(k === a ? row(b) : k === b ? row(a) : r), seq: k }))),
  'a row twice': index.map((i) => [...ROWS.slice(0, i + 1), ...ROWS.slice(i)]),
  'another number': fc
    .tuple(index, fc.integer({ min: -3, max: 30 }))
    .filter(([i, seq]) => i !== seq)
    .map(([i, seq]) => replaced(i, { seq })),
  'a text edited and hashed anew': inner.map((i) => {
    const body = row(i).body.replace('"via":"system"', '"via":"cli"');
    return replaced(i, { body, hash: leafHash(body) });
  }),
  'a blank in a text, hashed anew': fc.tuple(index, fc.constantFrom(',', ':')).map(([i, mark]) => {
    const body = row(i).body.replace(`${mark}"`, `${mark} "`);
    return replaced(i, { body, hash: leafHash(body) });
  }),
  'a second key of the same name, hashed anew': index.map((i) => {
    const body = row(i).body.replace('"v":1', '"v":1,"v":1');
    return replaced(i, { body, hash: leafHash(body) });
  }),
};

describe('verifying the chain', () => {
  test('a whole chain is proved, at once and page by page', () => {
    const whole = { ok: true, entries: 12, head: HEAD, chain: 'stint' };
    expect(verifyChain(ROWS)).toEqual(whole);
    for (let cut = 0; cut <= ROWS.length; cut++) {
      const first = verifyChain(ROWS.slice(0, cut));
      expect(first.ok && verifyChain(ROWS.slice(cut), first)).toEqual(whole);
    }
    expect(verifyChain([])).toEqual({ ok: true, entries: 0, head: GENESIS });
  });

  for (const [what, mutated] of Object.entries(mutations)) {
    test(`${what} is found`, () => {
      fc.assert(
        fc.property(mutated, (rows) => {
          expect(verifyChain(rows).ok).toBe(false);
        }),
        { numRuns: 300 },
      );
    });
  }

  test('what is cut off at the end shows against the head', () => {
    const cut = verifyChain(ROWS.slice(0, -1));
    expect(cut.ok && cut.head).not.toBe(HEAD);
  });

  test('a page of another chain is found', () => {
    const [first] = ROWS;
    const event = new Elevation().event('reminded', { count: 1 });
    const body = bodyOf(event, { chain: 'other', seq: 1, prev: first?.hash ?? GENESIS });
    expect(verifyChain([row(0), { seq: 1, body, hash: leafHash(body) }])).toMatchObject({ ok: false, seq: 1 });
  });

  test('a text that is no object is found, even with its right hash', () => {
    for (const body of ['null', '[]', '"x"', '', '{', '{"v":2}']) {
      expect(verifyChain([{ seq: 0, body, hash: leafHash(body) }])).toMatchObject({ ok: false, seq: 0 });
    }
  });

  test('entries keep the words they were written with: what is said otherwise today breaks no chain, and is no other entry', () => {
    const elevation = new Elevation();
    const swept = elevation.event('swept', { observedAt: at(1), how: 'is no admin' });
    const now = bodyOf(swept, { chain: 'stint', seq: 0, prev: GENESIS });
    const then = now.replace(EVENT_CODES.swept.text, 'The overdue sweep removed access');
    expect(then).not.toBe(now);
    const old = { seq: 0, body: then, hash: leafHash(then) };
    const body = bodyOf(elevation.event('reminded', { count: 1 }), { chain: 'stint', seq: 1, prev: old.hash });
    expect(verifyChain([old, { seq: 1, body, hash: leafHash(body) }])).toMatchObject({ ok: true, entries: 2 });
    expect(sameEvent(eventOf(then), swept)).toBe(true);
  });

  test('the leaf hash is that of RFC 6962', () => {
    // Test vector of the certificate-transparency reference: the leaf of no bytes.
    expect(leafHash('')).toBe('6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d');
  });
});
