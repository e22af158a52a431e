/**
 * The life of an elevation as a table of data. `next` is total: an event that a state does not know changes nothing.
 * Closed is final (invariant I8). From `granting` on access may exist, so every way out of it leads through `ending`.
 */

export const STATES = ['requested', 'approved', 'granting', 'active', 'ending', 'collecting', 'closed'] as const;
export type State = (typeof STATES)[number];

export const OUTCOMES = [
  'denied',
  'lapsed',
  'withdrawn',
  'not-started',
  'expired',
  'revoked',
  'ended',
  'lost-contact',
  'failed',
  'unproven',
  'drilled',
] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** What can move the state. Events of the ledger that are not here (a vote, a reminder) leave it alone. */
export const TRIGGERS = [
  'denied',
  'lapsed',
  'withdrawn',
  'approved',
  'armed',
  'arm-refused',
  'start-missed',
  'grant-failed',
  'confirmed',
  'expired',
  'revoked',
  'ended',
  'contact-lost',
  'gone',
  'closed-unproven',
  'evidence-settled',
  'swept',
  'drilled',
] as const;
export type Trigger = (typeof TRIGGERS)[number];

interface Move {
  readonly to: State;
  readonly outcome?: Outcome;
}

const TABLE: { readonly [S in State]: { readonly [T in Trigger]?: Move } } = {
  requested: {
    approved: { to: 'approved' },
    denied: { to: 'closed', outcome: 'denied' },
    lapsed: { to: 'closed', outcome: 'lapsed' },
    withdrawn: { to: 'closed', outcome: 'withdrawn' },
    drilled: { to: 'closed', outcome: 'drilled' },
    revoked: { to: 'closed', outcome: 'revoked' },
    // Another run of this elevation holds the target (a reset): whatever it left is taken away, never granted again.
    'grant-failed': { to: 'ending', outcome: 'failed' },
  },
  approved: {
    armed: { to: 'granting' },
    'arm-refused': { to: 'closed', outcome: 'failed' },
    'grant-failed': { to: 'ending', outcome: 'failed' },
    'start-missed': { to: 'closed', outcome: 'not-started' },
    denied: { to: 'closed', outcome: 'denied' },
    withdrawn: { to: 'closed', outcome: 'withdrawn' },
    revoked: { to: 'closed', outcome: 'revoked' },
    ended: { to: 'closed', outcome: 'ended' },
  },
  granting: {
    confirmed: { to: 'active' },
    'start-missed': { to: 'ending', outcome: 'not-started' },
    'grant-failed': { to: 'ending', outcome: 'failed' },
    revoked: { to: 'ending', outcome: 'revoked' },
    ended: { to: 'ending', outcome: 'ended' },
    // The overdue sweep saw it gone where no workflow lives any more: that observation is the ending and its proof.
    swept: { to: 'closed', outcome: 'failed' },
  },
  active: {
    // Recorded by a run that was made to live again and found the target held: it takes back what the first one granted.
    'grant-failed': { to: 'ending', outcome: 'failed' },
    expired: { to: 'ending', outcome: 'expired' },
    revoked: { to: 'ending', outcome: 'revoked' },
    ended: { to: 'ending', outcome: 'ended' },
    'contact-lost': { to: 'ending', outcome: 'lost-contact' },
    swept: { to: 'closed', outcome: 'expired' },
  },
  ending: {
    gone: { to: 'collecting' },
    'closed-unproven': { to: 'closed', outcome: 'unproven' },
    swept: { to: 'closed' },
  },
  collecting: {
    'evidence-settled': { to: 'closed' },
  },
  closed: {},
};

export interface Standing {
  readonly state: State;
  readonly outcome?: Outcome;
}

/** Where an event leads, or undefined when this state does not know it. */
export function next(now: Standing, trigger: Trigger): Standing | undefined {
  const move = TABLE[now.state][trigger];
  if (!move) return undefined;
  const outcome = move.outcome ?? now.outcome;
  return outcome ? { state: move.to, outcome } : { state: move.to };
}

/** Whether access may exist in this state: what shows that nothing may be called ended yet. */
export function mayHoldAccess(state: State): boolean {
  return state === 'granting' || state === 'active' || state === 'ending';
}
