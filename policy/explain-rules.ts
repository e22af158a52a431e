/** Rule by rule in the order of the file: whether it covers the target and lets these people ask, and which one applies. */
import type { About, Person } from '../contract/ports.js';
import { allOf, attributeReasons, type Holds, kindName, leaf, type Reason, type Untold } from './attributes.js';
import { rotaName } from './rota.js';
import { type Covering, type Deny, includes, isFor, keepsOut, type Rule } from './rules.js';
import { type OnCallWords, through, whoName } from './who.js';

/**
 * A reason for each rule, in the same order. At most one holds: the one that applies. The first that covers the target and lets any
 * of them ask decides, and where it does not let all of them, none holds; nor after one of which it is not known whether it decides.
 * `before` names one that may deny.
 */
export function ruleReasons(
  rules: readonly Rule[],
  about: About | undefined,
  untold: Untold,
  askers: readonly Person[],
  words?: OnCallWords,
  before?: string,
): readonly Reason[] {
  const reasons: Reason[] = [];
  let open = before;
  let last: Reason | undefined;
  for (const rule of rules) {
    const found = last ? passedOver(rule, last) : tried(rule, about, untold, askers, open, words);
    reasons.push(found.reason);
    if (found.decides === 'yes') last = found.reason;
    if (found.decides === 'unknown') open ??= found.reason.what;
  }
  return reasons;
}

interface Deciding {
  readonly reason: Reason;
  /** Whether it is the rule that decides, but for those before it of which it is not known: no rule after it is asked. */
  readonly decides: Holds;
}

function passedOver(rule: Rule, { what, holds }: Reason): Deciding {
  const why = `${what} stands before it and ${holds === 'yes' ? 'applies' : 'decides'}, alone`;
  return { reason: leaf(nameOfRule(rule), 'no', why), decides: 'no' };
}

/** A reason for each rule that denies: whether it lets this pass. Where one does not, no other rule is looked at. */
export function denyReasons(
  denies: readonly Deny[],
  about: About | undefined,
  untold: Untold,
  askers: readonly Person[],
): readonly Reason[] {
  return denies.map((deny) => {
    const what = `${nameOfRule(deny)} does not deny it`;
    const out = askers.filter((person) => keepsOut(deny, person)).map((person) => person.name);
    if (out.length === 0) return leaf(what, 'yes', `it keeps out others than ${askers.map(({ name }) => name).join(' and ')}`);
    const covered = covering(deny, about, untold);
    const why = {
      yes: `it keeps out ${out.join(' and ')}${deny.say === undefined ? '' : `: ${deny.say}`}`,
      no: '',
      unknown: MAY,
    };
    return { what, holds: LETS[covered.holds], why: why[covered.holds], children: [covered] };
  });
}

const LETS = { yes: 'no', no: 'yes', unknown: 'unknown' } as const;
const MAY = 'it may deny it: that depends on what is not known';

/** `first` is an earlier rule of which it is not known whether it decides. */
function tried(
  rule: Rule,
  about: About | undefined,
  untold: Untold,
  askers: readonly Person[],
  first: string | undefined,
  words: OnCallWords | undefined,
): Deciding {
  const covered = covering(rule, about, untold);
  const asked = askers.map((person) => asking(rule, person, untold, words));
  const children = [covered, ...asked, ...forWhom(rule, askers)];
  const alone = allOf(children);
  const decides = allOf([covered, { ...covered, holds: anyOf(asked) }]);
  const holds = first && alone === 'yes' ? 'unknown' : alone;
  const open = first ? `${first} stands before it, and may apply` : 'it may apply: that depends on what is not known';
  const not = decides === 'yes' ? 'it decides, alone, and does not let this be asked' : '';
  const why = { yes: `applies${extras(rule)}`, no: not, unknown: open }[holds];
  return { reason: { what: nameOfRule(rule), holds, why, children }, decides };
}

/** Said where one asks for another. */
function forWhom(rule: Rule, askers: readonly Person[]): readonly Reason[] {
  if (askers.length < 2) return [];
  const may = isFor(rule, askers);
  return [leaf('lets people ask for others', may ? 'yes' : 'no', may ? '' : 'it lets them ask for themselves alone')];
}

/** Any of them: one that holds settles it, whatever is not known. */
function anyOf(parts: readonly Reason[]): Holds {
  if (parts.some(({ holds }) => holds === 'yes')) return 'yes';
  return parts.some(({ holds }) => holds === 'unknown') ? 'unknown' : 'no';
}

function covering(rule: Covering, about: About | undefined, untold: Untold): Reason {
  const what = 'covers the target';
  if (!about) return leaf(what, 'no', 'nothing is known of it');
  const children = attributeReasons(rule, about, untold);
  if (!children) return leaf(what, 'no', `the rule is about ${kindName(rule.kind)}`);
  return { what, holds: allOf(children), why: '', children };
}

function asking({ ask }: Rule, person: Person, untold: Untold, words: OnCallWords | undefined): Reason {
  const what = `lets ${person.name} ask`;
  if (includes(ask, person)) return leaf(what, 'yes', through(ask, person, words));
  const unknown = untoldRotas(ask.groups, untold);
  if (unknown.length > 0) return leaf(what, 'unknown', `it is not known who is on call for ${unknown.join(', ')}`);
  return leaf(what, 'no', `it lets ${whoName(ask)} ask`);
}

/** The rotas among these groups of which it is not known who is on call. */
export function untoldRotas(groups: readonly string[], untold: Untold): readonly string[] {
  const rotas = groups.map(rotaName).filter((rota) => rota !== undefined);
  return rotas.filter((rota) => untold(`oncall:${rota}`));
}

function nameOfRule({ id }: Pick<Rule, 'id'>): string {
  return `rule ${id}`;
}

function extras({ tier, channel }: Rule): string {
  return `${tier === undefined ? '' : `; tier ${tier}`}${channel === undefined ? '' : `; decided in the channel ${channel}`}`;
}
