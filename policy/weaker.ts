/**
 * Where a later rule gives people what an earlier, stricter one is there for and does not let them ask for. That may be meant, and is
 * then no mistake: so it is a warning. What they are kept out of by a rule that denies is none.
 */
import { few } from '../contract/few.js';
import type { About, Person } from '../contract/ports.js';
import { awsClasses } from './aws-classes.js';
import { readDocument } from './document.js';
import { durationText } from './duration.js';
import { withEveryRota } from './duty.js';
import { aboutMac } from './macs.js';
import type { PeopleFile } from './people.js';
import { perProfile } from './profiles.js';
import { includes, isAws, type Policy, type Rule, ruleFor, rulesAbout } from './rules.js';

const NAMED = 5;

interface Weaker {
  readonly earlier: Rule;
  readonly later: Rule;
  readonly people: Set<string>;
  readonly targets: Set<string>;
}

/** One sentence for each pair of such rules, beginning with `name:line:column` of the later. Active people and what there is for them are gone through. */
export function weakerRules(policy: Policy, file: PeopleFile, name: string): readonly string[] {
  const { rules, denies = [], source } = policy;
  const { classes } = awsClasses([...rules, ...denies].filter(isAws).map(({ match }) => match));
  const onAws = perProfile([policy], (person) => classes.flatMap((one) => passed(policy, one.about, one.label, person)));
  const found = new Map<string, Weaker>();
  for (const person of withEveryRota(file).filter(({ active }) => active)) {
    const onMacs = person.macs.flatMap((mac) => passed(policy, aboutMac(mac), mac.serial, person));
    for (const { earlier, later, target } of [...onMacs, ...onAws(person)]) {
      const key = `${earlier.id} ${later.id}`;
      const weaker = found.get(key) ?? { earlier, later, people: new Set(), targets: new Set() };
      found.set(key, weaker);
      weaker.people.add(person.personId);
      weaker.targets.add(target);
    }
  }
  if (found.size === 0) return [];
  const doc = readDocument(source, name, Number.POSITIVE_INFINITY);
  const { targets } = doc.value as { readonly targets: readonly { readonly id: string }[] };
  return [...found.values()].map(
    (one) => `${doc.at(['targets', targets.findIndex(({ id }) => id === one.later.id), 'id'])} ${sentence(one)}`,
  );
}

interface Passed {
  readonly earlier: Rule;
  readonly later: Rule;
  readonly target: string;
}

/** The stricter rules before the one that applies which are about the same target and do not let this person ask. */
function passed(policy: Policy, about: About, target: string, person: Person): readonly Passed[] {
  const later = ruleFor(policy, about, [person]);
  if (!later) return [];
  const near = rulesAbout(policy, about);
  const earlier = near.slice(0, near.indexOf(later));
  return earlier
    .filter((rule) => !includes(rule.ask, person) && isWeaker(later, rule))
    .map((rule) => ({ earlier: rule, later, target }));
}

function isWeaker(later: Rule, earlier: Rule): boolean {
  return later.quorum < earlier.quorum || later.maxMs > earlier.maxMs || (later.automatic !== undefined && !earlier.automatic);
}

function sentence({ earlier, later, people, targets }: Weaker): string {
  const [more, less] = [terms(later), terms(earlier)];
  const who = few([...people], NAMED);
  const on = few([...targets], NAMED, '; ');
  return `${later.id} gives what ${earlier.id} is there for to others, who may not ask by that: ${more} rather than ${less}. To: ${who}. On: ${on}. If that is not meant, add a rule with effect: deny, match as ${earlier.id} has it, and except those who may ask by it.`;
}

function terms({ quorum, maxMs, automatic }: Rule): string {
  const own = automatic ? ' or the policy itself' : '';
  return `${quorum === 1 ? 'one approval' : `${quorum} approvals`}${own}, up to ${durationText(maxMs)}`;
}
