/**
 * Errors as the three services send them: a name in `__type` and in a header, and a message. All client errors are
 * HTTP 400 here, as the API references of IAM Identity Center and the Identity Store say of each (the SDK's model names
 * other codes; a recorded throttling was a 400 too: aws-iam-identity-center-extensions #87).
 */

export class AwsError extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly status = 400,
    /** Further members of the body: `Reason`, `ResourceType` and the like. */
    readonly more: Readonly<Record<string, unknown>> = {},
  ) {
    super(message);
  }
}

export const validation = (message: string): AwsError => new AwsError('ValidationException', message);
export const denied = (message: string): AwsError => new AwsError('AccessDeniedException', message);
export const internal = (): AwsError =>
  new AwsError('InternalServerException', 'An unexpected internal service exception was encountered', 500);
export const tooFast = (): AwsError => new AwsError('ThrottlingException', 'Rate exceeded');
/** Organizations calls its throttling otherwise than the rest. */
export const tooManyRequests = (): AwsError =>
  new AwsError('TooManyRequestsException', 'AWS Organizations cannot perform the operation, because too many calls were made.');

/**
 * Too many creates and deletes in progress. The public report of it (aws-iam-identity-center-extensions #87, 40 of 72
 * accounts) is a throttling with these words, not a ServiceQuotaExceededException.
 */
export const tooManyOutstanding = (): AwsError =>
  new AwsError('ThrottlingException', 'There are too many requests processing. Please try again later.');

export const notFound = (what: string): AwsError => new AwsError('ResourceNotFoundException', `${what} not found`);

/** The Identity Store says what kind of thing it missed. */
export const missing = (kind: 'USER' | 'GROUP' | 'IDENTITY_STORE', id: string): AwsError =>
  new AwsError('ResourceNotFoundException', `${kind} not found.`, 400, { ResourceType: kind, ResourceId: id });

/** AWS names the operation as IAM does, and the one who called. */
export const notAuthorized = (action: string, account: string): AwsError =>
  denied(
    `User: arn:aws:sts::${account}:assumed-role/stand-in/session is not authorized to perform: ${action} because no identity-based policy allows the ${action} action`,
  );
