/** Whether enough people could approve by a rule, stage by stage, and who never. */
import { few } from '../contract/few.js';
import type { PersonId } from '../contract/ids.js';
import type { Person } from '../contract/ports.js';
import { type Holds, leaf, type Reason } from './attributes.js';
import { hoursText } from './calendar.js';
import { durationText } from './duration.js';
import { reached, stepsOf, type Wait } from './escalation.js';
import { stepAlso } from './pools.js';
import { includes, type Rule } from './rules.js';
import { countOf, isFull, type Plan } from './stages.js';
import type { Facts, Terms } from './terms.js';
import { type Deciders, type Placed, whoName } from './who.js';

const NAMED = 5;

/** Holds where everybody together could satisfy every stage; not known where `untold`, rotas whose people nobody told, might. */
export function approvalsReason(
  { quorum, plans, approves }: Terms,
  deciders: Deciders,
  pool: readonly Person[],
  untold: readonly string[] = [],
  steps: readonly Reason[] = [],
): Reason {
  const { approvers, never } = deciders;
  const [plan = []] = plans;
  const counts = countOf(plan, pool.filter(approves));
  const could = deciders.stages
    ? deciders.stages.map((stage, i) => stageReason(stage, i, counts[i]?.approved ?? 0, approvers))
    : leaves(approvers, 'yes');
  const open = untold.map((rota) =>
    leaf(`whoever is on call for ${rota}`, 'unknown', 'PagerDuty says who, and is not asked here'),
  );
  return {
    what: `enough people could approve: ${quorum} needed${plan.length > 1 ? ` in ${plan.length} stages, nobody in two of them` : ''}`,
    holds: counts.every(isFull) ? 'yes' : open.length > 0 ? 'unknown' : 'no',
    why: `${approvers.length} could`,
    children: [...could, ...open, ...managerReasons(plan), ...steps, ...leaves(never, 'no')],
  };
}

type Stages = NonNullable<Deciders['stages']>;

/** `seats`: how many of its seats could be taken beside those of the stages before it. */
function stageReason({ name, quorum, approvers }: Stages[number], index: number, seats: number, all: readonly Placed[]): Reason {
  const here = all.filter(({ personId }) => approvers.includes(personId));
  const taken = seats < quorum && here.length >= quorum ? ', who are needed in the stages before it' : '';
  return {
    what: `stage ${index + 1}, ${name}: ${quorum} needed`,
    holds: seats >= quorum ? 'yes' : 'no',
    why: `${here.length} could${taken}`,
    children: leaves(here, 'yes'),
  };
}

/** Why nobody decides as the manager, where one is asked. */
function managerReasons(plan: Plan): readonly Reason[] {
  const why = new Set(plan.flatMap(({ manager }) => manager?.nobody ?? []));
  return [...why].map((nobody) => leaf('the manager', 'no', nobody));
}

function leaves(people: readonly Placed[], holds: Holds): readonly Reason[] {
  return people.map(({ personId, name, why }) => leaf(`${name} (${personId})`, holds, why));
}

/** Who joins the approvers when it has waited for so long, or hours are over. */
export interface StepNamed {
  readonly after: string;
  readonly afterMs: number;
  /** The hours that have to be over, in words. */
  readonly outside?: string;
  /** As the rule has it. */
  readonly who: string;
  /** Those of them who could decide then, as far as it is known who they are. */
  readonly approvers: readonly PersonId[];
  readonly begun: boolean;
}

/** The steps of a rule in words. */
export function stepsNamed(rule: Rule, { requester, subject, approverPool }: Facts, wait: Wait): readonly StepNamed[] {
  const own = [requester?.personId, subject?.personId];
  const may = approverPool.filter(({ personId, active }) => active && !own.includes(personId));
  return stepsOf(rule).map((step) => ({
    after: durationText(step.afterMs),
    afterMs: step.afterMs,
    ...(step.outside ? { outside: hoursText(step.outside) } : {}),
    who: whoName(step),
    approvers: may.filter((person) => includes(step, person)).map(({ personId }) => personId),
    begun: reached([step], wait).length > 0,
  }));
}

/** Such as `After 15m also the group leads`. */
export function stepText(step: StepNamed): string {
  const text = `${stepAlso(step)} ${step.who}`;
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** A reason for each step: whether it has begun. */
export function stepReasons(steps: readonly StepNamed[]): readonly Reason[] {
  return steps.map((step) => {
    const { who, approvers, begun } = step;
    const names = approvers.length > 0 ? `: ${few(approvers, NAMED)}` : '';
    return leaf(`${stepAlso(step)} ${who}`, begun ? 'yes' : 'no', `${approvers.length} could${names}`);
  });
}
