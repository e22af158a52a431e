/** The gate of an entrance behind the policy's limits: nothing starts, and nobody is asked, beyond them. */
import type { Gate, Store } from '../contract/ports.js';
import type { CheckLimits } from '../policy/entrance.js';

/** Throws `limit-reached` instead of starting. What has begun already is answered as before, whatever is reached by now. */
export function limitedGate(gate: Gate, check: CheckLimits, ledger: Pick<Store['ledger'], 'find'>): Gate {
  return {
    ...gate,
    async start(request, actor) {
      try {
        await check(request);
      } catch (error) {
        if (!(await ledger.find(request.requestId))) throw error;
      }
      return gate.start(request, actor);
    },
  };
}
