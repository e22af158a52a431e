/**
 * The storm's AWS organisation: five accounts with three permission sets each, everybody who asks as a user, and access
 * that stood before: of somebody who asks, of people who never do, and of a group. One account is tier 0.
 */
import { seeded } from '../../../sim/identity-center/index.js';
import { hex, uuid } from '../../../sim/identity-center/random.js';
import type { Assignment, OrganizationSeed } from '../../../sim/identity-center/types.js';
import { emailOf, type World } from '../world.js';

const STORE = '9067e57a11';
const INSTANCE = 'ssoins-57a1e57a1e57a1e5';
const MANAGEMENT = '110000000001';
const IDENTITY = '110000000002';
const random = seeded(11);

/** What people ask for, by its place in the list. */
export interface Pair {
  readonly accountId: string;
  readonly account: string;
  readonly setArn: string;
  readonly set: string;
}

const ACCOUNTS = ['north', 'south', 'east', 'west', 'core'].map((name, n) => ({ id: `22000000001${n}`, name: `storm-${name}` }));
const SETS = ['Operator', 'Reader', 'Database'].map((name) => ({
  arn: `arn:aws:sso:::permissionSet/${INSTANCE}/ps-${hex(random, 16)}`,
  name: `Storm${name}`,
}));

/** Few enough that people meet in one account and set, where AWS lets one change at a time through. */
export const PAIRS: readonly Pair[] = ACCOUNTS.flatMap(({ id, name }) =>
  SETS.map((set) => ({ accountId: id, account: name, setArn: set.arn, set: set.name })),
);

/** The key under which the form offers a pair. */
export function offerKey({ accountId, setArn }: Pick<Pair, 'accountId' | 'setArn'>): string {
  return `aws/${accountId}/${setArn.slice(setArn.lastIndexOf('/') + 1)}`;
}

/** The key of the target, for one user. */
export function targetKey(pair: Pick<Pair, 'accountId' | 'setArn'>, userId: string): string {
  return `${offerKey(pair)}/${userId}`;
}

export interface Organisation {
  readonly seed: OrganizationSeed;
  /** The user id of each person who asks, by person. */
  readonly users: ReadonlyMap<string, string>;
  /** Users who never ask; other hands give and take what they have. */
  readonly bystanders: readonly string[];
}

/** The same for the same people. */
export function organisationOf({ askers }: World): Organisation {
  const ids = new Map(askers.map((one) => [one.id, `${STORE}-${uuid(random)}`]));
  const bystanders = ['bystander1', 'bystander2', 'bystander3'].map((name) => ({
    id: `${STORE}-${uuid(random)}`,
    userName: name,
  }));
  const group = `${STORE}-${uuid(random)}`;
  const id = (n: number) => ids.get(askers[n]?.id ?? '') ?? '';
  const standing: Assignment[] = [
    // Three people have some of what they may ask for already.
    ...[0, 3, 6].map((n, i) => assignment(PAIRS[i], id(n))),
    ...PAIRS.slice(0, 6).flatMap((pair) => bystanders.slice(0, 2).map((one) => assignment(pair, one.id))),
    { ...assignment(PAIRS[4], group), principalType: 'GROUP' },
  ];
  return {
    users: ids,
    bystanders: bystanders.map((one) => one.id),
    seed: {
      instanceArn: `arn:aws:sso:::instance/${INSTANCE}`,
      identityStoreId: `d-${STORE}`,
      organizationId: 'o-57a1e57a1e',
      rootId: 'r-57a1',
      managementAccountId: MANAGEMENT,
      delegatedAccountId: IDENTITY,
      accounts: [
        { id: MANAGEMENT, name: 'management' },
        { id: IDENTITY, name: 'identity' },
        ...ACCOUNTS.map((one) => ({ ...one, ...(one.name === 'storm-core' && { tags: { tier: '0' } }) })),
      ],
      permissionSets: SETS,
      users: [
        ...askers.map((one) => ({ id: ids.get(one.id) ?? '', userName: one.id, email: emailOf(one) })),
        ...bystanders.map((one) => ({ ...one, email: `${one.userName}@example.com` })),
      ],
      groups: [{ id: group, displayName: 'storm-operators', members: [id(1), id(2), bystanders[2]?.id ?? ''] }],
      assignments: standing,
    },
  };
}

function assignment(pair: Pair | undefined, principalId: string): Assignment {
  if (!pair) throw new RangeError('no such pair');
  return { accountId: pair.accountId, setArn: pair.setArn, principalType: 'USER', principalId };
}
