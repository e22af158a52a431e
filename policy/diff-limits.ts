/** What changes for one person when a rule's limits do, of the file and of its own: a higher limit, or none, is wider. */
import type { Limit } from '../contract/limits.js';
import { durationText } from './duration.js';
import type { Rule } from './rules.js';

interface Row {
  readonly what: string;
  readonly of: (limit: Limit) => number | undefined;
  readonly text: (value: number) => string;
  /** Whether more of it lets less through. */
  readonly longerIsStricter?: boolean;
}

const count = (value: number) => `${value}`;
const ROWS: readonly Row[] = [
  { what: 'at once', of: ({ live }) => live, text: count },
  { what: 'requests an hour', of: ({ perHour }) => perHour, text: count },
  { what: 'access a week', of: ({ perWeekMs }) => perWeekMs, text: durationText },
  { what: 'pause after a revoke', of: ({ coolDownMs }) => coolDownMs, text: durationText, longerIsStricter: true },
];
const SCOPES = [
  { words: 'in all', of: (rule: Rule) => rule.limits?.find((limit) => limit.rule === undefined) ?? {} },
  { words: 'by the rule', of: (rule: Rule) => rule.limits?.find((limit) => limit.rule !== undefined) ?? {} },
] as const;

/** Sentences for each limit that differs. */
export function compareLimits(before: Rule, after: Rule): { readonly wider: string[]; readonly narrower: string[] } {
  const found: { wider: string[]; narrower: string[] } = { wider: [], narrower: [] };
  for (const scope of SCOPES) {
    for (const row of ROWS) {
      const [was, is] = [row.of(scope.of(before)), row.of(scope.of(after))];
      if (was === is) continue;
      const text = (value: number | undefined) => (value === undefined ? 'no limit' : row.text(value));
      const wider = row.longerIsStricter
        ? (is ?? 0) < (was ?? 0)
        : (is ?? Number.POSITIVE_INFINITY) > (was ?? Number.POSITIVE_INFINITY);
      found[wider ? 'wider' : 'narrower'].push(`${row.what} ${scope.words}: ${text(is)}, was ${text(was)}`);
    }
  }
  return found;
}
