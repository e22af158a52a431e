/** Which sets the doctor lists beside a rule: those whose sessions outlast its longest window, whatever extensions may add. */
import { expect, test } from 'vitest';
import { parsePolicy } from '../../../policy/load.js';
import { examineSessions } from '../../../workers/checks/aws-policy.js';
import type { Say } from '../../../workers/checks/check.js';

const MIN = 60_000;

/** The rows for sets of these session lengths in minutes, beside one rule for all of them. */
function rows(windows: string, max: string, ...minutes: readonly number[]): readonly string[] {
  const rule = `{id: prod, kind: aws-permission-set, match: {sets: ["*"]}, ask: {groups: [staff]}, approve: {groups: [it]}, windows: ${windows}, max: ${max}}`;
  const policy = parsePolicy(`version: 1\ntargets:\n  - ${rule}\n`, 'policy.yaml');
  const found: string[] = [];
  const row =
    (level: string) =>
    (check: string, what: string): void => {
      expect(check).toBe('sessions');
      found.push(`${level}: ${what}`);
    };
  const say: Say = { ok: row('ok'), warn: row('warn'), fail: row('fail') };
  const sets = minutes.map((n) => ({ arn: `arn:${n}`, name: `Set${n}`, description: '', sessionMs: n * MIN }));
  examineSessions(policy, sets, say);
  return found;
}

test('a set is listed when its sessions outlast the longest window that is offered, though extensions could add to it', () => {
  expect(rows('[15m, 90m]', '4h', 90, 120)).toEqual([
    'warn: rule prod offers 90 min at most, but sessions last longer of Set120 (2 h)',
  ]);
});

test('a set of an hour, the least that AWS has, is a note and no warning', () => {
  expect(rows('[15m, 45m]', '4h', 60, 61)).toEqual([
    'warn: rule prod offers 45 min at most, but sessions last longer of Set61 (61 min)',
    'ok: rule prod offers 45 min at most, but sessions last longer of Set60 (1 h): the shortest that AWS has',
  ]);
});

test('where none outlasts it, that is said', () => {
  expect(rows('[1h, 2h]', '8h', 60, 120)).toEqual(['ok: none that the policy offers outlasts the longest window of its rule']);
});
