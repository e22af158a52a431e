/**
 * How many seats of several stages people can take, each person one seat at most. Whoever sits in one stage is missing in
 * another, so the best seating is a matching of people and seats. There are few stages, so the largest is counted and not
 * searched for: exact, without an order of people or votes in which it could come out otherwise.
 */

/**
 * The most seats that can be taken. A mask says of one person, bit by bit, in which of the stages they may sit; bits beyond
 * the stages make no difference. By the theorem of Kőnig and Hall it is the least, over every choice of stages, of the people
 * who may sit in one of the chosen and the seats of all others.
 */
export function seated(quorums: readonly number[], masks: readonly number[]): number {
  let least = Number.POSITIVE_INFINITY;
  for (let chosen = 0; chosen < 1 << quorums.length; chosen++) {
    const people = masks.reduce((sum, mask) => sum + ((mask & chosen) === 0 ? 0 : 1), 0);
    const others = quorums.reduce((sum, quorum, i) => sum + ((chosen >> i) & 1 ? 0 : quorum), 0);
    least = Math.min(least, people + others);
  }
  return least;
}

/**
 * How many seats of each stage are taken when earlier stages come first. What the first so many stages can have together is
 * never given up for a later one, so the sum is that of the best seating of all.
 */
export function taken(quorums: readonly number[], masks: readonly number[]): readonly number[] {
  const upTo = quorums.map((_, i) => seated(quorums.slice(0, i + 1), masks));
  return upTo.map((seats, i) => seats - (upTo[i - 1] ?? 0));
}

/** Whether one more person of this mask fills another seat of these stages. */
export function fills(quorums: readonly number[], masks: readonly number[], mask: number): boolean {
  return seated(quorums, [...masks, mask]) > seated(quorums, masks);
}
