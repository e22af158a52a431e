/** How a simulated Mac reaches the device API: its clock, its network with what fate does to them, and what an answer means. */
import type { KeyObject } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Answer, type DeviceKeys, deviceCall } from './device-call.js';

export interface LinkOptions {
  readonly url: string;
  readonly keys: DeviceKeys;
  readonly serverKey: KeyObject;
  /** Resolves when the Mac is awake: a Mac that sleeps hears nothing. */
  readonly awake: (signal: AbortSignal) => Promise<void>;
}

/** The server said no, and saying it again would not help. */
export class Refused extends Error {
  constructor(readonly status: number) {
    super(`refused with ${status}`);
  }
}

const CALL_MS = 15_000;

export class Link {
  /** How many answers get lost, how many calls are sent twice, how late they are, until when nothing goes. */
  readonly net = { lost: 0, twice: 0, lateMs: 0, offlineUntil: 0 };
  skewMs = 0;
  private learnedMs = 0;

  constructor(private readonly o: LinkOptions) {}

  get(path: string, signal: AbortSignal, timeoutMs: number): Promise<Answer> {
    return this.call('GET', path, undefined, signal, timeoutMs);
  }

  /** The verified answer. Rejects with `Refused`, or anything else when it is not known what became of the call. */
  post(path: string, body: object, signal: AbortSignal): Promise<Answer> {
    return this.call('POST', path, body, signal, CALL_MS);
  }

  /** Like `post`; a refusal is taken for an answer, except where the clock, the key or the pace was at fault. */
  async tell(path: string, body: object, signal: AbortSignal): Promise<void> {
    await this.post(path, body, signal).catch((error: unknown) => {
      if (!(error instanceof Refused) || error.status === 401 || error.status === 429) throw error;
    });
  }

  private async call(...call: Parameters<Link['overTheNet']>): Promise<Answer> {
    for (const again of [true, false]) {
      const answer = await this.overTheNet(...call);
      if (answer.status < 300) return answer;
      if (answer.status === 401 && again && Number.isFinite(answer.date))
        this.learnedMs = answer.date - (Date.now() + this.skewMs);
      else if (answer.status >= 500) throw new Error(`the server said ${answer.status}`);
      else throw new Refused(answer.status);
    }
    throw new Refused(401);
  }

  private async overTheNet(
    method: 'GET' | 'POST',
    path: string,
    body: object | undefined,
    signal: AbortSignal,
    timeoutMs: number,
  ): Promise<Answer> {
    const { net } = this;
    if (Date.now() < net.offlineUntil) throw new Error('no network');
    if (net.lateMs > 0) await sleep(net.lateMs, undefined, { signal });
    const twice = net.twice > 0;
    if (twice) net.twice -= 1;
    const created = Math.floor((Date.now() + this.skewMs + this.learnedMs) / 1000);
    const call = { method, path, created, timeoutMs, signal, twice, ...(body && { body }) };
    const answer = await deviceCall({ url: new URL(this.o.url), keys: this.o.keys, serverKey: this.o.serverKey }, call);
    if (net.lost > 0) {
      net.lost -= 1;
      throw new Error('the answer was lost');
    }
    await this.o.awake(signal);
    return answer;
  }
}
