/**
 * The contract, asked of the stand-in in a good and in a bad mood. Elsewhere too, when the environment says where:
 * STINT_AWS_CONTRACT_ACCOUNT, _SET (its ARN) and _USER (an Identity Store id); STINT_AWS_CONTRACT_ENDPOINT for an
 * emulator, AWS itself without it, in AWS_REGION and with the credentials that the SDK finds by itself.
 */
import {
  EXAMPLE,
  exampleOrganization,
  HARSH,
  type Settings,
  seeded,
  startIdentityCenter,
} from '../../sim/identity-center/index.js';
import { clientsOf } from './clients.js';
import { type ContractFixture, describeContract } from './contract.js';

const here = { accountId: EXAMPLE.production, setArn: EXAMPLE.admin, userId: EXAMPLE.ada, deadlineMs: 20_000, pollMs: 60 };

async function standIn(settings: Partial<Settings>, maxAttempts: number): Promise<ContractFixture> {
  const aws = await startIdentityCenter({ seed: exampleOrganization(), settings, random: seeded(5) });
  const clients = clientsOf(aws.url, { maxAttempts });
  const close = async () => {
    clients.destroy();
    await aws.close();
  };
  return { ...here, clients, close };
}

describeContract('the stand-in', () => standIn({}, 5));
describeContract('the stand-in in a bad mood', () => standIn({ ...HARSH, inProgressMs: [100, 400], accountInstance: true }, 5));

const { env } = process;
const accountId = env.STINT_AWS_CONTRACT_ACCOUNT;
const setArn = env.STINT_AWS_CONTRACT_SET;
const userId = env.STINT_AWS_CONTRACT_USER;
if (accountId && setArn && userId) {
  const endpoint = env.STINT_AWS_CONTRACT_ENDPOINT;
  describeContract(endpoint ?? 'AWS', async () => {
    const clients = clientsOf(endpoint, { region: env.AWS_REGION ?? 'us-east-1', maxAttempts: 8, ownCredentials: true });
    const close = async () => clients.destroy();
    return { accountId, setArn, userId, deadlineMs: 300_000, pollMs: 1500, clients, close };
  });
}
