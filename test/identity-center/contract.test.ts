/**
 * The contract of driver and stand-in: what AWS answers, and what the driver makes of it. Asked of the stand-in in a good and
 * in a bad mood, and elsewhere too when the environment says where (`contract-place.ts`).
 */
import { expect, test } from 'vitest';
import {
  EXAMPLE,
  exampleOrganization,
  HARSH,
  type Settings,
  seeded,
  startIdentityCenter,
} from '../../sim/identity-center/index.js';
import { clientsOf } from './clients.js';
import { describeContract } from './contract.js';
import { type ContractFixture, openDesk } from './contract-desk.js';
import { type ContractPlace, placeOf } from './contract-place.js';
import { describeDriverContract } from './driver-contract.js';

const here = { accountId: EXAMPLE.production, setArn: EXAMPLE.admin, userId: EXAMPLE.ada, region: 'us-east-1' };

const FAST = 200;

async function standIn(settings: Partial<Settings>): Promise<ContractFixture> {
  // Nothing here is about quotas.
  const callsPerSecond = { ssoAdmin: FAST, identityStore: FAST, organizations: FAST };
  const aws = await startIdentityCenter({
    seed: exampleOrganization(),
    settings: { callsPerSecond, ...settings },
    random: seeded(5),
  });
  const perSecond = { sso: FAST, users: FAST, organizations: FAST };
  return { ...fixtureAt({ ...here, endpoint: aws.url }, () => aws.close()), perSecond };
}

/** A stand-in takes any credentials; AWS' own clients look for the real ones by themselves. */
function fixtureAt(place: ContractPlace, after: () => Promise<void> = async () => undefined): ContractFixture {
  const { endpoint, region } = place;
  const elsewhere = endpoint === undefined;
  const restore = elsewhere ? () => undefined : exampleCredentials();
  const clients = clientsOf(endpoint, { region, maxAttempts: elsewhere ? 8 : 5, ownCredentials: elsewhere });
  const patience = { deadlineMs: 30_000, pollMs: elsewhere ? 1_500 : 60 };
  const close = async () => {
    clients.destroy();
    restore();
    await after();
  };
  return { ...place, ...patience, clients, close };
}

const CREDENTIALS = { AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE', AWS_SECRET_ACCESS_KEY: 'not-a-secret', AWS_SESSION_TOKEN: undefined };

/** The driver finds its credentials as always. Answers what puts back what was there. */
function exampleCredentials(): () => void {
  const before = Object.keys(CREDENTIALS).map((name) => [name, process.env[name]] as const);
  const put = (all: readonly (readonly [string, string | undefined])[]): void => {
    for (const [name, value] of all) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  };
  put(Object.entries(CREDENTIALS));
  return () => put(before);
}

/** The driver first: it takes nothing for standing that was deleted a moment ago, as the other half does. */
function bothHalves(name: string, open: () => Promise<ContractFixture>): void {
  describeDriverContract(name, open);
  describeContract(name, open);
}

bothHalves('the stand-in', () => standIn({}));
bothHalves('the stand-in in a bad mood', () => standIn({ ...HARSH, inProgressMs: [100, 400], accountInstance: true }));

const place = placeOf(process.env);
if (place) bothHalves(place.endpoint ?? 'AWS', async () => ({ ...fixtureAt(place), deadlineMs: 300_000 }));

const NAMED = { STINT_AWS_CONTRACT_ACCOUNT: '1', STINT_AWS_CONTRACT_SET: 'set', STINT_AWS_CONTRACT_USER: 'user' };

test('elsewhere it runs only where account, set and user are named, and the account once more, since it changes assignments', () => {
  expect(placeOf({})).toBeUndefined();
  expect(() => placeOf({ STINT_AWS_CONTRACT_ENDPOINT: 'http://x' })).toThrow('STINT_AWS_CONTRACT_ACCOUNT');
  expect(() => placeOf({ ...NAMED, STINT_AWS_CONTRACT_USER: '' })).toThrow('STINT_AWS_CONTRACT_USER');
  expect(() => placeOf(NAMED)).toThrow('set STINT_AWS_CONTRACT_CHANGES=1');
  expect(() => placeOf({ ...NAMED, STINT_AWS_CONTRACT_CHANGES: 'yes' })).toThrow('CHANGES=1');
  expect(placeOf({ ...NAMED, STINT_AWS_CONTRACT_CHANGES: '1' })).toMatchObject({ accountId: '1', setArn: 'set', userId: 'user' });
});

test('it refuses to begin where the person has the set, and leaves it to them', async () => {
  const aws = await startIdentityCenter({ seed: exampleOrganization() });
  const standing = { accountId: EXAMPLE.sandbox, setArn: EXAMPLE.readOnly, userId: EXAMPLE.grace };
  const fixture = fixtureAt({ ...here, ...standing, endpoint: aws.url }, () => aws.close());
  await expect(openDesk(fixture)).rejects.toThrow('already');
  expect(aws.truth.calls('DeleteAccountAssignment')).toEqual([]);
  expect(aws.truth.hasAccess(standing)).toBe(true);
  await fixture.close();
});
