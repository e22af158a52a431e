/** Thousands of open elevations: what each holds in memory and on disk, and how long a new worker needs with all of them. */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Measured, Metric } from '../metric.js';
import { pooled, until } from '../pace.js';
import { residentBytes } from '../rig/process.js';
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
  async measure({ quick, say }) {
    const counts = quick ? COUNTS.quick : COUNTS.full;
    const rig = await startRig({ fleets: [{ name: 'MEM', count: counts.many, windowS: 600 }], say });
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
          note: `${open} open; ${mb(before.worker)} before, ${mb(now.worker)} after; holds the embedded store too`,
        };
        measured[`memory-per-open.temporal.${size}`] = each(now.temporal - before.temporal);
        measured[`store-per-open.${size}`] = each(now.store - before.store);
      }
      measured['worker-restart-to-first-signal'] = await restart(rig, open);
      return { measured, details: ['open: asked for and not decided, the longest state; the worker caches at most 1,000 runs'] };
    } finally {
      await rig.close();
    }
  },
};

const mb = (bytes: number): string => `${Math.round(bytes / 2 ** 20)} MB`;

function held(rig: Rig) {
  return {
    worker: residentBytes(rig.programs.all?.pid() ?? 0),
    temporal: residentBytes(rig.temporalPid()),
    store: folderBytes(rig.home.path('store')),
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
  await rig.programs.all?.kill();
  await approve(rig, one);
  const from = Date.now();
  await rig.programs.all?.start();
  const at = await until('the approval is served', () => mdmCalls(rig)(mac.owner.serial, from));
  return { value: (at - from) / 1000, n: 1, note: `${open} open; from the start of the process to the call at the MDM` };
}
