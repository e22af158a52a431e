/** Faults of the stand-in Mac. Most are files that the fake tools look at; some act on the daemon or the clock. */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Launchd } from './launchd.js';

/**
 * `offline`: no network. `slow`: every call waits `ms` first. `reply-lost`: calls arrive, answers don't.
 * `clock-skew`: somebody sets the clock by `ms`. `sleep`: the Mac sleeps for `ms`. `daemon-dead`: killed, and launchd does not
 * start it again. `dseditgroup-fails`: the directory refuses every change. `guid-stays`: removing the name leaves the GUID.
 * `directory-down`: opendirectoryd answers no reading call, as early at boot.
 * `privileges-lies`: PrivilegesCLI says 0 and does nothing. `no-counter`: the Mac has no hardware counter. `advance`: time passes.
 */
export const FAULTS = [
  'offline',
  'slow',
  'reply-lost',
  'clock-skew',
  'sleep',
  'daemon-dead',
  'dseditgroup-fails',
  'guid-stays',
  'directory-down',
  'privileges-lies',
  'no-counter',
  'advance',
] as const;
export type Fault = (typeof FAULTS)[number];

export interface FaultOrder {
  readonly kind: Fault;
  /** For `slow`, `clock-skew`, `sleep`, `advance`: how much. For the others: for how long (default until cleared). */
  readonly ms?: number;
  /** How many times the tool misbehaves. */
  readonly times?: number;
}

export interface Faults {
  set(order: FaultOrder): void;
  /** Ends this fault, or all of them. */
  clear(kind?: Fault): void;
  close(): void;
}

/** Faults over the state folder `mac` and the daemon. `changed` is called after each change. */
export function createFaults(mac: string, daemon: Launchd, changed: () => void): Faults {
  const timers = new Set<NodeJS.Timeout>();
  const after = (ms: number | undefined, act: () => void) => {
    if (ms === undefined) return;
    const timer = setTimeout(() => {
      timers.delete(timer);
      act();
      changed();
    }, ms);
    timers.add(timer);
  };
  const file = (kind: string) => join(mac, 'faults', kind);
  const on = (kind: string, times = -1, detail = '') => writeFileSync(file(kind), `${times} ${detail}\n`);
  const off = (kind: string) => rmSync(file(kind), { force: true });
  const clock = (name: string, ms: number) => writeFileSync(join(mac, 'clock', name), `${Math.round(ms / 1000)}\n`);

  const acts: Partial<Record<Fault, (order: FaultOrder) => void>> = {
    slow: ({ ms = 1000, times }) => on('slow', times, String(ms / 1000)),
    'clock-skew': ({ ms = 0 }) => clock('skew', ms),
    advance: ({ ms = 0 }) => clock('advance', ms),
    'no-counter': () => writeFileSync(join(mac, 'clock/no-counter'), ''),
    sleep: ({ ms = 10_000 }) => {
      on('sleep');
      daemon.freeze();
      after(ms, () => {
        daemon.thaw();
        off('sleep');
      });
    },
    'daemon-dead': ({ ms }) => {
      on('daemon-dead');
      daemon.kill(false);
      after(ms, () => {
        off('daemon-dead');
        daemon.start();
      });
    },
  };
  /** What ends otherwise than by its file going. A clock that went ahead stays where it is: time that passed has passed. */
  const ends: Partial<Record<Fault, () => void>> = {
    'clock-skew': () => clock('skew', 0),
    advance: () => undefined,
    'no-counter': () => rmSync(join(mac, 'clock/no-counter'), { force: true }),
    sleep: () => {
      off('sleep');
      daemon.thaw();
    },
    'daemon-dead': () => {
      off('daemon-dead');
      daemon.start();
    },
  };
  return {
    set(order) {
      const act = acts[order.kind];
      if (act !== undefined) act(order);
      else {
        on(order.kind, order.times);
        after(order.ms, () => off(order.kind));
      }
      changed();
    },
    clear(kind) {
      for (const one of kind === undefined ? FAULTS : [kind]) (ends[one] ?? (() => off(one)))();
      changed();
    },
    close() {
      for (const timer of timers) clearTimeout(timer);
    },
  };
}
