import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type ActionKind,
  formatAction,
  formatPage,
  formatTarget,
  parseAction,
  parsePage,
  parseTarget,
} from '../../cards/actions.js';
import { DIGEST, request } from './views.js';

const base = { requestId: request().requestId, roundDigest: DIGEST };
const value = (extra: object = {}) => JSON.stringify({ r: base.requestId, d: DIGEST, ...extra });

describe('what a button says', () => {
  it.each(['deny', 'revoke', 'ext-deny', 'close-unproven', 'end', 'withdraw', 'review'] as ActionKind[])(
    '%s is read back',
    (kind) => {
      const { actionId, value } = formatAction({ kind, ...base });
      expect(parseAction(actionId, value)).toEqual({ kind, ...base });
    },
  );

  it.each(['approve', 'ext-approve', 'extend'] as ActionKind[])('%s is read back with its length', (kind) => {
    const { actionId, value } = formatAction({ kind, ...base, windowMs: 300_000 });
    expect(actionId).toBe(`${kind}:300000`);
    expect(parseAction(actionId, value)).toEqual({ kind, ...base, windowMs: 300_000 });
  });

  it('a click with words first is read back as that click', () => {
    const approve = { kind: 'approve', ...base, windowMs: 300_000, words: true } as const;
    const revoke = { kind: 'revoke', ...base, words: true } as const;
    expect(formatAction(approve).actionId).toBe('approve-with:300000');
    for (const action of [approve, revoke]) {
      const { actionId, value: said } = formatAction(action);
      expect(parseAction(actionId, said)).toEqual(action);
    }
  });

  it.each([
    ['words with a kind that has none', 'deny-with', value()],
    ['an approval with words and without a length', 'approve-with', value()],
    ['an unknown kind', 'grant', value()],
    ['a kind with something behind it', 'deny ', value()],
    ['a length on a kind without', 'deny:300000', value({ w: 300_000 })],
    ['no length on a kind with one', 'approve', value()],
    ['a length only in the id', 'approve:300000', value()],
    ['a length only in the value', 'deny', value({ w: 300_000 })],
    ['two lengths that differ', 'approve:300000', value({ w: 600_000 })],
    ['a length of zero', 'approve:0', value({ w: 0 })],
    ['a negative length', 'approve:-1', value({ w: -1 })],
    ['a fraction', 'approve:1.5', value({ w: 1.5 })],
    ['a length of a month', 'approve:2592000000', value({ w: 2_592_000_000 })],
    ['an exponent', 'approve:3e5', value({ w: 300_000 })],
    ['a further property', 'deny', value({ x: 1 })],
    ['another order of properties', 'deny', JSON.stringify({ d: DIGEST, r: base.requestId })],
    ['white space', 'deny', ` ${value()}`],
    ['a doubled property', 'deny', `{"r":"${base.requestId}","r":"${base.requestId}","d":"${DIGEST}"}`],
    ['an id that is none', 'deny', JSON.stringify({ r: 'ABC', d: DIGEST })],
    ['a digest that is none', 'deny', JSON.stringify({ r: base.requestId, d: 'A'.repeat(64) })],
    ['a list', 'deny', '[]'],
    ['null', 'deny', 'null'],
    ['no JSON', 'deny', 'x'],
    ['no text', 'deny', 7],
    ['a very long value', 'deny', `${value()}${' '.repeat(5000)}`],
  ])('%s is refused', (_, id, v) => {
    expect(parseAction(id, v)).toBeUndefined();
  });

  it('never throws, and reads only what it would write', () => {
    fc.assert(
      fc.property(fc.anything(), fc.anything(), fc.json(), (id, v, json) => {
        expect(parseAction(id, v)).toBeUndefined();
        const read = parseTarget(json);
        if (read) expect(formatTarget(read)).toBe(json);
      }),
    );
  });

  it('reads pages, and nothing that only looks like one', () => {
    expect(parsePage(formatPage(0))).toBe(0);
    expect(parsePage(formatPage(17))).toBe(17);
    for (const bad of [
      'status-page:',
      'status-page:-1',
      'status-page:01',
      'status-page:1e3',
      'status-page:99999999',
      3,
      undefined,
    ]) {
      expect(parsePage(bad)).toBeUndefined();
    }
  });
});
