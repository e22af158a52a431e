/** What `stint policy explain` and `who-can-approve` do: read both files as they are now, ask the policy, and print its reasons. */
import { isStintError, StintError } from '../../contract/errors.js';
import type { PersonId } from '../../contract/ids.js';
import type { Person } from '../../contract/ports.js';
import type { Reason } from '../../policy/attributes.js';
import { parseMoment } from '../../policy/calendar.js';
import { parseDuration } from '../../policy/duration.js';
import { EVER } from '../../policy/escalation.js';
import type { Explanation, Inquiry } from '../../policy/explain.js';
import { stepText } from '../../policy/explain-approvals.js';
import { onDuty, poolOf } from '../../policy/facts.js';
import { nameOf } from '../../policy/kinds.js';
import { parsePolicy } from '../../policy/load.js';
import { managersOf } from '../../policy/managers.js';
import { directoryFrom, parsePeopleFile } from '../../policy/people.js';
import { askManagers } from '../../policy/pools.js';
import { didYouMean } from '../../policy/problems.js';
import { rotaName } from '../../policy/rota.js';
import type { Placed } from '../../policy/who.js';
import { loadConfig } from '../../workers/config.js';
import { startOf } from '../people/start.js';
import { type TargetFlags, toldTarget } from './told.js';
import { toldDuty } from './told-duty.js';

export interface ExplainOptions extends TargetFlags {
  readonly as: string;
  readonly for?: string;
  readonly window?: string;
  readonly at?: string;
  readonly start?: string;
  readonly waited?: string;
  readonly oncall?: readonly string[];
  readonly policy?: string;
  readonly people?: string;
  readonly json?: boolean;
}

export interface ExplainWorld {
  readonly env: NodeJS.ProcessEnv;
  /** Throws when it can't. */
  readonly readFile: (path: string) => string;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** A question, and who may have been meant by an id that the people file does not have: a sentence for each. */
export interface Asked extends Inquiry {
  readonly hints: readonly string[];
}

/**
 * The question that the options put. Throws `bad-input` for a mistake in them, `bad-policy` and `bad-config` for what is
 * wrong with a file.
 */
export async function inquiryOf(options: ExplainOptions, world: ExplainWorld): Promise<Asked> {
  const windowMs = lengthOf('--window', options.window);
  const now = momentOf(options.at, world.now);
  const waitedMs = lengthOf('--waited', options.waited);
  const startAt = options.start === undefined ? undefined : startOf(options.start, now - (waitedMs ?? 0));
  const { policyFile, peopleFile } = filesOf(options, world);
  const policy = parsePolicy(textOf(policyFile, 'policy', world), policyFile);
  const file = parsePeopleFile(textOf(peopleFile, 'people', world), peopleFile);
  const { people } = file;
  const directory = directoryFrom(people);
  const [requester, subject] = await Promise.all([
    directory.person(options.as as PersonId),
    directory.person((options.for ?? options.as) as PersonId),
  ]);
  const { target, look, untold, whose } = toldTarget(options, subject, people);
  const managers = subject && askManagers(policy.rules) ? await managersOf(directory, subject) : [];
  const duty = toldDuty(options.oncall ?? [], file, now);
  const approverPool = await poolOf(duty.directory, policy.rules, managers, EVER);
  const known = { ...(requester ? { requester } : {}), ...(subject ? { subject } : {}), managers };
  const ref = (id: string, name = id) => ({ personId: id as PersonId, name });
  return {
    policy,
    ask: {
      requester: ref(options.as, requester?.name),
      subject: ref(options.for ?? options.as, subject?.name),
      target,
      windowMs,
      startAt,
    },
    facts: onDuty(duty, { ...known, look, voters: [], approverPool }),
    untold: (attribute) => (rotaName(attribute) === undefined ? untold(attribute) : duty.untold(attribute)),
    words: duty.words,
    whose,
    now,
    waitedMs,
    hints: hintsOf([options.as, ...(options.for === undefined ? [] : [options.for])], people),
  };
}

function hintsOf(named: readonly string[], people: readonly Person[]): readonly string[] {
  const ids: readonly string[] = people.map(({ personId }) => personId);
  return named.flatMap((id) => {
    const hint = ids.includes(id) ? '' : didYouMean(id, ids);
    return hint === '' ? [] : [`${id} is not in the people file${hint}`];
  });
}

function lengthOf(flag: string, text: string | undefined): number | undefined {
  const ms = text === undefined ? undefined : parseDuration(text);
  if (text === undefined || ms) return ms;
  throw new StintError('bad-input', `${flag} must be a length such as 30s, 45m or 2h, not ${text}.`);
}

function momentOf(text: string | undefined, now: number): number {
  const at = text === undefined ? now : parseMoment(text);
  if (at !== undefined) return at;
  throw new StintError(
    'bad-input',
    `--at must be an instant with its offset from UTC, such as 2026-11-23T09:00:00+01:00, not ${text}.`,
  );
}

function filesOf({ policy, people }: ExplainOptions, { env, readFile }: ExplainWorld) {
  if (policy !== undefined && people !== undefined) return { policyFile: policy, peopleFile: people };
  const { policyFile, peopleFile } = loadConfig({ env, readFile, parts: ['policy'] }).policy;
  return { policyFile: policy ?? policyFile, peopleFile: people ?? peopleFile };
}

function textOf(file: string, option: 'policy' | 'people', { readFile }: ExplainWorld): string {
  try {
    return readFile(file);
  } catch (error) {
    if (isStintError(error)) throw error;
    const code = option === 'policy' ? 'bad-policy' : 'bad-config';
    throw new StintError(code, `The file ${file} cannot be read. Give its path with --${option}.`);
  }
}

/** The tree, a line for each reason, who may be meant, and how to learn what is not known. */
export function treeText({ holds, tree }: Explanation, { hints }: Asked): string {
  return [...treeLines(tree, ''), ...hints, ...(holds === 'unknown' ? ['', HINT] : [])].join('\n');
}

const HINT =
  'What is not known can be told: --account <id or name>, --ou <unit>, --tag <Key=Value>, --set <name>, --oncall <rota>=<person>.';
const MARKS = { yes: 'yes', no: 'no ', unknown: '?  ' } as const;

function treeLines({ what, holds, why, children }: Reason, indent: string): string[] {
  const line = `${indent}${MARKS[holds]}  ${what}${why ? `: ${why}` : ''}`;
  return [line, ...children.flatMap((child) => treeLines(child, `${indent}  `))];
}

/** Who could approve and who never, or why that can't be said. */
export function decidersText(
  { by, holds, stages, approvers, never, untoldRotas = [], tree }: Explanation,
  { ask: { target }, hints }: Asked,
): string {
  if (!by)
    return [
      `Nobody can be named: ${tree.why}`,
      ...hints,
      ...(holds === 'unknown' ? [...untoldOf(tree).map((line) => `  ${line}`), HINT] : []),
    ].join('\n');
  const approvals = by.quorum === 1 ? 'one approval is' : `${by.quorum} approvals are`;
  return [
    `By the rule ${by.rule}, ${approvals} needed for ${nameOf(target)}${stages ? ', in this order:' : '.'}`,
    ...(stages ?? []).map(
      ({ name, quorum, approvers: ids }, i) => `  ${i + 1}. ${quorum} of ${name}: ${ids.join(', ') || 'nobody'}`,
    ),
    ...section('Could approve', approvers),
    ...(by.steps ?? []).map((step) => `${stepText(step)}: ${step.approvers.join(', ') || 'nobody'}`),
    ...section('Never', never),
    ...untoldRotas.map(
      (rota) => `Not known: who is on call for ${rota}. PagerDuty is not asked; --oncall ${rota}=<person> tells it.`,
    ),
    ...(holds === 'yes' ? [] : [tree.why]),
  ].join('\n');
}

/** What is not known and the rules go by, once each: the leaves of the tree. */
function untoldOf(tree: Reason): readonly string[] {
  const leaves = ({ what, holds, why, children }: Reason): readonly string[] =>
    children.length > 0
      ? children.flatMap(leaves)
      : holds === 'unknown' && why.startsWith('not known')
        ? [`${what}: ${why}`]
        : [];
  return [...new Set(leaves(tree))];
}

function section(title: string, people: readonly Placed[]): readonly string[] {
  const lines = people.map(({ personId, name, why }) => `  ${name} (${personId}): ${why}`);
  return [`${title}:`, ...(lines.length > 0 ? lines : ['  nobody'])];
}
