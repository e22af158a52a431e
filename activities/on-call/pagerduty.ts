/**
 * Who is on call by a schedule of PagerDuty: `GET /oncalls` of its REST API v2. An answer counts for half a minute at most, and
 * never past the end of the shift that it tells of; none is used in the place of one that could not be had.
 * Source: PagerDuty's API reference (on-calls, pagination, rate limits). A schedule that no escalation policy uses has no
 * on-calls, and whoever is on call without end has neither `start` nor `end`.
 */
import * as z from 'zod';
import type { Paged, PagedUser } from '../../policy/duty.js';
import { createPagerDutyHttp, type PagerDutyHttpDeps, unavailable } from './pagerduty-http.js';

const PAGE = 100;
const PAGES_MAX = 10;
const FRESH_MS = 20_000;

const AT = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));
const Answer = z.object({
  oncalls: z.array(
    z.object({
      user: z.object({ id: z.string().min(1).max(64), email: z.string().max(254).optional() }),
      schedule: z.object({ id: z.string().min(1).max(64) }).nullable(),
      start: AT.nullable(),
      end: AT.nullable(),
    }),
  ),
  more: z.boolean(),
});
type OnCall = z.output<typeof Answer>['oncalls'][number];

interface Read {
  readonly at: number;
  readonly oncalls: Promise<readonly OnCall[]>;
}

/** Looks up schedules at PagerDuty. Throws `oncall-unavailable` for whatever is not a plain answer that names somebody. */
export function createPagerDuty(deps: PagerDutyHttpDeps): Paged {
  const http = createPagerDutyHttp(deps);
  const reads = new Map<string, Read>();
  const read = (schedule: string): Read => {
    const fresh: Read = { at: deps.clock(), oncalls: allPages(http, schedule) };
    reads.set(schedule, fresh);
    // A failure is nobody's answer but of those who wait for it.
    fresh.oncalls.catch(() => reads.get(schedule) === fresh && reads.delete(schedule));
    return fresh;
  };
  return async (schedule) => {
    const last = reads.get(schedule);
    const age = last ? deps.clock() - last.at : Number.POSITIVE_INFINITY;
    // A clock that went back makes nothing young again.
    const usable = last && age >= 0 && age < FRESH_MS ? last : undefined;
    const known = usersOf(await (usable ?? read(schedule)).oncalls, schedule, deps.clock());
    const users = known.length === 0 && usable ? usersOf(await read(schedule).oncalls, schedule, deps.clock()) : known;
    if (users.length > 0) return users;
    throw unavailable(
      `PagerDuty names nobody who is on call by the schedule ${schedule}. See there whether it has a gap, and whether an escalation policy uses it.`,
    );
  };
}

/** One user may be on call for several escalation policies. What the far end sorted out is looked at again. */
function usersOf(oncalls: readonly OnCall[], schedule: string, now: number): readonly PagedUser[] {
  const current = oncalls.filter(
    (one) => one.schedule?.id === schedule && (one.start ?? now) <= now && (one.end === null || now < one.end),
  );
  // Of several shifts of one user any may be the first to end.
  const untilOf = (id: string) => Math.min(...current.flatMap(({ user, end }) => (user.id === id && end !== null ? end : [])));
  return [...new Map(current.map(({ user }) => [user.id, withEnd(user, untilOf(user.id))])).values()];
}

function withEnd(user: OnCall['user'], until: number): PagedUser {
  return Number.isFinite(until) ? { ...user, until } : user;
}

async function allPages(http: ReturnType<typeof createPagerDutyHttp>, schedule: string): Promise<readonly OnCall[]> {
  const found: OnCall[] = [];
  for (let page = 0; page < PAGES_MAX; page++) {
    // Neither since nor until: then it is about now. `earliest` would also tell of who comes next.
    const query = new URLSearchParams([
      ['schedule_ids[]', schedule],
      ['include[]', 'users'],
      ['limit', String(PAGE)],
      ['offset', String(page * PAGE)],
    ]);
    const answer = Answer.safeParse(await http(`/oncalls?${query}`));
    if (!answer.success) throw unavailable('PagerDuty answered with something that is no list of on-calls.');
    found.push(...answer.data.oncalls);
    if (!answer.data.more) return found;
  }
  throw unavailable(`PagerDuty answers with an endless list for the schedule ${schedule}.`);
}
