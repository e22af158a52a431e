/** A world of tickets for tests: a Jira with three issues, and checks that ask it. */
import { parseTicketChecks } from '../../activities/tickets/checks-file.js';
import { createTickets } from '../../activities/tickets/tickets.js';
import type { Tickets } from '../../contract/ports.js';
import { type IssueSeed, type JiraStandIn, startJira } from '../../sim/jira/server.js';

export const AUTHORIZATION = `Basic ${Buffer.from('stint@example.com:jira0token').toString('base64')}`;
export const NOON = Date.parse('2026-03-02T12:00:00Z');

export const ISSUES: readonly IssueSeed[] = [
  { key: 'CHG-1', status: 'indeterminate', assignee: 'ada@example.com' },
  { key: 'CHG-2', status: 'done', assignee: 'ada@example.com' },
  { key: 'OPS-3', status: 'new', moved: ['CHG-3'] },
];

/** Two checks of one Jira: that the issue is there, and that it is open and the requester's. */
export const checksText = (base: string): string => `version: 1
checks:
  jira:
    url: ${base}/rest/api/3/issue/{ticket}?fields=status,assignee
    header: { name: Authorization, file: /run/secrets/jira }
    known: CHG-1
  mine:
    url: ${base}/rest/api/3/issue/{ticket}?fields=status,assignee
    header: { name: Authorization, file: /run/secrets/jira }
    fields:
      - { field: fields.status.statusCategory.key, not: [done] }
      - { field: fields.assignee.emailAddress, requester: email }
`;

export interface TicketPlace {
  readonly far: JiraStandIn;
  readonly tickets: Tickets;
  at(ms: number): void;
}

/** The stand-in on a free port, and the product's client before it. */
export async function startPlace(timeoutMs = 5_000, secret: () => string = () => `${AUTHORIZATION}\n`): Promise<TicketPlace> {
  let now = NOON;
  const far = await startJira({ authorization: AUTHORIZATION, issues: ISSUES });
  const checks = parseTicketChecks(checksText(far.url), 'tickets.yaml', true);
  const tickets = createTickets({ checks, secret, timeoutMs, clock: () => now });
  const at = (ms: number) => {
    now = ms;
  };
  return { far, tickets, at };
}
