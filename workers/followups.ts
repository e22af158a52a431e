/**
 * The loops beside a worker that need no workflow: people who leave, ends ordered past a workflow, those it has yet to hear of,
 * elevations whose workflow is no more, cards that do not show how theirs ended or that the policy was changed, and others who are
 * to be told.
 */
import { stat } from 'node:fs/promises';
import type { Client } from '@temporalio/client';
import type { Logger } from 'pino';
import type { Alarms } from '../contract/alarms.js';
import type { PersonId, RequestId } from '../contract/ids.js';
import type { Store } from '../contract/ports.js';
import type { ElevationView } from '../contract/view.js';
import { parsePeople } from '../policy/people.js';
import type { EndNowDeps } from './end-now.js';
import { readTextLater } from './file-text.js';
import { type Roster, startLeavers } from './leavers.js';
import { createOrderedEnds } from './ordered-ends.js';
import { closeOrphans, createRuns } from './orphans.js';
import { createPolicyCards } from './policy-cards.js';
import { createRepairs } from './repair-cards.js';
import { lookAtRun, withinReach } from './run-state.js';
import { createCancel, tellWorkflows } from './untold.js';

const TELL_MS = 5000;
const ORDERED_MS = 1_000;
const ORPHANS_MS = 60_000;
const REPAIRS_MS = 15_000;
const POLICY_CARDS_MS = 15_000;
const OTHERS_MS = 5_000;
const REVIEWS_MS = 5_000;
const KEYS_MS = 5_000;
const LOOK_AGAIN_MS = 5_000;
/** A change that leaves time and size of a file as they were is seen after this long. */
const READ_ANYWAY_MS = 30_000;

export interface FollowUpDeps extends Pick<EndNowDeps, 'driverOf'> {
  readonly store: Store;
  readonly client: Client;
  readonly peopleFile: string;
  /** Draws the card of a closed elevation again. */
  readonly repair: (requestId: RequestId) => Promise<void>;
  /** One round over the open reviews of break-glass. */
  readonly reviews: () => Promise<void>;
  /** One round over what was posted in doubt and may stand twice. */
  readonly lookAgain: () => Promise<void>;
  /** Forgets what a card was last painted as. */
  readonly forget: (view: ElevationView) => Promise<void>;
  /** Whether the card was last painted as this view. */
  readonly shows: (view: ElevationView) => Promise<boolean>;
  /** Whether the card of a request that waits would be painted otherwise now. */
  readonly outdated: (view: ElevationView) => Promise<boolean>;
  /** Paints that, while its run lives. */
  readonly paint: (view: ElevationView) => Promise<unknown>;
  /** One look at which seal keys are believed. */
  readonly recordKeys: () => Promise<void>;
  /** Tells those whom rules name besides, of what came into the ledger since. */
  readonly tellOthers: () => Promise<number>;
  readonly clock: () => number;
  /** A wait that keeps no process alive. */
  readonly wait: (ms: number) => Promise<void>;
  readonly alarms: Alarms;
  readonly log: Logger;
}

/** Starts them all. A store that is down is waited for: without it nobody knows what there is to end. */
export function startFollowUps(deps: FollowUpDeps): { stop(): Promise<void> } {
  const { store, client, driverOf, clock, wait, log, repair } = deps;
  const cancel = createCancel(client, clock);
  const leavers = startLeavers({
    store,
    driverOf,
    clock,
    sleep: wait,
    roster: createRoster(deps.peopleFile, clock),
    cancel,
    repair: (requestId) =>
      repair(requestId).catch((error: unknown) => log.warn({ err: error, requestId }, 'a card could not be drawn again')),
    alarms: deps.alarms,
    log,
  });
  let stopped = false;
  const every = async (ms: number, round: () => Promise<unknown>, failed: string): Promise<void> => {
    while (!stopped) {
      await round().catch((error: unknown) => log.warn({ err: error }, failed));
      await wait(ms);
    }
  };
  const untold = (requestId: RequestId, error: unknown) => log.warn({ requestId, err: error }, UNTOLD);
  const telling = () => tellWorkflows({ store, cancel, repair, clock, failed: untold });
  void every(TELL_MS, telling, 'The store could not be asked what workflows have yet to hear.');
  const ordered = createOrderedEnds({
    store,
    driverOf,
    clock,
    sleep: wait,
    repair,
    failed: (requestId, error) => log.warn({ requestId, err: error }, ORDERED),
  });
  void every(ORDERED_MS, ordered, 'The store could not be asked what ends were ordered.');
  const runs = createRuns(client, clock);
  const told = (requestId: RequestId, error?: unknown) =>
    error === undefined
      ? log.warn({ requestId }, 'An elevation whose workflow is no more was closed.')
      : log.warn({ requestId, err: error }, 'An elevation that is overdue could not be looked after; it is tried again.');
  const orphans = () => closeOrphans({ store, clock, runs, repair, told });
  void every(ORPHANS_MS, orphans, 'The store could not be asked which elevations are overdue.');
  const repairs = createRepairs({
    store,
    shows: deps.shows,
    // A paused run paints no card.
    runs: async (requestId) => (await withinReach(client, clock, () => lookAtRun(client, requestId))) === 'running',
    repair,
    forget: deps.forget,
    clock,
    failed: (requestId, error) => log.warn({ requestId, err: error }, 'A card could not be drawn again; it is tried again.'),
  });
  void every(REPAIRS_MS, repairs, 'The store could not be asked which cards are to be drawn again.');
  const policyCards = createPolicyCards({
    store,
    outdated: deps.outdated,
    paint: deps.paint,
    failed: (requestId, error) => log.warn({ requestId, err: error }, UNPAINTED),
  });
  void every(POLICY_CARDS_MS, policyCards, 'The store could not be asked whether the policy was changed.');
  void every(OTHERS_MS, deps.tellOthers, 'Others could not be told; it is tried again. Nothing waits for it.');
  void every(LOOK_AGAIN_MS, deps.lookAgain, 'What may have been posted twice could not be looked for; it is tried again.');
  void every(REVIEWS_MS, deps.reviews, 'The store could not be asked which reviews are open.');
  void every(KEYS_MS, deps.recordKeys, 'It could not be recorded which seal keys are believed; it is tried again.');
  return {
    async stop() {
      stopped = true;
      leavers.stop();
      await client.connection.close();
    },
  };
}

const ORDERED = 'An end that was ordered past its workflow is not proved yet; it is tried again.';
const UNPAINTED = 'A card could not be drawn to say that the policy was changed; it is tried again.';
const UNTOLD = 'An elevation was ended past its workflow, which could not be told yet; it is tried again.';

/** Who is active by the people file. Reads it again when it has changed; throws as long as it is not valid. */
export function createRoster(path: string, clock: () => number): () => Promise<Roster> {
  let last: { readonly mark: string; readonly at: number; readonly text: string; readonly roster: Roster } | undefined;
  return async () => {
    const { mtimeMs, size, ino } = await stat(path);
    const mark = `${mtimeMs}/${size}/${ino}`;
    if (last?.mark === mark && clock() - last.at < READ_ANYWAY_MS) return last.roster;
    const text = await readTextLater(path);
    const roster = last?.text === text ? last.roster : rosterOf(text, path);
    last = { mark, at: clock(), text, roster };
    return roster;
  };
}

function rosterOf(text: string, path: string): Roster {
  return new Map<PersonId, boolean>(parsePeople(text, path).map(({ personId, active }) => [personId, active]));
}
