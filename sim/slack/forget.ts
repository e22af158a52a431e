/** What is handed out for a while and then forgotten. To go through all of it at each one more would stop the stand-in under load. */

/** How many there were when they were last gone through, by the record that holds them. */
const kept = new WeakMap<object, { left: number; added: number }>();

/** Takes out what is old, whenever half as many again were added since it last did. Called before each is added. */
export function forgetOld<T>(record: Record<string, T>, isOld: (value: T) => boolean): void {
  const last = kept.get(record) ?? { left: 0, added: 0 };
  last.added += 1;
  kept.set(record, last);
  if (last.added * 2 < last.left) return;
  let left = 0;
  for (const [id, value] of Object.entries(record)) {
    if (isOld(value)) delete record[id];
    else left += 1;
  }
  kept.set(record, { left, added: 0 });
}
