/** The storm's world: who there is, and on which Macs. */
import { TEAM } from '../../cli/demo/world.js';
import { DUTY } from './law.js';

export interface StormMac {
  readonly serial: string;
  readonly user: string;
  readonly name: string;
  /** `real`: the agent itself on a fake root. `light`: a small fake that speaks the same protocol. */
  readonly kind: 'real' | 'light';
  /** Its user is an administrator for good, and not by our doing (invariant I12). */
  readonly standing: boolean;
}

export interface StormPerson {
  readonly id: string;
  readonly slack: string;
  readonly groups: readonly string[];
  readonly inChannel: boolean;
  readonly mac?: StormMac;
}

export interface World {
  readonly people: readonly StormPerson[];
  /** Those who may decide. */
  readonly it: readonly [StormPerson, ...StormPerson[]];
  readonly security: readonly [StormPerson, ...StormPerson[]];
  /** In the channel, but without a say. */
  readonly stranger: StormPerson;
  /** Those with a Mac. */
  readonly askers: readonly (StormPerson & { readonly mac: StormMac })[];
}

const REAL_MACS = 3;

/** Three real Macs, `lightMacs` simulated ones of which the last has a standing administrator. */
export function makeWorld(lightMacs: number): World {
  const it: readonly [StormPerson, ...StormPerson[]] = [
    person('it1', ['it'], true),
    person('it2', ['it'], true),
    person('it3', ['it'], true),
  ];
  const security = [person('sec1', ['security'], true), person('sec2', ['security'], true)] as const;
  const stranger = person('mallory', [], true);
  const askers = [...Array(REAL_MACS + lightMacs).keys()].map((n) => {
    const id = `user${n + 1}`;
    const real = n < REAL_MACS;
    const serial = `C02STORM${real ? 'R' : 'L'}${String(n + 1).padStart(3, '0')}`;
    const standing = n === REAL_MACS + lightMacs - 1;
    // The fourth is of IT and asks for a Mac of their own: nobody decides for themselves.
    const isIt = n === REAL_MACS;
    // Two of three are on duty, and may break the glass.
    const groups = [...(isIt ? ['it'] : []), ...(n % 3 === 2 ? [] : [DUTY])];
    return {
      ...person(id, groups, isIt),
      mac: { serial, user: id, name: `mac-${n + 1}`, kind: real ? 'real' : 'light', standing } as const,
    };
  });
  return { people: [...it, ...security, stranger, ...askers], it, security, stranger, askers };
}

function person(id: string, groups: readonly string[], inChannel: boolean): StormPerson {
  return { id, slack: `U${id.toUpperCase().padStart(9, '0')}`, groups: ['staff', ...groups], inChannel };
}

export function emailOf({ id }: StormPerson): string {
  return `${id}@example.com`;
}

/** The people file, in which these have left. JSON is YAML too. */
export function peopleFile({ people }: World, left: ReadonlySet<string> = new Set()): string {
  const entries = people.map((p) => ({
    id: p.id,
    name: `Storm ${p.id}`,
    email: emailOf(p),
    groups: p.groups,
    ...(left.has(p.id) && { active: false }),
    slack: [{ team: TEAM.id, user: p.slack }],
    ...(p.mac && { macs: [{ serial: p.mac.serial, user: p.mac.user, name: p.mac.name }] }),
  }));
  return JSON.stringify({ people: entries });
}
