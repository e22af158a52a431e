/** What an organisation starts with, and what can be set while the stand-in runs. */

export interface AccountSeed {
  readonly id: string;
  readonly name: string;
  readonly email?: string;
  readonly status?: AccountStatus;
  /** An OU or root id; the root when absent. */
  readonly parent?: string;
  readonly tags?: Readonly<Record<string, string>>;
  /** IAM roles in the account that are not ours; they count against the quota. */
  readonly otherRoles?: number;
}
export type AccountStatus = 'ACTIVE' | 'SUSPENDED' | 'PENDING_CLOSURE';

export interface UnitSeed {
  readonly id: string;
  readonly name: string;
  /** The root when absent. */
  readonly parent?: string;
}

export interface SetSeed {
  readonly arn: string;
  readonly name: string;
  readonly description?: string;
  /** ISO 8601, `PT1H` when absent, as with AWS. */
  readonly sessionDuration?: string;
}

export interface UserSeed {
  readonly id: string;
  readonly userName: string;
  readonly displayName?: string;
  readonly email?: string;
  readonly disabled?: boolean;
}

export interface GroupSeed {
  readonly id: string;
  readonly displayName: string;
  readonly members: readonly string[];
}

export type PrincipalType = 'USER' | 'GROUP';

/** One entry of the account's assignment list. */
export interface Assignment {
  readonly accountId: string;
  readonly setArn: string;
  readonly principalType: PrincipalType;
  readonly principalId: string;
}

export interface OrganizationSeed {
  readonly instanceArn: string;
  readonly identityStoreId: string;
  readonly organizationId: string;
  readonly rootId: string;
  readonly managementAccountId: string;
  /** The member account that administers Identity Center, when there is one. */
  readonly delegatedAccountId?: string;
  readonly accounts: readonly AccountSeed[];
  readonly units?: readonly UnitSeed[];
  readonly permissionSets: readonly SetSeed[];
  readonly users: readonly UserSeed[];
  readonly groups?: readonly GroupSeed[];
  /** Standing access: there before us, not ours to remove. */
  readonly assignments?: readonly Assignment[];
}

/** From and to, in milliseconds; one value is drawn for each change. */
export type Range = readonly [number, number];

export interface Settings {
  /** In which account the caller's credentials are. */
  caller: 'management' | 'delegated' | 'member';
  /** How long a change stays IN_PROGRESS before it takes effect. Real ones take seconds to minutes. */
  inProgressMs: Range;
  /** How long after it took effect the status still says IN_PROGRESS. */
  statusDelayMs: Range;
  /** How long after it took effect the lists still say what was before. */
  listDelayMs: Range;
  /** How long a change that was accepted is missing in the status lists; by its id it can be described at once. */
  statusListDelayMs: Range;
  /** What two changes must not share while one is in progress. `account` is the stricter reading of AWS's quota page. */
  conflictScope: 'pair' | 'account' | 'none';
  /** Calls a second, for each service all operations together; Infinity for no limit. */
  callsPerSecond: { ssoAdmin: number; identityStore: number; organizations: number };
  /** Creates and deletes that may be in progress at one time. */
  outstandingMax: number;
  /** IAM's quota of roles in an account. */
  roleQuota: number;
  /** The longest page, also when the caller asks for more. */
  pageMax: number;
  /** Pages end anywhere before their size. */
  shortPages: boolean;
  /** How probable an empty page with a token is, 0 to 1. */
  emptyPages: number;
  /** ListUsers and ListGroups return everybody, whatever the filter says. */
  ignoreFilters: boolean;
  /** The region has no instance. */
  noInstance: boolean;
  /** A second instance, of the calling account alone, is listed first. */
  accountInstance: boolean;
}

/** Quick enough for tests, otherwise AWS's own limits. */
export const DEFAULTS: Settings = {
  caller: 'management',
  inProgressMs: [20, 80],
  statusDelayMs: [0, 0],
  listDelayMs: [0, 0],
  statusListDelayMs: [0, 0],
  conflictScope: 'pair',
  callsPerSecond: { ssoAdmin: 20, identityStore: 20, organizations: 20 },
  outstandingMax: 15,
  roleQuota: 1000,
  pageMax: 100,
  shortPages: false,
  emptyPages: 0,
  ignoreFilters: false,
  noInstance: false,
  accountInstance: false,
};

/** Everything that AWS is allowed to do to a client, short of failing. */
export const HARSH: Partial<Settings> = {
  statusDelayMs: [0, 200],
  listDelayMs: [0, 300],
  statusListDelayMs: [0, 200],
  shortPages: true,
  emptyPages: 0.3,
};
