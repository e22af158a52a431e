/** What is true now, small enough to be asked for every second: for a page that shows the organisation. */

import type { Span } from './access.js';
import type { Change, Changes } from './changes.js';
import type { Limits } from './limits.js';
import type { SetSeed, UserSeed } from './types.js';
import type { World } from './world.js';

/** A create or delete that is not over for everybody yet, or has failed. */
export interface Doing extends Pick<Change, 'requestId' | 'kind' | 'wanted' | 'createdAt' | 'failureReason'> {
  readonly state: 'IN_PROGRESS' | 'SUCCEEDED' | 'FAILED';
}

export interface Overview {
  /** The stand-in's clock, in milliseconds since 1970. */
  readonly now: number;
  readonly region: string;
  readonly managementAccountId: string;
  readonly delegatedAccountId?: string;
  readonly accounts: readonly {
    readonly id: string;
    readonly name: string;
    readonly status: string;
    /** The name of the OU that it is in; absent below the root. */
    readonly unit?: string;
    readonly tags: Readonly<Record<string, string>>;
  }[];
  readonly sets: readonly SetSeed[];
  readonly users: readonly Pick<UserSeed, 'id' | 'userName' | 'displayName' | 'email'>[];
  readonly groups: readonly { readonly id: string; readonly displayName: string; readonly members: readonly string[] }[];
  /** Who has access now, by which way, and since when. */
  readonly access: readonly Span[];
  /** What ended last, the newest first. */
  readonly ended: readonly Span[];
  /** The newest first. */
  readonly doing: readonly Doing[];
  readonly rates: ReturnType<Limits['measured']>;
}

const KEPT = 8;
/** A failure stays in sight for this long. */
const FAILED_MS = 60_000;

/** Reading it settles what is due. */
export function overview(deps: {
  readonly world: World;
  readonly changes: Changes;
  readonly limits: Limits;
  readonly clock: () => number;
  readonly region: string;
}): Overview {
  const { world, changes, limits, clock, region } = deps;
  changes.settle();
  const now = clock();
  const spans = world.access.spans();
  const { managementAccountId, delegatedAccountId } = world.seed;
  return {
    now,
    region,
    managementAccountId,
    ...(delegatedAccountId && { delegatedAccountId }),
    accounts: accountsOf(world),
    sets: [...world.sets.values()],
    users: [...world.users.values()].map(({ id, userName, displayName, email }) => ({
      id,
      userName,
      ...(displayName && { displayName }),
      ...(email && { email }),
    })),
    groups: [...world.groups.values()].map(({ id, displayName, members }) => ({ id, displayName, members: [...members] })),
    access: spans.filter(({ to }) => to === undefined),
    ended: spans
      .filter(({ to }) => to !== undefined)
      .sort((a, b) => (b.to ?? 0) - (a.to ?? 0))
      .slice(0, KEPT),
    doing: changes.all().slice(-100).map(doingOf(changes)).filter(inSight(now)).reverse(),
    rates: limits.measured(),
  };
}

function accountsOf(world: World): Overview['accounts'] {
  const names = new Map(world.units.map(({ id, name }) => [id, name]));
  return [...world.accounts.values()].map(({ id, name, status, parent, tags = {} }) => {
    const unit = names.get(parent ?? '');
    return { id, name, status, tags, ...(unit && { unit }) };
  });
}

const doingOf =
  (changes: Changes) =>
  (change: Change): Doing => {
    const { requestId, kind, wanted, createdAt, failureReason } = change;
    const state = changes.statusOf(change);
    return { requestId, kind, wanted, createdAt, state, ...(state === 'FAILED' && failureReason && { failureReason }) };
  };

const inSight =
  (now: number) =>
  ({ state, createdAt }: Doing): boolean =>
    state === 'IN_PROGRESS' || (state === 'FAILED' && now - createdAt < FAILED_MS);
