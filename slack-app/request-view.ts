/** The request form as it stands for one person: what may be asked for, what is chosen, what would become of it, and what was written already. */
import type { ModalView } from '@slack/types';
import { FIELDS } from '../cards/modals.js';
import type { RequestModalInput } from '../cards/request-fields/part.js';
import { requestModal } from '../cards/request-modal.js';
import { isStintError, StintError } from '../contract/errors.js';
import { isAhead } from '../contract/later.js';
import type { Ledger, Person } from '../contract/ports.js';
import type { Offer, Outlook, Pinned, Preview } from '../contract/preview.js';
import { CATEGORIES } from '../contract/request.js';
import type { ElevationView } from '../contract/view.js';
import type { ForWhomDesk } from './for-whom.js';
import type { Log } from './log.js';
import { failureOf } from './outcome.js';
import type { Filled } from './payload.js';
import { within } from './race.js';
import { startField } from './request-fields/start.js';
import { isForAnother } from './request-form.js';
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

interface RequestViewDeps {
  readonly preview: Preview;
  readonly forWhom: ForWhomDesk;
  readonly ledger: Ledger;
  readonly clock: () => number;
  readonly random: () => number;
  readonly logger: Log;
}

/** Who asks, and for whom. */
interface Both {
  readonly person: Person;
  readonly subject: Person;
}

/** What the form says of one choice. */
type About = Pick<RequestModalInput, 'chosen' | 'outlook'>;

export function createRequestViews(deps: RequestViewDeps): RequestViews {
  const { preview, ledger, clock } = deps;

  async function free({ person, subject }: Both) {
    const [{ offers, searchable, note }, open, forWhom, glass] = await Promise.all([
      preview.offersFor(person, subject),
      openOf(ledger, subject, clock()),
      deps.forWhom.offered(person, subject),
      mayBreakGlass(person),
    ]);
    const rest = offers.filter((offer) => !open.some((view) => isOf(view, offer.key)));
    return { offers, searchable, note, open, forWhom, glass, free: rest };
  }

  /** Only mentioned, so whatever can't be told is no reason to show no form. */
  async function mayBreakGlass(person: Person): Promise<boolean> {
    const found = await preview.search(person, '', 1, person, 'break-glass').catch(() => []);
    return found.length > 0;
  }

  async function aboutKey(both: Both, key: string, values: Filled['values'], open: readonly ElevationView[]): Promise<About> {
    const { person, subject } = both;
    const other = open.find((view) => isOf(view, key));
    try {
      const pinned = await preview.pin(person, key, subject);
      if (other) return { chosen: { ...pinned.offer, barred: askedAlready(both, other) } };
      return { chosen: pinned.offer, outlook: await outlookOf(both, pinned, values) };
    } catch (error) {
      if (!isStintError(error)) throw error;
      return { chosen: { key, barred: error.sentence } };
    }
  }

  /** What can't be told is no reason to show nothing: it is said. */
  async function outlookOf(
    { person, subject }: Both,
    { offer, target }: Pinned,
    values: Filled['values'],
  ): Promise<Outlook | string> {
    const { refOf } = deps.forWhom;
    const windowMs = offer.windowsMs.find((ms) => String(ms) === values.get(FIELDS.window));
    const start = startField.read(values, offer);
    const startAt = 'value' in start ? start.value : undefined;
    try {
      const raced = await within(
        preview.outlook({ requester: refOf(person), subject: refOf(subject), target, windowMs, startAt }),
        OUTLOOK_MS,
      );
      return raced.done ? raced.value : 'It takes too long to look up just now.';
    } catch (error) {
      return failureOf(error, deps, { personId: person.personId, part: 'outlook of a request' }).sentence;
    }
  }

  return {
    async fresh(person, reason) {
      const self = { person, subject: person };
      const found = await free(self);
      const { searchable, note, open, forWhom, glass } = found;
      if (found.offers.length === 0 && !searchable && !forWhom) throw new StintError('not-eligible');
      if (found.free.length === 0 && !searchable && !forWhom) return { open };
      const written = new Map([[FIELDS.reason, reason]]);
      const [only, ...more] = searchable ? [] : found.free;
      // Of one thing alone the form speaks from the start.
      const alone = only && more.length === 0 ? await aboutKey(self, only.key, written, open) : {};
      const { outlook } = alone;
      // Where others can be asked for, the form stands also while all of their own is asked for already.
      const taken = searchable || found.free.length > 0 ? [] : open.map(now);
      const said = [...(note === undefined ? [] : [note]), ...taken].join(' ') || undefined;
      return {
        form: requestModal({
          offers: found.free,
          searchable,
          forWhom,
          glass,
          note: said,
          outlook,
          categories: CATEGORIES,
          written,
        }),
      };
    },
    async about(person, { values, privateMetadata }, again) {
      const subject = await deps.forWhom.named(person, values.get(FIELDS.for));
      const both = { person, subject };
      // What was chosen was chosen for somebody else.
      const moved = isForAnother({ privateMetadata }, person.personId, subject.personId);
      const key = moved ? undefined : values.get(FIELDS.target);
      const { offers, searchable, note, open, forWhom, glass } = await free(both);
      const chosen = key ? await aboutKey(both, key, values, open) : {};
      return requestModal({
        offers,
        searchable,
        forWhom,
        glass,
        note,
        again,
        ...chosen,
        categories: CATEGORIES,
        written: values,
      });
    },
  };
}

/** Why there is no second one. */
export function askedAlready({ person, subject }: Both, view: ElevationView): string {
  return `${person === subject ? 'You have asked for this already' : `This is asked for already for ${subject.name}`}. ${now(view)}`;
}

/** Whether an elevation is of this offer: an offer's key is the target's, or all of it but the person. */
export function isOf({ request }: ElevationView, key: Offer['key']): boolean {
  return request.target.key === key || request.target.key.startsWith(`${key}/`);
}

/** This person's elevations that wait, run or end: one per target at a time. */
export async function openOf(
  ledger: Ledger,
  person: Person,
  nowMs: number,
  targetKey?: string,
): Promise<readonly ElevationView[]> {
  const rows = await ledger.list({ live: true, personId: person.personId, ...(targetKey ? { targetKey } : {}) });
  return (
    rows
      .map((row) => row.view)
      .filter((v) => v.request.subject.personId === person.personId && v.state !== 'collecting' && v.state !== 'closed')
      // What waits for its start holds nothing until then.
      .filter((v) => !isAhead(v, nowMs))
  );
}
