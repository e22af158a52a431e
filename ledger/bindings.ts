/** Who a person is at a far end: bound once. A second person for the same far id is refused, or one would act as the other. */
import { StintError } from '../contract/errors.js';
import type { Binding, Bindings } from '../contract/ports.js';
import type { Db, Tables } from './schema.js';

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
      await db
        .insertInto('bindings')
        .values({ person_id: personId, kind, far_id: farId, at })
        .onConflict((clash) => clash.doNothing())
        .execute();
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
    async unbind(personId, kind) {
      const gone = db.deleteFrom('bindings').where('person_id', '=', personId).where('kind', '=', kind);
      return (await gone.returning('far_id').executeTakeFirst())?.far_id;
    },
    async all() {
      const rows = await db.selectFrom('bindings').selectAll().orderBy('kind').orderBy('person_id').execute();
      return rows.map(bindingOf);
    },
  };
}

function bindingOf({ person_id, kind, far_id, at }: Tables['bindings']): Binding {
  return { personId: person_id, kind, farId: far_id, at };
}
