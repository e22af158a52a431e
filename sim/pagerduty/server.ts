/**
 * A stand-in for PagerDuty's REST API v2, as far as on-calls go: users, schedules with their shifts, the escalation policies
 * that use them, and switches for what goes wrong. Shapes and headers are those of PagerDuty's API reference. Where that says
 * nothing it guesses: the order of entries, and that a schedule which does not exist is an empty list.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { close, EventStream, listen } from '../edge.js';
import { type Entry, entriesAt, reference, type ScheduleSeed, type UserSeed, userObject } from './world.js';

export type PagerDutyFault =
  | '429'
  | '500'
  | '401'
  | 'hang'
  | 'drop'
  | 'empty'
  | 'wrong-shape'
  | 'not-json'
  | 'endless'
  | 'redirect';

export interface PagerDutyOptions {
  readonly token: string;
  readonly users: readonly UserSeed[];
  readonly schedules: readonly ScheduleSeed[];
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  readonly port?: number;
}

export interface PagerDutyStandIn {
  readonly url: string;
  readonly control: {
    /** Until cleared with undefined. */
    fault(kind: PagerDutyFault | undefined): void;
    /** Puts other shifts into a schedule. */
    setShifts(scheduleId: string, shifts: ScheduleSeed['shifts']): void;
    /** Path and query of every call that came in. */
    readonly calls: readonly string[];
  };
  close(): Promise<void>;
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Starts the stand-in; on a free port where none is given. */
export async function startPagerDuty(options: PagerDutyOptions): Promise<PagerDutyStandIn> {
  const shifts = new Map(options.schedules.map((one) => [one.id, one.shifts]));
  const calls: string[] = [];
  let fault: PagerDutyFault | undefined;
  const now = (): PagerDutyOptions => ({
    ...options,
    schedules: options.schedules.map((one) => ({ ...one, shifts: shifts.get(one.id) ?? [] })),
  });
  const server = createServer((request, response) => {
    calls.push(request.url ?? '');
    if (fault === 'hang') return;
    if (fault === 'drop') request.socket.destroy();
    else send(response, faulty(fault) ?? answer(now(), request));
  });
  const url = await listen(server, options.port ?? 0);
  return {
    url,
    control: {
      fault: (kind) => {
        fault = kind;
      },
      setShifts: (id, changed) => {
        shifts.set(id, changed);
      },
      calls,
    },
    close: () => close(server, new EventStream()),
  };
}

/** PagerDuty's error body: its own code, a message, and reasons where there are some. */
function failure(status: number, code: number, message: string, headers: Record<string, string> = {}): Answer {
  return { status, body: { error: { message, code, errors: [] } }, headers };
}

function faulty(fault: PagerDutyFault | undefined): Answer | undefined {
  const page = { limit: 100, offset: 0, total: null, more: false };
  switch (fault) {
    case '429':
      return failure(429, 2020, 'Rate Limit Exceeded', {
        'ratelimit-limit': '960',
        'ratelimit-remaining': '0',
        'ratelimit-reset': '7',
      });
    case '500':
      return failure(500, 2000, 'Internal Server Error');
    case '401':
      return failure(401, 2006, 'Authentication failed');
    case 'redirect':
      return { status: 302, body: {}, headers: { location: 'http://127.0.0.1:1/elsewhere' } };
    case 'empty':
      return { status: 200, body: { oncalls: [], ...page } };
    case 'wrong-shape':
      return { status: 200, body: { on_calls: [{ user: 'PUSER01' }], ...page } };
    case 'not-json':
      return { status: 200, body: '<html>a gateway</html>' };
    case 'endless':
      return { status: 200, body: { oncalls: [], ...page, more: true } };
    default:
      return undefined;
  }
}

function answer(world: PagerDutyOptions, request: IncomingMessage): Answer {
  const url = new URL(request.url ?? '/', 'http://stand-in');
  if (request.headers.authorization !== `Token token=${world.token}`) return failure(401, 2006, 'Authentication failed');
  if (request.headers.accept !== 'application/vnd.pagerduty+json;version=2') return failure(400, 2001, 'Unknown API version');
  if (request.method !== 'GET' || url.pathname !== '/oncalls') return failure(404, 2100, 'Not Found');
  const limit = Number(url.searchParams.get('limit') ?? 25);
  const offset = Number(url.searchParams.get('offset') ?? 0);
  if (!(limit >= 1 && limit <= 100) || !(offset >= 0)) return failure(400, 2001, 'Invalid Input Provided');
  const ids = url.searchParams.getAll('schedule_ids[]');
  const all = entriesAt(world.schedules, world.clock()).filter((one) => ids.length === 0 || ids.includes(one.schedule.id));
  const withUsers = url.searchParams.getAll('include[]').includes('users');
  const oncalls = all.slice(offset, offset + limit).map((entry) => shown(world, entry, withUsers));
  return { status: 200, body: { oncalls, limit, offset, total: null, more: offset + limit < all.length } };
}

function shown({ users }: PagerDutyOptions, { policyId, schedule, shift }: Entry, withUsers: boolean): Record<string, unknown> {
  const user = users.find((one) => one.id === shift.user) ?? { id: shift.user, name: 'Somebody', email: '' };
  return {
    escalation_policy: reference('escalation_policy', policyId, 'Engineering'),
    escalation_level: 1,
    schedule: reference('schedule', schedule.id, schedule.name),
    user: withUsers ? userObject(user) : reference('user', user.id, user.name),
    start: shift.start ?? null,
    end: shift.end ?? null,
  };
}

function send(response: ServerResponse, { status, body, headers }: Answer): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(typeof body === 'string' ? body : JSON.stringify(body));
}
