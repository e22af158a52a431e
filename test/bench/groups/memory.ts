/** Thousands of open elevations: what each holds in memory and on disk, and how long a new worker needs with all of them. */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Measured, Metric } from '../metric.js';
import { pooled, until } from '../pace.js';
import { familyBytes, residentBytes } from '../rig/process.js';
import { type Rig, startRig } from '../rig/rig.js';
import { approve, asked, mdmCalls } from '../rig/stories.js';

const SIZES = ['few', 'many'] as const;
const COUNTS = { full: { few: 1000, many: 5000 }, quick: { few: 100, many: 400 } } as const;

export const memory: Metric = {
  name: 'memory',
  figures: [
    ...SIZES.flatMap((size) => [
      { name: `memory-per-open.worker.${size}`, unit: 'KB' },
      { name: `memory-per-open.temporal.${size}`, unit: 'KB' },
      { name: `store-per-open.${size}`, unit: 'KB' },
    ]),
    { name: 'worker-restart-to-first-signal', unit: 's' },
  ],
  async measure({ quick, topology, say }) {
    const counts = quick ? COUNTS.quick : COUNTS.full;
    const rig = await startRig({ fleets: [{ name: 'MEM', count: counts.many, windowS: 600 }], topology, say });
    const places = placesOf(rig);
    try {
      const before = held(rig);
      const measured: Record<string, Measured> = {};
      let open = 0;
      for (const size of SIZES) {
        const more = rig.macs.slice(open, counts[size]);
        await pooled(more, 24, (mac) => mac.ask());
        open = counts[size];
        await settled(rig, open);
        say(`  ${open} open`);
        const now = held(rig);
        const each = (bytes: number): Measured => ({ value: bytes / 1024 / open, n: open, note: `${open} open` });
        measured[`memory-per-open.worker.${size}`] = {
          ...each(now.worker - before.worker),
          note: `${open} open; ${mb(before.worker)} before, ${mb(now.worker)} after; ${places.worker}`,
        };
        measured[`memory-per-open.temporal.${size}`] = each(now.temporal - before.temporal);
        measured[`store-per-open.${size}`] = { ...each(now.store - before.store), note: `${open} open; ${places.store}` };
      }
      measured['worker-restart-to-first-signal'] = await restart(rig, open);
      return { measured, details: ['open: asked for and not decided, the longest state; the worker caches at most 1,000 runs'] };
    } finally {
      await rig.close();
    }
  },
};

const mb = (bytes: number): string => `${Math.round(bytes / 2 ** 20)} MB`;

/** What the figures of worker and store are about here. */
function placesOf({ storePid }: Rig): { readonly worker: string; readonly store: string } {
  return storePid
    ? { worker: 'the worker alone', store: "memory of PostgreSQL's processes, what they share counted once" }
    : { worker: 'holds the embedded store too', store: "the store's folder on disk" };
}

const workerOf = ({ programs }: Rig) => programs.all ?? programs.worker;

function held(rig: Rig) {
  return {
    worker: residentBytes(workerOf(rig)?.pid() ?? 0),
    temporal: residentBytes(rig.temporalPid()),
    store: rig.storePid ? familyBytes(rig.storePid()) : folderBytes(rig.home.path('store')),
  };
}

function folderBytes(folder: string): number {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return files.reduce((sum, file) => sum + (statSync(join(file.parentPath, file.name), { throwIfNoEntry: false })?.size ?? 0), 0);
}

/** Until every request has its card and nothing more is under way. */
async function settled(rig: Rig, open: number): Promise<void> {
  await until(
    `${open} requests are settled`,
    async () => {
      const { count } = await rig.client.workflow.count("ExecutionStatus='Running' AND StintState='requested'");
      return count >= open || undefined;
    },
    300_000,
  );
  await sleep(5_000);
}

/** The worker dies, an approval of the oldest request waits; from the new start until the MDM hears of it. */
async function restart(rig: Rig, open: number): Promise<Measured> {
  const [mac] = rig.macs;
  const rows = await rig.ask<readonly { view: { request: { requestId: string } } }[]>({
    ask: 'list',
    personId: mac?.owner.person ?? '',
  });
  if (!mac || !rows[0]) throw new Error('the oldest request is not there');
  const one = await asked(rig, mac, rows[0].view.request.requestId as Parameters<typeof asked>[2]);
  await workerOf(rig)?.kill();
  await approve(rig, one);
  const from = Date.now();
  await workerOf(rig)?.start();
  const at = await until('the approval is served', () => mdmCalls(rig)(mac.owner.serial, from));
  return { value: (at - from) / 1000, n: 1, note: `${open} open; from the start of the process to the call at the MDM` };
}
