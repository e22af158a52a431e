/** Slack's rate limits: one message a second per channel, and each method's tier per minute. */
import type { Json } from '../json.js';
import { text } from '../json.js';
import type { World } from '../world.js';
import type { MethodSpec } from './contract.js';

export interface Limits {
  /** Counts the call. Seconds to wait when it is one too many, else undefined. */
  strike(method: string, spec: MethodSpec, args: Json): number | undefined;
}

const POSTS = new Set(['chat.postMessage']);

/** Counters that live as long as the process; which limits hold is in the world's settings. */
export function createLimits(world: World): Limits {
  const seen = new Map<string, number[]>();
  const over = (key: string, max: number, spanMs: number): number | undefined => {
    const now = world.now();
    const recent = (seen.get(key) ?? []).filter((at) => now - at < spanMs);
    seen.set(key, recent);
    const [oldest] = recent;
    if (oldest !== undefined && recent.length >= max) return Math.max(1, Math.ceil((oldest + spanMs - now) / 1000));
    recent.push(now);
    return undefined;
  };
  return {
    strike(method, spec, args) {
      const { perChannelLimit, tierLimits } = world.data.settings;
      if (perChannelLimit && POSTS.has(method)) return over(`channel ${text(args.channel) ?? ''}`, 1, 1000);
      if (tierLimits && spec.perMinute > 0) return over(`method ${method}`, spec.perMinute, 60_000);
      return undefined;
    },
  };
}
