/**
 * Creates and deletes of assignments: accepted at once, IN_PROGRESS for a while, then in force or FAILED. Nothing runs
 * in the background: what is due is settled whenever somebody looks, at the instant it was due.
 *
 * What AWS does, and how it is known:
 * - One change at a time: "There is a conflicting operation in process." (ConflictException, TEAM #513: same account, set
 *   and person; the quotas page: one role of an account can be updated at a time.)
 * - Deleting what isn't there is accepted and FAILS with "Received a 404 status error: EntitlementItem doesn't exist …"
 *   (source of the Terraform AWS provider, which takes it for success).
 * - A principal that is gone: FAILED, "the USER assignee … was not found in directory d-…", also for deletes; the
 *   assignment stays listed (tf-aws #19341).
 * - No role left: accepted, then FAILED (TEAM #522); the words are IAM's own.
 * - Creating what is there succeeds and changes nothing: the providers that create without looking rely on it.
 */
import { AwsError, tooManyOutstanding } from './errors.js';
import { CONFLICT } from './faults.js';
import type { Journal } from './journal.js';
import { type Random, uuid, within } from './random.js';
import type { Assignment, Settings } from './types.js';
import type { World } from './world.js';

export type ChangeKind = 'create' | 'delete';

export interface Change {
  readonly requestId: string;
  readonly kind: ChangeKind;
  readonly wanted: Assignment;
  readonly createdAt: number;
  /** When it takes effect or fails. */
  readonly dueAt: number;
  /** When the status says so. */
  readonly statusAt: number;
  readonly listDelayMs: number;
  /** From when on the status lists have it. */
  readonly inStatusListAt: number;
  /** A fault: it fails with this. */
  readonly doomed?: string | undefined;
  outcome?: 'changed' | 'nothing-to-do' | 'failed';
  failureReason?: string;
}

export interface Changes {
  /** Accepts a change. Throws a conflict, or the throttling of too many outstanding. */
  begin(kind: ChangeKind, wanted: Assignment, doomed?: string): Change;
  /** Takes up a change of an earlier run. */
  restore(change: Change): void;
  /** Brings everything into force that is due by then, by now when it isn't said. */
  settle(until?: number): void;
  all(): readonly Change[];
  find(kind: ChangeKind, requestId: string): Change | undefined;
  /** What the status says at this time. */
  statusOf(change: Change): 'IN_PROGRESS' | 'SUCCEEDED' | 'FAILED';
  outstandingMost(): number;
}

export interface ChangesDeps {
  readonly world: World;
  readonly settings: Settings;
  readonly clock: () => number;
  readonly random: Random;
  readonly journal: Journal;
}

/** No changes yet. */
export function createChanges({ world, settings, clock, random, journal }: ChangesDeps): Changes {
  const all: Change[] = [];
  const byId = new Map<string, Change>();
  let open: Change[] = [];
  let most = 0;
  const isOpen = (change: Change) => change.statusAt > clock();
  const settle = (until = clock()): void => {
    const due = open.filter((change) => change.outcome === undefined && change.dueAt <= until);
    for (const change of due.sort((a, b) => a.dueAt - b.dueAt)) bring(world, settings, change);
    open = open.filter((change) => change.outcome === undefined || isOpen(change));
  };
  const take = (change: Change): void => {
    all.push(change);
    byId.set(`${change.kind} ${change.requestId}`, change);
    open.push(change);
  };
  return {
    settle,
    restore: (change) => take({ ...change }),
    begin(kind, wanted, doomed) {
      settle();
      if (open.some((other) => clash(settings, other.wanted, wanted))) throw new AwsError('ConflictException', CONFLICT);
      if (open.length >= settings.outstandingMax) throw tooManyOutstanding();
      const createdAt = clock();
      const dueAt = createdAt + within(random, settings.inProgressMs);
      const statusAt = dueAt + within(random, settings.statusDelayMs);
      const listDelayMs = within(random, settings.listDelayMs);
      const inStatusListAt = createdAt + within(random, settings.statusListDelayMs);
      const times = { createdAt, dueAt, statusAt, listDelayMs, inStatusListAt };
      const change: Change = { requestId: uuid(random), kind, wanted, ...times, doomed };
      journal.append({ kind: 'change', change });
      take(change);
      most = Math.max(most, open.length);
      return change;
    },
    all: () => all,
    find: (kind, requestId) => byId.get(`${kind} ${requestId}`),
    statusOf: (change) => (isOpen(change) ? 'IN_PROGRESS' : change.outcome === 'failed' ? 'FAILED' : 'SUCCEEDED'),
    outstandingMost: () => most,
  };
}

function clash({ conflictScope }: Settings, a: Assignment, b: Assignment): boolean {
  if (conflictScope === 'none' || a.accountId !== b.accountId) return false;
  return conflictScope === 'account' || a.setArn === b.setArn;
}

/** Brings one change into force at the instant it is due, or fails it. */
function bring(world: World, settings: Settings, change: Change): void {
  const reason = change.doomed ?? whyNot(world, settings, change);
  if (reason !== undefined) {
    Object.assign(change, { outcome: 'failed', failureReason: reason });
    return;
  }
  const act = change.kind === 'create' ? world.add : world.remove;
  const cause = { by: 'call', requestId: change.requestId } as const;
  const done = act(change.wanted, change.dueAt, cause, change.listDelayMs);
  change.outcome = done ? 'changed' : 'nothing-to-do';
}

function whyNot(world: World, settings: Settings, { kind, wanted }: Change): string | undefined {
  const account = world.accounts.get(wanted.accountId);
  if (!account) return `Received a 404 status error: account ${wanted.accountId} was not found in organization`;
  const directory = wanted.principalType === 'USER' ? world.users : world.groups;
  if (!directory.has(wanted.principalId)) {
    return `Received a 404 status error: the ${wanted.principalType} assignee ${wanted.principalId} was not found in directory ${world.seed.identityStoreId}`;
  }
  if (kind === 'delete') return world.holds(wanted) ? undefined : absent(wanted);
  if (account.status !== 'ACTIVE') return 'Received a 403 status error: Access denied by IAM. The account is suspended';
  if (world.hasRole(wanted) || world.roles(wanted.accountId) < settings.roleQuota) return undefined;
  return `Received a 409 status error: Cannot exceed quota for RolesPerAccount: ${settings.roleQuota}`;
}

const absent = ({ principalId, setArn, accountId }: Assignment): string =>
  `Received a 404 status error: EntitlementItem doesn't exist with the given entitlement key EntitlementKey{accessorId=AccessorId{value=${principalId}}, resourceId=ResourceId{value=${accountId}}, auxiliaryResourceId=AuxiliaryResourceId{value=${setArn.split('/').at(-1)}}, containerId=ContainerId{value=${setArn.split('/').at(-2)}}}`;
