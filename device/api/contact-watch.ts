/**
 * Notices that an elevated Mac has fallen silent. A plain loop without Temporal; the Mac ends by itself after the same
 * grace, this tells the server's side of it.
 */
import type { FastifyBaseLogger } from 'fastify';
import { type Instant, instant, msOf, type RequestId } from '../../contract/ids.js';
import type { Gate, Store } from '../../contract/ports.js';
import { type MacAdminTarget, targetOf } from '../../contract/request.js';
import type { ElevationView } from '../../contract/view.js';
import { requestDigest } from '../../seal/canonical.js';

export interface ContactWatchDeps {
  readonly store: Pick<Store, 'ledger' | 'devices'>;
  readonly gate: Pick<Gate, 'send'>;
  readonly clock: () => number;
  readonly graceMs: number;
  readonly logger?: Pick<FastifyBaseLogger, 'warn'>;
}

export interface ContactWatch {
  /** One look at all elevated Macs. Rejects when the store cannot be read. */
  tick(): Promise<void>;
  start(): void;
  stop(): void;
}

const EVERY_MAX_MS = 5_000;
const PAGE = 200;

export function createContactWatch(deps: ContactWatchDeps): ContactWatch {
  const { clock, logger } = deps;
  /** The silence already told, by elevation: the instant at which it began. */
  let told = new Map<RequestId, Instant>();
  let timer: NodeJS.Timeout | undefined;

  async function tick(): Promise<void> {
    const now = clock();
    const active = await activeMacs(deps.store.ledger);
    const stillTold = new Map<RequestId, Instant>();
    for (const { view, mac } of active) {
      const { requestId } = view.request;
      const silence = await silenceOf(deps, view, mac, now);
      const before = told.get(requestId);
      if (silence === undefined) continue;
      if (before === silence || (await tell(deps, view, mac, silence))) stillTold.set(requestId, silence);
    }
    told = stillTold;
  }

  function loop(): void {
    timer = setTimeout(
      () => {
        tick()
          .catch((error: unknown) => logger?.warn({ err: error }, 'could not look which Macs are silent'))
          .finally(() => timer && loop());
      },
      Math.min(EVERY_MAX_MS, deps.graceMs / 4),
    );
    timer.unref();
  }

  return {
    tick,
    start() {
      if (!timer) loop();
    },
    stop() {
      clearTimeout(timer);
      timer = undefined;
    },
  };
}

interface Active {
  readonly view: ElevationView;
  readonly mac: MacAdminTarget;
}

async function activeMacs(ledger: ContactWatchDeps['store']['ledger']): Promise<Active[]> {
  const found: Active[] = [];
  for (let offset = 0; ; offset += PAGE) {
    const rows = await ledger.list({ live: true, limit: PAGE, offset });
    for (const { view } of rows) {
      const mac = targetOf('mac-admin', view.request.target);
      if (mac && view.state === 'active') found.push({ view, mac });
    }
    if (rows.length < PAGE) return found;
  }
}

/**
 * When the Mac was last heard, if that is longer ago than the grace. It does not matter why: a Mac that could not
 * reach us for so long has ended by itself, even if it was this server that was away.
 */
async function silenceOf(
  { store, graceMs }: ContactWatchDeps,
  { confirmedAt }: ElevationView,
  mac: MacAdminTarget,
  now: number,
): Promise<Instant | undefined> {
  const report = await store.devices.lastReport(mac.serial, mac.localUser);
  const heard = Math.max(report ? msOf(report.at) : 0, confirmedAt ? msOf(confirmedAt) : 0);
  return now - heard > graceMs ? instant(heard) : undefined;
}

/** False when it could not be sent: then the next look tries again. */
async function tell(
  { gate, logger }: ContactWatchDeps,
  { request }: ElevationView,
  mac: MacAdminTarget,
  lastHeardAt: Instant,
): Promise<boolean> {
  const { requestId } = request;
  try {
    await gate.send('contactLost', requestId, requestDigest(request), { lastHeardAt }, { serial: mac.serial });
    return true;
  } catch (error) {
    logger?.warn({ err: error, requestId }, 'could not tell that contact with a Mac was lost');
    return false;
  }
}
