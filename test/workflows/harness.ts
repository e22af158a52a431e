/**
 * A worker of the real workflows against the real server, with the real duties, policy, seals and store; only the far
 * ends are fakes: a Mac that claims and confirms when the test says so, and Slack as a list of what was sent. Each
 * harness has a namespace of its own, so that test files can run beside each other.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { Client, Connection } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';
import { bundleWorkflowCode, DefaultLogger, NativeConnection, Runtime } from '@temporalio/worker';
import { createRecordDuties } from '../../activities/record.js';
import { createSealDuties } from '../../activities/seals.js';
import { createGrantDuties, createRevokeDuties } from '../../activities/target.js';
import type { DmKind, LineKind, SlackDuties } from '../../contract/duties.js';
import { type Instant, instant, type LocalUser, type RequestId, type Serial, workflowIdOf } from '../../contract/ids.js';
import type { ClaimAnswer, ConfirmAnswer, Sender } from '../../contract/messages.js';
import type { Gate, Observation, Person, Store, TargetDriver } from '../../contract/ports.js';
import { SEARCH_ATTRIBUTES } from '../../contract/queues.js';
import type { ElevationRequest } from '../../contract/request.js';
import type { State } from '../../contract/states.js';
import type { ElevationView } from '../../contract/view.js';
import { openStore } from '../../ledger/store.js';
import { createJudge } from '../../policy/judge.js';
import { parsePolicy } from '../../policy/load.js';
import { directoryFrom } from '../../policy/people.js';
import { requestDigest } from '../../seal/canonical.js';
import { createSealer, type Seal } from '../../seal/envelope.js';
import { generateSealKey, loadTrustedKeys, privateKeyFrom, trustedKeysText } from '../../seal/keys.js';
import { payloadConverterPath, workflowsPath } from '../../workers/bundle.js';
import { createGate } from '../../workers/gate.js';
import { activityCall, createWorkers, runWorkers } from '../../workers/worker.js';
import { everyone, POLICY, REASON, refOf, requestOf } from '../fixtures/people.js';
import { fastForward } from './fast-forward.js';

/** The far end: one Mac, as its driver sees it. */
export class FakeMac implements TargetDriver {
  readonly kind = 'mac-admin' as const;
  readonly settleMs = 0;
  readonly confirmMode = 'update' as const;
  /** The truth that tests judge by. */
  admin = new Set<string>();
  calls: { readonly what: 'grant' | 'revoke' | 'clear'; readonly requestId: RequestId; readonly at: number }[] = [];
  grantFails: Error | undefined;
  revokeFails: Error | undefined;
  /** What `observe` says instead of the truth. */
  silent = false;

  count(what: 'grant' | 'revoke', requestId: RequestId): number {
    return this.calls.filter((call) => call.what === what && call.requestId === requestId).length;
  }

  async observe(requestId: RequestId): Promise<Observation> {
    const observedAt = instant(Date.now());
    if (this.silent) return { access: 'unknown', observedAt, how: 'the Mac is silent' };
    return this.admin.has(requestId)
      ? { access: 'present', whose: 'ours', observedAt, how: 'is admin' }
      : { access: 'absent', observedAt, how: 'is no admin' };
  }

  async grant({ requestId }: { readonly requestId: RequestId }): Promise<void> {
    this.calls.push({ what: 'grant', requestId, at: Date.now() });
    if (this.grantFails) throw this.grantFails;
  }

  async revoke(requestId: RequestId): Promise<void> {
    this.calls.push({ what: 'revoke', requestId, at: Date.now() });
    if (this.revokeFails) throw this.revokeFails;
    this.admin.delete(requestId);
  }

  async clear(requestId: RequestId): Promise<void> {
    this.calls.push({ what: 'clear', requestId, at: Date.now() });
  }

  async listOurs(): Promise<readonly { readonly target: string }[]> {
    return [...this.admin].map((target) => ({ target }));
  }
}

/** What Slack was told. */
export interface Sent {
  readonly painted: ElevationView[];
  readonly dms: { readonly kind: DmKind; readonly view: ElevationView }[];
  readonly lines: { readonly kind: LineKind; readonly key: string; readonly requestId: RequestId }[];
  readonly answers: { readonly requestId: RequestId; readonly code: string; readonly actor: unknown }[];
}

export interface Harness {
  readonly client: Client;
  readonly store: Store;
  readonly mac: FakeMac;
  readonly sent: Sent;
  readonly slackDown: { value: boolean };
  readonly seals: { readonly [S in Sender]: Seal };
  readonly gates: { readonly [S in 'slack-app' | 'device-api' | 'cli']: Gate };
  ask(change?: Partial<ElevationRequest>): Promise<Asked>;
  close(): Promise<void>;
}

function fakeSlack(sent: Sent, down: { value: boolean }): SlackDuties {
  const up = () => {
    if (down.value) throw new Error('Slack is down');
  };
  return {
    paint: async (view) => {
      up();
      sent.painted.push(view);
    },
    dm: async (kind, view) => {
      up();
      sent.dms.push({ kind, view });
    },
    line: async (kind, view, key) => {
      up();
      sent.lines.push({ kind, key, requestId: view.request.requestId });
    },
    answer: async (requestId, actor, code) => {
      up();
      sent.answers.push({ requestId, actor, code });
    },
    fileEvidence: async () => up(),
  };
}

async function makeNamespace(connection: Connection): Promise<string> {
  const namespace = `test-${randomUUID().slice(0, 8)}`;
  await connection.workflowService.registerNamespace({
    namespace,
    workflowExecutionRetentionPeriod: msToTs('1 day'),
  });
  const searchAttributes = Object.fromEntries(SEARCH_ATTRIBUTES.map((name) => [name, 2]));
  await until(async () => {
    await connection.operatorService.addSearchAttributes({ namespace, searchAttributes });
    return true;
  }, 'search attributes');
  return namespace;
}

/** Polls until the condition answers something truthy; throws with its name after the deadline. */
export async function until<T>(look: () => Promise<T | undefined | false | null>, what: string, ms = 20_000): Promise<T> {
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

let bundle: Promise<{ code: string }> | undefined;
let installed = false;

export async function startHarness(
  address: string,
  options: { readonly policy?: string; readonly people?: readonly Person[] } = {},
): Promise<Harness> {
  if (!installed)
    Runtime.install({ logger: new DefaultLogger('ERROR', () => {}), telemetryOptions: { logging: { filter: 'off' } } });
  installed = true;
  bundle ??= bundleWorkflowCode({ workflowsPath, payloadConverterPath, logger: new DefaultLogger('ERROR') });
  const connection = await Connection.connect({ address });
  const native = await NativeConnection.connect({ address });
  const namespace = await makeNamespace(connection);
  const client = new Client({ connection, namespace, dataConverter: { payloadConverterPath } });

  const clock = () => Date.now();
  const store = await openStore({ memory: true, clock });
  const mac = new FakeMac();
  const sent: Sent = { painted: [], dms: [], lines: [], answers: [] };
  const slackDown = { value: false };
  const keys = {
    'slack-app': generateSealKey('slack-app'),
    'device-api': generateSealKey('device-api'),
    cli: generateSealKey('cli'),
  };
  const ring = loadTrustedKeys(trustedKeysText(Object.values(keys)));
  const sealOf = (sender: Sender) =>
    createSealer({ sender, ...privateKeyFrom(sender, keys[sender].privatePem), clock, random: (n) => randomBytes(n) });
  const seals = { 'slack-app': sealOf('slack-app'), 'device-api': sealOf('device-api'), cli: sealOf('cli') };
  const sleep = (ms: number) => new Promise<void>((r) => setTimeout(r, ms));
  const gateOf = (sender: Sender, via: 'slack' | 'device' | 'cli') =>
    createGate({ client, store, seal: seals[sender], via, sleep });
  const gates = {
    'slack-app': gateOf('slack-app', 'slack'),
    'device-api': gateOf('device-api', 'device'),
    cli: gateOf('cli', 'cli'),
  };

  const policy = parsePolicy(options.policy ?? POLICY, 'policy.yaml');
  const directory = directoryFrom(options.people ?? everyone);
  const judge = createJudge({ policy: async () => policy, directory, policies: store.policies, clock });
  // The grant's own clock runs behind, so that a proof need not wait for the ten seconds in which a call may still leave.
  const target = { driverOf: () => mac, fence: store.fence, askEvidence: async () => {}, call: activityCall, watchMs: 100 };
  const workers = await createWorkers({
    connection: native,
    namespace,
    bundle: await bundle,
    graceMs: 500,
    duties: {
      seals: createSealDuties({ ring: () => ring, clock }),
      store: createRecordDuties({ store, judge, clock, runId: activityCall.runId }),
      grant: createGrantDuties({ ...target, clock: () => Date.now() - 11_000 }),
      revoke: createRevokeDuties({ ...target, clock }),
      slack: fakeSlack(sent, slackDown),
    },
  });
  const running = runWorkers(workers);
  running.done.catch(() => undefined);

  return {
    client,
    store,
    mac,
    sent,
    slackDown,
    seals,
    gates,
    ask: async (change = {}) => {
      const request = requestOf(change);
      await store.requests.putText(REASON);
      await gates['slack-app'].start(request, { personId: request.requester.personId });
      return new Asked(client, gates, mac, request);
    },
    close: async () => {
      running.stop();
      await running.done;
      await store.close();
      await native.close();
      await connection.close();
    },
  };
}

/** One elevation in a test's hands. */
export class Asked {
  readonly digest;
  readonly requestId: RequestId;

  constructor(
    private readonly client: Client,
    private readonly gates: Harness['gates'],
    private readonly mac: FakeMac,
    readonly request: ElevationRequest,
  ) {
    this.requestId = request.requestId;
    this.digest = requestDigest(request);
  }

  get handle() {
    return this.client.workflow.getHandle(workflowIdOf(this.requestId));
  }

  private actor(who: Person) {
    return {
      personId: who.personId,
      ...(who.slack[0] && { slackTeamId: who.slack[0].teamId, slackUserId: who.slack[0].userId }),
    };
  }

  approve(who: Person, windowMs = this.request.windowMs, digest = this.digest) {
    return this.gates['slack-app'].send('approve', this.requestId, digest, { windowMs }, this.actor(who));
  }
  deny(who: Person, digest = this.digest) {
    return this.gates['slack-app'].send('deny', this.requestId, digest, {}, this.actor(who));
  }
  revoke(who: Person) {
    return this.gates['slack-app'].send('revoke', this.requestId, this.digest, {}, this.actor(who));
  }
  end(who: Person) {
    return this.gates['slack-app'].send('end', this.requestId, this.digest, {}, this.actor(who));
  }
  withdraw(who: Person) {
    return this.gates['slack-app'].send('withdraw', this.requestId, this.digest, {}, this.actor(who));
  }
  extend(who: Person, windowMs: number) {
    return this.gates['slack-app'].send('askExtension', this.requestId, this.digest, { windowMs }, this.actor(who));
  }
  closeUnproven(who: Person) {
    return this.gates['slack-app'].send(
      'closeUnproven',
      this.requestId,
      this.digest,
      { findingDigest: this.digest },
      this.actor(who),
    );
  }
  contactLost(lastHeardAt: Instant) {
    return this.gates['device-api'].send(
      'contactLost',
      this.requestId,
      this.digest,
      { lastHeardAt },
      { serial: this.request.target.serial },
    );
  }
  evidenceComplete() {
    return this.gates['device-api'].send(
      'evidenceComplete',
      this.requestId,
      this.digest,
      { chunks: 1, bytes: 10, digest: this.digest },
      { serial: this.request.target.serial },
    );
  }

  private mine(change: { serial?: Serial; localUser?: LocalUser } = {}) {
    const { serial, localUser } = { ...this.request.target, ...change };
    return { serial, localUser, bootSession: 'B00T-1' };
  }

  claim(change?: { serial?: Serial; localUser?: LocalUser }) {
    const body = this.mine(change);
    return this.gates['device-api'].ask<'claim', ClaimAnswer>('claim', this.requestId, this.digest, body, {
      serial: body.serial,
    });
  }

  /** As the Mac does it: becomes admin, then tells; undoes when it is not believed. */
  async confirm(): Promise<ConfirmAnswer> {
    this.mac.admin.add(this.requestId);
    const body = this.mine();
    const answer = await this.gates['device-api'].ask<'confirm', ConfirmAnswer>('confirm', this.requestId, this.digest, body, {
      serial: body.serial,
    });
    if (!answer.ok) this.mac.admin.delete(this.requestId);
    return answer;
  }

  /** Approves, and plays the Mac until the clock runs. */
  async activate(approver: Person, windowMs = this.request.windowMs): Promise<void> {
    await this.approve(approver, windowMs);
    await this.in('granting');
    await this.claim();
    const answer = await this.confirm();
    if (!answer.ok) throw new Error(`not confirmed: ${answer.code}`);
  }

  view(): Promise<ElevationView | null> {
    return this.handle.query<ElevationView | null>('state');
  }

  /** Waits until the elevation is in that state. */
  in(...states: State[]): Promise<ElevationView> {
    return until(
      async () => {
        const view = await this.view();
        return view && states.includes(view.state) ? view : undefined;
      },
      `${this.requestId} in ${states.join('|')}`,
    );
  }

  skip(ms: number): Promise<unknown> {
    return fastForward(this.client, workflowIdOf(this.requestId), ms);
  }

  result(): Promise<string> {
    return this.handle.result() as Promise<string>;
  }
}

export { refOf };
