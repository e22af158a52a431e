/** AWS for the storm: the stand-in in the storm's own process, and who has what of it. */
import { AWS_REGION } from '../../../cli/demo/organisation.js';
import { type IdentityCenterStandIn, type Settings, seeded, startIdentityCenter } from '../../../sim/identity-center/index.js';
import type { World } from '../world.js';
import { type Organisation, organisationOf, type Pair } from './organisation.js';

export interface Cloud {
  readonly aws: IdentityCenterStandIn;
  readonly organisation: Organisation;
  /** The user of a person who asks; undefined once fate has deleted them. */
  userOf(personId: string): string | undefined;
  /** Whether an assignment that a call of the product made is in force now. */
  holds(personId: string, pair: Pair): boolean;
  /** AWS as on a good day. */
  calm(): void;
  close(): Promise<void>;
}

/** Quick, or no window of seconds would be lived through; late in all that it shows, as AWS is. */
const PACE: Partial<Settings> = {
  caller: 'delegated',
  inProgressMs: [300, 1800],
  statusDelayMs: [0, 300],
  listDelayMs: [0, 500],
  statusListDelayMs: [0, 300],
  shortPages: true,
  emptyPages: 0.2,
};

export async function startCloud(world: World, seed: number): Promise<Cloud> {
  const organisation = organisationOf(world);
  const aws = await startIdentityCenter({
    seed: organisation.seed,
    region: AWS_REGION,
    settings: PACE,
    random: seeded(seed),
  });
  const userOf = (personId: string) => {
    const id = organisation.users.get(personId);
    return id !== undefined && aws.world.users.has(id) ? id : undefined;
  };
  return {
    aws,
    organisation,
    userOf,
    holds: (personId, { accountId, setArn }) =>
      aws.truth
        .access()
        .some(
          (span) =>
            span.to === undefined &&
            span.cause.by === 'call' &&
            span.accountId === accountId &&
            span.setArn === setArn &&
            span.userId === userOf(personId),
        ),
    calm: () => {
      aws.faults.clear();
      Object.assign(aws.settings, PACE);
    },
    close: () => aws.close(),
  };
}
