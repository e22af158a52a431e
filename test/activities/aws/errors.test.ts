import { expect, test } from 'vitest';
import { sessionMsOf } from '../../../activities/targets/aws-permission-set/duration.js';
import {
  type AwsClass,
  awsError,
  classOfError,
  failed,
  mayWorkLater,
  neverMade,
} from '../../../activities/targets/aws-permission-set/errors.js';
import { StintError } from '../../../contract/errors.js';

const thrown = (name: string, message = '', more: object = {}): Error => Object.assign(new Error(message), { name }, more);

const TABLE: readonly [AwsClass, boolean, Error][] = [
  ['conflict', true, thrown('ConflictException')],
  ['throttled', true, thrown('ThrottlingException')],
  ['throttled', true, thrown('TooManyRequestsException')],
  ['throttled', true, thrown('NewName', '', { $metadata: { httpStatusCode: 429 } })],
  ['lost', true, thrown('InternalServerException')],
  ['lost', true, thrown('AbortError')],
  ['lost', true, thrown('TimeoutError')],
  ['lost', true, thrown('Error', 'socket hang up', { code: 'ECONNRESET' })],
  ['lost', true, thrown('NewName', '', { $metadata: { httpStatusCode: 503 } })],
  ['not-found', false, thrown('ResourceNotFoundException')],
  ['denied', false, thrown('AccessDeniedException')],
  ['invalid', false, thrown('ValidationException')],
  ['invalid', false, thrown('NewName', '', { $metadata: { httpStatusCode: 400 } })],
  ['quota', false, thrown('ServiceQuotaExceededException')],
  ['credentials', false, thrown('ExpiredTokenException')],
  ['credentials', false, thrown('UnrecognizedClientException')],
  ['credentials', false, thrown('CredentialsProviderError')],
  ['config', false, thrown('Error', 'Region is missing')],
  ['unreached', true, thrown('Error', 'getaddrinfo', { code: 'ENOTFOUND' })],
];

test.each(TABLE)('%s, tried again at once: %s, for %s', (kind, again, error) => {
  const told = awsError(error, 'the thing');
  expect([classOfError(told), mayWorkLater(told)]).toEqual([kind, again]);
  expect(told.sentence).toContain('the thing');
});

test('what is new to us counts as lost: the call may have worked', () => {
  expect(classOfError(awsError(thrown('Surprise'), 'it'))).toBe('lost');
  expect(classOfError(awsError(undefined, 'it'))).toBe('lost');
});

test('no key, token or signed text of an error goes further', () => {
  const token = 'IQoJb3JpZ2luX2VjE'.repeat(8);
  const key = `${'AK'}${'IA'}IOSFODNN7EXAMPLE`;
  const errors = [
    thrown('SignatureDoesNotMatch', `The Canonical String was x-amz-security-token:${token}`),
    thrown('AccessDeniedException', `token ${token} of ${key} may not`),
  ].map((error) => awsError(error, 'it'));
  for (const error of errors) {
    const all = `${error.sentence} ${error.message} ${error.stack} ${String((error.cause as Error).message)}`;
    expect(all).not.toContain(token);
    expect(all).not.toContain(key);
  }
  expect(errors[1]?.sentence).toContain('may not');
});

test('the reason of a failure is said, and a quota with its fix', () => {
  expect(failed('Admin in prod', 'give', 'Cannot exceed quota for RolesPerAccount: 1000').sentence).toMatch(
    /RolesPerAccount.*operator/,
  );
  expect(failed('Admin in prod', 'take back', undefined)).toMatchObject({ code: 'not-gone', retryable: true });
});

test.each([
  ['PT1H', 1],
  ['PT8H', 8],
  ['PT1H30M', 1.5],
  ['PT3600S', 1],
  ['P1D', 12],
  [undefined, 1],
  ['', 1],
  ['nonsense', 12],
  ['P', 12],
  ['PT', 12],
])('a session of %s lasts at most %s hours', (text, hours) => {
  expect(sessionMsOf(text)).toBe(hours * 3_600_000);
});

test('only what AWS itself refused, or what never left, came to nothing for sure', () => {
  const sure = ['ConflictException', 'ThrottlingException', 'AccessDeniedException', 'ExpiredTokenException'].map((name) =>
    thrown(name),
  );
  sure.push(thrown('Error', 'getaddrinfo', { code: 'ENOTFOUND' }));
  const unsure = [thrown('InternalServerException'), thrown('TimeoutError'), thrown('Error', 'socket hang up')];
  // A proxy's word says nothing of what AWS did.
  for (const httpStatusCode of [408, 429, 502]) unsure.push(thrown('NewName', '', { $metadata: { httpStatusCode } }));
  expect(sure.map((error) => neverMade(awsError(error, 'it')))).toEqual(sure.map(() => true));
  expect(unsure.map((error) => neverMade(awsError(error, 'it')))).toEqual(unsure.map(() => false));
  expect([new StintError('too-late'), new StintError('store-unavailable'), new Error('given up')].map(neverMade)).toEqual([
    true,
    false,
    false,
  ]);
});
