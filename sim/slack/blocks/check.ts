/**
 * Small checks from which the Block Kit rules are built. Every check says where (a JSON pointer) and what is wrong, in the
 * words of Slack's own `response_metadata.messages`.
 */
import { isObject, type Json } from '../json.js';

export interface Problem {
  pointer: string;
  message: string;
}
export type Check = (value: unknown, pointer: string, problems: Problem[]) => void;

/** As Slack writes a problem: `[ERROR] … [json-pointer:/blocks/0/text]`. */
export function sentence(problem: Problem): string {
  return `[ERROR] ${problem.message} [json-pointer:${problem.pointer}]`;
}

/**
 * A string of `min` to `max` characters. Plain text is measured after escaping (`escaped`), since that is how Slack keeps
 * it; what is already escaped is not counted twice.
 */
export function str(min: number, max: number, escaped = false): Check {
  return (value, pointer, problems) => {
    if (typeof value !== 'string') return void problems.push({ pointer, message: 'must be a string' });
    const length = escaped ? escapedLength(value) : value.length;
    if (value.length < min) problems.push({ pointer, message: `must be more than ${min - 1} characters` });
    if (length > max) problems.push({ pointer, message: `must be less than ${max + 1} characters` });
  };
}

function escapedLength(value: string): number {
  return value
    .replace(/&(?!(?:amp|lt|gt);)/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;').length;
}

export const bool: Check = (value, pointer, problems) => {
  if (typeof value !== 'boolean') problems.push({ pointer, message: 'must be a boolean' });
};

export function int(min: number, max: number): Check {
  return (value, pointer, problems) => {
    if (typeof value !== 'number' || !Number.isInteger(value)) problems.push({ pointer, message: 'must be an integer' });
    else if (value < min) problems.push({ pointer, message: `must be greater than or equal to ${min}` });
    else if (value > max) problems.push({ pointer, message: `must be less than or equal to ${max}` });
  };
}

export function oneOf(...allowed: string[]): Check {
  return (value, pointer, problems) => {
    if (typeof value !== 'string' || !allowed.includes(value)) {
      problems.push({ pointer, message: `must be one of: ${allowed.join(', ')}` });
    }
  };
}

export function matching(pattern: RegExp, what: string): Check {
  return (value, pointer, problems) => {
    if (typeof value !== 'string' || !pattern.test(value)) problems.push({ pointer, message: `must be ${what}` });
  };
}

export function list(item: Check, min: number, max: number): Check {
  return (value, pointer, problems) => {
    if (!Array.isArray(value)) return void problems.push({ pointer, message: 'must be an array' });
    if (value.length < min) problems.push({ pointer, message: `no less than ${min} items allowed [${value.length}]` });
    if (value.length > max) problems.push({ pointer, message: `no more than ${max} items allowed [${value.length}]` });
    value.forEach((entry: unknown, index) => {
      item(entry, `${pointer}/${index}`, problems);
    });
  };
}

type Fields = Record<string, Check>;

/** An object with these keys and no others. `also` looks at the whole once the keys are fine. */
export function obj(
  required: Fields,
  optional: Fields = {},
  also?: (value: Json, pointer: string, problems: Problem[]) => void,
): Check {
  const known = { ...required, ...optional };
  return (value, pointer, problems) => {
    if (!isObject(value)) return void problems.push({ pointer, message: 'must be an object' });
    const before = problems.length;
    for (const key of Object.keys(required)) {
      if (!(key in value)) problems.push({ pointer, message: `missing required field: ${key}` });
    }
    for (const [key, entry] of Object.entries(value)) {
      const check = Object.hasOwn(known, key) ? known[key] : undefined;
      if (check) check(entry, `${pointer}/${key}`, problems);
      else problems.push({ pointer, message: `invalid additional property: ${key}` });
    }
    if (also && problems.length === before) also(value, pointer, problems);
  };
}

/** One of several objects, told apart by `type`. */
export function byType(kinds: Record<string, Check>): Check {
  return (value, pointer, problems) => {
    if (!isObject(value)) return void problems.push({ pointer, message: 'must be an object' });
    const { type } = value;
    const check = typeof type === 'string' && Object.hasOwn(kinds, type) ? kinds[type] : undefined;
    if (check) check(value, pointer, problems);
    else problems.push({ pointer: `${pointer}/type`, message: `unsupported type: ${String(type)}` });
  };
}

/** A check of `type`, which `byType` has already made. */
export const typed: Check = str(1, 50);
