/** What a rule says of who approves: one pool, or stages of them, as it is written, as it is kept, and in words. */

import { oncePer } from '../contract/once-per.js';
import { hoursText } from './calendar.js';
import { durationText } from './duration.js';
import type { Pool, Rule, Step, Who } from './rules.js';
import type { ApproveEntry } from './schema.js';
import { seated } from './seats.js';

type Approval = Pick<Rule, 'approve' | 'quorum' | 'stages'>;

/**
 * Reads `approve`. One pool without a manager and without steps is kept without stages, however it is written: that is how rules were before
 * there were any, and a policy that says the same must keep its hash, or what was judged by it could not be judged again.
 */
export function approvalOf({ stages, policy: _, ...alone }: ApproveEntry): Approval {
  const pools = (stages ?? [alone]).map(poolOf);
  const approve: Who = { groups: each(pools, 'groups'), people: each(pools, 'people') };
  const quorum = pools.reduce((sum, pool) => sum + pool.quorum, 0);
  const more = pools.length > 1 || pools.some(({ manager, escalate }) => manager || escalate);
  return more ? { approve, quorum, stages: pools } : { approve, quorum };
}

function poolOf({ groups = [], people = [], manager = false, quorum = 1, escalate }: Omit<ApproveEntry, 'stages'>): Pool {
  return { groups, people, manager, quorum, ...(escalate ? { escalate: escalate.map(stepOf) } : {}) };
}

function stepOf({ after = 0, outside, groups = [], people = [] }: NonNullable<ApproveEntry['escalate']>[number]): Step {
  return { afterMs: after, ...(outside ? { outside } : {}), groups, people };
}

function each<K extends 'groups' | 'people'>(pools: readonly Pool[], part: K): Pool[K] {
  const all: readonly string[] = pools.flatMap((pool) => pool[part]);
  // A list that is written stays as it is written: see the hash above.
  return (pools.length === 1 ? all : [...new Set(all)]) as Pool[K];
}

/** The stages of a rule, in order; at least one. */
export const poolsOf = oncePer(
  ({ stages, approve, quorum }: Rule): readonly Pool[] => stages ?? [{ ...approve, manager: false, quorum }],
);

/** Whether a manager may decide by any of these rules, so that it has to be known who that is. */
export function askManagers(rules: readonly Rule[]): boolean {
  return rules.some((rule) => poolsOf(rule).some((pool) => pool.manager));
}

const NAMED = 3;

/** `owners`, `owners or manager`: what people call a stage. */
export function poolName({ groups, people, manager }: Pool): string {
  const names = [...groups, ...people];
  const more = names.length - NAMED;
  return [...names.slice(0, NAMED), ...(more > 0 ? [`${more} more`] : []), ...(manager ? ['manager'] : [])].join(' or ');
}

/** All stages of a rule in one line, such as `1 of owners, after 15m also leads, then 2 of security`. */
export function poolsName(rule: Rule): string {
  return poolsOf(rule)
    .map((pool) => [`${pool.quorum} of ${poolName(pool)}`, ...(pool.escalate ?? []).map(stepName)].join(', '))
    .join(', then ');
}

function stepName({ afterMs, outside, ...who }: Step): string {
  const when = { afterMs, ...(outside ? { outside: hoursText(outside) } : {}) };
  return `${stepAlso(when)} ${poolName({ ...who, manager: false, quorum: 1 })}`;
}

/** `after 15m also`, or `outside of mon to fri, 08:00 to 18:00 (Europe/Berlin), also`. */
export function stepAlso({ afterMs, outside }: { readonly afterMs: number; readonly outside?: string }): string {
  const after = afterMs > 0 ? [`after ${durationText(afterMs)}`] : [];
  return [...after, ...(outside === undefined ? [] : [`outside of ${outside},`]), 'also'].join(' ');
}

const NO_GROUPS: ReadonlySet<string> = new Set();

/**
 * Where a quorum cannot be reached, whoever is in the groups: stages that name only people, who are too few. `single` are groups in
 * which there is never more than one person at a time, such as a rota of the people file.
 */
export function pastReach(
  rule: Rule,
  single = NO_GROUPS,
): readonly { readonly path: readonly PropertyKey[]; readonly what: string }[] {
  const pools = poolsOf(rule);
  const closed = pools.flatMap((pool, index) =>
    inAll(pool, 'groups').every((group) => single.has(group)) ? [{ ...pool, index }] : [],
  );
  const path = (index: number) => (pools.length > 1 ? ['stages', index, 'quorum'] : ['quorum']);
  const short = closed.filter((pool) => seatsNamed(pool).length < pool.quorum);
  if (short.length > 0)
    return short.map((pool) => ({
      path: path(pool.index),
      what: `must not be more than the ${seatsNamed(pool).length} ${single === NO_GROUPS ? 'people named' : AT_ONCE}`,
    }));
  const quorums = closed.map(({ quorum }) => quorum);
  const masks = [...new Set(closed.flatMap(seatsNamed))].map((name) =>
    closed.reduce((mask, pool, i) => mask | (seatsNamed(pool).includes(name) ? 1 << i : 0), 0),
  );
  const needed = quorums.reduce((sum, quorum) => sum + quorum, 0);
  const could = seated(quorums, masks);
  if (could === needed) return [];
  const few =
    single === NO_GROUPS ? 'too few people are named' : `of rotas that the people file keeps, there is one person at a time`;
  const counts = `${needed} are needed; ${could} could`;
  return [{ path: ['stages'], what: `can never be satisfied: ${few}, and nobody counts in two stages: ${counts}` }];
}

const AT_ONCE = 'who can be there at a time: of a rota that the people file keeps, one person is on call at every instant';

/** The manager is one person, whoever that is, and so is whoever is alone in a group; no id of a person has a blank or a colon in it. */
function seatsNamed(pool: Pool): readonly string[] {
  const people = [...new Set([...inAll(pool, 'people'), ...inAll(pool, 'groups')])];
  return pool.manager ? [...people, ' manager'] : people;
}

/** Whom a pool names in the end, when all of its steps have begun. */
function inAll({ escalate = [], ...pool }: Pool, part: 'groups' | 'people'): readonly string[] {
  return [pool, ...escalate].flatMap((who) => who[part]);
}
