/** From an approval to the call at the MDM that sets the tag. */
import { steps, warmUp } from '../bare/floor.js';
import type { Metric } from '../metric.js';
import { paced, until } from '../pace.js';
import { type Rig, startRig } from '../rig/rig.js';
import { type Asked, approve, askAll, closed, mdmCalls } from '../rig/stories.js';
import { median, spread } from '../stats.js';

/** One approval every so often: no two of them meet. */
const EVERY_MS = 500;
/** Seal, judgement, arm; the fourth is the grant itself. */
const ACTIVITIES = 4;
/** Begun with the arming: until when it may begin, and the pause before the news of it. */
const TIMERS = 2;
const WARM = 10;
/** Ours and the floor take turns: what else the machine does in these minutes is then the same for both. */
const TURNS = 5;

export const approval: Metric = {
  name: 'approval',
  figures: [{ name: 'approval-to-mdm-call.p50', unit: 'ms', bar: { atMostFloors: 2 } }],
  async measure({ quick, topology, say }) {
    const count = quick ? 30 : 100;
    const rig = await startRig({ fleets: [{ name: 'APP', count: count + WARM, windowS: 60 }], topology, say });
    try {
      const all = await askAll(rig, rig.macs);
      await rig.startBare();
      await warmUp(rig.client);
      const bare = async (count: number) =>
        (await steps(rig.client, { signals: count, runs: count, everyMs: EVERY_MS, activities: ACTIVITIES, timers: TIMERS }))
          .began;
      await reachTheMdm(rig, all.slice(0, WARM));
      await bare(WARM);
      const took: number[] = [];
      const floor: number[] = [];
      const each = count / TURNS;
      for (let from = WARM; from < all.length; from += each) {
        took.push(...(await reachTheMdm(rig, all.slice(from, from + each))));
        floor.push(...(await bare(each)));
      }
      return {
        measured: {
          'approval-to-mdm-call.p50': {
            value: median(took),
            floor: median(floor),
            n: took.length,
            note: `ours ${spread(took)}; floor (${ACTIVITIES} activities, ${TIMERS} timers) ${spread(floor)}; by turns`,
          },
        },
      };
    } finally {
      await rig.close();
    }
  },
};

/** Approves each, one after the other at the pace, and takes it back; answers how long each call to the MDM took to arrive, in ms. */
async function reachTheMdm(rig: Rig, some: readonly Asked[]): Promise<readonly number[]> {
  const sent = await paced(some, EVERY_MS, (one) => approve(rig, one));
  const took = await until('every approval has reached the MDM', () => {
    const calls = mdmCalls(rig);
    const each = some.map(({ mac }, i) => (calls(mac.owner.serial, sent[i] ?? 0) ?? Number.NaN) - (sent[i] ?? 0));
    return each.every(Number.isFinite) ? each : undefined;
  });
  // Nothing of theirs goes on beside the floor.
  for (const { id, digest } of some) await rig.revoke(id, digest);
  for (const { id } of some) await closed(rig, id);
  return took;
}
