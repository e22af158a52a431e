/**
 * Runs a table of cases against a policy: each is decided as the product would decide it, and what comes out is held against
 * what the table expects. Also told: which rules no case reaches, for what no case reaches can change unseen.
 */
import { StintError } from '../contract/errors.js';
import { instant, type PersonId } from '../contract/ids.js';
import type { Person, TargetFacts, Tickets } from '../contract/ports.js';
import type { AwsPermissionSetTarget, ElevationRequest, Target } from '../contract/request.js';
import type { Round, Verdict, Vote } from '../contract/verdict.js';
import { requestDigest, requestIdFrom, sha256 } from '../seal/canonical.js';
import { type AwsAttributes, type CaseTable, checkNames, type PolicyCase } from './case-file.js';
import { usageOfCase } from './case-usage.js';
import { settle } from './decide.js';
import { durationText } from './duration.js';
import { dutyAsSaid } from './duty.js';
import { manner } from './escalation.js';
import { gatherFacts } from './facts.js';
import { macTarget } from './macs.js';
import { directoriesOf } from './people.js';
import type { Policy } from './rules.js';
import { ONLY_MACS } from './targets.js';
import { termsOf } from './terms.js';

/** What came of one case. */
export interface CaseResult {
  readonly name: string;
  /** `file:line:column` of the case. */
  readonly at: string;
  readonly ok: boolean;
  /** One sentence for each expectation that was not met. */
  readonly failures: readonly string[];
  readonly outcome: Verdict['outcome'];
  /** The rule that applied, or null when none did. */
  readonly rule: string | null;
  /** Why, in the words of the verdict. */
  readonly sentences: readonly string[];
}

export interface CasesReport {
  readonly cases: readonly CaseResult[];
  /** In the order of the policy, those that deny last: how many cases each rule applied to. */
  readonly rules: readonly { readonly rule: string; readonly cases: number }[];
  /** Of the rules, how many percent at least one case reaches; rounded down. */
  readonly coverage: number;
}

/**
 * Decides every case. `now` in milliseconds since 1970 is when those are asked and voted on that say nothing else. Throws `bad-config` when the
 * table names people or Macs that are not in the people file.
 */
export async function runCases(policy: Policy, people: readonly Person[], table: CaseTable, now: number): Promise<CasesReport> {
  checkNames(table, people);
  const world = { policy, people, directory: directoriesOf(people), now };
  const cases = await Promise.all(
    table.cases.map(async (one, index) =>
      resultOf(one, table.at(['cases', index]), await answer({ ...world, now: one.at ?? now }, one)),
    ),
  );
  const rules = [...policy.rules, ...(policy.denies ?? [])].map(({ id }) => ({
    rule: id,
    cases: cases.filter(({ rule }) => rule === id).length,
  }));
  const reached = rules.filter((rule) => rule.cases > 0).length;
  return { cases, rules, coverage: Math.floor((100 * reached) / rules.length) };
}

interface Answer {
  readonly verdict: Verdict;
  /** All of them: a verdict names only the first hundred. */
  readonly approvers: readonly PersonId[];
}

interface World {
  readonly policy: Policy;
  readonly people: readonly Person[];
  readonly directory: ReturnType<typeof directoriesOf>;
  readonly now: number;
}

async function answer({ policy, people, directory: directoryWith, now }: World, one: PolicyCase): Promise<Answer> {
  const { request, targets } = asked(people, one, now);
  const texts = { getText: async () => one.reason ?? '' };
  const round = roundOf(request, one);
  const votes = (one.votes ?? []).map(({ by, decision = 'approve', window = round.windowMs }): Vote => {
    const cast = { decision, personId: by, roundDigest: round.digest, at: instant(now) };
    return decision === 'approve' ? { ...cast, windowMs: window } : cast;
  });
  const directory = directoryWith(dutyAsSaid(new Map(Object.entries(one.oncall ?? {}))));
  const sources = { directory, targets, texts, tickets: ticketsOf(one) };
  const how = manner(round, request, now);
  const facts = await gatherFacts(sources, policy, request, votes, how);
  const terms = termsOf(policy, request, facts, now, how);
  const approvers = facts.approverPool.filter(terms.approves).map((person) => person.personId);
  const counted = { ...facts, usage: usageOfCase(one, terms.rule, now) };
  return { verdict: settle(terms, { request, round }, counted, votes, now), approvers };
}

/** What is voted on: the request, or an extension of what it gave. */
function roundOf(request: ElevationRequest, { extension }: PolicyCase): Round {
  const digest = requestDigest(request);
  if (!extension) return { digest, kind: 'request', windowMs: request.windowMs };
  return { digest, kind: 'extension', windowMs: extension.window, granted: extension.granted ?? 0 };
}

/** A far end that says of tickets what the case says. */
function ticketsOf({ tickets = {} }: PolicyCase): Tickets {
  return {
    look: async (check, ticket) => {
      const said = Object.hasOwn(tickets, ticket) ? tickets[ticket] : 'missing';
      if (said === 'error') throw new StintError('ticket-unavailable', `${check} does not answer.`);
      return said === 'exists' ? { there: true } : { there: false, why: `${check} has no ticket ${ticket}.` };
    },
  };
}

/** The request of a case, and where what is true of its target comes from: the people file, or what the case says. */
function asked(people: readonly Person[], one: PolicyCase, now: number) {
  const { who, for: subject = who, target, window, reason = '', category = 'other', waited = 0, incident } = one;
  const nameOf = (id: PersonId) => ({ personId: id, name: people.find((person) => person.personId === id)?.name ?? id });
  const pinned = target.aws ? awsTarget(target.aws, subject) : macOf(people, subject, target.mac);
  const request: ElevationRequest = {
    v: 1,
    requestId: requestIdFrom('policy-test', who),
    requester: nameOf(who),
    subject: nameOf(subject),
    target: pinned,
    windowMs: window,
    category,
    reasonDigest: sha256(reason),
    via: 'cli',
    askedAt: instant(now - waited),
    ...(one.start === undefined ? {} : { startAt: instant(one.start) }),
    ...(incident === undefined ? {} : { breakGlass: { incident } }),
  };
  return { request, targets: target.aws ? [toldBy(target.aws)] : ONLY_MACS };
}

/** Their own Mac of this serial number, or else whoever's it is: to ask for that is a case, too. */
function macOf(people: readonly Person[], subject: PersonId, serial: string | undefined): Target {
  const own = people.filter((person) => person.personId === subject);
  const mac = [...own, ...people].flatMap((person) => person.macs).find((one) => one.serial === serial);
  if (!mac) throw new TypeError(`${serial} was not looked for in the people file`);
  return macTarget(mac);
}

const ANY_ACCOUNT = '000000000000';

/** Rules look at attributes alone, so the ids that AWS would know it by are made up. */
function awsTarget({ account, accountId = ANY_ACCOUNT, set }: AwsAttributes, principalId: string): AwsPermissionSetTarget {
  return {
    kind: 'aws-permission-set',
    key: `aws/${accountId}/${set}/${principalId}`,
    instanceArn: '',
    accountId,
    permissionSetArn: '',
    principalId,
    accountName: account,
    setName: set,
    display: `${set} in ${account}`,
    sessionMs: 0,
  };
}

/** A world in which AWS says of every target what the case says of its own. */
function toldBy({ account, accountId = ANY_ACCOUNT, ous = [], tags = {}, set }: AwsAttributes): TargetFacts {
  // A unit is written as its id or as its name: whoever says one of them means the unit.
  const units = { ouIds: ous, ouNames: ous };
  const about = { kind: 'aws-permission-set' as const, accountId, accountName: account, ...units, tags, set };
  return {
    kind: 'aws-permission-set',
    searchable: false,
    listed: async () => [],
    search: async () => [],
    candidate: async () => undefined,
    pin: async (person) => awsTarget({ account, accountId, set }, person.personId),
    look: async () => ({ about }),
    known: () => about,
  };
}

function resultOf({ name, expect }: PolicyCase, at: string, { verdict, approvers }: Answer): CaseResult {
  const failures = [...differences(expect, verdict), ...whoDiffers(expect.approvers, approvers)];
  const { outcome, rule = null, sentences } = verdict;
  return { name, at, ok: failures.length === 0, failures, outcome, rule, sentences };
}

/** What the table says and the verdict does not. What the table leaves out may be anything. */
function differences(expect: PolicyCase['expect'], verdict: Verdict): string[] {
  const length = (ms: number | undefined) => (ms === undefined ? undefined : durationText(ms));
  const held: readonly (readonly [string, unknown, unknown])[] = [
    ['outcome', expect.outcome, verdict.outcome],
    ['rule', expect.rule, verdict.rule ?? null],
    ['window', length(expect.window), length(verdict.windowMs)],
    ['quorum', expect.quorum, verdict.quorum],
    ['tier', expect.tier, verdict.tier],
    ['channel', expect.channel, verdict.channel],
  ];
  return held
    .filter(([, wanted, got]) => wanted !== undefined && wanted !== got)
    .map(([what, wanted, got]) => `${what}: expected ${wanted ?? 'none'}, got ${got ?? 'none'}`);
}

function whoDiffers(expect: PolicyCase['expect']['approvers'], approvers: readonly PersonId[]): string[] {
  const { include = [], exclude = [] } = expect ?? {};
  return [
    ...include.filter((id) => !approvers.includes(id)).map((id) => `approvers: ${id} is expected among them, and is not`),
    ...exclude.filter((id) => approvers.includes(id)).map((id) => `approvers: ${id} must not be among them, and is`),
  ];
}
