/** Rule by rule in the order of the file: whether it covers the target and lets these people ask, and which one applies. */
import type { About, Person } from '../contract/ports.js';
import { allOf, attributeReasons, kindName, leaf, type Reason, type Untold } from './attributes.js';
import { rotaName } from './rota.js';
import { includes, type Rule } from './rules.js';
import { type OnCallWords, through, whoName } from './who.js';

/**
 * A reason for each rule, in the same order. At most one holds: the one that applies. After one of which it is not known
 * whether it applies, none holds.
 */
export function ruleReasons(
  rules: readonly Rule[],
  about: About | undefined,
  untold: Untold,
  askers: readonly Person[],
  words?: OnCallWords,
): readonly Reason[] {
  const reasons: Reason[] = [];
  let first: Reason | undefined;
  for (const rule of rules) {
    const reason = first?.holds === 'yes' ? passedOver(rule, first) : tried(rule, about, untold, askers, first, words);
    reasons.push(reason);
    if (reason.holds !== 'no') first ??= reason;
  }
  return reasons;
}

function passedOver(rule: Rule, first: Reason): Reason {
  return leaf(nameOfRule(rule), 'no', `${first.what} stands before it and applies, alone`);
}

/** `first` is an earlier rule of which it is not known whether it applies. */
function tried(
  rule: Rule,
  about: About | undefined,
  untold: Untold,
  askers: readonly Person[],
  first: Reason | undefined,
  words: OnCallWords | undefined,
): Reason {
  const children = [covering(rule, about, untold), ...askers.map((person) => asking(rule, person, untold, words))];
  const alone = allOf(children);
  const holds = first && alone === 'yes' ? 'unknown' : alone;
  const open = first ? `${first.what} stands before it, and may apply` : 'it may apply: that depends on what is not known';
  return { what: nameOfRule(rule), holds, why: { yes: `applies${extras(rule)}`, no: '', unknown: open }[holds], children };
}

function covering(rule: Rule, about: About | undefined, untold: Untold): Reason {
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

function nameOfRule({ id }: Rule): string {
  return `rule ${id}`;
}

function extras({ tier, channel }: Rule): string {
  return `${tier === undefined ? '' : `; tier ${tier}`}${channel === undefined ? '' : `; decided in the channel ${channel}`}`;
}
