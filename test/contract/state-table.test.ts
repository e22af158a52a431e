/** Every move of the state table as people would say it, and that there is no other. `states.test.ts` says what holds of all of them. */
import { expect, test } from 'vitest';
import { mayHoldAccess, next, OUTCOMES, STATES, type State, TRIGGERS, type Trigger } from '../../contract/states.js';

/** From, by what, to; and the outcome that it gives, where it gives one. */
const MOVES = `
requested  approved          approved
requested  denied            closed      denied
requested  lapsed            closed      lapsed
requested  withdrawn         closed      withdrawn
requested  drilled           closed      drilled
requested  revoked           closed      revoked
requested  grant-failed      ending      failed
approved   armed             granting
approved   arm-refused       closed      failed
approved   grant-failed      ending      failed
approved   start-missed      closed      not-started
approved   denied            closed      denied
approved   withdrawn         closed      withdrawn
approved   revoked           closed      revoked
approved   ended             closed      ended
granting   confirmed         active
granting   start-missed      ending      not-started
granting   grant-failed      ending      failed
granting   revoked           ending      revoked
granting   ended             ending      ended
granting   swept             closed      failed
active     grant-failed      ending      failed
active     expired           ending      expired
active     revoked           ending      revoked
active     ended             ending      ended
active     contact-lost      ending      lost-contact
active     swept             closed      expired
ending     gone              collecting
ending     closed-unproven   closed      unproven
ending     swept             closed
collecting evidence-settled  closed
`;

const wanted = MOVES.trim()
  .split('\n')
  .map((line) => line.split(/ +/));

test.each(STATES)('from %s there are these moves and no other', (state: State) => {
  const moves = TRIGGERS.flatMap((trigger: Trigger) => {
    const to = next({ state }, trigger);
    return to ? [[state, trigger, to.state, ...(to.outcome ? [to.outcome] : [])]] : [];
  });
  expect(moves.sort()).toEqual(wanted.filter(([from]) => from === state).sort());
});

test('a move that gives no outcome keeps the one that stands, and invents none', () => {
  for (const outcome of OUTCOMES) {
    expect(next({ state: 'ending', outcome }, 'gone')).toEqual({ state: 'collecting', outcome });
    expect(next({ state: 'collecting', outcome }, 'evidence-settled')).toEqual({ state: 'closed', outcome });
  }
  expect(next({ state: 'requested' }, 'approved')).toEqual({ state: 'approved' });
});

test('the table names every state, what moves it, and how it may come out, by the words that are in ledgers for good', () => {
  const by = (column: number) => new Set(wanted.flatMap((move) => move[column] ?? []));
  expect(new Set(TRIGGERS)).toEqual(by(1));
  expect(new Set(OUTCOMES)).toEqual(by(3));
  expect(STATES).toEqual(['requested', 'approved', 'granting', 'active', 'ending', 'collecting', 'closed']);
});

test('access may be there from the arming until it is proved gone', () => {
  expect(STATES.filter(mayHoldAccess)).toEqual(['granting', 'active', 'ending']);
});
