/**
 * The file that says where tickets are looked up (`STINT_TICKETS`): checks by name, which rules of the policy name. It holds no
 * secret, only where one lies. Written by an operator and trusted, but for mistakes: each is told with line and column.
 */
import { z } from 'zod';
import { isLoopback } from '../../contract/loopback.js';
import { checkName } from '../../policy/condition-schema.js';
import { readDocument } from '../../policy/document.js';
import { pathText, problemError, problemsOf } from '../../policy/problems.js';

const CAP_BYTES = 64 * 1024;

/** Stands for the ticket in an address. */
export const PLACEHOLDER = '{ticket}';

const status = z.int({ error: 'must be a whole number' }).min(200).max(499);
const line = z.string().regex(/^[^\p{Cc}\p{Zl}\p{Zp}]{1,200}$/u, { error: 'must be one line of up to 200 characters' });

const field = z
  .strictObject({
    /** Such as `fields.status.statusCategory.key`; a number is a place in a list. */
    field: z
      .string()
      .regex(/^[\w-]+(\.[\w-]+){0,9}$/, { error: 'must be names with dots between them, such as fields.status.name' }),
    is: z.array(line).min(1).max(50).optional(),
    not: z.array(line).min(1).max(50).optional(),
    requester: z.literal('email', { error: 'must be email' }).optional(),
  })
  .refine(({ is, not, requester }) => [is, not, requester].filter((one) => one !== undefined).length === 1, {
    error: 'must say one of: is, not, requester',
  });
export type FieldCheck = z.output<typeof field>;

const check = z.strictObject({
  url: z.string().max(2000),
  header: z
    .strictObject({
      name: z.string().regex(/^[A-Za-z][A-Za-z0-9-]{0,63}$/, { error: 'must be the name of a header, such as Authorization' }),
      file: line,
    })
    .optional(),
  there: z.array(status).min(1).max(10).optional(),
  missing: z.array(status).min(1).max(10).optional(),
  fields: z.array(field).max(5).optional(),
  known: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, { error: 'must be the name of a ticket' })
    .optional(),
});

const checksFile = z.strictObject({ version: z.literal(1), checks: z.record(checkName, check) });

/** Where tickets are looked up, and what of the answer will do. */
export interface TicketCheck {
  readonly name: string;
  /** With the placeholder once, behind the host. */
  readonly url: string;
  /** The header that proves who asks, and the file that its whole value lies in. */
  readonly header?: { readonly name: string; readonly file: string } | undefined;
  /** What the far end answers for a ticket that is there, and for one that is not: HTTP statuses. */
  readonly there: readonly number[];
  readonly missing: readonly number[];
  /** Each has to hold. */
  readonly fields: readonly FieldCheck[];
  /** One that is there, for the doctor. */
  readonly known?: string | undefined;
}

/**
 * The checks of a YAML or JSON text. `loopback` lets `http://` be used to this very computer. Throws `bad-config`, whose sentence
 * lists every problem.
 */
export function parseTicketChecks(text: string, name: string, loopback: boolean): readonly TicketCheck[] {
  const doc = readDocument(text, name, CAP_BYTES);
  const what = 'The file of ticket checks';
  if (doc.problems.length > 0) throw problemError('bad-config', what, doc.problems);
  const parsed = checksFile.safeParse(doc.value);
  if (!parsed.success) throw problemError('bad-config', what, problemsOf(parsed.error.issues, checksFile, doc));
  const checks = Object.entries(parsed.data.checks);
  const problems = checks.flatMap(([key, { url, there = [200], missing = [404] }]) => {
    const at = (part: string, words: string | undefined) => {
      const path = ['checks', key, part];
      return words === undefined ? [] : [{ at: doc.at(path), path: pathText(path), what: words }];
    };
    const both = there.filter((one) => missing.includes(one)).map((one) => `has ${one}, which is also among those of there`);
    return [...at('url', urlProblem(url, loopback)), ...at('missing', both[0])];
  });
  if (problems.length > 0) throw problemError('bad-config', what, problems);
  return checks.map(([key, { there = [200], missing = [404], fields = [], ...rest }]) => ({
    name: key,
    there,
    missing,
    fields,
    ...rest,
  }));
}

/** What is wrong with an address; undefined where nothing is. */
function urlProblem(url: string, loopback: boolean): string | undefined {
  const [before = '', after, more] = url.split(PLACEHOLDER);
  if (after === undefined || more !== undefined) return `must hold ${PLACEHOLDER} once, where the ticket goes`;
  if (!URL.canParse(before) || !URL.canParse(`${before}X${after}`)) return 'must be a URL';
  const { origin, protocol, hostname, username, password, hash } = new URL(`${before}X${after}`);
  // NB: the ticket must not be able to be a part of the host's name.
  if (!before.startsWith(`${origin}/`))
    return `must hold ${PLACEHOLDER} behind the host, written in lower case and with a slash after it`;
  if (username || password || hash) return 'must hold no user name, password or #';
  if (protocol === 'https:' || (protocol === 'http:' && loopback && isLoopback(hostname))) return undefined;
  return 'must begin with https:// (http:// only with STINT_ALLOW_INSECURE=loopback and an address such as 127.0.0.1)';
}
