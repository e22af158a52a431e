/**
 * The file of cases that stands beside a policy: who asks for what, with which votes, and what the policy has to answer. Names
 * that are not in the people file are mistakes: a case about nobody would be refused, and so pass, for the wrong reason.
 */
import { z } from 'zod';
import type { PersonId, Serial } from '../contract/ids.js';
import type { Person } from '../contract/ports.js';
import { CATEGORIES } from '../contract/request.js';
import { TIERS } from '../contract/verdict.js';
import { awsAccount } from '../seal/aws-shapes.js';
import { displayName, incident, personId, serial } from '../seal/shapes.js';
import { parseMoment } from './calendar.js';
import { type Document, type Problem, readDocument } from './document.js';
import { didYouMean, pathText, problemError, problemsOf } from './problems.js';
import type { Rota } from './rota.js';
import { lengthOf, ruleId } from './schema.js';

const CAP_BYTES = 1024 * 1024;

const length = lengthOf('1s', '24h');
const text = z.string().min(1).max(256);

const awsAttributes = z.strictObject({
  account: text.refine((name) => !awsAccount.safeParse(name).success, {
    error: 'must be the name of an account; write an id of 12 digits as accountId',
  }),
  accountId: awsAccount.optional(),
  ous: z.array(text).max(20).optional(),
  tags: z.record(z.string().min(1).max(128), z.string().max(256)).optional(),
  set: text,
});

const target = z
  .strictObject({ mac: serial.optional(), aws: awsAttributes.optional() })
  .refine(({ mac, aws }) => (mac === undefined) !== (aws === undefined), { error: 'must name one target: mac or aws' });

const moment = z.string().transform((text, context) => {
  const ms = parseMoment(text);
  if (ms !== undefined) return ms;
  const message = 'must be an instant with its offset from UTC, such as 2026-11-23T09:00:00+01:00';
  context.issues.push({ code: 'custom', input: text, message });
  return z.NEVER;
});

const vote = z.strictObject({ by: personId, decision: z.enum(['approve', 'deny']).optional(), window: length.optional() });

/**
 * What counts against limits: what else they have now, asked for in the last hour, had in a week, how long ago one was revoked, and
 * how many the policy itself approved, all of them a minute ago.
 */
const had = z.strictObject({
  live: z.int().min(0).max(1000).optional(),
  requests: z.int().min(0).max(1000).optional(),
  access: lengthOf('0s', '7d').optional(),
  revoked: lengthOf('0s', '30d').optional(),
  automatic: z.int().min(0).max(1000).optional(),
});

/** In place of the request: what is asked for more while the access is there, and how many extensions there were before. */
const extension = z.strictObject({ window: length, granted: z.int().min(0).max(100).optional() });

const expected = z.strictObject({
  outcome: z.enum(['deny', 'needs-approval', 'satisfied', 'auto']),
  /** The rule that applies; null where none must. */
  rule: ruleId.nullable().optional(),
  window: length.optional(),
  quorum: z.int().min(1).max(10).optional(),
  tier: z.literal(TIERS).optional(),
  channel: text.optional(),
  approvers: z
    .strictObject({ include: z.array(personId).max(200).optional(), exclude: z.array(personId).max(200).optional() })
    .optional(),
});

const oneCase = z.strictObject({
  name: displayName,
  who: personId,
  for: personId.optional(),
  target,
  window: length,
  extension: extension.optional(),
  /** When it is asked for and voted on; now, where it says nothing. */
  at: moment.optional(),
  /** When it is to begin, where it is asked for later. */
  start: moment.optional(),
  /** How long it has waited by then; not at all, where it says nothing. */
  waited: lengthOf('0s', '30d').optional(),
  /** What is written as the reason; nothing, where it says nothing. */
  reason: z.string().max(4000).optional(),
  /** Which is chosen beside it; other, where it says nothing. */
  category: z.enum(CATEGORIES).optional(),
  /** The glass is broken, for this incident. */
  incident: incident.optional(),
  had: had.optional(),
  /** What the far end says of tickets, by name; one that is not named is missing. */
  tickets: z.record(z.string().min(1).max(64), z.enum(['exists', 'missing', 'error'])).optional(),
  votes: z.array(vote).max(50).optional(),
  /** Who is on call, by rota: a case must not come out otherwise at another hour. */
  oncall: z.record(text, z.array(personId).min(1).max(50)).optional(),
  expect: expected,
});

const caseFile = z.strictObject({
  version: z.literal(1),
  policy: text,
  people: text,
  cases: z.array(oneCase).min(1).max(5000),
});

/** One case: a question to the policy, and what it has to answer. Lengths in milliseconds, instants in those since 1970. */
export type PolicyCase = z.output<typeof oneCase>;
export type AwsAttributes = z.output<typeof awsAttributes>;

/** The cases of a file. */
export interface CaseTable {
  /** The files that the table is about, as it names them: relative to its own folder. */
  readonly policy: string;
  readonly people: string;
  readonly cases: readonly PolicyCase[];
  /** `file:line:column` of a value in the table. */
  readonly at: Document['at'];
}

/** The table of a YAML or JSON text. Throws `bad-config`; its sentence lists every problem with line and column. */
export function parseCases(source: string, name: string): CaseTable {
  const doc = readDocument(source, name, CAP_BYTES);
  if (doc.problems.length > 0) throw bad(doc.problems);
  const parsed = caseFile.safeParse(doc.value);
  if (!parsed.success) throw bad(problemsOf(parsed.error.issues, caseFile, doc));
  const { policy, people, cases } = parsed.data;
  return { policy, people, cases, at: doc.at };
}

/** Refuses a table that names people or Macs that are not in the people file. Throws `bad-config`. */
export function checkNames({ cases, at }: CaseTable, people: readonly Person[]): void {
  const ids = new Set<PersonId>(people.map((person) => person.personId));
  const serials = new Set<Serial>(people.flatMap((person) => person.macs.map((mac) => mac.serial)));
  const problems = cases.flatMap((one, index) =>
    namesOf(one)
      .filter(({ id, mac }) => (id !== undefined && !ids.has(id)) || (mac !== undefined && !serials.has(mac)))
      .map(({ path, id, mac }): Problem => {
        const full = ['cases', index, ...path];
        return {
          at: at(full),
          path: pathText(full),
          what: `${id ?? mac} is not in the people file${id ? didYouMean(id, [...ids]) : didYouMean(mac ?? '', [...serials])}`,
        };
      }),
  );
  if (problems.length > 0) throw bad(problems);
}

/** Refuses a table that says who is on call for a rota that is not in the people file. Throws `bad-config`. */
export function checkRotas({ cases, at }: CaseTable, rotas: readonly Pick<Rota, 'name'>[]): void {
  const names = new Set(rotas.map(({ name }) => name));
  const problems = cases.flatMap(({ oncall = {} }, index) =>
    Object.keys(oncall)
      .filter((rota) => !names.has(rota))
      .map((rota): Problem => {
        const path = ['cases', index, 'oncall', rota];
        return { at: at(path), path: pathText(path), what: `the people file has no rota ${rota}${didYouMean(rota, [...names])}` };
      }),
  );
  if (problems.length > 0) throw bad(problems);
}

interface Named {
  readonly path: readonly PropertyKey[];
  readonly id?: PersonId | undefined;
  readonly mac?: Serial | undefined;
}

/** Everything of a case that the people file has to know. */
function namesOf({ who, for: subject, target, votes = [], oncall = {}, expect }: PolicyCase): readonly Named[] {
  const { include = [], exclude = [] } = expect.approvers ?? {};
  const listed = (part: string, ids: readonly PersonId[]) => ids.map((id, i) => ({ path: ['expect', 'approvers', part, i], id }));
  return [
    { path: ['who'], id: who },
    { path: ['for'], id: subject },
    { path: ['target', 'mac'], mac: target.mac },
    ...votes.map(({ by }, i) => ({ path: ['votes', i, 'by'], id: by })),
    ...Object.entries(oncall).flatMap(([rota, ids]) => ids.map((id, i) => ({ path: ['oncall', rota, i], id }))),
    ...listed('include', include),
    ...listed('exclude', exclude),
  ];
}

const bad = (problems: readonly Problem[]) => problemError('bad-config', 'The table of cases', problems);
