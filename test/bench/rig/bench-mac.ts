/**
 * A Mac without a Mac: says over the real device API what the agent says, signed, and is an administrator in a variable.
 * Hundreds of them fit into one process, where the real agent is a shell script with a core of its own.
 */
import { createHash, randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RequestId, Serial } from '../../../contract/ids.js';
import { type Reply, TestMac } from '../../device/api/mac.js';
import type { Owner } from './world.js';

/** Longer than any window and any wait of the bench, in ms. */
const PATIENCE_MS = 6 * 60_000;
/** After this long the agent acts on the same order again, in ms. */
const AGAIN_MS = 10_000;
const LOG = Buffer.from('no commands\n');

export class BenchMac {
  /** When it stopped being an administrator, in ms since 1970. */
  goneAt: number | undefined;
  private retired = false;
  private readonly mac: TestMac;
  private readonly headers: Record<string, string>;
  private readonly bootSession = randomBytes(8).toString('hex');

  constructor(
    readonly owner: Owner,
    /** A number of its own: behind one address, all Macs would share one limit of calls. */
    index: number,
    url: string,
    serverKey: ConstructorParameters<typeof TestMac>[2],
  ) {
    this.mac = new TestMac(owner.serial as Serial, url, serverKey, () => Date.now());
    this.headers = { 'x-forwarded-for': `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}` };
  }

  get publicKey(): string {
    return this.mac.key().publicKey;
  }

  /** Makes whatever this Mac is doing fail at its next step. */
  retire(): void {
    this.retired = true;
  }

  async ask(): Promise<RequestId> {
    const { body } = await this.post('/device/v1/requests', {
      askId: randomBytes(16).toString('hex'),
      localUser: this.owner.user,
      windowMs: this.owner.fleet.windowS * 1000,
      category: 'install',
      reason: 'Measure how long this takes here',
    });
    return body.requestId as RequestId;
  }

  /** Long polls as the agent does, until this order is there. */
  async waitFor(order: 'start' | 'end', requestId: RequestId): Promise<void> {
    for (const until = Date.now() + PATIENCE_MS; Date.now() < until; ) {
      const { status, body } = await this.poll(20);
      if (body.order === order && body.requestId === requestId) return;
      await sleep(status === 200 ? 500 : 250);
    }
    throw new Error(`${this.owner.serial} was not told to ${order} within ${PATIENCE_MS / 60_000} minutes`);
  }

  async claim(id: RequestId): Promise<void> {
    await this.post(`/device/v1/elevations/${id}/claim`, this.self);
  }

  /** Becomes an administrator. Answers its deadline in ms since 1970. */
  async confirm(id: RequestId): Promise<number> {
    this.goneAt = undefined;
    const { body } = await this.post(`/device/v1/elevations/${id}/confirm`, this.self);
    return Date.parse(String(body.deadlineAt));
  }

  /** Waits for the end, stops being an administrator, says so, and sends its log. */
  async endWhenTold(id: RequestId): Promise<void> {
    await this.waitFor('end', id);
    this.goneAt = Date.now();
    await this.sayGone(id);
    const sha256 = createHash('sha256').update(LOG).digest('hex');
    await this.post(`/device/v1/elevations/${id}/log`, { seq: 0, total: 1, data: LOG.toString('base64'), sha256 });
  }

  /** Says it again, as the agent does, for as long as it is told to end: a word that came too early proves nothing. */
  async insist(id: RequestId): Promise<void> {
    for (let said = Date.now(); ; await sleep(2_000)) {
      const { order, waiting } = (await this.poll(0)).body;
      if (order !== 'end' && waiting === false) return;
      if (order !== 'end' || Date.now() - said < AGAIN_MS) continue;
      said = Date.now();
      await this.sayGone(id);
    }
  }

  private sayGone(requestId: RequestId): Promise<Reply> {
    return this.post('/device/v1/report', { requestId, ...this.self, admin: false, standing: false });
  }

  /** An answer without a status when the server is away. */
  private async poll(waitS: number): Promise<Pick<Reply, 'status' | 'body'>> {
    this.insistInService();
    const path = `/device/v1/orders?wait=${waitS}`;
    return this.mac.get(path, { send: { headers: this.headers } }).catch(() => ({ status: 0, body: {} }));
  }

  private insistInService(): void {
    if (this.retired) throw new Error(`${this.owner.serial} was retired`);
  }

  private get self() {
    return { localUser: this.owner.user, bootSession: this.bootSession };
  }

  /** Again and again while the server is away or busy, as the agent does; a refusal is an error. */
  private async post(path: string, body: unknown): Promise<Reply> {
    for (const until = Date.now() + 120_000; ; await sleep(250)) {
      this.insistInService();
      const reply = await this.mac.post(path, body, { send: { headers: this.headers } }).catch(() => undefined);
      if (reply && reply.status < 300) return reply;
      const refused = reply && reply.status < 500 && reply.status !== 429;
      if (refused || Date.now() > until)
        throw new Error(`${this.owner.serial} ${path}: ${reply ? `${reply.status} ${JSON.stringify(reply.body)}` : 'no answer'}`);
    }
  }
}
