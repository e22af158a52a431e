/**
 * A stand-in for the Iru endpoint API on a real port: its paths, limits and error shapes, plus fault switches and the
 * truth under `/sim/`. `startMdm` starts one.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { close, EventStream, listen, parse, readBody } from '../edge.js';
import { type Answer, failure } from './answers.js';
import { answer } from './api.js';
import { type CallSeen, controlAnswer, type Inside, type Truth, truth } from './control.js';
import { type Fault, Faults } from './faults.js';
import { createMeter, type Meter } from './meter.js';
import { send } from './wire.js';
import { type DeviceSeed, type Settings, World } from './world.js';

export type { Truth } from './control.js';
export type { Fault } from './faults.js';
export type { DeviceSeed } from './world.js';

export interface MdmOptions {
  /** 0 or absent: any free port. */
  readonly port?: number;
  readonly dataFile?: string;
  readonly token: string;
  readonly devices: readonly DeviceSeed[];
  /** Tag names that exist; the names on the devices are added. */
  readonly tags: readonly string[];
  readonly clock?: () => number;
  readonly tagDelayMs?: number;
  readonly unknownTag?: Settings['unknownTag'];
  readonly hourlyLimit?: number;
}

export interface MdmStandIn {
  readonly url: string;
  readonly control: {
    truth(): Truth;
    fault(fault: Fault): void;
    clearFaults(): void;
    settings(change: Partial<Settings>): void;
    /** Somebody edits the record by hand. */
    setTags(serial: string, tags: readonly string[]): void;
    tagsSeenBy(serial: string): readonly string[];
  };
  close(): Promise<void>;
}

const CALLS_KEPT = 20_000;

/** Starts the stand-in on 127.0.0.1 and resolves once it listens. */
export async function startMdm(options: MdmOptions): Promise<MdmStandIn> {
  const clock = options.clock ?? Date.now;
  const settings: Settings = {
    tagDelayMs: options.tagDelayMs ?? 0,
    unknownTag: options.unknownTag ?? 'refuse',
    hourlyLimit: options.hourlyLimit ?? 10_000,
    refused: [],
  };
  const world = new World(options.devices, options.tags, settings, clock, options.dataFile);
  const events = new EventStream();
  const inside: Inside = { world, faults: new Faults(), settings, calls: [], clock, emit: (n, d) => events.emit(n, d) };
  const meter = createMeter(settings, clock);
  const server = createServer((request, response) => {
    handle(inside, events, meter, options.token, request, response).catch(() => response.destroy());
  });
  const url = await listen(server, options.port ?? 0);
  return { url, control: controls(inside), close: () => close(server, events) };
}

async function handle(
  inside: Inside,
  events: EventStream,
  meter: Meter,
  token: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const method = request.method ?? 'GET';
  const url = new URL(request.url ?? '/', 'http://stand-in');
  const text = await readBody(request);
  if (url.pathname === '/sim/events') return events.join(response);
  if (url.pathname.startsWith('/sim/')) {
    const got = controlAnswer(inside, method, url.pathname, parse(text));
    return typeof got.body === 'string' ? plain(response, got) : send(response, got);
  }
  const { latencyMs, fault } = inside.faults.take(method, url.pathname);
  if (latencyMs > 0) await sleep(latencyMs);
  const authorised = request.headers.authorization === `Bearer ${token}`;
  const note = (status: CallSeen['status']): void => {
    const path = url.pathname + url.search;
    const seen: CallSeen = { at: new Date(inside.clock()).toISOString(), method, path, body: parse(text), authorised, status };
    inside.calls.push(seen);
    if (inside.calls.length > CALLS_KEPT) inside.calls.shift();
    inside.emit('call', seen);
  };
  if (fault?.kind === 'drop-before' || fault?.kind === 'down') {
    note('dropped-before');
    request.socket.destroy();
    return;
  }
  const got = faulty(fault) ?? judged(inside, meter, request, method, url, text, authorised, fault?.kind === 'lie');
  if (fault?.kind === 'drop-after') {
    note('dropped-after');
    request.socket.destroy();
    return;
  }
  note(got.status);
  send(response, got, meter.headers());
}

/** The answer that a fault puts in the place of the real one. */
function faulty(fault: Fault | undefined): Answer | undefined {
  switch (fault?.kind) {
    case '429': {
      const wait = String(Math.max(1, Math.ceil((fault.ms ?? 1000) / 1000)));
      return { ...failure(429, fault.shape ?? 'detail', 'Request was throttled.'), headers: { 'retry-after': wait } };
    }
    case '500':
      return failure(500, fault.shape ?? 'error', 'Internal server error');
    case 'error-shape':
      return failure(fault.status ?? 400, fault.shape ?? 'empty', 'Something went wrong.');
    default:
      return undefined;
  }
}

function judged(
  inside: Inside,
  meter: Meter,
  request: IncomingMessage,
  method: string,
  url: URL,
  text: string,
  authorised: boolean,
  lie: boolean,
): Answer {
  if (!authorised) return failure(401, 'detail', 'Invalid token.');
  if (!meter.take()) {
    return { ...failure(429, 'detail', 'Request was throttled.'), headers: { 'retry-after': String(meter.resetS()) } };
  }
  if (!url.pathname.startsWith('/api/v1/')) return failure(404, 'detail', 'Not found.');
  if (text !== '' && !request.headers['content-type']?.startsWith('application/json')) {
    return failure(415, 'detail', `Unsupported media type "${request.headers['content-type'] ?? ''}" in request.`);
  }
  if (inside.settings.refused.includes(`${method} ${url.pathname.split('/')[3]}`))
    return failure(403, 'detail', 'You do not have permission to perform this action.');
  const body = parse(text);
  if (text !== '' && body === undefined) return failure(400, 'detail', 'JSON parse error');
  const got = answer(inside.world, inside.settings, { method, path: url.pathname, query: url.searchParams, body, lie });
  if (method !== 'GET' && got.status < 300) inside.emit('device', { path: url.pathname });
  return got;
}

function controls(inside: Inside): MdmStandIn['control'] {
  const device = (serial: string) => {
    const found = inside.world.bySerial(serial).at(0);
    if (!found) throw new Error(`the stand-in has no device ${serial}`);
    return found;
  };
  return {
    truth: () => truth(inside),
    fault: (fault) => inside.faults.add(fault),
    clearFaults: () => inside.faults.clear(),
    settings: (change) => {
      Object.assign(inside.settings, change);
    },
    setTags: (serial, tags) => inside.world.setTags(device(serial), tags, 'control'),
    tagsSeenBy: (serial) => inside.world.seenBy(device(serial)),
  };
}

function plain(response: ServerResponse, got: Answer): void {
  response.writeHead(got.status, got.headers);
  response.end(got.body);
}
