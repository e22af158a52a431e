/**
 * What Slack is told, as activities: the card, thread lines, DMs, answers and the log. Each text is rendered here from
 * the view; reasons and comments come from the store, for no history holds them. With the store down a card still
 * appears, and says that the reason cannot be read now.
 */
import { type Comment, card } from '../cards/card.js';
import { dm } from '../cards/dm.js';
import type { Portal } from '../cards/kinds/words.js';
import type { PeopleLookup } from '../cards/say.js';
import { NAMED_PEOPLE } from '../cards/state-line.js';
import { lastCalled, threadLine } from '../cards/thread.js';
import { accountIn } from '../contract/account.js';
import type { DmKind, LineKind, SlackDuties } from '../contract/duties.js';
import { ERRORS, isStintError, StintError } from '../contract/errors.js';
import { lengthsLeft } from '../contract/extension.js';
import { type Digest, instant, type PersonId, type RequestId, type SlackUserId, shortId } from '../contract/ids.js';
import { isJudgedAgain } from '../contract/later.js';
import type { Cards, Directory, Ledger, MessageRef, Person, Rendered, Store } from '../contract/ports.js';
import { STATES } from '../contract/states.js';
import type { Vote } from '../contract/verdict.js';
import type { ElevationView } from '../contract/view.js';
import { readCommands } from './evidence.js';
import { renderDigestOf, UNKNOWN_RENDER } from './slack/memory.js';

export interface NoticeDeps {
  readonly cards: Cards;
  readonly store: Pick<Store, 'requests' | 'evidence' | 'messages'> & {
    readonly ledger: Pick<Ledger, 'find'>;
    /** Which policy is in force, for the card of what waits; without it the card says what the last judgement knew. */
    readonly policies?: Pick<Store['policies'], 'inForce'>;
  };
  readonly directory: Directory;
  /** The workspace that the app is in. */
  readonly teamId: string;
  /** The approver channel; a rule may name another for its own cards. */
  readonly channel: string;
  /** Where people open what they were given, as far as that is known. */
  readonly portal?: Portal | undefined;
  /** Why cards can't stand in the channel of a rule, as a sentence; undefined when they can. Throws while Slack is away. */
  readonly troubleIn?: ((channel: string) => Promise<string | undefined>) | undefined;
  /** Hears of a card that could not be posted in the channel of its rule, and why. */
  readonly misplaced?: ((view: ElevationView, why: string) => void) | undefined;
  readonly clock: () => number;
}

/** The key under which the card of an elevation is posted, once. */
export function cardKey({ request }: Pick<ElevationView, 'request'>): string {
  return keyOf(request.requestId);
}

const keyOf = (requestId: RequestId): string => `card/${requestId}`;

/** The activities on Slack's queue. */
export function createNotices(deps: NoticeDeps): SlackDuties {
  const { cards, store } = deps;
  return {
    paint: async (view) => {
      await paintCard(deps, view);
    },
    dm: async (kind, view) => {
      if (!(await endedOtherwise(deps, view))) await sendDm(deps, kind, view);
    },
    line: async (kind, view, key) => {
      if (!(await endedOtherwise(deps, view))) await sendLine(deps, kind, view, key);
    },
    call: (view) => callAgain(deps, view),
    answer: async (requestId, actor, code) => {
      if (actor.slackUserId) await cards.ephemeral(await roomOf(deps, requestId), actor.slackUserId, ERRORS[code].sentence);
    },
    fileEvidence: async (view) => {
      const { requestId } = view.request;
      const bytes = await store.evidence.assemble(requestId);
      if (bytes.length === 0) return;
      const { channel, ts } = await placeOf(deps, view);
      const file = { name: `sudo-${shortId(requestId)}.log`, title: `Sudo log of ${shortId(requestId)}`, bytes };
      await cards.upload(`log/${requestId}${view.evidence?.late ? '/late' : ''}`, { channel, threadTs: ts }, file);
    },
  };
}

/**
 * Makes the card show this view, or a later one that the ledger has: posts it once, then edits it. Also used to repair
 * the card of a closed elevation. Temporal may have given this call up long ago (a worker that stood still, a line that
 * was cut): what its successor painted meanwhile must not go back to an earlier state. So it looks before, and after.
 */
export async function paintCard(deps: NoticeDeps, view: ElevationView): Promise<MessageRef> {
  const newest = await furthest(deps, view);
  const ref = await paintAs(deps, newest);
  const later = await furthest(deps, newest);
  return later === newest ? ref : paintCard(deps, later);
}

/**
 * This view, or what the ledger says of the same request when that is further on, or when it closed otherwise: a run that
 * was made to live again ends too, and its end is none. Without the ledger, this view.
 */
async function furthest({ store }: NoticeDeps, view: ElevationView): Promise<ElevationView> {
  const stored = (await store.ledger.find(view.request.requestId).catch(() => undefined))?.view;
  if (stored?.digest !== view.digest) return view;
  const isFurther = STATES.indexOf(stored.state) > STATES.indexOf(view.state);
  const closedOtherwise = stored.state === 'closed' && stored.outcome !== view.outcome;
  if (isFurther || closedOtherwise) return stored;
  // No run hears of a review, which is closed after it.
  if (stored.review && !view.review && stored.state === view.state) return stored;
  // A run that was made to live again does not know what was confirmed under the one before it.
  return stored.confirmedAt && !view.confirmedAt ? { ...stored, ...view } : view;
}

/** Whether people were told another end of this elevation already: a second one, of a run that lived again, is not told. */
async function endedOtherwise(deps: NoticeDeps, view: ElevationView): Promise<boolean> {
  if (view.outcome === undefined) return false;
  const newest = await furthest(deps, view);
  return newest.state === 'closed' && newest.outcome !== view.outcome;
}

/** Whether the card was last painted as this view, by what is remembered of it: Slack itself is not asked. */
export async function isPainted(deps: NoticeDeps, view: ElevationView): Promise<boolean> {
  const known = await deps.store.messages.get(cardKey(view));
  return known !== undefined && known.renderDigest === renderDigestOf(await rendering(deps, view, known.channel));
}

/** Forgets what the card shows, so that it is painted whatever it was last painted as. */
export async function forgetPainted({ store }: NoticeDeps, view: ElevationView): Promise<void> {
  const known = await store.messages.get(cardKey(view));
  if (known?.ts) await store.messages.put(cardKey(view), { ...known, renderDigest: UNKNOWN_RENDER });
}

/** As it is in a channel: in another than its rule's, the card says so. */
async function rendering(deps: NoticeDeps, view: ElevationView, channel: string): Promise<Rendered> {
  const reason = await textOf(deps, view.request.reasonDigest);
  const own = view.verdict.channel;
  const missed = own === undefined || own === channel ? {} : { missed: own };
  const comments = await commentsOf(deps, [...view.votes, ...(view.extension?.votes ?? []), revokeOf(view)]);
  return card(await underPolicyNow(deps, view), {
    reason,
    now: instant(deps.clock()),
    people: await lookup(deps, view),
    comments,
    ...missed,
  });
}

/** What waits for a decision, or for its start, is judged by the policy that is in force then, which may have changed since it was judged last. */
async function underPolicyNow({ store }: NoticeDeps, view: ElevationView): Promise<ElevationView> {
  if (!isJudgedAgain(view)) return view;
  const hash = (await store.policies?.inForce().catch(() => undefined))?.hash;
  if (hash === undefined) return view;
  const { policyNow: _, ...verdict } = view.verdict;
  return { ...view, verdict: { ...verdict, ...(hash === verdict.policyHash ? {} : { policyNow: hash }) } };
}

/** Whether there is a card that is not as it would be painted now: one that is yet to be posted is left to whoever posts it. */
export async function isOutdated(deps: NoticeDeps, view: ElevationView): Promise<boolean> {
  const known = await deps.store.messages.get(cardKey(view));
  return known !== undefined && known.ts !== '' && !(await isPainted(deps, view));
}

async function paintAs(deps: NoticeDeps, view: ElevationView): Promise<MessageRef> {
  const draw = drawing(deps, view);
  const ref = await post(deps, view, draw);
  return deps.cards.update(ref, await draw(ref.channel));
}

type Draw = (channel: string) => Promise<Rendered>;

/** The card of this view, drawn once for each channel that it is tried in: what is posted is what is compared with. */
function drawing(deps: NoticeDeps, view: ElevationView): Draw {
  const drawn = new Map<string, Promise<Rendered>>();
  return (channel) => {
    const one = drawn.get(channel) ?? rendering(deps, view, channel);
    drawn.set(channel, one);
    return one;
  };
}

/**
 * Once, wherever it then stands. A rule's own channel that can't be used (shared with others, archived, left, no such) must
 * not leave a request without a card: it then stands in the approver channel, where who may decide is judged as anywhere.
 */
async function post(deps: NoticeDeps, view: ElevationView, draw: Draw): Promise<MessageRef> {
  const own = view.verdict.channel ?? deps.channel;
  const known = own === deps.channel ? undefined : await deps.store.messages.get(cardKey(view)).catch(() => undefined);
  if (known?.ts) return known;
  const trouble = own === deps.channel ? undefined : await deps.troubleIn?.(own);
  if (trouble !== undefined) return postElsewhere(deps, view, draw, trouble);
  try {
    return await postIn(deps, view, draw, own);
  } catch (error) {
    if (own === deps.channel || !isStintError(error) || error.code !== 'slack-rejected') throw error;
    return postElsewhere(deps, view, draw, error.sentence);
  }
}

async function postElsewhere(deps: NoticeDeps, view: ElevationView, draw: Draw, why: string): Promise<MessageRef> {
  const ref = await postIn(deps, view, draw, deps.channel);
  deps.misplaced?.(view, why);
  return ref;
}

async function postIn({ cards }: NoticeDeps, view: ElevationView, draw: Draw, channel: string): Promise<MessageRef> {
  return cards.ensurePosted(cardKey(view), { channel }, await draw(channel));
}

/** The channel that the card stands in, for whoever has to be told something there. */
async function roomOf({ store, channel }: NoticeDeps, requestId: RequestId): Promise<string> {
  const known = await store.messages.get(keyOf(requestId)).catch(() => undefined);
  return known?.ts ? known.channel : channel;
}

/** Where the card is, posting it if a first paint never came through. */
async function placeOf(deps: NoticeDeps, view: ElevationView): Promise<MessageRef> {
  const known = await deps.store.messages.get(cardKey(view)).catch(() => undefined);
  return known?.ts ? known : paintCard(deps, view);
}

async function textOf({ store }: NoticeDeps, digest: Digest | undefined): Promise<string | undefined> {
  return digest ? store.requests.getText(digest).catch(() => undefined) : undefined;
}

type Written = Partial<Pick<Vote, 'personId' | 'commentDigest'>>;

/** All of it that can be read now, each with who wrote it. */
async function commentsOf(deps: NoticeDeps, written: readonly Written[]): Promise<readonly Comment[]> {
  const texts = await Promise.all(written.map(({ commentDigest }) => textOf(deps, commentDigest)));
  return written.flatMap(({ personId }, i) => (texts[i] ? [{ ...(personId && { personId }), text: texts[i] }] : []));
}

const revokeOf = ({ endedBy: personId, revokeComment: commentDigest }: ElevationView): Written => ({
  ...(personId && { personId }),
  ...(commentDigest && { commentDigest }),
});

/** What was written with the decision that a message tells of. */
const DM_WORDS: { readonly [K in DmKind]?: (view: ElevationView) => readonly Written[] } = {
  approved: ({ votes }) => votes,
  denied: ({ votes }) => votes,
  ended: (view) => [revokeOf(view)],
};
const LINE_WORDS: { readonly [K in LineKind]?: (view: ElevationView) => Digest | undefined } = {
  decided: ({ votes }) => votes.at(-1)?.commentDigest,
  ended: ({ revokeComment }) => revokeComment,
  extension: ({ extension }) => (extension?.state === 'waiting' ? undefined : extension?.votes.at(-1)?.commentDigest),
};

async function sendDm(deps: NoticeDeps, kind: DmKind, view: ElevationView): Promise<void> {
  const { requestId, subject, requester } = view.request;
  const texts = {
    people: await lookup(deps, view),
    extendMs: lengthsLeft(view),
    portal: deps.portal,
    comments: await commentsOf(deps, DM_WORDS[kind]?.(view) ?? []),
  };
  const rendered = dm(kind, view, texts);
  const readers = new Map([subject, requester].map((who) => [who.personId, who.slackUserId]));
  for (const [personId, user] of readers) if (user) await deps.cards.dm(`dm/${requestId}/${kind}/${personId}`, user, rendered);
}

async function sendLine(deps: NoticeDeps, kind: LineKind, view: ElevationView, key: string): Promise<void> {
  const { requestId } = view.request;
  const people = await lookup(deps, view);
  const comment = await textOf(deps, LINE_WORDS[kind]?.(view));
  const texts = { people, ...(comment && { comment }), ...(kind === 'evidence' && { log: await logOf(deps, view) }) };
  const rendered = threadLine(kind === 'evidence' ? evidenceKind(view) : kind, view, texts);
  const { channel, ts } = await placeOf(deps, view);
  await deps.cards.ensurePosted(`line/${requestId}/${key}`, { channel, threadTs: ts }, rendered);
  if (kind === 'called') await call(deps, view, channel, readersOf(lastCalled(view), people));
}

/** Whoever is called may not be in the channel, where a mention would reach nobody: each is written to as well, once. */
async function call({ cards }: NoticeDeps, view: ElevationView, room: string, called: readonly Reader[]): Promise<void> {
  for (const { personId, slackUserId } of called) {
    const name = `dm/${view.request.requestId}/called-${view.calls?.length ?? 0}/${personId}`;
    const message = dm('called', view, { room, rotas: rotasOf(view, personId) });
    // Somebody whom Slack does not let be written to must not keep it from the others; the card names them.
    if (slackUserId) await cards.dm(name, slackUserId, message).catch(unlessRefused);
  }
}

interface Reader {
  readonly personId: PersonId;
  readonly slackUserId?: SlackUserId | undefined;
}

/** A file that is broken can be mended: that is waited for. */
function askAgain(cause: unknown): never {
  const why = isStintError(cause) ? cause.sentence : '';
  throw new StintError('oncall-unavailable', `Whoever is called cannot be looked up. ${why}`.trimEnd(), { cause });
}

const readersOf = (ids: readonly PersonId[], people: PeopleLookup): readonly Reader[] =>
  ids.map((personId) => ({ personId, slackUserId: people(personId)?.slackUserId }));

const rotasOf = ({ verdict: { onCall = [] } }: ElevationView, personId: PersonId): readonly string[] =>
  onCall.flatMap(({ rota, people }) => (people.includes(personId) ? [rota] : []));

/**
 * The same by itself, for who has to be reached: somebody of whom it can't be told where is asked for again, and nobody is written to
 * who can decide no more, or where it is decided. What the ledger does not tell is as it was when they were called.
 */
async function callAgain(deps: NoticeDeps, view: ElevationView): Promise<void> {
  const stored = (await deps.store.ledger.find(view.request.requestId).catch(() => undefined))?.view;
  const isOlder = (stored?.calls?.length ?? 0) < (view.calls?.length ?? 0);
  const { state, verdict } = stored && !isOlder && stored.digest === view.digest ? stored : view;
  if (state !== 'requested') return;
  const open = lastCalled(view).filter((personId) => verdict.approvers.includes(personId));
  const found = await Promise.all(open.map((personId) => deps.directory.person(personId).catch(askAgain)));
  const active = new Map(
    found.flatMap((person) => (person?.active ? [[person.personId, nameOf(person, deps.teamId)] as const] : [])),
  );
  if (active.size === 0) return;
  const { channel } = await placeOf(deps, view);
  const readers = readersOf([...active.keys()], (id) => active.get(id));
  await call(deps, view, channel, readers);
}

function unlessRefused(error: unknown): void {
  if (!isStintError(error) || error.code !== 'slack-rejected') throw error;
}

/**
 * One more line in the thread of its card, once for each key. The card of a closed elevation is drawn for it once more, since nobody else
 * does so any more: it may have been deleted, and who reads the line should find its button above it.
 */
export async function sayInThread(
  deps: NoticeDeps,
  view: ElevationView,
  key: string,
  say: (people: PeopleLookup) => Rendered,
): Promise<void> {
  const name = `line/${view.request.requestId}/${key}`;
  const said = await deps.store.messages.get(name);
  if (said?.ts) return;
  if (view.state === 'closed') await drawAnew(deps, view).catch(unlessRefused);
  const { channel, ts } = await placeOf(deps, view);
  const rendered = say(await lookup(deps, view));
  await deps.cards.ensurePosted(name, { channel, threadTs: ts }, rendered);
}

/** Whatever it was last painted as: posted again where it is gone. */
async function drawAnew(deps: NoticeDeps, view: ElevationView): Promise<void> {
  await forgetPainted(deps, view);
  await paintCard(deps, view);
}

function evidenceKind(view: ElevationView): 'evidence' | 'late-evidence' | 'log-missing' {
  if (view.evidence?.late) return 'late-evidence';
  return view.evidence?.complete ? 'evidence' : 'log-missing';
}

async function logOf(
  { store }: NoticeDeps,
  view: ElevationView,
): Promise<{ readonly commands: readonly string[]; readonly total: number }> {
  const commands = readCommands(await store.evidence.assemble(view.request.requestId));
  return {
    total: commands.length,
    commands: commands.slice(0, 20).map((c) => `${c.at}  ${c.allowed ? '' : 'REFUSED '}${c.command}`),
  };
}

/** Names of everybody whom the view mentions. A directory that is down costs names, never a message. */
async function lookup({ directory, teamId }: NoticeDeps, view: ElevationView): Promise<PeopleLookup> {
  const ids = new Set<PersonId>([
    ...lastCalled(view),
    ...view.votes.map((v) => v.personId),
    ...(view.calls ?? []).flat().slice(-NAMED_PEOPLE),
    ...view.verdict.approvers,
    ...view.unprovenBy,
    ...(view.extension?.votes ?? []).map((v) => v.personId),
  ]);
  if (view.endedBy) ids.add(view.endedBy);
  if (view.review) ids.add(view.review.by);
  const found = await Promise.all([...ids].slice(0, 40).map((id) => directory.person(id).catch(() => undefined)));
  const known = new Map(found.flatMap((p) => (p ? [[p.personId, nameOf(p, teamId)] as const] : [])));
  return (id) => known.get(id);
}

function nameOf(person: Person, teamId: string) {
  const slackUserId = accountIn(teamId, person);
  return { name: person.name, ...(slackUserId && { slackUserId }) };
}
