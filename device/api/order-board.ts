/**
 * Long polls for orders. All waiting Macs share one query a second, however many they are: the store works the same
 * for ten Macs as for a thousand.
 */
import type { Serial } from '../../contract/ids.js';
import type { DeviceOrder, Devices } from '../../contract/ports.js';

export interface OrderBoard {
  /**
   * The open orders of one Mac: at once without `known`, else as soon as there is one that is not in `known`, or when
   * `untilMs` has come, or when `abort` fires. Rejects when the store cannot be asked.
   */
  orders(serial: Serial, wait?: Waiting): Promise<readonly DeviceOrder[]>;
  /** Answers all who wait with what was known. */
  close(): void;
}

export interface Waiting {
  readonly known: readonly DeviceOrder[];
  readonly untilMs: number;
  readonly abort: AbortSignal;
}

interface Waiter {
  readonly serial: Serial;
  readonly wait: Waiting | undefined;
  readonly resolve: (orders: readonly DeviceOrder[]) => void;
  readonly reject: (error: unknown) => void;
}

const LOOK_EVERY_MS = 1_000;

export function createOrderBoard(devices: Pick<Devices, 'openOrders'>, clock: () => number): OrderBoard {
  const waiters = new Set<Waiter>();
  let timer: NodeJS.Timeout | undefined;
  let looking = false;
  let lookedAt = Number.NEGATIVE_INFINITY;
  let closed = false;

  function schedule(): void {
    if (timer || looking || waiters.size === 0) return;
    const dueMs = Math.max(0, Math.min(LOOK_EVERY_MS, lookedAt + LOOK_EVERY_MS - clock()));
    timer = setTimeout(() => {
      timer = undefined;
      void look();
    }, dueMs);
  }

  async function look(): Promise<void> {
    looking = true;
    lookedAt = clock();
    const asked = [...waiters];
    try {
      const open = await devices.openOrders([...new Set(asked.map((w) => w.serial))]);
      for (const waiter of asked) settle(waiter, open);
    } catch (error) {
      for (const waiter of asked) if (waiters.delete(waiter)) waiter.reject(error);
    }
    looking = false;
    schedule();
  }

  function settle(waiter: Waiter, open: readonly DeviceOrder[]): void {
    const own = open.filter((order) => order.serial === waiter.serial);
    const { wait } = waiter;
    const news = !wait || own.some((order) => !wait.known.some((k) => k.id === order.id));
    if (!news && clock() < wait.untilMs) return;
    if (waiters.delete(waiter)) waiter.resolve(own);
  }

  return {
    orders(serial, wait) {
      if (closed || wait?.abort.aborted) return Promise.resolve(wait?.known ?? []);
      return new Promise((resolve, reject) => {
        const waiter = { serial, wait, resolve, reject };
        waiters.add(waiter);
        wait?.abort.addEventListener('abort', () => waiters.delete(waiter) && resolve(wait.known), { once: true });
        schedule();
      });
    },
    close() {
      closed = true;
      clearTimeout(timer);
      for (const waiter of waiters) waiter.resolve(waiter.wait?.known ?? []);
      waiters.clear();
    },
  };
}
