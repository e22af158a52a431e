/** How an approval stands by its terms: whether it is there, how far each stage is, and who is asked now. */
import type { PersonId } from '../contract/ids.js';
import type { Person } from '../contract/ports.js';
import type { StageCount } from '../contract/verdict.js';
import { askedNow, countOf, isFilled, type Plan } from './stages.js';
import type { Facts, Terms } from './terms.js';

export interface Standing {
  /** Whether every plan is satisfied. */
  readonly filled: boolean;
  /** The plan that is shown: one that is not satisfied yet where there is one, of such the one with most stages. */
  readonly plan: Plan;
  /** Its stages, where there are several. */
  readonly stages?: readonly StageCount[];
  readonly approved: readonly Person[];
  /** Everybody whose approval would count at all. */
  readonly pool: readonly Person[];
  /** Of several stages those whose approval brings forward the one that is asked; of one stage the whole pool. */
  readonly asked: readonly Person[];
}

/** Judges the approvals of these people, which are counted already. */
export function standingOf(terms: Terms, facts: Facts, approvedBy: readonly PersonId[]): Standing {
  const voters = new Map(facts.voters.map((person) => [person.personId, person]));
  const approved = approvedBy.flatMap((id) => voters.get(id) ?? []);
  const pool = facts.approverPool.filter(terms.approves);
  const open = terms.plans.filter((plan) => !isFilled(plan, approved));
  const plan = longest(open.length > 0 ? open : terms.plans);
  const staged = plan.length > 1;
  return {
    // Terms without a plan are those of a refusal: nothing is approved by them.
    filled: terms.plans.length > 0 && open.length === 0,
    plan,
    ...(staged ? { stages: countOf(plan, approved) } : {}),
    approved,
    pool,
    asked: staged ? askedNow(plan, approved, pool) : pool,
  };
}

function longest(plans: readonly Plan[]): Plan {
  return plans.reduce<Plan>((best, plan) => (plan.length > best.length ? plan : best), []);
}
