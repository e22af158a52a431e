/** From a deadline to the revoke call: alone, twenty in one second, two hundred in one second. */
import { workflowIdOf } from '../../../contract/ids.js';
import { deadlines as bareDeadlines, ONE, warmUp } from '../bare/floor.js';
import type { Measured, Metric } from '../metric.js';
import { paced, pooled } from '../pace.js';
import { begunSince } from '../rig/history.js';
import { type Rig, startRig } from '../rig/rig.js';
import { type Asked, claimAll, closed, mdmCalls } from '../rig/stories.js';
import type { Fleet } from '../rig/world.js';
import { percentile, spread } from '../stats.js';

/**
 * A confirmation every 1.4 s and windows of 20 s: one is proved gone, and its log filed, before the next ends, and no
 * confirmation meets a deadline. At twice the pace it would be a figure of many at once, which are measured beside it.
 */
const ALONE_MS = 1_400;
const WINDOW_S = 20;
const BURST = 20;
const BURST_EVERY_MS = 12_000;
/** Twenty confirmations every three seconds, each time with a window three seconds shorter: all end in the same second. */
const STEP_S = 3;
const LAST_WINDOW_S = 40;

export const deadlines: Metric = {
  name: 'deadline',
  figures: [
    { name: 'deadline-to-revoke-call.alone.p99', unit: 'ms', bar: { atMost: 250 } },
    { name: 'deadline-to-revoke-call.20-in-a-second.p99', unit: 'ms', bar: { atMost: 1000 } },
    { name: 'deadline-to-revoke-call.200-in-a-second.p99', unit: 'ms', bar: { atMostFloors: 2 } },
  ],
  async measure({ quick, topology, say }) {
    const alone = quick ? 40 : 200;
    const bursts = quick ? 2 : 10;
    const steps = quick ? 3 : 10;
    const fleets: Fleet[] = [
      { name: 'ALONE', count: alone, windowS: WINDOW_S },
      { name: 'BURST', count: bursts * BURST, windowS: WINDOW_S },
      ...Array.from({ length: steps }, (_, i) => ({
        name: `S${i}X`,
        count: BURST,
        windowS: LAST_WINDOW_S + STEP_S * (steps - 1 - i),
      })),
    ];
    const rig = await startRig({ fleets, topology, say });
    try {
      const one = await phase(rig, 'ALONE', say, (all) => paced(all, ALONE_MS, confirm));
      const twenty = await phase(rig, 'BURST', say, async (all) => {
        const groups = Array.from({ length: bursts }, (_, i) => all.slice(i * BURST, (i + 1) * BURST));
        return (await paced(groups, BURST_EVERY_MS, (group) => paced(group, 30, confirm))).flat();
      });
      const many = await phase(rig, 'S', say, async (all) => {
        const groups = Array.from({ length: steps }, (_, i) => all.slice(i * BURST, (i + 1) * BURST));
        return (await paced(groups, STEP_S * 1000, (group) => paced(group, 30, confirm))).flat();
      });
      await rig.startBare();
      await warmUp(rig.client);
      const begin = Math.min(...many.ends);
      const floor = async (shape: typeof ONE) => {
        const from = Date.now() + 15_000 - begin;
        return bareDeadlines(
          rig.client,
          many.ends.map((end) => from + end),
          shape,
        );
      };
      const shape = await afterTheEnd(rig, many);
      const bare = await floor(shape);
      const least = await floor(ONE);
      return {
        measured: {
          'deadline-to-revoke-call.alone.p99': figure(one),
          'deadline-to-revoke-call.20-in-a-second.p99': figure(twenty),
          'deadline-to-revoke-call.200-in-a-second.p99': {
            ...figure(many),
            floor: percentile(bare, 99),
            note: `${many.ends.length} ended within ${Math.max(...many.ends) - Math.min(...many.ends)} ms; ours ${spread(many.late)}; floor with ${shape.activities} activities and ${shape.timers} timers each ${spread(bare)}; with one activity each ${spread(least)}`,
          },
        },
      };
    } finally {
      await rig.close();
    }
  },
};

const confirm = ({ mac, id }: Asked): Promise<number> => mac.confirm(id);

interface Phase {
  readonly all: readonly Asked[];
  /** The deadlines, in ms since 1970. */
  readonly ends: readonly number[];
  /** How long after its deadline the call that takes it away reached the MDM, in ms. */
  readonly late: readonly number[];
}

/** Brings the Macs of a fleet to their confirmation, lets `begin` start their clocks, and watches them end. */
async function phase(
  rig: Rig,
  fleet: string,
  say: (line: string) => void,
  begin: (all: readonly Asked[]) => Promise<readonly number[]>,
): Promise<Phase> {
  const all = await claimAll(
    rig,
    rig.macs.filter((mac) => mac.owner.serial.startsWith(fleet)),
  );
  say(`  ${all.length} of ${fleet} have claimed`);
  const endings = all.map(({ mac, id }) => mac.endWhenTold(id));
  const ends = await begin(all);
  await Promise.all(endings);
  // The call that takes the tag away; what is read for it before takes nothing.
  const firstCall = mdmCalls(rig);
  const late = all.map(({ mac }, i) => (firstCall(mac.owner.serial, ends[i] ?? 0) ?? Number.NaN) - (ends[i] ?? 0));
  await Promise.all(all.map(({ mac, id }) => mac.insist(id)));
  await pooled(all, 8, ({ id }) => closed(rig, id));
  return { all, ends, late };
}

/** What an elevation has to do from its deadline on: the median of what each of them did, told by its own history. */
async function afterTheEnd(rig: Rig, { all, ends }: Phase): Promise<typeof ONE> {
  const done = await pooled(
    all.map(({ id }, i) => ({ id, end: ends[i] ?? 0 })),
    8,
    ({ id, end }) => begunSince(rig.client, workflowIdOf(id), end),
  );
  const median = (counts: readonly number[]) => percentile(counts, 50);
  return { activities: median(done.map((one) => one.activities)), timers: median(done.map((one) => one.timers)) };
}

const figure = ({ late }: Phase): Measured => ({ value: percentile(late, 99), n: late.length, note: spread(late) });
