/** One elevation in a test's hands: what people, its Mac and an operator can do to it. */
import type { Client } from '@temporalio/client';
import { type Digest, type Instant, type LocalUser, type RequestId, type Serial, workflowIdOf } from '../../contract/ids.js';
import type { ClaimAnswer, ConfirmAnswer } from '../../contract/messages.js';
import type { Gate, Person } from '../../contract/ports.js';
import type { ElevationRequest, MacAdminTarget, Target } from '../../contract/request.js';
import type { State } from '../../contract/states.js';
import type { ElevationView } from '../../contract/view.js';
import { requestDigest, sha256 } from '../../seal/canonical.js';
import { macIn } from '../fixtures/people.js';
import type { FakeMac } from './far-ends.js';
import { fastForward } from './fast-forward.js';
import type { Trouble } from './trouble.js';
import { until, within } from './until.js';

export interface AskedDeps<T extends Target = MacAdminTarget> {
  readonly client: Client;
  readonly gates: { readonly [S in 'slack-app' | 'device-api' | 'cli']: Gate };
  readonly mac: FakeMac;
  readonly request: ElevationRequest<T>;
  readonly trouble: Trouble;
}

export class Asked<T extends Target = MacAdminTarget> {
  readonly request: ElevationRequest<T>;
  readonly digest: Digest;
  readonly requestId: RequestId;
  readonly workflowId: string;
  readonly trouble: Trouble;

  constructor(private readonly deps: AskedDeps<T>) {
    this.request = deps.request;
    this.trouble = deps.trouble;
    this.requestId = this.request.requestId;
    this.digest = requestDigest(this.request);
    this.workflowId = workflowIdOf(this.requestId);
  }

  get handle() {
    return this.deps.client.workflow.getHandle(this.workflowId);
  }

  /** Whether the Mac's account is an administrator now. */
  get isAdmin(): boolean {
    return this.deps.mac.admin.has(this.requestId);
  }

  calls(what: 'grant' | 'revoke' | 'clear'): number {
    return this.deps.mac.count(what, this.requestId);
  }

  private actor(who: Person) {
    return {
      personId: who.personId,
      ...(who.slack[0] && { slackTeamId: who.slack[0].teamId, slackUserId: who.slack[0].userId }),
    };
  }

  private get macTarget(): MacAdminTarget {
    return macIn(this.request.target);
  }

  private get slack() {
    return this.deps.gates['slack-app'];
  }
  private get device() {
    return this.deps.gates['device-api'];
  }

  approve(who: Person, windowMs = this.request.windowMs, digest = this.digest, comment?: string) {
    const body = { windowMs, ...(comment && { commentDigest: sha256(comment) }) };
    return this.slack.send('approve', this.requestId, digest, body, this.actor(who));
  }
  deny(who: Person, digest = this.digest, comment?: string) {
    return this.slack.send('deny', this.requestId, digest, comment ? { commentDigest: sha256(comment) } : {}, this.actor(who));
  }
  revoke(who: Person, comment?: string) {
    const body = comment ? { commentDigest: sha256(comment) } : {};
    return this.slack.send('revoke', this.requestId, this.digest, body, this.actor(who));
  }
  end(who: Person) {
    return this.slack.send('end', this.requestId, this.digest, {}, this.actor(who));
  }
  /** The Mac says that it ended by itself, or as it was told. */
  endByMac() {
    const actor = { personId: this.request.subject.personId, serial: this.macTarget.serial };
    return this.device.send('end', this.requestId, this.digest, {}, actor);
  }
  withdraw(who: Person) {
    return this.slack.send('withdraw', this.requestId, this.digest, {}, this.actor(who));
  }
  extend(who: Person, windowMs: number) {
    return this.slack.send('askExtension', this.requestId, this.digest, { windowMs }, this.actor(who));
  }
  closeUnproven(who: Person) {
    return this.slack.send('closeUnproven', this.requestId, this.digest, { findingDigest: this.digest }, this.actor(who));
  }
  contactLost(lastHeardAt: Instant) {
    return this.device.send('contactLost', this.requestId, this.digest, { lastHeardAt }, { serial: this.macTarget.serial });
  }
  evidenceComplete() {
    const body = { chunks: 1, bytes: 10, digest: this.digest };
    return this.device.send('evidenceComplete', this.requestId, this.digest, body, { serial: this.macTarget.serial });
  }

  private mine(change: { serial?: Serial; localUser?: LocalUser } = {}) {
    const { serial, localUser } = { ...this.macTarget, ...change };
    return { serial, localUser, bootSession: 'B00T-1' };
  }

  claim(change?: { serial?: Serial; localUser?: LocalUser }) {
    const body = this.mine(change);
    return this.device.ask<'claim', ClaimAnswer>('claim', this.requestId, this.digest, body, { serial: body.serial });
  }

  /** As the Mac does it: becomes admin, then tells; undoes when it is not believed. */
  async confirm(): Promise<ConfirmAnswer> {
    const { admin } = this.deps.mac;
    admin.add(this.requestId);
    const body = this.mine();
    let believed = false;
    try {
      const answer = await this.device.ask<'confirm', ConfirmAnswer>('confirm', this.requestId, this.digest, body, {
        serial: body.serial,
      });
      believed = answer.ok;
      return answer;
    } finally {
      if (!believed) admin.delete(this.requestId);
    }
  }

  /** Approves, and plays the Mac until the clock runs. */
  async activate(approver: Person, windowMs = this.request.windowMs): Promise<void> {
    await this.approve(approver, windowMs);
    await this.in('granting');
    await this.claim();
    const answer = await this.confirm();
    if (!answer.ok) throw new Error(`not confirmed: ${answer.code}`);
  }

  /** Until the seal of a message is being checked. */
  async checks(): Promise<void> {
    await until(async () => {
      const { raw } = await this.handle.describe();
      return raw.pendingActivities?.some(({ activityType }) => activityType?.name === 'openMessages');
    }, 'the check of a seal');
  }

  /** Sends the log's end once it is waited for; returns when it is, or when the story is over without it. */
  async logIfAsked(): Promise<void> {
    const wanted = await until(async () => {
      const over = (await this.handle.describe()).status.name !== 'RUNNING';
      return over ? 'over' : (await this.view())?.state === 'collecting' && 'log';
    }, 'the log to be waited for');
    if (wanted === 'log') await this.evidenceComplete();
  }

  /** Sends the log's end and waits for the outcome. */
  async finish(): Promise<string> {
    await this.in('collecting');
    await this.evidenceComplete();
    return this.result();
  }

  view(): Promise<ElevationView | null> {
    return this.handle.query<ElevationView | null>('state');
  }

  /** Waits until the view is as wanted. */
  async sees(wanted: (view: ElevationView) => unknown, what: string): Promise<ElevationView> {
    let last: ElevationView | null = null;
    try {
      return await until(async () => {
        last = await this.view();
        return last && wanted(last) ? last : undefined;
      }, `${what} (${this.requestId})`);
    } catch (cause) {
      const { state, outcome = 'no outcome', refusals } = (last as ElevationView | null) ?? {};
      throw new Error(`${(cause as Error).message}; last seen: ${state}, ${outcome}, ${refusals} refusals`, { cause });
    }
  }

  /** Waits until the elevation is in that state. */
  in(...states: State[]): Promise<ElevationView> {
    return this.sees((view) => states.includes(view.state), states.join('|'));
  }

  /** Waits until nothing is under way but these activities, which the test lets through later. */
  async rests(but: readonly string[] = []): Promise<void> {
    let rests = 0;
    await until(async () => {
      const { raw } = await this.handle.describe();
      const others = raw.pendingActivities?.filter(({ activityType }) => !but.includes(activityType?.name ?? '')) ?? [];
      rests = raw.pendingWorkflowTask || others.length > 0 ? 0 : rests + 1;
      return rests >= 5;
    }, 'the run to rest');
  }

  skip(ms: number): Promise<'reached' | 'ended'> {
    return within(200_000, `${ms} ms to be skipped`, fastForward(this.deps.client, this.workflowId, ms));
  }

  async result(): Promise<string> {
    return (await within(100_000, 'the elevation to be over', this.handle.result())) as string;
  }

  async runId(): Promise<string> {
    return (await this.handle.describe()).runId;
  }

  /** The operator's reset to the first workflow task, signals applied again; answers the new run's id. */
  async reset(runId?: string): Promise<string> {
    const { client } = this.deps;
    const { namespace } = client.options;
    const execution = { workflowId: this.workflowId, runId: runId ?? (await this.runId()) };
    const { history } = await client.workflowService.getWorkflowExecutionHistory({ namespace, execution });
    const firstTask = history?.events?.find((event) => event.workflowTaskCompletedEventAttributes)?.eventId;
    const answer = await client.workflowService.resetWorkflowExecution({
      namespace,
      workflowExecution: execution,
      reason: 'test',
      workflowTaskFinishEventId: firstTask ?? null,
      requestId: `reset-${execution.runId}`,
      resetReapplyType: 1,
    });
    return answer.runId;
  }
}
