/** The other hands in the organisation: a sync, the console, SCIM. They need no call; what they do is done and listed at once. */
import type { Changes } from './changes.js';
import type { Journal } from './journal.js';
import type { AccountStatus, Assignment } from './types.js';
import type { World } from './world.js';

export interface Sync {
  add(wanted: Assignment): void;
  remove(wanted: Assignment): void;
  /** SCIM leaves the person's assignments behind, the console takes them along. */
  deleteUser(userId: string, how: 'with-assignments' | 'leave-orphans'): void;
  setMember(groupId: string, userId: string, member: boolean): void;
  setAccountStatus(accountId: string, status: AccountStatus): void;
}

export interface SyncDeps {
  readonly world: World;
  readonly changes: Changes;
  readonly clock: () => number;
  readonly journal: Journal;
}

/** Every act comes after all changes that were due before it, so that the record stays in order. */
export function createSync({ world, changes, clock, journal }: SyncDeps): Sync {
  const now = (act: keyof Sync, ...args: unknown[]): number => {
    const at = clock();
    journal.append({ kind: 'sync', at, act, args });
    changes.settle(at);
    return at;
  };
  return {
    add: (wanted) => void world.add(wanted, now('add', wanted), { by: 'sync' }),
    remove: (wanted) => void world.remove(wanted, now('remove', wanted), { by: 'sync' }),
    deleteUser: (userId, how) => world.deleteUser(userId, now('deleteUser', userId, how), how),
    setMember: (groupId, userId, member) => world.setMember(groupId, userId, member, now('setMember', groupId, userId, member)),
    setAccountStatus(accountId, status) {
      now('setAccountStatus', accountId, status);
      world.setAccountStatus(accountId, status);
    },
  };
}

/** Does again, each at its own time, what an earlier run wrote down. */
export function replay({ world, changes, journal }: Omit<SyncDeps, 'clock'>): void {
  for (const entry of journal.read()) {
    if (entry.kind === 'change') {
      changes.restore(entry.change);
      continue;
    }
    const sync = createSync({ world, changes, clock: () => entry.at, journal: { read: () => [], append: () => undefined } });
    const act = sync[entry.act] as (...args: readonly unknown[]) => void;
    act(...entry.args);
  }
}
