/** Evidence as it comes: numbered chunks from 0, in any order, each written once. The last one says how many there are. */
import { sql } from 'kysely';
import { StintError } from '../contract/errors.js';
import type { RequestId } from '../contract/ids.js';
import type { EvidenceChunk, EvidenceStore } from '../contract/ports.js';
import type { Db } from './schema.js';
import { wroteRow } from './wrote.js';

/** More chunks than this are nobody's sudo log. The numbers come from a Mac, whose subject may be hostile. */
const CHUNKS_MAX = 10_000;

export function createEvidence(db: Db): EvidenceStore {
  return {
    async put(chunk) {
      requireSane(chunk);
      if (await insert(db, chunk)) return true;
      if (await isThere(db, chunk)) return false;
      throw new StintError('ledger-conflict', `Chunk ${chunk.seq} of this evidence exists with other content.`);
    },
    async missing(requestId) {
      const total = await totalOf(db, requestId);
      if (total === undefined) return undefined;
      const { rows } = await sql<{ seq: number }>`
        select seq from generate_series(0, ${total - 1}::integer) as seq
        where not exists (select 1 from evidence_chunks c where c.request_id = ${requestId} and c.seq = seq.seq)
        order by seq`.execute(db);
      return rows.map(({ seq }) => seq);
    },
    async assemble(requestId) {
      const chunks = db.selectFrom('evidence_chunks').select('data').where('request_id', '=', requestId).orderBy('seq');
      return new Uint8Array(Buffer.concat((await chunks.execute()).map(({ data }) => data)));
    },
  };
}

function requireSane({ seq, total }: EvidenceChunk): void {
  const whole = Number.isSafeInteger(seq) && seq >= 0 && (total === undefined || total === seq + 1);
  if (!whole) throw new StintError('bad-input', 'Chunks are numbered from 0, and only the last one names their total.');
  if (seq >= CHUNKS_MAX) throw new StintError('too-large', `Evidence has at most ${CHUNKS_MAX} chunks.`);
}

/** False when the number is taken, when another chunk named the total already, or when it lies past that total. */
async function insert(db: Db, chunk: EvidenceChunk): Promise<boolean> {
  const { requestId, seq, data, receivedAt } = chunk;
  const total = await totalOf(db, requestId);
  if (total !== undefined && seq >= total) return false;
  const row = { request_id: requestId, seq, data: Buffer.from(data), total: chunk.total ?? null, received_at: receivedAt };
  const result = await db
    .insertInto('evidence_chunks')
    .values(row)
    .onConflict((clash) => clash.doNothing())
    .executeTakeFirst();
  return wroteRow(result);
}

async function isThere(db: Db, { requestId, seq, data, total }: EvidenceChunk): Promise<boolean> {
  const query = db
    .selectFrom('evidence_chunks')
    .select(['data', 'total'])
    .where('request_id', '=', requestId)
    .where('seq', '=', seq);
  const row = await query.executeTakeFirst();
  return row !== undefined && Buffer.compare(row.data, data) === 0 && row.total === (total ?? null);
}

async function totalOf(db: Db, requestId: RequestId): Promise<number | undefined> {
  const query = db
    .selectFrom('evidence_chunks')
    .select('total')
    .where('request_id', '=', requestId)
    .where('total', 'is not', null);
  return (await query.executeTakeFirst())?.total ?? undefined;
}
