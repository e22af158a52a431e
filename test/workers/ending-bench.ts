/** Elevations in a real store, Macs that obey when they are asked, and a Temporal that can be taken away. */
import { StintError } from '../../contract/errors.js';
import { instant, type PersonId, type RequestId, type Serial } from '../../contract/ids.js';
import type { Observation, Store } from '../../contract/ports.js';
import type { ElevationRequest, MacAdminTarget, Target } from '../../contract/request.js';
import type { Verdict } from '../../contract/verdict.js';
import { openStore } from '../../ledger/store.js';
import { requestDigest } from '../../seal/canonical.js';
import type { EndNowDeps } from '../../workers/end-now.js';
import type { Heard } from '../../workers/untold.js';
import { FakeTarget } from '../activities/bench.js';
import { ada, macIn, macOf, REASON } from '../fixtures/people.js';
import { Elevation, VERDICT } from '../ledger/events.js';

const MINUTE = 60_000;

/** Macs by serial: an administrator until revoked; one that is `silent` never says anything. */
class Macs extends FakeTarget {
  readonly admins = new Set<string>();
  readonly silent = new Set<string>();
  readonly revoked: string[] = [];
  readonly cleared: string[] = [];

  constructor(private readonly clock: () => number) {
    super();
  }
  override async observe(...[_, target]: [RequestId?, Target?]): Promise<Observation> {
    const serial = target ? macIn(target).serial : '';
    const observedAt = instant(this.clock());
    if (this.silent.has(serial)) return { access: 'unknown', observedAt, how: 'the Mac is silent' };
    return { access: this.admins.has(serial) ? 'present' : 'absent', observedAt, how: 'the Mac said so' };
  }
  override async revoke(...[_, target]: [RequestId?, Target?]): Promise<void> {
    const serial = target ? macIn(target).serial : '';
    this.revoked.push(serial);
    if (this.revokeFails) throw this.revokeFails;
    if (!this.silent.has(serial)) this.admins.delete(serial);
  }
  override async clear(...[_, target]: [RequestId?, Target?]): Promise<void> {
    this.cleared.push(target ? macIn(target).serial : '');
  }
}

export type EndingBench = Awaited<ReturnType<typeof endingBench>>;

export async function endingBench() {
  let now = Date.parse('2026-03-02T09:00:00.000Z');
  const clock = () => now;
  const store: Store = await openStore({ memory: true, clock });
  const macs = new Macs(clock);
  let count = 0;
  /** What Temporal was told, and whether it answers at all. */
  const temporal = {
    state: 'up' as 'up' | 'paused' | 'down' | 'empty',
    told: [] as string[],
    async call(what: string, requestId: RequestId): Promise<Heard> {
      if (temporal.state === 'down') throw new StintError('temporal-unavailable');
      temporal.told.push(`${what} ${requestId}`);
      return ({ up: 'sent', paused: 'kept', empty: 'over' } as const)[temporal.state];
    },
  };
  const deps: EndNowDeps = {
    store,
    driverOf: () => macs,
    clock,
    sleep: async (ms) => {
      now += ms;
    },
    watchMs: 3000,
  };

  async function elevation(
    state: 'requested' | 'approved' | 'granting' | 'active',
    change: Partial<ElevationRequest<MacAdminTarget>> = {},
    says: Partial<Verdict> = {},
  ) {
    count += 1;
    const serial = `C02END${String(count).padStart(4, '0')}` as Serial;
    const askedAt = instant(now);
    const e = new Elevation({ target: { ...macOf(ada), serial, key: `mac-admin/${serial}` }, askedAt, ...change });
    const { request } = e;
    await store.requests.put(request, requestDigest(request));
    await store.requests.putText(REASON);
    const at = instant(now);
    const write = (...events: Parameters<typeof e.event>[]) =>
      store.ledger.append(events.map(([type, data]) => e.event(type, data, { at })));
    await write(['requested', { request, digest: requestDigest(request), verdict: { ...VERDICT, ...says } }]);
    if (state === 'requested') return e;
    await write(['approved', { windowMs: 10 * MINUTE, startBy: instant(now + 5 * MINUTE), verdict: VERDICT }]);
    if (state === 'approved') return e;
    const grant = e.grant({ notAfter: instant(now + 15 * MINUTE) });
    const armed = await store.fence.arm(grant, e.event('armed', { notAfter: grant.notAfter }, { at }), at);
    if (!armed.ok) throw new Error(armed.code);
    if (state === 'granting') return e;
    const deadlineAt = instant(now + 10 * MINUTE);
    await write(['grant-sent', { sendBefore: instant(now + 1000) }]);
    await write(['claimed', { serial, localUser: request.target.localUser }], ['confirmed', { confirmedAt: at, deadlineAt }]);
    macs.admins.add(serial);
    now += 5000;
    return e;
  }

  return {
    store,
    macs,
    temporal,
    deps,
    clock,
    elevation,
    advance(ms: number): void {
      now += ms;
    },
    types: async (e: Elevation) => (await store.ledger.timeline(e.request.requestId)).map(({ type }) => type),
    view: async (e: Elevation) => (await store.ledger.find(e.request.requestId))?.view,
    /** Whether a workflow that wakes up now could still take the target. */
    armable: async (e: Elevation) => {
      const grant = e.grant({ notAfter: instant(now + 15 * MINUTE) });
      const answer = await store.fence.arm(grant, e.event('armed', { notAfter: grant.notAfter }), instant(now));
      return answer.ok ? 'armed' : answer.code;
    },
  };
}

/** Another person of the requests. */
export const someone = (id: string) => ({ personId: id as PersonId, name: id });
