import fc from 'fast-check';
import { expect, it } from 'vitest';
import { fills, seated, taken } from '../../policy/seats.js';
import { mostByTrying, sum } from './seating.js';

const quorums = fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 4 });
const masks = fc.array(fc.integer({ min: 0, max: 15 }), { maxLength: 7 });

it('as many seats are taken as the best of all seatings takes', () => {
  fc.assert(
    fc.property(quorums, masks, (all, people) => {
      expect(seated(all, people)).toBe(mostByTrying(all, people));
    }),
  );
});

it('earlier stages are filled first, and none for it that could have been filled beside them', () => {
  fc.assert(
    fc.property(quorums, masks, (all, people) => {
      const seats = taken(all, people);
      expect(sum(seats)).toBe(mostByTrying(all, people));
      all.forEach((quorum, i) => {
        expect(seats[i]).toBeLessThanOrEqual(quorum);
        expect(sum(seats.slice(0, i + 1))).toBe(mostByTrying(all.slice(0, i + 1), people));
      });
    }),
  );
});

it('one more person helps exactly where the best seating with them takes more', () => {
  fc.assert(
    fc.property(quorums, masks, fc.integer({ min: 0, max: 15 }), (all, people, mask) => {
      expect(fills(all, people, mask)).toBe(mostByTrying(all, [...people, mask]) > mostByTrying(all, people));
    }),
  );
});

it('somebody who fits two stages moves where that is better, and is never in both', () => {
  const [first, either] = [0b01, 0b11];
  expect(taken([1, 1], [either])).toEqual([1, 0]);
  expect(taken([1, 1], [either, first])).toEqual([1, 1]);
  expect(taken([1, 1], [first, either])).toEqual([1, 1]);
  expect(taken([1, 2], [either, first])).toEqual([1, 1]);
});
