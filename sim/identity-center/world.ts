/**
 * What is true in the stand-in's organisation: accounts, sets, people, groups, who is assigned, and from when until
 * when the lists show it. Imports nothing of the product: it is judged by its own records.
 */
import { type AccessLog, createAccessLog } from './access.js';
import type {
  AccountSeed,
  AccountStatus,
  Assignment,
  GroupSeed,
  OrganizationSeed,
  SetSeed,
  UnitSeed,
  UserSeed,
} from './types.js';

/** Who made a change: what was there at the start, a call (by its status request id), or another writer. */
export type Cause =
  | { readonly by: 'standing' }
  | { readonly by: 'call'; readonly requestId: string }
  | { readonly by: 'sync' }
  | { readonly by: 'directory' };

/** An account and a set: where an assignment list, and a role, belongs. */
export type Pair = Pick<Assignment, 'accountId' | 'setArn'>;

interface Held extends Assignment {
  /** Real beginning and end, in milliseconds since 1970. */
  readonly from: number;
  to?: number;
  /** What the lists say, which is later than what is true. */
  readonly listedFrom: number;
  listedTo?: number;
}

export interface World {
  readonly seed: OrganizationSeed;
  readonly accounts: Map<string, AccountSeed & { status: AccountStatus }>;
  readonly units: readonly UnitSeed[];
  readonly sets: Map<string, SetSeed>;
  readonly users: Map<string, UserSeed>;
  readonly groups: Map<string, Omit<GroupSeed, 'members'> & { readonly members: Set<string> }>;
  readonly access: AccessLog;
  /** Whether this very assignment is in force now. */
  holds(wanted: Assignment): boolean;
  /** Adds at `at`; lists show it `listDelay` later. False when it was there. */
  add(wanted: Assignment, at: number, cause: Cause, listDelay?: number): boolean;
  /** Removes at `at`; lists show it `listDelay` longer. False when it was not there. */
  remove(wanted: Assignment, at: number, cause: Cause, listDelay?: number): boolean;
  /** What the lists show at this time, of one pair or of all. */
  listed(at: number, pair?: Pair): Assignment[];
  /** The pairs of account and set that have a role now. */
  provisioned(): Pair[];
  hasRole(pair: Pair): boolean;
  /** IAM roles in the account, ours and others'. */
  roles(accountId: string): number;
  /** Without its assignments (as when SCIM removes a person) it leaves orphans. */
  deleteUser(userId: string, at: number, how: 'with-assignments' | 'leave-orphans'): void;
  setMember(groupId: string, userId: string, member: boolean, at: number): void;
  setAccountStatus(accountId: string, status: AccountStatus): void;
}

const keyOf = (a: Assignment): string => `${a.accountId} ${a.setArn} ${a.principalType} ${a.principalId}`;
const pairOf = (a: Pair): string => `${a.accountId} ${a.setArn}`;
const STANDING: Cause = { by: 'standing' };

/** An organisation as seeded; standing access is in force since ever. */
export function createWorld(seed: OrganizationSeed): World {
  const held = new Map<string, Map<string, Held>>();
  const past = new Map<string, Held[]>();
  const users = new Map(seed.users.map((user) => [user.id, user]));
  const groups = new Map((seed.groups ?? []).map((group) => [group.id, { ...group, members: new Set(group.members) }]));
  const ofPair = (pair: string) => [...(held.get(pair)?.values() ?? [])];
  const everything = () => [...held.values()].flatMap((pair) => [...pair.values()]);
  const peopleOf = (one: Assignment): { userId: string; via: string }[] => {
    if (one.principalType === 'USER') return [{ userId: one.principalId, via: 'direct' }];
    return [...(groups.get(one.principalId)?.members ?? [])].map((userId) => ({ userId, via: one.principalId }));
  };
  const access = createAccessLog();
  const refresh = (pairs: Iterable<string>, at: number, cause: Cause): void => {
    for (const pair of new Set(pairs)) {
      const people = ofPair(pair).flatMap(peopleOf);
      access.now(
        pair,
        people.filter(({ userId }) => users.has(userId)),
        at,
        cause,
      ); // the deleted can't sign in
    }
  };
  const put = (wanted: Assignment, from: number, listedFrom: number): void => {
    const pair = held.get(pairOf(wanted)) ?? new Map<string, Held>();
    held.set(pairOf(wanted), pair.set(keyOf(wanted), { ...wanted, from, listedFrom }));
  };
  for (const one of seed.assignments ?? []) put(one, 0, 0);
  refresh((seed.assignments ?? []).map(pairOf), 0, STANDING);

  const world: World = {
    seed,
    accounts: new Map(seed.accounts.map((account) => [account.id, { ...account, status: account.status ?? 'ACTIVE' }])),
    units: seed.units ?? [],
    sets: new Map(seed.permissionSets.map((set) => [set.arn, set])),
    users,
    groups,
    access,
    holds: (wanted) => held.get(pairOf(wanted))?.has(keyOf(wanted)) ?? false,
    add(wanted, at, cause, listDelay = 0) {
      if (world.holds(wanted)) return false;
      put(plain(wanted), at, at + listDelay);
      refresh([pairOf(wanted)], at, cause);
      return true;
    },
    remove(wanted, at, cause, listDelay = 0) {
      const found = held.get(pairOf(wanted))?.get(keyOf(wanted));
      if (!found) return false;
      held.get(pairOf(wanted))?.delete(keyOf(wanted));
      const gone = Object.assign(found, { to: at, listedTo: at + listDelay });
      past.set(pairOf(wanted), [...(past.get(pairOf(wanted)) ?? []), gone]);
      refresh([pairOf(wanted)], at, cause);
      return true;
    },
    listed(at, pair) {
      const ended = pair ? (past.get(pairOf(pair)) ?? []) : [...past.values()].flat();
      const stale = ended.filter((one) => one.listedFrom <= at && (one.listedTo ?? 0) > at);
      const now = (pair ? ofPair(pairOf(pair)) : everything()).filter((one) => one.listedFrom <= at);
      return [...new Map([...stale, ...now].map((one) => [keyOf(one), plain(one)])).values()];
    },
    provisioned: () => [...held.values()].flatMap((pair) => [...pair.values()].slice(0, 1)),
    hasRole: (pair) => ofPair(pairOf(pair)).length > 0,
    roles(accountId) {
      const own = world.provisioned().filter((pair) => pair.accountId === accountId).length;
      return own + (world.accounts.get(accountId)?.otherRoles ?? 0);
    },
    deleteUser(userId, at, how) {
      users.delete(userId);
      for (const group of groups.values()) group.members.delete(userId);
      const own = everything().filter((one) => one.principalId === userId);
      refresh(access.pairsOf(userId), at, { by: 'directory' });
      if (how === 'with-assignments') for (const one of own) world.remove(one, at, { by: 'directory' });
    },
    setMember(groupId, userId, member, at) {
      const group = groups.get(groupId);
      if (!group) throw new Error(`the stand-in has no group ${groupId}`);
      if (member) group.members.add(userId);
      else group.members.delete(userId);
      refresh(
        everything()
          .filter((one) => one.principalId === groupId)
          .map(pairOf),
        at,
        { by: 'directory' },
      );
    },
    setAccountStatus(accountId, status) {
      const account = world.accounts.get(accountId);
      if (!account) throw new Error(`the stand-in has no account ${accountId}`);
      account.status = status;
    },
  };
  return world;
}

const plain = ({ accountId, setArn, principalType, principalId }: Assignment): Assignment => ({
  accountId,
  setArn,
  principalType,
  principalId,
});
