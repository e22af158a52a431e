/**
 * Whether a person's click could count for an elevation as it stands. The first gate, so that a refusal is immediate and
 * names who could; what adds access is judged again by the workflow. What takes access away is judged here alone, so it
 * is generous: whoever might have approved or ended it may end it, although policy and target have changed since.
 */
import { lastVerdict } from '../contract/extension.js';
import { instant, type PersonId } from '../contract/ids.js';
import type { About, Directory, Fence, Person, Requests, Store, TargetFacts, Tickets, UsageBook } from '../contract/ports.js';
import type { ClickKind, ClickVerdict } from '../contract/preview.js';
import type { ElevationRequest } from '../contract/request.js';
import type { Round, Verdict, Vote } from '../contract/verdict.js';
import type { ElevationView } from '../contract/view.js';
import { decide } from './decide.js';
import { manner, namedBy, type Wait } from './escalation.js';
import { extensionRefusals, ruleOfEach } from './extension.js';
import { everybodyOf, gatherFacts } from './facts.js';
import { managersOf, managing } from './managers.js';
import { asFarAsKnown } from './on-call.js';
import { askManagers } from './pools.js';
import { judgeReview } from './reviewers.js';
import { includes, type Policy, type Rule, rulesAbout } from './rules.js';
import { listNames } from './sentences.js';
import { isFull } from './stages.js';
import { knownOf } from './targets.js';
import { onlyWaits } from './tickets.js';

export interface Click {
  readonly policy: Policy;
  /** Policies by hash, and by which of them it was taken: that says who reviews a break-glass. */
  readonly policies?: Pick<Store['policies'], 'get'> | undefined;
  readonly grants?: Pick<Fence, 'grant'> | undefined;
  readonly directory: Directory;
  readonly targets: readonly TargetFacts[];
  readonly texts?: Pick<Requests, 'getText'> | undefined;
  readonly tickets?: Tickets | undefined;
  readonly usage?: UsageBook;
  readonly view: ElevationView;
  readonly person: Person;
  readonly windowMs?: number | undefined;
  /** Milliseconds since 1970. */
  readonly now: number;
}

const OK: ClickVerdict = { ok: true };
const no = (sentence: string): ClickVerdict => ({ ok: false, sentence });

/** The policy's answer to a click. Directory errors pass through: none is a yes. */
export async function judgeClick(kind: ClickKind, click: Click): Promise<ClickVerdict> {
  if (!click.person.active) return no('Your entry in the people file is not active. Ask your IT team.');
  return JUDGES[kind](click);
}

const JUDGES: { readonly [K in ClickKind]: (click: Click) => Promise<ClickVerdict> } = {
  approve: (click) => mayApprove(click, requestRound(click.view)),
  deny: (click) => mayRefuse(click),
  revoke: (click) => mayTakeAway(click, rulesOf(click)),
  end: async (click) => mayGiveBack(click),
  withdraw: async (click) => mayGiveBack(click),
  extend: mayExtend,
  'ext-approve': async (click) => {
    const round = extensionRound(click.view);
    return round ? mayApprove(click, round) : no('No extension waits for a decision.');
  },
  'ext-deny': (click) => mayRefuse(click),
  'close-unproven': (click) => mayRefuse(click, rulesNow(click)),
  // No edit since makes anybody a reviewer: without the policy of then nobody is one.
  review: ({ view, person, ...deps }) => judgeReview(deps, view, person),
};

/** What adds no access, and gives up no proof: it needs no policy that can be read now. */
export const TAKES_AWAY: ReadonlySet<ClickKind> = new Set<ClickKind>(['deny', 'revoke', 'end', 'withdraw', 'ext-deny']);

/** An approval would count: the round can be approved at all, and this one vote is not void. */
async function mayApprove(click: Click, round: Round): Promise<ClickVerdict> {
  const { policy, view, person, windowMs, now } = click;
  if (windowMs === undefined) return no('This button names no length of time.');
  const vote: Vote = { decision: 'approve', personId: person.personId, roundDigest: round.digest, windowMs, at: instant(now) };
  const { request } = view;
  const how = manner(round, request, now);
  const facts = await gatherFacts(click, policy, request, [vote], how);
  const verdict = decide(policy, { request, round }, facts, [vote], now);
  const waits = verdict.outcome === 'deny' ? undefined : verdict.conditions?.find(onlyWaits);
  if (waits) return no(waits.sentence);
  if (verdict.approvedBy.includes(person.personId) && verdict.outcome !== 'deny') return OK;
  // Who could is a matter of all votes so far: of several stages, those whom the one that waits now asks.
  const sofar = round.kind === 'request' ? view.votes : (view.extension?.votes ?? []);
  const then = await gatherFacts(click, policy, request, sofar, how);
  const standing = decide(policy, { request, round }, then, sofar, now);
  const { approvers } = standing;
  const who = listNames(then.approverPool.filter((p) => approvers.includes(p.personId)));
  // Somebody who can't be told may be on call: that is no yes, and no plain no.
  const untold = verdict.untold ?? [];
  const could = who ? [`Who could approve: ${who}.`] : [];
  return no([...verdict.sentences.slice(0, 1), ...untold, ...stillMissing(standing), ...could].join(' '));
}

/** How many approvals are missing, stage by stage where there are several. */
function stillMissing({ outcome, quorum, approvedBy, stages }: Verdict): string[] {
  if (outcome !== 'needs-approval') return [];
  if (!stages) return [quorum === 1 ? 'Missing: 1 approval.' : `Missing: ${quorum - approvedBy.length} of ${quorum} approvals.`];
  const open = stages.filter((stage) => !isFull(stage));
  return [`Missing: ${open.map((stage) => `${stage.quorum - stage.approved} of ${stage.name}`).join(', then ')}.`];
}

/** Denying, or closing without proof, is for others than the people whose elevation it is. */
async function mayRefuse(click: Click, rules = rulesOf(click)): Promise<ClickVerdict> {
  if (isOwn(click.view.request, click.person)) return no('You cannot decide your own request. Someone else has to.');
  return mayTakeAway(click, rules);
}

async function mayTakeAway(click: Click, rules: readonly Rule[]): Promise<ClickVerdict> {
  const { directory, view, person, now } = click;
  const { wait } = manner(requestRound(view), view.request, now);
  if (hasSay(rules, view, person, wait) || view.verdict.approvers.includes(person.personId)) return OK;
  if (askManagers(rules) && (await isManager(click))) return OK;
  const onCall = await asFarAsKnown(
    directory,
    person,
    rules.flatMap((rule) => [rule.revoke, ...namedBy(rule, wait)]),
  );
  if (hasSay(rules, view, onCall.person, wait)) return OK;
  if (onCall.failure) throw onCall.failure;
  const named = await everybodyOf(
    directory,
    rules.map((rule) => rule.revoke),
  );
  const who = listNames(named.filter((p) => p.active));
  return no(`The policy does not let you do that${who ? `; it lets ${who}` : ''}.`);
}

/** Whether this person decides as the manager of the subject now. */
async function isManager({ directory, view, person, now }: Click): Promise<boolean> {
  const { requester, subject } = view.request;
  const holder = await directory.person(subject.personId);
  if (!holder) return false;
  const managers = await managersOf(directory, holder);
  const find = (id: PersonId) => managers.find(({ personId }) => personId === id);
  return managing(holder, [requester.personId, subject.personId], { find, now }).person?.personId === person.personId;
}

/** Whether any rule for the target lets this person revoke, or approve, or the elevation is their own. */
export function mayRevoke(policy: Policy, view: ElevationView, about: About | undefined, person: Person): boolean {
  return person.active && hasSay(rulesFor(policy, view, about), view, person);
}

/** `wait`: since it was asked; whoever could decide by now may take away, too. */
function hasSay(rules: readonly Rule[], { request }: ElevationView, person: Person, wait?: Wait): boolean {
  const named = rules.flatMap((rule) => [rule.revoke, ...namedBy(rule, wait)]);
  return isOwn(request, person) || named.some((who) => includes(who, person));
}

function rulesOf({ policy, targets, view }: Click): readonly Rule[] {
  return rulesFor(policy, view, knownOf(targets, view.request.target));
}

/**
 * The rules that cover the target now, and the one that it was judged by: an account may be renamed, moved or retagged
 * meanwhile, by its holder too. Where nothing is known of the target the latter alone: taking away waits for no look-up. Who
 * could let it go on for longer has a say in it as well.
 */
function rulesFor(policy: Policy, { request, verdict }: ElevationView, about: About | undefined): readonly Rule[] {
  const judgedBy = policy.rules.filter(({ id, kind }) => id === verdict.rule && kind === request.target.kind);
  return [...new Set([...rulesAbout(policy, about), ...judgedBy])].flatMap(ruleOfEach);
}

/** To close without proof takes nothing away, so the rule of that time has no say where it is known which ones cover it now. */
function rulesNow(click: Click): readonly Rule[] {
  const about = knownOf(click.targets, click.view.request.target);
  return about ? rulesAbout(click.policy, about) : rulesOf(click);
}

function mayGiveBack({ view, person }: Click): ClickVerdict {
  return isOwn(view.request, person) ? OK : no(`This elevation is ${view.request.subject.name}'s.`);
}

/** The holder may ask for more as long as a decision could still add to the window. */
async function mayExtend(click: Click): Promise<ClickVerdict> {
  const { policy, view, windowMs, now } = click;
  const holder = mayGiveBack(click);
  if (!holder.ok) return holder;
  if (view.state !== 'active' || !view.deadlineAt || !view.confirmedAt) return no('Only a running elevation can be extended.');
  if (windowMs === undefined) return no('This button names no length of time.');
  const { request } = view;
  // No round yet, so no digest: the elevation's own stands in, and no vote is counted.
  const round: Round = { digest: view.digest, kind: 'extension', windowMs, granted: view.extensions ?? 0 };
  const [spent] = extensionRefusals(lastVerdict(view).extend, round);
  if (spent !== undefined) return no(spent);
  const verdict = decide(
    policy,
    { request, round },
    await gatherFacts(click, policy, request, [], manner(round, request, now)),
    [],
    now,
  );
  const waits = verdict.conditions?.find(onlyWaits);
  if (verdict.outcome === 'deny' || waits) return no(verdict.sentences.join(' '));
  const latest = Date.parse(view.confirmedAt) + Math.min(verdict.maxWindowMs, view.verdict.maxWindowMs);
  return latest > Date.parse(view.deadlineAt) ? OK : no("The policy's longest time for this is used up.");
}

function isOwn({ requester, subject }: ElevationRequest, person: Person): boolean {
  return [requester.personId, subject.personId].includes(person.personId);
}

function requestRound({ digest, request }: ElevationView): Round {
  return { digest, kind: 'request', windowMs: request.windowMs };
}

function extensionRound({ extension, extensions = 0 }: ElevationView): Round | undefined {
  if (extension?.state !== 'waiting') return undefined;
  return { digest: extension.roundDigest, kind: 'extension', windowMs: extension.windowMs, granted: extensions };
}
