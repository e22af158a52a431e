/**
 * The people file: who exists, which groups, Slack accounts and Macs are theirs. One person must be one entry, or their
 * approvals would count twice (invariant I3): whatever names a person (id, e-mail, Slack account, account on a Mac) may
 * stand in the file only once.
 */
import { z } from 'zod';
import { foldAddress } from '../contract/address.js';
import { type Instant, instant } from '../contract/ids.js';
import type { Absence, Directory, OnDuty, Person } from '../contract/ports.js';
import { awsUser } from '../seal/aws-shapes.js';
import { displayName, localUser, personId, serial, slackTeamId, slackUserId } from '../seal/shapes.js';
import { type Document, type Problem, readDocument } from './document.js';
import type { Duty } from './duty.js';
import { readJson } from './json-document.js';
import { pathText, problemError, problemsOf } from './problems.js';
import { type Rota, rotaName } from './rota.js';
import { pagerdutyId, rotaProblems, rotas, rotasOf } from './rota-file.js';
import { groupName } from './schema.js';

const CAP_BYTES = 32 * 1024 * 1024;
/** The YAML parser needs seconds for so much, in which its process does nothing else: no revoke leaves. */
const YAML_BYTES = 1024 * 1024;
const MOMENT = 'must be a day such as 2026-12-24, which begins at 0:00 UTC, or a time such as 2026-12-24T08:00+01:00';

const moment = z
  .string()
  .regex(/^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:\d\d))?$/, { error: MOMENT })
  .refine(exists, { error: MOMENT })
  .transform((text): Instant => instant(Date.parse(text)));

const away = z
  .strictObject({ from: moment, until: moment, delegate: personId.optional() })
  .refine(({ from, until }) => from < until, { error: 'must end after it began: until is when they are back' });

const person = z.strictObject({
  id: personId,
  name: displayName,
  email: z.email().max(254).optional(),
  active: z.boolean().optional(),
  groups: z.array(groupName).max(200).optional(),
  slack: z
    .array(z.strictObject({ team: slackTeamId, user: slackUserId }))
    .max(10)
    .optional(),
  macs: z
    .array(z.strictObject({ serial, user: localUser, name: displayName }))
    .max(20)
    .optional(),
  aws: z.strictObject({ user: awsUser }).optional(),
  pagerduty: pagerdutyId.optional(),
  manager: personId.optional(),
  away: away.optional(),
});
const peopleFile = z.strictObject({ people: z.array(person).max(100_000), rotas: rotas.optional() });
type Entry = z.output<typeof person>;
type Entries = z.output<typeof peopleFile>;

/** What a people file says. */
export interface PeopleFile {
  readonly people: readonly Person[];
  readonly rotas: readonly Rota[];
  /** `file:line:column` of a value, read again when it is asked for. Not there where that would take too long. */
  readonly at?: (path: readonly PropertyKey[]) => string;
}

/** `Date.parse` takes the 31st of February for a day in March, which would lengthen an absence unsaid. */
function exists(text: string): boolean {
  const day = text.slice(0, 10);
  const ms = Date.parse(day);
  return !Number.isNaN(Date.parse(text)) && !Number.isNaN(ms) && instant(ms).startsWith(day);
}

/**
 * The people of a YAML or JSON text. `name` is the file's name for the messages. Throws `bad-config`; its sentence lists
 * every problem as `file:line:column path: what is wrong`.
 */
export function parsePeople(text: string, name: string): readonly Person[] {
  return parsePeopleFile(text, name).people;
}

/** The same with the rotas. Throws as `parsePeople` does. */
export function parsePeopleFile(text: string, name: string): PeopleFile {
  const entries = quickly(text) ?? carefully(text, name);
  const read = { people: entries.people.map(toPerson), rotas: rotasOf(entries.rotas ?? []) };
  // What answers for places keeps the text for as long as the file counts.
  return text.length > YAML_BYTES ? read : { ...read, at: placesOf(text, name) };
}

function placesOf(text: string, name: string): NonNullable<PeopleFile['at']> {
  let doc: Document | undefined;
  return (path) => {
    doc ??= readDocument(text, name, YAML_BYTES);
    return doc.at(path);
  };
}

/** JSON goes past the YAML parser, which keeps a position for every value. Undefined unless the file is beyond reproach. */
function quickly(text: string): Entries | undefined {
  if (!isJson(text) || Buffer.byteLength(text) > CAP_BYTES) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    // JSON.parse drops all but the last of a repeated key: the file would say one thing to a reader and another to us.
    if (keysWritten(text) !== keysRead(value)) return undefined;
    const parsed = peopleFile.safeParse(value);
    const fine = parsed.success && firstRepeats(parsed.data.people).length === 0 && rotaFaults(parsed.data).length === 0;
    return fine ? parsed.data : undefined;
  } catch {
    return undefined; // read again, for the positions
  }
}

function keysWritten(json: string): number {
  let count = 0;
  for (const match of json.matchAll(/"(?:[^"\\]|\\.)*"(\s*:)?/g)) if (match[1] !== undefined) count++;
  return count;
}

function keysRead(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  const own = Array.isArray(value) ? 0 : Object.keys(value).length;
  return Object.values(value).reduce<number>((sum, inner) => sum + keysRead(inner), own);
}

function rotaFaults({ people, rotas = [] }: Entries) {
  return rotas.length === 0 ? [] : rotaProblems(rotas, new Set(people.map(({ id }) => id)));
}

/** As far as its first letter tells: YAML that begins so is read by the YAML parser too, as long as it is short. */
function isJson(text: string): boolean {
  return text.trimStart().startsWith('{');
}

function documentOf(text: string, name: string): Document {
  const size = Buffer.byteLength(text);
  if (size <= YAML_BYTES || size > CAP_BYTES) return readDocument(text, name, CAP_BYTES);
  if (isJson(text)) return readJson(text, name);
  const what = `the file has ${size} bytes; as YAML at most ${YAML_BYTES} are allowed, as JSON ${CAP_BYTES}: write it as JSON`;
  const start = `${name}:1:1`;
  return { value: undefined, problems: [{ at: start, path: '', what }], at: () => start };
}

function carefully(text: string, name: string): Entries {
  const doc = documentOf(text, name);
  const fail = (problems: readonly Problem[]) => problemError('bad-config', 'The people file', problems);
  if (doc.problems.length > 0) throw fail(doc.problems);
  const parsed = peopleFile.safeParse(doc.value);
  if (!parsed.success) throw fail(problemsOf(parsed.error.issues, peopleFile, doc));
  const faults = rotaFaults(parsed.data).map(({ path, what, first }): Problem => {
    const before = first ? `; it was named before, at ${doc.at(first)}` : '';
    return { at: doc.at(path), path: pathText(path), what: `${what}${before}` };
  });
  const problems = [...firstRepeats(parsed.data.people).map((repeat) => describe(repeat, doc)), ...faults];
  if (problems.length > 0) throw fail(problems);
  return parsed.data;
}

interface Repeat {
  readonly path: readonly PropertyKey[];
  readonly first: readonly PropertyKey[];
  readonly what: string;
}

/** Everything that names a person and was seen before. Letter case makes no difference to a Mac. */
function firstRepeats(people: readonly Entry[]): Repeat[] {
  const seen = new Map<string, readonly PropertyKey[]>();
  const repeats: Repeat[] = [];
  const see = (what: string, name: string, path: readonly PropertyKey[], folded = name.toLowerCase()) => {
    const key = `${what}\n${folded}`;
    const first = seen.get(key);
    if (first) repeats.push({ path, first, what: `the ${what} ${name}` });
    else seen.set(key, path);
  };
  people.forEach(({ id, email, slack, macs, aws, pagerduty }, i) => {
    see('id', id, ['people', i, 'id']);
    if (email !== undefined) see('e-mail address', email, ['people', i, 'email'], foldAddress(email));
    if (aws) see('user of Identity Center', aws.user, ['people', i, 'aws', 'user']);
    if (pagerduty !== undefined) see('user of PagerDuty', pagerduty, ['people', i, 'pagerduty']);
    slack?.forEach(({ team, user }, j) => {
      see('Slack account', `${team}/${user}`, ['people', i, 'slack', j]);
    });
    macs?.forEach(({ serial: mac, user }, j) => {
      see('account on a Mac', `${mac}/${user}`, ['people', i, 'macs', j]);
    });
  });
  return repeats;
}

function describe({ path, first, what }: Repeat, doc: Document): Problem {
  return {
    at: doc.at(path),
    path: pathText(path),
    what: `${what} was named before, at ${doc.at(first)}; one person is one entry`,
  };
}

function toPerson({ id, name, email, active, groups, slack, macs, aws, pagerduty, manager, away: absence }: Entry): Person {
  return {
    personId: id,
    name,
    ...(email === undefined ? {} : { email }),
    active: active ?? true,
    groups: groups ?? [],
    slack: (slack ?? []).map(({ team, user }) => ({ teamId: team, userId: user })),
    macs: (macs ?? []).map(({ serial: mac, user, name: host }) => ({ serial: mac, localUser: user, name: host })),
    ...(aws ? { awsUserId: aws.user } : {}),
    ...(pagerduty === undefined ? {} : { pagerdutyUserId: pagerduty }),
    ...(manager === undefined ? {} : { manager }),
    ...(absence ? { away: awayOf(absence) } : {}),
  };
}

function awayOf({ from, until, delegate }: NonNullable<Entry['away']>): Absence {
  return { from, until, ...(delegate === undefined ? {} : { delegate }) };
}

/**
 * A directory of these people, in memory; who isn't there is undefined. Its answers never fail, but for who is on call: that
 * says `duty`, and throws what it throws. Without it nobody is.
 */
export function directoryFrom(people: readonly Person[], duty?: Duty): Required<Directory> {
  return directoriesOf(people)(duty);
}

/** The same for one rota after another: the people are gone through once. */
export function directoriesOf(people: readonly Person[]): (duty?: Duty) => Required<Directory> {
  const byId = new Map(people.map((p) => [p.personId, p]));
  const bySlack = index(people, (p) => p.slack.map(({ teamId, userId }) => `${teamId}/${userId}`));
  const byMac = index(people, (p) => p.macs.map((mac) => `${mac.serial}/${mac.localUser}`));
  const byAwsUser = index(people, ({ awsUserId }) => (awsUserId ? [awsUserId.toLowerCase()] : []));
  const byGroup = index(people, (p) => [...new Set(p.groups)]);
  const onCall = async (rota: string, duty: Duty | undefined): Promise<OnDuty> => {
    const { people: ids = [], untilMs } = (await duty?.(rota)) ?? {};
    return { members: ids.flatMap((id) => byId.get(id) ?? []), untilMs };
  };
  return (duty) => ({
    person: async (id) => byId.get(id),
    personBySlack: async (teamId, userId) => bySlack.get(`${teamId}/${userId}`)?.[0],
    personByMac: async (mac, user) => byMac.get(`${mac}/${user}`)?.[0],
    personByAwsUser: async (userId) => byAwsUser.get(userId.toLowerCase())?.[0],
    membersOf: async (group) => {
      const rota = rotaName(group);
      return rota === undefined ? (byGroup.get(group) ?? []) : (await onCall(rota, duty)).members;
    },
    onCall: (rota) => onCall(rota, duty),
    isActive: async (id) => byId.get(id)?.active ?? false,
  });
}

function index(people: readonly Person[], keysOf: (person: Person) => readonly string[]): ReadonlyMap<string, readonly Person[]> {
  const found = new Map<string, Person[]>();
  for (const p of people) {
    for (const key of keysOf(p)) {
      const list = found.get(key);
      if (list) list.push(p);
      else found.set(key, [p]);
    }
  }
  return found;
}
