/** What a person may ask for: one offer for each thing that a rule covers, of all kinds of target. */
import { isStintError, StintError } from '../contract/errors.js';
import type { PersonId } from '../contract/ids.js';
import { foldName } from '../contract/names.js';
import type { About, Candidate, Directory, Person, TargetFacts } from '../contract/ports.js';
import type { How, Offer, Offers, Pinned } from '../contract/preview.js';
import { automaticText } from './automatic.js';
import { glassRule, mayBreak, rulesForGlass } from './break-glass.js';
import { hoursCondition } from './conditions.js';
import { everybodyOf, poolOf } from './facts.js';
import { confirmBy, whyOpen } from './kinds.js';
import { laterText } from './later.js';
import { managersOf } from './managers.js';
import { createOnCall, lookedUp, namesRota } from './on-call.js';
import { askManagers } from './pools.js';
import { reasonText } from './reason.js';
import { denyFor, includes, isFor, mayCover, type Policy, type Rule, ruleFor } from './rules.js';
import { askedNow, planOf } from './stages.js';
import { byKey } from './targets.js';

const NAMED = 20;
const LISTED = 100;

export interface Shelf {
  readonly policy: Policy;
  readonly directory: Directory;
  readonly targets: readonly TargetFacts[];
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** Who asks, and who would have the access: somebody else only where a rule for others lets both of them ask. */
interface Askers {
  readonly person: Person;
  readonly subject: Person;
  /** `asking`, if left out. */
  readonly how?: How;
}

/** Everything that this person may ask for now for the subject, without typing. Errors pass through. */
export async function offersFor(shelf: Shelf, askers: Askers): Promise<Offers> {
  const { rules, first, failure } = await rulesOf(shelf, askers);
  const kinds = shelf.targets.filter(({ kind }) => rules.some((rule) => rule.kind === kind));
  const found = (await Promise.all(kinds.map((facts) => facts.listed(askers.subject)))).flat();
  const covered = found.filter(({ about }) => first(about));
  const offers = await offersOf(shelf, first, covered.slice(0, LISTED), askers);
  const note = [...kinds.flatMap((facts) => facts.note?.() ?? []), ...(failure ? [failure.sentence] : [])].join(' ');
  return { offers, searchable: kinds.some(({ searchable }) => searchable), ...(note ? { note } : {}) };
}

/** What may be asked for the subject and holds every word, best first of each kind. One kind that fails hides no other. */
export async function search(shelf: Shelf, askers: Askers, text: string, limit: number): Promise<readonly Offer[]> {
  const { rules, first, ...asked } = await rulesOf(shelf, askers);
  const found: Candidate[] = [];
  let failure: StintError | undefined = asked.failure;
  for (const facts of shelf.targets) {
    if (!rules.some(({ kind }) => kind === facts.kind) || found.length >= limit) continue;
    const may = ({ about }: Candidate) => first(about) !== undefined;
    try {
      found.push(...(await facts.search(askers.subject, text, limit - found.length, may)));
    } catch (error) {
      if (!isStintError(error)) throw error;
      failure = error;
    }
  }
  if (failure && found.length === 0) throw failure;
  return offersOf(shelf, first, found, askers);
}

/** What is asked for by an offer's key. A client may send any key and any subject, so the rule is looked for again. */
export async function pin(shelf: Shelf, askers: Askers, key: string): Promise<Pinned> {
  const { person, subject } = askers;
  if (!person.active) throw new StintError('person-inactive');
  if (!subject.active) throw new StintError('person-inactive', `${subject.name} is not active in the people file.`);
  const { facts, candidate } = await byKey(shelf.targets, subject, key);
  const { rules, first, failure } = await rulesOf(shelf, askers);
  const [offer] = await offersOf(shelf, first, [candidate], askers);
  if (!offer && rules.some((rule) => mayCover(rule, candidate.about)))
    throw new StintError('not-eligible', `The tags of ${candidate.display} ${whyOpen(candidate.about)}`);
  if (!offer) throw failure ?? new StintError('not-eligible', whyNot(shelf.policy, askers, candidate.about));
  if (offer.barred) throw new StintError('not-eligible', offer.barred);
  return { offer, target: await facts.pin(subject, key).catch((error: unknown) => withhold(error, askers, offer)) };
}

const bothOf = ({ person, subject }: Askers): readonly Person[] => (person === subject ? [person] : [person, subject]);

/** Why no rule lets it be asked, where more is to be said than that. */
function whyNot(policy: Policy, askers: Askers, about: About): string | undefined {
  const { person, subject } = askers;
  const said = denyFor(policy, about, bothOf(askers))?.say;
  if (said !== undefined || person === subject) return said;
  return `The policy does not let you ask for this for ${subject.name}. Ask your IT team which rule would.`;
}

/** What is wrong with somebody's account, and their address, is told to them alone; that a far end is down, to everybody. */
function withhold(error: unknown, { person, subject }: Askers, { display }: Offer): never {
  if (person === subject || !isStintError(error) || error.retryable) throw error;
  const sentence = `${display} can't be had for ${subject.name}. They are told why when they ask for it themselves.`;
  throw new StintError(error.code, sentence, { cause: error });
}

/**
 * Others for whom this person may ask for something by some rule, whose names or ids hold every word; by name, at most
 * `limit`. Whether there is something to ask for in the end is seen once one of them is chosen.
 */
export async function others(
  { policy: { rules }, directory }: Shelf,
  person: Person,
  text: string,
  limit: number,
): Promise<readonly Person[]> {
  if (!person.active) return [];
  const forOthers = rules.filter((rule) => rule.for === 'others');
  const { onto, ...known } = await lookedUp(
    directory,
    forOthers.map((rule) => rule.ask),
  );
  const [asker = person] = onto([person]);
  const mine = forOthers.filter((rule) => includes(rule.ask, asker));
  const askersBy = (some: readonly Rule[]) =>
    everybodyOf(
      known.directory,
      some.map((rule) => rule.ask),
    );
  const [ofMacs, ofRest] = await Promise.all([
    askersBy(mine.filter(({ kind }) => kind === 'mac-admin')),
    askersBy(mine.filter(({ kind }) => kind !== 'mac-admin')),
  ]);
  // Whoever may ask for Macs alone and has none is nobody for whom there is something to ask for.
  const all = new Map([...ofMacs.filter(({ macs }) => macs.length > 0), ...ofRest].map((one) => [one.personId, one]));
  const words = foldName(text).split(/\s+/).filter(Boolean);
  const holds = ({ name, personId }: Person) => words.every((word) => foldName(`${name} ${personId}`).includes(word));
  return [...all.values()]
    .filter((other) => other.active && other.personId !== person.personId && holds(other))
    .sort((one, other) => byName(one.name, other.name) || (one.personId < other.personId ? -1 : 1))
    .slice(0, limit);
}

/** Of thousands of names faster by far than `localeCompare`. */
const byName = new Intl.Collator('en').compare;

interface Asking {
  readonly rules: readonly Rule[];
  /** The one of them that applies to a target. */
  readonly first: (about: About) => Rule | undefined;
  readonly failure?: StintError;
}

const NONE: Asking = { rules: [], first: () => undefined };

/** The rules that let this be asked, in order; and why it is not known of a rota whether there are more. */
async function rulesOf({ policy, directory }: Shelf, askers: Askers): Promise<Asking> {
  const both = bothOf(askers);
  if (!both.every(({ active }) => active)) return NONE;
  if (askers.how === 'break-glass') return glassRulesOf(policy, directory, askers);
  const lets = ({ ask }: Rule, some: readonly Person[]) => some.every((one) => includes(ask, one));
  const unclear = policy.rules.filter((rule) => !lets(rule, both)).map((rule) => rule.ask);
  const { onto, failure } = await lookedUp(directory, unclear);
  const known = onto(both);
  return {
    rules: policy.rules.filter((rule) => isFor(rule, known) && lets(rule, known)),
    first: (about) => ruleFor(policy, about, known),
    ...(failure ? { failure } : {}),
  };
}

/** The rules whose glass this person may break. One before it whose rota can't be looked up may be the one that keeps them out. */
async function glassRulesOf(policy: Policy, directory: Directory, { person, subject }: Askers): Promise<Asking> {
  // So that nobody is asked who is on call where no rule has any.
  if (person !== subject || !policy.rules.some(({ breakGlass }) => breakGlass)) return NONE;
  const askersOf = ({ ask, breakGlass }: Rule) => [ask, ...(breakGlass ? [breakGlass.ask] : [])];
  const { onto, failure } = await lookedUp(directory, policy.rules.flatMap(askersOf));
  const known = onto([person]);
  const mine = ({ breakGlass }: Rule) => mayBreak(breakGlass, known);
  const unsure = (rule: Rule) => failure !== undefined && !mine(rule) && askersOf(rule).some(namesRota);
  const first = (about: About) => {
    const found = glassRule(policy, about, known);
    if (!found || 'refusal' in found) return undefined;
    const one = rulesForGlass(policy, about).find((rule) => unsure(rule) || rule.id === found.rule.id);
    return one?.id === found.rule.id ? found.rule : undefined;
  };
  return { rules: policy.rules.filter(mine), first, ...(failure && { failure }) };
}

/** Who could approve is asked once for each rule, however many offers it makes. */
async function offersOf(
  shelf: Shelf,
  first: Asking['first'],
  found: readonly Candidate[],
  askers: Askers,
): Promise<readonly Offer[]> {
  // By its id: a rule with its glass broken is made anew for each target.
  const names = new Map<string, Promise<readonly string[]>>();
  const offers = found.map(async (candidate) => {
    const rule = first(candidate.about);
    if (!rule) return [];
    const asked = names.get(rule.id) ?? approverNames(shelf, rule, askers);
    names.set(rule.id, asked);
    return [{ ...offerOf(candidate, rule, await asked), ...onConditions(candidate, rule, shelf.now) }];
  });
  return (await Promise.all(offers)).flat();
}

/** Who is asked first: of several stages those of the first. */
async function approverNames({ directory, now }: Shelf, rule: Rule, { person, subject }: Askers): Promise<readonly string[]> {
  const managers = askManagers([rule]) ? await managersOf(directory, subject) : [];
  const find = (id: PersonId) => managers.find(({ personId }) => personId === id);
  const plan = planOf(rule, { own: [person.personId, subject.personId], subject, find, now });
  const onCall = createOnCall(directory);
  // What is shown before anybody asks: a rota that can't be looked up now is left out, and looked up again to decide.
  await onCall.tryTo(rule.approve);
  const approvers = askedNow(plan, [], onCall.onto(await poolOf(onCall.directory, [rule], managers)));
  return approvers
    .map((p) => p.name)
    .sort((a, b) => a.localeCompare(b, 'en'))
    .slice(0, NAMED);
}

/** What the rule's conditions say already: when it is open, why it can't be had now, what is asked of the reason. What the target itself says goes first. */
function onConditions(candidate: Candidate, rule: Rule, now: number): Pick<Offer, 'barred' | 'notes' | 'reason'> {
  const { hours, reason, automatic } = rule;
  const { barred } = candidate;
  const notes = [...candidate.notes, ...(automatic ? [`The policy itself approves ${automaticText(automatic)}.`] : [])];
  const asked = reason ? { reason: { rule: reason, says: reasonText(reason) } } : {};
  if (!hours) return { ...asked, notes };
  const { state, sentence } = hoursCondition(hours, now);
  if (state === 'satisfied') return { ...asked, notes: [...notes, sentence] };
  return { ...asked, notes, barred: barred ?? sentence };
}

function offerOf({ about, ...shown }: Candidate, rule: Rule, names: readonly string[]): Offer {
  const { id, windowsMs, tier, channel, later } = rule;
  return {
    ...shown,
    kind: about.kind,
    confirmBy: confirmBy(about.kind, about, shown.display),
    ...(about.kind === 'aws-permission-set' ? { setName: about.set } : {}),
    windowsMs,
    approverNames: names,
    rule: id,
    ...(tier === undefined ? {} : { tier }),
    ...(channel === undefined ? {} : { channel }),
    ...(later ? { later: laterText(later) } : {}),
  };
}
