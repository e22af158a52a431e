/**
 * AWS permission sets through IAM Identity Center: one assignment of one set in one account to one person. AWS works
 * asynchronously, so each call is followed to its final state and then proved by listing.
 */
import type { Remnant, TargetDriver } from '../../../contract/ports.js';
import { createBook } from './book.js';
import type { AssignmentCalls } from './calls.js';
import type { Desk } from './desk.js';
import { SETTLE_MS } from './find.js';
import { grant } from './grant.js';
import { createLanes } from './lanes.js';
import { observe } from './observe.js';
import { revoke } from './revoke.js';
import { sharingLists } from './shared-lists.js';
import { createSlots } from './slots.js';
import { type AwsTarget, type Marks, pairOf, type Time } from './types.js';
import { createWatch } from './watch.js';

export interface AwsDriverDeps {
  readonly calls: AssignmentCalls;
  readonly marks: Marks;
  readonly time: Time;
  /** Among how many workers the organisation's outstanding writes are shared; 1 to 7. */
  readonly workers: number;
}

export interface AwsDriver extends TargetDriver<AwsTarget> {
  readonly kind: 'aws-permission-set';
  readonly confirmMode: 'poll';
  /** Stops following operations. */
  close(): void;
}

export function createAwsDriver({ marks, time, workers, ...own }: AwsDriverDeps): AwsDriver {
  const calls = sharingLists(own.calls);
  const watch = createWatch({ calls, time });
  const book = createBook(marks, time);
  const desk: Desk = {
    calls,
    time,
    watch,
    book,
    lanes: createLanes(),
    slots: createSlots({ time, workers, ends: book.ends }),
    ended: new Map(),
    about: new Map(),
    deleted: new Map(),
  };
  return {
    kind: 'aws-permission-set',
    settleMs: SETTLE_MS,
    confirmMode: 'poll',
    observe: (requestId, target, manner) => observe(desk, requestId, target, manner),
    grant: (order, signal, steps) => grant(desk, order, signal, steps),
    revoke: (requestId, target, signal, hints) => revoke(desk, requestId, target, signal, hints),
    // Nothing is left behind in AWS.
    clear: async () => undefined,
    listOurs: () => listOurs(desk),
    close: watch.close,
  };
}

/** AWS keeps no mark of ours, so these are the open elevations whose assignment it lists. */
async function listOurs({ book, calls }: Desk): Promise<readonly Remnant[]> {
  const byPair = new Map<string, Awaited<ReturnType<Marks['open']>>[number][]>();
  for (const each of await book.open()) {
    const pair = pairOf(each.target);
    byPair.set(pair, [...(byPair.get(pair) ?? []), each]);
  }
  const found: Remnant[] = [];
  // One list for each pair of account and permission set.
  for (const open of byPair.values()) {
    const [first] = open;
    if (!first) continue;
    const users = new Set(await calls.assigned(first.target, { rank: 'background' }));
    const there = open.filter(({ target }) => users.has(target.principalId));
    found.push(...there.map(({ requestId, target }) => ({ target: target.key, requestId })));
  }
  return found;
}
