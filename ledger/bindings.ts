/** Who a person is at a far end: bound once. A second person for the same far id is refused, or one would act as the other. */
import { StintError } from '../contract/errors.js';
import type { Instant, PersonId } from '../contract/ids.js';
import type { Binding, Bindings, OustedBy } from '../contract/ports.js';
import type { TargetKind } from '../contract/request.js';
import { appendEvents } from './append.js';
import { houseEvent, oustedBy, ousterOf } from './house.js';
import type { Db, Tables, Trx } from './schema.js';
import { wroteRow } from './wrote.js';

export function createBindings(db: Db): Bindings {
  const get: Bindings['get'] = async (personId, kind) => {
    const row = await db
      .selectFrom('bindings')
      .select('far_id')
      .where('person_id', '=', personId)
      .where('kind', '=', kind)
      .executeTakeFirst();
    return row?.far_id;
  };
  return {
    get,
    async bind(personId, kind, farId, at) {
      await db.transaction().execute((trx) => bind(trx, { personId, kind, farId, at }));
      const bound = await get(personId, kind);
      if (bound !== undefined) return bound;
      throw new StintError(
        'state-conflict',
        `The user ${farId} is bound to another person already, so it is not taken for ${personId}. Ask your IT team to correct the people file.`,
      );
    },
    async holder(kind, farId) {
      const row = await db
        .selectFrom('bindings')
        .select('person_id')
        .where('kind', '=', kind)
        .where('far_id', '=', farId)
        .executeTakeFirst();
      return row?.person_id;
    },
    unbind: (personId, kind, by, at) => db.transaction().execute((trx) => unbind(trx, personId, kind, by, at)),
    async all() {
      const rows = await db.selectFrom('bindings').selectAll().orderBy('kind').orderBy('person_id').execute();
      return rows.map(bindingOf);
    },
  };
}

/** Nobody is bound of whom there is no record: both are one transaction. */
async function bind(trx: Trx, { personId, kind, farId, at }: Binding): Promise<void> {
  const wrote = await trx
    .insertInto('bindings')
    .values({ person_id: personId, kind, far_id: farId, at })
    .onConflict((clash) => clash.doNothing())
    .executeTakeFirst();
  if (!wroteRow(wrote)) return;
  const name = `bound/${personId}/${kind}/${farId}/${at}`;
  await appendEvents(trx, [houseEvent(name, 'bound', { via: 'system' }, { personId, kind, farId }, at)], at);
}

async function unbind(trx: Trx, personId: PersonId, kind: TargetKind, by: OustedBy, at: Instant): Promise<string | undefined> {
  const gone = trx.deleteFrom('bindings').where('person_id', '=', personId).where('kind', '=', kind);
  const row = await gone.returningAll().executeTakeFirst();
  if (!row) return undefined;
  const farId = row.far_id;
  const data = { personId, ...(await oustedBy(trx, by)), kind, farId };
  const name = `unbound/${personId}/${kind}/${row.at}/${at}`;
  await appendEvents(trx, [houseEvent(name, 'unbound', ousterOf(by), data, at)], at);
  return farId;
}

function bindingOf({ person_id, kind, far_id, at }: Tables['bindings']): Binding {
  return { personId: person_id, kind, farId: far_id, at };
}
