/** What Temporal learns of an error: code, whether a retry can help, how long to wait, and nothing that is secret. */
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import { asFailure, guarded, relentless } from '../../activities/failure.js';
import { ERRORS, type ErrorCode, StintError } from '../../contract/errors.js';

const failing = (error: unknown) => ({
  act: async () => {
    throw error;
  },
});
const failureOf = (duties: { act: () => Promise<unknown> }) => duties.act().catch((error: unknown) => error);

describe('an error of ours', () => {
  it.each(Object.keys(ERRORS) as ErrorCode[])('%s becomes a failure of that type, retried as the table says', async (code) => {
    const failure = await failureOf(guarded(failing(new StintError(code))));
    expect(failure).toBeInstanceOf(ApplicationFailure);
    expect(failure).toMatchObject({ type: code, nonRetryable: !ERRORS[code].retryable });
  });

  it.each(Object.keys(ERRORS) as ErrorCode[])('%s never ends a relentless activity', async (code) => {
    expect(await failureOf(relentless(failing(new StintError(code))))).toMatchObject({ type: code, nonRetryable: false });
  });

  it('tells the sentence, and nothing of its cause', () => {
    const cause = new Error('GET https://mdm.example/?token=hunter2 failed');
    const failure = asFailure(new StintError('mdm-rejected', 'The MDM refused the tag.', { cause }));
    expect(failure).toMatchObject({ message: 'The MDM refused the tag.' });
    expect(failure).not.toHaveProperty('cause', cause);
    expect(JSON.stringify(failure)).not.toContain('hunter2');
  });
});

describe('being told to wait', () => {
  const waiting = (cause: unknown) => asFailure(new StintError('too-many', undefined, { cause: cause as Error }));

  it('is obeyed', () => {
    expect(waiting(Object.assign(new Error('429'), { retryAfterMs: 1_500 }))).toMatchObject({ nextRetryDelay: 1_500 });
  });

  it.each([
    undefined,
    null,
    'soon',
    {},
    { retryAfterMs: '9' },
    { retryAfterMs: 0 },
    { retryAfterMs: -5 },
    { retryAfterMs: Number.NaN },
  ])('by %j is no time to wait', (cause) => {
    expect((waiting(cause) as ApplicationFailure).nextRetryDelay).toBeUndefined();
  });
});

describe('an error that is not ours', () => {
  it('leaves its kind in the history, and none of its words', async () => {
    const bug = new TypeError('cannot read the token xoxb-secret');
    for (const failure of [await failureOf(guarded(failing(bug))), await failureOf(relentless(failing(bug)))]) {
      expect(failure).toMatchObject({ type: 'unforeseen', message: 'TypeError', nonRetryable: false });
      expect(JSON.stringify([String(failure), (failure as Error).cause])).not.toContain('xoxb');
    }
    expect(asFailure('a text')).toBe('a text');
  });

  it('of Temporal itself is passed on as it is', () => {
    const cancelled = new CancelledFailure('cancelled');
    expect(asFailure(cancelled)).toBe(cancelled);
  });
});

describe('an activity that works', () => {
  it('is called with its arguments and answers as before', async () => {
    const duties = guarded({ add: async (a: number, b: number) => a + b });
    expect(await duties.add(2, 3)).toBe(5);
    expect(Object.keys(duties)).toEqual(['add']);
  });

  it('that fails before its first wait is guarded as well', async () => {
    const duties = guarded({
      act: (): Promise<void> => {
        throw new StintError('fenced');
      },
    });
    expect(await failureOf(duties)).toMatchObject({ type: 'fenced' });
  });
});
