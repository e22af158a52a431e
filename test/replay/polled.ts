/** An AWS permission set for the recorder: a real request of that kind, and a far end that is polled and does as it is told. */
import { instant } from '../../contract/ids.js';
import type { TargetFacts } from '../../contract/ports.js';
import type { AwsPermissionSetTarget } from '../../contract/request.js';
import { POLICY, requestOf } from '../fixtures/people.js';
import { type Asked, type Harness, startHarness } from '../workflows/harness.js';

const WITH_AWS = `${POLICY}
  - id: cloud
    kind: aws-permission-set
    match: { accounts: ["sandbox*"] }
    ask: { groups: [staff] }
    approve: { groups: [it], quorum: 1 }
    windows: [5m, 10m]
    max: 30m
`;

const about = {
  kind: 'aws-permission-set',
  accountId: '444444444444',
  accountName: 'sandbox',
  ouNames: [],
  ouIds: [],
  set: 'PowerUserAccess',
} as const;

/** What AWS would say of it; nobody searches here. */
const FACTS: TargetFacts<AwsPermissionSetTarget> = {
  kind: 'aws-permission-set',
  searchable: true,
  listed: async () => [],
  search: async () => [],
  candidate: async () => undefined,
  pin: () => Promise.reject(new Error('nothing is pinned here')),
  look: async () => ({ about }),
  known: () => about,
};

/** Of one user each, so that none waits for another's target. */
function targetOfUser(n: number): AwsPermissionSetTarget {
  const principalId = `94482488-3041-7005-b4c2-${String(n).padStart(12, '0')}`;
  return {
    kind: 'aws-permission-set',
    key: `aws/${about.accountId}/ps-3333cccc4444dddd/${principalId}`,
    instanceArn: 'arn:aws:sso:::instance/ssoins-1111222233334444',
    accountId: about.accountId,
    permissionSetArn: 'arn:aws:sso:::permissionSet/ssoins-1111222233334444/ps-3333cccc4444dddd',
    principalId,
    accountName: about.accountName,
    setName: about.set,
    display: 'PowerUserAccess in sandbox',
    sessionMs: 3_600_000,
  };
}

export interface Polled {
  readonly harness: Harness;
  ask(): Promise<Asked<AwsPermissionSetTarget>>;
}

/** Whoever asks is Ada; whatever is asked of the far end goes by the elevation's own troubles. */
export async function startPolled(address: string): Promise<Polled> {
  const started: { harness?: Harness } = {};
  const driverOf = () => {
    if (!started.harness) throw new Error('nothing is asked of it before it is there');
    return started.harness.mac;
  };
  const targets = () => ({ driverOf, facts: [FACTS] });
  const harness = await startHarness(address, { policy: WITH_AWS, confirmMode: 'poll', targets });
  started.harness = harness;
  let asked = 0;
  const ask = () => {
    asked += 1;
    const { target: _, ...rest } = requestOf({ windowMs: 10 * 60_000, askedAt: instant(Date.now()) });
    return harness.askFor<AwsPermissionSetTarget>({ ...rest, target: targetOfUser(asked) });
  };
  return { harness, ask };
}
