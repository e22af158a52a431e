/** What can happen, as plain data that a person can read when a failure was made small, and how each is carried out. */
import fc from 'fast-check';
import { instant, msOf, type PersonId, workflowIdOf } from '../../contract/ids.js';
import { sha256 } from '../../seal/canonical.js';
import { MIN } from './rules.js';
import type { Loss } from './run.js';
import type { Asked, World } from './world.js';

/** `[what, which elevation, detail]`. */
export type Step = readonly [what: keyof typeof DEEDS, n?: number, detail?: string | number];

type Deed = (w: World, n: number, detail: string | number) => Promise<void> | void;

const actor = (who: string | number) => ({ personId: String(who) as PersonId });
const id = (a: Asked) => workflowIdOf(a.requestId);
const MINUTES = [5, 10, 15] as const;
/** Whoever could be asked, in the order in which they are. */
const PEOPLE = ['grace', 'linus', 'mallory'] as const;

/** Sends an approval by name, and tells the model of those that may count. */
async function approve(
  w: World,
  n: number,
  who: string,
  minutes: number,
  of: 'request' | 'extension' | 'another',
): Promise<void> {
  const a = await w.of(n);
  const { extension } = w.view(a) ?? {};
  if (of === 'extension' && !extension) return;
  const digest = of === 'request' ? a.digest : of === 'another' ? sha256('another') : (extension?.roundDigest ?? a.digest);
  const windowMs = minutes * MIN;
  const known = w.rules.of(a.requestId);
  const round = of === 'request' ? of : digest;
  if (of !== 'another') known.approvals.push({ by: who as PersonId, windowMs, round });
  await w.send(a, w.seal('approve', a.requestId, digest, { windowMs }, actor(who), 'slack'));
}

async function activate(w: World, n: number, minutes: number): Promise<void> {
  const { request, requestId } = await w.of(n);
  for (const who of PEOPLE)
    if (!request.breakGlass && !w.rules.isApproved(w.rules.of(requestId), 'request'))
      await approve(w, n, who, minutes, 'request');
  if (request.startAt) await w.time.pass(Math.max(0, msOf(request.startAt) - w.time.now));
  await w.time.pass(2_000);
  await claim(w, n);
  await confirm(w, n);
}

async function extend(w: World, n: number, minutes: number): Promise<void> {
  const a = await w.of(n);
  await w.send(a, w.seal('askExtension', a.requestId, a.digest, { windowMs: minutes * MIN }, actor('ada'), 'slack'));
  // Until its seal was looked at there is nothing to say yes to.
  await w.time.pass(100);
}

async function claim(w: World, n: number): Promise<void> {
  const a = await w.of(n);
  if (w.targets.manner === 'called') return w.time.pass(1_000);
  const answer = within(w, w.claim(a));
  await w.time.pass(1_000);
  if ((await answer())?.ok) w.targets.claimed.add(a.requestId);
}

/**
 * The Mac becomes admin, then tells; it undoes when it is not believed in time, and what it did until then is its own. Nobody
 * tells of a target that the call itself opened.
 */
async function confirm(w: World, n: number): Promise<void> {
  const a = await w.of(n);
  const { requestId, request } = a;
  const { manner, claimed, trying } = w.targets;
  if (manner === 'called') return w.time.pass(1_000);
  if (!claimed.has(requestId)) return;
  trying.add(requestId);
  const before = w.time.now;
  const answer = within(w, w.confirm(a));
  await w.time.pass(1_000);
  const said = await answer();
  if (said?.ok) w.rules.confirmed(requestId, msOf(said.deadlineAt), before);
  if (said?.ok && claimed.has(requestId)) w.targets.begin(requestId, request.target);
  trying.delete(requestId);
}

/** What was answered by the time it is asked for. */
function within<A>(w: World, answer: Promise<A | undefined>): () => Promise<A | undefined> {
  let said: A | undefined;
  void answer.then((value) => {
    said = value;
  });
  return async () => {
    await w.time.settle();
    return said;
  };
}

/** A click of somebody whom the entrance let through. */
const click =
  (kind: 'revoke' | 'end' | 'withdraw' | 'deny'): Deed =>
  async (w, n, who) => {
    const a = await w.of(n);
    const alive = w.view(a);
    if (kind === 'deny' && alive?.state === 'requested' && who !== 'ada') w.rules.of(a.requestId).denied = true;
    if (w.holds(a) && (kind === 'revoke' || (kind === 'end' && who === 'ada'))) w.expectGone(a);
    await w.send(a, w.seal(kind, a.requestId, a.digest, {}, actor(who), 'slack'));
  };

const DEEDS = {
  approve: (w, n, who) => approve(w, n, String(who), 10, 'request'),
  approveFor: (w, n, minutes) => approve(w, n, 'linus', Number(minutes), 'request'),
  approveAnother: (w, n, who) => approve(w, n, String(who), 10, 'another'),
  approveExtension: (w, n, who) => approve(w, n, String(who), 5, 'extension'),
  activate: (w, n, minutes) => activate(w, n, Number(minutes)),
  claim: (w, n) => claim(w, n),
  confirm: (w, n) => confirm(w, n),
  deny: click('deny'),
  revoke: click('revoke'),
  end: click('end'),
  withdraw: click('withdraw'),
  extend: (w, n, minutes) => extend(w, n, Number(minutes)),
  /** Asked for, and everybody says yes. */
  lengthen: async (w, n, minutes) => {
    await extend(w, n, Number(minutes));
    for (const who of PEOPLE) await approve(w, n, who, 5, 'extension');
    await w.time.pass(1_000);
  },
  leave: (w, _, who) => w.leave(String(who)),
  comeBack: (w, _, who) => w.comeBack(String(who)),
  review: async (w, n, who) => w.review(await w.of(n), String(who)),
  closeUnproven: async (w, n, who) => {
    const a = await w.of(n);
    await w.send(a, w.seal('closeUnproven', a.requestId, a.digest, { findingDigest: a.digest }, actor(who), 'slack'));
  },
  contactLost: async (w, n) => {
    const a = await w.of(n);
    const { serial } = a.request.target;
    await w.send(a, w.seal('contactLost', a.requestId, a.digest, { lastHeardAt: instant(w.time.now) }, { serial }, 'device'));
  },
  evidence: async (w, n) => {
    const a = await w.of(n);
    const { serial } = a.request.target;
    const body = { chunks: 1, bytes: 10, digest: a.digest };
    await w.send(a, w.seal('evidenceComplete', a.requestId, a.digest, body, { serial }, 'device'));
  },
  again: async (w, n) => {
    const a = await w.of(n);
    if (a.last) await w.send(a, a.last);
  },
  forge: async (w, n) => {
    const a = await w.of(n);
    const device = w.seal('evidenceComplete', a.requestId, a.digest, { chunks: 1, bytes: 1, digest: a.digest }, {}, 'device');
    w.server.signal(id(a), 'approve', { ...device, kind: 'approve', body: { windowMs: 10 * MIN }, actor: actor('grace') });
    await w.time.settle();
  },
  cancel: async (w, n) => {
    const a = await w.of(n);
    w.server.cancel(id(a));
  },
  reset: async (w, n, how) => {
    const a = await w.of(n);
    w.rules.of(a.requestId).killed = true;
    w.server.reset(id(a), how === 'with signals');
  },
  terminate: async (w, n) => {
    const a = await w.of(n);
    w.rules.of(a.requestId).killed = true;
    w.server.terminate(id(a));
  },
  startAgain: async (w, n) => {
    const a = await w.of(n);
    w.server.start(id(a), a.start);
  },
  page: async (w, n) => {
    const a = await w.of(n);
    w.server.suggestPage(id(a));
  },
  loseReply: (w, _, name) => lose(w, String(name), 'reply'),
  loseCall: (w, _, name) => lose(w, String(name), 'call'),
  lateCall: (w, _, name) => lose(w, String(name), 'late'),
  slowGrant: (w, _, ms) => {
    w.targets.nextLandsMs = Number(ms);
  },
  targetDown: (w) => {
    w.targets.down = true;
  },
  targetSilent: (w) => {
    w.targets.silent = true;
  },
  storeDown: (w) => {
    w.memory.down = true;
  },
  heal: (w) => {
    w.targets.down = false;
    w.targets.silent = false;
    w.memory.down = false;
  },
  sweep: (w) => w.sweepNow(),
  wait: (w, _, ms) => w.time.pass(Number(ms)),
} satisfies { readonly [name: string]: Deed };

/** An attempt that is lost is noticed when its time is over: for so long nothing is healthy. */
function lose(w: World, name: string, loss: Loss): void {
  w.losses.set(name, [...(w.losses.get(name) ?? []), loss]);
}

export async function carryOut(w: World, [what, n = 0, detail = 0]: Step): Promise<void> {
  const deed: Deed = DEEDS[what];
  await deed(w, n, detail);
  await w.time.settle();
}

/** The worker wakes up with its grant after the elevation was given up and seen gone, and before the store knows of the end. */
export const HUNG_WORKER: readonly Step[] = [
  ['lateCall', 0, 'grant'],
  ['approve', 0, 'grace'],
  ['wait', 0, 3_000],
  ['storeDown'],
  ['revoke', 0, 'grace'],
  ['wait', 0, 16_000],
  ['heal'],
  ['wait', 0, 4_000],
];

const LOSABLE = [
  'admit',
  'openMessages',
  'judge',
  'arm',
  'publish',
  'append',
  'grant',
  'moveEnd',
  'revokeAt',
  'revokeOnce',
  'proveGone',
];
const which = fc.constantFrom(0, 0, 0, 1, 2);
const step = (weight: number, what: Step[0], ...detail: (string | number)[]) => ({
  weight,
  arbitrary: fc.tuple(
    fc.constant(what),
    which,
    detail.length > 0 ? fc.constantFrom(...detail) : fc.constant(0),
  ) as fc.Arbitrary<Step>,
});

/** Sequences in which most things happen to one elevation, and some to its neighbours. */
export const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    step(8, 'activate', ...MINUTES),
    step(6, 'approve', 'grace', 'grace', 'linus', 'linus', 'ada', 'mallory'),
    step(2, 'approveFor', ...MINUTES),
    step(1, 'approveAnother', 'grace'),
    step(5, 'approveExtension', 'grace', 'linus', 'mallory', 'ada'),
    step(2, 'leave', ...PEOPLE, 'ada'),
    step(1, 'comeBack', ...PEOPLE, 'ada'),
    step(1, 'review', 'grace', 'mallory', 'ada'),
    step(3, 'claim'),
    step(4, 'confirm'),
    step(2, 'deny', 'grace', 'ada'),
    step(4, 'revoke', 'grace', 'linus'),
    step(3, 'end', 'ada', 'mallory'),
    step(2, 'withdraw', 'ada'),
    step(4, 'extend', 5, 10),
    step(4, 'lengthen', 5, 5, 10),
    step(2, 'closeUnproven', 'grace', 'linus'),
    step(1, 'contactLost'),
    step(2, 'evidence'),
    step(3, 'again'),
    step(1, 'forge'),
    step(2, 'cancel'),
    step(3, 'reset', 'with signals', 'without signals'),
    step(3, 'terminate'),
    step(2, 'startAgain'),
    step(2, 'page'),
    step(3, 'loseReply', ...LOSABLE),
    step(2, 'loseCall', ...LOSABLE),
    step(2, 'lateCall', 'grant', ...LOSABLE),
    step(4, 'slowGrant', 3_000, 9_000, 12_000),
    step(2, 'targetDown'),
    step(1, 'targetSilent'),
    step(2, 'storeDown'),
    step(3, 'heal'),
    step(1, 'sweep'),
    step(10, 'wait', 100, 1_000, 4_000, 11_000, MIN, 3 * MIN, 6 * MIN),
  ),
  { minLength: 1, maxLength: 11, size: 'max' },
);
