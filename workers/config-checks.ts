/** The checks of single settings: from a text to a value, each with a message that says what is allowed. */
import { z } from 'zod';
import { parseDuration } from '../policy/duration.js';

export const text = z.string().min(1).max(4096);
export const path = text.regex(/^[^\0\n]+$/, { error: 'must be a path' });
export const port = number(0, 65_535, 'a port from 0 to 65535; 0 lets the system choose');
export const host = text.regex(/^[A-Za-z0-9.:_[\]-]+$/, { error: 'must be a host name or address' });
export const authority = /^[A-Za-z0-9._-]+(:\d{1,5})?$|^\[[0-9a-f:]+\](:\d{1,5})?$/i;
export const tag = text.regex(/^[A-Za-z0-9][A-Za-z0-9 ._-]{0,63}$/, {
  error: 'must be a tag: 1 to 64 letters, digits, blanks and . _ -',
});

export function number(least: number, most: number, what: string) {
  return z
    .string()
    .refine((s) => /^\d{1,9}$/.test(s) && Number(s) >= least && Number(s) <= most, { error: `must be ${what}` })
    .transform(Number);
}

export function oneOf<const T extends readonly [string, ...string[]]>(values: T) {
  return z.enum(values, { error: `must be one of: ${values.join(', ')}` });
}

export function duration(least: string, most: string) {
  const [min, max] = [parseDuration(least) ?? 0, parseDuration(most) ?? 0];
  const fits = (s: string) => (parseDuration(s) ?? -1) >= min && (parseDuration(s) ?? -1) <= max;
  return z
    .string()
    .refine(fits, { error: `must be a length of time from ${least} to ${most}, such as ${least}` })
    .transform((s) => parseDuration(s) ?? min);
}

export function url(...protocols: readonly string[]) {
  const fits = (s: string) => URL.canParse(s) && protocols.includes(new URL(s).protocol.slice(0, -1));
  const error = `must be a URL that begins with ${protocols.map((p) => `${p}://`).join(' or ')}`;
  return z.string().max(2048).refine(fits, { error });
}

export function list(entry: (item: string) => boolean, what: string) {
  return z
    .string()
    .transform((s) => s.split(',').map((item) => item.trim()))
    .refine((items) => items.every(entry), { error: `must be a list of ${what}, separated by commas` });
}

export const shape = (schema: z.ZodType) => (s: string) => schema.safeParse(s).success;
export const matching = (pattern: RegExp, what: string) =>
  z
    .string()
    .max(4096)
    .regex(pattern, { error: `must be ${what}` });
