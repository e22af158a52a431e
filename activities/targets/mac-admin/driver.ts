/**
 * Local administrator on a Mac. The Mac acts by itself: it reads its order from the device API and says what is true
 * in its reports; the MDM's tag only wakes it sooner. So a grant and a revoke are an order row and a tag, and what
 * happened is known from the reports alone.
 */
import { isStintError, StintError } from '../../../contract/errors.js';
import { instant, type LocalUser, msOf, type RequestId, type Serial } from '../../../contract/ids.js';
import type { Devices, GrantOrder, Mdm, Remnant, TargetDriver } from '../../../contract/ports.js';
import type { MacAdminTarget } from '../../../contract/request.js';
import { judgeReport } from './observe.js';

export interface MacAdminDeps {
  readonly mdm: Mdm;
  readonly devices: Devices;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  /** How old a report may be to speak of the present, in ms. */
  readonly contactGraceMs: number;
}

/** An order is a row that a Mac reads within its next poll, so an effect follows its write by at most this. */
const SETTLE_MS = 2_000;

/** How long a cleared tag is believed to stay so, in ms. */
const CLEAR_AGAIN_MS = 5 * 60_000;

interface Desk extends MacAdminDeps {
  /** When the tag of an elevation was last cleared by this process. */
  readonly cleared: Map<RequestId, number>;
}

/** The driver of `mac-admin`. All its calls may be repeated: orders and tags are sets. */
export function createMacAdminDriver(given: MacAdminDeps): TargetDriver<MacAdminTarget> {
  const deps: Desk = { ...given, cleared: new Map() };
  return {
    kind: 'mac-admin',
    settleMs: SETTLE_MS,
    confirmMode: 'update',
    awaitsPermit: true,
    observe: (requestId, target) => observe(deps, requestId, target),
    grant: (order, signal) => grant(deps, order, signal),
    revoke: (requestId, target, signal) => revoke(deps, requestId, target, signal),
    clear: (requestId, target) => clear(deps, requestId, target),
    listOurs: () => listOurs(deps),
  };
}

/** Tags and orders that make a Mac begin. A Mac that only its tag names can be cleared by its serial number alone. */
async function listOurs({ mdm, devices }: MacAdminDeps): Promise<readonly Remnant[]> {
  const [serials, starts] = await Promise.all([mdm.listSignalled('elevate'), devices.openStarts()]);
  return [
    ...starts.map(({ serial, requestId }) => ({ target: keyOf(serial), requestId })),
    ...serials.map((serial) => ({ target: keyOf(serial), as: nobodyOn(serial) })),
  ];
}

const keyOf = (serial: Serial): string => `mac-admin/${serial}`;

function nobodyOn(serial: Serial): MacAdminTarget {
  return { kind: 'mac-admin', key: keyOf(serial), serial, localUser: '' as LocalUser, display: serial };
}

async function observe(deps: MacAdminDeps, requestId: RequestId, target: MacAdminTarget): ReturnType<TargetDriver['observe']> {
  const [report, orders] = await Promise.all([
    deps.devices.lastReport(target.serial, target.localUser),
    deps.devices.openOrders([target.serial]),
  ]);
  const own = orders.filter((order) => order.requestId === requestId);
  return judgeReport({ requestId, report, orders: own, nowMs: deps.clock(), freshMs: deps.contactGraceMs });
}

/**
 * Resolves when the order row is written and the tag is set. When only the tag failed, the order stands (the Mac's own
 * poll may do) and the error is thrown, so that the caller tries again; both are idempotent. Throws `too-late` instead
 * of sending anything at or after `sendBefore`: a grant that lands after its revoke must be impossible.
 */
async function grant(deps: Desk, order: GrantOrder<MacAdminTarget>, signal: AbortSignal): Promise<void> {
  deps.cleared.delete(order.requestId);
  const leftMs = msOf(order.sendBefore) - deps.clock();
  if (leftMs <= 0) throw new StintError('too-late', 'The grant was not sent: its time had passed.');
  signal.throwIfAborted();
  const { serial } = order.target;
  const latest = AbortSignal.timeout(leftMs);
  const over = AbortSignal.any([signal, latest]);
  const permitted = Promise.resolve(order.permit?.());
  const start = async () => {
    await permitted;
    over.throwIfAborted();
    await deps.devices.order(serial, order.requestId, 'start', instant(deps.clock()));
  };
  // The tag only wakes the Mac: woken before its order is there, it finds it at its next poll.
  const sending = all([start(), deps.mdm.signal(serial, 'elevate', over, order.sendBefore, permitted)]);
  sending.catch(() => undefined); // heard below
  // Why it may not leave counts more than whatever else went wrong.
  await permitted;
  try {
    await sending;
  } catch (error) {
    if (latest.aborted) throw new StintError('too-late', 'The grant was broken off: its time had passed.', { cause: error });
    throw error;
  }
}

/** Orders the end and takes the tag back, each even if the other fails; throws the first failure afterwards. */
async function revoke(deps: Desk, requestId: RequestId, target: MacAdminTarget, signal: AbortSignal): Promise<void> {
  await all([
    deps.devices.order(target.serial, requestId, 'end', instant(deps.clock())),
    clearOnceInAWhile(deps, requestId, target, signal),
  ]);
}

/**
 * A revoke is repeated every few seconds until the Mac answers, perhaps for days; its tag need not be read each time. The
 * vendor's limit is shared by the whole tenant (10,000 calls an hour), and lost laptops must not use it up.
 */
async function clearOnceInAWhile(deps: Desk, requestId: RequestId, target: MacAdminTarget, signal: AbortSignal): Promise<void> {
  const now = deps.clock();
  for (const [id, at] of deps.cleared) if (now - at > CLEAR_AGAIN_MS) deps.cleared.delete(id);
  if (deps.cleared.has(requestId)) return;
  await withoutDevice(deps.mdm.clear(target.serial, 'elevate', signal));
  deps.cleared.set(requestId, now);
}

/** Takes both tags and all orders of the request back, each even if another fails. */
async function clear(deps: MacAdminDeps, requestId: RequestId, target: MacAdminTarget): Promise<void> {
  await all([clearTags(deps, target), deps.devices.clearOrders(requestId)]);
}

/** One after the other: both write the same record of the MDM. */
async function clearTags({ mdm }: MacAdminDeps, { serial }: MacAdminTarget): Promise<void> {
  const elevate = withoutDevice(mdm.clear(serial, 'elevate'));
  await elevate.catch(() => undefined);
  await all([elevate, withoutDevice(mdm.clear(serial, 'collect'))]);
}

/** A Mac that left the MDM carries no tag. Its access still counts as gone only when the Mac says so. */
async function withoutDevice(clearing: Promise<void>): Promise<void> {
  try {
    await clearing;
  } catch (error) {
    if (!isStintError(error) || error.code !== 'device-unknown') throw error;
  }
}

async function all(steps: readonly Promise<void>[]): Promise<void> {
  const results = await Promise.allSettled(steps);
  const failed = results.find((result) => result.status === 'rejected');
  if (failed) throw failed.reason;
}
