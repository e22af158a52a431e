/** Waiting no longer than a person's click can wait. */

export type Raced<T> = { readonly done: true; readonly value: T } | { readonly done: false };

/**
 * The value of `job` if it comes within `ms` milliseconds. A rejection within that time is thrown; a later one is the
 * business of whoever still holds `job`.
 */
export async function within<T>(job: Promise<T>, ms: number): Promise<Raced<T>> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Raced<T>>((resolve) => {
    timer = setTimeout(() => resolve({ done: false }), ms);
  });
  try {
    return await Promise.race([job.then((value): Raced<T> => ({ done: true, value })), late]);
  } finally {
    clearTimeout(timer);
  }
}
