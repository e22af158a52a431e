/**
 * A Mac as small as can be that still keeps the agent's promises: it records a session before it gives admin rights, ends
 * it by its own clock whatever the server does, tells "gone" until it was heard, and finds its session again after it was
 * killed. It speaks the real device protocol and keeps its own record of who was an administrator when, which judges.
 */
import { type KeyObject, randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Answer, DeviceKeys } from './device-call.js';
import { Link, Refused } from './link.js';
import { createOutbox, type Outbox } from './outbox.js';

/** A time in which the user was an administrator; milliseconds since 1970. */
export interface Held {
  readonly from: number;
  to?: number;
}

/** What is on the disk: it outlives the agent, and the session only its own boot. */
interface Session {
  readonly requestId: string;
  readonly boot: string;
  phase: 'granting' | 'active';
  readonly maxS: number;
  /** By the clock that nobody can set, in milliseconds. */
  startMs: number;
  deadlineMs: number;
  contactMs: number;
}

export interface LightMacOptions {
  readonly serial: string;
  readonly user: string;
  readonly standing: boolean;
  readonly url: string;
  readonly keys: DeviceKeys;
  readonly serverKey: KeyObject;
  readonly contactGraceMs: number;
}

const POLL_S = 10;
const BEAT_MS = 4000;

export class LightMac {
  readonly held: Held[] = [];
  readonly link: Link;
  private boot = randomUUID().toUpperCase();
  private session: Session | undefined;
  private readonly outbox: Outbox;
  private agent = new AbortController();
  private asleepUntil = 0;
  private endWanted = false;
  private closed = false;
  private running: Promise<void> = Promise.resolve();

  constructor(private readonly o: LightMacOptions) {
    if (o.standing) this.held.push({ from: 0 });
    this.link = new Link({ ...o, awake: (signal) => this.awake(signal) });
    this.outbox = createOutbox(this.link, o.user, (requestId) => this.reportBody(requestId, false, false));
  }

  get isAdmin(): boolean {
    return this.o.standing || this.held.some((h) => h.to === undefined);
  }
  get requestId(): string | undefined {
    return this.session?.requestId;
  }

  /** launchd: the agent runs until the Mac is closed, and again a moment after it died. */
  start(): void {
    this.running = this.keep();
  }
  async close(): Promise<void> {
    this.closed = true;
    this.agent.abort();
    await this.running;
  }
  kill(): void {
    this.agent.abort();
  }
  reboot(): void {
    this.boot = randomUUID().toUpperCase();
    this.agent.abort();
  }
  sleepFor(ms: number): void {
    this.asleepUntil = Math.max(this.asleepUntil, Date.now() + ms);
  }
  wake(): void {
    this.asleepUntil = 0;
  }
  end(): void {
    this.endWanted = true;
  }

  /** The Self Service of this Mac: one ask, however often it has to be sent. */
  async ask(windowMs: number, reason: string, tries: number): Promise<string> {
    const body = {
      askId: randomBytes(16).toString('hex'),
      localUser: this.o.user,
      windowMs,
      category: 'debug',
      reason,
    };
    for (let n = 1; ; n++) {
      try {
        const { requestId } = (await this.link.post('/device/v1/requests', body, this.agent.signal)).body;
        return String(requestId);
      } catch (error) {
        if ((error instanceof Refused && error.status !== 401) || n >= tries || this.closed) throw error;
        await sleep(700 * n);
      }
    }
  }

  private async keep(): Promise<void> {
    while (!this.closed) {
      this.agent = new AbortController();
      await this.daemon(this.agent.signal).catch(() => undefined);
      await sleep(1000);
    }
  }

  private async daemon(signal: AbortSignal): Promise<void> {
    await this.recover(signal);
    for (let pause = 1; !signal.aborted; ) {
      await this.awake(signal);
      const all = await this.outbox.flush(signal);
      await this.outbox.pushLogs(signal);
      this.endWanted = false;
      try {
        pause = await this.order(signal, all);
      } catch {
        pause = Math.min(8, pause * 2);
      }
      await sleep(pause * 1000, undefined, { signal });
    }
  }

  /** A session of another boot is over; one that was not confirmed is undone; an active one is held to its end. */
  private async recover(signal: AbortSignal): Promise<void> {
    const { session } = this;
    if (!session) return;
    await this.awake(signal);
    if (session.boot === this.boot && session.phase === 'active') await this.hold(session, signal);
    else await this.finish(session, signal, 'told');
  }

  /** Asks for orders and carries one out; answers how many seconds to wait. */
  private async order(signal: AbortSignal, allTold: boolean): Promise<number> {
    const { body } = await this.link.get(`/device/v1/orders?wait=${POLL_S}`, signal, (POLL_S + 5) * 1000);
    const requestId = String(body.requestId ?? '');
    if (body.order === 'start' && allTold) return (await this.begin(requestId, signal)) ? 1 : 2;
    if (body.order === 'end' || body.waiting === true) await this.report(requestId, this.o.standing, this.o.standing, signal);
    if (body.order === 'collect') this.outbox.log(requestId, '# sudo wrote no log\n');
    return Math.max(1, Number(body.pollAfterS) || 1);
  }

  private async begin(requestId: string, signal: AbortSignal): Promise<boolean> {
    if (this.o.standing) {
      await this.report(requestId, true, true, signal);
      return false;
    }
    const who = { localUser: this.o.user, bootSession: this.boot };
    const asked = performance.now();
    const claim = (await this.link.post(`/device/v1/elevations/${requestId}/claim`, who, signal)).body;
    const [maxS, startByS] = [Number(claim.maxS), Number(claim.startByS)];
    if (claim.authorised !== true || claim.localUser !== this.o.user || !(maxS > 0) || !(startByS > 0)) return false;
    if (performance.now() >= asked + startByS * 1000) return false;
    const deadlineMs = asked + maxS * 1000;
    const session: Session = {
      requestId,
      boot: this.boot,
      phase: 'granting',
      maxS,
      startMs: asked,
      deadlineMs,
      contactMs: asked,
    };
    this.session = session; // on the disk before the flip
    this.held.push({ from: Date.now() });
    if (!(await this.confirm(session, who, signal))) {
      await this.finish(session, signal, 'told');
      return false;
    }
    await this.hold(session, signal);
    return true;
  }

  private async confirm(session: Session, who: object, signal: AbortSignal): Promise<boolean> {
    const asked = performance.now();
    try {
      const { body } = await this.link.post(`/device/v1/elevations/${session.requestId}/confirm`, who, signal);
      const left = Number(body.remainingS);
      if (!(left > 0) || left > session.maxS) return false;
      Object.assign(session, { startMs: asked, contactMs: asked, deadlineMs: asked + left * 1000, phase: 'active' });
      return true;
    } catch (error) {
      if (signal.aborted) throw error; // a dead agent undoes nothing; the next one does
      return false; // no answer: no access
    }
  }

  /** The window, in steps of a second. Calls run beside it, so nothing delays the deadline. */
  private async hold(session: Session, signal: AbortSignal): Promise<void> {
    const over = new AbortController();
    const beside = AbortSignal.any([signal, over.signal]);
    let end: 'told' | 'user' | undefined;
    const beats = this.beat(session, beside, () => {
      end ??= 'told';
    });
    while (end === undefined && !signal.aborted) {
      await this.awake(signal);
      const now = performance.now();
      if (this.endWanted) end = 'user';
      else if (now >= session.deadlineMs || now - session.contactMs >= this.o.contactGraceMs) end = 'told';
      else await sleep(Math.min(1000, Math.max(10, session.deadlineMs - now)), undefined, { signal });
    }
    over.abort();
    await beats;
    if (end) await this.finish(session, signal, end);
  }

  private async beat(session: Session, signal: AbortSignal, ordered: () => void): Promise<void> {
    while (!signal.aborted) {
      try {
        const asked = performance.now();
        const { body } = await this.report(session.requestId, true, false, signal);
        session.contactMs = asked;
        const left = body.remainingS === undefined ? undefined : Number(body.remainingS);
        if (left !== undefined) this.move(session, asked + left * 1000, body.maxS);
        if (body.order === 'end') ordered();
      } catch {
        // silence: the deadline and the grace remain
      }
      await sleep(BEAT_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  /** Never past what was claimed, but for an extension that the server names the cap of. */
  private move(session: Session, deadlineMs: number, cap: unknown): void {
    const most = typeof cap === 'number' && cap > session.maxS ? cap : session.maxS;
    session.deadlineMs = Math.min(deadlineMs, session.startMs + most * 1000);
  }

  private async finish(session: Session, signal: AbortSignal, why: 'told' | 'user'): Promise<void> {
    const open = this.held.find((h) => h.to === undefined);
    if (open) open.to = Date.now();
    this.outbox.ended(session.requestId, why);
    // A start that was undone may be tried again for the same request; one log tells of both.
    if (session.phase === 'active') this.outbox.log(session.requestId, `# sudo wrote no log\n# ended on the Mac: ${why}\n`);
    this.session = undefined;
    await this.outbox.flush(signal);
  }

  private reportBody(requestId: string, admin: boolean, standing: boolean) {
    return { ...(requestId && { requestId }), localUser: this.o.user, admin, standing, bootSession: this.boot };
  }
  private report(requestId: string, admin: boolean, standing: boolean, signal: AbortSignal): Promise<Answer> {
    return this.link.post('/device/v1/report', this.reportBody(requestId, admin, standing), signal);
  }

  /** A Mac that sleeps does nothing, as little as an agent that was stopped. */
  private async awake(signal: AbortSignal): Promise<void> {
    while (Date.now() < this.asleepUntil) await sleep(100, undefined, { signal });
  }
}
