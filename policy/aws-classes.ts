/**
 * The AWS targets that rules can tell apart. What a rule sees of a target is finite, so two policies can be compared without a list
 * of real accounts: one made-up target stands for all that exactly the same rules cover.
 */
import type { AwsAbout } from '../contract/ports.js';
import { fits, type MatchOf } from './kinds.js';
import { matchesName } from './pattern.js';

type AwsMatch = MatchOf<'aws-permission-set'>;

interface AwsClass {
  /** One example in the words of the rules, such as `account sandbox-*, set ReadOnly`; what is left out is none that they name. */
  readonly label: string;
  readonly about: AwsAbout;
}

interface AwsClasses {
  readonly classes: readonly AwsClass[];
  /** False when the rules tell more apart than is looked at. */
  readonly complete: boolean;
}

/** One value that an attribute may have. */
interface Choice {
  /** Empty where no rule names it. */
  readonly label: string;
  readonly put: Partial<AwsAbout>;
  /** Made of others: its label says nothing where one of those does the same. */
  readonly combined?: boolean;
}

/** Choices of some attributes, with the rules that they leave possible: bit i for rule i. */
interface Part extends Choice {
  readonly fitting: bigint;
}

/** Leaves out what is too much, and remembers that it did. */
type Cap = <T>(all: readonly T[]) => readonly T[];

/** More of anything than this is not looked at: nobody could review it. */
const MOST = 1000;
/** So many units make more pairs than that. */
const PAIRED = 46;
/** Stands for what no rule names: no name at AWS holds it, and no spelling of letters changes it. */
const OTHER = '§';
const PLAIN: AwsAbout = {
  kind: 'aws-permission-set',
  accountId: '000000000000',
  accountName: OTHER,
  ouNames: [],
  ouIds: [],
  tags: {},
  set: OTHER,
};

/**
 * One target for each set of rules that can cover one together, of those that any of these covers. Accounts in more than two
 * of the named units at once are not looked at.
 */
export function awsClasses(matches: readonly AwsMatch[]): AwsClasses {
  let complete = true;
  const cap: Cap = (all) => {
    complete &&= all.length <= MOST;
    return all.slice(0, MOST);
  };
  const named = (part: 'accounts' | 'ous' | 'sets') => cap([...new Set(matches.flatMap((match) => match[part] ?? []))]);
  const attributes = [
    accountParts(named('accounts'), matches, cap),
    unitParts(named('ous'), matches, cap),
    setParts(named('sets'), matches, cap),
    ...cap(tagKeys(matches)).map((key) => tagParts(key, matches, cap)),
  ];
  const all = attributes.reduce((parts, more) => cap(together(parts, more)));
  const covered = all.filter(({ fitting }) => fitting !== 0n);
  return { classes: covered.map(({ label, put }) => ({ label: label || 'any', about: { ...PLAIN, ...put } })), complete };
}

/** Of choices that leave the same rules possible the first stays; what else rules call it is added to its label. */
function tellApart(choices: readonly Choice[], parts: readonly AwsMatch[]): readonly Part[] {
  const found = new Map<bigint, { readonly put: Choice['put']; readonly labels: Set<string> }>();
  for (const { label, put, combined } of choices) {
    const about = { ...PLAIN, ...put };
    const bits = parts.map((part, i) => (fits('aws-permission-set', part, about) ? 1n << BigInt(i) : 0n));
    const fitting = bits.reduce((sum, bit) => sum | bit, 0n);
    const known = found.get(fitting);
    if (!known) found.set(fitting, { put, labels: new Set([label]) });
    else if (!combined) known.labels.add(label);
  }
  return [...found].map(([fitting, { put, labels }]) => ({ fitting, put, label: labels.has('') ? '' : oneOf([...labels]) }));
}

const NAMED = 3;
const oneOf = (labels: readonly string[]): string =>
  labels.slice(0, NAMED).join(' or ') + (labels.length > NAMED ? ` or ${labels.length - NAMED} more` : '');

/** Every choice of the one with every choice of the other, as far as that tells rules apart. The plainest comes first, and stays. */
function together(parts: readonly Part[], more: readonly Part[]): readonly Part[] {
  const found = new Map<bigint, Part>();
  for (const one of parts) {
    for (const other of more) {
      const fitting = one.fitting & other.fitting;
      if (found.has(fitting)) continue;
      const label = [one.label, other.label].filter(Boolean).join(', ');
      const tags = { ...one.put.tags, ...other.put.tags };
      found.set(fitting, { label, put: { ...one.put, ...other.put, tags }, fitting });
    }
  }
  return [...found.values()];
}

const isAccountId = (text: string): boolean => /^\d{12}$/.test(text);

/** An account has an id and a name, and either of them is enough for a rule: so each name that matters with each id that does. */
function accountParts(patterns: readonly string[], matches: readonly AwsMatch[], cap: Cap): readonly Part[] {
  const parts = matches.map(({ accounts }) => ({ accounts }));
  const called = tellApart(
    names(
      patterns.filter((pattern) => !isAccountId(pattern)),
      cap,
    ).map(({ label, name, combined }) => ({ label: label && `account ${label}`, put: { accountName: name }, combined })),
    parts,
  );
  const known = tellApart(
    patterns.filter(isAccountId).map((accountId) => ({ label: `account ${accountId}`, put: { accountId } })),
    parts,
  );
  // One more than fit, so that what is left out is known to be.
  const each = called.slice(0, Math.ceil(MOST / Math.max(1, known.length)) + 1);
  const both = known.flatMap((id) =>
    each.map(({ label, put }) => ({
      label: label ? `${id.label}, as ${label}` : id.label,
      put: { ...id.put, ...put },
      combined: label !== '',
    })),
  );
  return tellApart(cap([...called, ...both]), parts);
}

function setParts(patterns: readonly string[], matches: readonly AwsMatch[], cap: Cap): readonly Part[] {
  const choices = names(patterns, cap).map(({ label, name, combined }) => ({
    label: label && `set ${label}`,
    put: { set: name },
    combined,
  }));
  return tellApart(
    choices,
    matches.map(({ sets }) => ({ sets })),
  );
}

/** No unit, each unit, and each two of them: units are in units, and an account in both of two is the earlier rule's. */
function unitParts(patterns: readonly string[], matches: readonly AwsMatch[], cap: Cap): readonly Part[] {
  const parts = matches.map(({ ous }) => ({ ous }));
  // An entry is an id or a name; a unit of which only the id is named has some name, too.
  const unit = (label: string, called: readonly string[], combined = false): Choice => ({
    label,
    put: { ouNames: called, ouIds: called },
    combined,
  });
  const single = names(patterns, cap).map(({ label, name, combined }) => unit(`in ${label || 'any unit'}`, [name], combined));
  const alone = tellApart(single, parts);
  const paired = alone.slice(0, PAIRED);
  const pairs = paired.flatMap((one, i) =>
    paired
      .slice(i + 1)
      .map((other) => unit(`${one.label} and ${other.label}`, [...(one.put.ouNames ?? []), ...(other.put.ouNames ?? [])], true)),
  );
  return tellApart(cap([{ label: '', put: {} }, ...alone, ...pairs]), parts);
}

function tagKeys(matches: readonly AwsMatch[]): readonly string[] {
  return [...new Set(matches.flatMap(({ tags }) => Object.keys(tags ?? {})))];
}

/** An account without the tag comes first: it is the plainest. */
function tagParts(key: string, matches: readonly AwsMatch[], cap: Cap): readonly Part[] {
  const patterns = matches.flatMap((match) => tagPart(key, match).tags?.[key] ?? []);
  const named = names(patterns, cap).map(({ label, name, combined }) => ({
    label: label ? `tag ${key}=${label}` : `tag ${key} of any value`,
    put: { tags: { [key]: name } },
    combined,
  }));
  return tellApart(
    [{ label: '', put: {} }, ...named],
    matches.map((match) => tagPart(key, match)),
  );
}

function tagPart(key: string, { tags }: AwsMatch): AwsMatch {
  const pattern = tags && Object.hasOwn(tags, key) ? tags[key] : undefined;
  return pattern === undefined ? {} : { tags: { [key]: pattern } };
}

interface Named {
  readonly label: string;
  readonly name: string;
  /** Of several patterns. */
  readonly combined: boolean;
}

/**
 * Names that tell patterns apart: one that fits none, one for each pattern alone, and one for each several that can fit one name
 * together. Those are found by letting stars stand for names that were found before, until no new combination comes up.
 */
function names(patterns: readonly string[], cap: Cap): readonly Named[] {
  const all = [...new Set(patterns)];
  const starred = all.filter((pattern) => pattern.includes('*'));
  const found = new Map<string, Named>();
  const add = (label: string, name: string, combined: boolean): void => {
    const key = starred.map((pattern) => (matchesName(pattern, name) ? '1' : '0')).join('');
    if (found.size <= MOST && !found.has(key)) found.set(key, { label, name, combined });
  };
  add('', OTHER, false);
  for (const pattern of starred) for (const name of fillings(pattern)) add(pattern, name, false);
  // A map's values go on to those that are added meanwhile.
  for (const { label, name } of found.values()) {
    if (label === '') continue;
    for (const pattern of starred) for (const filled of fillings(pattern, name)) add(`${label} and ${pattern}`, filled, true);
  }
  const literal = all
    .filter((pattern) => !pattern.includes('*'))
    .map((pattern) => ({ label: pattern, name: pattern, combined: false }));
  return cap([...found.values(), ...literal]);
}

/** Texts that a pattern fits: its first star stands for this, alone or with something else around it, and the others for nothing. */
function fillings(pattern: string, inner = ''): readonly string[] {
  const fills = [`${OTHER}${inner}${OTHER}`, `${inner}${OTHER}`, `${OTHER}${inner}`, inner];
  return [...new Set(fills.map((fill) => pattern.replace('*', () => fill).replaceAll('*', '')))];
}
