/** The far ends' own truth: who had access when, from their own records, and sampled so that a record can't lie. */
import { setTimeout as sleep } from 'node:timers/promises';
import { isAdmin, type Truth } from '../../../sim/mac/truth.js';
import type { Cloud } from '../far/cloud.js';
import type { FarEnds } from '../far/ends.js';
import type { Held } from '../far/light-mac.js';
import { PAIRS, targetKey } from '../far/organisation.js';
import type { StormMac, World } from '../world.js';

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

/** One observation that does not fit what the record of that place says, or a standing administrator who is none any more. */
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
const EVERY_MS = 250;

/** Looks at every Mac, and at what is in force in AWS, four times a second until it is stopped. */
export function startWatch(world: World, far: FarEnds): Watch {
  const looks = createLooks(world, far);
  let stopped = false;
  const loop = (async () => {
    while (!stopped) {
      looks.look(Date.now());
      await sleep(EVERY_MS);
    }
  })();
  return {
    get samples() {
      return looks.samples;
    },
    get mostAtOnce() {
      return looks.mostAtOnce;
    },
    oddities: looks.oddities,
    countdowns: looks.countdowns,
    async stop() {
      stopped = true;
      await loop;
      looks.compare();
    },
  };
}

export interface Looks extends Omit<Watch, 'stop'> {
  /** Once, at an instant in milliseconds since 1970. */
  look(at: number): void;
  /** Holds all that was seen against the records. A simulated Mac has but its record. */
  compare(): void;
}

/** Access that was seen at a place which keeps a record of its own. */
interface Sighting {
  readonly place: string;
  readonly user: string;
  readonly at: number;
}

export function createLooks(world: World, far: FarEnds): Looks {
  const oddities: Oddity[] = [];
  const countdowns: Countdown[] = [];
  const seen: Sighting[] = [];
  let [samples, mostAtOnce] = [0, 0];

  /** Whether somebody is an administrator who has no standing right to it. */
  function lookAt(mac: StormMac, at: number): boolean {
    const { serial, user, standing } = mac;
    const odd = (what: string) => void oddities.push({ serial, at, what });
    const real = far.real.get(serial);
    const admin = real ? isAdmin(real.layout.mac, user) : (far.light.get(serial)?.isAdmin ?? false);
    if (standing && !admin) odd('I12: a standing administrator is none any more');
    if (real && admin) seen.push({ place: serial, user, at });
    if (real && !isAdmin(real.layout.mac, 'itadmin')) odd('I12: itadmin is no administrator any more');
    if (real && samples % 4 === 0) countDown(serial, real.truth(), at);
    return admin && !standing;
  }

  function countDown(serial: string, { session, countdown }: Truth, at: number): void {
    if (session === undefined || countdown === undefined || session.phase !== 'active') return;
    countdowns.push({ serial, requestId: session.request ?? '', phase: session.phase, endsAt: at + countdown * 1000 });
  }

  return {
    get samples() {
      return samples;
    },
    get mostAtOnce() {
      return mostAtOnce;
    },
    oddities,
    countdowns,
    look(at) {
      mostAtOnce = Math.max(mostAtOnce, world.askers.filter(({ mac }) => lookAt(mac, at)).length);
      if (far.cloud) seen.push(...assignedNow(world, far.cloud).map((one) => ({ ...one, at })));
      samples += 1;
    },
    compare() {
      const records = new Map<string, readonly Held[]>();
      for (const { place, user, at } of seen) {
        const key = `${place} ${user}`;
        const held = records.get(key) ?? (far.real.has(place) ? fromLog(far, place, user) : inAws(far.cloud, place));
        records.set(key, held);
        if (held.some(({ from, to = at }) => from - RECORD_LAG_MS <= at && at <= to + RECORD_LAG_MS)) continue;
        oddities.push({ serial: place, at, what: `I5: ${user} was seen with access at a time that the record does not name` });
      }
    },
  };
}

/** Who has what of what people may ask for, from the assignments themselves and not from the record of who had access when. */
function assignedNow(world: World, { aws, userOf }: Cloud): readonly Omit<Sighting, 'at'>[] {
  aws.truth.access(); // what is due by now is done
  return world.askers.flatMap(({ id }) => {
    const userId = userOf(id);
    if (userId === undefined) return [];
    const own = PAIRS.filter((pair) => aws.world.holds({ ...pair, principalType: 'USER', principalId: userId }));
    return own.map((pair) => ({ place: targetKey(pair, userId), user: userId }));
  });
}

function inAws(cloud: Cloud | undefined, place: string): readonly Held[] {
  return (cloud?.aws.truth.access() ?? []).filter((span) => span.via === 'direct' && targetKey(span, span.userId) === place);
}
