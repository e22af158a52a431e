/** What a policy and a people file say about each other: mistakes that are visible only with both in hand. */
import { few } from '../contract/few.js';
import type { PersonId } from '../contract/ids.js';
import type { Directory, Person } from '../contract/ports.js';
import type { BreakGlass } from './break-glass.js';
import { managerFindings, rotaFindings } from './check-people.js';
import { type Document, readDocument } from './document.js';
import { dutyAsSaid, everOnDuty, withEveryRota } from './duty.js';
import { EVER, placedSteps } from './escalation.js';
import { ruleOfEach } from './extension.js';
import { everybodyOf, poolOf } from './facts.js';
import { managersOf } from './managers.js';
import { directoryFrom, type PeopleFile } from './people.js';
import { askManagers, pastReach } from './pools.js';
import { didYouMean, pathText } from './problems.js';
import { isPaged, rotaGroup, rotaName } from './rota.js';
import type { Deny, Policy, Rule, Who } from './rules.js';
import { countOf, isFull, planOf } from './stages.js';

/** Of many people only so many are named. */
const NAMED = 5;
/** Of why many have no manager so many sentences are said. */
const WHYS = 3;
/** Of many names that are not there so many are looked for among those that are. */
const SUGGESTED = 50;

const NO_NAMES: Who = { groups: [], people: [] };

/** One mistake: what to say, and where in the rule it stands. */
interface Found {
  readonly path: readonly PropertyKey[];
  readonly what: string;
}

/**
 * All that is wrong between a policy and a people file, and within the latter: `policy check` and `apply`, SIGHUP and the doctor
 * find the same. In a rota is everybody who may ever be on call by it, so that they find it at every hour. `checks` are the names of the
 * checks of tickets that the configuration has; without them it is not looked at whether they are there.
 */
export async function fileFindings(
  policy: Policy,
  file: PeopleFile,
  name: string,
  checks?: readonly string[],
): Promise<string[]> {
  const { directory, known } = lookUps(file);
  const tickets = checks ? ticketFindings(policy, checks, name) : [];
  const between = [...(await findings(policy, directory, name, known)), ...loneRotas(policy, file, name), ...tickets];
  return [...between, ...managerFindings(file), ...rotaFindings(file)];
}

/** The people with every rota that they may ever be on call for, and all names that there are. */
function lookUps(file: PeopleFile): { readonly directory: Directory; readonly known: Who } {
  const groups = new Set([...file.people.flatMap((person) => person.groups), ...file.rotas.map((rota) => rotaGroup(rota.name))]);
  return {
    directory: directoryFrom(withEveryRota(file), dutyAsSaid(everOnDuty(file))),
    known: { groups: [...groups], people: file.people.map(({ personId }) => personId) },
  };
}

/** One sentence for each rule that wants more people of a rota than are ever on call by it at the same time. */
function loneRotas({ rules, source }: Policy, { rotas }: PeopleFile, name: string): string[] {
  const single = new Set(rotas.filter((rota) => !isPaged(rota)).map((rota) => rotaGroup(rota.name)));
  const found = rules.flatMap((rule) => {
    const [request, extension] = ruleOfEach(rule).map((one) => pastReach(one, single));
    const each = [
      ...(request ?? []).map(({ path, what }) => ({ path: ['approve', ...path], what })),
      ...(extension ?? []).map(({ path, what }) => ({ path: [...EXTENDING, ...path], what })),
    ];
    return each.map((one) => ({ ...one, id: rule.id }));
  });
  if (found.length === 0) return [];
  const doc = readDocument(source, name, Number.POSITIVE_INFINITY);
  return found.map(({ id, path, what }) => `${doc.at([...placeOf(doc, id), ...path])} ${id}.${pathText(path)}: ${what}.`);
}

/** One sentence for each rule that names a check of tickets which the configuration does not have. */
export function ticketFindings({ source, rules }: Policy, checks: readonly string[], name: string): string[] {
  const doc = readDocument(source, name, Number.POSITIVE_INFINITY);
  return rules.flatMap(({ id, reason }) => {
    const { check } = reason ?? {};
    if (check === undefined || checks.includes(check)) return [];
    const hint = didYouMean(check, checks, thereAre(checks, ''));
    const at = doc.at([...placeOf(doc, id), 'reason', 'ticket', 'check']);
    return [`${at} ${id}.reason.ticket: there is no check ${check} in the file of ticket checks (STINT_TICKETS)${hint}`];
  });
}

/**
 * One sentence for each rule that nobody can ask by, that too few can approve, or that names who isn't there; each begins
 * with `name:line:column`, where `name` is what the policy's file is called. `known` is what a misspelt name may have meant.
 */
export async function findings(policy: Policy, directory: Directory, name: string, known = NO_NAMES): Promise<string[]> {
  const meant = meantOf(known);
  const { rules, denies = [], source } = policy;
  const finding = [
    ...rules.map((rule) => ruleFindings(rule, directory, meant)),
    ...denies.map((deny) => denyFindings(deny, directory, meant)),
  ];
  const each = await Promise.all(finding);
  return placedIn(
    source,
    name,
    [...rules, ...denies].map(({ id }, i) => ({ id, found: each[i] ?? [] })),
  );
}

/** With `name:line:column` before each. The file is read once more for that, where there is something to say. */
function placedIn(
  source: string,
  name: string,
  each: readonly { readonly id: string; readonly found: readonly Found[] }[],
): string[] {
  if (each.every(({ found }) => found.length === 0)) return [];
  const doc = readDocument(source, name, Number.POSITIVE_INFINITY);
  return each.flatMap(({ id, found }) => found.map(({ path, what }) => `${doc.at([...placeOf(doc, id), ...path])} ${what}`));
}

/** Only those of `findings` about names that the people file does not know: whoever compares two policies asks nothing else of each. */
export async function unknownNames({ rules, denies = [], source }: Policy, file: PeopleFile, name: string): Promise<string[]> {
  const { directory, known } = lookUps(file);
  const meant = meantOf(known);
  const each = [
    ...rules.map((rule) => ({ id: rule.id, parts: partsOf(rule) })),
    ...denies.map((deny) => ({ id: deny.id, parts: deniedParts(deny) })),
  ];
  const found = await Promise.all(
    each.map(({ id, parts }) => Promise.all(parts.map((part) => unknownIn(id, part, directory, meant)))),
  );
  return placedIn(
    source,
    name,
    each.map(({ id }, i) => ({ id, found: found[i]?.flat() ?? [] })),
  );
}

/** Where in the file the rule of this id stands; those that deny stand among the others there. */
function placeOf({ value }: Document, id: string | undefined): readonly PropertyKey[] {
  const { targets } = value as { readonly targets: readonly { readonly id: string }[] };
  return ['targets', targets.findIndex((one) => one.id === id)];
}

/** Whoever is misspelt is not kept out, or is. */
async function denyFindings(deny: Deny, directory: Directory, meant: Meant): Promise<Found[]> {
  return (await Promise.all(deniedParts(deny).map((part) => unknownIn(deny.id, part, directory, meant)))).flat();
}

function deniedParts({ ask, except }: Deny): readonly Part[] {
  return [...(ask ? [{ path: ['ask'], who: ask }] : []), ...(except ? [{ path: ['except'], who: except }] : [])];
}

async function ruleFindings(rule: Rule, directory: Directory, meant: Meant): Promise<Found[]> {
  const { id, ask, breakGlass } = rule;
  const unknown = await Promise.all(partsOf(rule).map((part) => unknownIn(id, part, directory, meant)));
  const asking = (await everybodyOf(directory, [ask])).filter((p) => p.active);
  const found = [...unknown.flat(), ...(breakGlass ? await glassFindings(id, breakGlass, directory) : [])];
  if (asking.length === 0) found.push({ path: ['ask'], what: `${id}: nobody may ask by this rule.` });
  const [request = [], extension = []] = await Promise.all(ruleOfEach(rule).map((one) => shortOf(one, asking, directory)));
  const say = (path: readonly string[], what: string) => (words: string) => ({ path, what: `${id}: ${what} ${words}` });
  return [
    ...found,
    ...request.map(say(['approve'], 'too few people could approve')),
    ...extension.map(say(EXTENDING, 'too few people could approve an extension')),
  ];
}

/** Everybody whom a rule names. */
function partsOf(rule: Rule): readonly Part[] {
  const { ask, approve, revoke, extend, breakGlass } = rule;
  return [
    { path: ['ask'], who: ask },
    { path: ['approve'], who: approve },
    // A rule without `revoke` has its approvers there, who are said once.
    ...(revoke === approve ? [] : [{ path: ['revoke'], who: revoke }]),
    ...(extend?.by ? [{ path: EXTENDING, who: extend.by.approve }] : []),
    ...placedSteps(rule).map(({ path, step }) => ({ path, who: step })),
    ...(breakGlass ? GLASS.map((part) => ({ path: ['breakGlass', part], who: breakGlass[part] })) : []),
  ];
}

/** Somebody whom a rule names, and where in it. */
interface Part {
  readonly path: readonly PropertyKey[];
  readonly who: Who;
}

const EXTENDING = ['extend', 'approve'];

/** For whom of these too few could ever approve, in words. */
async function shortOf(rule: Rule, asking: readonly Person[], directory: Directory): Promise<readonly string[]> {
  // Whom it reaches in the end: a rule may leave it to a step to find enough.
  const pool = await poolOf(directory, [rule], [], EVER);
  return grouped(await stuckOf(rule, asking, pool, directory));
}

const GLASS = ['ask', 'review'] as const;

/** Whose break-glass nobody could ever review. */
async function glassFindings(id: string, { ask, review }: BreakGlass, directory: Directory): Promise<readonly Found[]> {
  const [asking = [], reviewing = []] = await Promise.all([ask, review].map((who) => everybodyOf(directory, [who])));
  const there = reviewing.filter((person) => person.active);
  const alone = asking.filter((person) => person.active && there.every(({ personId }) => personId === person.personId));
  if (alone.length === 0) return [];
  const names = alone.map(({ personId }) => personId);
  return [{ path: ['breakGlass', 'review'], what: `${id}: nobody else could review the break-glass of ${few(names, NAMED)}.` }];
}

interface Stuck {
  readonly asker: PersonId;
  /** Where, how many would be needed, and how many could. */
  readonly short: string;
  /** Why nobody is the manager whom it asks. */
  readonly nobody?: string | undefined;
}

/**
 * Why people who ask for themselves could never find enough approvers. Who may sit in the same stages leaves the same behind
 * by asking, so of thousands one is looked at; where that is too little and a manager is asked, each, for theirs may be enough.
 */
async function stuckOf(rule: Rule, asking: readonly Person[], pool: readonly Person[], directory: Directory): Promise<Stuck[]> {
  const managed = askManagers([rule]);
  const plan = planOf(rule, { own: [], find: () => undefined, now: 0, wait: EVER });
  const seatsOf = (person: Person) => plan.map(({ may }) => (may(person) ? '1' : '0')).join('');
  const alike = new Map<string, readonly Stuck[]>();
  const stuck = asking.map(async (asker) => {
    const seats = seatsOf(asker);
    const short = alike.get(seats) ?? shortFor(rule, asker, pool, []);
    alike.set(seats, short);
    if (short.length > 0 && managed) return shortFor(rule, asker, pool, await managersOf(directory, asker));
    return short.map((each) => ({ ...each, asker: asker.personId }));
  });
  return (await Promise.all(stuck)).flat();
}

function shortFor(rule: Rule, asker: Person, pool: readonly Person[], above: readonly Person[]): readonly Stuck[] {
  // Absences pass, so a check looks past them.
  const managers = above.map(({ away: _, ...person }) => person);
  const find = (id: PersonId) => managers.find(({ personId }) => personId === id);
  const plan = planOf(rule, { own: [asker.personId], subject: asker, find, now: 0, wait: EVER });
  const short = countOf(plan, [...pool, ...managers]).flatMap((stage, i) => (isFull(stage) ? [] : [{ stage, i }]));
  return short.flatMap(({ stage: { name, quorum, approved }, i }) => {
    const where = plan.length > 1 ? ` in stage ${i + 1} (${name})` : '';
    const counts = `${quorum} ${quorum === 1 ? 'is' : 'are'} needed; ${approved} could`;
    return { asker: asker.personId, short: `${where}: ${counts}.`, nobody: plan[i]?.manager?.nobody };
  });
}

/** One sentence for all who lack the same, with the first few managers who are nobody. */
function grouped(stuck: readonly Stuck[]): readonly string[] {
  return [...new Set(stuck.map(({ short }) => short))].map((short) => {
    const same = stuck.filter((one) => one.short === short);
    const nobodies = [...new Set(same.flatMap(({ nobody }) => nobody ?? []))];
    const more = nobodies.length - WHYS;
    const askers = same.map(({ asker }) => asker);
    const whys = [...nobodies.slice(0, WHYS), ...(more > 0 ? [`So it is with ${more} more, who are not named here.`] : [])];
    return [`for ${few(askers, NAMED)}${short}`, ...whys].join(' ');
  });
}

async function unknownIn(
  id: string,
  { path, who: { groups, people } }: Part,
  directory: Directory,
  meant: Meant,
): Promise<Found[]> {
  const members = await Promise.all(groups.map((group) => directory.membersOf(group)));
  const named = await Promise.all(people.map((one) => directory.person(one)));
  const say = (list: 'groups' | 'people', i: number, what: string) => ({
    path: [...path, list, i],
    what: `${id}.${pathText(path)}: ${what}`,
  });
  return [
    ...groups.flatMap((group, i) => (members[i]?.length === 0 ? [say('groups', i, nobodyIn(group, meant))] : [])),
    ...people.flatMap((one, i) =>
      named[i] === undefined ? [say('people', i, `${one} is not in the people file${meant(one, 'people')}`)] : [],
    ),
  ];
}

/** `; there are: it, staff`, and what ends it. */
function thereAre(names: readonly string[], end: string): string {
  return names.length === 0 ? end : `; there are: ${few(names, NAMED)}${end}`;
}

function nobodyIn(group: string, meant: Meant): string {
  const rota = rotaName(group);
  if (rota === undefined) return `the group ${group} has no members${meant(group, 'groups')}`;
  return `nobody is ever on call for ${rota}${meant(group, 'groups')} Put a rota of that name into the people file.`;
}

/** What ends a sentence about a name that is not there. */
type Meant = (word: string, list: 'groups' | 'people') => string;

/** With the wrong people file every name is unknown, and to hold each against ten thousand others would take minutes. */
function meantOf(known: Who): Meant {
  const said = new Map<string, string>();
  return (word, list) => {
    // Of groups there are few, and one of them may be meant; whoever lists people lists everybody.
    const alike = known.groups.filter((group) => (rotaName(group) === undefined) === (rotaName(word) === undefined));
    const otherwise = list === 'groups' ? thereAre(alike, '.') : '.';
    if (!said.has(word) && said.size < SUGGESTED) said.set(word, didYouMean(word, known[list], otherwise));
    return said.get(word) ?? '.';
  };
}
