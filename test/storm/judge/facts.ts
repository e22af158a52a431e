/** All that the verdict is about, gathered after the calm. */
import { macIn } from '../../fixtures/people.js';
import type { SaidGone, Seen } from '../far/eyes.js';
import type { Held } from '../far/light-mac.js';
import type { Notebook } from '../notebook.js';
import type { World } from '../world.js';
import { only, type Recorded } from './ledger.js';
import type { Countdown, MacTruth, Oddity } from './truth.js';

/** A call by which our tag came onto a Mac's record at the MDM. */
export interface TagCall {
  readonly serial: string;
  readonly at: number;
}

export interface Facts {
  readonly world: World;
  readonly notebook: Notebook;
  readonly macs: readonly MacTruth[];
  readonly recorded: readonly Recorded[];
  readonly messages: readonly Seen[];
  readonly saidGone: readonly SaidGone[];
  readonly tagCalls: readonly TagCall[];
  readonly oddities: readonly Oddity[];
  readonly countdowns: readonly Countdown[];
  readonly verify: { readonly ok: boolean };
  /** When the calm began and when the verdict is spoken. */
  readonly calmFrom: number;
  readonly now: number;
}

export interface Violation {
  /** The invariant, or what else was promised. */
  readonly rule: string;
  readonly requestId: string;
  readonly serial?: string;
  readonly what: string;
}

/**
 * How long after its deadline a Mac whose agent can run may still be an administrator, in milliseconds. The agent looks at
 * its clock every second and counts whole seconds downwards (so it is early rather than late); taking somebody out of the
 * group and seeing that it is so is three or four calls of the directory's tools. What is beyond that, and is not fate's doing
 * on that Mac, is a violation.
 */
export const LAG_MS = 5000;
/** Before its confirmation a Mac holds access for as long as that call may take: 15 s, once more after it learned the time. */
export const UNCONFIRMED_MS = 35_000;

/** One time of access, and the elevation that it belongs to. */
export interface Access {
  readonly mac: MacTruth;
  readonly held: Held;
  readonly of: Recorded | undefined;
}

export const at = (instant: string | undefined): number => (instant === undefined ? Number.NaN : Date.parse(instant));

/** Every time of access that is not somebody's standing right, with its elevation: the one armed last before it. */
export function accesses(facts: Facts): Access[] {
  return facts.macs
    .filter((mac) => !mac.standing)
    .flatMap((mac) => mac.held.map((held) => ({ mac, held, of: elevationOf(facts, mac, held) })));
}

function elevationOf({ recorded }: Facts, mac: MacTruth, held: Held): Recorded | undefined {
  const own = recorded.filter((r) => {
    const target = macIn(r.view.request.target);
    return target.serial === mac.serial && target.localUser === mac.user;
  });
  const armed = own
    .flatMap((r) => only(r.events, 'armed').map((e) => ({ r, armedAt: at(e.at) })))
    .filter((a) => a.armedAt <= held.from);
  return armed.sort((a, b) => b.armedAt - a.armedAt)[0]?.r;
}

/** For how long within `from`..`to` fate kept this Mac from acting. */
export function outage({ notebook }: Facts, serial: string, from: number, to: number): number {
  return notebook.outages
    .filter((o) => o.serial === serial)
    .reduce((sum, o) => sum + Math.max(0, Math.min(o.to, to) - Math.max(o.from, from)), 0);
}

/** Presses by people who may decide this elevation. */
export function eligible({ world, notebook }: Facts, { view }: Recorded, pattern: RegExp) {
  const { requestId, requester, subject } = view.request;
  return notebook.presses.filter(
    (p) =>
      p.requestId === requestId &&
      pattern.test(p.actionId) &&
      world.people.some((person) => person.id === p.personId && person.groups.includes('it')) &&
      p.personId !== requester.personId &&
      p.personId !== subject.personId,
  );
}

/** The latest instant at which the approved window, with the extensions that were approved, may end. */
export function windowEnd(facts: Facts, recorded: Recorded): number {
  const { view, events } = recorded;
  const approved = new Set(eligible(facts, recorded, /^approve:/).map((p) => Number(p.actionId.split(':')[1])));
  const longest = Math.max(...approved, 0);
  const extensions = only(events, 'extended').filter((e) =>
    eligible(facts, recorded, /^ext-approve:/).some((p) => p.digest === e.data.roundDigest),
  );
  const length = Math.min(view.approvedWindowMs ?? 0, longest) + extensions.reduce((sum, e) => sum + e.data.windowMs, 0);
  return at(view.confirmedAt) + length;
}
