/**
 * What people leave behind who left: their keys for the command line, and who they are at AWS. An id that is somebody else's
 * one day must not bring them back. But there is no hurry, for whoever is not active can do nothing with either, and what is
 * forgotten does not come back with a mended file: so who is merely missing has a day, and so has everybody where it is many at once.
 */
import type { Alarm, Alarms } from '../contract/alarms.js';
import { isStintError } from '../contract/errors.js';
import { instant, type PersonId } from '../contract/ids.js';
import type { Store } from '../contract/ports.js';
import { sideBySide } from './side-by-side.js';
import { unbind } from './unbind.js';

export interface ForgetDeps {
  readonly store: Pick<Store, 'personKeys' | 'bindings' | 'fence'>;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  readonly alarms: Alarms;
  readonly log: Record<'warn' | 'error', (fields: object, message: string) => void>;
}

/** How long somebody is away before they are forgotten, unless the file itself says that they left. */
export const PATIENCE_MS = 24 * 3_600_000;
/** More than so many at once is rather a file that was cut, or an old one, than people who left. No round forgets more. */
export const FORGET_MAX = 20;
/** A file that is being replaced is not told of. */
const LASTING_MS = 10_000;
const WIDTH = 8;

/** Whether each person of the file is active. */
type Active = ReadonlyMap<PersonId, boolean>;

/**
 * A round: forgets whom it is time to forget. Since when somebody is away is known to this process alone, and counted anew
 * when it starts or they are back. Throws when the store can't say who is known.
 */
export function createForgetting(deps: ForgetDeps): (roster: Active) => Promise<void> {
  const since = new Map<PersonId, number>();

  /** Who has keys, or is bound, and is not active: since when. */
  function away(known: readonly PersonId[], roster: Active): ReadonlyMap<PersonId, number> {
    const gone = new Set(known.filter((personId) => !roster.get(personId)));
    for (const personId of since.keys()) if (!gone.has(personId)) since.delete(personId);
    for (const personId of gone) if (!since.has(personId)) since.set(personId, deps.clock());
    return since;
  }

  return async (roster) => {
    const known = await knownPeople(deps.store);
    const gone = [...away(known, roster)].map(([personId, from]) => ({ personId, forMs: deps.clock() - from }));
    const lasting = gone.filter(({ forMs }) => forMs >= LASTING_MS).length;
    if (lasting > FORGET_MAX) deps.alarms.raise(manyAlarm(lasting, known.length));
    const left = (personId: PersonId) => gone.length <= FORGET_MAX && roster.get(personId) === false;
    const due = gone.filter(({ personId, forMs }) => forMs >= PATIENCE_MS || left(personId));
    await sideBySide(due.slice(0, FORGET_MAX), WIDTH, ({ personId }) => forget(deps, personId));
  };
}

/** Who has keys, or is bound to a user of AWS. */
async function knownPeople({ personKeys, bindings }: ForgetDeps['store']): Promise<readonly PersonId[]> {
  const [keys, bound] = await Promise.all([personKeys.live(), bindings.all()]);
  return [...new Set([...keys, ...bound].map(({ personId }) => personId))];
}

/** Their user stays theirs while it holds access of ours: the next round asks again. */
async function forget({ store, clock, log }: ForgetDeps, personId: PersonId): Promise<void> {
  const by = { cause: 'left' } as const;
  try {
    const keyIds = await store.personKeys.revokeAll(personId, by, instant(clock()));
    const { was } = await unbind(store, personId, by, instant(clock()));
    // Another process was here first.
    if (keyIds.length === 0 && was === null) return;
    log.warn({ personId, keyIds, was }, 'somebody left: their keys are revoked, and who they are at AWS is forgotten');
  } catch (error) {
    if (isStintError(error) && error.code === 'state-conflict') return;
    log.error({ personId, err: error }, 'The keys of a person who left could not be revoked; it is tried again.');
  }
}

function manyAlarm(gone: number, known: number): Alarm {
  return {
    key: 'left/many',
    severity: 'error',
    sentence: `${gone} of the ${known} people who have keys, or a user of AWS, are not active in the people file of this worker, or not in it. What Stint knows of them is kept for a day, then forgotten for good.`,
    todo: 'Is the people file whole, and of today, on every host? Mend it, and nothing is lost. If they have left: "stint people revoke-keys" and "stint people unbind" do it at once.',
  };
}
