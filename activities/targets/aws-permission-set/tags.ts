/**
 * Tags of accounts. AWS tells those of one account at a time and a few accounts a second, so they are read after all else,
 * one after the other: what there is can be searched long before. What is not read yet is unknown, and never "none"; what
 * was read too long ago is unknown again, for a rule must not go by tags that may have changed since.
 */
import { awsError, mayWorkLater } from './errors.js';
import type { Organisation } from './organisation.js';
import type { Time } from './types.js';

export type AccountTags = Readonly<Record<string, string>>;

export interface Tags {
  /** Undefined while they are not known. */
  of(accountId: string): AccountTags | undefined;
  /** Why they are not known, as a sentence, when AWS did not tell them the last time; undefined when they are still to be read. */
  why(accountId: string): string | undefined;
  /** Asks for those of one account at once, unless known. Throws what may work later; undefined when AWS does not tell them. */
  now(accountId: string): Promise<AccountTags | undefined>;
  /** Reads those of all these accounts in the background, the longest unread first, unless they were read lately. */
  begin(accountIds: readonly string[]): void;
  /** When the first of what is known now will not be known any more; milliseconds since 1970. */
  until(): number;
}

export interface TagsDeps {
  readonly organisation: Pick<Organisation, 'tags'>;
  readonly time: Time;
  /** Runs a call again when it may work later. */
  readonly again: <T>(work: () => Promise<T>) => Promise<T>;
  /** Told after every so many, and after the last. */
  readonly learnt: () => void;
  /** How long they are gone by, in ms. They are read anew from half of it on. */
  readonly keepMs: number;
}

interface Entry {
  readonly read?: { readonly tags: AccountTags; readonly at: number; readonly steadyAt: number };
  /** The higher, the later it was asked for. */
  readonly turn: number;
  readonly why?: string;
}

/** Finding is made anew with what was learnt; not for each account. */
const STEP = 20;
/** So many failures one after another end a round: AWS tells nobody's now. The next load begins anew, with others. */
const GIVE_UP = 5;

export function createTags({ organisation, time, again, learnt, keepMs }: TagsDeps): Tags {
  const entries = new Map<string, Entry>();
  let turn = 0;
  let reading = false;
  // By both clocks: one may be set back, and the other stands still while a computer sleeps.
  const isWithin = (ms: number, { read }: Entry): boolean =>
    read !== undefined && Math.max(Math.abs(time.now() - read.at), time.steady() - read.steadyAt) <= ms;
  const youngOf = (id: string): AccountTags | undefined => {
    const entry = entries.get(id);
    return entry && isWithin(keepMs, entry) ? entry.read?.tags : undefined;
  };
  const read = async (id: string): Promise<AccountTags> => {
    turn += 1;
    const mine = turn;
    entries.set(id, { ...entries.get(id), turn: mine });
    try {
      const tags = await again(() => organisation.tags(id));
      entries.set(id, { read: { tags, at: time.now(), steadyAt: time.steady() }, turn: mine });
      return tags;
    } catch (error) {
      const told = awsError(error, `the tags of account ${id}`);
      entries.set(id, { ...entries.get(id), turn: mine, why: told.sentence });
      throw told;
    }
  };
  const isDue = (id: string): boolean => {
    const entry = entries.get(id);
    return !entry || !isWithin(keepMs / 2, entry);
  };
  const turnOf = (id: string): number => entries.get(id)?.turn ?? 0;
  const all = async (ids: readonly string[]): Promise<void> => {
    let [fresh, failed] = [0, 0];
    for (const id of ids.filter(isDue).sort((a, b) => turnOf(a) - turnOf(b))) {
      try {
        await read(id);
        failed = 0;
        fresh += 1;
        if (fresh % STEP === 0) learnt();
      } catch {
        failed += 1;
        if (failed === GIVE_UP) break;
      }
    }
    learnt();
  };
  return {
    of: youngOf,
    why: (id) => (youngOf(id) ? undefined : entries.get(id)?.why),
    async now(id) {
      const before = youngOf(id);
      if (before) return before;
      try {
        return await read(id);
      } catch (error) {
        if (mayWorkLater(error)) throw error;
        return undefined;
      } finally {
        learnt();
      }
    },
    begin(ids) {
      const there = new Set(ids);
      for (const id of entries.keys()) if (!there.has(id)) entries.delete(id);
      if (reading) return;
      reading = true;
      void all(ids).finally(() => {
        reading = false;
      });
    },
    until: () => [...entries.values()].reduce((first, { read }) => (read ? soonest(first, read.at) : first), NEVER),
  };

  function soonest(first: number, at: number): number {
    const end = at + keepMs;
    return end < time.now() ? first : Math.min(first, end);
  }
}

const NEVER = Number.POSITIVE_INFINITY;
