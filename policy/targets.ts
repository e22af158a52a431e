/** The kinds of target that this process knows facts of. What it knows nothing of is not covered by any rule. */
import { StintError } from '../contract/errors.js';
import type { About, Person, TargetFacts, TargetLook } from '../contract/ports.js';
import type { Target, TargetKind } from '../contract/request.js';
import { MACS } from './macs.js';

/** Where nothing else is given: Macs need no look-ups. */
export const ONLY_MACS: readonly TargetFacts[] = [MACS];

const MISSING: { readonly [K in TargetKind]: string } = {
  'mac-admin': 'Stint gives no access to Macs here.',
  'aws-permission-set': 'Stint is not set up for AWS here. Ask your IT team to set STINT_AWS_REGION.',
};

/** What is true of a target, and whether it is this person's. An error that may pass goes through. */
export async function lookAt(all: readonly TargetFacts[], target: Target, holder: Person | undefined): Promise<TargetLook> {
  const facts = factsOf(all, target.kind);
  if (!facts) return { refusal: MISSING[target.kind] };
  // Without a holder it is refused for that, and nobody needs to be asked.
  return holder ? facts.look(target, holder) : {};
}

/** What is known of it without asking anybody. */
export function knownOf(all: readonly TargetFacts[], target: Target): About | undefined {
  return factsOf(all, target.kind)?.known(target);
}

/** The facts behind an offer's key. Throws `unknown-target`. */
export async function byKey(all: readonly TargetFacts[], person: Person, key: string) {
  for (const facts of all) {
    const candidate = await facts.candidate(person, key);
    if (candidate) return { facts, candidate };
  }
  throw new StintError('unknown-target', 'There is no such thing to ask for any more. Open the form again.');
}

function factsOf(all: readonly TargetFacts[], kind: TargetKind): TargetFacts | undefined {
  return all.find((one) => one.kind === kind);
}
