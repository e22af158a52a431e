/** A small world for the Slack app: people, a store in memory, a gate that remembers, a policy that can be told. */
import { StintError } from '../../contract/errors.js';
import type { AnyEvent } from '../../contract/events.js';
import {
  type Digest,
  type Instant,
  instant,
  type LocalUser,
  type PersonId,
  type RequestId,
  type Serial,
  type SlackUserId,
} from '../../contract/ids.js';
import type { Actor } from '../../contract/messages.js';
import type {
  Directory,
  ElevationRow,
  Frozen,
  Gate,
  ListFilter,
  MessageRef,
  Person,
  PersonKey,
  PersonKeys,
} from '../../contract/ports.js';
import type { ClickKind, Offer, Preview } from '../../contract/preview.js';
import type { ElevationRequest, MacAdminTarget, Target } from '../../contract/request.js';
import type { Verdict } from '../../contract/verdict.js';
import { type ElevationView, fold } from '../../contract/view.js';
import { requestDigest, requestIdFrom, sha256 } from '../../seal/canonical.js';
import type { SlackStore } from '../../slack-app/config.js';
import type { Log } from '../../slack-app/log.js';

export const TEAM = 'T0STINT';
export const APP = 'A0STINT';
export const CHANNEL = 'C0APPROVE';
export const CARD_TS = '1763733600.000100';
export const MINUTE = 60_000;

export const person = (id: string, accounts: readonly string[], more: Partial<Person> = {}): Person => ({
  personId: id as PersonId,
  name: id,
  active: true,
  groups: [],
  macs: [],
  slack: accounts.map((userId) => ({ teamId: TEAM, userId: userId as SlackUserId })),
  ...more,
});

export const mac = (serial: string): MacAdminTarget => ({
  kind: 'mac-admin',
  key: `mac-admin/${serial}`,
  serial: serial as Serial,
  localUser: 'bob' as LocalUser,
  display: `mac-${serial.toLowerCase()}`,
});

export const ALICE = person('alice', ['U0ALICE']);
export const BOB = person('bob', ['U0BOB', 'U0BOBTWO'], {
  macs: [{ serial: 'C02BOB' as Serial, localUser: 'bob' as LocalUser, name: 'mac-bob' }],
});
export const CAROL = person('carol', ['U0CAROL']);
export const GONE = person('gone', ['U0GONE'], { active: false });

export function verdict(more: Partial<Verdict> = {}): Verdict {
  return {
    outcome: 'needs-approval',
    rule: 'engineers',
    policyHash: sha256('policy'),
    factsDigest: sha256('facts'),
    quorum: 1,
    approvedBy: [],
    approvers: [ALICE.personId],
    windowsMs: [5, 10, 15, 30].map((n) => n * MINUTE),
    maxWindowMs: 30 * MINUTE,
    warnBeforeMs: 5 * MINUTE,
    warnMinWindowMs: 5 * MINUTE,
    deadlines: {
      pendingMs: 60 * MINUTE,
      startMs: 10 * MINUTE,
      evidenceMs: 30 * MINUTE,
      remindEveryMs: 5 * MINUTE,
      remindForMs: 15 * MINUTE,
      remindThenMs: 15 * MINUTE,
    },
    sentences: [],
    ...more,
  };
}

export function view(more: Partial<ElevationView> = {}, key = 'one'): ElevationView {
  const bob = { personId: BOB.personId, name: 'bob', slackTeamId: TEAM, slackUserId: 'U0BOB' as SlackUserId };
  const request: ElevationRequest = {
    v: 1,
    requestId: requestIdFrom('slack', key),
    requester: bob,
    subject: bob,
    target: mac('C02BOB'),
    windowMs: 10 * MINUTE,
    category: 'install',
    reasonDigest: sha256('a reason'),
    via: 'slack',
    askedAt: '2026-11-21T14:00:00.000Z' as Instant,
  };
  return {
    request,
    digest: requestDigest(request),
    state: 'requested',
    verdict: verdict(),
    votes: [],
    unprovenBy: [],
    reminders: 0,
    refusals: 0,
    ...more,
  };
}

export interface Sent {
  readonly kind: string;
  readonly requestId: RequestId;
  readonly roundDigest: Digest;
  readonly body: unknown;
  readonly actor: Actor;
}

export interface FakeGate extends Gate {
  readonly sent: Sent[];
  readonly started: ElevationRequest[];
  /** What the next calls meet; `hang` waits for `release`. */
  mode: 'up' | 'down' | 'hang' | 'over' | 'past';
  /** What starts are refused with. */
  refuses: StintError | undefined;
  release(): void;
}

export function fakeGate(): FakeGate {
  let waiting: (() => void)[] = [];
  const gate: FakeGate = {
    sent: [],
    started: [],
    mode: 'up',
    refuses: undefined,
    release() {
      gate.mode = 'up';
      for (const go of waiting) go();
      waiting = [];
    },
    async start(request) {
      await passable();
      if (gate.refuses) throw gate.refuses;
      const again = gate.started.some((one) => one.requestId === request.requestId);
      gate.started.push(request);
      return again ? 'already' : 'started';
    },
    async send(kind, requestId, roundDigest, body, actor) {
      await passable();
      if (gate.mode === 'over') return 'over';
      gate.sent.push({ kind, requestId, roundDigest, body, actor });
      return 'sent';
    },
    async end(kind, requestId, roundDigest, body, actor, judged) {
      const answer = await this.send(kind, requestId, roundDigest, body, actor);
      return gate.mode === 'past' && judged ? 'past' : answer;
    },
    ask: () => Promise.reject(new Error('the Slack app never asks')),
  };
  async function passable(): Promise<void> {
    if (gate.mode === 'down') throw new StintError('temporal-unavailable');
    if (gate.mode === 'hang') await new Promise<void>((resolve) => waiting.push(resolve));
  }
  return gate;
}

export interface FakeStore extends SlackStore {
  mode: 'up' | 'down' | 'hang';
  frozen: Frozen | undefined;
  readonly views: Map<RequestId, ElevationView>;
  readonly cards: Map<string, MessageRef>;
  readonly texts: Map<Digest, string>;
  readonly asked: Map<RequestId, ElevationRequest>;
  readonly appended: AnyEvent[];
}

/** `clock`, in ms since 1970, is what one-time values expire by. */
export function fakeStore(clock: () => number = Date.now): FakeStore {
  const seen = new Map<string, number>();
  async function up<T>(answer: () => T): Promise<T> {
    if (store.mode === 'down') throw new StintError('store-unavailable');
    if (store.mode === 'hang') return new Promise<T>(() => undefined);
    return answer();
  }
  const row = (v: ElevationView): ElevationRow => ({ view: v, updatedAt: instant(0) });
  const select = (f: ListFilter) =>
    [...store.views.values()]
      .filter((v) => f.live === undefined || f.live === (v.state !== 'closed'))
      .filter((v) => f.personId === undefined || v.request.subject.personId === f.personId)
      .filter((v) => f.targetKey === undefined || v.request.target.key === f.targetKey);
  const personKeys = fakeKeys(up);
  const store: FakeStore = {
    mode: 'up',
    frozen: undefined,
    views: new Map(),
    cards: new Map(),
    texts: new Map(),
    asked: new Map(),
    appended: [],
    personKeys,
    ledger: {
      // The Slack app closes reviews, and writes nothing else.
      append: (events) =>
        up(() => {
          for (const event of events) {
            const before = store.views.get(event.requestId);
            if (event.type !== 'review-closed' || !before) throw new Error(`the Slack app never writes ${event.type}`);
            if (store.appended.some(({ id }) => id === event.id)) throw new StintError('ledger-conflict');
            store.appended.push(event);
            store.views.set(event.requestId, fold(before, event));
          }
        }),
      timeline: () => up(() => []),
      newest: async () => ({ total: 0, events: [] }),
      entries: () => up(() => []),
      find: (id) => up(() => mapped(store.views.get(id), row)),
      findByPrefix: (prefix) =>
        up(() => {
          const hits = [...store.views.values()].filter((v) => v.request.requestId.startsWith(prefix));
          return hits.length === 1 ? mapped(hits[0], row) : undefined;
        }),
      list: (f) =>
        up(() =>
          select(f)
            .slice(f.offset ?? 0, (f.offset ?? 0) + (f.limit ?? 50))
            .map(row),
        ),
      count: (f) => up(() => select(f).length),
      news: () => up(() => ({ events: [], upTo: -1 })),
    },
    freeze: {
      now: () => up(() => store.frozen),
      set: () => Promise.reject(new Error('the Slack app never freezes')),
      lift: () => Promise.reject(new Error('the Slack app never lifts a freeze')),
    },
    messages: {
      get: (key) => up(() => store.cards.get(key)),
      put: (key, ref) => up(() => void store.cards.set(key, ref)),
    },
    requests: {
      put: (request) => up(() => void store.asked.set(request.requestId, request)),
      get: (id) => up(() => mapped(store.asked.get(id), (request) => ({ request, digest: requestDigest(request) }))),
      putText: (text) =>
        up(() => {
          store.texts.set(sha256(text), text);
          return sha256(text);
        }),
      getText: (digest) => up(() => store.texts.get(digest)),
    },
    once: {
      first: (scope, value, until) =>
        up(() => {
          const key = `${scope}/${value}`;
          if ((seen.get(key) ?? 0) > clock()) return false;
          seen.set(key, Date.parse(until));
          return true;
        }),
    },
  };
  return store;
}

/** Keys of people, with what the store promises of them. */
function fakeKeys(up: <T>(answer: () => T) => Promise<T>): PersonKeys {
  const all = new Map<string, PersonKey>();
  return {
    enroll: (key) =>
      up(() => {
        const there = all.get(key.keyId);
        if (there && (there.personId !== key.personId || there.removedAt))
          throw new StintError('state-conflict', 'Not yours to enroll.');
        if (!there) all.set(key.keyId, key);
        return there ? 'already' : 'enrolled';
      }),
    remove: (keyId, by, at) =>
      up(() => {
        const key = all.get(keyId);
        if (key?.personId !== by.personId || key.removedAt) return false;
        all.set(keyId, { ...key, removedAt: at });
        return true;
      }),
    key: (keyId) => up(() => all.get(keyId)),
    live: (personId) =>
      up(() => [...all.values()].filter((key) => (personId === undefined || key.personId === personId) && !key.removedAt)),
    revokeAll: () => Promise.reject(new Error('the Slack app revokes nobody’s keys')),
  };
}

const mapped = <A, B>(value: A | undefined, to: (value: A) => B): B | undefined => (value === undefined ? undefined : to(value));

/** Puts an elevation with its card into the store. */
export function place(store: FakeStore, v: ElevationView, ts = CARD_TS): ElevationView {
  const { requestId } = v.request;
  store.views.set(requestId, v);
  store.asked.set(requestId, v.request);
  store.cards.set(`card/${requestId}`, { channel: CHANNEL, ts, renderDigest: sha256('x') });
  return v;
}

export function fakeDirectory(people: readonly Person[] = [ALICE, BOB, CAROL, GONE]): Directory {
  return {
    person: async (id) => people.find((p) => p.personId === id),
    personBySlack: async (team, user) => people.find((p) => p.slack.some((a) => a.teamId === team && a.userId === user)),
    personByMac: async () => undefined,
    personByAwsUser: async () => undefined,
    membersOf: async () => [],
    isActive: async (id) => people.some((p) => p.personId === id && p.active),
  };
}

/** What a form shows of a target. */
export const offerOf = ({ key, kind, display }: Target) => ({ key, kind, display, confirmBy: display, notes: [] });

/** Alice may decide; a holder may ask for more; everybody may ask for their own Macs. */
export function fakePreview(): Preview & {
  readonly judged: { kind: ClickKind; person: string; windowMs?: number }[];
  offers: Offer[] | undefined;
  /** Whether the same may be taken by break-glass. */
  glass: boolean;
} {
  return {
    judged: [],
    offers: undefined,
    glass: false,
    async offersFor(_p, s = _p) {
      const windowsMs = [5, 10, 15, 30].map((n) => n * MINUTE);
      const offers = s.macs.map((m) => ({ ...offerOf(mac(m.serial)), windowsMs, approverNames: ['Alice'], rule: 'engineers' }));
      return { offers: this.offers ?? offers, searchable: false };
    },
    async others() {
      return [];
    },
    async search(p, _text, _limit, s, how) {
      if (how === 'break-glass' && !this.glass) return [];
      return (await this.offersFor(p, s)).offers;
    },
    async pin(p, key, s = p) {
      const offer = (await this.offersFor(p, s)).offers.find((one) => one.key === key);
      const serial = s.macs.find((m) => mac(m.serial).key === key)?.serial;
      if (!offer || !serial) throw new StintError('not-eligible');
      return { offer, target: mac(serial) };
    },
    async outlook() {
      return { refusals: [], lines: [{ title: 'Who will be asked', says: 'Alice of it.' }], byLength: false };
    },
    async judgeClick(v, p, kind, windowMs) {
      this.judged.push({ kind, person: p.personId, ...(windowMs === undefined ? {} : { windowMs }) });
      const holder = v.request.subject.personId === p.personId;
      if (holder || v.verdict.approvers.includes(p.personId)) return { ok: true };
      return { ok: false, sentence: 'You are not an approver of this request. Alice is.' };
    },
  };
}

export interface Line {
  readonly level: string;
  readonly fields: object;
  readonly message: string;
}

export function fakeLog(): Log & { readonly lines: Line[] } {
  const lines: Line[] = [];
  const at = (level: string) => (fields: object, message: string) => void lines.push({ level, fields, message });
  return { lines, debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

/** A freeze as an operator left it. */
export const FROZEN: Frozen = {
  since: '2026-11-21T14:05:00.000Z' as Instant,
  operator: 'root',
  reason: 'INC-417: <@U0ALICE> a stolen key',
};
