/** A map's bound: a process that runs for months remembers the latest few thousand. */

const KEPT = 10_000;

/** Sets it as the latest, and forgets the oldest of more than ten thousand. */
export function keep<K, V>(map: Map<K, V>, key: K, value: V): void {
  map.delete(key);
  map.set(key, value);
  if (map.size <= KEPT) return;
  const [oldest] = map.keys();
  if (oldest !== undefined) map.delete(oldest);
}
