/**
 * Tells those who only want to know, as the rules say it: what the ledger has is told after the fact, at least once, by one of the
 * processes that look. Nothing waits for it. The ledger is gone through by its own numbers, and what was told is kept by the name of the
 * message, so whoever begins anew, or at the same time, tells what is left.
 */

import { keep } from '../activities/latest.js';
import type { Mail } from '../activities/mail/smtp.js';
import { type NoticeText, noticeMessage, noticeText } from '../cards/notice.js';
import type { PeopleLookup } from '../cards/say.js';
import type { Alarms } from '../contract/alarms.js';
import { isStintError, StintError } from '../contract/errors.js';
import type { AnyEvent } from '../contract/events.js';
import { type Digest, msOf, type RequestId } from '../contract/ids.js';
import { type Telling, TOLD_EVENTS, tellingOf } from '../contract/notify.js';
import type { Cards, Directory, Store } from '../contract/ports.js';
import { recalled } from '../policy/judge.js';
import type { Rule } from '../policy/rules.js';
import { takenBy } from '../policy/taken.js';
import { sha256 } from '../seal/canonical.js';
import { TURN_MS, type Turns } from './alarm-turns.js';

export interface TellOthersDeps {
  readonly store: Pick<Store, 'policies'> & {
    readonly ledger: Pick<Store['ledger'], 'news' | 'find'>;
    readonly fence: Pick<Store['fence'], 'grant'>;
  };
  readonly directory: Pick<Directory, 'person'>;
  readonly cards: Pick<Cards, 'ensurePosted'>;
  /** Undefined where no mail server is set up. Throws what was wrong. */
  readonly mail?: ((mail: Mail) => Promise<void>) | undefined;
  readonly turns: Turns;
  readonly alarms: Alarms;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
}

/** Where something is told. */
type Sink = { readonly kind: 'slack'; readonly channel: string } | { readonly kind: 'mail'; readonly to: string };

interface Due {
  readonly key: string;
  readonly telling: Telling;
  readonly event: AnyEvent;
  readonly rule: string;
  readonly sink: Sink;
  readonly tries: number;
  readonly next: number;
}

/** So many entries before the last are looked at by a process that starts: what was told of them is kept. */
const LOOK_BACK = 20_000;
const PAGE = 1_000;
/** What could not be told for so long is given up. */
const GIVE_UP_MS = 24 * 3_600_000;
const KEPT_MS = 2 * GIVE_UP_MS;
/** A sink that could not be told for so long is an alarm. */
const ALARM_MS = 15 * 60_000;
/** No sooner than the turn of the last try is over. */
const FIRST_PAUSE_MS = TURN_MS;
const LONGEST_PAUSE_MS = 10 * 60_000;
/** Cards and lines of live elevations share Slack's limit with these. */
const AT_ONCE = 20;
const RULES_KEPT = 20;
const DEFECT = 'something that nobody foresaw, which the log of the worker names.';

/** One round; answers how many were told. Throws what the store throws; and what nobody foresaw, once all others had their turn. */
export function createTellOthers(deps: TellOthersDeps): () => Promise<number> {
  const due = new Map<string, Due>();
  const lookUp = createLookUp(deps.store);
  let cursor: number | undefined;

  /** What came into the ledger since; the place is moved on only once all of it is here. */
  const collect = async () => {
    const { ledger } = deps.store;
    cursor ??= Math.max(-1, (await ledger.news(undefined, TOLD_EVENTS)).upTo - LOOK_BACK);
    for (;;) {
      const { events, upTo } = await ledger.news(cursor, TOLD_EVENTS);
      for (const event of events)
        for (const one of await wanted(deps, lookUp, event)) if (!due.has(one.key)) due.set(one.key, one);
      cursor = upTo;
      if (events.length < PAGE) return;
    }
  };

  return async () => {
    await collect();
    let told = 0;
    let unforeseen: unknown;
    for (const one of due.values()) {
      if (told >= AT_ONCE) break;
      if (deps.clock() < one.next) continue;
      const left = await attempt(deps, one).catch((error: unknown) => {
        if (!isStintError(error)) unforeseen ??= error;
        return again(deps, one, isStintError(error) ? error.sentence : DEFECT);
      });
      if (left) due.set(one.key, left);
      else due.delete(one.key);
      if (!left) told += 1;
    }
    // For the log: by now it is put off like every other, and stood before none.
    if (unforeseen !== undefined) throw unforeseen;
    return told;
  };
}

/** Everything that is to be told of an event, by the rule that it was judged by. */
async function wanted(
  { clock }: TellOthersDeps,
  ruleOf: ReturnType<typeof createLookUp>,
  event: AnyEvent,
): Promise<readonly Due[]> {
  const telling = tellingOf(event);
  if (telling === undefined || clock() - msOf(event.at) > GIVE_UP_MS) return [];
  const rule = await ruleOf(event);
  const lines = (rule?.notify ?? []).filter(({ on }) => on.includes(telling));
  const sinks = lines.flatMap(({ slack, email = [] }): Sink[] => [
    ...(slack === undefined ? [] : [{ kind: 'slack' as const, channel: slack }]),
    ...email.map((to) => ({ kind: 'mail' as const, to })),
  ]);
  return sinks.map((sink) => ({
    key: `${nameOf(event, telling)}/${placeOf(sink)}`,
    telling,
    event,
    rule: rule?.id ?? '',
    sink,
    tries: 0,
    next: 0,
  }));
}

/** The same for every telling of one thing, whichever process tells it, and how often. */
function nameOf(event: AnyEvent, telling: Telling): string {
  const which = event.type === 'extended' ? `/${event.data.roundDigest.slice(0, 16)}` : '';
  return `notice/${event.requestId}/${telling}${which}`;
}

const placeOf = (sink: Sink): string => (sink.kind === 'slack' ? sink.channel : sha256(sink.to).slice(0, 16));

/** Answers what is left to do, if anything is. Throws what went wrong. */
async function attempt(deps: TellOthersDeps, one: Due): Promise<Due | undefined> {
  const { turns, clock } = deps;
  const turn = await turns.take(one.key);
  if (turn === 'said') return undefined;
  if (turn === 'others') return { ...one, next: clock() + TURN_MS };
  await tell(deps, one);
  await turns.said(one.key, clock() + KEPT_MS);
  return undefined;
}

function again({ alarms, clock }: TellOthersDeps, one: Due, why: string): Due | undefined {
  const waited = clock() - msOf(one.event.at);
  const place = one.sink.kind === 'slack' ? `the Slack channel ${one.sink.channel}` : `the mailbox ${one.sink.to}`;
  const given = waited > GIVE_UP_MS;
  if (waited > ALARM_MS)
    alarms.raise({
      key: `notify/${placeOf(one.sink)}${given ? '/given-up' : ''}`,
      severity: 'warning',
      sentence: `What the rule ${one.rule} has told to ${place} ${given ? 'could not be told for a day, and is given up' : 'cannot be told'}: ${why}`,
      todo: 'See whether it is there and lets Stint in (npx stint doctor). The ledger has everything that was not told.',
    });
  if (given) return undefined;
  const pause = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** one.tries);
  return { ...one, tries: Math.min(one.tries + 1, 20), next: clock() + pause };
}

async function tell(deps: TellOthersDeps, one: Due): Promise<void> {
  const view = (await deps.store.ledger.find(one.event.requestId))?.view;
  if (!view) return;
  const text = noticeText(one.telling, one.event, view, one.rule, await named(deps, one.event));
  if (one.sink.kind === 'slack') {
    await deps.cards.ensurePosted(one.key, { channel: one.sink.channel }, noticeMessage(text));
    return;
  }
  if (!deps.mail) throw new StintError('bad-config', 'no mail server is set up (STINT_SMTP_URL).');
  await deps.mail(mailOf(one, one.sink.to, text));
}

function mailOf({ event, telling }: Due, to: string, { subject, lines }: NoticeText): Mail {
  const [id, thread] = [nameOf(event, telling), event.requestId].map((name) => sha256(name).slice(0, 40));
  return { id: id ?? '', thread: thread ?? '', to, subject, text: `${lines.join('\n')}\n` };
}

/** Who did it; a directory that is down costs the name, never the message. */
async function named({ directory }: TellOthersDeps, { actor }: AnyEvent): Promise<PeopleLookup> {
  const person = actor.personId && (await directory.person(actor.personId).catch(() => undefined));
  return (id) => (person && person.personId === id ? { name: person.name } : undefined);
}

/** Of these nothing has been taken yet, or ever was. */
const BEFORE: ReadonlySet<AnyEvent['type']> = new Set<AnyEvent['type']>(['requested', 'denied', 'lapsed']);

/**
 * The rule by which a target was taken, as the store wrote it down then: whoever may write to Temporal can answer in the policy's place,
 * and silences nobody by it. Where none was, the one that it was judged by last, of those events where anybody is told at all: the policy
 * that it was first judged by stays, so where no rule of that tells anybody, nothing is looked up.
 */
function createLookUp({ ledger, policies, fence }: TellOthersDeps['store']): (event: AnyEvent) => Promise<Rule | undefined> {
  const rulesOf = createRules({ policies });
  const judgedBy = new Map<RequestId, Digest>();
  const known = new Map<RequestId, NonNullable<Awaited<ReturnType<typeof takenBy>>>>();
  const takenOf = async (requestId: RequestId) => {
    const taken = known.get(requestId) ?? (await takenBy(fence, rulesOf, requestId));
    if (taken) keep(known, requestId, taken);
    return taken;
  };
  return async (event) => {
    const { requestId } = event;
    if (event.type === 'requested') keep(judgedBy, requestId, event.data.verdict.policyHash);
    const taken = BEFORE.has(event.type) ? undefined : await takenOf(requestId);
    if (taken) return taken.rule;
    const first = judgedBy.get(requestId);
    if (first !== undefined && !(await rulesOf(first)).some(({ notify }) => notify)) return undefined;
    const { verdict } = (await ledger.find(requestId))?.view ?? {};
    if (verdict === undefined) return undefined;
    keep(judgedBy, requestId, verdict.policyHash);
    return (await rulesOf(verdict.policyHash)).find(({ id }) => id === verdict.rule);
  };
}

/** The rules of policies by hash; the latest few are kept. */
function createRules({ policies }: Pick<Store, 'policies'>): (hash: Digest) => Promise<readonly Rule[]> {
  const kept = new Map<Digest, readonly Rule[]>();
  return async (hash) => {
    const known = kept.get(hash);
    if (known) return known;
    const rules = (await recalled(policies, hash))?.rules ?? [];
    keep(kept, hash, rules, RULES_KEPT);
    return rules;
  };
}
