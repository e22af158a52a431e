/** A map's bound: a process that runs for months remembers the latest. */

const KEPT = 10_000;

/** Sets it as the latest, and forgets the oldest of more than `most`: ten thousand, if nothing is said. */
export function keep<K, V>(map: Map<K, V>, key: K, value: V, most = KEPT): void {
  map.delete(key);
  map.set(key, value);
  if (map.size <= most) return;
  const [oldest] = map.keys();
  if (oldest !== undefined) map.delete(oldest);
}
