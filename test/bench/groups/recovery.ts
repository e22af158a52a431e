/**
 * Sudden death of the worker, the Temporal server and the store, in the topology of a deployment: three processes on a
 * PostgreSQL. Each is started again at once; the time runs from the kill until a Mac is told to end, for a revoke that
 * was clicked at that very moment.
 */
import { openStore } from '../../../ledger/store.js';
import { askStore } from '../../../workers/questions.js';
import { havePostgres, startPostgres } from '../../ledger/postgres.js';
import type { Measured, Metric, Skipped } from '../metric.js';
import { until } from '../pace.js';
import type { BenchMac } from '../rig/bench-mac.js';
import { type Rig, startRig } from '../rig/rig.js';
import { type Asked, claimAll } from '../rig/stories.js';
import type { Fleet } from '../rig/world.js';
import { median, spread } from '../stats.js';

const VICTIMS = ['worker', 'temporal', 'store'] as const;
type Victim = (typeof VICTIMS)[number];
const nameOf = (victim: Victim) => `recovery.${victim}-killed-to-revoke-served`;

export const recovery: Metric = {
  name: 'recovery',
  figures: VICTIMS.map((victim) => ({ name: nameOf(victim), unit: 's' })),
  async measure({ quick, say }) {
    if (!havePostgres()) {
      const skipped: Skipped = { skipped: 'PostgreSQL is not installed; with it the store can be killed apart from the worker' };
      return { measured: Object.fromEntries(VICTIMS.map((victim) => [nameOf(victim), skipped])) };
    }
    const times = quick ? 2 : 5;
    const postgres = await startPostgres();
    try {
      const databaseUrl = await postgres.database();
      const store = await openStore({ databaseUrl, clock: () => Date.now() });
      const fleets: Fleet[] = VICTIMS.map((victim) => ({ name: victim.slice(0, 3).toUpperCase(), count: times, windowS: 1800 }));
      const rig = await startRig({ fleets, durable: true, databaseUrl, ask: askStore(store), say });
      const deaths: { readonly [V in Victim]: Death } = {
        worker: { kill: async () => rig.programs.worker?.kill(), start: async () => rig.programs.worker?.start() },
        temporal: { kill: rig.killTemporal, start: rig.startTemporal },
        store: { kill: postgres.crash, start: postgres.start },
      };
      try {
        const measured: Record<string, Measured> = {};
        for (const victim of VICTIMS) {
          const fleet = victim.slice(0, 3).toUpperCase();
          const took: number[] = [];
          for (const mac of rig.macs.filter((one) => one.owner.serial.startsWith(fleet)))
            took.push(await once(rig, mac, deaths[victim]));
          measured[nameOf(victim)] = {
            value: median(took),
            n: took.length,
            note: `median; ms: ${spread(took.map((s) => s * 1000))}`,
          };
          say(`  ${victim}: ${took.map((s) => s.toFixed(1)).join(', ')} s`);
        }
        return { measured };
      } finally {
        await store.close();
        await rig.close();
      }
    } finally {
      await postgres.remove();
    }
  },
};

interface Death {
  readonly kill: () => Promise<void>;
  readonly start: () => Promise<void>;
}

/** Seconds from the kill until this Mac was told to end. */
async function once(rig: Rig, mac: BenchMac, { kill, start }: Death): Promise<number> {
  const [one] = await claimAll(rig, [mac]);
  if (!one) throw new Error('nobody claimed');
  await mac.confirm(one.id);
  const ending = mac.endWhenTold(one.id);
  const from = Date.now();
  await kill();
  const up = start();
  await Promise.all([revoke(rig, one), up]);
  await ending;
  const gone = mac.goneAt ?? Number.NaN;
  await mac.insist(one.id);
  await until(
    'it is over',
    async () => ['collecting', 'closed'].includes((await rig.shown(one.id)).row.view.state) || undefined,
    120_000,
  );
  return (gone - from) / 1000;
}

/** Clicked again and again until Temporal takes it, as a person would. */
function revoke(rig: Rig, { id, digest }: Asked): Promise<number> {
  return until('Temporal takes the revoke', () => rig.revoke(id, digest), 120_000);
}
