/** All that the verdict is about, gathered after the calm. */
import { oncePer } from '../../../contract/once-per.js';
import type { Target } from '../../../contract/request.js';
import type { SaidGone, Seen, Told } from '../far/eyes.js';
import type { Held } from '../far/light-mac.js';
import type { Ask, Notebook, Press } from '../notebook.js';
import type { World } from '../world.js';
import type { CloudTruth } from './cloud.js';
import { only, type Recorded } from './ledger.js';
import type { Countdown, MacTruth, Oddity } from './truth.js';

/** A call by which our tag came onto a Mac's record at the MDM, or by which AWS began to give somebody access. */
export interface TagCall {
  readonly serial: string;
  readonly at: number;
}

export interface Facts {
  readonly world: World;
  readonly notebook: Notebook;
  /** The Macs, and the places in AWS. */
  readonly macs: readonly MacTruth[];
  readonly cloud?: CloudTruth;
  readonly recorded: readonly Recorded[];
  /** Whose review of a break-glass the store lists as open. */
  readonly openReviews: ReadonlySet<string>;
  readonly messages: readonly Seen[];
  readonly saidGone: readonly SaidGone[];
  /** What single people were told. */
  readonly answers: readonly Told[];
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
/**
 * In AWS, where somebody terminated or reset a run, the sweep takes what it left, in rounds that begin at most 10 s after the last. These are written down and not
 * imported: a sweep that grows slow has to be found.
 *
 * Where no ending had begun it takes it ten seconds after its window (its `UNBEGUN_MS`), and the delete is as quick as anywhere.
 */
export const UNBEGUN_MS = 10_000 + 10_000 + LAG_MS;
/**
 * Where one had, it waits as long for whoever was at it, counted from when they last said so, which a proof whose run is no more does for
 * five seconds yet, until it hears of that; and five are for both at one target.
 */
export const BEGUN_MS = UNBEGUN_MS + 5_000 + 5_000;

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
  const own = recorded.filter(({ view }) => isOn(mac, view.request.target));
  const armed = own
    .flatMap((r) => only(r.events, 'armed').map((e) => ({ r, armedAt: at(e.at) })))
    .filter((a) => a.armedAt <= held.from);
  return armed.sort((a, b) => b.armedAt - a.armedAt)[0]?.r;
}

/** In order. Looked for a dozen times of each of a thousand elevations, among tens of thousands. */
export function messagesOf({ messages }: Pick<Facts, 'messages'>, requestId: string): readonly Seen[] {
  return messagesByRequest(messages).get(requestId) ?? [];
}

/** The same of presses. */
export function pressesOf({ notebook }: Pick<Facts, 'notebook'>, requestId: string): readonly Press[] {
  return pressesByRequest(notebook.presses).get(requestId) ?? [];
}

function byRequest<T extends { readonly requestId: string }>(all: readonly T[]): ReadonlyMap<string, readonly T[]> {
  const own = new Map<string, T[]>();
  for (const one of all) {
    const known = own.get(one.requestId);
    if (known) known.push(one);
    else own.set(one.requestId, [one]);
  }
  return own;
}
const messagesByRequest = oncePer(byRequest<Seen>);
const pressesByRequest = oncePer(byRequest<Press>);

/** What its people had asked for, by the words that its card quotes. */
export function askOf({ messages, notebook }: Pick<Facts, 'messages' | 'notebook'>, requestId: string): Ask | undefined {
  const cards = messagesOf({ messages }, requestId).filter(({ key }) => key.startsWith('card/'));
  const quotes = new Set(cards.map(({ words }) => QUOTE.exec(words)?.[0]));
  return notebook.asks.find(({ quote }) => quotes.has(quote));
}

/** What each ask has in its reason, and in no other. */
export const QUOTE = /storm-\d+-\d+-\d+/;

/** As it is called in the notebook. */
export function placeOf(target: Target): string {
  return target.kind === 'mac-admin' ? target.serial : target.key;
}

function isOn({ serial, user }: MacTruth, target: Target): boolean {
  return placeOf(target) === serial && (target.kind !== 'mac-admin' || target.localUser === user);
}

/** For how long within `from`..`to` fate kept this Mac, or whoever takes access away in AWS, from acting. */
export function outage({ notebook }: Facts, { serial, excused = [] }: MacTruth, from: number, to: number): number {
  return [...notebook.outages.filter((o) => o.serial === serial), ...excused].reduce(
    (sum, o) => sum + Math.max(0, Math.min(o.to, to) - Math.max(o.from, from)),
    0,
  );
}
