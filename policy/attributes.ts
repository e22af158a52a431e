/**
 * What a rule says of a target, attribute by attribute: which fits, which doesn't, and which can't be told. Each is held
 * against the rule by the same `fits` that decides. One table by kind, like the one in `kinds.ts`.
 */
import { few } from '../contract/few.js';
import type { About, AboutOf } from '../contract/ports.js';
import type { TargetKind } from '../contract/request.js';
import { ACCOUNT_ID, fits, type MatchOf, OU_ID } from './kinds.js';
import type { Covering } from './rules.js';

/** Whether something holds. `unknown` is never taken for either of the others. */
export type Holds = 'yes' | 'no' | 'unknown';

/** One step of an explanation, and the steps that it rests on. */
export interface Reason {
  readonly what: string;
  readonly holds: Holds;
  /** In words; empty where the children say it. */
  readonly why: string;
  readonly children: readonly Reason[];
}

type Attribute = 'accountId' | 'accountName' | 'ouIds' | 'ouNames' | 'set' | `tag:${string}` | `oncall:${string}`;

/**
 * Whether an attribute is not known. In `About` it is then empty (or, a tag, not there): so it fits only what anything
 * fits, and whatever it turns out to be, what fitted still fits.
 */
export type Untold = (attribute: Attribute) => boolean;

type AttributesOf<K extends TargetKind> = (match: MatchOf<K>, about: AboutOf<K>, untold: Untold) => readonly Reason[];

const ATTRIBUTES: { readonly [K in TargetKind]: AttributesOf<K> } = {
  'mac-admin': ({ serials }, about) => [
    oneOf('serial number', serials, about.serial, (one) => fits('mac-admin', { serials: [one] }, about)),
  ],
  'aws-permission-set': ({ accounts, ous, tags, sets }, about, untold) => [
    ...(accounts ? [account(accounts, about, untold)] : []),
    ...(ous ? [unit(ous, about, untold)] : []),
    ...(tags ? [tagged(tags, about, untold)] : []),
    ...(sets ? [permissionSet(sets, about, untold)] : []),
  ],
};

const CALLED: { readonly [K in TargetKind]: string } = { 'mac-admin': 'Macs', 'aws-permission-set': 'AWS permission sets' };

/** The targets of a kind, in a sentence. */
export function kindName(kind: TargetKind): string {
  return CALLED[kind];
}

/** A reason for each attribute that the rule names, all of which must hold. Undefined for a target of another kind. */
export function attributeReasons(rule: Covering, about: About, untold: Untold): readonly Reason[] | undefined {
  return ofKind(rule, about, untold);
}

function ofKind<K extends TargetKind>(
  { kind, match }: { readonly kind: K; readonly match: MatchOf<K> },
  about: About,
  untold: Untold,
): readonly Reason[] | undefined {
  return about.kind === kind ? ATTRIBUTES[kind](match, about as AboutOf<K>, untold) : undefined;
}

/** All of them together: one that doesn't hold settles it, whatever is not known. */
export function allOf(parts: readonly Reason[]): Holds {
  if (parts.some(({ holds }) => holds === 'no')) return 'no';
  return parts.some(({ holds }) => holds === 'unknown') ? 'unknown' : 'yes';
}

/** A reason that rests on no other. */
export function leaf(what: string, holds: Holds, why: string): Reason {
  return { what, holds, why, children: [] };
}

type OfAws = AboutOf<'aws-permission-set'>;

function account(patterns: readonly string[], about: OfAws, untold: Untold): Reason {
  const it = [about.accountId, about.accountName].filter(Boolean).join(', ');
  const open = (one: string) => untold(ACCOUNT_ID.test(one) ? 'accountId' : 'accountName');
  return oneOf('account', patterns, it, (one) => fits('aws-permission-set', { accounts: [one] }, about), open);
}

function unit(patterns: readonly string[], about: OfAws, untold: Untold): Reason {
  const it = `in ${[...about.ouNames, ...about.ouIds].join(', ') || 'no unit'}`;
  const open = (one: string) => untold(OU_ID.test(one) ? 'ouIds' : 'ouNames');
  return oneOf('organisational unit', patterns, it, (one) => fits('aws-permission-set', { ous: [one] }, about), open);
}

function permissionSet(patterns: readonly string[], about: OfAws, untold: Untold): Reason {
  const fitsIt = (one: string) => fits('aws-permission-set', { sets: [one] }, about);
  return oneOf('permission set', patterns, about.set, fitsIt, () => untold('set'));
}

function tagged(wanted: Readonly<Record<string, string>>, about: OfAws, untold: Untold): Reason {
  const children = Object.entries(wanted).map(([key, pattern]) => tag(key, pattern, about, untold));
  return { what: 'tags of the account', holds: allOf(children), why: '', children };
}

function tag(key: string, pattern: string, about: OfAws, untold: Untold): Reason {
  const what = `tag ${key}`;
  if (!about.tags || untold(`tag:${key}`)) return leaf(what, 'unknown', notKnown([pattern]));
  if (!Object.hasOwn(about.tags, key)) return leaf(what, 'no', 'the account has no such tag');
  return oneOf(what, [pattern], about.tags[key] || 'empty', () =>
    fits('aws-permission-set', { tags: { [key]: pattern } }, about),
  );
}

/** Of a list one entry is enough. */
function oneOf(
  what: string,
  patterns: readonly string[],
  it: string,
  fitsIt: (pattern: string) => boolean,
  open: (pattern: string) => boolean = () => false,
): Reason {
  const fitting = patterns.find(fitsIt);
  if (fitting !== undefined) return leaf(what, 'yes', `fits ${quoted([fitting])}`);
  const unsure = patterns.filter(open);
  if (unsure.length > 0) return leaf(what, 'unknown', notKnown(unsure));
  return leaf(what, 'no', `the rule names ${quoted(patterns)}; this is ${it}`);
}

const notKnown = (patterns: readonly string[]): string => `not known, and the rule names ${quoted(patterns)}`;

const NAMED = 5;

function quoted(patterns: readonly string[]): string {
  return few(
    patterns.map((one) => `"${one}"`),
    NAMED,
  );
}
