/** What is true inside the stand-in for PagerDuty, and how it writes people and things. */

export interface UserSeed {
  readonly id: string;
  readonly name: string;
  readonly email: string;
}

/** Whoever is on call without end has neither start nor end. ISO 8601. */
export interface ShiftSeed {
  readonly user: string;
  readonly start?: string;
  readonly end?: string;
}

export interface ScheduleSeed {
  readonly id: string;
  readonly name: string;
  readonly shifts: readonly ShiftSeed[];
  /** The escalation policies that use it. Without one nobody is on call by it, whatever its shifts say. */
  readonly policies: readonly string[];
}

export interface Entry {
  readonly policyId: string;
  readonly schedule: ScheduleSeed;
  readonly shift: ShiftSeed;
}

/** One entry for each escalation policy that uses the schedule, of the shifts that lie over an instant. */
export function entriesAt(schedules: readonly ScheduleSeed[], now: number): readonly Entry[] {
  return schedules.flatMap((schedule) => {
    const current = schedule.shifts.filter(
      ({ start, end }) => (start === undefined || Date.parse(start) <= now) && (end === undefined || now < Date.parse(end)),
    );
    return schedule.policies.flatMap((policyId) => current.map((shift) => ({ policyId, schedule, shift })));
  });
}

/** A thing as it stands in an answer that does not include it. */
export function reference(type: string, id: string, summary: string): Record<string, unknown> {
  const plural = type === 'escalation_policy' ? 'escalation_policies' : `${type}s`;
  return {
    id,
    type: `${type}_reference`,
    summary,
    self: `https://api.pagerduty.com/${plural}/${id}`,
    html_url: `https://example.pagerduty.com/${plural}/${id}`,
  };
}

/** A user as `include[]=users` gives them. Only so is there an e-mail address. */
export function userObject({ id, name, email }: UserSeed): Record<string, unknown> {
  return {
    ...reference('user', id, name),
    type: 'user',
    name,
    email,
    time_zone: 'Europe/Berlin',
    color: 'purple',
    role: 'user',
    description: null,
    invitation_sent: false,
    job_title: 'Engineer',
    teams: [],
    contact_methods: [],
    notification_rules: [],
  };
}
