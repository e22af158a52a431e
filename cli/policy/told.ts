/**
 * A target as the flags of a command tell it. A Mac stands in the people file. Of AWS nobody is asked here: what is told is
 * believed, and what is not told is not known.
 */
import { StintError } from '../../contract/errors.js';
import type { LocalUser } from '../../contract/ids.js';
import type { AwsAbout, Person, TargetLook } from '../../contract/ports.js';
import type { AwsPermissionSetTarget, Target } from '../../contract/request.js';
import type { Untold } from '../../policy/attributes.js';
import type { Inquiry } from '../../policy/explain.js';
import { ACCOUNT_ID, OU_ID } from '../../policy/kinds.js';
import { aboutMac, lookAtMac, macTarget } from '../../policy/macs.js';
import { didYouMean } from '../../policy/problems.js';
import { listNames } from '../../policy/sentences.js';
import { serial as serialShape } from '../../seal/shapes.js';

export interface TargetFlags {
  readonly target: string;
  readonly account?: readonly string[];
  readonly ou?: readonly string[];
  readonly tag?: readonly string[];
  readonly set?: string;
}

/** A target that nobody asked for, and what is known of it. */
export interface Told {
  readonly target: Target;
  readonly look: TargetLook;
  readonly untold: Untold;
  readonly whose: Inquiry['whose'];
}

const bad = (sentence: string): StintError => new StintError('bad-input', sentence);

/** The target of the flags, for whoever would hold it. Throws `bad-input` for what can't be meant. */
export function toldTarget(flags: TargetFlags, holder: Person | undefined, people: readonly Person[]): Told {
  return /^aws(\/|$)/.test(flags.target) ? toldAws(flags, holder) : toldMac(flags, holder, people);
}

function toldMac({ target, account, ou, tag, set }: TargetFlags, holder: Person | undefined, people: readonly Person[]): Told {
  const parsed = serialShape.safeParse(target.replace(/^mac-admin\//, ''));
  if (!parsed.success)
    throw bad(
      `--target must be the serial number of a Mac in upper case, or aws/<account>/<permission set>, not ${target}${calledSo(target, holder, people)}`,
    );
  if (account || ou || tag || set !== undefined)
    throw bad('--account, --ou, --tag and --set are about AWS. Leave them out for a Mac, or begin --target with aws/.');
  const serial = parsed.data;
  const mine = holder?.macs.find((mac) => mac.serial === serial);
  if (mine && holder) {
    const own = macTarget(mine);
    const whose = { holds: 'yes', why: `the people file gives it to ${holder.name}` } as const;
    return { target: own, look: lookAtMac(own, holder), untold: () => false, whose };
  }
  const owners = people.filter(({ macs }) => macs.some((mac) => mac.serial === serial));
  const refusal =
    owners.length > 0
      ? `The people file gives ${serial} to ${listNames(owners)}, not to ${holder?.name ?? 'them'}.`
      : `The people file gives ${serial} to nobody${didYouMean(serial, serialsOf(people), '.')}`;
  return {
    target: { kind: 'mac-admin', key: `mac-admin/${serial}`, serial, localUser: '' as LocalUser, display: 'a Mac' },
    look: { about: aboutMac({ serial }), refusal },
    untold: () => false,
    whose: { holds: 'unknown', why: '' },
  };
}

const serialsOf = (people: readonly Person[]): string[] => people.flatMap(({ macs }) => macs.map((mac) => mac.serial));

/** The serial number of a Mac that is called so, theirs before others'. */
function calledSo(name: string, holder: Person | undefined, people: readonly Person[]): string {
  const all = [...(holder ? [holder] : []), ...people].flatMap(({ macs }) => macs);
  const named = all.find((mac) => mac.name.toLowerCase() === name.toLowerCase() || mac.serial === name.toUpperCase());
  return named ? `; did you mean ${named.serial}?` : '.';
}

/** An ARN's last part, by which a key names a permission set. Rules go by the name, which it does not tell. */
const SET_ID = /^ps-[0-9a-zA-Z.-]{16}$/;

function toldAws({ target, account = [], ou = [], tag, set }: TargetFlags, holder: Person | undefined): Told {
  const [, accountPart = '', setPart = '', ...more] = target.split('/');
  if (more.length > 0) throw bad(`--target must be aws/<account>/<permission set>; say a name that has a slash with --account.`);
  if (/\/(\/|$)/.test(target))
    throw bad(
      `--target must be aws/<account>/<permission set>, or less of it (aws/<account>, aws), not ${target}: a part is empty.`,
    );
  const accounts = [accountPart, ...account].filter(Boolean);
  const accountId = only(accounts.filter((one) => ACCOUNT_ID.test(one)));
  const accountName = only(accounts.filter((one) => !ACCOUNT_ID.test(one)));
  const setName = only([setPart, set ?? ''].filter((one) => one !== '' && !SET_ID.test(one)));
  const units = unitsOf(ou);
  const tags = tag && tagsOf(tag);
  const about: AwsAbout = {
    kind: 'aws-permission-set',
    accountId: accountId ?? '',
    accountName: accountName ?? '',
    ouNames: units.names ?? [],
    ouIds: units.ids ?? [],
    ...(tags ? { tags: Object.fromEntries([...tags].filter((pair): pair is [string, string] => pair[1] !== undefined)) } : {}),
    set: setName ?? '',
  };
  const told = { accountId, accountName, ouNames: units.names, ouIds: units.ids, set: setName };
  const known = new Set([
    ...Object.entries(told).flatMap(([name, value]) => (value === undefined ? [] : [name])),
    ...[...(tags?.keys() ?? [])].map((key) => `tag:${key}`),
  ]);
  return {
    target: supposedTarget(about, setPart),
    look: { about },
    untold: (attribute) => !known.has(attribute),
    whose: {
      holds: 'unknown',
      why: `AWS is not asked here whether there is such an account and set, nor which user ${holder?.name ?? 'they'} would be`,
    },
  };
}

/** One value, or none. Two that differ can't both be meant. */
function only(values: readonly string[]): string | undefined {
  const [first, ...rest] = values;
  const other = rest.find((value) => value !== first);
  if (other === undefined) return first;
  throw bad(`This names both ${first} and ${other}. Give one account, by its id, its name or both, and one permission set.`);
}

/** An empty one says that there is no unit. Undefined where nothing is told of ids, or of names. */
function unitsOf(units: readonly string[]): { readonly names?: readonly string[]; readonly ids?: readonly string[] } {
  const [ids, names] = [true, false].map((id) => units.filter((one) => one !== '' && OU_ID.test(one) === id));
  const none = units.includes('');
  return { ...(none || names?.length ? { names: names ?? [] } : {}), ...(none || ids?.length ? { ids: ids ?? [] } : {}) };
}

/** `Key=Value`, or `Key` alone for a tag that the account doesn't have. */
function tagsOf(tags: readonly string[]): ReadonlyMap<string, string | undefined> {
  const found = new Map<string, string | undefined>();
  for (const text of tags) {
    const [, key = '', value] = /^([^=]+)(?:=(.*))?$/s.exec(text) ?? [];
    if (key === '') throw bad(`--tag must be Key=Value, or Key alone for a tag that the account doesn't have, not ${text}.`);
    if (found.has(key)) throw bad(`--tag ${key} is given twice. A tag has one value.`);
    found.set(key, value);
  }
  return found;
}

/** No id is pinned, and none is needed: nothing is asked for. What is not told is named by what it would be. */
function supposedTarget({ accountId, accountName, set }: AwsAbout, setPart: string): AwsPermissionSetTarget {
  const name = accountName || accountId || 'an AWS account';
  return {
    kind: 'aws-permission-set',
    key: 'aws',
    instanceArn: '',
    accountId: accountId || 'id not told',
    permissionSetArn: '',
    principalId: '',
    accountName: name,
    setName: set,
    display: `${set || setPart || 'a permission set'} in ${name}`,
    sessionMs: 0,
  };
}
