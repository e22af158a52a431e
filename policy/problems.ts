/** Turns what a schema finds into sentences for the author of a file: where, what is wrong, what is allowed, what was meant. */
import { z } from 'zod';
import { type ErrorCode, StintError } from '../contract/errors.js';
import type { Document, Problem } from './document.js';

type Issue = z.core.$ZodIssue;

/** All problems of a document by a schema, each with line and column. */
export function problemsOf(issues: readonly Issue[], schema: z.ZodType, doc: Document): Problem[] {
  return ofRightKind(issues.flatMap(meantOf)).flatMap((issue): Problem[] => {
    if (issue.code !== 'unrecognized_keys') {
      const { path, what } = explain(issue, doc.value);
      return [{ at: doc.at(path), path: pathText(path), what }];
    }
    const allowed = keysAt(schema, issue.path, doc.value);
    return issue.keys.map((key) => ({ at: doc.at(issue.path, key), path: pathText(issue.path), what: unknownKey(key, allowed) }));
  });
}

/** Of several forms of a value what is wrong with the one that was meant: the first that is of this type at all. */
function meantOf(issue: Issue): readonly Issue[] {
  if (issue.code !== 'invalid_union' || issue.errors.length === 0) return [issue];
  const other = (one: Issue) => one.code === 'invalid_type' && one.path.length === 0;
  const meant = issue.errors.find((form) => !form.some(other)) ?? issue.errors[0] ?? [];
  return meant.flatMap((inner) => meantOf({ ...inner, path: [...issue.path, ...inner.path] }));
}

/** Without what is said of the size of a value that is of another kind: a text where a list is wanted has no number of entries. */
function ofRightKind(issues: readonly Issue[]): readonly Issue[] {
  const wrong = new Set(issues.filter(({ code }) => code === 'invalid_type').map(({ path }) => pathText(path)));
  const isSize = ({ code }: Issue) => code === 'too_small' || code === 'too_big';
  return issues.filter((issue) => !isSize(issue) || !wrong.has(pathText(issue.path)));
}

/** One error whose sentence lists every problem, in the order of the file. */
export function problemError(code: ErrorCode, what: string, problems: readonly Problem[]): StintError {
  const all = [...problems]
    .sort((a, b) => position(a) - position(b))
    .map(({ at, path, what }) => (path ? `${at} ${path}: ${what}` : `${at} ${what}`));
  return listed(code, what, [...new Set(all)]);
}

/** The parser of a broken file may say the same of the same place hundreds of times. */
function listed(code: ErrorCode, what: string, lines: readonly string[]): StintError {
  const SHOWN = 50;
  const more = lines.length > SHOWN ? [`… and ${lines.length - SHOWN} more`] : [];
  const count = lines.length === 1 ? 'one problem' : `${lines.length} problems`;
  return new StintError(code, [`${what} is not valid: ${count}.`, ...lines.slice(0, SHOWN), ...more].join('\n'));
}

/** `targets[0].windows` */
export function pathText(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === 'number') return `${text}[${step}]`;
    return text ? `${text}.${String(step)}` : String(step);
  }, '');
}

/** The allowed word that a misspelt one was probably meant to be. */
export function closest(word: string, allowed: readonly string[]): string | undefined {
  const limit = Math.max(1, Math.min(3, Math.floor(word.length / 3)));
  const near = allowed.map((other) => ({ other, steps: distance(word.toLowerCase(), other.toLowerCase(), limit) }));
  return near.filter(({ steps }) => steps <= limit).sort((a, b) => a.steps - b.steps)[0]?.other;
}

/** `; did you mean "windows"?`, or `otherwise` where no allowed word is near, nor one that it begins with, as `monday` with `mon`. */
export function didYouMean(word: string, allowed: readonly string[], otherwise = ''): string {
  const begins = (other: string) => other.length > 2 && word.toLowerCase().startsWith(other.toLowerCase());
  const meant = closest(word, allowed) ?? allowed.find(begins);
  return meant === undefined ? otherwise : `; did you mean ${JSON.stringify(meant)}?`;
}

/** `"windws" is not known here; did you mean "windows"? Allowed: …` */
export function unknownKey(key: string, allowed: readonly string[]): string {
  return `${JSON.stringify(key.slice(0, 60))} is not known here${didYouMean(key, allowed, '.')} Allowed: ${allowed.join(', ')}`;
}

function position({ at }: Problem): number {
  const [line, column] = at.split(':').slice(-2).map(Number);
  return (line ?? 0) * 1e6 + (column ?? 0);
}

function explain(issue: Issue, root: unknown): { readonly path: readonly PropertyKey[]; readonly what: string } {
  const value = issue.path.reduce<unknown>((inner, step) => (inner as Record<PropertyKey, unknown> | undefined)?.[step], root);
  if (issue.path.length === 0 && (root === null || root === undefined)) return { path: [], what: 'the file is empty' };
  if (value === undefined)
    return { path: issue.path, what: `is missing${issue.code === 'custom' ? `; it ${issue.message}` : ''}` };
  return { path: issue.path, what: sentenceOf(issue, value) };
}

function sentenceOf(issue: Issue, value: unknown): string {
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${KINDS[issue.expected] ?? issue.expected}${formHint(issue.expected, value)}`;
    case 'invalid_value':
      return oneOf(issue.values.map(String), value);
    case 'invalid_union':
      return 'options' in issue && Array.isArray(issue.options)
        ? oneOf(issue.options.filter((one) => one !== undefined).map(String), value)
        : issue.message;
    case 'too_small':
      return `must ${amount('at least', issue.minimum, issue.origin)}`;
    case 'too_big':
      return `must ${amount('at most', issue.maximum, issue.origin)}`;
    default:
      return issue.message;
  }
}

function oneOf(allowed: readonly string[], value: unknown): string {
  return `must be one of: ${allowed.join(', ')}${typeof value === 'string' ? didYouMean(value, allowed) : ''}`;
}

/** The id of an account, or the value `yes`, is a number or a truth to YAML unless it is quoted; one name alone is no list of one. */
function formHint(expected: string, value: unknown): string {
  if (expected === 'string' && ['number', 'boolean'].includes(typeof value)) return ': put it into quotes';
  return expected === 'array' && typeof value === 'string' ? `: write [${JSON.stringify(value.slice(0, 60))}]` : '';
}

function amount(bound: string, count: number | bigint, origin: string): string {
  if (origin === 'array') return `have ${bound} ${count} ${Number(count) === 1 ? 'entry' : 'entries'}`;
  return `be ${bound} ${count}${origin === 'string' ? ' characters long' : ''}`;
}

const KINDS: { readonly [expected: string]: string } = {
  string: 'a text',
  number: 'a whole number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a block of keys and values',
};

/** The keys that a schema knows at a path of this document. */
function keysAt(schema: z.ZodType, path: readonly PropertyKey[], root: unknown): string[] {
  let value = root;
  let here = chosen(schema, value);
  for (const step of path) {
    value = (value as Record<PropertyKey, unknown> | undefined)?.[step];
    if (here instanceof z.ZodObject) here = chosen(here.shape[String(step)], value);
    else if (here instanceof z.ZodArray) here = chosen(here.element, value);
    else if (here instanceof z.ZodRecord) here = chosen(here.valueType, value);
    else return [];
  }
  return here instanceof z.ZodObject ? Object.keys(here.shape) : [];
}

/** Of several forms the one that the document's own value has chosen. */
function chosen(schema: unknown, value: unknown): unknown {
  const here = bare(schema);
  if (!(here instanceof z.ZodUnion)) return here;
  if (!(here instanceof z.ZodDiscriminatedUnion)) return here.options.map(bare).find((option) => option instanceof z.ZodObject);
  const { discriminator } = here.def;
  const named = (value as Record<string, unknown> | undefined)?.[discriminator];
  const fits = (option: unknown): boolean | undefined =>
    option instanceof z.ZodDiscriminatedUnion
      ? option.options.some(fits)
      : option instanceof z.ZodObject && option.shape[discriminator]?.safeParse(named).success;
  const option = here.options.find(fits);
  return option instanceof z.ZodDiscriminatedUnion ? chosen(option, value) : option;
}

function bare(schema: unknown): unknown {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault) return bare(schema.unwrap());
  return schema instanceof z.ZodPipe ? bare(schema.in) : schema;
}

/** Edit steps between two words, as far as `limit`; two letters the wrong way round are one. */
function distance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1;
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const swap = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const crossed = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? (before[j - 2] ?? 0) + 1 : limit + 1;
      next.push(Math.min(swap, crossed, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    [before, row] = [row, next];
  }
  return row[b.length] ?? limit + 1;
}
