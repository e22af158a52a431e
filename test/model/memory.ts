/**
 * The store in memory, for thousands of worlds a minute. Its fence is proved equal to the real one by random sequences
 * (`memory.test.ts`); each rule that it keeps can be broken by name, to show that the model finds out.
 */
import { isDeepStrictEqual } from 'node:util';
import { StintError } from '../../contract/errors.js';
import type { AnyEvent } from '../../contract/events.js';
import { type Digest, type Instant, instant, msOf, type RequestId } from '../../contract/ids.js';
import { LIMIT_REACH, type Usage } from '../../contract/limits.js';
import type { ArmAnswer, Fence, Grant, Store } from '../../contract/ports.js';
import type { ElevationRequest } from '../../contract/request.js';
import { foldAll } from '../../contract/view.js';
import type { Policy } from '../../policy/rules.js';

/** A rule of the fence that is not kept. */
export type BrokenFence = 'another run may arm' | 'two may have a target' | 'nothing is overdue';

export interface Memory {
  readonly store: Store;
  readonly grants: ReadonlyMap<RequestId, Grant>;
  events(requestId: RequestId): readonly AnyEvent[];
  /** Every call fails while it is. */
  down: boolean;
}

/** `policies`: those that were ever in force. `clock` in milliseconds since 1970. */
export function createMemory(clock: () => number, broken?: BrokenFence, policies: readonly Policy[] = []): Memory {
  const ledger = createEntries();
  const { fence, rows, usage } = createRows(ledger.append, broken);
  const requests = new Map<RequestId, { request: ElevationRequest; digest: Digest }>();
  const memory = { down: false, grants: rows, events: ledger.timeline };
  /** Each method of a part as a promise that fails while the store is down. What a part lacks answers nothing. */
  const guard = (part: object): object =>
    new Proxy(part, {
      get:
        (of, name) =>
        async (...args: unknown[]) => {
          if (memory.down) throw new StintError('store-unavailable');
          const method: unknown = Reflect.get(of, name);
          return typeof method === 'function' ? method(...args) : undefined;
        },
    });
  const parts: { [name: string]: object } = {
    ledger: {
      append: ledger.append,
      timeline: ledger.timeline,
      find: (id: RequestId) => {
        const view = foldAll(ledger.timeline(id));
        return view && { view, updatedAt: view.request.askedAt };
      },
    },
    fence,
    requests: {
      put: (request: ElevationRequest, digest: Digest) => void requests.set(request.requestId, { request, digest }),
      get: (id: RequestId) => requests.get(id),
    },
    usage: { of: (request: ElevationRequest) => usage(request, instant(clock())) },
    policies: { get: (hash: Digest) => policies.find((policy) => policy.hash === hash)?.source },
    evidence: { missing: () => [], assemble: () => new Uint8Array() },
  };
  const store = new Proxy({}, { get: (_, name) => guard(parts[String(name)] ?? {}) }) as Store;
  return Object.assign(memory, { store });
}

function createEntries() {
  const entries = new Map<string, AnyEvent>();
  return {
    append(events: readonly AnyEvent[]): void {
      for (const event of events) {
        const known = entries.get(event.id);
        if (known && !isDeepStrictEqual(known, event)) throw new StintError('ledger-conflict', event.id);
      }
      for (const event of events) entries.set(event.id, event);
    },
    timeline: (requestId: RequestId): readonly AnyEvent[] =>
      [...entries.values()].filter((event) => event.requestId === requestId),
  };
}

/** The part of the fence that the story and the sweep use. */
type Used = Omit<Fence, 'open' | 'recent' | 'looks' | 'looked'>;
type Sync<T> = { [K in keyof T]: T[K] extends (...args: infer A) => Promise<infer R> ? (...args: A) => R : never };

function createRows(append: (events: readonly AnyEvent[]) => void, broken: BrokenFence | undefined) {
  const rows = new Map<RequestId, Grant>();
  /** Ends by when the access was seen. */
  const seen = new Map<RequestId, Instant>();
  /** Ends by when something was sent; the row's own once it was extended. */
  const sent = new Map<RequestId, Instant>();
  const shown = ({ notAfter, ...row }: Grant): Grant => {
    const [seenUntil, sentUntil] = [seen.get(row.requestId), sent.get(row.requestId)];
    const isUnseen = !seenUntil && sentUntil && sentUntil < notAfter;
    return { ...row, notAfter: seenUntil ?? notAfter, ...(isUnseen && { sentUntil }) };
  };
  const live = (targetKey: string) => [...rows.values()].find((row) => !row.goneAt && row.targetKey === targetKey);
  const change = (requestId: RequestId, to: (row: Grant) => Grant) => {
    const row = rows.get(requestId);
    if (row) rows.set(requestId, to(row));
    return row !== undefined;
  };
  const find = (row: Grant | undefined) => row && shown(row);
  /** Of what the fence knows: no rule here counts requests or revokes. */
  const usage = ({ subject }: ElevationRequest, now: Instant): Usage => {
    const own = [...rows.values()].filter((row) => row.personId === subject.personId);
    const held = own.filter((row) => !row.goneAt).map((row) => ({ ...row, live: true, windowMs: row.windowMs ?? 0 }));
    const since = instant(msOf(now) - LIMIT_REACH.automatic);
    const automatic = own.flatMap((row) => (row.automaticAt && row.automaticAt > since ? [{ ...row, at: row.automaticAt }] : []));
    return { asked: [], revoked: [], held, automatic };
  };
  const isOurs = (row: Grant, grant: Grant) =>
    (row.runId === grant.runId || broken === 'another run may arm') &&
    row.targetKey === grant.targetKey &&
    row.personId === grant.personId &&
    !row.endedAt &&
    !row.goneAt;

  const fence: Sync<Used> = {
    arm(grant, armed, now, before = [], limits = undefined): ArmAnswer {
      const known = rows.get(grant.requestId);
      const reason = known || !limits ? undefined : limits.refusal(usage(limits.request, now));
      if (reason !== undefined) return { ok: false, code: 'limit-reached', reason };
      if (!known && grant.notAfter <= now) return { ok: false, code: 'too-late' };
      if (!known && live(grant.targetKey) && broken !== 'two may have a target') return { ok: false, code: 'target-busy' };
      const row = known ?? grant;
      if (!isOurs(row, grant)) return { ok: false, code: 'fenced' };
      if (row.notAfter <= now) return { ok: false, code: 'too-late' };
      append([...before, armed]);
      rows.set(grant.requestId, broken === 'another run may arm' ? { ...row, runId: grant.runId } : row);
      return { ok: true };
    },
    extend: (requestId, runId, notAfter, from) => {
      const row = rows.get(requestId);
      if (!row || row.runId !== runId || row.endedAt || row.goneAt) return false;
      if (row.notAfter !== from && row.notAfter !== notAfter) return false;
      seen.delete(requestId);
      sent.set(requestId, notAfter);
      return change(requestId, (r) => ({ ...r, notAfter }));
    },
    seen(requestId, until, from) {
      const row = rows.get(requestId);
      if (row?.notAfter !== from || from <= until || row.endedAt || row.goneAt) return;
      const known = seen.get(requestId);
      seen.set(requestId, known !== undefined && known < until ? known : until);
    },
    sending(requestId, runId, until) {
      const row = rows.get(requestId);
      const known = sent.get(requestId);
      if (row?.runId !== runId || row.notAfter <= until || known === row.notAfter || row.endedAt || row.goneAt) return;
      sent.set(requestId, known !== undefined && known < until ? known : until);
    },
    endUnseen(requestId, before, at) {
      const { sentUntil, pulseAt, endedAt, goneAt } = find(rows.get(requestId)) ?? {};
      if (!sentUntil || endedAt || goneAt || sentUntil >= before || (pulseAt && pulseAt >= before)) return false;
      return change(requestId, (row) => ({ ...row, endedAt: at }));
    },
    pulse: (requestId, at) =>
      void change(requestId, (row) => (row.goneAt || (row.pulseAt && row.pulseAt > at) ? row : { ...row, pulseAt: at })),
    end(requestId, runId, target, personId, at) {
      const known = change(requestId, (row) => ({ ...row, endedAt: row.endedAt ?? at }));
      const tombstone = { requestId, targetKey: target.key, target, personId, runId, notAfter: at, endedAt: at, goneAt: at };
      if (!known) rows.set(requestId, tombstone);
    },
    gone: (requestId, at) => void change(requestId, (row) => ({ ...row, endedAt: row.endedAt ?? at, goneAt: row.goneAt ?? at })),
    grant: (requestId) => find(rows.get(requestId)),
    toGrant: (requestId) => ({ row: find(rows.get(requestId)), frozen: false }),
    overdue: (before: Instant) =>
      [...rows.values()]
        .map(shown)
        .filter(
          (row) => !row.goneAt && [row.notAfter, row.endedAt, row.sentUntil].some((end) => end !== undefined && end < before),
        )
        .filter(() => broken !== 'nothing is overdue')
        .sort((a, b) => msOf(a.notAfter) - msOf(b.notAfter)),
    live: (targetKey) => find(live(targetKey)),
  };
  return { fence, rows, usage };
}
