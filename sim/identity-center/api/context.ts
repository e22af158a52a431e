/** What the operations work on, and what they all ask first. */

import type { Changes } from '../changes.js';
import { type Input, required } from '../check.js';
import { notAuthorized, notFound } from '../errors.js';
import type { Pager } from '../paging.js';
import type { Settings } from '../types.js';
import type { World } from '../world.js';

export interface Context {
  readonly world: World;
  readonly settings: Settings;
  readonly changes: Changes;
  readonly clock: () => number;
  /** Pages of sso-admin and of the Identity Store. */
  readonly pager: Pager;
  /** Pages of Organizations, which refuses a wrong token in other words. */
  readonly organizationsPager: Pager;
  /** A fault: the change that this call begins fails with this. */
  readonly doomed?: string | undefined;
}

export type Operation = (context: Context, input: Input) => Record<string, unknown>;
export type Operations = Readonly<Record<string, Operation>>;

/** The account of the caller's credentials. */
export function callerAccount({ world, settings }: Context): string {
  if (settings.caller === 'management') return world.seed.managementAccountId;
  const member = [...world.accounts.keys()].find(
    (id) => id !== world.seed.managementAccountId && id !== world.seed.delegatedAccountId,
  );
  return (settings.caller === 'delegated' ? world.seed.delegatedAccountId : member) ?? world.seed.managementAccountId;
}

/** Only the management account and the delegated administrator may administer. */
export function onlyAdministrators(context: Context, action: string): void {
  if (context.settings.caller === 'member') throw notAuthorized(action, callerAccount(context));
}

/** The instance that the input names must be ours. */
export function ourInstance({ world, settings }: Context, input: Input): void {
  const { InstanceArn } = required(input, { InstanceArn: 'instance' });
  if (settings.noInstance || InstanceArn !== world.seed.instanceArn) throw notFound(`Instance ${InstanceArn}`);
}

/** Seconds since 1970, as the JSON protocol writes instants. */
export const seconds = (ms: number): number => ms / 1000;
