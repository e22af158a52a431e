/** The people and the rules of all sequences, in one directory and one policy file: each sequence has its own, and they may change. */

import type { LocalUser, PersonId, Serial, SlackUserId } from '../../../contract/ids.js';
import type { Directory, Person } from '../../../contract/ports.js';
import { parsePolicy } from '../../../policy/load.js';
import { directoryFrom } from '../../../policy/people.js';
import { TEAM } from '../../fixtures/people.js';
import type { People } from './model.js';
import { CAST, type Name, type PoolName, type Rule, type Stage } from './plan.js';

/** As many Macs as anybody may ask for in one sequence. */
const MACS = 16;
/** Before the first click, or after all of them; a request waits for `PENDING`. */
const BEGUN = '1s';
const NEVER = '29m';
const PENDING = '30m';
/** How late a start may be. */
const MISSED = '5m';

/** A step that is meant to have begun has, so long after it was asked; in milliseconds. */
export const BEGUN_BY_MS = 1500;
export const PENDING_MS = 30 * 60_000;
/** A later start lies so far ahead: later than all that people do, and before a step that never begins would. */
export const START_MS = 20 * 60_000;

const idOf = (n: number, name: Name) => `q${n}-${name}` as PersonId;
const groupOf = (n: number, pool: PoolName) => `q${n}-${pool}`;

export interface Town {
  readonly directory: Directory;
  /** Makes room for one more sequence; answers its number. */
  settle(people: People, rule: Rule): number;
  change(n: number, name: Name, to: { readonly active?: boolean; readonly groups?: readonly PoolName[] }): void;
  /** From now on the rule of this sequence is another. */
  apply(n: number, rule: Rule): void;
  person(n: number, name: Name): Person;
  /** Whose id that is. */
  nameOf(personId: PersonId): Name;
  /** The policy as it is now. */
  policy(): string;
}

export function makeTown(): Town {
  const people = new Map<PersonId, Person>();
  const rules: Rule[] = [];
  const now = () => directoryFrom([...people.values()]);
  const person: Town['person'] = (n, name) => {
    const found = people.get(idOf(n, name));
    if (!found) throw new Error(`there is no ${name} in ${n}`);
    return found;
  };
  const groups = (n: number, name: Name, pools: readonly PoolName[]) => [
    ...(name === 'asker' || name === 'holder' ? [`q${n}`] : []),
    ...pools.map((pool) => groupOf(n, pool)),
  ];
  return {
    directory: {
      person: (id) => now().person(id),
      personBySlack: (team, user) => now().personBySlack(team, user),
      personByMac: (serial, user) => now().personByMac(serial, user),
      personByAwsUser: (user) => now().personByAwsUser(user),
      membersOf: (group) => now().membersOf(group),
      isActive: (id) => now().isActive(id),
      onCall: (rota) => now().onCall(rota),
    },
    settle(cast, rule) {
      const n = rules.length;
      rules.push(rule);
      for (const name of CAST) {
        const id = idOf(n, name);
        const user = `U0Q${n}${name}`.toUpperCase();
        people.set(id, {
          personId: id,
          name: id,
          active: cast[name].active,
          groups: groups(n, name, cast[name].groups),
          slack: [user, `${user}TWO`].map((userId) => ({ teamId: TEAM, userId: userId as SlackUserId })),
          macs: Array.from({ length: MACS }, (_, i) => ({
            serial: `${serials(n)}${name.toUpperCase()}${i}` as Serial,
            localUser: 'user' as LocalUser,
            name: `${id}-mac-${i}`,
          })),
        });
      }
      return n;
    },
    change(n, name, { active, groups: pools }) {
      const before = person(n, name);
      const to = { ...(active === undefined ? {} : { active }), ...(pools && { groups: groups(n, name, pools) }) };
      people.set(before.personId, { ...before, ...to });
    },
    apply(n, rule) {
      rules[n] = rule;
    },
    person,
    nameOf: (personId) => personId.slice(personId.indexOf('-') + 1) as Name,
    policy: () => policyText(rules),
  };
}

const serials = (n: number) => `C02Q${String(n).padStart(3, '0')}-`;

/** JSON is YAML. */
function policyText(rules: readonly Rule[]): string {
  // A file without rules is none.
  const nobody = entry(-1, { stages: [{ groups: ['a'], people: [], quorum: 1 }], windows: [5], max: 5, starts: false });
  return JSON.stringify({
    version: 1,
    deadlines: { pending: PENDING },
    targets: [nobody, ...rules.map((rule, n) => entry(n, rule))],
  });
}

/** Whether it can be in a policy at all. */
export function isSound(rule: Rule): boolean {
  try {
    parsePolicy(policyText([rule]), 'policy.yaml');
    return true;
  } catch {
    return false;
  }
}

function entry(n: number, { stages, windows, max, extend, ownPerDay, limits, starts, glass }: Rule) {
  const { coolDown, ...counted } = limits ?? {};
  const [first] = stages;
  const pools = stages.length > 1 || !first ? { stages: stages.map((one) => pool(n, one)) } : pool(n, first);
  return {
    id: `q${Math.max(n, 0)}${n < 0 ? '-nobody' : ''}`,
    kind: 'mac-admin',
    match: { serials: [n < 0 ? 'NOBODY' : `${serials(n)}*`] },
    ask: { groups: [`q${n}`] },
    for: 'others',
    approve: { ...pools, ...(ownPerDay && { policy: { upTo: '5m', perDay: ownPerDay } }) },
    windows: windows.map(length),
    max: length(max),
    ...(extend && {
      extend: {
        times: extend.times,
        windows: extend.windows?.map(length),
        ...(extend.by && { approve: pool(n, extend.by) }),
      },
    }),
    ...(starts && { later: { ahead: '1h', missed: MISSED } }),
    ...(glass && {
      breakGlass: {
        ask: { people: glass.may.map((one) => idOf(n, one)) },
        max: length(glass.max),
        review: { groups: glass.review.map((one) => groupOf(n, one)), people: glass.named.map((one) => idOf(n, one)) },
      },
    }),
    ...(limits && { limits: { ...counted, ...(coolDown && { coolDown: length(coolDown) }) } }),
  };
}

const length = (minutes: number) => `${minutes}m`;

function pool(n: number, { groups, people, quorum, later }: Stage) {
  return {
    groups: groups.map((one) => groupOf(n, one)),
    ...(people.length > 0 && { people: people.map((one) => idOf(n, one)) }),
    quorum,
    ...(later && { escalate: [{ after: later.begun ? BEGUN : NEVER, groups: [groupOf(n, later.group)] }] }),
  };
}
