/** The request form read back: everything that the client was told to enforce is checked again. Pure. */
import { FIELDS } from '../cards/modals.js';
import { speaksOf } from '../cards/request-modal.js';
import { sameName } from '../contract/names.js';
import type { Offer } from '../contract/preview.js';
import { CATEGORIES, type Category } from '../contract/request.js';
import { wrongReason } from '../policy/reason.js';
import type { Filled } from './payload.js';
import { tidy, wrongLength } from './texts.js';

export interface RequestForm {
  readonly windowMs: number;
  readonly category: Category;
  readonly reason: string;
}

/** A sentence for each field that is wrong, keyed by field. */
export type FieldErrors = { readonly [field: string]: string };

export type ReadForm = { readonly ok: true; readonly form: RequestForm } | { readonly ok: false; readonly errors: FieldErrors };

/** What was filled in, if it is what this offer allows right now. */
export function readForm({ values }: Pick<Filled, 'values'>, offer: Offer): ReadForm {
  const windowMs = offer.windowsMs.find((ms) => String(ms) === values.get(FIELDS.window));
  const category = CATEGORIES.find((known) => known === values.get(FIELDS.category));
  const reason = tidy(values.get(FIELDS.reason) ?? '');
  const wrong = wrongLength(reason, 'The reason') ?? (offer.reason && wrongReason(offer.reason.rule, reason));
  const unsure = unconfirmed(values, offer);
  if (windowMs !== undefined && category && !wrong && !unsure) return { ok: true, form: { windowMs, category, reason } };
  return {
    ok: false,
    errors: {
      ...(windowMs === undefined ? { [FIELDS.window]: 'This length is not offered for it. Choose another.' } : {}),
      ...(category ? {} : { [FIELDS.category]: 'Choose a category.' }),
      ...(wrong ? { [FIELDS.reason]: wrong } : {}),
      ...(unsure ? { [FIELDS.confirm]: unsure } : {}),
    },
  };
}

/** Whether the form that was sent speaks of another choice than the one in it, or does not ask what this one needs. */
export function isOutdated({ privateMetadata, blocks }: Pick<Filled, 'privateMetadata' | 'blocks'>, offer: Offer): boolean {
  if (!speaksOf(privateMetadata, offer.key)) return true;
  return !blocks.has(FIELDS.window) || (offer.tier === 0 && !blocks.has(FIELDS.confirm));
}

/** Why a name that had to be typed is not the right one. */
function unconfirmed(values: Filled['values'], offer: Offer): string | undefined {
  if (offer.tier !== 0) return undefined;
  const name = offer.confirmBy;
  return sameName(values.get(FIELDS.confirm) ?? '', name) ? undefined : `Type ${name} here, exactly.`;
}
