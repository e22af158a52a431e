/** Reads one setting at a time from the environment, the configuration file or a secret's own file, and notes what is wrong. */
import { isStintError } from '../contract/errors.js';
import { readDocument } from '../policy/document.js';
import { closest, unknownKey } from '../policy/problems.js';
import { type Part, VARIABLES, type ValueOf, type Variable, type VariableName } from './config-variables.js';
import { Secret } from './secrets.js';

export interface Source {
  readonly env: { readonly [name: string]: string | undefined };
  /** Reads a text file; throws when it can't. */
  readonly readFile: (path: string) => string;
}

export interface Reader {
  /** The checked value, the default, or undefined; a problem is noted when it is required and missing. */
  value<N extends VariableName>(name: N): ValueOf<N> | undefined;
  secret(name: VariableName): Secret | undefined;
  /** What `parse` makes of the file that a setting names, where it names one; why it can't is noted. */
  file<T>(name: VariableName, parse: (text: string, path: string) => T): T | undefined;
  problems: string[];
}

/** A reader of the settings for these parts. Problems are collected, never thrown. */
export function createReader({ env, readFile }: Source, parts: readonly Part[]): Reader {
  const problems: string[] = [];
  const shared = fileSettings(env.STINT_CONFIG, readFile, problems);
  const given = (name: string): string | undefined => nonEmpty(env[name]) ?? shared.get(name);
  misspelt(env, problems);

  const textOf = (name: VariableName): string | undefined => {
    const { secret, fallback }: Variable = VARIABLES[name];
    const pointer = nonEmpty(env[`${name}_FILE`]);
    if (!secret || pointer === undefined) return given(name) ?? fallback;
    if (nonEmpty(env[name]) !== undefined) problems.push(`${name} and ${name}_FILE are both set; keep one.`);
    try {
      // An editor or `echo` ends the file with a line break that isn't part of the secret.
      return nonEmpty(readFile(pointer).replace(/\r?\n$/, '')) ?? fallback;
    } catch (error) {
      problems.push(`${name}_FILE: ${isStintError(error) ? error.sentence : `the file ${pointer} cannot be read.`}`);
      return undefined;
    }
  };

  const value = <N extends VariableName>(name: N): ValueOf<N> | undefined => {
    const variable: Variable = VARIABLES[name];
    const before = problems.length;
    const text = textOf(name);
    if (text === undefined) {
      const asked = variable.part === 'base' || parts.includes(variable.part);
      if (!variable.optional && asked && problems.length === before) problems.push(missing(name, variable));
      return undefined;
    }
    const checked = variable.check.safeParse(text);
    if (checked.success) return checked.data as ValueOf<N>;
    // NB: the value itself is never repeated: it may be a secret put under the wrong name.
    problems.push(`${name} ${checked.error.issues[0]?.message ?? 'is not valid'}. Example: ${name}=${variable.example}`);
    return undefined;
  };
  const secret = (name: VariableName): Secret | undefined => {
    const plain = value(name);
    return typeof plain === 'string' ? new Secret(plain) : undefined;
  };
  const file = <T>(name: VariableName, parse: (text: string, path: string) => T): T | undefined => {
    const path = value(name);
    if (typeof path !== 'string') return undefined;
    try {
      return parse(readFile(path), path);
    } catch (error) {
      problems.push(isStintError(error) ? `${name}: ${error.sentence}` : `${name}: the file ${path} cannot be read.`);
      return undefined;
    }
  };
  return { value, secret, file, problems };
}

/** What to say of a setting that is needed and not there. */
export function missing(name: string, { help, example, secret }: Variable): string {
  return `${name} is missing. ${help} Example: ${name}=${example}${secret ? `, or ${name}_FILE=<path>` : ''}`;
}

/** The settings of the configuration file, by name. Secrets are refused in it: it is meant to be shared and kept in version control. */
function fileSettings(path: string | undefined, readFile: Source['readFile'], problems: string[]): Map<string, string> {
  const settings = new Map<string, string>();
  if (nonEmpty(path) === undefined || path === undefined) return settings;
  let text: string;
  try {
    text = readFile(path);
  } catch (error) {
    problems.push(`STINT_CONFIG: ${isStintError(error) ? error.sentence : `the file ${path} cannot be read.`}`);
    return settings;
  }
  const doc = readDocument(text, path, 256 * 1024);
  problems.push(...doc.problems.map(({ at, what }) => `${at} ${what}`));
  for (const [name, value] of entriesOf(doc.value)) {
    const variable: Variable | undefined = Object.hasOwn(VARIABLES, name) ? VARIABLES[name as VariableName] : undefined;
    const say = (what: string) => problems.push(`${doc.at([], name)} ${what}`);
    if (!variable) say(unknownKey(name, Object.keys(VARIABLES)));
    else if (variable.secret) say(`${name} is a secret and must not stand in this file. Use the environment, or ${name}_FILE.`);
    else if (typeof value !== 'string' && typeof value !== 'number') say(`${name} must be one text or number.`);
    else settings.set(name, String(value));
  }
  if (doc.problems.length === 0 && doc.value !== null && entriesOf(doc.value).length === 0) {
    problems.push(`${path} must be a block of NAME: value.`);
  }
  return settings;
}

function entriesOf(value: unknown): [string, unknown][] {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.entries(value) : [];
}

/** Read by others: where this reader's file is, and what `stint request` takes on people's own computers. */
const ELSEWHERE = ['STINT_CONFIG', 'STINT_SERVER_URL', 'STINT_SERVER_KEY_FILE', 'STINT_PERSON_KEY_FILE'];

/** A misspelt name would be silently without effect. Only names that begin with STINT_ are surely meant for us. */
function misspelt(env: Source['env'], problems: string[]): void {
  const PREFIX = 'STINT_';
  const known = [...Object.keys(VARIABLES), ...ELSEWHERE].filter((name) => name.startsWith(PREFIX));
  const words = known.map((name) => name.slice(PREFIX.length));
  for (const name of Object.keys(env)) {
    if (!name.startsWith(PREFIX) || known.includes(name)) continue;
    // Kubernetes sets STINT_PORT and the like for a service called stint: only what is nearly a name of ours is one.
    const meant = closest(name.slice(PREFIX.length), words);
    if (meant !== undefined) problems.push(`${name} is not known; did you mean ${PREFIX}${meant}?`);
  }
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === undefined || text === '' ? undefined : text;
}

/** All problems as one text. */
export function sentenceOf(problems: readonly string[]): string {
  const unique = [...new Set(problems)];
  return [
    `The configuration is not valid: ${unique.length === 1 ? 'one problem' : `${unique.length} problems`}.`,
    ...unique,
  ].join('\n');
}
