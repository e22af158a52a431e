/**
 * Calls a second for each service, all operations together, by a bucket of tokens; and what was measured, for the truth.
 * Source: IAM Identity Center quotas, "collective throttle limit of 20 transactions per second".
 */
import { type AwsError, tooFast, tooManyRequests } from './errors.js';
import type { Settings } from './types.js';

export type Service = 'ssoAdmin' | 'identityStore' | 'organizations';

export interface Measured {
  calls: number;
  throttled: number;
  /** The most calls in any one second, throttled ones counted too. */
  maxPerSecond: number;
}

export interface Limits {
  /** Counts a call; the error to throttle it with when it is too much. */
  take(service: Service): AwsError | undefined;
  measured(): Record<Service, Measured>;
}

/** Full buckets, as after a quiet second. */
export function createLimits(settings: Settings, clock: () => number): Limits {
  const fresh = () => ({ calls: 0, throttled: 0, maxPerSecond: 0 });
  const measured: Record<Service, Measured> = { ssoAdmin: fresh(), identityStore: fresh(), organizations: fresh() };
  const recent: Record<Service, number[]> = { ssoAdmin: [], identityStore: [], organizations: [] };
  const buckets = new Map<Service, { tokens: number; at: number }>();
  const note = (service: Service, now: number): void => {
    const one = measured[service];
    recent[service] = [...recent[service].filter((at) => at > now - 1000), now];
    one.calls += 1;
    one.maxPerSecond = Math.max(one.maxPerSecond, recent[service].length);
  };
  return {
    take(service) {
      const now = clock();
      note(service, now);
      const rate = settings.callsPerSecond[service];
      const { tokens, at } = buckets.get(service) ?? { tokens: rate, at: now };
      if (rate === Number.POSITIVE_INFINITY) return undefined;
      const left = Math.min(rate, tokens + ((now - at) / 1000) * rate);
      buckets.set(service, { tokens: left >= 1 ? left - 1 : left, at: now });
      if (left >= 1) return undefined;
      measured[service].throttled += 1;
      return service === 'organizations' ? tooManyRequests() : tooFast();
    },
    measured: () => structuredClone(measured),
  };
}
