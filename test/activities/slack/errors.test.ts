import { WebAPIHTTPError, WebAPIPlatformError, WebAPIRateLimitedError, WebAPIRequestError } from '@slack/web-api';
import { describe, expect, it } from 'vitest';
import { createPostingClient } from '../../../activities/slack/client.js';
import { fromSlack, slackCode, slackRetryAfterMs } from '../../../activities/slack/errors.js';
import { StintError } from '../../../contract/errors.js';

const about = { method: 'chat.postMessage', channel: 'C1' };
const platform = (error: string, more: object = {}) => fromSlack(new WebAPIPlatformError({ ok: false, error, ...more }), about);

describe('what a failed call means', () => {
  it.each<[string, Error]>([
    ['a dropped connection', new WebAPIRequestError(new TypeError('fetch failed'))],
    ['a timeout', new WebAPIRequestError(new DOMException('late', 'TimeoutError'))],
    ['a 500', new WebAPIHTTPError(500, 'x', {})],
    ['a 503', new WebAPIHTTPError(503, 'x', {})],
    ['a page of HTML', new WebAPIPlatformError({ ok: false, error: '<html>Bad gateway</html>' })],
    ...['fatal_error', 'internal_error', 'request_timeout', 'service_unavailable'].map((e): [string, Error] => [
      e,
      new WebAPIPlatformError({ ok: false, error: e }),
    ]),
  ])('%s leaves it open whether it was carried out', (_, error) => {
    expect(fromSlack(error, about)).toMatchObject({ code: 'slack-unavailable', retryable: true });
  });

  it.each([
    ['with a header', new WebAPIRateLimitedError(12), 12_000],
    ['without one', new Error('Retry header did not contain a valid timeout (url: x, retry-after header: null)'), 1_000],
    ['in the body', new WebAPIPlatformError({ ok: false, error: 'ratelimited' }), 1_000],
    [
      'in the body, with a wait',
      new WebAPIPlatformError({ ok: false, error: 'rate_limited', response_metadata: { retryAfter: 3 } as object }),
      3_000,
    ],
    ['of a year', new WebAPIRateLimitedError(31_536_000), 3_600_000],
    ['of nonsense', new WebAPIRateLimitedError(Number.NaN), 1_000],
  ])('a rate limit %s can be repeated after a wait', (_, error, ms) => {
    const mapped = fromSlack(error, about);
    expect(mapped).toMatchObject({ code: 'too-many', retryable: true });
    expect(slackRetryAfterMs(mapped)).toBe(ms);
  });

  it.each([
    ['not_in_channel', /not in channel C1\. Invite it/],
    ['channel_not_found', /does not show channel C1/],
    ['is_archived', /channel C1 is archived\. Restore it/],
    ['is_inactive', /archived/],
    ['invalid_auth', /token is not valid/],
    ['account_inactive', /token is not valid/],
    ['invalid_blocks', /mistake in Stint/],
    ['msg_too_long', /mistake in Stint/],
    ['user_not_found', /cannot be written to/],
    ['something_new', /Slack refused the call for channel C1\. \(chat\.postMessage: something_new\)/],
  ])('%s is final and says what to do', (error, sentence) => {
    const mapped = platform(error);
    expect(mapped).toMatchObject({ code: 'slack-rejected', retryable: false, sentence: expect.stringMatching(sentence) });
    expect(slackCode(mapped)).toBe(error);
    expect(slackRetryAfterMs(mapped)).toBeUndefined();
  });

  it('a missing scope is named', () => {
    expect(platform('missing_scope', { needed: 'im:history' })).toMatchObject({
      sentence: expect.stringContaining('lacks the scope im:history'),
    });
    expect(platform('missing_scope', { needed: '<!channel>' })).toMatchObject({
      sentence: expect.not.stringContaining('<!channel>'),
    });
  });

  it('an unknown error comes back as it is', () => {
    const bug = new TypeError('x is not a function');
    expect(fromSlack(bug, about)).toBe(bug);
    const ours = new StintError('slack-unavailable');
    expect(fromSlack(ours, about)).toBe(ours);
  });
});

describe('the posting client', () => {
  it.each(['http://slack.example/api/', 'ftp://127.0.0.1/', 'nonsense', 'http://127.0.0.1.evil.example/'])(
    'is refused the address %s',
    (slackApiUrl) => {
      expect(() => createPostingClient({ token: 'xoxb-x', slackApiUrl })).toThrow(/bad-config/);
    },
  );

  it.each(['https://slack.com/api/', 'http://127.0.0.1:4000/api/', 'http://localhost:1/api/'])(
    'takes the address %s',
    (slackApiUrl) => {
      expect(createPostingClient({ token: 'xoxb-x', slackApiUrl }).slackApiUrl).toBe(slackApiUrl);
    },
  );
});
