/** The storm's world: who there is, on which Macs, and a policy with windows so short that many elevations live through. */
import { TEAM } from '../../cli/demo/world.js';

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
  /** In the channel, but without a say. */
  readonly stranger: StormPerson;
  /** Those with a Mac. */
  readonly askers: readonly (StormPerson & { readonly mac: StormMac })[];
}

const REAL_MACS = 3;
/** The windows, the cap and the deadlines of the policy, in milliseconds. */
export const WINDOWS_MS = [10_000, 15_000, 20_000] as const;
export const MAX_MS = 60_000;
export const DEADLINES_MS = { pending: 100_000, start: 80_000, evidence: 20_000 } as const;

/** Three real Macs, `lightMacs` simulated ones of which the last has a standing administrator. */
export function makeWorld(lightMacs: number): World {
  const it: readonly [StormPerson, ...StormPerson[]] = [
    person('it1', ['it'], true),
    person('it2', ['it'], true),
    person('it3', ['it'], true),
  ];
  const stranger = person('mallory', [], true);
  const askers = [...Array(REAL_MACS + lightMacs).keys()].map((n) => {
    const id = `user${n + 1}`;
    const real = n < REAL_MACS;
    const serial = `C02STORM${real ? 'R' : 'L'}${String(n + 1).padStart(3, '0')}`;
    const standing = n === REAL_MACS + lightMacs - 1;
    // The fourth is of IT and asks for a Mac of their own: nobody decides for themselves.
    const groups = n === REAL_MACS ? ['it'] : [];
    return {
      ...person(id, groups, groups.length > 0),
      mac: { serial, user: id, name: `mac-${n + 1}`, kind: real ? 'real' : 'light', standing } as const,
    };
  });
  return { people: [...it, stranger, ...askers], it, stranger, askers };
}

function person(id: string, groups: readonly string[], inChannel: boolean): StormPerson {
  return { id, slack: `U${id.toUpperCase().padStart(9, '0')}`, groups: ['staff', ...groups], inChannel };
}

export function emailOf({ id }: StormPerson): string {
  return `${id}@example.com`;
}

/** The people file. JSON is YAML too. */
export function peopleFile({ people }: World): string {
  const entries = people.map((p) => ({
    id: p.id,
    name: `Storm ${p.id}`,
    email: emailOf(p),
    groups: p.groups,
    slack: [{ team: TEAM.id, user: p.slack }],
    ...(p.mac && { macs: [{ serial: p.mac.serial, user: p.mac.user, name: p.mac.name }] }),
  }));
  return JSON.stringify({ people: entries });
}

const seconds = (ms: number) => `${ms / 1000}s`;

export const POLICY = `version: 1
deadlines: { pending: ${seconds(DEADLINES_MS.pending)}, start: ${seconds(DEADLINES_MS.start)}, evidence: ${seconds(DEADLINES_MS.evidence)} }
reminders: { every: 15s, for: 30s, then: 15s }
warn: { before: 5s, minWindow: 14s }
targets:
  - id: macs
    kind: mac-admin
    match: { serials: ["C02STORM*"] }
    ask: { groups: [staff] }
    approve: { groups: [it], quorum: 1 }
    windows: [${WINDOWS_MS.map(seconds).join(', ')}]
    max: ${seconds(MAX_MS)}
  - id: aws-core
    kind: aws-permission-set
    match: { tags: { tier: "0" } }
    tier: 0
    ask: { groups: [staff] }
    approve: { groups: [it], quorum: 1 }
    windows: [${WINDOWS_MS.map(seconds).join(', ')}]
    max: ${seconds(MAX_MS)}
  - id: aws
    kind: aws-permission-set
    match: { accounts: ["storm-*"] }
    ask: { groups: [staff] }
    approve: { groups: [it], quorum: 1 }
    windows: [${WINDOWS_MS.map(seconds).join(', ')}]
    max: ${seconds(MAX_MS)}
`;
