/** Whole elevations: how many a second one worker carries, and what an ordinary one costs in Temporal. */
import { setTimeout as sleep } from 'node:timers/promises';
import { workflowIdOf } from '../../../contract/ids.js';
import { elevations as bareElevations, warmUp } from '../bare/floor.js';
import type { Metric } from '../metric.js';
import type { BenchMac } from '../rig/bench-mac.js';
import { costOf } from '../rig/history.js';
import { type Rig, startRig } from '../rig/rig.js';
import { approve, asked, closed } from '../rig/stories.js';

/** Ordinary: when it ends, nothing of its grant call can still land, as with the minutes of a real one. */
const ORDINARY_S = 20;
/** As short as a window with a warning can be: what is in flight bounds the rate, and must not. */
const WINDOW_S = 3;
/**
 * How many bare lives are in flight: enough to keep a worker busy, and three times that. A floor that is too low flatters us, so the
 * faster of the two counts.
 */
const FLOORS_IN_FLIGHT = [40, 120] as const;
const FLOOR_WARM_S = 20;
/** A life takes a quarter of a minute however idle the machine is, since no proof counts while a grant could still land. */
const WARM_S = 35;

export const elevations: Metric = {
  name: 'elevation',
  figures: [
    { name: 'elevations-per-second', unit: '/s', bar: { atLeastFloors: 0.5 } },
    { name: 'history.events', unit: 'events', bar: { atMost: 160 } },
    { name: 'history.size', unit: 'KB', bar: { atMost: 120 } },
  ],
  async measure({ quick, topology, say }) {
    const inFlight = quick ? 100 : 240;
    const seconds = quick ? 20 : 60;
    const rig = await startRig({
      fleets: [
        { name: 'ONE', count: 1, windowS: ORDINARY_S },
        { name: 'ELE', count: inFlight, windowS: WINDOW_S },
      ],
      topology,
      say,
    });
    try {
      const [one, ...others] = rig.macs as [BenchMac, ...BenchMac[]];
      const cost = await costOf(rig.client, workflowIdOf(await life(rig, one)));
      say(`  an ordinary elevation: ${cost.events} events, ${cost.activities} activities, ${cost.timers} timers`);
      const { rate, count } = await throughput(rig, others, seconds);
      await rig.startBare();
      await warmUp(rig.client);
      const shape = { activities: cost.activities, timers: cost.timers };
      const floors: Floor[] = [];
      for (const lives of FLOORS_IN_FLIGHT)
        floors.push({ lives, rate: await bareElevations(rig.client, shape, lives, FLOOR_WARM_S, seconds) });
      const floor = Math.max(...floors.map(({ rate }) => rate));
      const tried = floors.map(({ lives, rate }) => `${rate.toFixed(2)}/s with ${lives} in flight`).join(', ');
      const made = `${inFlight} in flight for ${seconds} s; floor: ${tried}; ${cost.activities} activities and ${cost.timers} timers each`;
      return {
        measured: {
          'elevations-per-second': { value: rate, floor, n: count, note: made },
          'history.events': {
            value: cost.events,
            n: 1,
            note: 'asked, approved, claimed, confirmed, warned, expired, proved gone, log filed',
          },
          'history.size': { value: cost.bytes / 1024, n: 1 },
        },
        details: ['what each step of an ordinary elevation costs in its history', ...cost.lines],
      };
    } finally {
      await rig.close();
    }
  },
};

/** What bare lives came to, a second. */
interface Floor {
  readonly lives: number;
  readonly rate: number;
}

/** One elevation from the ask to the close. Answers its id. */
async function life(rig: Rig, mac: BenchMac) {
  const one = await asked(rig, mac, await mac.ask());
  await approve(rig, one);
  await mac.waitFor('start', one.id);
  await mac.claim(one.id);
  await mac.confirm(one.id).catch((error: unknown) => {
    // On an overloaded machine the answer can come after the window, or to a repeat of the call that comes after it; the
    // elevation then ends all the same.
    if (!/ 409 /.test(String(error))) throw error;
  });
  await mac.endWhenTold(one.id);
  await mac.insist(one.id);
  await closed(rig, one.id, 300_000);
  return one.id;
}

/** A closed loop: each Mac begins anew when its elevation is closed. Counts what closes after the warm-up. */
async function throughput(rig: Rig, macs: readonly BenchMac[], seconds: number): Promise<{ rate: number; count: number }> {
  const from = Date.now() + WARM_S * 1000;
  const to = from + seconds * 1000;
  let count = 0;
  const lane = async (mac: BenchMac, i: number) => {
    // Spread over a life: lanes in step would load one part of the worker at a time.
    await sleep((i / macs.length) * 20_000);
    while (Date.now() < to) {
      await life(rig, mac);
      const now = Date.now();
      if (now >= from && now < to) count += 1;
    }
  };
  const lanes = Promise.all(macs.map(lane));
  await Promise.race([lanes, sleep(Math.max(0, to - Date.now()))]);
  lanes.catch(() => undefined);
  // What is still under way would only load the machine while the floor is measured.
  for (const mac of macs) mac.retire();
  for (const one of Object.values(rig.programs)) await one.stop();
  return { rate: count / seconds, count };
}
