/** Many at a time, but not all: one that hangs or fails keeps none of the others waiting for ever. */

/** Runs `act` over the items, at most `width` at once, in order of their beginning. Never rejects. */
export async function sideBySide<T, R>(
  items: readonly T[],
  width: number,
  act: (item: T) => Promise<R>,
): Promise<readonly PromiseSettledResult<R>[]> {
  const results: PromiseSettledResult<R>[] = [];
  const left = items.entries();
  const lane = async () => {
    for (const [i, item] of left) {
      results[i] = await act(item).then(
        (value) => ({ status: 'fulfilled', value }) as const,
        (reason: unknown) => ({ status: 'rejected', reason }) as const,
      );
    }
  };
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, lane));
  return results;
}
