/** Kinds of people, as rules see them: what is asked of thousands is looked at for the few of them that differ. */
import type { Person } from '../contract/ports.js';
import { includes, keepsOut, type Policy } from './rules.js';

/** Says of a person which rules of these policies let them ask, or keep them out: who is alike in that gets the same rules. */
export function profileOf(policies: readonly Policy[]): (person: Person) => string {
  const rules = policies.flatMap((policy) => policy.rules);
  const denies = policies.flatMap((policy) => policy.denies ?? []);
  return (person) => {
    const meant = [...rules.map(({ ask }) => includes(ask, person)), ...denies.map((deny) => keepsOut(deny, person))];
    return meant.map((one) => (one ? '1' : '0')).join('');
  };
}

/** Looks once for all who are alike. */
export function perProfile<T>(policies: readonly Policy[], look: (person: Person) => T): (person: Person) => T {
  const seen = new Map<string, T>();
  const profile = profileOf(policies);
  return (person) => {
    const key = profile(person);
    const known = seen.get(key) ?? look(person);
    seen.set(key, known);
    return known;
  };
}
