/** Who reviews what was taken by break-glass, and who was passed over: those whom the policy of then names, as the directory knows them now. */
import type { Digest } from '../contract/ids.js';
import type { Directory, Fence, Person, Store } from '../contract/ports.js';
import type { ClickVerdict } from '../contract/preview.js';
import type { ElevationView } from '../contract/view.js';
import { mayReview } from './break-glass.js';
import { everybodyOf } from './facts.js';
import { recalled } from './judge.js';
import { asFarAsKnown, createOnCall } from './on-call.js';
import { rotaName } from './rota.js';
import type { Rule } from './rules.js';
import { listNames } from './sentences.js';
import { takenBy } from './taken.js';

export interface ReviewDeps {
  readonly policies?: Pick<Store['policies'], 'get'> | undefined;
  /** What was taken by which rule of which policy. Without it nobody reviews what was taken. */
  readonly grants?: Pick<Fence, 'grant'> | undefined;
  readonly directory: Directory;
}

/** Whether this person may close the review. By the policy of then: no edit since makes anybody a reviewer. Errors pass through. */
export async function judgeReview(deps: ReviewDeps, view: ElevationView, person: Person): Promise<ClickVerdict> {
  const { requester, subject } = view.request;
  if ([requester.personId, subject.personId].includes(person.personId))
    return { ok: false, sentence: 'You cannot review your own break-glass. Someone else has to.' };
  const rule = await ruleOfThen(deps, view);
  if (!rule?.breakGlass) return { ok: false, sentence: 'No policy that Stint still has lets anybody review this.' };
  const known = await asFarAsKnown(deps.directory, person, [rule.breakGlass.review]);
  if (mayReview(rule, view.request, known.person)) return { ok: true };
  if (known.failure) throw known.failure;
  const who = listNames(await reviewersOf(deps, view));
  return { ok: false, sentence: `The policy does not let you review this${who ? `; it lets ${who}` : ''}.` };
}

/** Everybody who may. A rota that can't be looked up is left out: this only tells people. */
export async function reviewersOf(deps: ReviewDeps, view: ElevationView): Promise<readonly Person[]> {
  const rule = await ruleOfThen(deps, view);
  if (!rule?.breakGlass) return [];
  const onCall = createOnCall(deps.directory);
  await onCall.tryTo(rule.breakGlass.review);
  const named = onCall.onto(await everybodyOf(onCall.directory, [rule.breakGlass.review]));
  return named.filter((person) => mayReview(rule, view.request, person));
}

/**
 * Everybody who was passed over: all whom the rule of then names as approvers, and who was on call by the verdict, which names but the
 * first of very many. Whoever came since is told as well: too many is better here than one who is not.
 */
export async function passedOver(deps: ReviewDeps, view: ElevationView): Promise<readonly Person[]> {
  const rule = await ruleOfThen(deps, view);
  const { approvers } = view.verdict;
  const named = rule ? [rule.approve, { groups: [], people: approvers }] : [{ groups: [], people: approvers }];
  const standing = named.map(({ groups, people }) => ({ people, groups: groups.filter((group) => !rotaName(group)) }));
  const own = [view.request.requester.personId, view.request.subject.personId];
  const all = await everybodyOf(deps.directory, standing);
  return all.filter(({ personId, active }) => active && !own.includes(personId));
}

/** The one by which the target was taken. A drill takes nothing, so of one there is nothing but its verdict. */
async function ruleOfThen({ policies, grants }: ReviewDeps, { request, verdict }: ElevationView): Promise<Rule | undefined> {
  const rulesOf = async (hash: Digest) => (policies && (await recalled(policies, hash)))?.rules ?? [];
  const taken = grants && (await takenBy(grants, rulesOf, request.requestId));
  if (taken || !request.breakGlass?.drill) return taken?.rule;
  return (await rulesOf(verdict.policyHash)).find(({ id }) => id === verdict.rule);
}
