/** Whoever leaves loses what they hold at once, and is granted nothing. */
import { armedIn, isAway } from './approvals.js';
import { BACK_TO_WORK_MS, merged } from './cloud.js';
import type { Access, Facts, Violation } from './facts.js';

/**
 * How long somebody who left may hold what they had while everything works, in milliseconds: the file is looked at every two seconds,
 * the MDM's tag may be late, and a Mac asks every few seconds whether it is over.
 */
const LEFT_MS = 20_000;

export function heldByLeavers(facts: Facts, access: Access): Violation[] {
  const { mac, held, of } = access;
  if (!of) return [];
  const { notebook, now } = facts;
  const { personId } = of.view.request.subject;
  const say = (what: string): Violation => ({
    rule: 'left',
    requestId: of.requestId,
    serial: mac.serial,
    what: `${personId} ${what}, from ${new Date(held.from).toISOString()}`,
  });
  if (isAway(facts, personId, armedIn(of, held.from))) return [say('had left, and was granted access')];
  const longest = notebook.absences
    .filter((one) => one.personId === personId)
    .map((one) => heldIn(facts, access, { from: one.from, to: Math.min(one.to, now) }));
  const past = Math.max(0, ...longest);
  return past > LEFT_MS ? [say(`left and held access for ${past} ms more, ${LEFT_MS} allowed`)] : [];
}

/** Without the time in which nobody could take it away, or the Mac could not hear that it is over. */
function heldIn({ notebook, now }: Facts, { mac, held }: Access, gone: { readonly from: number; readonly to: number }): number {
  const own = [...notebook.outages, ...notebook.unheard].filter(({ serial }) => serial === mac.serial);
  const down = notebook.kills.map(({ at: from, upAt = now }) => ({ from, to: upAt + BACK_TO_WORK_MS }));
  const [from, to] = [Math.max(held.from, gone.from), Math.min(held.to ?? now, gone.to)];
  const excused = merged([...own, ...down, ...(mac.excused ?? [])]);
  const within = excused.map((one) => Math.max(0, Math.min(one.to, to) - Math.max(one.from, from)));
  return to - from - within.reduce((sum, ms) => sum + ms, 0);
}
