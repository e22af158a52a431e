/** What `stint list` says of those it does not show. */
import { expect, test } from 'vitest';
import { leftOut } from '../../cli/commands/elevations.js';

test.each([
  [50, 73, '50 of 73 are shown, the newest; --limit 73 shows all.'],
  [50, 500, '50 of 500 are shown, the newest; --limit 500 shows all.'],
  [50, 812, '50 of 812 are shown, the newest; --limit 500 shows more, and --person, --target or --live narrow it down.'],
  [500, 812, '500 of 812 are shown, the newest; --person, --target or --live narrow it down.'],
])('of %s of %s the way to the others is one that works', (shown, total, sentence) => {
  expect(leftOut(shown, total)).toBe(sentence);
});
