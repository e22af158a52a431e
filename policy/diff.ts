/**
 * What another policy would change for people: everybody of the people file with every target that there is for them, one by one,
 * by the same rules that decide. Whoever reviews an edit reads what comes of it, not the lines that moved.
 */
import type { PersonId } from '../contract/ids.js';
import type { About, Person } from '../contract/ports.js';
import { awsClasses } from './aws-classes.js';
import { diffOthers } from './diff-others.js';
import { type Change, compareReach, isNoChange, type Reach } from './diff-rules.js';
import { namedBy, type Wait, waitedInside, waitedOutside } from './escalation.js';
import { ruleOfRound } from './extension.js';
import { aboutMac } from './macs.js';
import { perProfile } from './profiles.js';
import { includes, isAws, type Policy, type Rule, ruleFor } from './rules.js';
import { planOf } from './stages.js';

/** One change, for all whom it is the same for. */
export interface ChangeGroup extends Change {
  readonly people: readonly PersonId[];
  /** Macs as `serial of person`, each asked for by its own person. AWS targets as examples, each for all of the people. */
  readonly targets: readonly string[];
  /** Where it is about asking for somebody else in AWS: for whom. On Macs `targets` says it. */
  readonly subjects?: readonly PersonId[];
}

export interface PolicyDiff {
  /** In the order in which people and targets come up. */
  readonly groups: readonly ChangeGroup[];
  readonly compared: { readonly people: number; readonly macs: number; readonly awsTargets: number };
  /** False when the rules tell more AWS targets apart, or more kinds of people who may ask for one another, than are compared. */
  readonly complete: boolean;
}

/** What changes from the one policy to the other, for active people of the people file. */
export function diffPolicies(before: Policy, after: Policy, people: readonly Person[]): PolicyDiff {
  const active = people.filter((person) => person.active);
  const rules = [...before.rules, ...after.rules];
  const denies = [...(before.denies ?? []), ...(after.denies ?? [])];
  const aws = awsClasses([...rules, ...denies].filter(isAws).map(({ match }) => match));
  const compare = comparison(rules, active);
  const pairs = pairing(before, after);
  const onAws = perProfile([before, after], (person) => pairs(person, aws.classes));
  const groups = new Map<string, Group>();
  for (const person of active) {
    for (const pair of pairs(person, macsOf(person))) add(groups, compare(pair, person), person, pair.labels);
    for (const [change, labels] of byChange(onAws(person), (pair) => compare(pair, person)))
      add(groups, change, person, labels, JSON.stringify(labels));
  }
  const others = diffOthers(before, after, active, aws.classes);
  const macs = active.reduce((sum, person) => sum + person.macs.length, 0);
  return {
    groups: [
      ...[...groups.values()].map(({ change, people, targets }) => ({ ...change, people: [...people], targets: [...targets] })),
      ...others.changes.map(({ subjects, ...change }) => ({
        ...change,
        other: [],
        ...(subjects.length > 0 ? { subjects } : {}),
      })),
    ],
    compared: { people: active.length, macs, awsTargets: aws.classes.length },
    complete: aws.complete && others.complete,
  };
}

interface Group {
  readonly change: Change;
  readonly people: Set<PersonId>;
  readonly targets: Set<string>;
}

/** Joins those for whom a change is the same; `apart` keeps apart those for whom it is not on the same targets. */
function add(groups: Map<string, Group>, change: Change, { personId }: Person, targets: readonly string[], apart = ''): void {
  if (isNoChange(change)) return;
  const key = `${JSON.stringify(change)}\n${apart}`;
  const group = groups.get(key) ?? { change, people: new Set(), targets: new Set() };
  groups.set(key, group);
  group.people.add(personId);
  for (const target of targets) group.targets.add(target);
}

interface Target {
  readonly label: string;
  readonly about: About;
}

function macsOf({ personId, macs }: Person): readonly Target[] {
  return macs.map((mac) => ({ label: `${mac.serial} of ${personId}`, about: aboutMac(mac) }));
}

/** The rules that apply before and after, and the targets to which they do. */
interface Pair {
  readonly was: Rule | undefined;
  readonly is: Rule | undefined;
  readonly labels: string[];
}

/** Finds the targets for which another rule applies to a person, or the same with other words. */
function pairing(before: Policy, after: Policy) {
  // What a rule covers has been asked already; what is left of it is what it gives.
  const given = ({ match: _, ...rest }: Rule) => JSON.stringify(rest);
  const gives = new Map([...before.rules, ...after.rules].map((rule) => [rule, given(rule)]));
  const same = (was: Rule | undefined, is: Rule | undefined) => (was && gives.get(was)) === (is && gives.get(is));
  return (person: Person, targets: readonly Target[]): readonly Pair[] => {
    const found = new Map<string, Pair>();
    for (const { label, about } of targets) {
      const [was, is] = [ruleFor(before, about, [person]), ruleFor(after, about, [person])];
      if (same(was, is)) continue;
      const key = `${was?.id ?? ''} ${is?.id ?? ''}`;
      const pair = found.get(key) ?? { was, is, labels: [] };
      found.set(key, pair);
      pair.labels.push(label);
    }
    return [...found.values()];
  };
}

/** Other rules may come to the same. */
function byChange(pairs: readonly Pair[], changeOf: (pair: Pair) => Change): Iterable<readonly [Change, readonly string[]]> {
  const found = new Map<string, [Change, readonly string[]]>();
  for (const pair of pairs) {
    const change = changeOf(pair);
    const key = JSON.stringify(change);
    found.set(key, [change, [...(found.get(key)?.[1] ?? []), ...pair.labels]]);
  }
  return found.values();
}

/** Compares what two rules give one person. Who may approve by a rule is looked up once. */
function comparison(rules: readonly Rule[], active: readonly Person[]) {
  const longer = new Map(rules.flatMap((rule) => (rule.extend?.by ? [[rule, ruleOfRound(rule, 'extension')]] : [])));
  const found = new Map<Rule, Map<string, readonly Person[]>>();
  const may = (rule: Rule, wait: Wait) => {
    const known = found.get(rule) ?? new Map<string, readonly Person[]>();
    const named = namedBy(rule, wait);
    const steps = `${named.length} ${wait.waitedMs}`;
    const people = known.get(steps) ?? active.filter((person) => named.some((who) => includes(who, person)));
    found.set(rule, known.set(steps, people));
    return people;
  };
  // An absence passes and is no edit of the policy.
  const staff = new Map(active.map(({ away: _, ...person }) => [person.personId, person]));
  const reachBy = (rule: Rule, asker: Person, wait: Wait): Omit<Reach, 'extension'> => {
    const plan = planOf(rule, { own: [asker.personId], subject: asker, find: (id) => staff.get(id), now: 0, wait });
    const managers = plan.flatMap(({ manager }) => manager?.person ?? []);
    const named = may(rule, wait);
    const known = managers.filter((person) => !named.some(({ personId }) => personId === person.personId));
    const could = [...named, ...known].filter((person) => person.personId !== asker.personId);
    const after = (ms: number, outside: boolean) => reachBy(rule, asker, outside ? waitedOutside(ms) : waitedInside(ms));
    return { rule, plan, could, approvers: could.map(({ personId }) => personId), after };
  };
  const reach = (rule: Rule | undefined, asker: Person): Reach | undefined => {
    if (!rule) return undefined;
    const extension = longer.get(rule);
    const atOnce = waitedInside(0);
    return { ...reachBy(rule, asker, atOnce), ...(extension ? { extension: reachBy(extension, asker, atOnce) } : {}) };
  };
  return ({ was, is }: Pair, person: Person): Change => compareReach(reach(was, person), reach(is, person));
}
