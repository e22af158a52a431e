/** How much is at stake, in words: a circle never stands alone. */
import type { Tier } from '../contract/verdict.js';

export const TIER_WORDS: { readonly [T in Tier]: string } = {
  0: '🔴 tier 0, the highest',
  1: '🟠 tier 1, high',
  2: '🟡 tier 2, moderate',
  3: '🟢 tier 3, low',
};
