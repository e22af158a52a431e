/** What several routes look up: a Mac's own request, the read model, and the orders that still ask something of it. */
import { StintError } from '../../contract/errors.js';
import type { Digest, LocalUser, RequestId, Serial } from '../../contract/ids.js';
import { isAhead } from '../../contract/later.js';
import type { DeviceOrder } from '../../contract/ports.js';
import { type ElevationRequest, type MacAdminTarget, targetOf } from '../../contract/request.js';
import type { ElevationView } from '../../contract/view.js';
import type { Caller } from './caller.js';
import type { DeviceApiDeps } from './deps.js';
import { byUrgency, stillAsks } from './standing.js';

export interface StoredRequest {
  readonly request: ElevationRequest<MacAdminTarget>;
  readonly digest: Digest;
}

/** An order, what the read model knows of its elevation by now, and the account that it is about. */
export interface Picked {
  readonly order: DeviceOrder;
  readonly view: ElevationView | undefined;
  readonly account: LocalUser | undefined;
}

export interface Desk {
  /** The stored request if it is about this very Mac; another Mac's is as unknown as none. */
  find(caller: Caller, requestId: RequestId): Promise<StoredRequest | undefined>;
  /** As `find`, and about this account if one is named. Throws `unknown-request`. */
  own(caller: Caller, requestId: RequestId, localUser?: LocalUser): Promise<StoredRequest>;
  view(requestId: RequestId): Promise<ElevationView | undefined>;
  /** The elevations of this Mac that are not closed, newest first; what waits for its start asks nothing of it until then. */
  live(serial: Serial): Promise<readonly ElevationView[]>;
  /** The most urgent of these orders that still asks something of the Mac. */
  pick(caller: Caller, orders: readonly DeviceOrder[]): Promise<Picked | undefined>;
}

export function createDesk({ store, clock }: Pick<DeviceApiDeps, 'store' | 'clock'>): Desk {
  const { devices, evidence, ledger, requests } = store;
  const view = async (requestId: RequestId) => (await ledger.find(requestId))?.view;
  const find: Desk['find'] = async (caller, requestId) => {
    const stored = await requests.get(requestId);
    const target = stored && targetOf('mac-admin', stored.request.target);
    if (!stored || target?.serial !== caller.serial) return undefined;
    return { ...stored, request: { ...stored.request, target } };
  };
  return {
    find,
    view,
    async own(caller, requestId, localUser) {
      const stored = await find(caller, requestId);
      const fits = stored && (localUser === undefined || stored.request.target.localUser === localUser);
      if (!fits) throw new StintError('unknown-request', 'Stint knows no such elevation of this account on this Mac.');
      return stored;
    },
    async live(serial) {
      const rows = await ledger.list({ live: true, targetKey: `mac-admin/${serial}` });
      return rows.map((row) => row.view).filter((one) => !isAhead(one, clock()));
    },
    async pick(caller, orders) {
      for (const order of [...orders].sort(byUrgency)) {
        const now = await view(order.requestId);
        const target = now?.request.target ?? (await find(caller, order.requestId))?.request.target;
        const mac = target && targetOf('mac-admin', target);
        const account = mac?.serial === caller.serial ? mac.localUser : undefined;
        const report = account ? await devices.lastReport(caller.serial, account) : undefined;
        const logComplete = order.kind === 'collect' && (await evidence.missing(order.requestId))?.length === 0;
        if (stillAsks(order, { view: now, report, logComplete })) return { order, view: now, account };
      }
      return undefined;
    },
  };
}
