/** What a person may ask for: one offer for each of their Macs that a rule covers. */
import type { Directory, Person } from '../contract/ports.js';
import type { Offer } from '../contract/preview.js';
import type { Target } from '../contract/request.js';
import { everybodyOf } from './facts.js';
import { includes, type Policy, type Rule, ruleFor } from './rules.js';

const NAMED = 20;

/** The target of one of a person's Macs, as the people file lists it. */
export function macTarget(mac: Person['macs'][number]): Target {
  const { serial, localUser, name } = mac;
  return { kind: 'mac-admin', key: `mac-admin/${serial}`, serial, localUser, display: name };
}

/** Everything that this person may ask for now, for themselves. Empty for who is not active. Directory errors pass through. */
export async function offersFor(policy: Policy, person: Person, directory: Directory): Promise<Offer[]> {
  if (!person.active) return [];
  const found = person.macs.map(macTarget).map((target) => ({ target, rule: ruleFor(policy, target, [person]) }));
  const offers = found.map(async ({ target, rule }) => (rule ? [await offerOf(target, rule, person, directory)] : []));
  return (await Promise.all(offers)).flat();
}

async function offerOf(target: Target, rule: Rule, person: Person, directory: Directory): Promise<Offer> {
  const pool = await everybodyOf(directory, [rule.approve]);
  const approvers = pool.filter((p) => p.active && p.personId !== person.personId && includes(rule.approve, p));
  const approverNames = approvers.map((p) => p.name).sort((a, b) => a.localeCompare(b, 'en'));
  return { target, windowsMs: rule.windowsMs, approverNames: approverNames.slice(0, NAMED), rule: rule.id };
}
