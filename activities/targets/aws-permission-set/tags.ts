/**
 * Tags of accounts. AWS tells those of one account at a time and a few accounts a second, so they are read after all else,
 * one after the other: what there is can be searched long before. What is not read yet is unknown, and never "none".
 */
import { awsError, mayWorkLater } from './errors.js';
import type { Organisation } from './organisation.js';
import type { Time } from './types.js';

export type AccountTags = Readonly<Record<string, string>>;

export interface Tags {
  /** Undefined while they are not known. */
  of(accountId: string): AccountTags | undefined;
  /** Asks for those of one account at once, unless known. Throws what may work later; undefined when AWS does not tell them. */
  now(accountId: string): Promise<AccountTags | undefined>;
  /** Reads those of all these accounts in the background, unless they were read lately. */
  begin(accountIds: readonly string[]): void;
}

export interface TagsDeps {
  readonly organisation: Pick<Organisation, 'tags'>;
  readonly time: Time;
  /** Runs a call again when it may work later. */
  readonly again: <T>(work: () => Promise<T>) => Promise<T>;
  /** Told after every so many, and after the last. */
  readonly learnt: () => void;
  /** How long they are gone by, in ms. */
  readonly keepMs: number;
}

/** Finding is made anew with what was learnt; not for each account. */
const STEP = 20;
/** So many failures one after another end a round: AWS tells nobody's now. The next load begins anew. */
const GIVE_UP = 5;

export function createTags({ organisation, time, again, learnt, keepMs }: TagsDeps): Tags {
  const known = new Map<string, { readonly tags: AccountTags; readonly at: number }>();
  let reading = false;
  const read = async (id: string): Promise<AccountTags> => {
    const tags = await again(() => organisation.tags(id));
    known.set(id, { tags, at: time.now() });
    return tags;
  };
  const isOld = (id: string): boolean => time.now() - (known.get(id)?.at ?? Number.NEGATIVE_INFINITY) > keepMs;
  const all = async (ids: readonly string[]): Promise<void> => {
    let [fresh, failed] = [0, 0];
    for (const id of ids.filter(isOld)) {
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
    of: (id) => known.get(id)?.tags,
    async now(id) {
      const before = known.get(id);
      if (before) return before.tags;
      try {
        const tags = await read(id);
        learnt();
        return tags;
      } catch (error) {
        if (mayWorkLater(error)) throw awsError(error, `the tags of account ${id}`);
        return undefined;
      }
    },
    begin(ids) {
      if (reading) return;
      reading = true;
      void all(ids).finally(() => {
        reading = false;
      });
    },
  };
}
