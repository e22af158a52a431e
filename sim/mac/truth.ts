/**
 * What is true on the stand-in Mac, read from its disk and not from what anybody reported. Tests judge by this.
 */
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { Layout } from './root.js';

export interface AdminChange {
  readonly at: string;
  readonly user: string;
  readonly admin: boolean;
  /** The tool, or the act, that changed it. */
  readonly by: string;
}

export interface Truth {
  readonly serial: string;
  readonly name: string;
  readonly localUser: string;
  /** Accounts that the kernel takes for administrators, by whatever list. */
  readonly admins: readonly string[];
  readonly adminNames: readonly string[];
  readonly adminGuids: readonly string[];
  /** Since when the Mac's own user is an administrator. */
  readonly adminSince?: string;
  readonly adminLog: readonly AdminChange[];
  /** The agent's record of an open session, as it stands on disk. */
  readonly session?: Readonly<Record<string, string>>;
  /** Seconds until the Mac itself ends the session, by its own clock. */
  readonly countdown?: number;
  readonly dropin: boolean;
  /** Every line that sudo wrote, of the running session and of earlier ones. */
  readonly sudoLog: readonly string[];
  readonly calls: readonly { readonly at: string; readonly call: string }[];
  readonly bootSession: string;
  readonly skewMs: number;
  readonly faults: readonly string[];
  readonly daemonPid?: number;
  readonly daemonStarts: number;
  readonly agentLog: readonly string[];
}

const lines = (file: string): string[] => (existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : []);
const first = (file: string): string => lines(file)[0] ?? '';

/** Seconds on the Mac's clock that nobody can set. */
export function monotonicSeconds(mac: string): number {
  return (
    1000 + Math.floor(Date.now() / 1000) - Number(first(join(mac, 'clock/boot'))) + Number(first(join(mac, 'clock/advance')))
  );
}

/** Whether the kernel takes `user` for an administrator. */
export function isAdmin(mac: string, user: string): boolean {
  const account = join(mac, 'users', user);
  const listed = (list: string, value: string) =>
    lines(join(mac, 'group', list)).some((entry) => entry.toLowerCase() === value.toLowerCase());
  return (
    listed('GroupMembership', user) ||
    listed('GroupMembers', first(join(account, 'GeneratedUID'))) ||
    first(join(account, 'PrimaryGroupID')) === '80'
  );
}

/** The accounts as an inventory sees them. */
export function readAccounts(mac: string) {
  return readdirSync(join(mac, 'users')).map((username) => ({
    username,
    type: isAdmin(mac, username) ? ('Admin' as const) : ('Standard' as const),
    uid: Number(first(join(mac, 'users', username, 'UniqueID'))),
    generated_uid: first(join(mac, 'users', username, 'GeneratedUID')),
  }));
}

function adminLog(mac: string): AdminChange[] {
  return lines(join(mac, 'admin.log')).map((line) => {
    const [at = '0', user = '', admin = '', by = ''] = line.split(' ');
    return { at: new Date(Number(at)).toISOString(), user, admin: admin === 'true', by };
  });
}

function session(file: string): Record<string, string> | undefined {
  if (!existsSync(file)) return undefined;
  return Object.fromEntries(lines(file).map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]));
}

/** What another boot counted by is no time of this one's clock: such a session is over, and the agent is about to see it. */
function countdownOf(mac: string, open: Readonly<Record<string, string>>): Pick<Truth, 'countdown'> {
  if (open.boot !== first(join(mac, 'clock/session'))) return {};
  return { countdown: Math.max(0, Number(open.deadline) - monotonicSeconds(mac)) };
}

/** The pid in the agent's own lock: the shell that runs the daemon. */
function lockHolder(layout: Layout): number | undefined {
  try {
    return Number(readlinkSync(join(layout.state, 'lock')));
  } catch {
    return undefined; // not taken yet
  }
}

/** The whole truth of the moment. */
export function readTruth(
  layout: Layout,
  who: Pick<Truth, 'serial' | 'name' | 'localUser'>,
  daemon: { readonly running: boolean; readonly starts: number },
): Truth {
  const { mac } = layout;
  const log = adminLog(mac);
  const pid = daemon.running ? lockHolder(layout) : undefined;
  const open = session(join(layout.state, 'session'));
  const now = isAdmin(mac, who.localUser);
  const since = now ? log.filter((change) => change.user === who.localUser && change.admin).at(-1)?.at : undefined;
  const faults = readdirSync(join(mac, 'faults')).filter((kind) => first(join(mac, 'faults', kind)).split(' ')[0] !== '0');
  return {
    ...who,
    admins: readdirSync(join(mac, 'users')).filter((user) => isAdmin(mac, user)),
    adminNames: lines(join(mac, 'group/GroupMembership')),
    adminGuids: lines(join(mac, 'group/GroupMembers')),
    ...(since === undefined ? {} : { adminSince: since }),
    adminLog: log,
    ...(open === undefined ? {} : { session: open, ...countdownOf(mac, open) }),
    dropin: existsSync(layout.dropin),
    sudoLog: lines(join(mac, 'sudo.log')),
    calls: lines(join(mac, 'calls.log'))
      .slice(-200)
      .map((line) => ({ at: new Date(Number(line.slice(0, 13))).toISOString(), call: line.slice(14).trim() })),
    bootSession: first(join(mac, 'clock/session')),
    skewMs: Number(first(join(mac, 'clock/skew'))) * 1000,
    faults,
    ...(pid === undefined ? {} : { daemonPid: pid }),
    daemonStarts: daemon.starts,
    agentLog: lines(join(mac, 'agent.log')).slice(-200),
  };
}
