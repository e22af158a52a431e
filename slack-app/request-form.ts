/** The request form read back: everything that the client was told to enforce is checked again. Pure. */
import { FIELDS } from '../cards/modals.js';
import type { Offer } from '../contract/preview.js';
import { CATEGORIES, type Category } from '../contract/request.js';
import { tidy, wrongLength } from './texts.js';

export interface RequestForm {
  /** The offer's key. */
  readonly key: string;
  readonly windowMs: number;
  readonly category: Category;
  readonly reason: string;
}

/** A sentence for each field that is wrong, keyed by block id. */
export type FieldErrors = { readonly [field: string]: string };

export type ReadForm = { readonly ok: true; readonly form: RequestForm } | { readonly ok: false; readonly errors: FieldErrors };

/** What was filled in, if it is among what this person is offered right now. */
export function readForm(values: ReadonlyMap<string, string>, offers: readonly Offer[]): ReadForm {
  const offer = offers.find((o) => o.key === values.get(FIELDS.target));
  const windowMs = offer?.windowsMs.find((ms) => String(ms) === values.get(FIELDS.window));
  const category = CATEGORIES.find((known) => known === values.get(FIELDS.category));
  const reason = tidy(values.get(FIELDS.reason) ?? '');
  const wrong = wrongLength(reason, 'The reason');
  if (offer && windowMs !== undefined && category && !wrong) {
    return { ok: true, form: { key: offer.key, windowMs, category, reason } };
  }
  return {
    ok: false,
    errors: {
      ...(offer ? {} : { [FIELDS.target]: 'You may not ask for this Mac now. Choose another.' }),
      ...(offer && windowMs === undefined ? { [FIELDS.window]: 'This length is not offered for this Mac. Choose another.' } : {}),
      ...(category ? {} : { [FIELDS.category]: 'Choose a category.' }),
      ...(wrong ? { [FIELDS.reason]: wrong } : {}),
    },
  };
}
