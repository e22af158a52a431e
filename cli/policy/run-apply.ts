/** `stint policy apply`: checks a policy with the people, says what it changes for whom, and puts it in force for all processes. */
import { StintError } from '../../contract/errors.js';
import { fileFindings } from '../../policy/check.js';
import { diffPolicies, type PolicyDiff } from '../../policy/diff.js';
import { withEveryRota } from '../../policy/duty.js';
import { parsePolicy } from '../../policy/load.js';
import { parsePeopleFile } from '../../policy/people.js';
import type { Policy } from '../../policy/rules.js';
import { loadConfig } from '../../workers/config.js';
import { readText as read } from '../../workers/file-text.js';
import type { Ask, PolicyShown } from '../../workers/questions.js';
import type { PolicyTaken } from '../../workers/take-policy.js';
import { justTheClock, operatorName, print, withStore } from '../ask.js';
import { checkNames, readText, withMistakes } from './read.js';
import { diffText } from './run-diff.js';

export interface ApplyOptions {
  readonly people?: string;
  readonly dryRun?: boolean;
  readonly anyway?: boolean;
  readonly json?: boolean;
}

/** What is known before anything is changed. */
interface Proposed {
  readonly file: string;
  readonly policy: Policy;
  /** What does not fit the people. */
  readonly found: readonly string[];
  readonly now: PolicyShown | undefined;
  /** Undefined where there is nothing that this version could compare it with. */
  readonly changes: PolicyDiff | undefined;
}

type Outcome = 'applied' | 'same' | 'not-applied';

/**
 * Sets exit code 1 when something does not fit the people; nothing is applied then, unless that is wanted. Throws
 * `bad-policy` and `bad-config` for what is wrong with a file, `state-conflict` when somebody else was faster, and what the
 * store throws.
 */
export async function applyPolicyFile(given: string | undefined, options: ApplyOptions): Promise<void> {
  await withStore(async (ask) => {
    const proposed = await withMistakes(
      options.json,
      (findings) => ({ outcome: 'not-applied', hash: null, findings, changes: null }),
      () => propose(given, options, ask),
    );
    const { found, now, policy } = proposed;
    const refused = found.length > 0 && !options.anyway;
    if (refused) process.exitCode = 1;
    const same = now?.hash === policy.hash;
    if (!refused && !same && !options.dryRun) await apply(proposed, ask);
    const outcome: Outcome = same ? 'same' : refused || options.dryRun ? 'not-applied' : 'applied';
    const { text: _, ...was } = now ?? {};
    const answer = { outcome, hash: policy.hash, was: now ? was : null, findings: found, changes: proposed.changes ?? null };
    print(options.json, answer, () => textOf(proposed, outcome, refused));
  }, justTheClock);
}

async function propose(given: string | undefined, options: ApplyOptions, ask: Ask): Promise<Proposed> {
  const { file, peopleFile } = filesOf(given, options.people);
  const fix = 'Give its path: stint policy apply policy.yaml --people people.yaml';
  const policy = parsePolicy(readText(file, fix), file);
  const people = parsePeopleFile(readText(peopleFile, fix), peopleFile);
  const found = await fileFindings(policy, people, file, checkNames() ?? []);
  const now = (await ask<PolicyShown | null | undefined>({ ask: 'policy-in-force' })) ?? undefined;
  const before = now && readable(now);
  return { file, policy, found, now, changes: before && diffPolicies(before, policy, withEveryRota(people)) };
}

function filesOf(file: string | undefined, people: string | undefined): { file: string; peopleFile: string } {
  if (file !== undefined && people !== undefined) return { file, peopleFile: people };
  const { policy } = loadConfig({ env: process.env, readFile: read, parts: ['policy'] });
  return { file: file ?? policy.policyFile, peopleFile: people ?? policy.peopleFile };
}

/** What another version of Stint applied may be no policy to this one: then it cannot be compared, and is replaced. */
function readable({ text, hash }: PolicyShown): Policy | undefined {
  try {
    return text === undefined ? undefined : parsePolicy(text, `policy ${hash.slice(0, 12)}`);
  } catch (error) {
    if (error instanceof StintError) return undefined;
    throw error;
  }
}

async function apply({ file, policy, now }: Proposed, ask: Ask): Promise<void> {
  const { done } = await ask<PolicyTaken>({
    ask: 'apply-policy',
    text: policy.source,
    name: file,
    operator: operatorName(),
    over: now?.hash ?? null,
  });
  if (done !== 'overtaken') return;
  const what = 'Somebody else put another policy in force meanwhile, so what was compared is not what would change.';
  throw new StintError('state-conflict', `${what} Nothing was applied; run it again.`);
}

function textOf({ file, policy, found, now, changes }: Proposed, outcome: Outcome, refused: boolean): string {
  const which = `policy ${policy.hash.slice(0, 12)}`;
  const was = now ? `policy ${now.hash.slice(0, 12)}, in force since ${now.since}, applied by ${now.by}` : 'no policy';
  const last = {
    same: `${file} is in force already (${was}); comments and layout make no other policy.`,
    applied: `${which} is in force from now on, for every process; before it was ${was}.`,
    'not-applied': refused
      ? `Nothing was applied; in force is ${was}. Mend the above, or say --anyway.`
      : `Nothing was applied; in force is ${was}.`,
  }[outcome];
  return [...found, ...(changes && outcome !== 'same' ? [diffText(changes)] : []), last].join('\n');
}
