/**
 * People who leave: a plain loop in each worker process, without Temporal. Whoever is no longer active in the people file,
 * or no longer stands in it, loses what they hold and what waits in their name, and later what Stint knows of them (`forget.ts`).
 * A file that cannot be read says nothing about anybody, and who is merely missing is looked for twice: half a file must not
 * end an elevation.
 */
import type { Alarms } from '../contract/alarms.js';
import type { PersonId, RequestId } from '../contract/ids.js';
import type { ElevationRow, Store } from '../contract/ports.js';
import type { State } from '../contract/states.js';
import { type EndNowDeps, fenceOff, proveEnded } from './end-now.js';
import { createForgetting } from './forget.js';
import { leftAlarm } from './grant-alarms.js';
import { liveRows } from './revocable.js';
import { sideBySide } from './side-by-side.js';
import type { Cancel } from './untold.js';

/** Whether each person of the file is active. The same object for as long as the file is the same. */
export type Roster = ReadonlyMap<PersonId, boolean>;

export interface LeaversDeps extends EndNowDeps {
  readonly store: EndNowDeps['store'] & Pick<Store, 'personKeys' | 'bindings'>;
  /** Throws when the file cannot be read or is not valid. */
  readonly roster: () => Promise<Roster>;
  readonly cancel: Cancel;
  /** Draws the card of a closed elevation again; must not throw. */
  readonly repair: (requestId: RequestId) => Promise<void>;
  readonly alarms: Alarms;
  readonly log: LeaversLog;
}

export interface LeaversLog {
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

const ROUND_MS = 30_000;
const LOOK_MS = 2000;
/** How long somebody must have been missing from the file before that counts. */
export const MISSING_MS = 10_000;
const WIDTH = 8;
const WAITING: readonly State[] = ['requested', 'approved'];
const HOLDING: readonly State[] = ['granting', 'active'];

/** An elevation, and a person without whom it may not go on. */
export interface Stake {
  readonly requestId: RequestId;
  readonly personId: PersonId;
}

/** What hangs on whom: access on its subject, a waiting request on its requester too. What ends already is left alone. */
export async function stakes({ fence, ledger }: Pick<Store, 'fence' | 'ledger'>): Promise<readonly Stake[]> {
  const open = (await fence.open()).filter((grant) => !grant.endedAt);
  const rows = await liveRows(ledger);
  const all = [...open.map(({ requestId, personId }) => ({ requestId, personId })), ...rows.flatMap(stakesOf)];
  return [...new Map(all.map((stake) => [`${stake.requestId}/${stake.personId}`, stake])).values()];
}

function stakesOf({ view: { state, request } }: ElevationRow): readonly Stake[] {
  const { requestId, subject, requester } = request;
  if (HOLDING.includes(state)) return [{ requestId, personId: subject.personId }];
  if (!WAITING.includes(state)) return [];
  return [subject, requester].map(({ personId }) => ({ requestId, personId }));
}

/** One look after another; remembers since when somebody is missing. */
export function createLeavers(deps: LeaversDeps): { round(roster: Roster): Promise<number>; readonly pending: boolean } {
  const { store, clock, log } = deps;
  const missing = new Map<PersonId, number>();
  const forget = createForgetting(deps);

  function hasLeft(personId: PersonId, roster: Roster): boolean {
    const active = roster.get(personId);
    if (active !== undefined) missing.delete(personId);
    if (active !== undefined) return !active;
    const since = missing.get(personId);
    if (since !== undefined) return clock() - since >= MISSING_MS;
    missing.set(personId, clock());
    log.warn({ personId }, 'somebody is not in the people file; looking again before they lose what they have');
    return false;
  }

  return {
    get pending() {
      return missing.size > 0;
    },
    /** Answers how many elevations were ended. One that fails never stops the others; it is met again in the next round. */
    async round(roster) {
      const all = await stakes(store);
      const present = new Set(all.map(({ personId }) => personId));
      for (const personId of missing.keys()) if (!present.has(personId)) missing.delete(personId);
      const leaving = all.filter(({ personId }) => hasLeft(personId, roster));
      const ended = await sideBySide(leaving, WIDTH, (stake) => endFor(deps, stake));
      await forget(roster);
      return ended.filter(({ status }) => status === 'fulfilled').length;
    },
  };
}

async function endFor(deps: LeaversDeps, stake: Stake): Promise<void> {
  const { store, cancel, repair, alarms, log } = deps;
  const { requestId, personId } = stake;
  try {
    const row = await fenceOff(deps, requestId, 'left');
    // At once, however the rest goes: whoever dies here is followed by the watch, which reads the entry.
    alarms.raise(leftAlarm(row, personId));
    const heard = await cancel(requestId).catch(() => 'down' as const);
    if (heard === 'sent' || heard === 'kept') await store.untold.remove(requestId);
    if (heard === 'sent') return;
    await proveEnded(deps, requestId, 'left');
    await repair(requestId);
  } catch (error) {
    log.error({ ...stake, err: error }, 'The elevation of a person who left is not proved gone yet; the sweep goes on.');
    throw error;
  }
}

/** The loop: at once when the file has changed, and every half minute for whatever began meanwhile. */
export function startLeavers(deps: LeaversDeps): { stop(): void } {
  const leavers = createLeavers(deps);
  let stopped = false;
  let last: { readonly roster: Roster; readonly at: number } | undefined;
  let said = '';

  const look = async () => {
    const roster = await deps.roster();
    said = '';
    const due = last?.roster !== roster || leavers.pending || deps.clock() - last.at >= ROUND_MS;
    if (!due) return;
    await leavers.round(roster);
    last = { roster, at: deps.clock() };
  };
  const loop = async () => {
    while (!stopped) {
      await look().catch((error: unknown) => {
        const sentence = String(error);
        // Once for each mistake, not every two seconds while it lasts.
        if (said !== sentence) deps.log.warn({ err: error }, 'It cannot be looked who has left: nobody loses access by that.');
        said = sentence;
      });
      await deps.sleep(LOOK_MS);
    }
  };
  void loop();
  return {
    stop: () => {
      stopped = true;
    },
  };
}
