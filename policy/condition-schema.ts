/** The conditions of a rule as the policy file has them. Times of day become minutes here. */
import { z } from 'zod';
import { isStintError } from '../contract/errors.js';
import type { ReasonRule } from '../contract/preview.js';
import { CATEGORIES, REASON_MAX, REASON_MIN } from '../contract/request.js';
import { DAYS, type Hours, isZone } from './calendar.js';
import { linearPattern } from './linear-pattern.js';
import { didYouMean } from './problems.js';

const TIME = /^(?:([01]\d|2[0-3]):([0-5]\d)|24:00)$/;
const WHOLE_DAY = 24 * 60;

/** Minutes after midnight. */
const time = z
  .string()
  .regex(TIME, { error: 'must be a time of day from "00:00" to "24:00"' })
  .transform((text) => {
    const [hours, minutes] = text.split(':').map(Number);
    return (hours ?? 0) * 60 + (minutes ?? 0);
  });

const DATE = { error: 'must be a date such as 2026-12-25' };
const date = z
  .string()
  .regex(/^\d{4}-\d{2}-\d{2}$/, DATE)
  .refine((text) => new Date(`${text}T00:00:00Z`).toJSON()?.startsWith(text) === true, DATE);

const zone = z.string().check((given) => {
  const message = zoneProblem(given.value);
  if (message !== undefined) given.issues.push({ code: 'custom', input: given.value, message });
});

/** What is wrong with the name of a time zone, and which one may be meant; undefined where it is one. */
export function zoneProblem(name: string): string | undefined {
  if (isZone(name)) return undefined;
  // Which offset is meant, and whether it has a summer time, depends on where: IST is three of them.
  if (/^[A-Z]{2,4}(\d[A-Z]{3})?$/.test(name)) return 'is an abbreviation; name a place such as Europe/Berlin, or UTC';
  const hint = didYouMean(name, Intl.supportedValuesOf('timeZone'), ' such as Europe/Berlin, or UTC');
  return `must be the IANA name of a time zone${hint}`;
}

/** When requests of a rule may be asked for and approved. */
export const hours = z
  .strictObject({
    zone,
    days: z.array(z.enum(DAYS)).min(1).max(DAYS.length).optional(),
    from: time.optional(),
    to: time.optional(),
    holidays: z.array(date).max(500).optional(),
  })
  .refine(({ from = 0, to = WHOLE_DAY }) => from !== to && from !== WHOLE_DAY && to !== 0, {
    error: 'must not be empty: from and to differ, from is before 24:00, and midnight at the end is "24:00"',
  })
  .transform(({ zone, days = DAYS, from = 0, to = WHOLE_DAY, holidays = [] }): Hours => ({ zone, days, from, to, holidays }));

/** What a text of somebody else is held against. */
export const pattern = z
  .string()
  .min(1)
  .max(200)
  .check((given) => {
    try {
      linearPattern(given.value);
    } catch (error) {
      if (!isStintError(error)) throw error;
      given.issues.push({ code: 'custom', input: given.value, message: error.sentence });
    }
  });

/** A sentence of the policy's author. */
export const message = z.string().regex(/^[^\p{Cc}\p{Zl}\p{Zp}]{1,200}$/u, { error: 'must be one line of up to 200 characters' });

/** The name of a check of tickets, as the configuration has it. */
export const checkName = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,39}$/, { error: 'must be 1 to 40 lower-case letters, digits and dashes, beginning with a letter' });

/** What is asked of the reason. */
export const reason = z
  .strictObject({
    min: z.int({ error: 'must be a whole number' }).min(REASON_MIN).max(REASON_MAX).optional(),
    pattern: pattern.optional(),
    message: message.optional(),
    ticket: z.union([pattern, z.strictObject({ pattern, check: checkName })]).optional(),
    category: z.array(z.enum(CATEGORIES)).min(1).max(CATEGORIES.length).optional(),
  })
  .refine(({ message: _, ...asked }) => Object.values(asked).some((one) => one !== undefined), {
    error: 'must ask for something: min, pattern, ticket, category or several of them',
  })
  .refine(({ pattern, message }) => message === undefined || pattern !== undefined, {
    error: 'has a message, which is said where the pattern is not found, but no pattern',
  })
  .transform(({ ticket, ...rest }): ReasonRule => {
    if (typeof ticket !== 'object') return ticket === undefined ? rest : { ...rest, ticket };
    return { ...rest, ticket: ticket.pattern, check: ticket.check };
  });
