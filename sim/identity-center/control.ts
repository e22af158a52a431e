/** What only the stand-in has, over HTTP, for another process: truth, faults, settings, and the other writer. Faults never touch it. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { EventStream } from '../edge.js';
import { type Faults, readFault } from './faults.js';
import type { Overview } from './overview.js';
import type { Sync } from './sync.js';
import type { Truth } from './truth.js';
import type { Assignment, Settings } from './types.js';

export interface ControlDeps {
  readonly faults: Faults;
  readonly truth: Truth;
  readonly settings: Settings;
  readonly sync: Sync;
  readonly events: EventStream;
  readonly overview: () => Overview;
}

/**
 * Answers `GET /sim/truth`, `/sim/overview`, `POST /sim/fault`, `/sim/fault/clear`, `/sim/settings`, `/sim/sync/add`,
 * `/sim/sync/remove`; `GET /sim/events` is a stream.
 */
export function createControl({ faults, truth, settings, sync, events, overview }: ControlDeps) {
  const routes: Record<string, (body: unknown) => unknown> = {
    'GET /sim/truth': () => ({ ...truth.snapshot(), faults: faults.list(), settings }),
    'GET /sim/overview': () => ({ ...overview(), faults: faults.list(), settings }),
    'POST /sim/fault/clear': () => {
      faults.clear();
      events.emit('fault', []);
    },
    'POST /sim/fault': (body) => {
      const fault = readFault(body);
      if (typeof fault === 'string') throw new Error(fault);
      faults.add(fault);
      events.emit('fault', faults.list());
    },
    'POST /sim/settings': (body) => change(settings, body),
    'POST /sim/sync/add': (body) => {
      sync.add(assignment(body));
      events.emit('change', body);
    },
    'POST /sim/sync/remove': (body) => {
      sync.remove(assignment(body));
      events.emit('change', body);
    },
  };
  return (request: IncomingMessage, body: unknown, response: ServerResponse): void => {
    const route = routes[`${request.method} ${request.url}`];
    try {
      if (request.url === '/sim/events') events.join(response);
      else write(response, route ? 200 : 404, route ? (route(body) ?? { ok: true }) : { error: 'no such path' });
    } catch (error) {
      write(response, 400, { error: (error as Error).message });
    }
  };
}

/** Takes over what has the kind of value that is there now. */
function change(settings: Settings, body: unknown): Settings {
  for (const [name, value] of Object.entries(body ?? {})) {
    const now = settings[name as keyof Settings];
    if (now === undefined || typeof now !== typeof value || Array.isArray(now) !== Array.isArray(value)) {
      throw new Error(`${name}: not a setting, or not of its kind`);
    }
    Object.assign(settings, { [name]: value });
  }
  return settings;
}

function assignment(body: unknown): Assignment {
  const { accountId, setArn, principalType, principalId } = (body ?? {}) as Record<string, unknown>;
  const texts = [accountId, setArn, principalId].every((one) => typeof one === 'string');
  if (!texts || (principalType !== 'USER' && principalType !== 'GROUP')) {
    throw new Error('an assignment has accountId, setArn, principalType (USER or GROUP) and principalId');
  }
  return body as Assignment;
}

function write(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  response.end(JSON.stringify(body));
}
