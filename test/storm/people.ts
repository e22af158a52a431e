/** People who carry out their stories in Slack, on their Macs and in AWS, as well as the storm lets them. */
import { setTimeout as sleep } from 'node:timers/promises';
import { CHANNEL } from '../../cli/demo/world.js';
import { type Asked, askUntilTaken } from './asking.js';
import type { FarEnds } from './far/ends.js';
import { type Eyes, isDone, type Seen } from './far/eyes.js';
import { groupsOf, stagesOf, termsOf, WINDOWS_MS } from './law.js';
import type { Notebook, Press } from './notebook.js';
import { type Story, stories, type Way, ways, wishes } from './plan.js';
import { type Asker, type Wanted, wantedBy } from './wanted.js';
import type { StormPerson, World } from './world.js';

export interface PeopleDeps {
  readonly world: World;
  readonly far: FarEnds;
  readonly eyes: Eyes;
  readonly notebook: Notebook;
  readonly seed: number;
  /** Nothing new is asked for once it is over; what is under way is played to its end. */
  readonly over: AbortSignal;
  readonly wanted: () => boolean;
}

/** How long people keep trying, in milliseconds. */
const PATIENCE = { card: 60_000, decide: 90_000, start: 100_000, end: 60_000, close: 150_000, review: 20_000 } as const;

const REVIEW = /^review$/;

/** The next of those who decide comes this much later, in milliseconds. */
const NEXT_MS = 1500;

/** Everybody with a Mac lives story after story. Resolves when all have finished their last. */
export async function letPeopleAct(deps: PeopleDeps): Promise<void> {
  await Promise.all(
    deps.world.askers.map(async (asker, n) => {
      const next = stories(deps.seed, asker.id);
      const wish = wishes(deps.seed, asker.id);
      const way = ways(deps.seed, asker.id);
      await sleep(150 * n);
      for (let count = 1; !deps.over.aborted && deps.wanted(); count++) {
        const story = next();
        const wanted = wantedBy(deps.far, asker, story, wish());
        await live(deps, asker, wanted, { story, way: way() }, `storm-${n + 1}-${count}`);
      }
    }),
  );
}

/** One elevation as people mean it to go, and how it is asked for. */
interface Told {
  readonly story: Story;
  readonly way: Way;
}

async function live(deps: PeopleDeps, asker: Asker, wanted: Wanted, told: Told, quote: string): Promise<void> {
  const one = createOne(deps, asker, wanted, told, quote);
  try {
    await sleep(told.story.pauseMs);
    if (deps.over.aborted) return;
    const asked = await one.ask();
    const { requestId } = asked;
    if (!asked.ask.glass) await one.decide(asked);
    await one.use(asked);
    await one.seeTheEnd(requestId);
    if (asked.ask.glass) await one.review(requestId);
  } catch (error) {
    deps.notebook.log.push(`${new Date().toISOString()} ${asker.id} ${quote}: ${error instanceof Error ? error.message : error}`);
  }
}

function createOne({ world, far, eyes, notebook, over }: PeopleDeps, asker: Asker, wanted: Wanted, told: Told, quote: string) {
  const { slack } = far;
  const { story, way } = told;
  const approver = world.it[story.by] ?? world.it[0];
  const other = world.it[(story.by + 1) % world.it.length] ?? world.it[0];
  const guard = world.security[story.by % world.security.length] ?? world.security[0];

  const until = async <T>(
    what: string,
    ms: number,
    look: () => T | undefined | false | Promise<T | undefined | false>,
  ): Promise<T> => {
    for (const deadline = Date.now() + ms; ; await sleep(250)) {
      const found = await look();
      if (found !== undefined && found !== false) return found;
      if (Date.now() > deadline) throw new Error(`not within ${ms / 1000} s: ${what}`);
    }
  };

  /** Presses a button that is there; what came of it is noted whatever it is. */
  async function press(
    by: StormPerson,
    seen: Pick<Seen, 'channel' | 'ts' | 'requestId'>,
    actionId: string,
    value: string,
    old = false,
  ): Promise<void> {
    const digest = /"d":"([0-9a-f]{64})"/.exec(value)?.[1] ?? '';
    const { requestId } = seen;
    const note: Press = { at: Date.now(), personId: by.id, requestId, actionId, digest, ack: 'pending' };
    notebook.presses.push(note);
    const input = { user: by.slack, channel: seen.channel, ts: seen.ts, actionId, ...(old && { forge: { value } }) };
    try {
      const acted = await slack.act.click(input);
      Object.assign(note, { ack: acted.ack, ackAt: Date.now() });
    } catch (error) {
      note.ack = `not pressed: ${error instanceof Error ? error.message : error}`; // the button was gone by then
    }
    if (note.ack === 'ok') await fillForm(by, note);
  }

  /** A denial asks why, and a review what was found; the form is there a moment after the press. */
  async function fillForm(by: StormPerson, note: Press): Promise<void> {
    if (!['deny', 'ext-deny', 'review'].includes(note.actionId)) return;
    await sleep(200);
    // They may have another elevation's form before them by now: that is sent as well, and says nothing of this click.
    const form = slack.truth(Date.now()).views.find(({ userId, body }) => userId === by.slack && isAbout(body, note));
    const values = note.actionId === 'review' ? { finding: 'Looked at what was done: it was right.' } : {};
    const sent = await slack.act.submit({ user: by.slack, viewId: form?.id, values }).catch(() => undefined);
    if (form && sent) Object.assign(note, { form: sent.errors ? 'errors' : sent.ack, ackAt: Date.now() });
    await Promise.resolve(slack.act.closeView({ user: by.slack, all: true })).catch(() => undefined);
  }

  /** Who decides by the plain policy, in order; then whom a stricter one asks besides, who finds nothing to press where that is not in force. */
  function deciders(round: 'request' | 'extension'): readonly StormPerson[] {
    const it = [approver, other, ...world.it].filter(
      ({ id }, n, all) => id !== asker.id && all.findIndex((p) => p.id === id) === n,
    );
    const terms = termsOf('plain', wanted.place);
    const groups = new Set(groupsOf(terms, round));
    // Where others join by waiting, those who are asked first are mostly not there.
    const waits = stagesOf(terms, round).some(({ later }) => later) && story.by > 0;
    return [...(groups.has('it') ? it.slice(0, 2) : []), ...(groups.has('security') && !waits ? [guard] : [])];
  }

  const isAbout = ({ private_metadata: about }: Record<string, unknown>, { requestId, digest }: Press) =>
    typeof about === 'string' && about.includes(requestId) && about.includes(digest);
  const button = (seen: Seen | undefined, pattern: RegExp) => seen?.buttons.find((b) => pattern.test(b.action_id));
  const card = (requestId: string) => eyes.card(requestId);
  const dmWith = (requestId: string, pattern: RegExp) =>
    eyes
      .of(requestId)
      .findLast(
        (m) => !m.deleted && m.channel !== CHANNEL.id && m.key.endsWith(`/${asker.id}`) && button(m, pattern) !== undefined,
      );
  const isOver = (requestId: string) => {
    const seen = card(requestId);
    return seen !== undefined && isDone(seen) && /Ended\.|Closed[: ]|without proof/.test(seen.text);
  };

  /** Presses until the card no longer offers it. */
  async function pressUntil(
    by: StormPerson,
    requestId: string,
    pattern: RegExp,
    place: () => Seen | undefined,
    ms: number,
    twice = false,
  ): Promise<void> {
    const deadline = Date.now() + ms;
    for (let pause = 900; Date.now() < deadline; pause = Math.min(4000, pause * 1.5)) {
      const seen = place();
      const found = button(seen, pattern);
      if (!seen || !found) {
        if (isOver(requestId)) return;
        await sleep(300);
        if (place() && !button(place(), pattern)) return;
        continue;
      }
      const once = () => press(by, seen, found.action_id, found.value);
      await (twice ? Promise.all([once(), once()]) : once());
      await sleep(pause);
    }
  }

  return {
    /** What was asked for, once its card is there. */
    async ask(): Promise<Asked> {
      const asked = await askUntilTaken({ far, eyes, notebook, over }, asker, wanted, told, quote);
      await until('the card', PATIENCE.card, () => card(asked.requestId));
      return asked;
    },

    async decide({ requestId, ask: { startAt } }: Asked): Promise<void> {
      const place = () => card(requestId);
      const yes = new RegExp(`^approve:${story.approvedMs}$`);
      if (story.meddling) await meddle(requestId);
      const approve = () =>
        Promise.all(
          deciders('request').map(async (by, n) => {
            await sleep(n * NEXT_MS);
            await pressUntil(by, requestId, yes, place, PATIENCE.decide, story.twice);
          }),
        );
      const withdraw = () => pressUntil(asker, requestId, /^withdraw$/, () => dmWith(requestId, /^withdraw$/), 15_000);
      const deny = () => pressUntil(other, requestId, /^deny$/, place, PATIENCE.decide);
      if (story.decision === 'approve') await approve();
      else if (story.decision === 'deny') await deny();
      else if (story.decision === 'withdraw') await withdraw();
      else if (story.decision === 'approve-and-deny') await Promise.all([approve(), deny()]);
      else if (story.decision === 'approve-and-withdraw') await Promise.all([approve(), withdraw()]);
      if (startAt !== undefined) await callOff(requestId, startAt - Date.now());
    },

    /** What is done while the access is there, up to the wish that it ends. */
    async use({ requestId, ask: { glass } }: Asked): Promise<void> {
      if (!glass && !story.decision.startsWith('approve')) return;
      if (wanted.standing) {
        await sleep(8000); // nothing can begin there: somebody sees that and calls it off
        return pressUntil(other, requestId, /^revoke$/, () => card(requestId), PATIENCE.end);
      }
      await until('access, or over', PATIENCE.start, () => wanted.holds() || isOver(requestId));
      if (isOver(requestId)) return;
      if (wanted.isMac) far.real.get(asker.mac.serial)?.acts.sudo(asker.mac.user, `/usr/bin/true ${quote}`);
      await sleep(story.endAfterMs);
      if (story.ending === 'revoke') await pressUntil(other, requestId, /^revoke$/, () => card(requestId), PATIENCE.end);
      else if (story.ending === 'end-in-slack')
        await pressUntil(asker, requestId, /^end$/, () => dmWith(requestId, /^end$/), 12_000);
      else if (story.ending === 'end-on-mac' && wanted.isMac) await endOnMac();
      else if (story.ending === 'extend' || story.ending === 'extend-denied') await (glass ? reachFor : extend)(requestId);
    },

    /** Of what was taken by break-glass; of what never came to be there is none. */
    async review(requestId: string): Promise<void> {
      const open = () => button(card(requestId), REVIEW);
      const seen = card(requestId);
      const found = open();
      if (way.review === 'nobody' || !seen || !found) return;
      // Nor need they see the channel for that.
      if (way.review === 'own-first') await press(asker, seen, found.action_id, found.value, true);
      for (const by of reviewers()) if (open()) await pressUntil(by, requestId, REVIEW, () => card(requestId), PATIENCE.review);
    },

    async seeTheEnd(requestId: string): Promise<void> {
      await until('the card says that it is over', PATIENCE.close, () => isOver(requestId));
      if (!story.oldButtons) return;
      const seen = card(requestId);
      const first = notebook.presses.find((p) => p.requestId === requestId && p.digest !== '');
      if (!seen || !first) return;
      const plain = JSON.stringify({ r: requestId, d: first.digest });
      const timed = JSON.stringify({ r: requestId, d: first.digest, w: story.approvedMs });
      await press(approver, seen, `approve:${story.approvedMs}`, timed, true);
      await press(approver, seen, 'revoke', plain, true);
    },
  };

  /** Those who may close the review by the plain policy, beginning with one of them. */
  function reviewers(): readonly StormPerson[] {
    const { glass } = termsOf('plain', wanted.place);
    const all = (glass?.review === 'it' ? world.it : world.security).filter(({ id }) => id !== asker.id);
    return [...all.slice(story.by), ...all.slice(0, story.by)];
  }

  /** What was approved for later is taken back, if there is time for it. */
  async function callOff(requestId: string, ms: number): Promise<void> {
    if (way.calledOff === 'revoke') await pressUntil(other, requestId, /^revoke$/, () => card(requestId), ms);
    else if (way.calledOff === 'withdraw')
      await pressUntil(asker, requestId, /^withdraw$/, () => dmWith(requestId, /^withdraw$/), ms);
  }

  /** A stranger and the requester themselves press Approve: neither may count. */
  async function meddle(requestId: string): Promise<void> {
    const seen = await until('buttons', PATIENCE.card, () =>
      button(card(requestId), /^approve:/) || isOver(requestId) ? card(requestId) : undefined,
    );
    const found = button(seen, /^approve:/);
    if (!found) return;
    await press(world.stranger, seen, found.action_id, found.value);
    // The requester need not even see the channel: a forged press comes with their name.
    await press(asker, seen, found.action_id, found.value, true);
  }

  async function endOnMac(): Promise<void> {
    const light = far.light.get(asker.mac.serial);
    if (light) light.end();
    else await far.real.get(asker.mac.serial)?.acts.end();
  }

  /** What was taken by break-glass has no button to make it longer, so the press comes without one. */
  async function reachFor(requestId: string): Promise<void> {
    const seen = dmWith(requestId, /^end$/);
    const found = button(seen, /^end$/);
    if (!seen || !found) return;
    const [shortest] = WINDOWS_MS;
    const value = JSON.stringify({ ...JSON.parse(found.value), w: shortest });
    await press(asker, seen, `extend:${shortest}`, value, true);
  }

  async function extend(requestId: string): Promise<void> {
    await pressUntil(asker, requestId, /^extend:/, () => dmWith(requestId, /^extend:/), 8000);
    const wanted = story.ending === 'extend' ? /^ext-approve:/ : /^ext-deny$/;
    if (!button(card(requestId), wanted)) return;
    const [first = other] = deciders('extension');
    await pressUntil(first, requestId, wanted, () => card(requestId), 15_000);
  }
}
