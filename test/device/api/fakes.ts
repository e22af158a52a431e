/** The ports of the device API in memory: they keep what they are told and forget nothing, and can be made to fail. */
import { StintError } from '../../../contract/errors.js';
import { type Digest, type Instant, instant, type LocalUser, msOf, type RequestId, type Serial } from '../../../contract/ids.js';
import type {
  DeviceKey,
  DeviceOrder,
  DeviceReport,
  Devices,
  ElevationRow,
  EvidenceStore,
  Fence,
  Freeze,
  Frozen,
  Gate,
  Grant,
  Ledger,
  OnceStore,
  Requests,
} from '../../../contract/ports.js';
import type { ElevationRequest } from '../../../contract/request.js';
import type { ElevationView } from '../../../contract/view.js';
import { requestDigest, sha256 } from '../../../seal/canonical.js';

export class FakeDevices implements Devices {
  readonly keys = new Map<string, DeviceKey>();
  readonly reports: DeviceReport[] = [];
  readonly queries: (readonly Serial[])[] = [];
  keyReads = 0;
  orders: DeviceOrder[] = [];
  private leases = new Map<Serial, { holder: string; until: Instant }>();
  private count = 0;

  async register(key: DeviceKey): Promise<DeviceKey> {
    this.keys.set(key.keyId, key);
    return key;
  }
  async key(keyId: string): Promise<DeviceKey | undefined> {
    this.keyReads += 1;
    return this.keys.get(keyId);
  }
  async registered(serial?: Serial): Promise<readonly DeviceKey[]> {
    return [...this.keys.values()].filter((key) => serial === undefined || key.serial === serial);
  }
  withdraw = () => never('withdraws keys');
  async order(serial: Serial, requestId: RequestId, kind: DeviceOrder['kind'], at: Instant): Promise<void> {
    const own = this.orders.filter((o) => o.requestId === requestId);
    if (own.some((o) => o.kind === kind) || (kind === 'start' && own.some((o) => o.kind === 'end'))) return;
    if (kind === 'end') this.orders = this.orders.filter((o) => o.requestId !== requestId || o.kind !== 'start');
    this.count += 1;
    this.orders.push({ id: this.count, serial, requestId, kind, createdAt: at });
  }
  async clearOrders(requestId: RequestId, kind?: DeviceOrder['kind']): Promise<void> {
    this.orders = this.orders.filter((o) => o.requestId !== requestId || (kind !== undefined && o.kind !== kind));
  }
  async openOrders(serials: readonly Serial[]): Promise<readonly DeviceOrder[]> {
    this.queries.push(serials);
    return this.orders.filter((o) => serials.includes(o.serial));
  }
  async openStarts(): Promise<readonly DeviceOrder[]> {
    return this.orders.filter((o) => o.kind === 'start');
  }
  async report(report: DeviceReport): Promise<void> {
    this.reports.push(report);
  }
  async lastReport(serial: Serial, localUser: LocalUser): Promise<DeviceReport | undefined> {
    return this.reports.findLast((r) => r.serial === serial && r.localUser === localUser);
  }
  async lease(serial: Serial, holder: string, until: Instant, now: Instant): Promise<boolean> {
    const held = this.leases.get(serial);
    if (held && held.holder !== holder && msOf(held.until) > msOf(now)) return false;
    this.leases.set(serial, { holder, until });
    return true;
  }
  async release(serial: Serial, holder: string): Promise<void> {
    if (this.leases.get(serial)?.holder === holder) this.leases.delete(serial);
  }
}

export class FakeEvidence implements EvidenceStore {
  private readonly chunks = new Map<RequestId, Map<number, Uint8Array>>();
  private readonly totals = new Map<RequestId, number>();

  async put(chunk: Parameters<EvidenceStore['put']>[0]): Promise<boolean> {
    const own = this.chunks.get(chunk.requestId) ?? new Map<number, Uint8Array>();
    this.chunks.set(chunk.requestId, own);
    if (chunk.total !== undefined) this.totals.set(chunk.requestId, chunk.total);
    const known = own.get(chunk.seq);
    if (known && sha256(known) !== sha256(chunk.data)) throw new StintError('ledger-conflict');
    own.set(chunk.seq, chunk.data);
    return !known;
  }
  async missing(requestId: RequestId): Promise<readonly number[] | undefined> {
    const total = this.totals.get(requestId);
    if (total === undefined) return undefined;
    const own = this.chunks.get(requestId);
    return Array.from({ length: total }, (_, seq) => seq).filter((seq) => !own?.has(seq));
  }
  async assemble(requestId: RequestId): Promise<Uint8Array> {
    const own = [...(this.chunks.get(requestId) ?? new Map<number, Uint8Array>())];
    return Buffer.concat(own.sort(([a], [b]) => a - b).map(([, data]) => data));
  }
}

export class FakeRequests implements Requests {
  private readonly rows = new Map<RequestId, { request: ElevationRequest; digest: Digest }>();
  readonly texts = new Map<Digest, string>();

  async put(request: ElevationRequest, digest: Digest): Promise<void> {
    const known = this.rows.get(request.requestId);
    if (known && known.digest !== digest) throw new StintError('ledger-conflict');
    this.rows.set(request.requestId, { request, digest });
  }
  async get(requestId: RequestId) {
    return this.rows.get(requestId);
  }
  async putText(text: string): Promise<Digest> {
    this.texts.set(sha256(text), text);
    return sha256(text);
  }
  async getText(digest: Digest) {
    return this.texts.get(digest);
  }
}

export class FakeOnce implements OnceStore {
  readonly seen = new Map<string, Instant>();
  private readonly clock: () => number;

  constructor(clock: () => number) {
    this.clock = clock;
  }
  async first(scope: string, value: string, until: Instant): Promise<boolean> {
    const key = `${scope}/${value}`;
    const known = this.seen.get(key);
    if (known && msOf(known) > this.clock()) return false;
    this.seen.set(key, until);
    return true;
  }
}

/** Only the read model: the device API reads nothing else of a ledger. */
export class FakeLedger implements Ledger {
  readonly views = new Map<RequestId, ElevationView>();

  async find(requestId: RequestId): Promise<ElevationRow | undefined> {
    const view = this.views.get(requestId);
    return view && { view, updatedAt: instant(0) };
  }
  async list(filter: Parameters<Ledger['list']>[0]): Promise<readonly ElevationRow[]> {
    const rows = [...this.views.values()].filter(
      (v) => (!filter.live || v.state !== 'closed') && (!filter.targetKey || v.request.target.key === filter.targetKey),
    );
    const offset = filter.offset ?? 0;
    return rows.slice(offset, offset + (filter.limit ?? 50)).map((view) => ({ view, updatedAt: instant(0) }));
  }
  append: Ledger['append'] = () => Promise.reject(new Error('the device API appends nothing'));
  timeline = async () => [];
  newest = async () => ({ total: 0, events: [] });
  entries = async () => [];
  findByPrefix: Ledger['findByPrefix'] = async () => undefined;
  count = async () => this.views.size;
  news = async () => ({ events: [], upTo: 0 });
}

export interface Said {
  readonly kind: string;
  readonly requestId: RequestId;
  readonly roundDigest?: Digest;
  readonly body?: unknown;
  readonly actor: unknown;
}

/** Keeps what it is told; answers claims and confirms as set, or throws what is set. */
export class FakeGate implements Gate {
  readonly said: Said[] = [];
  answer: unknown;
  error: Error | undefined;
  hangs = false;
  private readonly requests: FakeRequests;

  constructor(requests: FakeRequests) {
    this.requests = requests;
  }
  async start(request: ElevationRequest, actor: unknown): Promise<'started' | 'already'> {
    await this.requests.put(request, requestDigest(request));
    if (this.error) throw this.error;
    this.said.push({ kind: 'start', requestId: request.requestId, body: request, actor });
    return 'started';
  }
  send: Gate['send'] = async (kind, requestId, roundDigest, body, actor) => {
    if (this.error) throw this.error;
    this.said.push({ kind, requestId, roundDigest, body, actor });
    return 'sent';
  };
  end: Gate['end'] = () => never('ends what others hold');
  ask = async <K extends 'claim' | 'confirm', A>(
    ...[kind, requestId, roundDigest, body, actor]: Parameters<Gate['ask']>
  ): Promise<A> => {
    if (this.hangs) return new Promise<A>(() => undefined);
    if (this.error) throw this.error;
    this.said.push({ kind: kind as K, requestId, roundDigest, body, actor });
    return this.answer as A;
  };
}

/** A freeze, and elevations that the store has the end of. */
export class FakeStops {
  frozen: Frozen | undefined;
  readonly ended = new Set<RequestId>();

  readonly freeze: Freeze = {
    now: async () => this.frozen,
    set: () => never('freezes'),
    lift: () => never('lifts a freeze'),
  };
  readonly fence: Fence = {
    grant: async (requestId) => (this.ended.has(requestId) ? { ...NOBODYS, requestId } : undefined),
    toGrant: () => never('grants'),
    arm: () => never('arms'),
    extend: () => never('extends'),
    seen: () => never('looks at targets'),
    sending: () => never('sends grants'),
    endUnseen: () => never('ends in the store'),
    end: () => never('ends in the store'),
    gone: () => never('frees a target'),
    pulse: () => never('ends at a target'),
    overdue: () => never('sweeps'),
    live: () => never('looks at targets'),
    open: () => never('looks at all grants'),
    recent: () => never('looks back'),
    looks: () => never('looks'),
    looked: () => never('looks'),
  };
}

const NOBODYS = {
  targetKey: '',
  target: {},
  personId: '',
  runId: '',
  notAfter: '',
  endedAt: '2026-11-21T14:05:00.000Z',
} as unknown as Grant;

function never(what: string): Promise<never> {
  return Promise.reject(new Error(`the device API never ${what}`));
}
