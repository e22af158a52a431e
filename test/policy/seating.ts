/** Seatings found by trying them all: what the counting of `policy/seats.ts` is held against. */

/** The most seats that people can take, each one at most. `masks`: in which stages each may sit. */
export function mostByTrying(quorums: readonly number[], masks: readonly number[]): number {
  const [mask, ...others] = masks;
  if (mask === undefined) return 0;
  const sits = quorums.flatMap((free, stage) =>
    free > 0 && (mask >> stage) & 1 ? [1 + mostByTrying(quorums.with(stage, free - 1), others)] : [],
  );
  return Math.max(mostByTrying(quorums, others), ...sits);
}

export const sum = (all: readonly number[]): number => all.reduce((total, one) => total + one, 0);
