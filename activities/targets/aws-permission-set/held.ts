/**
 * Whether somebody has a permission set in an account already: assigned to themselves, or to a group that they are in. For
 * whoever asks: what a grant and a revoke go by is the person's own assignment alone (`observe.ts`).
 */
import type { How } from './calls.js';
import type { Sdk } from './clients.js';
import { createGroupCalls } from './groups.js';
import { principals } from './sdk.js';
import type { AwsTarget } from './types.js';

export type Held = { readonly by: 'themselves' } | { readonly by: 'group'; readonly group: string };

/** What the lists of AWS say now; a group by its name, or by its id where the name can't be read. Errors are those of `awsError`. */
export type HeldLook = (target: AwsTarget, how: How) => Promise<Held | undefined>;

export function createHeldLook(sdk: Sdk, identityStoreId: () => Promise<string>): HeldLook {
  const groups = createGroupCalls(sdk, identityStoreId);
  return async (target, how) => {
    // One list tells both.
    const assigned = await principals(sdk, target, how);
    if (assigned.users.includes(target.principalId)) return { by: 'themselves' };
    const id = await groups.of(target.principalId, assigned.groups, how);
    if (id === undefined) return undefined;
    const name = await groups.name(id, how).catch(() => undefined);
    return { by: 'group', group: name ?? id };
  };
}
