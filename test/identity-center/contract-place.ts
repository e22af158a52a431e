/**
 * Where else the contract is asked, by the environment:
 * - `STINT_AWS_CONTRACT_ACCOUNT`, `STINT_AWS_CONTRACT_SET` (its ARN), `STINT_AWS_CONTRACT_USER` (an Identity Store id): what is
 *   given and taken away again;
 * - `STINT_AWS_CONTRACT_ENDPOINT`: a stand-in or an emulator; without it AWS itself, in `AWS_REGION` and with the
 *   credentials that the SDK finds by itself;
 * - `STINT_AWS_CONTRACT_CHANGES`: the account once more. It changes assignments, so one has to say so.
 */
export interface ContractPlace {
  readonly accountId: string;
  readonly setArn: string;
  readonly userId: string;
  /** AWS itself without one. */
  readonly endpoint?: string | undefined;
  readonly region: string;
}

const NAMES = ['ACCOUNT', 'SET', 'USER'] as const;

/** What the environment names; undefined when it names nothing. Throws a sentence when it is half said, or not meant. */
export function placeOf(env: NodeJS.ProcessEnv): ContractPlace | undefined {
  const said = NAMES.filter((name) => env[`STINT_AWS_CONTRACT_${name}`]);
  const { STINT_AWS_CONTRACT_ENDPOINT: endpoint, STINT_AWS_CONTRACT_CHANGES: meant } = env;
  if (said.length === 0 && !endpoint && !meant) return undefined;
  const missing = NAMES.filter((name) => !said.includes(name)).map((name) => `STINT_AWS_CONTRACT_${name}`);
  if (missing.length > 0)
    throw new Error(`The contract needs an account, a set and a user that nothing else uses: set ${missing.join(', ')}.`);
  const [accountId = '', setArn = '', userId = ''] = NAMES.map((name) => env[`STINT_AWS_CONTRACT_${name}`]);
  if (meant !== accountId)
    throw new Error(
      `The contract gives ${userId} access to account ${accountId} and takes it away, several times. If that is meant, set STINT_AWS_CONTRACT_CHANGES=${accountId}.`,
    );
  return { accountId, setArn, userId, endpoint, region: env.AWS_REGION ?? 'us-east-1' };
}
