/**
 * The signature is looked at, not computed: that there is one, for this service, in this region. That is what a client
 * with a wrong configuration gets wrong. Source of the sentences: IAM's guide to troubleshooting signed requests.
 */
import { AwsError } from './errors.js';
import type { Service } from './limits.js';

const SCOPE =
  /^AWS4-HMAC-SHA256 Credential=([\w]+)\/(\d{8})\/([\w-]+)\/([\w-]+)\/aws4_request, ?SignedHeaders=[^,]+, ?Signature=[0-9a-f]{64}$/;
const SIGNING_NAMES: Record<Service, string> = {
  ssoAdmin: 'sso',
  identityStore: 'identitystore',
  organizations: 'organizations',
};

/** The error for a missing or misdirected signature. */
export function signatureFault(header: string | undefined, service: Service, region: string): AwsError | undefined {
  if (!header) return new AwsError('MissingAuthenticationTokenException', 'Missing Authentication Token');
  const parts = SCOPE.exec(header);
  if (!parts) return new AwsError('IncompleteSignatureException', 'Authorization header requires an AWS4-HMAC-SHA256 signature.');
  const [, , , scopedRegion, scopedService] = parts;
  // Organizations is one service for all regions, and its signatures are for us-east-1.
  const regions = service === 'organizations' ? [region, 'us-east-1'] : [region];
  if (!regions.includes(scopedRegion ?? '')) {
    return new AwsError('InvalidSignatureException', `Credential should be scoped to a valid region, not '${scopedRegion}'.`);
  }
  if (scopedService === SIGNING_NAMES[service]) return undefined;
  return new AwsError(
    'InvalidSignatureException',
    `Credential should be scoped to correct service: '${SIGNING_NAMES[service]}'.`,
  );
}
