/** What a person may ask for: one offer for each thing that a rule covers, of all kinds of target. */
import { isStintError, StintError } from '../contract/errors.js';
import type { PersonId } from '../contract/ids.js';
import type { About, Candidate, Directory, Person, TargetFacts } from '../contract/ports.js';
import type { Offer, Offers, Pinned } from '../contract/preview.js';
import { automaticText } from './automatic.js';
import { hoursCondition } from './conditions.js';
import { poolOf } from './facts.js';
import { confirmBy, whyOpen } from './kinds.js';
import { managersOf } from './managers.js';
import { asFarAsKnown, createOnCall } from './on-call.js';
import { askManagers } from './pools.js';
import { reasonText } from './reason.js';
import { denyFor, includes, mayCover, type Policy, type Rule, ruleFor } from './rules.js';
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

/** Everything that this person may ask for now, for themselves, without typing. Errors pass through. */
export async function offersFor(shelf: Shelf, person: Person): Promise<Offers> {
  const { rules, first, failure } = await rulesOf(shelf, person);
  const kinds = shelf.targets.filter(({ kind }) => rules.some((rule) => rule.kind === kind));
  const found = (await Promise.all(kinds.map((facts) => facts.listed(person)))).flat();
  const covered = found.filter(({ about }) => first(about));
  const offers = await offersOf(shelf, first, covered.slice(0, LISTED), person);
  const note = [...kinds.flatMap((facts) => facts.note?.() ?? []), ...(failure ? [failure.sentence] : [])].join(' ');
  return { offers, searchable: kinds.some(({ searchable }) => searchable), ...(note ? { note } : {}) };
}

/** What this person may ask for and that holds every word, best first of each kind. One kind that fails hides no other. */
export async function search(shelf: Shelf, person: Person, text: string, limit: number): Promise<readonly Offer[]> {
  const { rules, first, ...asked } = await rulesOf(shelf, person);
  const found: Candidate[] = [];
  let failure: StintError | undefined = asked.failure;
  for (const facts of shelf.targets) {
    if (!rules.some(({ kind }) => kind === facts.kind) || found.length >= limit) continue;
    const may = ({ about }: Candidate) => first(about) !== undefined;
    try {
      found.push(...(await facts.search(person, text, limit - found.length, may)));
    } catch (error) {
      if (!isStintError(error)) throw error;
      failure = error;
    }
  }
  if (failure && found.length === 0) throw failure;
  return offersOf(shelf, first, found, person);
}

/** What is asked for by an offer's key. A client may send any key, so the rule is looked for again. */
export async function pin(shelf: Shelf, person: Person, key: string): Promise<Pinned> {
  if (!person.active) throw new StintError('person-inactive');
  const { facts, candidate } = await byKey(shelf.targets, person, key);
  const { rules, first, failure } = await rulesOf(shelf, person);
  const [offer] = await offersOf(shelf, first, [candidate], person);
  if (!offer && rules.some((rule) => mayCover(rule, candidate.about)))
    throw new StintError('not-eligible', `The tags of ${candidate.display} ${whyOpen(candidate.about)}`);
  const denied = offer ? undefined : denyFor(shelf.policy, candidate.about, [person]);
  if (!offer) throw failure ?? new StintError('not-eligible', denied?.say);
  if (offer.barred) throw new StintError('not-eligible', offer.barred);
  return { offer, target: await facts.pin(person, key) };
}

interface Asking {
  readonly rules: readonly Rule[];
  /** The one of them that applies to a target. */
  readonly first: (about: About) => Rule | undefined;
  readonly failure?: StintError;
}

/** The rules that this person may ask by, in order; and why it is not known of a rota whether there are more. */
async function rulesOf({ policy, directory }: Shelf, person: Person): Promise<Asking> {
  const { rules } = policy;
  if (!person.active) return { rules: [], first: () => undefined };
  const unclear = rules.filter((rule) => !includes(rule.ask, person)).map((rule) => rule.ask);
  const { person: asker, ...rest } = await asFarAsKnown(directory, person, unclear);
  const mine = rules.filter((rule) => includes(rule.ask, asker));
  return { rules: mine, first: (about) => ruleFor(policy, about, [asker]), ...rest };
}

/** Who could approve is asked once for each rule, however many offers it makes. */
async function offersOf(
  shelf: Shelf,
  first: Asking['first'],
  found: readonly Candidate[],
  person: Person,
): Promise<readonly Offer[]> {
  const names = new Map<Rule, Promise<readonly string[]>>();
  const offers = found.map(async (candidate) => {
    const rule = first(candidate.about);
    if (!rule) return [];
    const asked = names.get(rule) ?? approverNames(shelf, rule, person);
    names.set(rule, asked);
    return [{ ...offerOf(candidate, rule, await asked), ...onConditions(candidate, rule, shelf.now) }];
  });
  return (await Promise.all(offers)).flat();
}

/** Who is asked first: of several stages those of the first. */
async function approverNames({ directory, now }: Shelf, rule: Rule, person: Person): Promise<readonly string[]> {
  const managers = askManagers([rule]) ? await managersOf(directory, person) : [];
  const find = (id: PersonId) => managers.find(({ personId }) => personId === id);
  const plan = planOf(rule, { own: [person.personId], subject: person, find, now });
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
  const { id, windowsMs, tier, channel } = rule;
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
  };
}
