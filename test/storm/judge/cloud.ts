/** AWS's own truth, and what is judged by it alone: what stood before still stands, and at the end nothing is ours. */
import type { Span } from '../../../sim/identity-center/access.js';
import type { Change } from '../../../sim/identity-center/changes.js';
import type { CallSeen } from '../../../sim/identity-center/truth.js';
import type { Assignment } from '../../../sim/identity-center/types.js';
import type { Cloud } from '../far/cloud.js';
import { targetKey } from '../far/organisation.js';
import type { Notebook } from '../notebook.js';
import { AWS_ANYWHERE } from '../plan.js';
import { at, placeOf, type TagCall, type Violation } from './facts.js';
import { only, type Recorded } from './ledger.js';
import type { MacTruth } from './truth.js';

/** After a kill: a task that was under way waits ten seconds for its worker, and an activity five for its heartbeat. */
export const BACK_TO_WORK_MS = 16_000;
/** After a call that AWS refused, lost or hung: the pause before the next one, and a place in the budget. */
const NEXT_TRY_MS = 8_000;
/** After a delete that AWS took and failed: seeing that it did, a look whether it is there all the same, and the pause before the next. */
const NEXT_DELETE_MS = 4_000;

export interface CloudTruth {
  /** Every account, set and person with access by a call of the product. */
  readonly places: readonly MacTruth[];
  readonly changes: readonly Change[];
  /** Creates that AWS accepted, by target. */
  readonly created: readonly TagCall[];
  /** Standing access that the product took away, or that is not there although nobody took it. */
  readonly lost: readonly { readonly key: string; readonly at: number }[];
  /** What AWS lists at the end and nobody but the product has put there. */
  readonly left: readonly string[];
  readonly calls: number;
  /** How many of each operation. */
  readonly operations: Readonly<Record<string, number>>;
  readonly throttled: number;
  readonly struck: number;
  readonly outstandingMost: number;
}

/** To be read after the calm, when every list is up to date. */
export function readCloud({ aws, organisation }: Cloud, notebook: Notebook, now: number): CloudTruth {
  const calls = aws.truth.calls();
  const changes = aws.truth.changes();
  const keyOf = ({ accountId, setArn, principalId }: Assignment) => targetKey({ accountId, setArn }, principalId);
  const created = changes
    .filter(({ kind }) => kind === 'create')
    .map(({ wanted, createdAt }) => ({ serial: keyOf(wanted), at: createdAt }));
  const ours = aws.truth.access().filter(({ cause, via }) => cause.by === 'call' && via === 'direct');
  const byPlace = new Map<string, Span[]>();
  for (const span of ours) {
    const key = targetKey(span, span.userId);
    byPlace.set(key, [...(byPlace.get(key) ?? []), span]);
  }
  const stood = new Set((organisation.seed.assignments ?? []).map(keyOf));
  const { ssoAdmin, identityStore, organizations } = aws.truth.rates();
  return {
    places: [...byPlace].map(([serial, spans]) => ({
      serial,
      user: spans[0]?.userId ?? '',
      kind: 'aws',
      standing: false,
      held: spans.map(({ from, to }) => ({ from, ...(to !== undefined && { to }) })),
      excused: excused(serial, { notebook, changes, calls, keyOf, now }),
    })),
    changes,
    created,
    lost: aws.truth
      .access()
      .filter(({ cause, endedBy }) => cause.by !== 'call' && endedBy?.by === 'call')
      .map(({ userId, to, ...pair }) => ({ key: targetKey(pair, userId), at: to ?? now })),
    left: aws.world
      .listed(now)
      .map((one) => ({ one, key: keyOf(one) }))
      .filter(({ one, key }) => !stood.has(key) && aws.world.users.has(one.principalId) && byPlace.has(key))
      .filter(({ one }) => !isSyncs(aws, one))
      .map(({ key }) => key),
    calls: aws.truth.callCount(),
    operations: tally(calls),
    throttled: ssoAdmin.throttled + identityStore.throttled + organizations.throttled,
    struck: calls.filter(isStruck).length,
    outstandingMost: aws.truth.outstandingMost(),
  };
}

function isSyncs(aws: Cloud['aws'], { accountId, setArn, principalId }: Assignment): boolean {
  return aws.truth
    .access()
    .some(
      (span) =>
        span.to === undefined &&
        span.cause.by === 'sync' &&
        span.accountId === accountId &&
        span.setArn === setArn &&
        span.userId === principalId,
    );
}

function tally(calls: readonly CallSeen[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { operation } of calls) counts[operation] = (counts[operation] ?? 0) + 1;
  return counts;
}

const isStruck = ({ outcome, lost }: CallSeen) => outcome !== 'ok' || lost !== undefined;

interface Excuses {
  readonly notebook: Notebook;
  readonly changes: readonly Change[];
  readonly calls: readonly CallSeen[];
  readonly keyOf: (wanted: Assignment) => string;
  readonly now: number;
}

interface Stretch {
  readonly from: number;
  readonly to: number;
}

/**
 * When nobody could take this access away: nothing ends in AWS by itself, so a product that is down, a call about this target that
 * AWS did not do or answer, and the time that AWS itself takes for a delete, or to fail one, are not the product's.
 */
function excused(place: string, { notebook, changes, calls, keyOf, now }: Excuses): readonly Stretch[] {
  const own = new Set(changes.filter(({ wanted }) => keyOf(wanted) === place).map(({ requestId }) => requestId));
  const deletes = changes.filter(({ kind, requestId }) => kind === 'delete' && own.has(requestId));
  return merged([
    ...notebook.kills.map(({ at: from, upAt = now }) => ({ from, to: upAt + BACK_TO_WORK_MS })),
    ...notebook.outages.filter(({ serial }) => serial === AWS_ANYWHERE).map(({ from, to }) => ({ from, to: to + NEXT_TRY_MS })),
    ...deletes.map(({ createdAt, dueAt, outcome }) => ({
      from: createdAt,
      to: dueAt + (outcome === 'failed' ? NEXT_DELETE_MS : 0),
    })),
    ...calls
      .filter((call) => isStruck(call) && isAbout(call, place, own))
      .map(({ at: from }) => ({ from, to: from + NEXT_TRY_MS })),
  ]);
}

/** A call that names the target, its account and set, or a change of it. */
function isAbout({ input, changeId }: CallSeen, place: string, changes: ReadonlySet<string>): boolean {
  const text = JSON.stringify(input);
  const [, accountId = '', setId = '', userId = ''] = place.split('/');
  if (changeId !== undefined && changes.has(changeId)) return true;
  const request = /RequestId":"([^"]+)"/.exec(text)?.[1];
  if (request !== undefined) return changes.has(request);
  return text.includes(accountId) && text.includes(setId) && (text.includes(userId) || !text.includes('PrincipalId'));
}

/** Disjoint, in order. */
export function merged(all: readonly Stretch[]): readonly Stretch[] {
  const found: { from: number; to: number }[] = [];
  for (const { from, to } of [...all].sort((a, b) => a.from - b.from)) {
    const last = found.at(-1);
    if (last && from <= last.to) last.to = Math.max(last.to, to);
    else found.push({ from, to });
  }
  return found;
}

/** I12; nothing of ours at the end; and no create twice for one elevation. */
export function judgeCloud(cloud: CloudTruth, recorded: readonly Recorded[]): Violation[] {
  return [
    ...cloud.lost.map(({ key, at: when }) => ({
      rule: 'I12',
      requestId: '',
      serial: key,
      what: `access that was not ours was taken away at ${new Date(when).toISOString()}`,
    })),
    ...cloud.left.map((key) => ({ rule: 'I6', requestId: '', serial: key, what: 'AWS still lists what only we have put there' })),
    ...recorded.flatMap((one) => twice(cloud, one, recorded)),
  ];
}

/** A lost answer is found again, not created anew. A create that AWS failed gave nothing. */
function twice({ changes }: CloudTruth, { requestId, view, events }: Recorded, recorded: readonly Recorded[]): Violation[] {
  const place = placeOf(view.request.target);
  const [armed] = only(events, 'armed');
  if (!armed || view.request.target.kind !== 'aws-permission-set') return [];
  const next = Math.min(
    ...recorded
      .filter((other) => other.requestId !== requestId && placeOf(other.view.request.target) === place)
      .flatMap((other) => only(other.events, 'armed').map((e) => at(e.at)))
      .filter((when) => when > at(armed.at)),
  );
  const own = changes.filter(
    ({ kind, wanted, createdAt, outcome }) =>
      kind === 'create' &&
      targetKey(wanted, wanted.principalId) === place &&
      createdAt >= at(armed.at) &&
      createdAt < next &&
      outcome !== 'failed',
  );
  if (own.length < 2) return [];
  const when = own.map(({ createdAt, outcome }) => `${new Date(createdAt).toISOString()} ${outcome}`).join(', ');
  return [{ rule: 'I11', requestId, serial: place, what: `AWS took ${own.length} creates for one elevation: ${when}` }];
}
