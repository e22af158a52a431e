/**
 * Policy and people: read exactly as the processes read them, what they say about each other, and whether the policy file is
 * what is in force. A broken people file stops every grant and a broken policy file every change, so it is to be said.
 */
import { stat } from 'node:fs/promises';
import { isStintError, StintError } from '../../contract/errors.js';
import { few } from '../../contract/few.js';
import type { InForce, Person } from '../../contract/ports.js';
import { fileFindings } from '../../policy/check.js';
import { withEveryRota } from '../../policy/duty.js';
import { EVER, namedBy } from '../../policy/escalation.js';
import { parsePolicy } from '../../policy/load.js';
import { aboutMac } from '../../policy/macs.js';
import { type PeopleFile, parsePeopleFile } from '../../policy/people.js';
import { includes, type Policy, ruleFor } from '../../policy/rules.js';
import type { PartConfigs } from '../config.js';
import { type Check, type Say, SHOWN } from './check.js';

export interface PolicyCheckDeps {
  readonly policy: PartConfigs['policy'];
  readonly readFile: (path: string) => string;
}

/** The names of the checks of tickets that the configuration has. */
export interface NamedChecks {
  readonly checks?: readonly string[];
}

/** Which policy is in force; `unknown` where the store cannot be asked, which its own check says. */
export type AskInForce = () => Promise<InForce | 'none' | 'unknown'>;

/** Both files, and what does not fit between them. */
export function checkPolicy(deps: PolicyCheckDeps & NamedChecks & { readonly inForce: AskInForce }): Check {
  const { policyFile, peopleFile } = deps.policy;
  return async (say) => {
    const policy = attempt(say, 'policy', () => policyOf(deps), 'Until it is mended, what is in force goes on.');
    const file = attempt(say, 'people', () => peopleFileOf(deps), `Until it is mended nothing is granted. ${STILL_ENDS}`);
    await Promise.all([refuseWritable(policyFile, say), refuseWritable(peopleFile, say)]);
    if (policy)
      say.ok(
        'policy',
        `${policyFile}: ${policy.rules.length + (policy.denies?.length ?? 0)} rules (${policy.hash.slice(0, 12)})`,
      );
    if (policy) sayInForce(say, policy, policyFile, await deps.inForce());
    if (file) say.ok('people', `${peopleFile}: ${file.people.length} people`);
    if (!policy || !file) return;
    const people = withEveryRota(file);
    const odd = [
      ...(await fileFindings(policy, file, policyFile, deps.checks)),
      ...uncovered(policy, people),
      ...mute(policy, people),
    ];
    for (const one of odd) say.warn('together', one);
    if (odd.length === 0) say.ok('together', 'everybody named is there, and every request could be approved');
  };
}

function sayInForce(say: Say, { hash }: Policy, file: string, now: InForce | 'none' | 'unknown'): void {
  if (now === 'unknown') return;
  if (now === 'none') {
    say.ok('in force', 'no policy yet; the first start applies the file');
    return;
  }
  const since = `since ${now.since}, applied by ${now.by}`;
  if (now.hash === hash) say.ok('in force', `this policy, ${since}`);
  else say.warn('in force', `${file} differs from the policy in force (${now.hash.slice(0, 12)}, ${since})`, APPLY_IT);
}

const APPLY_IT = 'To have it count: npx stint policy apply';

/** What still works while the people file is not valid. */
export const STILL_ENDS =
  'Access can be ended all the same: in Slack by the people of the last valid file, unless the Slack app was started since, and with "stint revoke".';

function attempt<T>(say: Say, check: string, read: () => T, fix: string): T | undefined {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof StintError)) throw error;
    say.fail(check, error.sentence, fix);
    return undefined;
  }
}

/** The policy as it is now. Throws `bad-policy`. */
export function policyOf({ policy, readFile }: PolicyCheckDeps): Policy {
  return parsePolicy(textOf(policy.policyFile, 'STINT_POLICY', readFile), policy.policyFile);
}

/** Everybody as they are now, with all rotas that they may ever be on call for. Throws `bad-config`. */
export function peopleOf(deps: PolicyCheckDeps): readonly Person[] {
  return withEveryRota(peopleFileOf(deps));
}

/** The people file as it is now. Throws `bad-config`. */
export function peopleFileOf({ policy, readFile }: PolicyCheckDeps): PeopleFile {
  return parsePeopleFile(textOf(policy.peopleFile, 'STINT_PEOPLE', readFile), policy.peopleFile);
}

function textOf(file: string, variable: string, readFile: (path: string) => string): string {
  try {
    return readFile(file);
  } catch (cause) {
    if (isStintError(cause)) throw cause;
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'no answer';
    throw new StintError('bad-config', `${file} cannot be read (${code}). Put it there, or correct ${variable}.`, { cause });
  }
}

/** Who may write these files decides who gets access. */
async function refuseWritable(file: string, say: Say): Promise<void> {
  const mode = (await stat(file).catch(() => undefined))?.mode ?? 0;
  if ((mode & 0o002) !== 0)
    say.fail('writable', `${file} can be written by everybody on this computer`, `Run: chmod o-w '${file}'`);
}

/** A Mac that no rule of its owner's covers can never be asked for. */
function uncovered(policy: Policy, people: readonly Person[]): readonly string[] {
  const alone = people.flatMap((person) => person.macs.filter((mac) => !ruleFor(policy, aboutMac(mac), [person])));
  if (alone.length === 0) return [];
  const macs = alone.map(({ serial, localUser }) => `${serial} (${localUser})`);
  return [`No rule lets its owner ask for ${few(macs, SHOWN)}.`];
}

/** Decisions are made in Slack: an approver without an account there cannot make any. */
function mute(policy: Policy, people: readonly Person[]): readonly string[] {
  const silent = people.filter(
    (person) =>
      person.active &&
      person.slack.length === 0 &&
      policy.rules.some((rule) => namedBy(rule, EVER).some((who) => includes(who, person))),
  );
  if (silent.length === 0) return [];
  const ids = silent.map(({ personId }) => personId);
  return [`These approvers have no Slack account in the people file: ${few(ids, SHOWN)}.`];
}
