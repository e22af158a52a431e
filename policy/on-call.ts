/**
 * A rota is a group whose members change with time: a policy names it `oncall:<rota>`. Nobody has it in their entry; whoever
 * is on call has it among their groups for one decision, and only where that decision turns on it: a far end that keeps a
 * rota and is down must not hold up what has nothing to do with that rota.
 */
import { isStintError, type StintError } from '../contract/errors.js';
import type { PersonId } from '../contract/ids.js';
import { oncePer } from '../contract/once-per.js';
import type { About, Directory, Person } from '../contract/ports.js';
import { isMeant, mayBreak, rulesForGlass } from './break-glass.js';
import { EVER, type Manner, namedBy, reached, stepsOf } from './escalation.js';
import { ruleOfRound } from './extension.js';
import { rotaGroup, rotaName } from './rota.js';
import { candidates } from './rule-index.js';
import { covers, denyFor, includes, mayCover, type Policy, type Rule, type Who } from './rules.js';

const rotaGroups = ({ groups }: Who): readonly string[] => groups.filter((group) => rotaName(group) !== undefined);

/** Whether whom this means changes with the hour. */
export const namesRota = (named: Who): boolean => rotaGroups(named).length > 0;

/** Everybody with the rotas among their groups that they are said to be on call for. */
export function withRotas(people: readonly Person[], said: ReadonlyMap<string, readonly PersonId[]>): readonly Person[] {
  const rotas = [...said].map(([rota, ids]) => ({ group: rotaGroup(rota), ids: new Set(ids) }));
  return people.map((person) => {
    const mine = rotas.filter(({ ids }) => ids.has(person.personId)).map(({ group }) => group);
    return mine.length === 0 ? person : { ...person, groups: [...person.groups, ...mine] };
  });
}

type Groups = Pick<Directory, 'person' | 'membersOf' | 'onCall'>;

/** What is known of who is on call; each rota is looked up when it is first needed, and once. */
export interface OnCall {
  /** Looks up the rotas that these name. Throws `oncall-unavailable`. */
  learn(named: Who): Promise<void>;
  /** The same for each rota by itself: answers the failure of one, and all others are known. */
  tryTo(named: Who): Promise<StintError | undefined>;
  /** These people with the rotas that are known, and that they are on call for, among their groups. */
  onto(people: readonly Person[]): readonly Person[];
  /** A directory to which a rota that was not looked up has no members. */
  readonly directory: Groups;
  /** Undefined where nothing was looked up; or else until when that stays so at the latest, in milliseconds since 1970, where it is known. */
  duty(): { readonly until?: number } | undefined;
}

/** Knows of nobody yet. */
export function createOnCall(directory: Groups): OnCall {
  const asked = new Map<string, Promise<void>>();
  const known = new Map<string, readonly Person[]>();
  const ends: number[] = [];
  const lookUp = async (group: string) => {
    const { members, untilMs } = (await directory.onCall?.(rotaName(group) ?? '')) ?? {
      members: await directory.membersOf(group),
    };
    known.set(group, members);
    if (untilMs !== undefined) ends.push(untilMs);
  };
  const idsOf = () => new Map([...known].map(([group, members]) => [rotaName(group) ?? '', members.map((p) => p.personId)]));
  const learn = async (group: string) => {
    const attempt = asked.get(group) ?? lookUp(group);
    asked.set(group, attempt);
    await attempt;
  };
  return {
    learn: async (named) => {
      await Promise.all(rotaGroups(named).map(learn));
    },
    tryTo: async (named) => {
      const failures = await Promise.all(rotaGroups(named).map((group) => failureOf(learn(group))));
      return failures.find((failure) => failure !== undefined);
    },
    onto: (people) => withRotas(people, idsOf()),
    duty: () => {
      if (asked.size === 0) return undefined;
      return ends.length === 0 ? {} : { until: Math.min(...ends) };
    },
    directory: {
      person: (id) => directory.person(id),
      membersOf: async (group) => (rotaName(group) === undefined ? directory.membersOf(group) : (known.get(group) ?? [])),
    },
  };
}

/**
 * Looks up what decides which rule of a policy applies to these askers, and who may approve by it: the rules in order, up to
 * the one that applies, and their rotas only where nothing else lets the askers ask. Throws `oncall-unavailable`. A step that
 * has begun only adds people, so a rota of it that can't be looked up is answered, and holds up nothing that others decide.
 */
export async function learnFor(
  onCall: OnCall,
  policy: Policy,
  about: About | undefined,
  askers: readonly Person[],
  { kind, wait }: Manner,
): Promise<StintError | undefined> {
  if (denyFor(policy, about, askers)) return undefined;
  const near = candidates(policy.rules, about, askers);
  // Nobody asks by any rule, or none names a rota: that is told without a look-up.
  if (askers.length === 0 || !near.some((rule) => turnsOnRota(ruleOfRound(rule, kind)))) return undefined;
  for (const rule of near) {
    if (!covers(rule, about) && !mayCover(rule, about)) continue;
    const letIn = await mayAsk(onCall, rule, askers);
    if (letIn.length === 0) continue;
    // One that only may cover hides those after it, as does one that lets another of them ask; nothing is approved by it.
    if (!covers(rule, about) || letIn.length < askers.length) return undefined;
    const ours = ruleOfRound(rule, kind);
    await onCall.learn(ours.approve);
    return onCall.tryTo(ofAll(reached(stepsOf(ours), wait)));
  }
  return undefined;
}

/** Whether a rule names a rota among those who ask or ever approve. */
const turnsOnRota = oncePer((rule: Rule) => [rule.ask, ...namedBy(rule, EVER)].some(namesRota));

function ofAll(all: readonly Who[]): Who {
  return { groups: [...new Set(all.flatMap(({ groups }) => groups))], people: [] };
}

/** The rules that cover a target and let these people ask, or would let them if they are on call. */
export function rulesToAsk({ rules }: Policy, about: About | undefined, askers: readonly Person[]): readonly Rule[] {
  const may = ({ ask }: Rule) => namesRota(ask) || askers.every((person) => includes(ask, person));
  return candidates(rules, about, askers).filter((rule) => covers(rule, about) && may(rule));
}

/**
 * The same for whoever breaks the glass: the rules in order, up to the one that means the askers. Who may is looked up, and what
 * can't be is an error. Who could have approved is only told: their rota keeps nobody from an incident, and its failure is answered.
 * Throws `oncall-unavailable`.
 */
export async function learnForGlass(
  onCall: OnCall,
  policy: Policy,
  about: About | undefined,
  askers: readonly Person[],
): Promise<StintError | undefined> {
  if (askers.length === 0 || denyFor(policy, about, askers)) return undefined;
  for (const rule of rulesForGlass(policy, about)) {
    const { ask, approve, breakGlass } = rule;
    if (!mayBreak(breakGlass, askers)) {
      await onCall.learn(ask);
      if (breakGlass) await onCall.learn(breakGlass.ask);
    }
    // As for asking, one that only may cover hides those after it.
    if (isMeant(rule, onCall.onto(askers))) return covers(rule, about) ? onCall.tryTo(approve) : undefined;
  }
  return undefined;
}

/** Those of these people whom a rule lets ask. */
async function mayAsk(onCall: OnCall, { ask }: Rule, askers: readonly Person[]): Promise<readonly Person[]> {
  const plainly = askers.filter((person) => includes(ask, person));
  if (plainly.length === askers.length) return plainly;
  await onCall.learn(ask);
  return onCall.onto(askers).filter((person) => includes(ask, person));
}

/** A person with all of these rotas that could be looked up, and why another could not. For what gives no access by itself. */
export async function asFarAsKnown(
  directory: Groups,
  person: Person,
  named: readonly Who[],
): Promise<{ readonly person: Person; readonly failure?: StintError }> {
  const { onto, failure } = await lookedUp(directory, named);
  return { person: onto([person])[0] ?? person, ...(failure ? { failure } : {}) };
}

/** What is known of all of these rotas that could be looked up, and why another could not. For what gives no access by itself. */
export async function lookedUp(
  directory: Groups,
  named: readonly Who[],
): Promise<Pick<OnCall, 'onto' | 'directory'> & { readonly failure?: StintError }> {
  const onCall = createOnCall(directory);
  const failure = await onCall.tryTo(ofAll(named));
  return { onto: onCall.onto, directory: onCall.directory, ...(failure ? { failure } : {}) };
}

async function failureOf(attempt: Promise<void>): Promise<StintError | undefined> {
  try {
    await attempt;
    return undefined;
  } catch (error) {
    if (isStintError(error) && error.code === 'oncall-unavailable') return error;
    throw error;
  }
}
