/** A fleet for the reconciler's tests: a real store, and Macs that show what they are told to, one by one. */
import type { Alarm } from '../../contract/alarms.js';
import { StintError } from '../../contract/errors.js';
import type { AnyEvent } from '../../contract/events.js';
import { HOUSE, instant, type RequestId, type Serial } from '../../contract/ids.js';
import type { Grant, Observation, Remnant, Store, TargetDriver } from '../../contract/ports.js';
import type { MacAdminTarget } from '../../contract/request.js';
import { requestDigest } from '../../seal/canonical.js';
import type { ReconcileDeps } from '../../workers/reconcile.js';
import { ada, macOf } from '../fixtures/people.js';
import { Elevation, VERDICT } from '../ledger/events.js';

export const WINDOW_MS = 600_000;

/** What one Mac is: an admin by whose doing, or silent. `stubborn`: it does not let go. */
export interface Truth {
  admin: 'no' | 'standing' | 'by hand' | RequestId;
  silent?: boolean;
  stubborn?: boolean;
  broken?: boolean;
}

/** Many Macs behind one driver. */
export class Fleet implements TargetDriver {
  readonly kind = 'mac-admin' as const;
  readonly settleMs = 0;
  readonly confirmMode = 'update' as const;
  readonly truths = new Map<string, Truth>();
  readonly remnants: Remnant[] = [];
  readonly calls: string[] = [];
  listFails = false;
  onRevoke: (() => Promise<void>) | undefined;

  constructor(private readonly clock: () => number) {}

  of({ serial, localUser }: MacAdminTarget): Truth {
    const name = `${serial}/${localUser}`;
    const truth = this.truths.get(name) ?? { admin: 'no' };
    this.truths.set(name, truth);
    return truth;
  }
  async observe(requestId: RequestId, target: MacAdminTarget): Promise<Observation> {
    this.calls.push(`observe ${target.serial}`);
    const { admin, silent, broken } = this.of(target);
    const observedAt = instant(this.clock());
    if (broken) throw new StintError('mdm-unavailable');
    if (silent) return { access: 'unknown', observedAt, how: 'silence' };
    if (admin === 'no') return { access: 'absent', observedAt, how: 'no admin' };
    if (admin === 'standing') return { access: 'present', whose: 'standing', observedAt, how: 'admin before' };
    if (admin === 'by hand') return { access: 'present', observedAt, how: 'admin' };
    return { access: 'present', ...(admin === requestId && { whose: 'ours' }), of: admin, observedAt, how: 'admin' };
  }
  async grant(): Promise<void> {
    this.calls.push('grant');
  }
  async revoke(requestId: RequestId, target: MacAdminTarget): Promise<void> {
    this.calls.push(`revoke ${target.serial} ${requestId}`);
    await this.onRevoke?.();
    const truth = this.of(target);
    if (truth.admin === requestId && !truth.stubborn) truth.admin = 'no';
  }
  async clear(_: RequestId, { serial, key }: MacAdminTarget): Promise<void> {
    this.calls.push(`clear ${serial}`);
    const left = this.remnants.filter((remnant) => remnant.target !== key);
    this.remnants.splice(0, this.remnants.length, ...left);
  }
  async listOurs(): Promise<readonly Remnant[]> {
    if (this.listFails) throw new StintError('mdm-unavailable');
    return [...this.remnants];
  }
  /** What changed anything at a Mac. */
  get touched(): string[] {
    return this.calls.filter((call) => !call.startsWith('observe'));
  }
}

let serials = 0;
export function newMac(user = 'ada'): MacAdminTarget {
  serials += 1;
  const serial = `C02RECON${String(serials).padStart(4, '0')}` as Serial;
  return {
    ...macOf(ada),
    serial,
    key: `mac-admin/${serial}`,
    localUser: user as MacAdminTarget['localUser'],
    display: `mac-${serials}`,
  };
}

export interface Bench {
  readonly deps: ReconcileDeps;
  readonly fleet: Fleet;
  readonly alarms: Alarm[];
  readonly known: MacAdminTarget[];
}

export function bench(store: Store, time: { now: number }, change: Partial<ReconcileDeps> = {}): Bench {
  const fleet = new Fleet(() => time.now);
  const alarms: Alarm[] = [];
  const known: MacAdminTarget[] = [];
  const deps: ReconcileDeps = {
    store,
    drivers: [fleet],
    driverOf: () => fleet,
    known: async () => known,
    clock: () => time.now,
    sleep: async (ms) => {
      time.now += ms;
    },
    alarms: { raise: (alarm) => void alarms.push(alarm) },
    sweep: { alarm: () => undefined },
    watchMs: 2_000,
    ...change,
  };
  return { deps, fleet, alarms, known };
}

/** An elevation of a new Mac, as far as its story has come. */
export class Story {
  readonly elevation: Elevation;
  readonly grant: Omit<Grant<MacAdminTarget>, 'endedAt' | 'goneAt'>;

  constructor(
    private readonly store: Store,
    private readonly time: { now: number },
    readonly target: MacAdminTarget = newMac(),
  ) {
    this.elevation = new Elevation({ target });
    this.grant = this.elevation.grant({ notAfter: instant(time.now + WINDOW_MS) });
  }
  get id(): RequestId {
    return this.grant.requestId;
  }
  async armed(): Promise<this> {
    const { request } = this.elevation;
    await this.store.requests.put(request, requestDigest(request));
    await this.store.ledger.append([
      this.elevation.requested(),
      this.elevation.event('approved', { windowMs: WINDOW_MS, startBy: this.grant.notAfter, verdict: VERDICT }),
    ]);
    await this.store.fence.arm(this.grant, this.elevation.armed(this.grant), instant(this.time.now));
    return this;
  }
  async active(): Promise<this> {
    await this.armed();
    const confirmedAt = instant(this.time.now);
    await this.store.ledger.append([this.elevation.event('confirmed', { confirmedAt, deadlineAt: this.grant.notAfter })]);
    return this;
  }
  async ended(): Promise<this> {
    const { requestId, runId, target, personId } = this.grant;
    await this.store.fence.end(requestId, runId, target, personId, instant(this.time.now));
    await this.store.ledger.append([this.elevation.event('expired', {})]);
    return this;
  }
  async gone(): Promise<this> {
    await this.active();
    await this.ended();
    await this.store.fence.gone(this.id, instant(this.time.now));
    await this.store.ledger.append([
      this.elevation.event('gone', { observedAt: instant(this.time.now), how: 'seen' }),
      this.elevation.event('evidence-settled', { complete: true, lines: 0 }),
    ]);
    return this;
  }
  async unproven(): Promise<this> {
    await this.active();
    await this.ended();
    await this.store.ledger.append([this.elevation.event('closed-unproven', { findingDigests: [] })]);
    await this.store.fence.gone(this.id, instant(this.time.now));
    return this;
  }
  async entries(): Promise<readonly string[]> {
    return (await this.store.ledger.timeline(this.id)).map(({ type }) => type);
  }
  async drifts(): Promise<readonly string[]> {
    return driftsOf(await this.store.ledger.timeline(this.id));
  }
}

export function driftsOf(events: readonly AnyEvent[]): readonly string[] {
  return events.flatMap((event) => (event.type === 'drift' ? [event.data.what] : []));
}

export async function houseDrifts(store: Store, target: MacAdminTarget): Promise<readonly string[]> {
  const events = await store.ledger.timeline(HOUSE);
  return driftsOf(events.filter((event) => event.type === 'drift' && event.data.targetKey === target.key));
}
