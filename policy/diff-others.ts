/**
 * What another policy changes for those who ask for somebody else. On which terms that is had is as for the subject alone, and told there;
 * here it is whether one person may ask for another at all. Kinds of people are compared, not everybody with everybody.
 */
import type { PersonId } from '../contract/ids.js';
import type { About, Person } from '../contract/ports.js';
import { aboutMac } from './macs.js';
import { profileOf } from './profiles.js';
import { covers, type Policy, ruleFor, rulesAbout } from './rules.js';

/** One change, for all who ask, all for whom and all targets that it is the same for. */
export interface OthersChange {
  readonly widened: readonly string[];
  readonly narrowed: readonly string[];
  readonly people: readonly PersonId[];
  /** For whom they ask. Macs name that themselves. */
  readonly subjects: readonly PersonId[];
  readonly targets: readonly string[];
}

/** So many kinds of asker, subject and target are looked at. */
const MOST = 200_000;

interface Target {
  readonly about: About;
  readonly labels: readonly string[];
}

/** `aws` are the targets that the rules of both can tell apart. `complete` is false where there is more than is looked at. */
export function diffOthers(
  before: Policy,
  after: Policy,
  active: readonly Person[],
  aws: readonly { readonly about: About; readonly label: string }[],
): { readonly changes: readonly OthersChange[]; readonly complete: boolean } {
  const kinds = [...grouped(active, profileOf([before, after])).values()];
  const targets = aws.map(({ about, label }) => ({ about, labels: [label] }));
  const found: Found[] = [];
  let left = MOST;
  for (const subjects of kinds) {
    const macs = macsOf(subjects, before, after);
    for (const askers of kinds) {
      const pair = twoOf(askers, subjects);
      if (!pair) continue;
      left -= macs.length + targets.length;
      if (left < 0) return { changes: merged(found), complete: false };
      const changed = (all: readonly Target[]) => changesFor(before, after, pair, all);
      for (const [text, labels] of changed(macs)) found.push({ text, labels, askers, subjects: [] });
      for (const [text, labels] of changed(targets)) found.push({ text, labels, askers, subjects });
    }
  }
  return { changes: merged(found), complete: true };
}

interface Found {
  /** JSON of what is wider and what is narrower. */
  readonly text: string;
  readonly labels: readonly string[];
  readonly askers: readonly Person[];
  readonly subjects: readonly Person[];
}

/** One who asks and another for whom, of the same kind or of two kinds; undefined where the only one would ask for themself. */
function twoOf(askers: readonly Person[], subjects: readonly Person[]): readonly [Person, Person] | undefined {
  const [asker] = askers;
  const subject = subjects.find(({ personId }) => personId !== asker?.personId);
  return asker && subject && [asker, subject];
}

function changesFor(before: Policy, after: Policy, pair: readonly Person[], targets: readonly Target[]) {
  const found = new Map<string, string[]>();
  for (const { about, labels } of targets) {
    const [was, is] = [ruleFor(before, about, pair), ruleFor(after, about, pair)];
    if ((was === undefined) === (is === undefined)) continue;
    const widened = is ? [`may ask for others now, by the rule ${is.id}`] : [];
    const narrowed = was ? [`may ask for others no more; could by the rule ${was.id}`] : [];
    const text = JSON.stringify({ widened, narrowed });
    found.set(text, [...(found.get(text) ?? []), ...labels]);
  }
  return found;
}

/** The Macs of these people, those together that the same rules are about. */
function macsOf(people: readonly Person[], before: Policy, after: Policy): readonly Target[] {
  const all = people.flatMap(({ personId, macs }) =>
    macs.map((mac) => ({ about: aboutMac(mac), label: `${mac.serial} of ${personId}` })),
  );
  const denies = [...(before.denies ?? []), ...(after.denies ?? [])];
  const alike = grouped(all, ({ about }) => {
    const rules = [before, after].map((policy) => rulesAbout(policy, about).map(({ id }) => id));
    return JSON.stringify([...rules, denies.map((deny) => covers(deny, about))]);
  });
  return [...alike.values()].flatMap((same) =>
    same[0] ? [{ about: same[0].about, labels: same.map(({ label }) => label) }] : [],
  );
}

/** Those who ask for the same on the same become one, and so do those for whom they ask. */
function merged(found: readonly Found[]): readonly OthersChange[] {
  const ids = (people: readonly Person[]) => [...new Set(people.map(({ personId }) => personId))].sort();
  // On Macs each label names for whom, so they go together whoever that is.
  const onMacs = grouped(
    found.filter(({ subjects }) => subjects.length === 0),
    ({ text, askers }) => `${text}\n${ids(askers)}`,
  );
  const macs = [...onMacs.values()].flatMap(([one, ...more]) =>
    one ? [{ ...one, labels: [one, ...more].flatMap(({ labels }) => labels).sort() }] : [],
  );
  const onAws = grouped(
    found.filter(({ subjects }) => subjects.length > 0),
    ({ text, labels, askers }) => JSON.stringify([text, labels, ids(askers)]),
  );
  const aws = [...onAws.values()].flatMap(([one, ...more]) =>
    one ? [{ ...one, subjects: [one, ...more].flatMap(({ subjects }) => subjects) }] : [],
  );
  const together = grouped([...macs, ...aws], ({ text, labels, subjects }) => JSON.stringify([text, labels, ids(subjects)]));
  return [...together.values()].flatMap(([one, ...more]) => {
    if (!one) return [];
    const people = ids([one, ...more].flatMap(({ askers }) => askers));
    return [{ ...JSON.parse(one.text), people, subjects: ids(one.subjects), targets: one.labels } satisfies OthersChange];
  });
}

function grouped<T>(all: readonly T[], keyOf: (one: T) => string): ReadonlyMap<string, readonly T[]> {
  const found = new Map<string, T[]>();
  for (const one of all) {
    const key = keyOf(one);
    const same = found.get(key);
    if (same) same.push(one);
    else found.set(key, [one]);
  }
  return found;
}
