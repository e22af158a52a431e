/**
 * Which rules of thousands could be about a target and the people who ask, so that a decision looks at these few and not at all.
 * Each rule is filed under what must be true wherever it fits: an exact name, what a pattern begins with before its first star, or
 * a group of those who may ask. What is found is never less than what fits; whether it fits is asked of the rule itself.
 */
import { foldName } from '../contract/names.js';
import { oncePer } from '../contract/once-per.js';
import type { About, AboutOf, Person } from '../contract/ports.js';
import type { TargetKind } from '../contract/request.js';
import { ACCOUNT_ID, type MatchOf, OU_ID } from './kinds.js';
import { rotaName } from './rota.js';
import type { Covering, Rule } from './rules.js';

type Drawer = 'kind' | 'serial' | 'accountId' | 'accountName' | 'ouId' | 'ouName' | 'tag' | 'set' | 'asker';

/** Where a rule can be filed: under this text, or with all whose text begins with it. */
interface Place {
  readonly drawer: Drawer;
  readonly text: string;
  readonly whole: boolean;
}

/** What is looked for: a text, or everything in a drawer where the text is not known. */
type Look = readonly [drawer: Drawer, text: string | undefined];

interface Filing<K extends TargetKind> {
  /** Each list holds every way in which the rule can fit, so it is filed by one of them. */
  places(match: MatchOf<K>): readonly (readonly Place[])[];
  looks(about: AboutOf<K>): readonly Look[];
}

const FILINGS: { readonly [K in TargetKind]: Filing<K> } = {
  'mac-admin': {
    places: ({ serials }) => [serials.map((one) => placeOf('serial', one))],
    looks: ({ serial }) => [['serial', serial]],
  },
  'aws-permission-set': {
    places: ({ accounts, ous, tags, sets }) => [
      ...listed(accounts, (one) => placeOfNamed(ACCOUNT_ID, 'accountId', 'accountName', one)),
      ...listed(ous, (one) => placeOfNamed(OU_ID, 'ouId', 'ouName', one)),
      ...listed(sets, (one) => placeOf('set', foldName(one))),
      // All tags that are named have to fit, so each of them alone will do.
      ...Object.entries(tags ?? {}).map(([key, one]) => [placeOf('tag', foldName(one), `${key}\n`)]),
    ],
    looks: ({ accountId, accountName, ouIds, ouNames, tags, set }) => [
      ['accountId', accountId],
      ['accountName', foldName(accountName)],
      ...ouIds.map((id): Look => ['ouId', id]),
      ...ouNames.map((name): Look => ['ouName', foldName(name)]),
      ['set', foldName(set)],
      ...(tags
        ? Object.entries(tags).map(([key, value]): Look => ['tag', `${key}\n${foldName(value)}`])
        : [['tag', undefined] as const]),
    ],
  },
};

function listed(patterns: readonly string[] | undefined, place: (pattern: string) => Place): readonly (readonly Place[])[] {
  return patterns ? [patterns.map(place)] : [];
}

function placeOf(drawer: Drawer, pattern: string, before = ''): Place {
  const star = pattern.indexOf('*');
  return star === -1
    ? { drawer, text: before + pattern, whole: true }
    : { drawer, text: before + pattern.slice(0, star), whole: false };
}

function placeOfNamed(id: RegExp, byId: Drawer, byName: Drawer, pattern: string): Place {
  return id.test(pattern) ? { drawer: byId, text: pattern, whole: true } : placeOf(byName, foldName(pattern));
}

/** By whom it may be asked. Who is on call may be anybody, as long as nobody has looked. */
function askPlaces({ kind, ask: { groups, people } }: Rule): readonly Place[] {
  const texts = [...groups.map(groupText), ...people.map((id) => `person ${id}`)];
  return texts.map((text) => ({ drawer: 'asker', text: `${kind} ${text}`, whole: true }));
}

/** Once for a person as the directory keeps them, of each kind. */
const ASK_LOOKS: { readonly [K in TargetKind]: (asker: Person) => readonly Look[] } = {
  'mac-admin': oncePer((asker) => askLooks('mac-admin', asker)),
  'aws-permission-set': oncePer((asker) => askLooks('aws-permission-set', asker)),
};

function askLooks(kind: TargetKind, { personId, groups }: Person): readonly Look[] {
  const texts = [`person ${personId}`, ON_CALL, ...groups.map(groupText)];
  return [...new Set(texts)].map((text) => ['asker', `${kind} ${text}`]);
}

const ON_CALL = 'on call';
const groupText = (group: string): string => (rotaName(group) === undefined ? `group ${group}` : ON_CALL);

/** What says nothing of its targets is filed by their kind. */
function targetPlaces(rule: Covering): readonly (readonly Place[])[] {
  const places = placesOf(rule);
  return places.length > 0 ? places : [[{ drawer: 'kind', text: rule.kind, whole: true }]];
}

function placesOf<K extends TargetKind>({
  kind,
  match,
}: {
  readonly kind: K;
  readonly match: MatchOf<K>;
}): readonly (readonly Place[])[] {
  return FILINGS[kind].places(match);
}

/** Asked several times in a decision of the same target. */
const targetLooks = oncePer((about: About): readonly Look[] => [['kind', about.kind], ...looksOf(about.kind, about)]);

function looksOf<K extends TargetKind>(kind: K, about: About): readonly Look[] {
  return FILINGS[kind].looks(about as AboutOf<K>);
}

/**
 * Of these rules, in their order, those that could cover the target or may do so once more is known of it, and that could let
 * any of these people ask; without `askers` whoever asks. The index is made at the first question about these rules.
 */
export function candidates(rules: readonly Rule[], about: About | undefined, askers: readonly Person[] = []): readonly Rule[] {
  if (!about) return [];
  if (askers.length === 0) return candidatesAbout(rules, about);
  return byBoth(rules, [...targetLooks(about), ...askers.flatMap(ASK_LOOKS[about.kind])]);
}

/** The same of whatever speaks of targets: by the target alone. */
export function candidatesAbout<T extends Covering>(all: readonly T[], about: About | undefined): readonly T[] {
  return about ? byTarget(all, targetLooks(about)) : [];
}

type Ways = readonly (readonly Place[])[];

const byTarget = indexed(targetPlaces);
const byBoth = indexed((rule: Rule) => [...targetPlaces(rule), askPlaces(rule)]);

function indexed<T>(waysOf: (rule: T) => Ways): <R extends T>(rules: readonly R[], looks: readonly Look[]) => readonly R[] {
  const find = oncePer((rules: readonly T[]) => filed(rules.map(waysOf)));
  return (rules, looks) => find(rules)(looks).flatMap((i) => rules[i] ?? []);
}

/** The numbers of rules, under a text or under what a text begins with, by its length. */
interface Files {
  readonly whole: Map<string, number[]>;
  readonly begins: Map<number, Map<string, number[]>>;
  readonly all: number[];
}

/** Files each rule in the way that has the fewest others in its fullest place. Answers numbers of rules, ascending, each once. */
function filed(ways: readonly Ways[]): (looks: readonly Look[]) => readonly number[] {
  const counts = new Map<string, number>();
  for (const place of ways.flat(2)) counts.set(keyOf(place), (counts.get(keyOf(place)) ?? 0) + 1);
  const cost = (places: readonly Place[]) => places.reduce((most, place) => Math.max(most, costOf(place, counts)), 0);
  const drawers = new Map<Drawer, Files>();
  ways.forEach((own, i) => {
    const best = own.reduce((least, places) => (cost(places) < cost(least) ? places : least));
    for (const place of best) put(drawers, place, i);
  });
  return (looks) => {
    const found: number[] = [];
    for (const [drawer, text] of looks) gather(drawers.get(drawer), text, found);
    found.sort((a, b) => a - b);
    return found.filter((rule, i) => rule !== found[i - 1]);
  };
}

const keyOf = ({ drawer, text, whole }: Place): string => `${drawer} ${whole ? 'is' : 'begins with'} ${text}`;

/** Everybody comes by what begins with nothing. */
function costOf(place: Place, counts: ReadonlyMap<string, number>): number {
  return place.text === '' && !place.whole ? Number.POSITIVE_INFINITY : (counts.get(keyOf(place)) ?? 0);
}

function put(drawers: Map<Drawer, Files>, { drawer, text, whole }: Place, rule: number): void {
  const files: Files = drawers.get(drawer) ?? { whole: new Map(), begins: new Map(), all: [] };
  drawers.set(drawer, files);
  files.all.push(rule);
  const byText = whole ? files.whole : (files.begins.get(text.length) ?? new Map<string, number[]>());
  if (!whole) files.begins.set(text.length, byText);
  const rules = byText.get(text);
  if (rules) rules.push(rule);
  else byText.set(text, [rule]);
}

/** Into one list, for all looks: a decision is made of many, and each list between would be garbage. */
function gather(files: Files | undefined, text: string | undefined, found: number[]): void {
  if (!files) return;
  if (text === undefined) {
    for (const rule of files.all) found.push(rule);
    return;
  }
  found.push(...(files.whole.get(text) ?? NONE));
  for (const [length, byText] of files.begins) found.push(...(byText.get(text.slice(0, length)) ?? NONE));
}

const NONE: readonly number[] = [];
