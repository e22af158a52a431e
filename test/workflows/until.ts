/** Polls until the condition answers something truthy; throws with its name after the deadline. */
export async function until<T>(look: () => Promise<T | undefined | false | null>, what: string, ms = 45_000): Promise<T> {
  const end = Date.now() + ms;
  let last: unknown;
  while (Date.now() < end) {
    try {
      const seen = await look();
      if (seen) return seen;
      last = undefined;
    } catch (error) {
      last = error;
    }
    await new Promise((r) => setTimeout(r, 40));
  }
  throw new Error(`waited ${ms} ms in vain for ${what}`, { cause: last });
}
