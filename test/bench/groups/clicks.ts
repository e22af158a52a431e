/** Twenty clicks a second through a real Bolt: until each is acknowledged, and until its vote is applied. */
import { steps, warmUp } from '../bare/floor.js';
import type { Metric } from '../metric.js';
import { paced, until } from '../pace.js';
import { cardsOf, press } from '../rig/cards.js';
import { type Rig, startRig } from '../rig/rig.js';
import { type Asked, askAll } from '../rig/stories.js';
import { APPROVERS, type Approver } from '../rig/world.js';
import { median, percentile, spread } from '../stats.js';

const EVERY_MS = 50;
const WINDOW_S = 60;
/** One vote more is needed than is cast: every click is a vote, and none of them grants anything. */
const VOTERS = APPROVERS.slice(0, 4);
const QUORUM = 5;
/** Seal and judgement. */
const ACTIVITIES = 2;
const WARM_CARDS = 10;
/** Ours and the floor take turns: what else the machine does in these minutes is then the same for both. */
const TURNS = 5;

export const clicks: Metric = {
  name: 'click',
  figures: [
    { name: 'click-to-acknowledged.p99', unit: 'ms', bar: { atMost: 100 } },
    { name: 'click-to-vote-applied.p50', unit: 'ms', bar: { atMostFloors: 2 } },
  ],
  async measure({ quick, topology, say }) {
    const count = quick ? 25 : 100;
    const rig = await startRig({
      fleets: [{ name: 'CLK', count: count + WARM_CARDS, windowS: WINDOW_S, quorum: QUORUM }],
      topology,
      say,
    });
    try {
      const all = await askAll(rig, rig.macs);
      const ts = await cardsOf(
        rig,
        all.map(({ id }) => id),
      );
      const cards = all.map((one, i) => ({ ...one, ts: ts[i] ?? '' }));
      await rig.startBare();
      await warmUp(rig.client);
      const bare = (runs: number) =>
        steps(rig.client, { everyMs: EVERY_MS, activities: ACTIVITIES, signals: runs * VOTERS.length, runs });
      await votes(rig, await round(rig, cards.slice(0, WARM_CARDS)));
      await bare(WARM_CARDS);
      const pressed: Vote[] = [];
      const applied: number[] = [];
      const floor: number[] = [];
      const each = count / TURNS;
      for (let from = WARM_CARDS; from < cards.length; from += each) {
        const turn = await round(rig, cards.slice(from, from + each));
        pressed.push(...turn);
        applied.push(...(await votes(rig, turn)));
        floor.push(...(await bare(each)).applied);
      }
      const acks = pressed.map(({ ackMs }) => ackMs);
      const n = pressed.length;
      return {
        measured: {
          'click-to-acknowledged.p99': { value: percentile(acks, 99), n, note: spread(acks) },
          'click-to-vote-applied.p50': {
            value: median(applied),
            floor: median(floor),
            n,
            note: `ours ${spread(applied)}; floor (${ACTIVITIES} activities) ${spread(floor)}; by turns`,
          },
        },
      };
    } finally {
      await rig.close();
    }
  },
};

interface Vote extends Asked {
  readonly voter: Approver;
  readonly at: number;
  readonly ackMs: number;
}

/** Every voter approves every card, one click after the other at the pace. */
async function round(rig: Rig, cards: readonly (Asked & { readonly ts: string })[]): Promise<readonly Vote[]> {
  const wanted = VOTERS.flatMap((voter) => cards.map((card) => ({ ...card, voter })));
  return paced(wanted, EVERY_MS, async (one) => ({
    ...one,
    ...(await press(rig, one.voter.slack, one.ts, `approve:${WINDOW_S * 1000}`)),
  }));
}

/** From each press to the instant at which its workflow counted the vote, as the ledger has it. */
async function votes(rig: Rig, pressed: readonly Vote[]): Promise<readonly number[]> {
  const took: number[] = [];
  for (const { id, voter, at } of pressed) {
    const voted = await until(`the vote of ${voter.person} is in the ledger`, async () => {
      const { timeline } = await rig.shown(id);
      return timeline.find((e) => e.type === 'voted' && e.data.vote.personId === voter.person);
    });
    took.push(Date.parse(voted.at) - at);
  }
  return took;
}
