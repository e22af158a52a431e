/**
 * What an error of AWS means: whether it may work later, whether the call may have worked all the same, and the sentence
 * that names the thing and the fix. The SDK's own errors go no further: their texts may quote signed headers.
 *
 * Names: the common errors of AWS' JSON services and those of each operation, as its API reference lists them.
 */
import { type ErrorCode, StintError } from '../../../contract/errors.js';

export const CLASSES = [
  'conflict',
  'throttled',
  'lost',
  'unreached',
  'not-found',
  'denied',
  'invalid',
  'quota',
  'credentials',
  'config',
] as const;
/**
 * `conflict` and `throttled`: refused now, may work later. `lost`: no answer, so it may have worked. `unreached`: the name of
 * AWS was not found, so nothing left; a resolver that is down says the same as a region that there is not, and what worked a
 * moment ago works again. `credentials`: nothing works until an operator acts, and then everything does. The others stay as
 * they are.
 */
export type AwsClass = (typeof CLASSES)[number];

/** The codes of the contract; the only place that chooses them. */
export const CODES: Readonly<Record<AwsClass | 'failed' | 'already', ErrorCode>> = {
  conflict: 'aws-unavailable',
  throttled: 'aws-unavailable',
  lost: 'aws-unavailable',
  unreached: 'aws-unavailable',
  'not-found': 'aws-rejected',
  denied: 'aws-rejected',
  invalid: 'aws-rejected',
  quota: 'aws-rejected',
  credentials: 'aws-credentials',
  config: 'bad-config',
  failed: 'aws-failed',
  already: 'have-already',
};

/** What AWS said, kept as the cause of a `StintError`. Holds no credential and no signed text. */
export class AwsAnswer extends Error {
  readonly class: AwsClass;
  /** AWS' own name of the error. */
  readonly awsName: string;
  /** AWS' id of the call, for its support. */
  readonly awsRequestId: string | undefined;

  constructor(kind: AwsClass, awsName: string, text: string, awsRequestId?: string) {
    super(text);
    this.name = 'AwsAnswer';
    this.class = kind;
    this.awsName = awsName;
    this.awsRequestId = awsRequestId;
  }
}

const BY_NAME: Readonly<Record<string, AwsClass>> = {
  ConflictException: 'conflict',
  ConcurrentModificationException: 'conflict',
  ThrottlingException: 'throttled',
  TooManyRequestsException: 'throttled',
  Throttling: 'throttled',
  RequestLimitExceeded: 'throttled',
  InternalServerException: 'lost',
  InternalFailure: 'lost',
  ServiceException: 'lost',
  ServiceUnavailable: 'lost',
  ServiceUnavailableException: 'lost',
  ResourceNotFoundException: 'not-found',
  AccountNotFoundException: 'not-found',
  ParentNotFoundException: 'not-found',
  TargetNotFoundException: 'not-found',
  AccessDeniedException: 'denied',
  AccessDenied: 'denied',
  NotAuthorized: 'denied',
  AWSOrganizationsNotInUseException: 'denied',
  ValidationException: 'invalid',
  ValidationError: 'invalid',
  InvalidInputException: 'invalid',
  UnknownOperationException: 'invalid',
  ServiceQuotaExceededException: 'quota',
  ExpiredToken: 'credentials',
  ExpiredTokenException: 'credentials',
  RequestExpired: 'credentials',
  UnrecognizedClientException: 'credentials',
  InvalidClientTokenId: 'credentials',
  InvalidSignatureException: 'credentials',
  SignatureDoesNotMatch: 'credentials',
  IncompleteSignature: 'credentials',
  IncompleteSignatureException: 'credentials',
  MissingAuthenticationToken: 'credentials',
  MissingAuthenticationTokenException: 'credentials',
  OptInRequired: 'credentials',
  CredentialsProviderError: 'credentials',
  TokenProviderError: 'credentials',
};

interface Thrown {
  readonly name?: unknown;
  readonly message?: unknown;
  readonly code?: unknown;
  readonly $metadata?: { readonly httpStatusCode?: unknown; readonly requestId?: unknown };
}

/**
 * Says what a thrown error of the SDK means; `what` names the thing in a sentence ("the permission set Admin in Prod").
 * Anything without an answer of AWS counts as lost: the call may have worked.
 */
export function awsError(error: unknown, what: string): StintError {
  if (error instanceof StintError) return error;
  const thrown = (typeof error === 'object' && error !== null ? error : {}) as Thrown;
  const name = String(thrown.name ?? 'Error');
  const kind = classOf(name, thrown);
  const id = thrown.$metadata?.requestId;
  const said = safeText(kind, thrown);
  const answer = new AwsAnswer(kind, name, said, typeof id === 'string' ? id : undefined);
  const sentence = sentenceOf(isForElsewhere(kind, thrown) ? 'config' : kind, what, said);
  return new StintError(CODES[kind], sentence, { cause: answer });
}

/** The class of an error that `awsError` made; undefined for any other. */
export function classOfError(error: unknown): AwsClass | undefined {
  return error instanceof StintError && error.cause instanceof AwsAnswer ? error.cause.class : undefined;
}

function classOf(name: string, thrown: Thrown): AwsClass {
  const known = BY_NAME[name];
  if (known) return known;
  const text = String(thrown.message ?? '');
  if (/region is missing|no such region|invalid region/i.test(text)) return 'config';
  if (/could not load credentials|security token|unable to locate credentials/i.test(text)) return 'credentials';
  if (thrown.code === 'ENOTFOUND') return 'unreached';
  const status = thrown.$metadata?.httpStatusCode;
  if (status === 429) return 'throttled';
  if (status === 403 || status === 401) return 'denied';
  return typeof status === 'number' && status >= 400 && status < 500 ? 'invalid' : 'lost';
}

/** A signature for another region is refused like wrong credentials; renewing them would mend nothing. Words: IAM's guide to signed requests. */
function isForElsewhere(kind: AwsClass, { message }: Thrown): boolean {
  return kind === 'credentials' && /scoped to a valid region/i.test(String(message ?? ''));
}

const TEXT_MAX = 300;

/** AWS' own words, without anything that looks like a key or token. Errors of signatures quote what was signed: not shown. */
function safeText(kind: AwsClass, { message }: Thrown): string {
  if (kind === 'credentials' || typeof message !== 'string') return '';
  const oneLine = message.replace(/\s+/g, ' ').trim();
  return oneLine.replace(/[A-Za-z0-9+/=_-]{60,}|\b(AKIA|ASIA)[A-Z0-9]{12,}\b/g, '[…]').slice(0, TEXT_MAX);
}

function sentenceOf(kind: AwsClass, what: string, said: string): string {
  const quoted = said ? ` AWS says: ${said}` : '';
  switch (kind) {
    case 'conflict':
      return `AWS is still busy with another change of ${what}. Trying again.`;
    case 'throttled':
      return `AWS asked for fewer calls while it was asked for ${what}. Trying again more slowly.`;
    case 'lost':
      return `AWS gave no answer about ${what}. Trying again.`;
    case 'unreached':
      return `The address of AWS was not found, so it could not be asked for ${what}. Trying again. If it lasts: is the name resolution of this computer up, and STINT_AWS_REGION the region of Identity Center?`;
    case 'not-found':
      return `AWS knows no such thing as ${what}. Check that account, permission set and person still exist, and that the region is the one of Identity Center.${quoted}`;
    case 'denied':
      return `AWS does not let Stint work with ${what}. Give its role the right that is named, or, where it runs in a delegated administrator account, use a permission set that is not provisioned in the management account.${quoted}`;
    case 'invalid':
      return `AWS does not accept the call for ${what}. Check instance, account and permission set in the configuration.${quoted}`;
    case 'quota':
      return `A quota of AWS is used up, so nothing was done for ${what}. Ask AWS for more, or remove what is no longer used.${quoted}`;
    case 'credentials':
      return `AWS does not accept Stint's own credentials (asked for ${what}). They are missing, expired or wrong: renew them, then it goes on by itself.`;
    case 'config':
      return `AWS could not be asked for ${what}: the region is missing or wrong. Set STINT_AWS_REGION to the region of Identity Center.`;
  }
}

/** The asynchronous part ended as FAILED. `reason`: AWS' FailureReason. */
export function failed(what: string, doing: 'give' | 'take back', reason: string | undefined): StintError {
  const said = reason ? safeText('invalid', { message: reason }) : 'no reason given';
  const fix = /quota|limit|exceeded/i.test(said)
    ? ' An operator has to raise that quota, or remove unused roles in the account.'
    : '';
  const code = doing === 'give' ? CODES.failed : 'not-gone';
  return new StintError(code, `AWS could not ${doing} ${what}: ${said}.${fix}`.replace('..', '.'));
}

/** It was there for as long as was approved, and nobody could prove it. */
export function neverListed(what: string): StintError {
  const why = `AWS gave ${what}, but its list did not show it for as long as was approved.`;
  return new StintError(CODES.failed, `${why} It is taken back; ask again when AWS answers.`);
}

/** The person holds what they ask for, and not from us (invariant I12). `group`: the one that they have it through, if any. */
export function haveAlready(what: string, group?: string): StintError {
  const way = group === undefined ? '' : ` through the group ${group},`;
  return new StintError(
    CODES.already,
    `You have ${what} already,${way} and not from Stint. Nothing was granted, and nothing of it will be taken away.`,
  );
}

/** Whether waiting a moment and asking again is right. */
export function mayWorkLater(error: unknown): boolean {
  const kind = classOfError(error);
  return kind === 'conflict' || kind === 'throttled' || kind === 'lost' || kind === 'unreached';
}

/**
 * Whether nothing came of a call for sure: AWS itself said no, or it never left. Not what a proxy in between may say, nor an error
 * inside of AWS: after those it may have worked.
 */
export function neverMade(error: unknown): boolean {
  if (!(error instanceof StintError)) return false;
  if (error.code === 'too-late') return true;
  if (!(error.cause instanceof AwsAnswer)) return false;
  const { class: kind, awsName } = error.cause;
  return (
    kind === 'config' || kind === 'unreached' || kind === 'credentials' || (kind !== 'lost' && BY_NAME[awsName] !== undefined)
  );
}
