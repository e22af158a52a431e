/** The request form as it stands for one person: what may be asked for, what is chosen, and what was written already. */
import type { ModalView } from '@slack/types';
import { FIELDS } from '../cards/modals.js';
import { type Chosen, requestModal } from '../cards/request-modal.js';
import { isStintError, StintError } from '../contract/errors.js';
import type { Ledger, Person } from '../contract/ports.js';
import type { Offer, Preview } from '../contract/preview.js';
import { CATEGORIES } from '../contract/request.js';
import type { ElevationView } from '../contract/view.js';
import type { Filled } from './payload.js';
import { now } from './standing.js';

export interface RequestViews {
  /** The form before anything is chosen. Throws `not-eligible` when there is nothing to ask for. */
  fresh(person: Person, reason: string): Promise<Fresh>;
  /** The same form about what is chosen in it now, with all that was written. `again`: why it comes back. Never throws a refusal: it is shown. */
  about(person: Person, filled: Filled, again?: string): Promise<ModalView>;
}

/** The form; or, when all there is runs already, that. */
export type Fresh = { readonly form: ModalView } | { readonly open: readonly ElevationView[] };

export function createRequestViews(deps: { readonly preview: Preview; readonly ledger: Ledger }): RequestViews {
  const { preview, ledger } = deps;

  async function free(person: Person) {
    const [{ offers, searchable, note }, open] = await Promise.all([preview.offersFor(person), openOf(ledger, person)]);
    return { offers, searchable, note, open, free: offers.filter((offer) => !open.some((view) => isOf(view, offer.key))) };
  }

  async function chosenOf(person: Person, key: string, open: readonly ElevationView[]): Promise<Chosen> {
    const other = open.find((view) => isOf(view, key));
    try {
      const { offer } = await preview.pin(person, key);
      return other ? { ...offer, barred: `You have asked for this already. ${now(other)}` } : offer;
    } catch (error) {
      if (!isStintError(error)) throw error;
      return { key, barred: error.sentence };
    }
  }

  return {
    async fresh(person, reason) {
      const found = await free(person);
      if (found.offers.length === 0 && !found.searchable) throw new StintError('not-eligible');
      if (found.free.length === 0 && !found.searchable) return { open: found.open };
      const { searchable, note } = found;
      return { form: requestModal({ offers: found.free, searchable, note, categories: CATEGORIES, prefill: { reason } }) };
    },
    async about(person, { values }, again) {
      const key = values.get(FIELDS.target);
      const { offers, searchable, note, open } = await free(person);
      const category = CATEGORIES.find((known) => known === values.get(FIELDS.category));
      const windowMs = Number(values.get(FIELDS.window));
      return requestModal({
        offers,
        searchable,
        note,
        again,
        ...(key ? { chosen: await chosenOf(person, key, open) } : {}),
        categories: CATEGORIES,
        prefill: { reason: values.get(FIELDS.reason), category, windowMs },
      });
    },
  };
}

/** Whether an elevation is of this offer: an offer's key is the target's, or all of it but the person. */
export function isOf({ request }: ElevationView, key: Offer['key']): boolean {
  return request.target.key === key || request.target.key.startsWith(`${key}/`);
}

/** This person's elevations that wait, run or end: one per target at a time. */
export async function openOf(ledger: Ledger, person: Person, targetKey?: string): Promise<readonly ElevationView[]> {
  const rows = await ledger.list({ live: true, personId: person.personId, ...(targetKey ? { targetKey } : {}) });
  return rows
    .map((row) => row.view)
    .filter((v) => v.request.subject.personId === person.personId && v.state !== 'collecting' && v.state !== 'closed');
}
