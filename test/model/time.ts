/**
 * Virtual time for one world: what is due happens in order, and `Date.now` is the world's. After each happening all
 * promises are let settle, and then every run looks again at what it waits for, as Temporal's own loop does.
 */
import { setImmediate as turn } from 'node:timers/promises';

interface Due {
  readonly at: number;
  readonly act: () => void;
  cancelled: boolean;
}

export const T0 = Date.parse('2026-03-02T09:00:00.000Z');

export class Time {
  now = T0;
  private readonly dues: Due[] = [];
  private readonly settlers = new Set<() => boolean>();
  private readonly realNow = Date.now;
  private readonly realTimeout = AbortSignal.timeout;

  constructor() {
    Date.now = () => this.now;
    AbortSignal.timeout = (ms) => {
      const abort = new AbortController();
      this.after(ms, () => abort.abort());
      return abort.signal;
    };
  }

  close(): void {
    Date.now = this.realNow;
    AbortSignal.timeout = this.realTimeout;
  }

  /** Does it so many milliseconds from now; answers how to call it off. */
  after(ms: number, act: () => void): () => void {
    const due: Due = { at: this.now + Math.max(0, ms), act, cancelled: false };
    const place = this.dues.findIndex((other) => other.at > due.at);
    this.dues.splice(place < 0 ? this.dues.length : place, 0, due);
    return () => {
      due.cancelled = true;
    };
  }

  sleep = (ms: number): Promise<void> => new Promise((resolve) => void this.after(ms, resolve));

  /** Something that looks again after every happening, and answers whether that moved anything. */
  onSettle(look: () => boolean): void {
    this.settlers.add(look);
  }

  /** Until nothing moves any more without time. */
  async settle(): Promise<void> {
    for (;;) {
      await turn();
      let moved = false;
      for (const look of this.settlers) moved = look() || moved;
      if (!moved) return;
    }
  }

  /** Lets so much time pass. */
  async pass(ms: number): Promise<void> {
    const end = this.now + ms;
    await this.settle();
    for (let due = this.dues[0]; due && due.at <= end; due = this.dues[0]) {
      this.dues.shift();
      if (due.cancelled) continue;
      this.now = due.at;
      due.act();
      await this.settle();
    }
    this.now = end;
  }
}
