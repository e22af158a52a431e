/**
 * How one field of the request form is read back. A further field is a file beside these and a line in `request-form.ts`;
 * how it is drawn stands in a file of the same name in `cards/request-fields`.
 */
import type { Offer } from '../../contract/preview.js';

/** What stands in the form, by field. */
type Values = ReadonlyMap<string, string>;

/** What a field says, or a sentence on what is wrong with it. */
type Read<T> = { readonly value: T } | { readonly wrong: string };

export interface Field<T> {
  /** Its block, and what an error is shown at. */
  readonly name: string;
  /** Whether a form about this offer has to have it: one without is of another choice, or of another policy. */
  readonly due: (offer: Offer) => boolean;
  /** The client was told to enforce the same, and is not believed. */
  readonly read: (values: Values, offer: Offer) => Read<T>;
}
