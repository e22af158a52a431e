/** The table of states, over all states and triggers: total, closed is final, and no way past `ending`. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  mayHoldAccess,
  next,
  OUTCOMES,
  STATES,
  type Standing,
  type State,
  TRIGGERS,
  type Trigger,
} from '../../contract/states.js';

const ALL_OUTCOMES = [undefined, ...OUTCOMES];
const standing = fc
  .record({ state: fc.constantFrom(...STATES), outcome: fc.constantFrom(...ALL_OUTCOMES) })
  .map(({ state, outcome }): Standing => (outcome ? { state, outcome } : { state }));
const triggers = fc.array(fc.constantFrom(...TRIGGERS), { maxLength: 12 });

/** All standings on the way; a trigger that a state does not know leaves it. */
function walk(from: Standing, path: readonly Trigger[]): readonly Standing[] {
  const way = [from];
  for (const trigger of path) {
    const now = way.at(-1) ?? from;
    way.push(next(now, trigger) ?? now);
  }
  return way;
}

/** States within one move of this one, leaving out the sweep, which has its own proof. */
function within(state: State): ReadonlySet<State> {
  return new Set(TRIGGERS.filter((t) => t !== 'swept').flatMap((trigger) => next({ state }, trigger)?.state ?? []));
}

describe('the state table', () => {
  test('any state and any trigger lead to a known state, or nowhere', () => {
    for (const state of STATES)
      for (const trigger of TRIGGERS)
        for (const outcome of ALL_OUTCOMES) {
          const to = next(outcome ? { state, outcome } : { state }, trigger);
          if (!to) continue;
          expect(STATES).toContain(to.state);
          if (to.outcome) expect(OUTCOMES).toContain(to.outcome);
        }
  });

  test('I8: closed absorbs everything', () => {
    fc.assert(
      fc.property(fc.constantFrom(...ALL_OUTCOMES), triggers, (outcome, path) => {
        const closed: Standing = outcome ? { state: 'closed', outcome } : { state: 'closed' };
        expect(walk(closed, path).every((s) => s === closed)).toBe(true);
      }),
    );
  });

  test('I6: where access may exist, the only ways out lead through ending; closing straight needs the sweep, which saw it gone', () => {
    for (const state of ['granting', 'active'] as const) {
      expect([...within(state)].filter((to) => !mayHoldAccess(to))).toEqual([]);
      expect([...within(state)]).toContain('ending');
    }
    fc.assert(
      fc.property(fc.constantFrom<State>('granting', 'active'), triggers, (state, path) => {
        const way = walk(
          { state },
          path.filter((t) => t !== 'swept'),
        ).map((s) => s.state);
        const over = way.findIndex((s) => !mayHoldAccess(s));
        if (over >= 0) expect(way.slice(0, over)).toContain('ending');
      }),
    );
  });

  test('ending is left only by a proof, by two people, or by the sweep', () => {
    const ways = TRIGGERS.filter((trigger) => next({ state: 'ending', outcome: 'revoked' }, trigger));
    expect([...ways].sort()).toEqual(['closed-unproven', 'gone', 'swept']);
  });

  test('nothing leads back: access that was ended is never there again', () => {
    const rank = (state: State) => STATES.indexOf(state);
    fc.assert(
      fc.property(standing, triggers, (from, path) => {
        const ranks = walk(from, path).map((s) => rank(s.state));
        expect(ranks).toEqual([...ranks].sort((a, b) => a - b));
      }),
    );
  });

  test('every closed standing that was reached from a request has an outcome', () => {
    fc.assert(
      fc.property(triggers, (path) => {
        const last = walk({ state: 'requested' }, path).at(-1);
        if (last?.state === 'closed') expect(OUTCOMES).toContain(last.outcome);
      }),
      { numRuns: 500 },
    );
  });

  test('an outcome, once it stands, stays; only closing without proof replaces it', () => {
    fc.assert(
      fc.property(triggers, (path) => {
        const outcomes = walk({ state: 'requested' }, path).flatMap((s) => s.outcome ?? []);
        const kinds = [...new Set(outcomes)];
        expect(kinds.length <= 1 || (kinds.length === 2 && kinds[1] === 'unproven')).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  test('every state is reached, and every outcome', () => {
    const seen = new Map<string, Standing>([['requested/', { state: 'requested' }]]);
    for (const from of seen.values())
      for (const trigger of TRIGGERS) {
        const to = next(from, trigger);
        if (to) seen.set(`${to.state}/${to.outcome ?? ''}`, to);
      }
    const found = [...seen.values()];
    expect(new Set(found.map((s) => s.state))).toEqual(new Set(STATES));
    expect(new Set(found.filter((s) => s.state === 'closed').map((s) => s.outcome))).toEqual(new Set(OUTCOMES));
  });
});
