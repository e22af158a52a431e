/** What there is to know of Macs: the people file says whose they are, and a request names the rest itself. */
import { StintError } from '../contract/errors.js';
import type { Candidate, MacAbout, Person, TargetFacts, TargetLook } from '../contract/ports.js';
import type { MacAdminTarget } from '../contract/request.js';

/** The target of one of a person's Macs, as the people file lists it. */
export function macTarget(mac: Person['macs'][number]): MacAdminTarget {
  const { serial, localUser, name } = mac;
  return { kind: 'mac-admin', key: `mac-admin/${serial}`, serial, localUser, display: name };
}

/** What rules are held against for a Mac. */
export function aboutMac({ serial }: Pick<MacAdminTarget, 'serial'>): MacAbout {
  return { kind: 'mac-admin', serial };
}

/** What the people file says of a Mac, and whether it is this person's. */
export function lookAtMac(target: MacAdminTarget, holder: Person): TargetLook {
  const { serial, localUser } = target;
  const about = aboutMac(target);
  const owns = holder.macs.some((mac) => mac.serial === serial && mac.localUser === localUser);
  return owns ? { about } : { about, refusal: `The people file does not give ${localUser} on ${serial} to ${holder.name}.` };
}

/** The Macs of the people file: a person's own, and no others. Never fails. */
export const MACS: TargetFacts<MacAdminTarget> = {
  kind: 'mac-admin',
  searchable: false,
  listed: async (person) => candidatesOf(person),
  search: async ({ macs }, text, limit, may) => {
    const words = fold(text).split(/\s+/).filter(Boolean);
    const named = ({ display, serial }: MacAdminTarget) => words.every((word) => fold(`${display} ${serial}`).includes(word));
    return macs.map(macTarget).filter(named).map(candidateOf).filter(may).slice(0, limit);
  },
  candidate: async (person, key) => candidatesOf(person).find((one) => one.key === key),
  pin: async (person, key) => {
    const target = person.macs.map(macTarget).find((one) => one.key === key);
    if (target) return target;
    throw new StintError('unknown-target', 'The people file does not give you this Mac. Ask your IT team.');
  },
  look: async (target, holder) => lookAtMac(target, holder),
  known: aboutMac,
};

function candidatesOf({ macs }: Person): readonly Candidate[] {
  return macs.map(macTarget).map(candidateOf);
}

function candidateOf(target: MacAdminTarget): Candidate {
  return { key: target.key, about: aboutMac(target), display: target.display, notes: [] };
}

const fold = (text: string): string => text.toLocaleLowerCase('en');
