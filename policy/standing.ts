/** How an approval stands by its terms: whether it is there, how far each stage is, and who is asked now. */
import type { PersonId } from '../contract/ids.js';
import type { Person } from '../contract/ports.js';
import type { Round, StageCount, Verdict } from '../contract/verdict.js';
import { namesRota } from './on-call.js';
import { rotaGroup, rotaName } from './rota.js';
import { askedNow, askedStages, countOf, isFilled, type Plan } from './stages.js';
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

/** Who of those who are asked is on call by a rota that is asked, and has not approved. Of an extension nobody is called. */
export function onDutyOf(
  { plans }: Terms,
  { kind }: Pick<Round, 'kind'>,
  { asked, approved }: Standing,
): Pick<Verdict, 'onCall'> {
  if (kind !== 'request') return {};
  // Most rules name none, and a pool may be of thousands.
  if (!plans.flat().some(({ who }) => namesRota(who))) return {};
  const groups = plans.flatMap((plan) => askedStages(plan, approved)).flatMap(({ who }) => who.groups);
  const rotas = [...new Set(groups.flatMap((group) => rotaName(group) ?? []))].sort();
  const open = asked.filter(({ personId }) => !approved.some((person) => person.personId === personId));
  const onCall = rotas.flatMap((rota) => {
    const people = open.filter((person) => person.groups.includes(rotaGroup(rota))).map(({ personId }) => personId);
    return people.length === 0 ? [] : [{ rota, people: people.sort().slice(0, CALLED) }];
  });
  return onCall.length === 0 ? {} : { onCall: onCall.slice(0, CALLED) };
}

/** So many rotas, and people of one, are called: no rule means more, and verdicts stay in a history. */
const CALLED = 20;

function longest(plans: readonly Plan[]): Plan {
  return plans.reduce<Plan>((best, plan) => (plan.length > best.length ? plan : best), []);
}
