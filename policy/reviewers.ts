/** Who reviews what was taken by break-glass: those whom the policy of then names, as the directory knows them now. */
import type { Directory, Person, Store } from '../contract/ports.js';
import type { ClickVerdict } from '../contract/preview.js';
import type { ElevationView } from '../contract/view.js';
import { mayReview } from './break-glass.js';
import { everybodyOf } from './facts.js';
import { recalled } from './judge.js';
import { asFarAsKnown, createOnCall } from './on-call.js';
import type { Rule } from './rules.js';
import { listNames } from './sentences.js';

export interface ReviewDeps {
  readonly policies?: Pick<Store['policies'], 'get'> | undefined;
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

async function ruleOfThen({ policies }: ReviewDeps, { verdict }: ElevationView): Promise<Rule | undefined> {
  const policy = policies && (await recalled(policies, verdict.policyHash));
  return policy?.rules.find(({ id }) => id === verdict.rule);
}
