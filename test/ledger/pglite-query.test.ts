/** Statements to the embedded database: in one message each, and with the answer that PGlite's own `query` gives. */
import * as library from '@electric-sql/pglite';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { createStatement } from '../../ledger/pglite-query.js';

let db: library.PGlite;
let ask: ReturnType<typeof createStatement>;

beforeAll(async () => {
  db = new library.PGlite();
  ask = createStatement(db, library);
  await db.exec('create table things (id bigint primary key, words text, bytes bytea, yes boolean)');
});
beforeEach(() => db.exec('truncate things'));
afterAll(() => db.close());

const add = (id: number, words: string | null, bytes: Uint8Array | null = null, yes: boolean | null = null) =>
  ask('insert into things values ($1, $2, $3, $4) on conflict do nothing', [id, words, bytes, yes]);

it('asks in one message', async () => {
  const sent = vi.spyOn(db, 'execProtocolStream');
  await add(1, 'one');
  expect(sent).toHaveBeenCalledTimes(1);
  sent.mockRestore();
});

it('gives back what was put in, and what PGlite itself would answer', async () => {
  const words = fc.option(fc.string({ unit: 'grapheme' }).filter((text) => !text.includes('\0')));
  const row = fc.record({ id: fc.maxSafeInteger(), words, bytes: fc.option(fc.uint8Array()), yes: fc.option(fc.boolean()) });
  await fc.assert(
    fc.asyncProperty(row, async ({ id, words, bytes, yes }) => {
      await db.exec('truncate things');
      expect((await add(id, words, bytes, yes)).affected).toBe(1);
      const text = 'select * from things where id = $1 and words is not distinct from $2';
      const { rows } = await ask(text, [id, words]);
      expect(rows).toEqual([{ id, words, bytes: bytes && Buffer.from(bytes), yes }]);
      const theirs = await db.query(text, [id, words]);
      expect(rows).toEqual(theirs.rows.map((one) => ({ ...(one as object), bytes: bytes && Buffer.from(bytes) })));
    }),
    { numRuns: 60 },
  );
});

it('takes a list of texts, whatever is in them', async () => {
  const odd = ['a', 'b,c', '"d"', '{e}', '\\f', ''];
  for (const [i, words] of odd.entries()) await add(i, words);
  await add(99, 'not asked for');
  const { rows } = await ask('select id from things where words = any($1::text[]) order by id', [odd]);
  expect(rows).toEqual(odd.map((_, id) => ({ id })));
});

it('counts the rows that were written, and none that were only read or left', async () => {
  await add(1, 'one');
  expect((await add(1, 'again')).affected).toBe(0);
  expect((await ask('update things set words = $1', ['x'])).affected).toBe(1);
  expect((await ask('select * from things', [])).affected).toBe(0);
});

it('goes on after an error: in no transaction at once, in one after its rollback', async () => {
  await add(1, 'one');
  const twice = () => ask('insert into things (id) values ($1)', [1]);
  await expect(twice()).rejects.toMatchObject({ code: '23505' });
  expect((await ask('select words from things', [])).rows).toEqual([{ words: 'one' }]);
  await ask('begin', []);
  await add(2, 'two');
  await expect(twice()).rejects.toMatchObject({ code: '23505' });
  await expect(ask('select 1', [])).rejects.toMatchObject({ code: '25P02' });
  await ask('rollback', []);
  expect((await ask('select id from things', [])).rows).toEqual([{ id: 1 }]);
});

it('refuses a value that it could only guess at', async () => {
  await expect(ask('select $1::text', [{ an: 'object' }])).rejects.toThrow(TypeError);
});
