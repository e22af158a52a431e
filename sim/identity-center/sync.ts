/** The other hands in the organisation: a sync, the console, SCIM. They need no call; what they do is done and listed at once. */
import type { Changes } from './changes.js';
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

/** Every act comes after all changes that were due before it, so that the record stays in order. */
export function createSync({ world, changes, clock }: { world: World; changes: Changes; clock: () => number }): Sync {
  const now = (): number => {
    changes.settle();
    return clock();
  };
  return {
    add: (wanted) => void world.add(wanted, now(), { by: 'sync' }),
    remove: (wanted) => void world.remove(wanted, now(), { by: 'sync' }),
    deleteUser: (userId, how) => world.deleteUser(userId, now(), how),
    setMember: (groupId, userId, member) => world.setMember(groupId, userId, member, now()),
    setAccountStatus(accountId, status) {
      now();
      world.setAccountStatus(accountId, status);
    },
  };
}
