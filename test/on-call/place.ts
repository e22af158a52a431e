/** A world of PagerDuty for tests: two schedules that an escalation policy uses, and one that none does. */
import { createPagerDuty } from '../../activities/on-call/pagerduty.js';
import type { Paged } from '../../policy/duty.js';
import { type PagerDutyStandIn, startPagerDuty } from '../../sim/pagerduty/server.js';
import type { ScheduleSeed, UserSeed } from '../../sim/pagerduty/world.js';

export const TOKEN = 'u+pagerduty0token';
export const MORNING = Date.parse('2026-03-02T08:00:00Z');
export const HANDOFF = MORNING + 10_000;

const iso = (ms: number) => new Date(ms).toISOString();
const USERS: readonly UserSeed[] = [
  { id: 'PGRACE1', name: 'Grace Hopper', email: 'grace@example.com' },
  { id: 'PLINUS1', name: 'Linus Larsen', email: 'linus@example.com' },
  ...Array.from({ length: 150 }, (_, i) => ({ id: `PMANY${i}`, name: `Many ${i}`, email: `many${i}@example.com` })),
];
const SCHEDULES: readonly ScheduleSeed[] = [
  {
    id: 'PSCHED1',
    name: 'Cloud',
    policies: ['PPOLICY1', 'PPOLICY2'],
    shifts: [
      { user: 'PGRACE1', start: iso(MORNING - 3_600_000), end: iso(HANDOFF) },
      { user: 'PLINUS1', start: iso(HANDOFF), end: iso(HANDOFF + 3_600_000) },
    ],
  },
  { id: 'PCROWD1', name: 'Everybody', policies: ['PPOLICY1'], shifts: USERS.map(({ id }) => ({ user: id })) },
  { id: 'PUNUSED1', name: 'Unused', policies: [], shifts: [{ user: 'PGRACE1' }] },
];

export interface PagedPlace {
  readonly far: PagerDutyStandIn;
  readonly paged: Paged;
  /** Sets the clock of both sides. */
  at(ms: number): void;
}

/** The stand-in on a free port, and the product's client before it. */
export async function startPlace(timeoutMs = 5_000): Promise<PagedPlace> {
  let now = MORNING;
  const clock = () => now;
  const far = await startPagerDuty({ token: TOKEN, users: USERS, schedules: SCHEDULES, clock });
  const paged = createPagerDuty({ baseUrl: far.url, token: () => TOKEN, timeoutMs, clock });
  const at = (ms: number) => {
    now = ms;
  };
  return { far, paged, at };
}
