/** For whom: asked only of whoever may ask for somebody else. A list, or a search where there are more than it can hold. */
import type { PersonId } from '../../contract/ids.js';
import type { PersonRef } from '../../contract/request.js';
import { context, plainText } from '../blocks.js';
import { FIELDS } from '../modals.js';
import { OPTIONS_MAX, personOption } from '../offer-options.js';
import { oneLine } from '../text.js';
import { blockOf, type Part } from './part.js';

type Named = Pick<PersonRef, 'personId' | 'name'>;

export interface ForWhom {
  readonly self: Named;
  /** Who is chosen. */
  readonly subject: Named;
  /** Others, as many as a list can hold beside oneself. */
  readonly others: readonly Named[];
  /** Whether there are more, to be found by typing. */
  readonly more: boolean;
}

/** Beside oneself. */
export const OTHERS_MAX = OPTIONS_MAX - 1;

/** The person for whom the form is, where that is somebody else. */
export function otherIn(forWhom: ForWhom | undefined): PersonId | undefined {
  return forWhom && forWhom.subject.personId !== forWhom.self.personId ? forWhom.subject.personId : undefined;
}

/** The block of what is asked for: for somebody else there is something else to choose. */
export const targetBlock = (other: PersonId | undefined): string =>
  other === undefined ? FIELDS.target : blockOf(FIELDS.target, other);

export const forWhomPart: Part = ({ forWhom, offers, searchable }) => {
  if (!forWhom) return [];
  const { self, subject, others, more } = forWhom;
  const all = [self, ...others.slice(0, OTHERS_MAX)];
  const options = all.map((one) => personOption(one, self));
  const chosen = options.find(({ value }) => value === subject.personId) ?? personOption(subject, self);
  // Whoever is chosen may have been found by typing, or be gone from the list meanwhile.
  const listed = options.some(({ value }) => value === chosen.value) ? options : [...options.slice(0, OTHERS_MAX), chosen];
  const initial = { action_id: FIELDS.for, initial_option: chosen };
  return [
    {
      type: 'input',
      block_id: FIELDS.for,
      label: plainText('For whom?', 2000),
      hint: plainText('Whoever has the access. Neither you nor they can approve it.', 2000),
      dispatch_action: true,
      element: more
        ? { type: 'external_select', ...initial, placeholder: plainText('Type a name', 150), min_query_length: 0 }
        : { type: 'static_select', ...initial, options: listed },
    },
    ...(offers.length === 0 && !searchable ? [context(`There is nothing to ask for now for ${oneLine(subject.name)}.`)] : []),
  ];
};
