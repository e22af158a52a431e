/** The verdict: each check holds the far ends' truth against what was approved, recorded and said. */
import type { AnyEvent } from '../../../contract/events.js';
import { MAX_MS } from '../law.js';
import { armedIn, eligible, isDecided, longestByGlass, windowEnd } from './approvals.js';
import { lostClicks } from './clicks.js';
import { judgeCloud } from './cloud.js';
import {
  type Access,
  accesses,
  askOf,
  at,
  BEGUN_MS,
  type Facts,
  LAG_MS,
  messagesOf,
  outage,
  placeOf,
  QUOTE,
  UNBEGUN_MS,
  UNCONFIRMED_MS,
  type Violation,
} from './facts.js';
import { judgeGlass } from './glass.js';
import { judgeLater } from './later.js';
import { heldByLeavers } from './leavers.js';
import { only, type Recorded } from './ledger.js';
import { pastLimit } from './limits.js';
import type { MacTruth } from './truth.js';

/** What Slack may show late: of a request that is on record its card, too, by which it is told that a form was not lost. */
const LATE: ReadonlySet<string> = new Set(['I10', 'told', 'ask']);

/** Of the verdict what Slack may still mend. Little work, beside the whole of it. */
export function shownWrong(facts: Facts): Violation[] {
  const found = [...facts.recorded.flatMap((r) => [...shown(facts, r), ...judgeGlass(facts, r)]), ...asks(facts)];
  return found.filter(isLate);
}

/** Whether it may only be late. */
export function isLate({ rule }: Violation): boolean {
  return LATE.has(rule);
}

/** Everything that was broken; empty when all held. */
export function judge(facts: Facts): Violation[] {
  const all = accesses(facts);
  return [
    ...all.flatMap((access) => [
      ...insideWindow(facts, access),
      ...heldByLeavers(facts, access),
      ...pastLimit(facts, access, all),
    ]),
    ...facts.notebook.mistakesTaken.map((when) => ({
      rule: 'policy',
      requestId: '',
      what: `a policy with a mistake was taken at ${iso(when)}`,
    })),
    ...facts.oddities.map((o) => ({
      rule: o.what.slice(0, 3).replace(':', ''),
      requestId: '',
      serial: o.serial,
      what: `${o.what} (${iso(o.at)})`,
    })),
    ...facts.recorded.flatMap((r) => [
      ...gone(facts, r, all),
      ...deadlines(facts, r),
      ...votes(facts, r),
      ...once(facts, r),
      ...shown(facts, r),
      ...judgeGlass(facts, r),
      ...judgeLater(facts, r, all),
    ]),
    ...saidGone(facts, all),
    ...countdowns(facts),
    ...tagsAfterArmed(facts),
    ...(facts.cloud ? judgeCloud(facts.cloud, facts.recorded) : []),
    ...asks(facts),
    ...lostClicks(facts),
    ...(facts.verify.ok ? [] : [{ rule: 'ledger', requestId: '', what: `stint ledger verify: ${JSON.stringify(facts.verify)}` }]),
  ];
}

const iso = (ms: number) => (Number.isFinite(ms) ? new Date(ms).toISOString() : String(ms));

/** How far an access reached past its deadline, in milliseconds, without what fate did to that Mac; negative when it did not. */
function overrun(facts: Facts, { mac, held, of }: Access): number {
  const end = held.to ?? facts.now;
  if (!of) return end - held.from;
  const confirmed = at(of.view.confirmedAt);
  const bound = confirmed <= end ? windowEnd(facts, of) : held.from + UNCONFIRMED_MS;
  const past = end - bound;
  return past > 0 ? past - outage(facts, mac, bound, end) : past;
}

/** One access, and how far it reached past its deadline, in milliseconds. */
export interface Longest {
  readonly ms: number;
  readonly serial: string;
  readonly requestId: string;
}

/**
 * The access of such places that reached furthest past its deadline; undefined where nobody had any. `in all`: with the time in which
 * the product was down or AWS took no call, as whoever had the access sees it.
 */
export function longest(
  facts: Facts,
  among: (place: MacTruth) => boolean,
  counted: 'own' | 'in all' = 'own',
): Longest | undefined {
  const all = accesses(facts).filter(({ mac }) => among(mac));
  const past = all.map((access): Longest => {
    const { mac, of } = access;
    const ms = overrun(facts, counted === 'own' ? access : { ...access, mac: { ...mac, excused: [] } });
    return { ms, serial: mac.serial, requestId: of?.requestId ?? '' };
  });
  return past.sort((a, b) => b.ms - a.ms)[0];
}

/** I5, and I1 with it: nobody is an administrator but after enough of those who may approved, and until the end of what was approved. */
function insideWindow(facts: Facts, access: Access): Violation[] {
  const { mac, held, of } = access;
  const say = (what: string): Violation => ({
    rule: 'I5',
    requestId: of?.requestId ?? '',
    serial: mac.serial,
    what: `${what}: ${mac.kind === 'aws' ? 'access' : 'administrator'} from ${iso(held.from)} to ${held.to ? iso(held.to) : 'now'}`,
  });
  if (!of) return [say('no elevation was armed')];
  const unallowed = of.view.request.breakGlass ? whyUnbroken(facts, of, held.from) : whyUndecided(facts, of, held.from);
  if (unallowed) return [say(unallowed)];
  const past = overrun(facts, access);
  const allowed = mac.kind === 'aws' && isSwept(facts, of) ? sweptWithin(held, of) : LAG_MS;
  return past > allowed ? [say(`${past} ms past the end of the window, ${allowed} allowed`)] : [];
}

/** Why what began then was not approved, if it was not. */
function whyUndecided(facts: Facts, of: Recorded, began: number): string | undefined {
  const approvals = eligible(facts, of, /^approve:/).filter((p) => p.at <= began);
  if (approvals.length === 0) return 'nobody who may had approved';
  const enough = isDecided(facts, of, approvals, 'request', armedIn(of, began));
  return enough ? undefined : `too few who may had approved (${approvals.length})`;
}

/** Why nobody might have it without an approval. */
function whyUnbroken(facts: Facts, of: Recorded, began: number): string | undefined {
  if (!askOf(facts, of.requestId)?.glass) return 'nobody had broken the glass for it';
  return longestByGlass(facts, of, armedIn(of, began)) > 0 ? undefined : 'no rule of then lets it be taken by break-glass';
}

/** Nothing ends by itself in AWS: with its run terminated or begun anew, an access waits for the sweep. */
function isSwept({ notebook }: Facts, { requestId }: Recorded): boolean {
  const touched = [...(notebook.touched.get(requestId) ?? [])];
  return touched.some((kind) => kind === 'temporal-terminate' || kind.startsWith('temporal-reset'));
}

/** What begins an ending: the fence is closed with each of these entries, and just before it is written. */
const ENDINGS: ReadonlySet<AnyEvent['type']> = new Set<AnyEvent['type']>([
  'denied',
  'lapsed',
  'withdrawn',
  'arm-refused',
  'grant-failed',
  'start-missed',
  'expired',
  'revoked',
  'ended',
  'contact-lost',
]);

/**
 * For how long the sweep may leave it. A little longer where the ledger shows that an ending had begun, for then whoever was at it is waited
 * for. Whoever gives access tells the store by when it has to be over, before they send for it.
 */
function sweptWithin(held: Access['held'], { events }: Recorded): number {
  const begun = events.some((e) => ENDINGS.has(e.type) && at(e.at) <= (held.to ?? Number.POSITIVE_INFINITY));
  return begun ? BEGUN_MS : UNBEGUN_MS;
}

/** I6: what may have held access is observed gone, or still ending with an alarm; and gone was true when it was said. */
function gone(facts: Facts, recorded: Recorded, all: readonly Access[]): Violation[] {
  const { requestId, view, events } = recorded;
  const own = all.filter((a) => a.of?.requestId === requestId);
  const say = (what: string): Violation => ({ rule: 'I6', requestId, serial: placeOf(view.request.target), what });
  const found: Violation[] = [];
  if (only(events, 'armed').length > 0 && !view.goneAt && view.outcome !== 'unproven' && !neverBegan(facts, recorded, own)) {
    const loud = view.state === 'ending' && view.alarmMinutes !== undefined;
    if (!loud) found.push(say(`was armed, and is ${view.state} without a proof that it is gone`));
  }
  for (const { held } of own)
    if (view.goneAt && at(view.goneAt) >= held.from && !((held.to ?? Number.POSITIVE_INFINITY) <= at(view.goneAt) + 250))
      found.push(say(`recorded as gone at ${view.goneAt}, but administrator until ${held.to ? iso(held.to) : 'now'}`));
  for (const { held } of own)
    if (view.goneAt && held.from > at(view.goneAt))
      found.push(say(`administrator again at ${iso(held.from)}, after it was gone at ${view.goneAt}`));
  return found;
}

/**
 * The arm was written, and its answer never reached the run before it gave up: then nothing was sent. Believed only if
 * neither the ledger, nor the MDM, nor the Mac knows of anything.
 */
function neverBegan({ tagCalls }: Facts, { view, events }: Recorded, own: readonly Access[]): boolean {
  const [armed] = only(events, 'armed');
  const sent = events.some((e) => e.type === 'grant-sent' || e.type === 'claimed' || e.type === 'confirmed');
  const tagged = tagCalls.some(
    (c) => c.serial === placeOf(view.request.target) && c.at >= at(armed?.at) && c.at <= at(view.closedAt),
  );
  return view.state === 'closed' && !sent && !tagged && own.length === 0;
}

/** I6: nobody is told that it ended before it was gone. */
function saidGone(facts: Facts, all: readonly Access[]): Violation[] {
  return facts.saidGone.flatMap(({ requestId, at: saidAt, method, text }) =>
    all
      .filter(
        ({ of, held }) => of?.requestId === requestId && held.from <= saidAt && (held.to ?? Number.POSITIVE_INFINITY) > saidAt,
      )
      .map(({ mac }) => ({
        rule: 'I6',
        requestId,
        serial: mac.serial,
        what: `${method} said "${text.slice(0, 80)}" at ${iso(saidAt)}, before it was gone`,
      })),
  );
}

/** I7: no deadline is later than what was approved, nor than the policy's cap. */
function deadlines(facts: Facts, recorded: Recorded): Violation[] {
  const { requestId, view, events } = recorded;
  if (!view.confirmedAt || !view.deadlineAt) return [];
  const found: Violation[] = [];
  const say = (what: string) => found.push({ rule: 'I7', requestId, serial: placeOf(view.request.target), what });
  if (at(view.deadlineAt) > windowEnd(facts, recorded))
    say(`the deadline ${view.deadlineAt} is past what was approved, ${iso(windowEnd(facts, recorded))}`);
  for (const e of [...only(events, 'confirmed'), ...only(events, 'extended')])
    if (at(e.data.deadlineAt) > at(view.confirmedAt) + MAX_MS) say(`${e.type} with a deadline past the policy's cap`);
  return found;
}

/** I7 on the Mac: what it counts down to. Whole seconds, and the look itself takes a moment. */
function countdowns(facts: Facts): Violation[] {
  return facts.countdowns.flatMap(({ serial, requestId, endsAt }) => {
    const of = facts.recorded.find((r) => r.requestId === requestId);
    if (!of?.view.confirmedAt || endsAt <= windowEnd(facts, of) + 2500) return [];
    return [{ rule: 'I7', requestId, serial, what: `the Mac counted to ${iso(endsAt)}, past ${iso(windowEnd(facts, of))}` }];
  });
}

/** I1, I2, I3, I11: each vote is a press by somebody who may, of what was pressed, and counts once. */
function votes(facts: Facts, recorded: Recorded): Violation[] {
  const { requestId, view, events } = recorded;
  const found: Violation[] = [];
  const say = (rule: string, what: string) => found.push({ rule, requestId, what });
  for (const { data } of only(events, 'voted')) {
    const { personId, decision, roundDigest, windowMs } = data.vote;
    const pattern = decision === 'approve' ? new RegExp(`^(ext-)?approve:${windowMs}$`) : /^(ext-)?deny$/;
    const round = roundDigest === view.digest ? 'request' : 'extension';
    const pressed = eligible(facts, recorded, pattern, round).some((p) => p.personId === personId && p.digest === roundDigest);
    if (!pressed) say('I1', `a vote (${decision}) of ${personId} that nobody who may had cast`);
  }
  // The verdict of an extension is in no view, and of several only the last one is.
  const told = new Set<string>();
  for (const { approvedBy } of events.flatMap(verdictsOf)) {
    if (new Set(approvedBy).size < approvedBy.length) told.add(`I3: counted twice: ${approvedBy.join(', ')}`);
    if (approvedBy.includes(view.request.requester.personId)) told.add('I2: the requester counts for themselves');
    else if (approvedBy.includes(view.request.subject.personId)) told.add('I2: the subject counts for themselves');
  }
  for (const one of told) say(one.slice(0, 2), one.slice(4));
  return found;
}

const verdictsOf = ({ data }: AnyEvent) => ('verdict' in data ? [data.verdict] : []);

const ONCE = ['requested', 'approved', 'armed', 'confirmed', 'gone', 'closed'] as const;

/** I11, I8: nothing of a life happens twice, except where somebody made its run begin anew. */
function once({ notebook }: Facts, { requestId, view, events }: Recorded): Violation[] {
  const reset = [...(notebook.touched.get(requestId) ?? [])].some((kind) => kind.startsWith('temporal-reset'));
  // A run that was begun anew may write once more what its predecessor wrote: one confirmation is one instant.
  const instants = new Set(only(events, 'confirmed').map((e) => `${e.data.confirmedAt} ${e.data.deadlineAt}`));
  const types = reset ? (['armed', ...(instants.size > 1 ? (['confirmed'] as const) : [])] as const) : ONCE;
  const twice = types.filter((type) => only(events, type).length > 1);
  const rounds = only(events, 'extended').map((e) => e.data.roundDigest);
  return [
    ...twice.map((type) => ({
      rule: type === 'closed' ? 'I8' : 'I11',
      requestId,
      what: `${only(events, type).length} entries ${type} (runs ${[...new Set(events.map((e) => e.runId))].join(', ')})`,
    })),
    ...(new Set(rounds).size < rounds.length
      ? [{ rule: 'I11', requestId, serial: placeOf(view.request.target), what: 'one extension counted twice' }]
      : []),
  ];
}

/** I10: one card, each message once, and the card shows how it ended. */
function shown(facts: Facts, { requestId, view }: Recorded): Violation[] {
  const own = messagesOf(facts, requestId).filter(({ deleted }) => !deleted);
  const say = (what: string): Violation => ({ rule: 'I10', requestId, what });
  const counts = new Map<string, number>();
  for (const { key } of own) if (key) counts.set(key, (counts.get(key) ?? 0) + 1);
  const found = [...counts].filter(([, n]) => n > 1).map(([key, n]) => say(`${key} was posted ${n} times`));
  const card = own.findLast((m) => m.key === `card/${requestId}`);
  if (!card) return isLeft(facts, { requestId, view }) ? found : [...found, say('there is no card')];
  if (view.state !== 'closed') return found;
  const wrong = card.buttons.filter(({ action_id: id }) => id !== 'review' || !facts.openReviews.has(requestId));
  if (wrong.length > 0)
    found.push(say(`the card of a closed elevation has buttons: ${wrong.map((b) => b.action_id).join(', ')}`));
  const wanted = finalWords(view);
  if (!wanted.test(card.text)) found.push(say(`the card says "${card.text.slice(0, 160)}" and should say ${wanted}`));
  return found;
}

/**
 * Terminated before it held anything, and its card deleted by a person: it is closed ten minutes after its own deadline, and
 * gets its card then.
 */
function isLeft({ notebook }: Facts, { requestId, view }: Pick<Recorded, 'requestId' | 'view'>): boolean {
  const touched = notebook.touched.get(requestId);
  const waits = view.state === 'requested' || view.state === 'approved';
  return waits && touched?.has('temporal-terminate') === true && touched.has('slack-card-deleted');
}

function finalWords({ outcome, goneAt, confirmedAt }: Recorded['view']): RegExp {
  if (outcome === 'unproven') return /without proof/;
  if (goneAt) return confirmedAt ? /Ended\. Access gone/ : /no access was confirmed/;
  return /nothing was granted/;
}

/** I9: our tag is never asked for on a Mac's record, and nothing created in AWS, before an elevation of it was recorded as armed. */
function tagsAfterArmed(facts: Facts): Violation[] {
  return facts.tagCalls.flatMap(({ serial, at: calledAt }) => {
    const own = facts.recorded.filter((r) => placeOf(r.view.request.target) === serial);
    const covered = own.some(
      (r) => only(r.events, 'armed').some((e) => at(e.at) <= calledAt) && !(at(r.view.closedAt) < calledAt),
    );
    return covered
      ? []
      : [
          {
            rule: 'I9',
            requestId: '',
            serial,
            what: `our tag, or access in AWS, was asked for at ${iso(calledAt)} without an armed elevation`,
          },
        ];
  });
}

/** A form closes only when the request is safely started, and one ask is one request. */
function asks(facts: Facts): Violation[] {
  const cards = new Map<string, Set<string>>();
  for (const m of facts.messages) {
    const quote = QUOTE.exec(m.words)?.[0];
    if (quote && m.key.startsWith('card/')) cards.set(quote, (cards.get(quote) ?? new Set()).add(m.requestId));
  }
  return facts.notebook.asks.flatMap(({ quote, serial, ackedAt, requestId }) => {
    const ids = cards.get(quote) ?? new Set<string>();
    const found: Violation[] = [];
    if (ids.size > 1)
      found.push({
        rule: 'I11',
        requestId: [...ids].join(' '),
        serial,
        what: `${quote} was asked for once and became ${ids.size} requests`,
      });
    if (ackedAt !== undefined && ids.size === 0)
      found.push({
        rule: 'ask',
        requestId: requestId ?? '',
        serial,
        what: `${quote} was taken at ${iso(ackedAt)} and never became a card`,
      });
    return found;
  });
}
