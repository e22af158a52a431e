/**
 * What there is to ask for, kept in memory by id: warmed in the background, refreshed every few minutes and on a miss. A load
 * that fails keeps the last good one and says since when.
 */
import { type Instant, instant } from '../../../contract/ids.js';
import { awsError, classOfError } from './errors.js';
import type { Limits } from './limits.js';
import type { Account, Instance, Organisation, PermissionSet } from './organisation.js';
import { createSearch, type Search } from './search.js';
import { createTags, type Tags } from './tags.js';
import { patiently } from './time.js';
import type { Time } from './types.js';

export interface Catalogued {
  readonly instance: Instance;
  readonly limits: Limits;
  readonly accounts: ReadonlyMap<string, Account>;
  readonly sets: ReadonlyMap<string, PermissionSet>;
  readonly search: Search;
  readonly loadedAt: Instant;
}

export interface CatalogueState {
  readonly loadedAt?: Instant;
  /** Since when it could not be refreshed, and why. */
  readonly failing?: { readonly since: Instant; readonly sentence: string };
  /** How many accounts there are whose tags are not known now. */
  readonly untagged?: number;
  /** Why AWS did not tell those of one of them, as a sentence; without it they are still to be read. */
  readonly untold?: string;
}

export interface Catalogue {
  /** Loads in the background, again and again, until closed; `hear` is told why something can't be read, once while it lasts. */
  start(hear: (sentence: string) => void): void;
  /** What is known now; undefined until the first load has ended. Tags of accounts come after that, see `Account.tags`. */
  now(): Catalogued | undefined;
  /** The same, waiting for the first load. Throws its error when that fails. */
  loaded(): Promise<Catalogued>;
  /** Reads it anew, once however many ask, and at most every few seconds. Keeps what it had when that fails, and throws. */
  refresh(): Promise<Catalogued>;
  /**
   * An account or permission set that isn't known is looked for once more before it counts as unknown. The account comes with
   * its tags, which are asked for at once where they are not known; without them only where AWS does not tell them.
   */
  account(id: string): Promise<Account | undefined>;
  permissionSet(arn: string): Promise<PermissionSet | undefined>;
  state(): CatalogueState;
  close(): void;
}

export interface CatalogueDeps {
  readonly organisation: Organisation;
  readonly time: Time;
  /** From the configuration, where the organisation's own is not meant. */
  readonly instanceArn?: string;
  /** How often it is read anew, in ms; five minutes by default. */
  readonly everyMs?: number;
}

const EVERY_MS = 5 * 60_000;
/** After this long the details of sets, which seldom change, are read anew, and tags of accounts are gone by no more. */
const DEEP_MS = 60 * 60_000;
/** Between two loads for something that is not known; and how long one that even a load did not show counts as not there. */
const MISS_EVERY_MS = 10_000;
const MISSED_MS = 60_000;
const MISSED_MAX = 1_000;

export function createCatalogue(deps: CatalogueDeps): Catalogue {
  const { time, everyMs = EVERY_MS } = deps;
  const closing = new AbortController();
  let tell = onceEach(() => undefined);
  let known: Catalogued | undefined;
  let taggedUntil = Number.POSITIVE_INFINITY;
  const again = <T>(work: () => Promise<T>): Promise<T> => patiently(time, closing.signal, work);
  const learnt = (): void => {
    known = known && withTags(known, tags);
    taggedUntil = tags.until();
    if (known) tell('tags', untoldIn(known));
  };
  const current = (): Catalogued | undefined => {
    if (time.now() > taggedUntil) learnt();
    return known;
  };
  const tags = createTags({ organisation: deps.organisation, time, again, learnt, keepMs: DEEP_MS });
  let deepAt = Number.NEGATIVE_INFINITY;
  let failing: CatalogueState['failing'];
  let loading: Promise<Catalogued> | undefined;
  let triedAt = Number.NEGATIVE_INFINITY;
  const load = async (): Promise<Catalogued> => {
    triedAt = time.steady();
    const deep = triedAt - deepAt > DEEP_MS;
    try {
      const there = await read(deps, deep ? undefined : known, again);
      known = withTags(there, tags);
      taggedUntil = tags.until();
      tags.begin([...known.accounts.keys()]);
      if (deep) deepAt = triedAt;
      failing = undefined;
      tell('load', undefined);
      tell('limits', there.limits.untold);
      return known;
    } catch (error) {
      const { sentence } = awsError(error, 'the catalogue');
      failing = { since: failing?.since ?? instant(time.now()), sentence };
      if (!closing.signal.aborted) tell('load', sentence);
      throw error;
    }
  };
  const refresh = (): Promise<Catalogued> => {
    loading ??= load().finally(() => {
      loading = undefined;
    });
    return loading;
  };
  const missed = new Map<string, number>();
  const onMiss = async <T>(id: string, pick: (from: Catalogued) => T | undefined): Promise<T | undefined> => {
    const first = pick(current() ?? (await refresh()));
    const wasMissed = time.steady() - (missed.get(id) ?? Number.NEGATIVE_INFINITY) < MISSED_MS;
    if (first !== undefined || wasMissed || time.steady() - triedAt < MISS_EVERY_MS) return first;
    const second = pick(await refresh());
    if (missed.size >= MISSED_MAX) missed.clear();
    if (second === undefined) missed.set(id, time.steady());
    return second;
  };
  const keepOn = async (): Promise<void> => {
    while (!closing.signal.aborted) {
      await refresh().catch(() => undefined);
      await time.sleep(failing ? Math.min(everyMs, 30_000) : everyMs, closing.signal).catch(() => undefined);
    }
  };
  return {
    start(hear) {
      tell = onceEach(hear);
      void keepOn();
    },
    now: current,
    loaded: async () => current() ?? refresh(),
    refresh,
    async account(id) {
      const found = await onMiss(id, ({ accounts }) => accounts.get(id));
      return found && { ...found, tags: found.tags ?? (await tags.now(id)) };
    },
    permissionSet: (arn) => onMiss(arn, ({ sets }) => sets.get(arn)),
    state: () => stateOf(current(), failing),
    close: () => closing.abort(),
  };
}

function stateOf(known: Catalogued | undefined, failing: CatalogueState['failing']): CatalogueState {
  const untagged = known ? untaggedIn(known).length : 0;
  const untold = known && untoldIn(known);
  return {
    ...(known ? { loadedAt: known.loadedAt } : {}),
    ...(failing ? { failing } : {}),
    ...(untagged > 0 ? { untagged } : {}),
    ...(untold ? { untold } : {}),
  };
}

function withTags(of: Catalogued, tags: Pick<Tags, 'of' | 'why'>): Catalogued {
  const accounts = [...of.accounts.values()].map(({ untold: _, ...account }): Account => {
    const why = tags.why(account.id);
    return { ...account, tags: tags.of(account.id), ...(why ? { untold: why } : {}) };
  });
  return { ...of, accounts: byId(accounts), search: createSearch(accounts, [...of.sets.values()], of.limits) };
}

const untaggedIn = ({ accounts }: Catalogued): readonly Account[] =>
  [...accounts.values()].filter(({ tags, active }) => active && !tags);

const untoldIn = (known: Catalogued): string | undefined => untaggedIn(known).find(({ untold }) => untold)?.untold;

/** Tells a trouble of a kind when it begins, and not again before it was over. */
function onceEach(tell: (sentence: string) => void): (kind: string, sentence: string | undefined) => void {
  const troubled = new Set<string>();
  return (kind, sentence) => {
    if (sentence === undefined) return void troubled.delete(kind);
    if (!troubled.has(kind) && troubled.add(kind)) tell(sentence);
  };
}

const byId = (accounts: readonly Account[]) => new Map(accounts.map((account) => [account.id, account]));

/** All of it or nothing: a part would look like accounts that are gone. Tags apart, they say nothing of what there is. */
async function read(
  deps: CatalogueDeps,
  before: Catalogued | undefined,
  again: <T>(work: () => Promise<T>) => Promise<T>,
): Promise<Catalogued> {
  const { organisation, time } = deps;
  const instance = before?.instance ?? (await again(() => organisation.instance(deps.instanceArn)));
  const limits = await again(() => organisation.limits(instance));
  const accounts = await again(() => organisation.accounts());
  const sets = new Map<string, PermissionSet>();
  for (const arn of await again(() => organisation.setArns(instance))) {
    const set = before?.sets.get(arn) ?? (await again(() => unlessGone(organisation.set(instance, arn))));
    if (set) sets.set(arn, set);
  }
  return {
    instance,
    limits,
    accounts: byId(accounts),
    sets,
    search: createSearch(accounts, [...sets.values()], limits),
    loadedAt: instant(time.now()),
  };
}

/** A set that was deleted between the list and the question is none. */
async function unlessGone<T>(asked: Promise<T>): Promise<T | undefined> {
  return asked.catch((error: unknown) => {
    if (classOfError(error) === 'not-found') return undefined;
    throw error;
  });
}
