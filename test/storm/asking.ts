/** Asking, in Slack or on the Mac, until it was taken. Each form, and each ask of a Mac, is a request of its own. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Acted } from '../../cli/demo/sight.js';
import { GENERAL } from '../../cli/demo/world.js';
import type { FarEnds } from './far/ends.js';
import type { Eyes } from './far/eyes.js';
import { fillForm, fillGlass, sightOf } from './far/sight.js';
import type { Ask, Notebook } from './notebook.js';
import type { Story, Way } from './plan.js';
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
/** How often somebody searches who is offered nothing. */
const SEARCHES = 4;

const reasonOf = (quote: string): string => `because of ${quote} in a test`;

/** The form says that they have it for good. */
class Refused extends Error {
  constructor() {
    super('refused: they have it, and not from Stint');
  }
}

/** The form for break-glass says what will not change: that they may not, not this, or not for so long. */
const NO_GLASS = /no break-glass|not let you break|lets you break no glass|may be taken for/;
/** The time that was named has come while the form was sent again and again. */
const TOO_LATE = /The start has to lie ahead/;

/** One ask that was taken, and the request that it became. */
export interface Asked {
  readonly requestId: string;
  readonly ask: Ask;
}

/**
 * What was asked for, once one was taken and is known; rejects when nothing was taken in time. Whoever may not break the glass asks as
 * ever then.
 */
export async function askUntilTaken(
  deps: AskingDeps,
  asker: Asker,
  wanted: Wanted,
  { story, way }: { readonly story: Story; readonly way: Way },
  name: string,
): Promise<Asked> {
  const { far, eyes, notebook, over } = deps;
  const sight = sightOf(far.slack);
  const tries: Ask[] = [];
  let [unopened, searched] = [0, 0];
  // Nobody breaks the glass for what they have for good, nor names a time on the Mac.
  let how = story.via === 'mac' || wanted.standing ? 'now' : way.how;
  const known = (): Asked | undefined =>
    tries.flatMap((ask) => {
      const requestId = ask.requestId ?? eyes.requestOf(ask.quote);
      return requestId === undefined ? [] : [{ requestId, ask }];
    })[0];
  for (const deadline = Date.now() + PATIENCE_MS; Date.now() < deadline && !over.aborted; ) {
    const note = noteOf(`${name}-${tries.length + 1}`);
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
    const asked = known();
    if (asked) return asked;
    if (tries.every((ask) => ask.ackedAt === undefined)) break;
  }
  throw new Error(`not within ${PATIENCE_MS / 1000} s: a request is taken`);

  function noteOf(quote: string): Ask {
    const { windowMs, via } = story;
    const { windowMs: atOnceMs, ...glass } = way.glass;
    const note = { quote, personId: asker.id, serial: wanted.place, windowMs, via };
    if (how === 'glass') return { ...note, windowMs: atOnceMs, glass };
    // Slack's picker knows whole seconds.
    return how === 'later' ? { ...note, startAt: Math.ceil((Date.now() + way.aheadMs) / 1000) * 1000 } : note;
  }

  async function openForm(): Promise<boolean> {
    await Promise.resolve(far.slack.act.closeView({ user: asker.slack, all: true })).catch(() => undefined);
    const begun = await far.slack.act
      .command({ user: asker.slack, channel: GENERAL.id, command: '/elevate', text: how === 'glass' ? 'break-glass' : '' })
      .catch(() => undefined);
    return begun?.ack === 'ok';
  }

  /** An error in the form keeps what was written, and it is sent again as the same request. */
  async function sendForm(note: Ask): Promise<void> {
    for (let n = 0; n < SENDS && !over.aborted; n++) {
      await sleep(300);
      if (known() !== undefined) return;
      const acted = await (note.glass ? fillAtOnce(note, note.glass) : fill(note)).catch((error: unknown) => {
        if (error instanceof Refused) throw error;
        return undefined;
      });
      if (acted === 'refused') return;
      if (acted?.ack === 'ok' && !acted.errors) {
        note.ackedAt = Date.now();
        return;
      }
      const wrong = JSON.stringify(acted?.errors ?? {});
      if (/asked for this already/.test(wrong) || TOO_LATE.test(wrong)) return;
      await sleep(1200);
    }
  }

  /** Whoever is told that they may not asks in the other form next time. */
  async function fillAtOnce({ quote, windowMs }: Ask, glass: NonNullable<Ask['glass']>): Promise<Acted | 'refused' | undefined> {
    const { offer: target, search, confirm } = wanted;
    const reason = reasonOf(quote);
    const acted = await fillGlass(sight, asker.slack, { target, search, confirm, windowMs, reason, ...glass });
    if (acted === 'not offered' && ++searched < SEARCHES) return undefined;
    if (typeof acted !== 'string' && !NO_GLASS.test(JSON.stringify(acted?.errors ?? {}))) return acted;
    how = 'now';
    return 'refused';
  }

  async function fill({ quote, startAt }: Ask): Promise<Acted | undefined> {
    const reason = reasonOf(quote);
    const start = startAt !== undefined && { startS: startAt / 1000 };
    const wish = { ...wanted, target: wanted.offer, windowMs: story.windowMs, reason, ...start };
    let refused = false;
    const acted = await fillForm(sight, asker.slack, wish, (form) => {
      refused = /already,.* and not from Stint/.test(form);
      return refused || known() !== undefined;
    });
    if (refused) throw new Refused();
    return acted;
  }

  async function askOnMac(note: Ask): Promise<void> {
    const reason = reasonOf(note.quote);
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
