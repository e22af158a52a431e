/** The forms behind `/elevate` as people fill them in the stand-in of Slack that runs in this very process. */
import { setTimeout as sleep } from 'node:timers/promises';
import { DRILL, GLASS_FIELDS, TAKE } from '../../../cards/break-glass-modal.js';
import { openForm, pickTarget, sendForm, type Wish } from '../../../cli/demo/form.js';
import { type Acted, createSight, type SeenState, type Sight } from '../../../cli/demo/sight.js';
import type { SlackSim } from '../../../sim/slack/index.js';

/** How often a person looks whether the form shows what they picked, before they pick again; and how long between looks, in ms. */
const LOOKS = 10;
const LOOK_MS = 400;

/** Nothing gets lost between people and their Slack. */
export function sightOf(slack: SlackSim): Sight {
  type Doing = Record<string, (input: object) => Promise<Acted>>;
  return {
    ...createSight(slack.url),
    // Whoever fills in a form looks at nothing else.
    slack: async (as) => ({ channels: [], modals: slack.modals(as) }) as unknown as SeenState,
    act: async (what, body) => {
      const act = (slack.act as unknown as Doing)[what];
      if (!act) throw new Error(`nobody can ${what}`);
      return act(body);
    },
  };
}

/**
 * Sends the open form if it speaks of what is wanted; else that is looked for and picked first. Undefined when there is no form, or it
 * doesn't show the choice in time, or `stop` has read in it that it never will. Throws when the search doesn't offer it.
 */
export async function fillForm(
  sight: Sight,
  user: string,
  wish: Wish,
  stop: (form: string) => boolean = () => false,
): Promise<Acted | undefined> {
  const modal = await openForm(sight, user);
  if (!modal) return undefined;
  const send = async () => sendForm(sight, user, (await openForm(sight, user)) ?? modal, wish).catch(() => undefined);
  const sent = await send();
  if (sent) return sent;
  // Once: each pick is drawn anew, and asks AWS.
  await pickTarget(sight, user, modal, wish);
  for (let look = 0; look < LOOKS; look++) {
    await sleep(LOOK_MS);
    const acted = await send();
    if (acted) return acted;
    if (stop(JSON.stringify((await openForm(sight, user))?.blocks ?? []))) return undefined;
  }
  return undefined;
}

/** What is written into the form for break-glass. */
export interface GlassWish extends Pick<Wish, 'search' | 'windowMs' | 'reason'> {
  readonly target: string;
  readonly confirm: string;
  readonly incident: string;
  readonly drill: boolean;
}

/**
 * Sends the open form for break-glass. Undefined when there is none; `refused` when Slack shows in its place that there is no glass for
 * them to break; `not offered` when the search does not know it, which is what a search says too that could not be answered.
 */
export async function fillGlass(
  sight: Sight,
  user: string,
  wish: GlassWish,
): Promise<Acted | 'refused' | 'not offered' | undefined> {
  const { modals } = await sight.slack(user);
  if (modals.some(({ blocks }) => JSON.stringify(blocks).includes('lets you break no glass'))) return 'refused';
  const modal = modals.find(({ callbackId }) => callbackId === 'break-glass');
  if (!modal) return undefined;
  const at = { user, viewId: modal.id };
  const { options } = await sight.act('options', { ...at, actionId: GLASS_FIELDS.target, query: wish.search });
  if (!options) return undefined;
  if (!options.some(({ value }) => value === wish.target)) return 'not offered';
  const values = {
    [GLASS_FIELDS.target]: wish.target,
    [GLASS_FIELDS.window]: `${wish.windowMs / 1000}s`,
    [GLASS_FIELDS.incident]: wish.incident,
    [GLASS_FIELDS.reason]: wish.reason,
    [GLASS_FIELDS.confirm]: wish.confirm,
    [GLASS_FIELDS.how]: wish.drill ? DRILL : TAKE,
  };
  return sight.act('submit', { ...at, values });
}
