/** The form behind `/elevate` as people fill it in the stand-in of Slack that runs in this very process. */
import { setTimeout as sleep } from 'node:timers/promises';
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
    slack: async (as) => slack.state(as) as unknown as SeenState,
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
