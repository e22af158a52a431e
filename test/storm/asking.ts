/** Asking, in Slack or on the Mac, until it was taken. Each form, and each ask of a Mac, is a request of its own. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Acted } from '../../cli/demo/sight.js';
import { GENERAL } from '../../cli/demo/world.js';
import type { FarEnds } from './far/ends.js';
import type { Eyes } from './far/eyes.js';
import { fillForm, sightOf } from './far/sight.js';
import type { Ask, Notebook } from './notebook.js';
import type { Story } from './plan.js';
import type { Asker, Wanted } from './wanted.js';

export interface AskingDeps {
  readonly far: FarEnds;
  readonly eyes: Eyes;
  readonly notebook: Notebook;
  /** Once it is over nobody tries again: what is asked for in the calm would outlive it. */
  readonly over: AbortSignal;
}

/** How long people keep trying to ask, in milliseconds. */
const PATIENCE_MS = 60_000;
/** How often one form is sent before a person closes it and begins anew. */
const SENDS = 8;

/** The form says that they have it for good. */
class Refused extends Error {
  constructor() {
    super('refused: they have it, and not from Stint');
  }
}

/** The request id, once one was taken and is known; rejects when nothing was taken in time. */
export async function askUntilTaken(deps: AskingDeps, asker: Asker, wanted: Wanted, story: Story, name: string): Promise<string> {
  const { far, eyes, notebook, over } = deps;
  const sight = sightOf(far.slack);
  const tries: Ask[] = [];
  let unopened = 0;
  const known = () => tries.map((ask) => ask.requestId ?? eyes.requestOf(ask.quote)).find((id) => id !== undefined);
  for (const deadline = Date.now() + PATIENCE_MS; Date.now() < deadline && !over.aborted; ) {
    const note: Ask = {
      quote: `${name}-${tries.length + 1}`,
      personId: asker.id,
      serial: wanted.place,
      windowMs: story.windowMs,
      via: story.via,
    };
    const begun = story.via === 'mac' || (await openForm());
    unopened = begun ? 0 : unopened + 1;
    if (begun) {
      tries.push(note);
      notebook.asks.push(note);
      await (story.via === 'mac' ? askOnMac(note) : sendForm(note));
    }
    if (note.ackedAt !== undefined || known() !== undefined) break;
    // Whoever got no form waits longer each time: a crowd that presses on would keep Slack's stand-in from answering anybody.
    await sleep(story.via === 'mac' ? 3000 : Math.min(8_000, 1200 * 1.5 ** unopened));
  }
  for (const deadline = Date.now() + PATIENCE_MS; Date.now() < deadline; await sleep(250)) {
    const requestId = known();
    if (requestId) return requestId;
    if (tries.every((ask) => ask.ackedAt === undefined)) break;
  }
  throw new Error(`not within ${PATIENCE_MS / 1000} s: a request is taken`);

  async function openForm(): Promise<boolean> {
    await Promise.resolve(far.slack.act.closeView({ user: asker.slack, all: true })).catch(() => undefined);
    const begun = await far.slack.act
      .command({ user: asker.slack, channel: GENERAL.id, command: '/elevate' })
      .catch(() => undefined);
    return begun?.ack === 'ok';
  }

  /** An error in the form keeps what was written, and it is sent again as the same request. */
  async function sendForm(note: Ask): Promise<void> {
    for (let n = 0; n < SENDS && !over.aborted; n++) {
      await sleep(300);
      if (known() !== undefined) return;
      const acted = await fill(note).catch((error: unknown) => {
        if (error instanceof Refused) throw error;
        return undefined;
      });
      if (acted?.ack === 'ok' && !acted.errors) {
        note.ackedAt = Date.now();
        return;
      }
      if (acted?.errors && /asked for this already/.test(JSON.stringify(acted.errors))) return;
      await sleep(1200);
    }
  }

  async function fill({ quote }: Ask): Promise<Acted | undefined> {
    const reason = `because of ${quote} in a test`;
    const wish = { ...wanted, target: wanted.offer, windowMs: story.windowMs, reason };
    let refused = false;
    const acted = await fillForm(sight, asker.slack, wish, (form) => {
      refused = /already,.* and not from Stint/.test(form);
      return refused || known() !== undefined;
    });
    if (refused) throw new Refused();
    return acted;
  }

  async function askOnMac(note: Ask): Promise<void> {
    const reason = `because of ${note.quote} in a test`;
    const light = far.light.get(asker.mac.serial);
    if (light) note.requestId = await light.ask(story.windowMs, reason, 4).catch(() => undefined);
    else {
      const ask = { localUser: asker.mac.user, windowMs: story.windowMs, category: 'debug', reason };
      const acted = await far.real.get(asker.mac.serial)?.acts.request(ask);
      note.requestId = acted?.ok ? acted.output.split(' ')[0] : undefined;
    }
    if (note.requestId) note.ackedAt = Date.now();
  }
}
