/**
 * Workers of the real workflows against the real server, with the real duties, policy, seals and store; only the far
 * ends are fakes (`far-ends.ts`). Each harness has a namespace of its own and gives each elevation a Mac of its own, so
 * that files, and the tests of one file, can run beside each other.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { Client, Connection } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';
import { NativeConnection } from '@temporalio/worker';
import { createNews } from '../../activities/news.js';
import { createRecordDuties } from '../../activities/record.js';
import { createSealDuties } from '../../activities/seals.js';
import { type CallContext, createGrantDuties, createRevokeDuties } from '../../activities/target.js';
import type { DriverRegistry } from '../../activities/targets/registry.js';
import type { SlackDuties } from '../../contract/duties.js';
import { type LocalUser, type RequestId, type Serial, workflowIdOf } from '../../contract/ids.js';
import type { Sender } from '../../contract/messages.js';
import type { Directory, Gate, Person, Store, TargetDriver, TargetFacts } from '../../contract/ports.js';
import { ELEVATION, QUEUES, SEARCH_ATTRIBUTES } from '../../contract/queues.js';
import type { ElevationRequest, MacAdminTarget, Target } from '../../contract/request.js';
import { openStore } from '../../ledger/store.js';
import { createJudge } from '../../policy/judge.js';
import { parsePolicy } from '../../policy/load.js';
import { directoryFrom } from '../../policy/people.js';
import { requestDigest } from '../../seal/canonical.js';
import { createSealer, type Seal } from '../../seal/envelope.js';
import { generateSealKey, loadTrustedKeys, privateKeyFrom, trustedKeysText } from '../../seal/keys.js';
import { bundleFolder, payloadConverterPath, workflowBundle } from '../../workers/bundle.js';
import { createGate } from '../../workers/gate.js';
import { createPulse, type Pulse } from '../../workers/pulse.js';
import { activityCall, createWorkers, runWorkers } from '../../workers/worker.js';
import { ada, everyone, macOf, POLICY, REASON, requestOf } from '../fixtures/people.js';
import { Asked } from './asked.js';
import { FakeMac, fakeSlack, type Sent, troubled, troubledFence, troubledGrants, troubledSeals } from './far-ends.js';
import { allRuns, failedReplays } from './replays.js';
import { quietRuntime } from './runtime.js';
import { createTroubles, type Trouble } from './trouble.js';
import { until } from './until.js';

export { Asked } from './asked.js';
export { until } from './until.js';

/** Ada has as many Macs as a file may have elevations, so that none waits for another's. */
const MACS = Array.from({ length: 200 }, (_, i) => ({
  serial: `C02ADA${String(i).padStart(4, '0')}` as Serial,
  localUser: 'ada' as LocalUser,
  name: `ada-mac-${i}`,
}));

export interface Harness {
  readonly client: Client;
  readonly store: Store;
  readonly mac: FakeMac;
  readonly sent: Sent;
  readonly pulse: Pulse;
  readonly seals: { readonly [S in Sender]: Seal };
  readonly gates: { readonly [S in 'slack-app' | 'device-api' | 'cli']: Gate };
  trouble(requestId: RequestId): Trouble;
  /** A request of Ada's for a Mac of hers that nobody has asked for yet. */
  request(change?: Partial<ElevationRequest<MacAdminTarget>>): ElevationRequest<MacAdminTarget>;
  ask(change?: Partial<ElevationRequest<MacAdminTarget>>): Promise<Asked>;
  /** A hand on an elevation whose start somebody else sends. */
  hand<T extends Target = MacAdminTarget>(request: ElevationRequest<T>): Asked<T>;
  /** Asks for anything, as it stands. */
  askFor<T extends Target>(request: ElevationRequest<T>): Promise<Asked<T>>;
  /** What a holder of the Slack app's key, or a thief of one envelope, can send: nothing is checked on the way. */
  startRaw(requestId: RequestId, ...args: unknown[]): Promise<void>;
  sealStart(request: ElevationRequest<MacAdminTarget>): unknown;
  /** From now on the policy is another. */
  setPolicy(text: string): void;
  /** Those that were in force, by hash. */
  readonly policies: Pick<Store['policies'], 'get'>;
  /**
   * Waits until the grant call was answered. To be called before time is skipped: a call that is still out
   * would count as out until after the skipped time, which no clock of a Mac has reached.
   */
  granted(e: Asked): Promise<unknown>;
  /** Whether somebody was told this refusal. */
  refused(code: string, requestId: RequestId): boolean;
  /** No worker is there meanwhile. */
  outage(meanwhile: () => Promise<unknown>): Promise<void>;
  /** Stops all, and insists that every run that was made here replays: a worker that starts anew has to live it again. */
  close(): Promise<void>;
}

type Judge = ReturnType<typeof createJudge>;

export interface HarnessOptions {
  readonly policy?: string;
  readonly people?: readonly Person[];
  /** Who is who, where that changes while it runs; in place of `people`. */
  readonly directory?: Directory;
  /** Another Slack than the fake one. */
  readonly slack?: (store: Store) => SlackDuties;
  /** How its targets tell that the access is there; `update`, as Macs do, by default. */
  readonly confirmMode?: TargetDriver['confirmMode'];
  /** Other targets than the fake Macs, with what there is to know of them. */
  readonly targets?: (store: Store) => { readonly driverOf: DriverRegistry; readonly facts: readonly TargetFacts[] };
  /** Stands before the policy's judgement, to break it on purpose. */
  readonly judged?: (judge: Judge) => Judge;
  /** How far ahead of now the clock of the activities is: theirs does not skip with that of a workflow. */
  readonly aheadMs?: () => number;
  /** Another pulse of the news than the workers' own. */
  readonly beating?: CallContext['beating'];
}

async function makeNamespace(connection: Connection): Promise<string> {
  const namespace = `test-${randomUUID().slice(0, 8)}`;
  const workflowExecutionRetentionPeriod = msToTs('1 day');
  await connection.workflowService.registerNamespace({ namespace, workflowExecutionRetentionPeriod });
  const searchAttributes = Object.fromEntries(SEARCH_ATTRIBUTES.map((name) => [name, 2]));
  await until(async () => {
    await connection.operatorService.addSearchAttributes({ namespace, searchAttributes });
    return true;
  }, 'search attributes');
  return namespace;
}

function createSeals(clock: () => number) {
  const keys = {
    'slack-app': generateSealKey('slack-app'),
    'device-api': generateSealKey('device-api'),
    cli: generateSealKey('cli'),
  };
  const ring = loadTrustedKeys(trustedKeysText(Object.values(keys)));
  const sealOf = (sender: Sender) =>
    createSealer({ sender, ...privateKeyFrom(sender, keys[sender].privatePem), clock, random: (n) => randomBytes(n) });
  return { ring, seals: { 'slack-app': sealOf('slack-app'), 'device-api': sealOf('device-api'), cli: sealOf('cli') } };
}

export async function startHarness(address: string, options: HarnessOptions = {}): Promise<Harness> {
  quietRuntime();
  // Histories are fetched whole; some tests send megabytes.
  const connection = await Connection.connect({ address, channelArgs: { 'grpc.max_receive_message_length': 64 * 1024 * 1024 } });
  const native = await NativeConnection.connect({ address });
  const namespace = await makeNamespace(connection);
  const client = new Client({ connection, namespace, identity: 'stint-test', dataConverter: { payloadConverterPath } });

  const clock = () => Date.now() + (options.aheadMs?.() ?? 0);
  const store = await openStore({ memory: true, clock });
  const troubles = createTroubles();
  const mac = new FakeMac(troubles, options.confirmMode);
  const sent: Sent = { painted: [], dms: [], lines: [], called: [], answers: [] };
  const { ring, seals } = createSeals(clock);
  const sleep = (ms: number) => new Promise<void>((r) => setTimeout(r, ms));
  const gateOf = (sender: Sender, via: 'slack' | 'device' | 'cli') =>
    createGate({ client, store, seal: seals[sender], via, sleep });
  const gates = {
    'slack-app': gateOf('slack-app', 'slack'),
    'device-api': gateOf('device-api', 'device'),
    cli: gateOf('cli', 'cli'),
  };

  let policy = parsePolicy(options.policy ?? POLICY, 'policy.yaml');
  const policies = new Map([[policy.hash, policy.source]]);
  const people = (options.people ?? everyone).map((p) => (p.personId === ada.personId ? { ...p, macs: MACS } : p));
  const targets = options.targets?.(store);
  const kept: Harness['policies'] = { get: async (hash) => policies.get(hash) };
  const ownJudge = createJudge({
    policy: async () => policy,
    ...(targets && { targets: targets.facts }),
    directory: options.directory ?? directoryFrom(people),
    policies: kept,
    usage: store.usage,
    clock,
  });
  const judge = options.judged?.(ownJudge) ?? ownJudge;
  const bundle = await workflowBundle(bundleFolder);
  const fence = troubledFence(store.fence, troubles);
  const driverOf = targets?.driverOf ?? (() => mac);
  const target = { driverOf, fence, askEvidence: async () => {}, call: activityCall, clock, ...(!targets && { watchMs: 100 }) };
  const record = troubled(createRecordDuties({ store, judge, clock, runId: activityCall.runId, ring: () => ring }), troubles);
  const slack = options.slack?.(store) ?? fakeSlack(sent, troubles);
  const pulse = createPulse(clock);
  const deps = {
    pulse,
    connection: native,
    namespace,
    bundle,
    graceMs: 500,
    duties: {
      seals: troubledSeals(createSealDuties({ ring: () => ring, clock }), troubles),
      store: record,
      grant: troubledGrants(createGrantDuties(target), troubles),
      // As the Mac's clock: nothing of a grant call can still land when a proof is asked for.
      revoke: createRevokeDuties(targets ? target : { ...target, clock: () => clock() + 11_000 }),
      slack,
      news: createNews({ store: record, slack, beating: options.beating ?? activityCall.beating }),
    },
  };
  const run = async () => {
    const begun = runWorkers(await createWorkers(deps));
    begun.done.catch(() => undefined);
    return begun;
  };
  let running = await run();

  let asked = 0;
  const request = (change: Partial<ElevationRequest<MacAdminTarget>> = {}): ElevationRequest<MacAdminTarget> => {
    const own = MACS[asked++];
    if (!own) throw new Error('this file has more elevations than Ada has Macs');
    return requestOf({ target: macOf({ ...ada, macs: [own] }), ...change });
  };
  const hand = <T extends Target = MacAdminTarget>(of: ElevationRequest<T>) =>
    new Asked<T>({ client, gates, mac, request: of, trouble: troubles(of.requestId) });
  const askFor = async <T extends Target>(wanted: ElevationRequest<T>) => {
    await store.requests.putText(REASON);
    await gates['slack-app'].start(wanted, { personId: wanted.requester.personId });
    return hand(wanted);
  };
  return {
    client,
    store,
    mac,
    sent,
    pulse,
    seals,
    gates,
    trouble: troubles,
    request,
    hand,
    ask: (change) => askFor(request(change)),
    askFor,
    startRaw: async (requestId, ...args) => {
      await client.workflow.start(ELEVATION, { workflowId: workflowIdOf(requestId), taskQueue: QUEUES.story, args });
    },
    sealStart: (of) =>
      seals['slack-app']('start', of.requestId, requestDigest(of), { request: of }, { personId: of.requester.personId }, 'slack'),
    policies: kept,
    setPolicy: (text) => {
      policy = parsePolicy(text, 'policy.yaml');
      policies.set(policy.hash, policy.source);
    },
    granted: (e) =>
      until(async () => {
        // Looked at first: an answer from before the call was scheduled shows none either.
        const called = mac.count('grant', e.requestId) > 0;
        const { raw } = await e.handle.describe();
        const open = (raw.pendingActivities ?? []).some(({ activityType }) => activityType?.name === 'grant');
        return called && !open;
      }, 'the grant sent'),
    refused: (code, requestId) => sent.answers.some((a) => a.requestId === requestId && a.code === code),
    outage: async (meanwhile) => {
      running.stop();
      await running.done;
      await meanwhile();
      running = await run();
    },
    close: async () => {
      const runs = await allRuns(client);
      running.stop();
      await running.done;
      await store.close();
      await native.close();
      await connection.close();
      const failed = await failedReplays(bundle, runs);
      if (failed.length > 0)
        throw new Error(`${failed.length} of ${runs.length} runs do not replay`, { cause: failed[0]?.error });
    },
  };
}
