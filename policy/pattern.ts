/** Patterns of the policy file: a star stands for any characters, everything else for itself. */
import { foldName } from '../contract/names.js';

/** Whether `*` (any characters) in a pattern can stand so that it is this text. In time proportional to both lengths. */
export function matches(pattern: string, text: string): boolean {
  let [p, t, star, mark] = [0, 0, -1, 0];
  while (t < text.length) {
    if (pattern[p] === '*') [star, mark, p] = [p, t, p + 1];
    else if (pattern[p] === text[t]) [p, t] = [p + 1, t + 1];
    else if (star >= 0) [p, mark, t] = [star + 1, mark + 1, mark + 1];
    else return false;
  }
  while (pattern[p] === '*') p++;
  return p === pattern.length;
}

/**
 * The same for names that people give, whose letter case means nothing: a rule for `prod-*` must not be passed by an account
 * that somebody called "Prod-Billing".
 */
export function matchesName(pattern: string, name: string): boolean {
  return matches(foldName(pattern), foldName(name));
}

/** Whether each of the inner patterns is taken whole by one of the outer: a star can stand for a star. */
export function takesAll(
  outer: readonly string[],
  inner: readonly string[],
  takes: (outer: string, inner: string) => boolean = matches,
): boolean {
  return inner.every((one) => outer.some((other) => takes(other, one)));
}
