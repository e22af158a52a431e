/** What one story is about: the asker's own Mac, or an account and a permission set in AWS. */
import type { FarEnds } from './far/ends.js';
import { offerKey, PAIRS, targetKey } from './far/organisation.js';
import type { Story, Wish } from './plan.js';
import type { StormMac, StormPerson } from './world.js';

export type Asker = StormPerson & { readonly mac: StormMac };

export interface Wanted {
  /** The Mac's serial number, or the key of the target in AWS: the name in the notebook and for the judge. */
  readonly place: string;
  /** Its value in the form, what one types to find it, and what one types when the form wants its name. */
  readonly offer: string;
  readonly search: string;
  readonly confirm: string;
  readonly isMac: boolean;
  /** Its asker has it for good: nothing can begin there. */
  readonly standing: boolean;
  /** Whether the asker has it by our doing now. */
  holds(): boolean;
}

/** AWS where the wish says so, the story is told in Slack, and the asker has a user there. */
export function wantedBy(far: FarEnds, asker: Asker, { via }: Story, { aws, pair: share }: Wish): Wanted {
  const pair = PAIRS[Math.floor(share * PAIRS.length)];
  const userId = far.cloud?.userOf(asker.id);
  const { cloud } = far;
  if (!cloud || !aws || via !== 'slack' || !pair || !userId) return onMac(far, asker);
  return {
    place: targetKey(pair, userId),
    offer: offerKey(pair),
    search: `${pair.account} ${pair.set}`,
    confirm: pair.account,
    isMac: false,
    // Who has it already is told so, and the story ends there by itself.
    standing: false,
    holds: () => cloud.holds(asker.id, pair),
  };
}

function onMac(far: FarEnds, { mac }: Asker): Wanted {
  const { serial, user, standing, name } = mac;
  const realIsAdmin = () => far.real.get(serial)?.truth().admins.includes(user) ?? false;
  return {
    place: serial,
    offer: `mac-admin/${serial}`,
    search: name,
    confirm: name,
    isMac: true,
    standing,
    holds: () => !standing && (far.light.get(serial)?.isAdmin ?? realIsAdmin()),
  };
}
