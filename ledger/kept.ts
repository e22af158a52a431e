/**
 * An answer of the store that is asked for at every click and changes a few times a year. A process that alone can be at its
 * database changes it itself, and need not ask for what it knows; of several none can know what another did.
 */
interface Kept<T> {
  get(): Promise<T>;
  /** Runs what may change it. While that is under way, and after it, whatever came of it, the store is asked. */
  changing<R>(work: () => Promise<R>): Promise<R>;
}

/** `alone`: nobody else can change it; else it is asked for each time. */
export function createKept<T>(ask: () => Promise<T>, alone: boolean): Kept<T> {
  let known: { readonly value: T } | undefined;
  let changes = 0;
  let underWay = 0;
  const forget = (by: 1 | -1) => {
    underWay += by;
    changes += 1;
    known = undefined;
  };
  return {
    async get() {
      if (known) return known.value;
      const before = changes;
      const value = await ask();
      // An answer that was on its way when something changed may be of before that.
      if (alone && underWay === 0 && changes === before) known = { value };
      return value;
    },
    async changing(work) {
      forget(1);
      try {
        return await work();
      } finally {
        forget(-1);
      }
    },
  };
}
