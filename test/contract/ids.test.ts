/** Identifiers: what is written is read back, and nothing else is taken for one. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ERRORS, StintError } from '../../contract/errors.js';
import { EVENT_CODES } from '../../contract/events.js';
import { instant, isRequestId, msOf, requestIdOf, shortId, workflowIdOf } from '../../contract/ids.js';
import { KINDS, SENDERS } from '../../contract/messages.js';
import { QUEUES } from '../../contract/queues.js';
import { requestIdFrom } from '../../seal/canonical.js';

describe('ids', () => {
  test('a request id goes into a workflow id and out again', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (scope, key) => {
        const id = requestIdFrom(scope, key);
        expect(isRequestId(id)).toBe(true);
        expect(requestIdOf(workflowIdOf(id))).toBe(id);
        expect(id.startsWith(shortId(id))).toBe(true);
        expect(requestIdFrom(scope, key)).toBe(id);
      }),
    );
  });

  test('no other text names an elevation', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const named = requestIdOf(text);
        expect(named === undefined || workflowIdOf(named) === text).toBe(true);
      }),
    );
    const id = requestIdFrom('test', '1');
    for (const text of [
      '',
      'elevation/',
      id,
      `elevation/${id} `,
      `elevation/${id}/x`,
      `Elevation/${id}`,
      `elevation/${id.toUpperCase()}`,
    ])
      expect(requestIdOf(text), text).toBeUndefined();
    for (const thing of [undefined, null, 7, {}, [id], `${id}\n`]) expect(isRequestId(thing)).toBe(false);
  });

  test('an instant is a time to the millisecond, and comparing texts compares times', () => {
    const ms = fc.integer({ min: 0, max: Date.UTC(9999, 0) });
    fc.assert(
      fc.property(ms, ms, (a, b) => {
        expect(msOf(instant(a))).toBe(a);
        expect(instant(a) < instant(b)).toBe(a < b);
      }),
    );
  });
});

describe('tables', () => {
  test('every message may be said by somebody, and by nobody without need', () => {
    const said = Object.values(SENDERS).flat();
    expect(new Set(said)).toEqual(new Set(KINDS));
    expect(SENDERS['device-api']).not.toContain('approve');
    expect(SENDERS.cli).not.toContain('approve');
    expect(SENDERS['slack-app']).not.toContain('confirm');
  });

  test('codes of events are unique and say how grave they are', () => {
    const codes = Object.values(EVENT_CODES).map(({ code }) => code);
    expect(new Set(codes).size).toBe(codes.length);
    for (const code of codes) expect(code).toMatch(/^ST\d{4}[IWE]$/);
  });

  test('queues are apart from each other', () => {
    const names = Object.values(QUEUES);
    expect(new Set(names).size).toBe(names.length);
  });

  test('every error has a status that fits its kind and a sentence for people', () => {
    for (const [code, { status, retryable, sentence }] of Object.entries(ERRORS)) {
      expect(status, code).toBeGreaterThanOrEqual(400);
      expect(sentence, code).toMatch(/^[A-Z].*\.$/);
      if (retryable) expect([429, 503], code).toContain(status);
    }
    const error = new StintError('target-busy');
    expect(error).toMatchObject({ status: 409, retryable: false, sentence: ERRORS['target-busy'].sentence });
    expect(new StintError('bad-input', 'The window is missing.').sentence).toBe('The window is missing.');
  });
});
