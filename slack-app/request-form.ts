/** The request form read back: everything that the client was told to enforce is checked again. Pure. */
import { speaksFor, speaksOf } from '../cards/request-modal.js';
import type { PersonId } from '../contract/ids.js';
import type { Offer } from '../contract/preview.js';
import type { Filled } from './payload.js';
import { categoryField } from './request-fields/category.js';
import { confirmField } from './request-fields/confirm.js';
import type { Field } from './request-fields/field.js';
import { reasonField } from './request-fields/reason.js';
import { startField } from './request-fields/start.js';
import { windowField } from './request-fields/window.js';

/** Each by what it says of a request. */
const FIELDS_READ = {
  windowMs: windowField,
  startAt: startField,
  confirmed: confirmField,
  category: categoryField,
  reason: reasonField,
};

type Value<F> = F extends Field<infer T> ? T : never;
export type RequestForm = { readonly [K in keyof typeof FIELDS_READ]: Value<(typeof FIELDS_READ)[K]> };

/** A sentence for each field that is wrong, keyed by field. */
export type FieldErrors = { readonly [field: string]: string };

export type ReadForm = { readonly ok: true; readonly form: RequestForm } | { readonly ok: false; readonly errors: FieldErrors };

/** What was filled in, if it is what this offer allows right now. */
export function readForm({ values }: Pick<Filled, 'values'>, offer: Offer): ReadForm {
  const form: [string, unknown][] = [];
  const errors: [string, string][] = [];
  for (const [part, field] of Object.entries<Field<unknown>>(FIELDS_READ)) {
    const read = field.read(values, offer);
    if ('wrong' in read) errors.push([field.name, read.wrong]);
    else form.push([part, read.value]);
  }
  if (errors.length > 0) return { ok: false, errors: Object.fromEntries(errors) };
  return { ok: true, form: Object.fromEntries(form) as RequestForm };
}

/** Whether the form that was sent is for somebody else than the person chosen in it; `self`: who asks. */
export function isForAnother({ privateMetadata }: Pick<Filled, 'privateMetadata'>, self: PersonId, subject: PersonId): boolean {
  return (speaksFor(privateMetadata) ?? self) !== subject;
}

/** Whether the form that was sent speaks of another choice than the one in it, or does not ask what this one needs. */
export function isOutdated({ privateMetadata, blocks }: Pick<Filled, 'privateMetadata' | 'blocks'>, offer: Offer): boolean {
  if (!speaksOf(privateMetadata, offer.key)) return true;
  return Object.values<Field<unknown>>(FIELDS_READ).some(({ due, name }) => due(offer) && !blocks.has(name));
}
