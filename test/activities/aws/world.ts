/** A small AWS in virtual time, for property tests: slow, lossy, with lists that lag, and other hands that change things. */

import type { AssignmentCalls, How, Operation } from '../../../activities/targets/aws-permission-set/calls.js';
import { awsError, classOfError } from '../../../activities/targets/aws-permission-set/errors.js';
import { type AwsTarget, type Kind, pairOf } from '../../../activities/targets/aws-permission-set/types.js';
import { StintError } from '../../../contract/errors.js';
import type { RequestId } from '../../../contract/ids.js';
import type { VirtualTime } from './time.js';

/** Whose doing something is: ours, or another writer's. */
export type Hand = 'call' | 'foreign';

interface Change extends Operation {
  readonly kind: Kind;
  readonly target: AwsTarget;
  readonly by: Hand;
  readonly dueAt: number;
}

/** A call of ours, whether it arrived or not. */
interface Sent {
  readonly kind: Kind;
  readonly key: string;
  readonly at: number;
  /** When it was answered or given up, and whether AWS said no: then nothing came of it. */
  overAt?: number;
  refused?: boolean;
}

/** An operation that AWS took, with the instant at which AWS itself brings it into force. */
export type Accepted = Pick<Change, 'kind' | 'target' | 'by' | 'dueAt'> & { readonly at: number };

/** Something that came into force, also where it changed nothing. */
export interface Landed {
  readonly kind: Kind;
  readonly key: string;
  readonly by: Hand;
  /** When it was asked for, and when it came into force. */
  readonly askedAt: number;
  readonly at: number;
  /** Whether the person had it before. */
  readonly was: boolean;
}

export interface SmallWorld {
  readonly calls: AssignmentCalls;
  /** The record, in the order of time: all that came into force, by whomever. */
  readonly landed: readonly Landed[];
  readonly accepted: readonly Accepted[];
  /** Every create and delete that we called, in the order of time. */
  readonly sent: readonly Sent[];
  /** When AWS refused or lost a call of ours, or failed an operation. */
  readonly troubles: readonly number[];
  holds(target: AwsTarget): boolean;
  /** Another writer: at once, and lists show it at once. */
  foreign(act: 'add' | 'remove', target: AwsTarget): void;
  /** Another writer through AWS' own calls: in progress for a while, listed late, refused while something else of the pair is. */
  foreignCall(kind: Kind, target: AwsTarget): void;
  settle(): void;
}

export interface Rough {
  /** How probable each is, for each call. */
  readonly lostBefore: number;
  readonly lostAfter: number;
  readonly throttled: number;
  /** Beyond that, of creates alone. */
  readonly refused?: number;
  readonly failed: number;
  readonly listLagMs: number;
  readonly workMs: number;
}

export function smallWorld(time: VirtualTime, rough: Rough): SmallWorld {
  const now = new Map<string, AwsTarget>();
  /** What lists still show otherwise, and until when. */
  const lag = new Map<string, { readonly shown: boolean; readonly until: number }>();
  const changes: Change[] = [];
  const open = new Set<Change>();
  const landed: Landed[] = [];
  const accepted: Accepted[] = [];
  const sent: Sent[] = [];
  const troubles: number[] = [];
  const chance = (p: number): boolean => time.random() < p;

  const settle = (): void => {
    for (const change of [...open].sort((a, b) => a.dueAt - b.dueAt)) {
      if (change.dueAt > time.now()) continue;
      open.delete(change);
      bring(change);
    }
  };
  /** The only place in which anything becomes true or ceases to be. */
  const land = (kind: Kind, target: AwsTarget, by: Hand, askedAt: number, at: number): void => {
    landed.push({ kind, key: target.key, by, askedAt, at, was: now.has(target.key) });
    if (kind === 'create') now.set(target.key, target);
    else now.delete(target.key);
  };
  const bring = (change: Change): void => {
    const { target, kind, by, dueAt, createdAt = dueAt } = change;
    const was = now.has(target.key);
    const end = (state: 'SUCCEEDED' | 'FAILED', reason?: string): void => {
      changes[changes.indexOf(change)] = { ...change, state, ...(reason ? { reason } : {}) };
    };
    const missing = kind === 'delete' && !was;
    if (missing || chance(rough.failed)) {
      end('FAILED', missing ? "Received a 404 status error: EntitlementItem doesn't exist" : 'Received a 500 status error');
      troubles.push(dueAt);
      return;
    }
    end('SUCCEEDED');
    lag.set(target.key, { shown: was, until: dueAt + time.random() * rough.listLagMs });
    land(kind, target, by, createdAt, dueAt);
  };
  const accept = (kind: Kind, target: AwsTarget, by: Hand): Operation => {
    settle();
    if ([...open].some((other) => pairOf(other.target) === pairOf(target))) throw named('ConflictException');
    const { accountId, permissionSetArn, principalId } = target;
    const id = `${kind}-${changes.length}`;
    const dueAt = time.now() + time.random() * rough.workMs;
    const base = { id, state: 'IN_PROGRESS', createdAt: time.now(), accountId, permissionSetArn, principalId } as const;
    const change: Change = { ...base, kind, target, by, dueAt };
    changes.push(change);
    open.add(change);
    accepted.push({ kind, target, by, dueAt, at: time.now() });
    return shown(change);
  };
  const call = <T>(how: How, work: () => T): Promise<T> =>
    way(how, work).catch((error: unknown) => {
      troubles.push(time.now());
      throw error;
    });
  /** The way to AWS and back. A call that is broken off on its way may still arrive. */
  const way = async <T>(how: How, work: () => T): Promise<T> => {
    how.signal?.throwIfAborted();
    if (how.sendBefore !== undefined && time.now() >= how.sendBefore) throw new StintError('too-late');
    if (chance(rough.throttled)) throw awsError(named('ThrottlingException'), 'it');
    if (chance(rough.lostBefore)) throw awsError(new Error('no answer'), 'it');
    try {
      await time.sleep(20 + time.random() * 100, how.signal);
    } catch (error) {
      if (chance(0.5)) void time.sleep(time.random() * 1_000).then(() => ignore(work));
      throw error;
    }
    const result = attempt(work);
    await time.sleep(time.random() * 50, how.signal);
    if (chance(rough.lostAfter)) throw awsError(new Error('no answer'), 'it');
    return result;
  };
  const of = (kind: Kind, id: string): Change => {
    settle();
    const found = changes.find((each) => each.kind === kind && each.id === id);
    if (!found) throw named('ResourceNotFoundException');
    return found;
  };
  const listed = (key: string): boolean => {
    const late = lag.get(key);
    return late && time.now() < late.until && chance(0.7) ? late.shown : now.has(key);
  };
  const calls: AssignmentCalls = {
    async begin(kind, target, how) {
      const one: Sent = { kind, key: target.key, at: time.now() };
      sent.push(one);
      try {
        return await call(how, () => {
          if (kind === 'create' && rough.refused !== undefined && chance(rough.refused)) throw named('ThrottlingException');
          return accept(kind, target, 'call');
        });
      } catch (error) {
        const word = classOfError(error);
        one.refused = word === 'throttled' || word === 'conflict' || (error instanceof StintError && error.code === 'too-late');
        throw error;
      } finally {
        one.overAt = time.now();
      }
    },
    operation: (kind, _instance, id, how) => call(how, () => shown(of(kind, id))),
    operations: (kind, _instance, state, how) =>
      call(how, () => {
        settle();
        return changes.filter((each) => each.kind === kind && (!state || each.state === state)).map(shown);
      }),
    assigned: (pair, how) =>
      call(how, () => {
        settle();
        const known = new Map([...changes.map(({ target }) => target), ...now.values()].map((t) => [t.key, t]));
        return [...known.values()]
          .filter((t) => pairOf(t) === pairOf(pair) && listed(t.key))
          .map(({ principalId }) => principalId);
      }),
    permissionSets: (_instance, how) => call(how, () => ['set']),
    accountIds: (how) => call(how, () => ['a', 'b']),
    userGone: (_id, how) => call(how, () => false),
    skewMs: () => 0,
  };
  return {
    calls,
    landed,
    accepted,
    sent,
    troubles,
    settle,
    holds: ({ key }) => now.has(key),
    foreign(act, target) {
      settle();
      lag.delete(target.key);
      if (act === 'add' || now.has(target.key))
        land(act === 'add' ? 'create' : 'delete', target, 'foreign', time.now(), time.now());
    },
    foreignCall: (kind, target) => ignore(() => accept(kind, target, 'foreign')),
  };
}

const shown = ({ kind: _kind, target: _target, by: _by, dueAt: _dueAt, ...operation }: Change): Operation => operation;

function attempt<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw awsError(error, 'it');
  }
}

function ignore(work: () => unknown): void {
  try {
    work();
  } catch {
    // it came too late for anybody to hear
  }
}

function named(name: string): Error {
  const error = new Error(name);
  error.name = name;
  return error;
}

export const idOf = (n: number): RequestId =>
  n
    .toString()
    .replace(/\d/g, (d) => 'abcdefghij'[Number(d)] ?? 'a')
    .padStart(26, 'a') as RequestId;
