/** What is kept by a name and never changes (requests, texts), and where Slack's messages stand. */
import { StintError } from '../contract/errors.js';
import type { Digest } from '../contract/ids.js';
import type { MessageRefs, Requests } from '../contract/ports.js';
import { canonical, requestDigest, sha256 } from '../seal/canonical.js';
import type { Db, Trx } from './schema.js';

/** Requests by id, free texts by digest. Both are checked against their digest on the way in and on the way out. */
export function createRequests(db: Db): Requests {
  return {
    async put(request, digest) {
      if (requestDigest(request) !== digest) throw new StintError('bad-input', 'The digest is not that of the request.');
      const row = { request_id: request.requestId, digest, body: canonical(request) };
      await db
        .insertInto('requests')
        .values(row)
        .onConflict((clash) => clash.doNothing())
        .execute();
      const kept = await db
        .selectFrom('requests')
        .select('digest')
        .where('request_id', '=', request.requestId)
        .executeTakeFirst();
      if (kept?.digest !== digest) throw new StintError('ledger-conflict', 'A request of this id exists with other content.');
    },
    async get(requestId) {
      const row = await db.selectFrom('requests').selectAll().where('request_id', '=', requestId).executeTakeFirst();
      if (!row) return undefined;
      const request = JSON.parse(row.body);
      if (requestDigest(request) !== row.digest) throw altered('request', requestId);
      return { request, digest: row.digest };
    },
    putText: (text) => putText(db, text),
    async getText(digest) {
      const row = await db.selectFrom('texts').select('bytes').where('digest', '=', digest).executeTakeFirst();
      if (!row) return undefined;
      if (sha256(row.bytes) !== digest) throw altered('text', digest);
      return Buffer.from(row.bytes).toString('utf8');
    },
  };
}

/** Keeps a text under its digest. */
export async function putText(db: Db | Trx, text: string): Promise<Digest> {
  const bytes = Buffer.from(text, 'utf8');
  const digest = sha256(bytes);
  await db
    .insertInto('texts')
    .values({ digest, bytes })
    .onConflict((clash) => clash.doNothing())
    .execute();
  return digest;
}

/** One place per key; the last put counts. */
export function createMessageRefs(db: Db): MessageRefs {
  return {
    async get(key) {
      const row = await db.selectFrom('messages').selectAll().where('key', '=', key).executeTakeFirst();
      return row && { channel: row.channel, ts: row.ts, renderDigest: row.render_digest };
    },
    async put(key, { channel, ts, renderDigest }) {
      const place = { channel, ts, render_digest: renderDigest };
      await db
        .insertInto('messages')
        .values({ key, ...place })
        .onConflict((clash) => clash.column('key').doUpdateSet(place))
        .execute();
    },
  };
}

function altered(what: string, name: string | Digest): StintError {
  return new StintError('ledger-conflict', `The stored ${what} ${name} is not what was written.`);
}
