/** From an approval to the call at the MDM that sets the tag. */
import { steps, warmUp } from '../bare/floor.js';
import type { Metric } from '../metric.js';
import { paced, until } from '../pace.js';
import { startRig } from '../rig/rig.js';
import { approve, askAll, mdmCalls } from '../rig/stories.js';
import { median, spread } from '../stats.js';

/** One approval every so often: no two of them meet. */
const EVERY_MS = 500;
/** Seal, judgement, arm; the fourth is the grant itself. */
const ACTIVITIES = 4;
const WARM = 10;

export const approval: Metric = {
  name: 'approval',
  figures: [{ name: 'approval-to-mdm-call.p50', unit: 'ms', bar: { atMostFloors: 2 } }],
  async measure({ quick, topology, say }) {
    const count = quick ? 30 : 100;
    const rig = await startRig({ fleets: [{ name: 'APP', count: count + WARM, windowS: 60 }], topology, say });
    try {
      const all = await askAll(rig, rig.macs);
      const sent = await paced(all, EVERY_MS, (one) => approve(rig, one));
      const firstCall = await until('every approval has reached the MDM', () => {
        const calls = mdmCalls(rig);
        return all.every(({ mac }, i) => calls(mac.owner.serial, sent[i] ?? 0) !== undefined) ? calls : undefined;
      });
      const took = all
        .map(({ mac }, i) => (firstCall(mac.owner.serial, sent[i] ?? 0) ?? Number.NaN) - (sent[i] ?? 0))
        .slice(WARM);
      for (const { id, digest } of all) await rig.revoke(id, digest);
      await rig.startBare();
      await warmUp(rig.client);
      const floor = await steps(rig.client, {
        signals: count + WARM,
        runs: count + WARM,
        everyMs: EVERY_MS,
        activities: ACTIVITIES,
      });
      const bare = floor.began.slice(WARM);
      return {
        measured: {
          'approval-to-mdm-call.p50': {
            value: median(took),
            floor: median(bare),
            n: took.length,
            note: `ours ${spread(took)}; floor (${ACTIVITIES} activities) ${spread(bare)}`,
          },
        },
      };
    } finally {
      await rig.close();
    }
  },
};
