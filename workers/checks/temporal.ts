/**
 * Temporal: whether it answers, is new enough, and has the namespace and the search attributes as Stint needs them. Only
 * looks. The worker asks the same before it polls, so that a mistake is told there in the same words.
 */
import { Connection, ScheduleClient, ScheduleNotFoundError } from '@temporalio/client';
import { StintError } from '../../contract/errors.js';
import { QUEUES, RECONCILE_SCHEDULE, SEARCH_ATTRIBUTES } from '../../contract/queues.js';
import type { PartConfigs } from '../config.js';
import type { Check, Say } from './check.js';
import type { AskClock } from './clock.js';
import { examineSharers } from './sharers.js';

/**
 * The first server in which workflow updates are on by default; without them no Mac can claim or confirm
 * (https://docs.temporal.io/encyclopedia/workflow-message-passing). `TESTED` is what every release runs its tests on.
 */
const NEEDED = '1.25.0';
const TESTED = '1.32.0';
/** A closed run is what one looks into after an incident; messages themselves live for a day at most. */
const RETENTION_GOOD_S = 7 * 24 * 3600;
const RETENTION_LEAST_S = 24 * 3600;
/** Temporal's numbers for a namespace in use, for the type Keyword, and for a queue of workflows. */
const REGISTERED = 1;
export const KEYWORD = 2;
const WORKFLOW_QUEUE = 1;
const POLLERS_KEPT_MS = 5 * 60_000 + 1000;
const CONNECT_MS = 5_000;
/** gRPC's numbers (https://grpc.io/docs/guides/status-codes/). */
const GRPC = { invalid: 3, notFound: 5, denied: 7, unauthenticated: 16, unimplemented: 12 } as const;

type TemporalOptions = { readonly address: string; readonly tls: boolean; readonly apiKey?: string };
type Trouble = { readonly check: string; readonly level: 'warn' | 'fail'; readonly found: string; readonly fix?: string };

/** All of it, as rows. `awsWorkers`: among how many workers AWS' changes at a time are shared, where AWS is set up. */
export function checkTemporal(temporal: PartConfigs['temporal'], awsWorkers?: number): Check {
  return async (say) => {
    const { namespace } = temporal;
    const connection = await connect(optionsOf(temporal));
    try {
      if (!(await examineServer(connection, namespace, say))) return;
      await examineAttributes(connection, namespace, say);
      await examineSchedule(connection, namespace, say);
      if (awsWorkers !== undefined) await examineSharers(connection, namespace, awsWorkers, say);
    } finally {
      await connection.close();
    }
  };
}

function optionsOf({ address, tls, apiKey }: PartConfigs['temporal']): TemporalOptions {
  return { address, tls, ...(apiKey && { apiKey: apiKey.reveal() }) };
}

async function connect(options: TemporalOptions): Promise<Connection> {
  try {
    return await Connection.connect({ ...options, connectTimeout: CONNECT_MS });
  } catch (error) {
    const { code } = error as { readonly code?: unknown };
    const sentence =
      code === GRPC.unauthenticated || code === GRPC.denied
        ? `Temporal at ${options.address} refuses the API key. Correct TEMPORAL_API_KEY.`
        : `Temporal at ${options.address} cannot be reached (${said(error)}). Is it running, and are TEMPORAL_ADDRESS and TEMPORAL_TLS right?`;
    throw new StintError('temporal-unavailable', sentence, { cause: error });
  }
}

/** Answers whether there is a namespace to look into. */
async function examineServer(connection: Connection, namespace: string, say: Say): Promise<boolean> {
  const { serverVersion } = await connection.workflowService.getSystemInfo({});
  const version = serverVersion || 'unknown';
  const trouble = [...versionTrouble(version), ...(await namespaceTrouble(connection, namespace))];
  if (!trouble.some(({ check }) => check === 'version')) say.ok('version', `the server is ${version}`);
  const there = !trouble.some(({ check }) => check === 'namespace');
  if (there) say.ok('namespace', `${namespace} is there`);
  for (const { check, level, found, fix } of trouble) say[level](check, found, fix);
  return there;
}

/** Pure; a version such as `1.28.0-145.0` is Temporal Cloud's. */
export function versionTrouble(version: string): readonly Trouble[] {
  const numbers = /^(\d+)\.(\d+)\.(\d+)/.exec(version)?.slice(1).map(Number);
  const fix = `Run Temporal ${NEEDED} or later; ${TESTED} is what Stint is tested with.`;
  if (!numbers) return [{ check: 'version', level: 'warn', found: `the server does not say its version (${version})`, fix }];
  if (isBefore(numbers, NEEDED)) {
    const found = `the server is ${version}, older than ${NEEDED}: without workflow updates no Mac can claim or confirm`;
    return [{ check: 'version', level: 'fail', found, fix }];
  }
  if (!isBefore(numbers, TESTED)) return [];
  return [{ check: 'version', level: 'warn', found: `the server is ${version}, older than the tested ${TESTED}`, fix }];
}

function isBefore(numbers: readonly number[], limit: string): boolean {
  const limits = limit.split('.').map(Number);
  const at = numbers.findIndex((number, i) => number !== limits[i]);
  return at !== -1 && (numbers[at] ?? 0) < (limits[at] ?? 0);
}

async function namespaceTrouble(connection: Connection, namespace: string): Promise<readonly Trouble[]> {
  const create = `temporal operator namespace create -n ${namespace} --retention 30d`;
  let described: Awaited<ReturnType<Connection['workflowService']['describeNamespace']>>;
  try {
    described = await connection.workflowService.describeNamespace({ namespace });
  } catch (error) {
    const { code } = error as { readonly code?: unknown };
    if (code === GRPC.notFound || code === GRPC.invalid) {
      const fix = `Run "${create}", or correct TEMPORAL_NAMESPACE.`;
      return [{ check: 'namespace', level: 'fail', found: `there is no namespace ${namespace}`, fix }];
    }
    const found = `the namespace ${namespace} cannot be looked at (${said(error)})`;
    const fix = 'Let the API key of Stint use this namespace.';
    return [{ check: 'namespace', level: 'fail', found, fix }];
  }
  const { namespaceInfo, config } = described;
  const trouble: Trouble[] = [];
  if (namespaceInfo?.state !== REGISTERED) {
    const found = `the namespace ${namespace} is being deleted or deprecated`;
    trouble.push({ check: 'namespace', level: 'fail', found, fix: 'Name another one in TEMPORAL_NAMESPACE.' });
  }
  if (namespaceInfo?.capabilities?.syncUpdate === false) {
    const found = 'workflow updates are switched off: no Mac can claim or confirm';
    trouble.push({ check: 'updates', level: 'fail', found, fix: 'Set frontend.enableUpdateWorkflowExecution to true.' });
  }
  return [...trouble, ...retentionTrouble(Number(config?.workflowExecutionRetentionTtl?.seconds ?? 0), namespace)];
}

function retentionTrouble(seconds: number, namespace: string): readonly Trouble[] {
  if (seconds >= RETENTION_GOOD_S) return [];
  const least = seconds < RETENTION_LEAST_S;
  const why = least
    ? 'a message lives for a day, and the run that it belongs to must still be found'
    : 'after an incident one wants to look into closed runs; the ledger is kept anyway';
  const fix = `Run "temporal operator namespace update -n ${namespace} --retention 30d".`;
  const found = `closed runs are kept for ${seconds / 3600} h: ${why}`;
  return [{ check: 'retention', level: least ? 'fail' : 'warn', found, fix }];
}

async function examineAttributes(connection: Connection, namespace: string, say: Say): Promise<void> {
  const attributes = await attributeTypes(connection, namespace);
  if (attributes === 'unseen') {
    const found = 'the search attributes cannot be looked at from here; Temporal Cloud shows them in its own console';
    return say.warn('search attributes', found, `See that these exist as Keyword: ${SEARCH_ATTRIBUTES.join(', ')}.`);
  }
  const { missing, other } = attributes;
  if (other.length > 0) say.fail('search attributes', otherType(other), otherTypeFix);
  if (missing.length > 0) {
    const found = `${missing.join(', ')} are missing; a worker makes them at its start, if Temporal lets it`;
    say.warn('search attributes', found, createAttributes(namespace, missing));
  }
  if (missing.length + other.length === 0) say.ok('search attributes', `all ${SEARCH_ATTRIBUTES.length} are there, as Keyword`);
}

const otherType = (names: readonly string[]) => `${names.join(', ')} are there, but not of the type Keyword`;
const otherTypeFix =
  'A type cannot be changed: give Stint a namespace of its own, or let nobody else use these names, and remove and make them anew.';

function createAttributes(namespace: string, names: readonly string[]): string {
  const options = names.map((name) => `--name ${name} --type Keyword`).join(' ');
  return `Run "temporal operator search-attribute create -n ${namespace} ${options}".`;
}

/** Which of ours are missing, and which are of another type; `unseen` where the service does not let us look. */
async function attributeTypes(
  connection: Connection,
  namespace: string,
): Promise<{ readonly missing: readonly string[]; readonly other: readonly string[] } | 'unseen'> {
  try {
    const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
    const types = new Map(Object.entries(customAttributes ?? {}));
    return {
      missing: SEARCH_ATTRIBUTES.filter((name) => !types.has(name)),
      other: SEARCH_ATTRIBUTES.filter((name) => types.has(name) && types.get(name) !== KEYWORD),
    };
  } catch (error) {
    const { code } = error as { readonly code?: unknown };
    if (code === GRPC.denied || code === GRPC.unimplemented || code === GRPC.notFound) return 'unseen';
    throw new StintError('temporal-unavailable', `Temporal did not show its search attributes (${said(error)}).`, {
      cause: error,
    });
  }
}

async function examineSchedule(connection: Connection, namespace: string, say: Say): Promise<void> {
  try {
    const schedule = await new ScheduleClient({ connection, namespace }).getHandle(RECONCILE_SCHEDULE).describe();
    if (!schedule.state.paused) return say.ok('reconciler', `the Schedule ${RECONCILE_SCHEDULE} is there`);
    const found = `the Schedule ${RECONCILE_SCHEDULE} is paused: nobody compares the targets with the store`;
    say.warn(
      'reconciler',
      found,
      `Run "temporal schedule toggle --schedule-id ${RECONCILE_SCHEDULE} --unpause -n ${namespace}".`,
    );
  } catch (error) {
    if (!(error instanceof ScheduleNotFoundError))
      return say.warn('reconciler', `its Schedule cannot be looked at (${said(error)})`);
    const found = `there is no Schedule ${RECONCILE_SCHEDULE}: nobody compares the targets with the store`;
    say.warn('reconciler', found, 'A worker makes it when it starts. Start one, and see its log if this stays.');
  }
}

/**
 * Temporal's clock, as far as it tells: when a worker last polled the story's queue, which it forgets after five minutes.
 * Good enough for a clock that is off by an hour, and the only trace that it leaves without making anything.
 */
export function temporalClock(temporal: PartConfigs['temporal'], clock: () => number): AskClock {
  return async () => {
    const connection = await connect(optionsOf(temporal));
    try {
      const before = clock();
      const { pollers } = await connection.workflowService.describeTaskQueue({
        namespace: temporal.namespace,
        taskQueue: { name: QUEUES.story },
        taskQueueType: WORKFLOW_QUEUE,
      });
      const seen = (pollers ?? []).map(({ lastAccessTime }) => Number(lastAccessTime?.seconds ?? 0) * 1000);
      if (seen.length === 0) throw new Error('nobody polls, so Temporal does not show its clock');
      return { source: 'Temporal', theirs: Math.max(...seen), resolutionMs: POLLERS_KEPT_MS, before, after: clock() };
    } finally {
      await connection.close();
    }
  };
}

/**
 * Why a worker must not poll here, each with its fix, or that it may: the version, the namespace, and search attributes
 * that are there in another type. Those that are missing it makes by itself. Throws `temporal-unavailable`.
 */
export async function requireFit(connection: Connection, namespace: string): Promise<void> {
  const { serverVersion } = await connection.workflowService.getSystemInfo({});
  const attributes = await attributeTypes(connection, namespace);
  const other = attributes === 'unseen' ? [] : attributes.other;
  const trouble = [...versionTrouble(serverVersion || 'unknown'), ...(await namespaceTrouble(connection, namespace))];
  const found = trouble.filter(({ level }) => level === 'fail').map((one) => `${one.found}. ${one.fix ?? ''}`);
  if (other.length > 0) found.push(`${otherType(other)}. ${otherTypeFix}`);
  if (found.length > 0) throw new StintError('temporal-unavailable', `Temporal cannot be used as it is: ${found.join(' ')}`);
}

/** Which of our search attributes are not there; `unseen` where the service does not let us look. */
export async function missingAttributes(connection: Connection, namespace: string): Promise<readonly string[] | 'unseen'> {
  const attributes = await attributeTypes(connection, namespace);
  return attributes === 'unseen' ? attributes : attributes.missing;
}

/** What to say when the search attributes are missing and Temporal does not let us make them. */
export function notMade(namespace: string, names: readonly string[], error: unknown): StintError {
  const sentence = `The search attributes ${names.join(', ')} are missing, and Temporal did not let us make them (${said(error)}). ${createAttributes(namespace, names)}`;
  return new StintError('temporal-unavailable', sentence, { cause: error });
}

/** gRPC's own words, in one line. */
function said(error: unknown): string {
  const { details } = error as { readonly details?: unknown };
  const text = typeof details === 'string' && details ? details : error instanceof Error ? error.message : 'no answer';
  return text.replace(/\s+/g, ' ').slice(0, 160);
}
