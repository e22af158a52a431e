/** The request form as it stands for one person: what may be asked for, what is chosen, what would become of it, and what was written already. */
import type { ModalView } from '@slack/types';
import { FIELDS } from '../cards/modals.js';
import type { RequestModalInput } from '../cards/request-fields/part.js';
import { requestModal } from '../cards/request-modal.js';
import { isStintError, StintError } from '../contract/errors.js';
import type { Ledger, Person } from '../contract/ports.js';
import type { Offer, Outlook, Pinned, Preview } from '../contract/preview.js';
import { CATEGORIES } from '../contract/request.js';
import type { ElevationView } from '../contract/view.js';
import type { Log } from './log.js';
import { failureOf } from './outcome.js';
import type { Filled } from './payload.js';
import { within } from './race.js';
import { now } from './standing.js';

/** A form that is sent has to be answered within Slack's three seconds, and so has one that comes back. */
const OUTLOOK_MS = 1_200;

export interface RequestViews {
  /** The form before anything is chosen. Throws `not-eligible` when there is nothing to ask for. */
  fresh(person: Person, reason: string): Promise<Fresh>;
  /** The same form about what is chosen in it now, with all that was written. `again`: why it comes back. Never throws a refusal: it is shown. */
  about(person: Person, filled: Filled, again?: string): Promise<ModalView>;
}

/** The form; or, when all there is runs already, that. */
export type Fresh = { readonly form: ModalView } | { readonly open: readonly ElevationView[] };

export interface RequestViewDeps {
  readonly preview: Preview;
  readonly ledger: Ledger;
  readonly random: () => number;
  readonly logger: Log;
}

/** What the form says of one choice. */
type About = Pick<RequestModalInput, 'chosen' | 'outlook'>;

export function createRequestViews(deps: RequestViewDeps): RequestViews {
  const { preview, ledger } = deps;

  async function free(person: Person) {
    const [{ offers, searchable, note }, open] = await Promise.all([preview.offersFor(person), openOf(ledger, person)]);
    return { offers, searchable, note, open, free: offers.filter((offer) => !open.some((view) => isOf(view, offer.key))) };
  }

  async function aboutKey(person: Person, key: string, values: Filled['values'], open: readonly ElevationView[]): Promise<About> {
    const other = open.find((view) => isOf(view, key));
    try {
      const pinned = await preview.pin(person, key);
      if (other) return { chosen: { ...pinned.offer, barred: `You have asked for this already. ${now(other)}` } };
      return { chosen: pinned.offer, outlook: await outlookOf(person, pinned, values) };
    } catch (error) {
      if (!isStintError(error)) throw error;
      return { chosen: { key, barred: error.sentence } };
    }
  }

  /** What can't be told is no reason to show nothing: it is said. */
  async function outlookOf(person: Person, { offer, target }: Pinned, values: Filled['values']): Promise<Outlook | string> {
    const self = { personId: person.personId, name: person.name };
    const windowMs = offer.windowsMs.find((ms) => String(ms) === values.get(FIELDS.window));
    try {
      const raced = await within(preview.outlook({ requester: self, subject: self, target, windowMs }), OUTLOOK_MS);
      return raced.done ? raced.value : 'It takes too long to look up just now.';
    } catch (error) {
      return failureOf(error, deps, { personId: person.personId, part: 'outlook of a request' }).sentence;
    }
  }

  return {
    async fresh(person, reason) {
      const found = await free(person);
      if (found.offers.length === 0 && !found.searchable) throw new StintError('not-eligible');
      if (found.free.length === 0 && !found.searchable) return { open: found.open };
      const { searchable, note, open } = found;
      const written = new Map([[FIELDS.reason, reason]]);
      const [only, ...more] = searchable ? [] : found.free;
      // Of one thing alone the form speaks from the start.
      const alone = only && more.length === 0 ? await aboutKey(person, only.key, written, open) : {};
      const { outlook } = alone;
      return { form: requestModal({ offers: found.free, searchable, note, outlook, categories: CATEGORIES, written }) };
    },
    async about(person, { values }, again) {
      const key = values.get(FIELDS.target);
      const { offers, searchable, note, open } = await free(person);
      const chosen = key ? await aboutKey(person, key, values, open) : {};
      return requestModal({ offers, searchable, note, again, ...chosen, categories: CATEGORIES, written: values });
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
