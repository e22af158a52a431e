/**
 * The policy file of a process that runs. At its start the file is put in force if it is valid and new, at SIGHUP if it is
 * valid, and only where it fits the people; in between an edit counts for nothing, but is told. Whatever is wrong with the file, what is in force goes on.
 */
import type { Logger } from 'pino';
import type { Alarms } from '../contract/alarms.js';
import { isStintError, StintError } from '../contract/errors.js';
import { instant } from '../contract/ids.js';
import type { InForce, Store } from '../contract/ports.js';
import { fileFindings } from '../policy/check.js';
import { parsePolicy } from '../policy/load.js';
import type { Policy } from '../policy/rules.js';
import { peopleFileOf, policyOf } from './checks/policy.js';
import type { PartConfigs } from './config.js';
import { readText } from './file-text.js';
import { type PolicyTaken, type PolicyText, takePolicy } from './take-policy.js';

export interface PolicyFileDeps {
  readonly policy: PartConfigs['policy'];
  readonly tickets?: PartConfigs['tickets'];
  readonly store: { readonly policies: Store['policies']; readonly ledger: Pick<Store['ledger'], 'count'> };
  /** Which process, for the record. */
  readonly name: string;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  readonly log: Pick<Logger, 'info' | 'warn' | 'error'>;
  readonly alarms?: Alarms | undefined;
  /** Must not keep the process alive. */
  readonly wait: (ms: number) => Promise<void>;
}

export interface PolicyFile {
  /** Why the file is not what counts, as a sentence with its fix; undefined while it is. */
  trouble(): string | undefined;
  /** Puts the file in force, unless anything is wrong with it. Never throws: the answer is in the log and the alarms. */
  reload(): Promise<void>;
  stop(): void;
}

const EVERY_MS = 60_000;

/**
 * Puts the file in force as a start does. Throws `bad-policy` or `bad-config` only where no policy was ever in force and no
 * elevation is known, so that there is nothing to end; and what the store throws.
 */
export async function startPolicyFile(deps: PolicyFileDeps): Promise<PolicyFile> {
  const state = { stopped: false, trouble: undefined as string | undefined };
  const look = async () => {
    const now = await whatDiffers(deps);
    if (now !== undefined && now !== state.trouble) deps.log.warn({}, now);
    state.trouble = now;
  };
  await atStart(deps);
  await look();
  void watch(deps, look, () => state.stopped);
  return {
    trouble: () => state.trouble,
    reload: async () => {
      try {
        await reload(deps);
        await look();
      } catch (error) {
        deps.log.error({ err: error }, 'The policy file could not be put in force; what was in force goes on.');
      }
    },
    stop: () => {
      state.stopped = true;
    },
  };
}

async function watch({ wait, log }: PolicyFileDeps, look: () => Promise<void>, stopped: () => boolean): Promise<void> {
  for (;;) {
    await wait(EVERY_MS);
    if (stopped()) return;
    await look().catch((error: unknown) => log.warn({ err: error }, 'It could not be seen which policy is in force.'));
  }
}

/**
 * A file that was in force before is not brought back: a process that restarts with an old one must not undo what was applied
 * since. One that does not fit the people replaces nothing, as with SIGHUP; what is in force goes on with them as they are now.
 */
async function atStart(deps: PolicyFileDeps): Promise<void> {
  const { store, name, log } = deps;
  try {
    const policy = readPolicy(deps);
    const now = await store.policies.inForce();
    const odd = await oddOf(deps, policy).catch((error: unknown) => {
      if (!isMistake(error)) throw error;
      return [error.sentence];
    });
    const replaces = now !== undefined && !(await isThis(store, now, policy));
    if (odd.length > 0 && replaces) throw new StintError('bad-policy', odd.join('\n'));
    for (const one of odd) log.warn({}, one);
    // What was seen with the people was seen of this one: where another was applied meanwhile it stays.
    const over = odd.length > 0 ? { over: now?.hash ?? null } : {};
    const taken = await take(deps, policy, { by: `the start of ${name}`, unlessReplaced: true, ...over });
    if (taken.done === 'applied') log.info({ policy: taken.hash, was: taken.was?.hash }, 'The policy file is in force.');
  } catch (error) {
    if (!isMistake(error)) throw error;
    const known = (await store.policies.inForce()) !== undefined || (await store.ledger.count({})) > 0;
    if (!known) throw error;
    refuse(deps, error.sentence);
  }
}

/** Whether it is the policy in force; also where the version before read the same to another hash. */
async function isThis({ policies }: PolicyFileDeps['store'], now: InForce, { hash }: Policy): Promise<boolean> {
  if (now.hash === hash) return true;
  const text = await policies.get(now.hash);
  try {
    return text !== undefined && parsePolicy(text, 'the policy in force').hash === hash;
  } catch (error) {
    if (isMistake(error)) return false;
    throw error;
  }
}

async function reload(deps: PolicyFileDeps): Promise<void> {
  const { name, log } = deps;
  try {
    const policy = readPolicy(deps);
    const odd = await oddOf(deps, policy);
    if (odd.length > 0) throw new StintError('bad-policy', odd.join('\n'));
    const { done, hash, was } = await take(deps, policy, { by: `SIGHUP to ${name}` });
    const said = done === 'applied' ? 'The policy file is in force.' : 'The policy file is what was in force already.';
    log.info({ policy: hash, was: was?.hash }, said);
  } catch (error) {
    if (!isMistake(error)) throw error;
    refuse(deps, error.sentence);
  }
}

/** What does not fit between the policy and the people. Throws `bad-config` for a people file that is not valid. */
async function oddOf({ policy: paths, tickets }: PolicyFileDeps, policy: Policy): Promise<string[]> {
  const checks = tickets?.checks.map((check) => check.name);
  return fileFindings(policy, peopleFileOf({ policy: paths, readFile: readText }), paths.policyFile, checks);
}

/** Says it to everybody who is to be told; the first line is enough for most. */
function refuse({ policy, log, alarms }: PolicyFileDeps, why: string): void {
  log.error({}, `The policy file was not put in force; what was in force goes on. ${why}`);
  const sentence = `The policy file ${policy.policyFile} was not put in force: ${why.split('\n').slice(0, 5).join(' ')}`;
  const todo = 'Mend it, then: npx stint policy apply. Until then what was in force before goes on.';
  alarms?.raise({ key: 'policy-file', severity: 'error', sentence, todo });
}

async function whatDiffers(deps: PolicyFileDeps): Promise<string | undefined> {
  const now = await deps.store.policies.inForce();
  const goesOn = now ? `${described(now)} goes on.` : 'No policy is in force: nothing is granted.';
  try {
    const { hash } = readPolicy(deps);
    if (now?.hash === hash) return undefined;
    return `${deps.policy.policyFile} differs from the policy in force: ${goesOn} To have the file count: npx stint policy apply`;
  } catch (error) {
    if (!isMistake(error)) throw error;
    return `${error.sentence}\n${goesOn}`;
  }
}

const described = ({ hash, since, by }: InForce): string =>
  `policy ${hash.slice(0, 12)}, in force since ${since}, applied by ${by},`;

function readPolicy({ policy }: PolicyFileDeps): Policy {
  return policyOf({ policy, readFile: readText });
}

function take(
  { store, policy, clock }: PolicyFileDeps,
  { source }: Policy,
  how: Pick<PolicyText, 'by' | 'unlessReplaced' | 'over'>,
): Promise<PolicyTaken> {
  return takePolicy(store, { text: source, name: policy.policyFile, via: 'system', ...how }, instant(clock()));
}

function isMistake(error: unknown): error is StintError {
  return isStintError(error) && (error.code === 'bad-policy' || error.code === 'bad-config');
}
