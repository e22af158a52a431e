/** The form behind `/elevate` as a person fills it: types into the search where there is one, picks, and sends. */
import type { Acted, SeenMessage, SeenState, Sight } from './sight.js';
import type { Step } from './steps.js';

type Modal = SeenState['modals'][number];

type Option = NonNullable<Acted['options']>[number];

interface Field {
  readonly block_id?: string;
  readonly element?: { readonly type?: string; readonly action_id?: string; readonly initial_option?: Option };
}

export interface Wish {
  /** What is typed where the form searches, and the option that is then picked: its value, or words of its text. */
  readonly search: string;
  readonly target: string | RegExp;
  readonly windowMs: number;
  readonly reason: string;
  readonly category?: string;
  /** What is typed where the form wants the name of the account. */
  readonly confirm?: string;
  /** When it is to begin, in seconds since 1970; at once, if left out. */
  readonly startS?: number;
}

/** Whether a message is a request that can be decided: other things are said in that channel, too. */
function isCard({ ephemeral, blocks }: SeenMessage): boolean {
  return !ephemeral && JSON.stringify(blocks).includes('"approve:');
}

/** The step in which the card of the request is first seen; keeps which message it is. */
export function cardAppears(
  cards: () => Promise<readonly SeenMessage[]>,
  seen: ReadonlySet<string>,
  notes: { cardTs?: string },
): Step {
  return {
    name: 'the card appears in the approver channel',
    withinS: 15,
    run: async () => {
      const found = (await cards()).find((m) => !seen.has(m.ts) && isCard(m));
      if (!found) return undefined;
      notes.cardTs = found.ts;
      return found.text;
    },
  };
}

/** The form that is open before this person. */
export async function openForm(sight: Sight, user: string): Promise<Modal | undefined> {
  return (await sight.slack(user)).modals.find(({ callbackId }) => callbackId === 'elevate');
}

const fits = ({ target }: Pick<Wish, 'target'>, { text, value }: Option): boolean =>
  typeof target === 'string' ? value === target : target.test(text.text);

const fieldsOf = (modal: Modal): readonly Field[] => modal.blocks as readonly Field[];

/** The search for what is asked for; the form may have another, for whom. */
const searchOf = (fields: readonly Field[]): Field | undefined =>
  fields.find(({ element }) => element?.type === 'external_select' && element.action_id === 'target');

/** Types into the search and picks, where the form has one. Throws when what is wanted is not offered (yet). */
export async function pickTarget(sight: Sight, user: string, modal: Modal, wish: Pick<Wish, 'search' | 'target'>): Promise<void> {
  const searching = searchOf(fieldsOf(modal));
  if (!searching) return;
  const at = { user, viewId: modal.id, actionId: searching.element?.action_id };
  const { options = [] } = await sight.act('options', { ...at, query: wish.search });
  const option = options.find((one) => fits(wish, one));
  if (!option)
    throw new Error(`the search for "${wish.search}" offers ${options.map(({ text }) => text.text).join('; ') || 'nothing'}`);
  await sight.act('select', { ...at, blockId: searching.block_id, value: option.value });
}

/**
 * Fills what the form asks and sends it; what is wrong stands in the answer's `errors`. Throws while the form does not show
 * the choice yet: it is drawn anew after it.
 */
export async function sendForm(sight: Sight, user: string, modal: Modal, wish: Omit<Wish, 'search'>): Promise<Acted> {
  const fields = fieldsOf(modal);
  const named = (start: string) => fields.map(({ block_id: id = '' }) => id).find((id) => id.startsWith(start));
  const plain = fields.some(({ block_id: id, element }) => id === 'target' && element?.type !== 'external_select');
  const searching = searchOf(fields)?.element;
  const shown = searching?.initial_option;
  if (searching && !(shown && fits(wish, shown))) throw new Error('the form does not show yet what was chosen');
  const confirm = named('confirm') ?? named('typed');
  const start = named('start');
  if (wish.startS !== undefined && !start) throw new Error('the form lets nobody name a start');
  const values = {
    ...(plain && typeof wish.target === 'string' && { target: wish.target }),
    [named('window') ?? 'window']: String(wish.windowMs),
    [named('category') ?? 'category']: wish.category ?? 'debug',
    [named('reason') ?? 'reason']: wish.reason,
    ...(confirm && wish.confirm !== undefined && { [confirm]: wish.confirm }),
    ...(start && wish.startS !== undefined && { [start]: String(wish.startS) }),
  };
  return sight.act('submit', { user, viewId: modal.id, values });
}
