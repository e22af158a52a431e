/**
 * The targets' truth: who really holds access, and since when. It knows no workflow and no store, so it can judge them. A
 * call that has left lands when the vendor likes, at most until its `sendBefore` plus the vendor's settling time.
 */
import { StintError } from '../../contract/errors.js';
import { instant, msOf, type RequestId } from '../../contract/ids.js';
import type { GrantOrder, Observation, TargetDriver } from '../../contract/ports.js';
import type { Target } from '../../contract/request.js';
import type { Time } from './time.js';

const ANSWER_MS = 50;
const LOOK_EVERY_MS = 500;

/** `claimed`: a Mac, which begins and tells by itself. `called`: the call itself gives the access. */
export type Manner = 'claimed' | 'called';
export type BrokenTarget = 'a revoke removes standing access' | 'unknown is taken for absent';

export interface GrantCall {
  readonly order: GrantOrder;
  readonly at: number;
}

export class Targets implements TargetDriver {
  readonly kind = 'mac-admin' as const;
  readonly settleMs = 2_000;
  readonly calls: GrantCall[] = [];
  /** Who was there before us. */
  readonly standing = new Set<string>();
  /** The vendor answers nothing and does nothing. */
  down = false;
  /** The vendor carries out what it is told, but does not say what is true. */
  silent = false;
  /** How long the next grant call stays on the wire. */
  nextLandsMs = 0;
  /** Macs that were let claim, until they hear that it is over. */
  readonly claimed = new Set<RequestId>();
  /** Macs that made themselves admin and wait for the answer to their confirmation; refused, they undo. */
  readonly trying = new Set<RequestId>();
  private readonly holders = new Map<string, Set<RequestId>>();

  constructor(
    private readonly time: Time,
    readonly manner: Manner,
    private readonly judge: {
      began(requestId: RequestId, others: readonly RequestId[]): void;
      called(call: GrantCall): void;
    },
    private readonly broken?: BrokenTarget,
  ) {}

  get confirmMode(): TargetDriver['confirmMode'] {
    return this.manner === 'claimed' ? 'update' : 'poll';
  }

  holds(requestId: RequestId, { key }: Pick<Target, 'key'>): boolean {
    return this.holders.get(key)?.has(requestId) ?? false;
  }

  begin(requestId: RequestId, { key }: Pick<Target, 'key'>): void {
    const all = this.holders.get(key) ?? new Set();
    this.holders.set(key, all);
    if (all.has(requestId) || this.standing.has(key)) return;
    const others = [...all];
    all.add(requestId);
    this.judge.began(requestId, others);
  }

  finish(requestId: RequestId, { key }: Pick<Target, 'key'>): void {
    this.claimed.delete(requestId);
    this.trying.delete(requestId);
    this.holders.get(key)?.delete(requestId);
  }

  async grant(order: GrantOrder, signal: AbortSignal): Promise<void> {
    if (signal.aborted) throw new StintError('mdm-unavailable');
    const call = { order, at: this.time.now };
    this.calls.push(call);
    this.judge.called(call);
    const lands = Math.min(this.time.now + ANSWER_MS + this.nextLandsMs, msOf(order.sendBefore) + this.settleMs);
    this.nextLandsMs = 0;
    if (!this.down && this.manner === 'called')
      this.time.after(lands - this.time.now, () => this.begin(order.requestId, order.target));
    await this.answer();
    // A target that tells us nothing is looked at until it shows the access, or nobody waits any more.
    while (this.manner === 'called' && !(await this.isOurs(order))) {
      if (signal.aborted) throw new StintError('mdm-unavailable');
      await this.time.sleep(LOOK_EVERY_MS);
    }
  }

  /** What stood there before is not given again. */
  private async isOurs({ requestId, target }: GrantOrder): Promise<boolean> {
    const { access, whose } = await this.observe(requestId, target);
    if (access === 'present' && whose === 'standing') throw new StintError('mdm-rejected');
    return access === 'present';
  }

  async revoke(requestId: RequestId, target: Target): Promise<void> {
    if (!this.down) this.time.after(ANSWER_MS, () => this.finish(requestId, target));
    if (this.broken === 'a revoke removes standing access') this.standing.delete(target.key);
    await this.answer();
  }

  async observe(requestId: RequestId, target: Target): Promise<Observation> {
    const observedAt = instant(this.time.now);
    const mute = this.down || this.silent;
    if (mute && this.broken !== 'unknown is taken for absent') return { access: 'unknown', observedAt, how: 'no answer' };
    if ((this.holds(requestId, target) || this.trying.has(requestId)) && !mute)
      return { access: 'present', whose: 'ours', observedAt, how: 'is there' };
    if (this.standing.has(target.key)) return { access: 'present', whose: 'standing', observedAt, how: 'was there before' };
    return { access: 'absent', observedAt, how: 'is not there' };
  }

  async clear(): Promise<void> {
    await this.answer();
  }

  async listOurs(): Promise<readonly { readonly target: string; readonly requestId: RequestId }[]> {
    return [...this.holders].flatMap(([target, all]) => [...all].map((requestId) => ({ target, requestId })));
  }

  private async answer(): Promise<void> {
    await this.time.sleep(ANSWER_MS);
    if (this.down) throw new StintError('mdm-unavailable');
  }
}
