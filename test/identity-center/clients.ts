/** The real SDK clients against an endpoint, without their own retries: a test wants to see every answer. */
import { IdentitystoreClient } from '@aws-sdk/client-identitystore';
import { OrganizationsClient } from '@aws-sdk/client-organizations';
import { SSOAdminClient } from '@aws-sdk/client-sso-admin';

export interface Clients {
  readonly sso: SSOAdminClient;
  readonly store: IdentitystoreClient;
  readonly organizations: OrganizationsClient;
  destroy(): void;
}

export interface Options {
  readonly region?: string;
  readonly maxAttempts?: number;
  /** The SDK's own search for credentials: for a real organisation. */
  readonly ownCredentials?: boolean;
}

/** Clients of this endpoint; of AWS itself when there is none. */
export function clientsOf(endpoint: string | undefined, options: Options = {}): Clients {
  const { region = 'us-east-1', maxAttempts = 1, ownCredentials = false } = options;
  const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'not-a-secret' };
  const common = { region, maxAttempts, ...(endpoint && { endpoint }), ...(!ownCredentials && { credentials }) };
  const sso = new SSOAdminClient(common);
  const store = new IdentitystoreClient(common);
  const organizations = new OrganizationsClient(common);
  const destroy = (): void => {
    for (const client of [sso, store, organizations]) client.destroy();
  };
  return { sso, store, organizations, destroy };
}

/** The name of the error that a call ends in, or `none`. */
export function errorName(call: Promise<unknown>): Promise<string> {
  return call.then(
    () => 'none',
    (error: Error) => error.name,
  );
}
