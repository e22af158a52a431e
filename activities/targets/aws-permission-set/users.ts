/**
 * The users of the Identity Store, kept in memory by id: read in the background every few minutes, since ten thousand of them
 * take six seconds, which nobody who asks for the first time should wait. It is a hint of who may be meant, and never a proof:
 * whoever goes by it asks AWS about that one user (`identity.ts`).
 */
import { foldAddress } from '../../../contract/address.js';
import type { How } from './calls.js';
import { awsError } from './errors.js';
import { joined } from './shared-lists.js';
import { patiently } from './time.js';
import type { Rank, Time } from './types.js';

export interface AwsUser {
  readonly id: string;
  readonly userName: string;
  readonly name: string;
  readonly emails: readonly string[];
  readonly active: boolean;
}

/** Runs each page, again when it may work later. */
export type Again = <T>(page: () => Promise<T>) => Promise<T>;

/** The directory's calls, each whole or an error. */
export interface UserCalls {
  all(how: How, again?: Again): Promise<readonly AwsUser[]>;
  /** Undefined only when AWS says that there is no such user. */
  byId(id: string, how: How): Promise<AwsUser | undefined>;
  /** The id of somebody with this address, as AWS compares it; undefined when it knows nobody. Of several it names one, without a word. */
  idByAddress(email: string, how: How): Promise<string | undefined>;
}

export interface KnownUsers {
  readonly byId: ReadonlyMap<string, AwsUser>;
  /** All who have this e-mail address, compared by us (`foldAddress`). */
  withAddress(email: string): readonly AwsUser[];
}

export interface Users {
  /** Reads them again and again, until closed; `hear` is told why they can't be read, once while it lasts. */
  start(hear: (sentence: string) => void): void;
  /** What was read in the background and is not too old to go by; undefined where there is no such thing, or nothing was started. */
  now(): KnownUsers | undefined;
  /** The whole list, by one that leaves after this was called, however many ask. Errors are those of `awsError`. */
  anew(rank: Rank): Promise<KnownUsers>;
  /** Somebody may be missing in it: it is read anew in the background, at most once a minute, whoever names whom. */
  doubt(): void;
  close(): void;
}

export interface UsersDeps {
  readonly calls: Pick<UserCalls, 'all'>;
  readonly time: Time;
}

/** How often it is read anew, in ms; and how soon after a failure. */
const EVERY_MS = 5 * 60_000;
const AFTER_FAILURE_MS = 30_000;
const DOUBT_EVERY_MS = 60_000;
/**
 * How old a list may be that somebody is bound by, in ms: two turns, so that one that fails takes nobody back to waiting. All
 * else is asked anew, so what may be that old is one thing only: that nobody else has the address too. It need not be fresher:
 * whoever asked ten minutes ago was bound to the same user by a list of that moment, and a second one who comes later unbinds
 * nobody. A user who lost the address, was deleted or disabled meanwhile is never taken, however young the list.
 */
const FRESH_MS = 10 * 60_000;

interface Kept {
  readonly users: KnownUsers;
  /** When its first page was asked for, by both clocks: one may be set back, and the other stands still while a computer sleeps. */
  readonly at: number;
  readonly steadyAt: number;
}

export function createUsers({ calls, time }: UsersDeps): Users {
  const closing = new AbortController();
  const { signal } = closing;
  let kept: Kept | undefined;
  let started = false;
  let doubtedAt = Number.NEGATIVE_INFINITY;
  const read = async (rank: Rank): Promise<KnownUsers> => {
    const [at, steadyAt] = [time.now(), time.steady()];
    // One page of hundreds that AWS throttles would make nothing of all the others.
    const again = rank === 'background' ? <T>(page: () => Promise<T>) => patiently(time, signal, page) : undefined;
    const users = known(await calls.all({ rank, what: 'the people of Identity Center' }, again));
    if (started && steadyAt >= (kept?.steadyAt ?? Number.NEGATIVE_INFINITY)) kept = { users, at, steadyAt };
    return users;
  };
  // A crowd that asks for the first time before anything is known has them read twice at most.
  const [forGrants, inBackground] = [joined(() => read('grant')), joined(() => read('background'))];
  const keepOn = async (hear: (sentence: string) => void): Promise<void> => {
    let fails = false;
    while (!signal.aborted) {
      const sentence = await inBackground().then(() => undefined, sayWhy);
      if (sentence !== undefined && !fails && !signal.aborted) hear(sentence);
      fails = sentence !== undefined;
      await time.sleep(fails ? AFTER_FAILURE_MS : EVERY_MS, signal).catch(() => undefined);
    }
  };
  return {
    start(hear) {
      started = true;
      void keepOn(hear);
    },
    now: () => (kept && ageOf(kept, time) <= FRESH_MS ? kept.users : undefined),
    anew: (rank) => (rank === 'background' ? inBackground() : forGrants()),
    doubt() {
      if (time.steady() - doubtedAt < DOUBT_EVERY_MS) return;
      doubtedAt = time.steady();
      inBackground().catch(() => undefined);
    },
    close: () => closing.abort(),
  };
}

const sayWhy = (error: unknown): string => awsError(error, 'the people of Identity Center').sentence;

const ageOf = ({ at, steadyAt }: Kept, time: Time): number => Math.max(Math.abs(time.now() - at), time.steady() - steadyAt);

function known(users: readonly AwsUser[]): KnownUsers {
  const byAddress = new Map<string, AwsUser[]>();
  for (const user of users) {
    for (const address of new Set(user.emails.map(foldAddress))) {
      const sharers = byAddress.get(address) ?? [];
      byAddress.set(address, sharers);
      sharers.push(user);
    }
  }
  return {
    byId: new Map(users.map((user) => [user.id, user])),
    withAddress: (email) => byAddress.get(foldAddress(email)) ?? [],
  };
}
