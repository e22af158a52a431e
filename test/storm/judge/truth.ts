/** The Macs' own truth: who was an administrator when, from their own records, and sampled so that a record can't lie. */
import { setTimeout as sleep } from 'node:timers/promises';
import { isAdmin } from '../../../sim/mac/truth.js';
import type { FarEnds } from '../far/ends.js';
import type { Held } from '../far/light-mac.js';
import type { World } from '../world.js';

/** One Mac; or one account, permission set and person in AWS. */
export interface MacTruth {
  /** In AWS the key of the target. */
  readonly serial: string;
  readonly user: string;
  readonly kind: 'real' | 'light' | 'aws';
  readonly standing: boolean;
  readonly held: readonly Held[];
  /** Beside the outages of the notebook; disjoint. */
  readonly excused?: readonly { readonly from: number; readonly to: number }[];
}

/** One observation that does not fit what the Mac's own record says, or a standing administrator who is none any more. */
export interface Oddity {
  readonly serial: string;
  readonly at: number;
  readonly what: string;
}

/** A deadline that a real Mac counted to, as seen on its disk; milliseconds since 1970. */
export interface Countdown {
  readonly serial: string;
  readonly requestId: string;
  readonly phase: string;
  readonly endsAt: number;
}

export interface Watch {
  readonly samples: number;
  readonly oddities: readonly Oddity[];
  readonly countdowns: readonly Countdown[];
  /** How many were administrators at once, at most. */
  readonly mostAtOnce: number;
  stop(): Promise<void>;
}

/** The record of every Mac. */
export function readMacs(world: World, far: FarEnds): MacTruth[] {
  return world.askers.map(({ mac }) => {
    const { serial, user, kind, standing } = mac;
    const held = far.light.get(serial)?.held ?? fromLog(far, serial, user);
    return { serial, user, kind, standing, held };
  });
}

function fromLog(far: FarEnds, serial: string, user: string): Held[] {
  const held: Held[] = [];
  for (const change of far.real.get(serial)?.truth().adminLog ?? []) {
    if (change.user !== user) continue;
    const open = held.at(-1);
    const isOpen = open !== undefined && open.to === undefined;
    if (change.admin && !isOpen) held.push({ from: Date.parse(change.at) });
    if (!change.admin && isOpen) open.to = Date.parse(change.at);
  }
  return held;
}

/** What a record that follows the fact may lag behind it, in milliseconds. */
const RECORD_LAG_MS = 2000;

/** Looks at every Mac four times a second until it is stopped. */
export function startWatch(world: World, far: FarEnds): Watch {
  const oddities: Oddity[] = [];
  const countdowns: Countdown[] = [];
  let [samples, mostAtOnce, stopped] = [0, 0, false];
  const seen: { readonly serial: string; readonly user: string; readonly at: number; readonly admin: boolean }[] = [];

  function look(): void {
    const at = Date.now();
    let now = 0;
    for (const { mac } of world.askers) {
      const real = far.real.get(mac.serial);
      const admin = real ? isAdmin(real.layout.mac, mac.user) : (far.light.get(mac.serial)?.isAdmin ?? false);
      if (admin && !mac.standing) now += 1;
      if (mac.standing && !admin)
        oddities.push({ serial: mac.serial, at, what: 'I12: a standing administrator is none any more' });
      if (real) seen.push({ serial: mac.serial, user: mac.user, at, admin });
      if (real && !isAdmin(real.layout.mac, 'itadmin'))
        oddities.push({ serial: mac.serial, at, what: 'I12: itadmin is no administrator any more' });
      if (real && samples % 4 === 0) countDown(mac.serial, real.truth(), at);
    }
    samples += 1;
    mostAtOnce = Math.max(mostAtOnce, now);
  }

  function countDown(
    serial: string,
    truth: ReturnType<NonNullable<ReturnType<FarEnds['real']['get']>>['truth']>,
    at: number,
  ): void {
    const { session, countdown } = truth;
    if (session === undefined || countdown === undefined || session.phase !== 'active') return;
    countdowns.push({ serial, requestId: session.request ?? '', phase: session.phase, endsAt: at + countdown * 1000 });
  }

  const loop = (async () => {
    while (!stopped) {
      look();
      await sleep(250);
    }
  })();

  return {
    get samples() {
      return samples;
    },
    get mostAtOnce() {
      return mostAtOnce;
    },
    oddities,
    countdowns,
    async stop() {
      stopped = true;
      await loop;
      for (const { mac } of world.askers) {
        const held = far.real.has(mac.serial) ? fromLog(far, mac.serial, mac.user) : [];
        for (const s of seen.filter((one) => one.serial === mac.serial && one.admin))
          if (!held.some((h) => h.from - RECORD_LAG_MS <= s.at && s.at <= (h.to ?? Number.POSITIVE_INFINITY) + RECORD_LAG_MS))
            oddities.push({
              serial: s.serial,
              at: s.at,
              what: 'I5: seen as an administrator although the record names no such time',
            });
      }
    },
  };
}
