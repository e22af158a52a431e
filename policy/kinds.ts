/**
 * What a rule can say of each kind of target, and what that is held against. One table: another kind of target is one more
 * entry here, and the compiler asks for it.
 */
import type { About, AboutOf } from '../contract/ports.js';
import type { Target, TargetKind, TargetOf } from '../contract/request.js';
import { matches, matchesName, takesAll } from './pattern.js';

/** Which targets a rule speaks of. All that is named must fit; of a list one entry is enough. */
export interface Matches {
  readonly 'mac-admin': { readonly serials: readonly string[] };
  readonly 'aws-permission-set': {
    /** Ids, or patterns of names. */
    readonly accounts?: readonly string[] | undefined;
    /** Ids, or patterns of names, of organisational units at any depth. */
    readonly ous?: readonly string[] | undefined;
    /** Of the account: key to pattern of the value. */
    readonly tags?: Readonly<Record<string, string>> | undefined;
    /** Patterns of names. */
    readonly sets?: readonly string[] | undefined;
  };
}
export type MatchOf<K extends TargetKind> = Matches[K];

interface Kind<K extends TargetKind> {
  fits(match: MatchOf<K>, about: AboutOf<K>): boolean;
  /** Whether it would fit but for what is not known yet of the target. */
  open(match: MatchOf<K>, about: AboutOf<K>): boolean;
  /** Whether whatever fits the inner fits the outer. False when that can't be told from the two alone. */
  takes(outer: MatchOf<K>, inner: MatchOf<K>): boolean;
  /** What has to be typed where the most is at stake: what tells one from another, and how dangerous it is. */
  confirmBy(about: AboutOf<K>, display: string): string;
  /** Names one target in a sentence. */
  nameOf(target: TargetOf<K>): string;
}

const MAC: Kind<'mac-admin'> = {
  fits: ({ serials }, { serial }) => serials.some((pattern) => matches(pattern, serial)),
  open: () => false,
  takes: (outer, inner) => takesAll(outer.serials, inner.serials),
  confirmBy: (_about, display) => display,
  nameOf: ({ display, serial }) => `${display} (${serial})`,
};

/** What names an account by its id, in a rule or elsewhere. */
export const ACCOUNT_ID = /^\d{12}$/;
/** What names an organisational unit by its id. */
export const OU_ID = /^ou-[0-9a-z]{4,32}-[0-9a-z]{8,32}$/;

/** An id is held against ids alone: whoever names an account like another's id gets nothing by it. */
const isOne = (id: RegExp, pattern: string, ids: readonly string[], names: readonly string[]): boolean =>
  id.test(pattern) ? ids.includes(pattern) : names.some((name) => matchesName(pattern, name));

/** Of two patterns; an id is taken by itself alone, for what it is called nobody knows here. */
const takesOne =
  (id: RegExp) =>
  (outer: string, inner: string): boolean =>
    outer === inner || /^\*+$/.test(outer) || (!id.test(outer) && !id.test(inner) && matchesName(outer, inner));

const AWS: Kind<'aws-permission-set'> = {
  fits: (match, about) => fitsUntagged(match, about) && hasTags(match.tags, about.tags),
  open: (match, about) => match.tags !== undefined && about.tags === undefined && fitsUntagged(match, about),
  takes: (outer, inner) =>
    takesNamed(outer.accounts, inner.accounts, takesOne(ACCOUNT_ID)) &&
    takesUnits(outer.ous, inner.ous) &&
    takesNamed(outer.sets, inner.sets, matchesName) &&
    hasTags(outer.tags, inner.tags ?? {}),
  confirmBy: ({ accountName }) => accountName,
  nameOf: ({ display, accountId }) => `${display} (${accountId})`,
};

function fitsUntagged({ accounts, ous, sets }: MatchOf<'aws-permission-set'>, about: AboutOf<'aws-permission-set'>): boolean {
  return (
    (accounts?.some((one) => isOne(ACCOUNT_ID, one, [about.accountId], [about.accountName])) ?? true) &&
    (ous?.some((one) => isOne(OU_ID, one, about.ouIds, about.ouNames)) ?? true) &&
    (sets?.some((one) => matchesName(one, about.set)) ?? true)
  );
}

function hasTags(
  wanted: Readonly<Record<string, string>> | undefined,
  tags: Readonly<Record<string, string>> | undefined,
): boolean {
  return wanted === undefined || (tags !== undefined && Object.entries(wanted).every(([key, one]) => hasTag(tags, key, one)));
}

/** Keys of tags are exact, as at AWS: "Owner" and "owner" are two. */
function hasTag(tags: Readonly<Record<string, string>>, key: string, pattern: string): boolean {
  const value = Object.hasOwn(tags, key) ? tags[key] : undefined;
  return value !== undefined && matchesName(pattern, value);
}

function takesNamed(
  outer: readonly string[] | undefined,
  inner: readonly string[] | undefined,
  takes: (outer: string, inner: string) => boolean,
): boolean {
  if (outer === undefined || outer.some((one) => /^\*+$/.test(one))) return true;
  return inner !== undefined && takesAll(outer, inner, takes);
}

/** An account right under the root is in no unit: not even a star for units fits it. */
function takesUnits(outer: readonly string[] | undefined, inner: readonly string[] | undefined): boolean {
  return outer === undefined || (inner !== undefined && takesAll(outer, inner, takesOne(OU_ID)));
}

const KINDS: { readonly [K in TargetKind]: Kind<K> } = { 'mac-admin': MAC, 'aws-permission-set': AWS };

/** Whether what a rule of a kind says fits what is true of a target of that kind. */
export function fits<K extends TargetKind>(kind: K, match: MatchOf<K>, about: AboutOf<K>): boolean {
  return KINDS[kind].fits(match, about);
}

/** Whether it would fit but for what is not known yet of the target, such as an account's tags. */
export function open<K extends TargetKind>(kind: K, match: MatchOf<K>, about: AboutOf<K>): boolean {
  return KINDS[kind].open(match, about);
}

/** Why something of a target is not known, in the words that follow its name. */
export function whyOpen(about: About): string {
  const untold = about.kind === 'aws-permission-set' ? about.untold : undefined;
  return untold === undefined ? 'are still being read. Try again in a minute.' : `can't be looked up. ${untold}`;
}

/** Whether whatever fits the inner fits the outer, of one kind. */
export function takes<K extends TargetKind>(kind: K, outer: MatchOf<K>, inner: MatchOf<K>): boolean {
  return KINDS[kind].takes(outer, inner);
}

/** See `Offer.confirmBy`. */
export function confirmBy<K extends TargetKind>(kind: K, about: AboutOf<K>, display: string): string {
  return KINDS[kind].confirmBy(about, display);
}

/** A target in a sentence, with what tells it from another of the same name. */
export function nameOf(target: Target): string {
  return nameOfKind(target.kind, target);
}

function nameOfKind<K extends TargetKind>(kind: K, target: Target): string {
  return KINDS[kind].nameOf(target as TargetOf<K>);
}
