/**
 * What a Mac's last report proves about one elevation. Pure. A report counts for "gone" only when it was received
 * after the last order to this Mac: what it said before may have been overtaken by the order.
 */
import { instant, msOf, type RequestId } from '../../../contract/ids.js';
import type { DeviceOrder, DeviceReport, Observation } from '../../../contract/ports.js';

export interface Witness {
  readonly requestId: RequestId;
  /** The Mac's last report on the account, if it ever sent one. */
  readonly report: DeviceReport | undefined;
  /** Open orders of this request. */
  readonly orders: readonly DeviceOrder[];
  readonly nowMs: number;
  /** How old a report may be to speak of the present. */
  readonly freshMs: number;
}

/** `unknown` whenever the report does not prove more. */
export function judgeReport(witness: Witness): Observation {
  const { report, nowMs } = witness;
  if (!report) return unknown(instant(nowMs), 'This Mac has not reported on the account yet.');
  const orderedAt = lastOrder(witness.orders);
  if (orderedAt !== undefined && msOf(report.at) <= orderedAt) {
    return unknown(report.at, 'This Mac has not reported since its last order.');
  }
  if (!mayBeOld(witness) && nowMs - msOf(report.at) > witness.freshMs) {
    return unknown(report.at, 'The last report of this Mac is too old to speak of now.');
  }
  if (!report.admin) return { access: 'absent', observedAt: report.at, how: 'The Mac reported that the account is no admin.' };
  return { access: 'present', ...whose(witness.requestId, report), observedAt: report.at, how: howPresent(report) };
}

const unknown = (observedAt: Observation['observedAt'], how: string): Observation => ({ access: 'unknown', observedAt, how });

/** After an end order nothing gives access again, so "no admin" said after it stays true however long ago it was. */
function mayBeOld({ orders, report }: Witness): boolean {
  return report?.admin === false && orders.some((order) => order.kind === 'end');
}

/** When the last order that changes access was given. A `collect` changes none. */
function lastOrder(orders: readonly DeviceOrder[]): number | undefined {
  const times = orders.filter((order) => order.kind !== 'collect').map((order) => msOf(order.createdAt));
  return times.length > 0 ? Math.max(...times) : undefined;
}

/** Left open when the Mac names neither a standing right nor this elevation: then nobody may take it for either. */
function whose(requestId: RequestId, report: DeviceReport): Pick<Observation, 'whose' | 'of'> {
  if (report.standing) return { whose: 'standing' };
  const named = report.requestId && { of: report.requestId };
  return report.requestId === requestId ? { whose: 'ours', ...named } : { ...named };
}

const howPresent = (report: DeviceReport): string =>
  report.standing ? 'The Mac reported an admin who was one before.' : 'The Mac reported that the account is an admin.';
