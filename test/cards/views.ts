/** Elevations in every state and outcome, made by folding real events, never by writing a view by hand. */
import type { HomeContent } from '../../cards/home.js';
import type { AnyEvent, EventData, EventType } from '../../contract/events.js';
import {
  type Digest,
  type Instant,
  instant,
  type LocalUser,
  type PersonId,
  type RequestId,
  type RunId,
  type Serial,
  type SlackUserId,
} from '../../contract/ids.js';
import type { ElevationRequest } from '../../contract/request.js';
import type { Verdict, Vote } from '../../contract/verdict.js';
import { type ElevationView, foldAll } from '../../contract/view.js';

export const T0 = Date.parse('2026-11-21T14:00:00.000Z');
export const MIN = 60_000;
export const at = (minutes: number): Instant => instant(T0 + minutes * MIN);

export const BOB = { personId: 'bob' as PersonId, name: 'Bob Builder', slackTeamId: 'T1', slackUserId: 'U0BOB' as SlackUserId };
export const ALICE = 'alice' as PersonId;
export const CAROL = 'carol' as PersonId;
export const DIGEST = 'a'.repeat(64) as Digest;
export const ROUND2 = 'b'.repeat(64) as Digest;

export const people = (id: PersonId) =>
  ({ alice: { name: 'Alice Adams', slackUserId: 'U0ALICE' as SlackUserId }, carol: { name: 'Carol Conti' } })[id as string];

export function request(over: Partial<ElevationRequest> = {}): ElevationRequest {
  return {
    v: 1,
    requestId: 'abcdefghijklmnopqrstuvwxyz' as RequestId,
    requester: BOB,
    subject: BOB,
    target: {
      kind: 'mac-admin',
      key: 'mac-admin/C02XYZ',
      serial: 'C02XYZ' as Serial,
      localUser: 'bob' as LocalUser,
      display: 'mac-bob-01',
    },
    windowMs: 10 * MIN,
    category: 'install',
    reasonDigest: 'c'.repeat(64) as Digest,
    via: 'slack',
    askedAt: at(0),
    ...over,
  };
}

export function verdict(over: Partial<Verdict> = {}): Verdict {
  return {
    outcome: 'needs-approval',
    rule: 'macs-of-engineers',
    policyHash: 'd'.repeat(64) as Digest,
    factsDigest: 'e'.repeat(64) as Digest,
    quorum: 1,
    approvedBy: [],
    approvers: [ALICE, CAROL],
    windowsMs: [5, 10, 15, 30].map((m) => m * MIN),
    maxWindowMs: 30 * MIN,
    warnBeforeMs: 5 * MIN,
    warnMinWindowMs: 5 * MIN,
    deadlines: {
      pendingMs: 240 * MIN,
      startMs: 60 * MIN,
      evidenceMs: 30 * MIN,
      remindEveryMs: 10 * MIN,
      remindForMs: 60 * MIN,
      remindThenMs: 60 * MIN,
    },
    sentences: [],
    ...over,
  };
}

let count = 0;
export function event<T extends EventType>(type: T, data: EventData[T], minute = 0, personId?: PersonId): AnyEvent {
  count += 1;
  const base = {
    id: `run/${count}`,
    requestId: request().requestId,
    requestDigest: DIGEST,
    runId: 'run' as RunId,
    at: at(minute),
  };
  return { ...base, type, data, actor: { via: personId ? 'slack' : 'system', ...(personId ? { personId } : {}) } } as AnyEvent;
}

const yes: Vote = { decision: 'approve', personId: ALICE, roundDigest: DIGEST, windowMs: 10 * MIN, at: at(2) };
const no: Vote = { decision: 'deny', personId: ALICE, roundDigest: DIGEST, at: at(2) };
const satisfied = verdict({ outcome: 'satisfied', approvedBy: [ALICE], windowMs: 10 * MIN });

const own = verdict({ outcome: 'auto', approvedBy: [], windowMs: 10 * MIN });
const approvedByPolicy = event('approved', { windowMs: 10 * MIN, startBy: at(62), verdict: own }, 0);
const glass = verdict({ outcome: 'auto', approvedBy: [], windowMs: 10 * MIN, breakGlass: true });
const taken = event('approved', { windowMs: 10 * MIN, startBy: at(62), verdict: glass }, 0, BOB.personId);
const voted = event('voted', { vote: yes, verdict: satisfied }, 2, ALICE);
const approved = event('approved', { windowMs: 10 * MIN, startBy: at(62), verdict: satisfied }, 2);
const armed = event('armed', { notAfter: at(75) }, 3);
const confirmed = event('confirmed', { confirmedAt: at(4), deadlineAt: at(14) }, 4);
const warned = event('warned', {}, 9);
const expired = event('expired', {}, 14);
const gone = event('gone', { observedAt: at(15), how: 'the Mac says so' }, 15);
const settled = event('evidence-settled', { complete: true, lines: 3 }, 16);
const missing = event('evidence-settled', { complete: false, lines: 0 }, 45);
const asked = (minute = 6) => event('extension-asked', { roundDigest: ROUND2, windowMs: 15 * MIN }, minute, BOB.personId);
const alarm = (minutes: number) => event('alarm', { what: 'revoke-pending', minutes }, 14 + minutes);
const finding = (id: PersonId) => event('unproven-asked', { findingDigest: 'f'.repeat(64) as Digest }, 40, id);

const upToActive = [voted, approved, armed, confirmed];

/** The scripts after `requested`, by name: every state and every outcome is among them. */
export const SCRIPTS: Readonly<Record<string, readonly AnyEvent[]>> = {
  requested: [],
  'requested, one of two votes': [event('voted', { vote: yes, verdict: verdict({ quorum: 2, approvedBy: [ALICE] }) }, 2, ALICE)],
  'requested, reminded': [event('reminded', { count: 2 }, 20)],
  'requested, more called': [event('rejudged', { verdict: verdict({ approvers: [ALICE, CAROL] }), called: [CAROL] }, 15)],
  'requested, on call called': [
    event('rejudged', {
      verdict: verdict({ approvers: [ALICE, CAROL], onCall: [{ rota: 'primary', people: [CAROL] }] }),
      called: [CAROL],
    }),
  ],
  approved: [voted, approved],
  'approved by the policy itself': [approvedByPolicy],
  'active, by the policy itself': [approvedByPolicy, armed, confirmed],
  'active, by break-glass': [taken, armed, confirmed],
  'closed, by break-glass, review open': [taken, armed, confirmed, expired, gone, settled],
  'closed, by break-glass, reviewed': [
    ...[taken, armed, confirmed, expired, gone, settled],
    event('review-closed', { findingDigest: DIGEST }, 30, CAROL),
  ],
  'closed, a drill of break-glass': [
    event('glass-broken', { incident: 'INC-417', drill: true }, 0, BOB.personId),
    event('drilled', {}, 0, BOB.personId),
  ],
  'approved, claimed': [voted, approved, event('claimed', { serial: 'C02XYZ' as Serial, localUser: 'bob' as LocalUser }, 3)],
  granting: [voted, approved, armed],
  active: upToActive,
  'active, warned': [...upToActive, warned],
  'active, extension waiting': [...upToActive, asked()],
  'active, extended': [
    ...upToActive,
    asked(),
    event('voted', { vote: { ...yes, roundDigest: ROUND2, windowMs: 15 * MIN }, verdict: satisfied }, 7, ALICE),
    event('extended', { roundDigest: ROUND2, windowMs: 15 * MIN, deadlineAt: at(29) }, 7),
  ],
  'active, extension denied': [
    ...upToActive,
    asked(),
    event('voted', { vote: { ...no, roundDigest: ROUND2 }, verdict: satisfied }, 7, ALICE),
    event('extension-closed', { roundDigest: ROUND2, why: 'denied' }, 7),
  ],
  'active, extension lapsed': [...upToActive, asked(), event('extension-closed', { roundDigest: ROUND2, why: 'lapsed' }, 9)],
  'ending, expired': [...upToActive, warned, expired],
  'ending, extension undecided': [...upToActive, asked(), expired],
  'ending, revoked': [...upToActive, event('revoked', { cause: 'approver' }, 8, ALICE)],
  'ending, cancelled': [...upToActive, event('revoked', { cause: 'cancel' }, 8)],
  'ending, ended': [...upToActive, event('ended', {}, 8, BOB.personId)],
  'ending, lost contact': [...upToActive, event('contact-lost', { lastHeardAt: at(6) }, 11)],
  'ending, not started': [voted, approved, armed, event('start-missed', {}, 62)],
  'ending, failed': [voted, approved, armed, event('grant-failed', { code: 'mdm-unavailable' }, 5)],
  'ending, alarm 5': [...upToActive, expired, alarm(5)],
  'ending, alarm 15': [...upToActive, expired, alarm(15)],
  'ending, alarm 15, one asked': [...upToActive, expired, alarm(15), finding(ALICE)],
  collecting: [...upToActive, expired, gone],
  'collecting, revoked': [...upToActive, event('revoked', { cause: 'operator' }, 8, CAROL), gone],
  'closed, denied': [
    event('voted', { vote: no, verdict: verdict({ outcome: 'deny' }) }, 2, ALICE),
    event('denied', {}, 2),
    event('closed', { outcome: 'denied' }, 2),
  ],
  'closed, denied by policy': [event('denied', { rule: 'nobody' }, 0)],
  'closed, lapsed': [event('lapsed', {}, 240)],
  'closed, withdrawn': [event('withdrawn', {}, 3, BOB.personId)],
  'closed, revoked before': [voted, approved, event('revoked', { cause: 'approver' }, 3, CAROL)],
  'closed, ended before': [voted, approved, event('ended', {}, 3, BOB.personId)],
  'closed, not started': [voted, approved, event('start-missed', {}, 62)],
  'closed, not started after granting': [voted, approved, armed, event('start-missed', {}, 62), gone, settled],
  'closed, failed to arm': [voted, approved, event('arm-refused', { code: 'target-busy' }, 3)],
  'closed, failed': [voted, approved, armed, event('grant-failed', { code: 'no-such-code' }, 5), gone, missing],
  'closed, expired': [...upToActive, warned, expired, gone, settled],
  'closed, expired, log missing': [...upToActive, expired, gone, missing],
  'closed, expired, late log': [...upToActive, expired, gone, missing, event('late-evidence', { lines: 7, digest: DIGEST }, 90)],
  'closed, revoked': [...upToActive, event('revoked', { cause: 'approver' }, 8, ALICE), gone, settled],
  'closed, ended': [...upToActive, event('ended', {}, 8, BOB.personId), gone, settled],
  'closed, lost contact': [...upToActive, event('contact-lost', { lastHeardAt: at(6) }, 11), gone, settled],
  'closed, ended by an operator past its workflow': [
    ...upToActive,
    event('revoked', { cause: 'operator' }, 8),
    event('swept', { observedAt: at(9), how: 'the Mac says so' }, 9),
  ],
  'closed, person left': [
    ...upToActive,
    event('revoked', { cause: 'left' }, 8),
    event('swept', { observedAt: at(9), how: 'the Mac says so' }, 9),
  ],
  'closed, swept': [...upToActive, event('swept', { observedAt: at(17), how: 'the Mac says so' }, 17)],
  'closed, swept before its deadline': [...upToActive, event('swept', { observedAt: at(10), how: 'the Mac says so' }, 10)],
  'closed, swept before its start': [voted, approved, armed, event('swept', { observedAt: at(77), how: 'the Mac says so' }, 77)],
  'closed, unproven': [
    ...upToActive,
    expired,
    alarm(15),
    finding(ALICE),
    finding(CAROL),
    event('closed-unproven', { findingDigests: [DIGEST, ROUND2] }, 41),
  ],
};

/** What the request of a script says that is named after a break-glass. */
function glassOf(name: string): Pick<ElevationRequest, 'breakGlass'> {
  if (!name.includes('break-glass')) return {};
  return { breakGlass: { incident: 'INC-417', ...(name.includes('drill') && { drill: true as const }) } };
}

/** The view of a script. */
export function viewOf(name: string, over: Partial<ElevationRequest> = {}, first: Partial<Verdict> = {}): ElevationView {
  const script = SCRIPTS[name];
  if (!script) throw new Error(`no script ${name}`);
  const begin = event('requested', { request: request({ ...glassOf(name), ...over }), digest: DIGEST, verdict: verdict(first) });
  const view = foldAll([begin, ...script]);
  if (!view) throw new Error('no view');
  return view;
}

export function timelineOf(name: string): readonly AnyEvent[] {
  return [event('requested', { request: request(), digest: DIGEST, verdict: verdict() }), ...(SCRIPTS[name] ?? [])];
}

/** What App Home shows of somebody who has these, and nothing else. */
export function homeOf(views: readonly ElevationView[], over: Partial<HomeContent> = {}): HomeContent {
  return {
    drawnAt: at(1),
    live: views.filter((view) => view.state !== 'closed'),
    recent: views.slice(0, 10),
    total: views.length,
    offers: { offers: [], searchable: false },
    waiting: { shown: [], more: 0, unsure: false },
    people,
    ...over,
  };
}
