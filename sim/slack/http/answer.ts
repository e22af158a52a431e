/** Answers a call under the faults that are switched on, and puts the call on record. */
import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault, Faults } from '../faults.js';
import { isObject, type Json } from '../json.js';
import type { Saver } from '../persist.js';
import { type Call, keep, type Truth } from '../truth.js';
import type { World } from '../world.js';

export interface Answer {
  status: number;
  headers?: Record<string, string>;
  /** An object is sent as JSON. */
  body: Json | string;
  token?: Call['token'];
}
export interface Answering {
  world: World;
  truth: Truth;
  faults: Faults;
  saver: Saver;
}
type Lost = 'cut' | 'hang';

/** Runs `effect` unless a fault comes before it, and sends its answer unless a fault takes the answer's place. */
export async function answerCall(
  { world, truth, faults, saver }: Answering,
  call: { method: string; args: Json; unknownArgs: string[] },
  response: ServerResponse,
  effect: () => Answer,
): Promise<void> {
  const down = faults.isDown();
  const struck = down ? [] : faults.forCall(call.method);
  const record: Call = {
    n: (truth.calls.at(-1)?.n ?? 0) + 1,
    at: world.now(),
    ...call,
    token: 'none',
    status: 0,
    answer: null,
    faults: down ? ['down'] : struck.map((fault) => fault.kind),
    lost: true,
  };
  keep(truth, truth.calls, record);
  if (down) return void response.destroy();
  for (const fault of struck) if (fault.kind === 'delay') await sleep(fault.ms ?? 1000);
  const main = struck.find((fault) => fault.kind !== 'delay');
  const instead = main && insteadOf(main, call.method, world.now());
  if (instead) return finish(world, record, response, instead);
  const answer = effect();
  saver.touch();
  await saver.flushed();
  Object.assign(record, { token: answer.token ?? 'none', answer: noted(answer.body), status: answer.status });
  finish(world, record, response, (main && afterwards(main)) ?? answer);
}

function finish(world: World, record: Call, response: ServerResponse, answer: Answer | Lost): void {
  if (answer === 'cut') response.destroy();
  if (typeof answer === 'object') {
    record.lost = false;
    record.status = answer.status;
    record.answer = noted(answer.body);
    write(response, answer);
  }
  world.changed({ kind: 'truth' });
}

/**
 * An answer as the record keeps it: of a list of messages how many they were. A copy of a whole channel in each of thousands of
 * calls would fill the memory in an hour of a busy app.
 */
function noted(body: Answer['body']): Answer['body'] {
  return isObject(body) && Array.isArray(body.messages) ? { ...body, messages: body.messages.length } : body;
}

/** Sends an answer; an object as JSON. */
export function write(response: ServerResponse, { status, headers, body }: Answer): void {
  const type = typeof body === 'string' ? 'text/html; charset=utf-8' : 'application/json; charset=utf-8';
  response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store', ...headers });
  response.end(typeof body === 'string' ? body : JSON.stringify(body));
}

function secondsLeft({ until = 0 }: Fault, now: number): number {
  return Math.max(1, Math.ceil((until - now) / 1000));
}

const HTML = '<!doctype html><title>Server error</title><p>Something went wrong.</p>';

/** What a fault answers without the effect; undefined when the effect comes first. */
function insteadOf(fault: Fault, method: string, now: number): Answer | Lost | undefined {
  switch (fault.kind) {
    case '429':
      return {
        status: 429,
        headers: { 'retry-after': String(fault.retryAfter ?? secondsLeft(fault, now)) },
        body: { ok: false, error: 'ratelimited' },
      };
    case '500':
      return { status: 500, body: HTML };
    case 'html':
      return { status: 200, body: HTML };
    case 'error':
      return { status: 200, body: { ok: false, error: fault.error ?? 'internal_error' } };
    case 'lie-not-found':
      return { status: 200, body: fault.error ? { ok: false, error: fault.error } : notFound(method) };
    case 'drop-before':
      return 'cut';
    case 'hang':
      return 'hang';
    default:
      return undefined;
  }
}

/** What a fault makes of the answer once the effect is there. */
function afterwards(fault: Fault): Answer | Lost | undefined {
  switch (fault.kind) {
    case 'drop-after':
      return 'cut';
    case '500-after':
      return { status: 500, body: HTML };
    case 'html-after':
      return { status: 200, body: HTML };
    case 'error-after':
      return { status: 200, body: { ok: false, error: fault.error ?? 'internal_error' } };
    default:
      return undefined;
  }
}

const NOT_FOUND: Record<string, string> = {
  'chat.update': 'message_not_found',
  'chat.delete': 'message_not_found',
  'chat.getPermalink': 'message_not_found',
  'reactions.add': 'message_not_found',
  'users.info': 'user_not_found',
  'users.lookupByEmail': 'users_not_found',
  'usergroups.users.list': 'no_such_subteam',
  'views.update': 'not_found',
  'files.info': 'file_not_found',
  'files.completeUploadExternal': 'file_not_found',
};

/** The lie that fits a method: for lists it is the empty list. */
function notFound(method: string): Json {
  if (method === 'conversations.history' || method === 'conversations.replies')
    return { ok: true, messages: [], has_more: false };
  if (method === 'usergroups.list') return { ok: true, usergroups: [] };
  return { ok: false, error: NOT_FOUND[method] ?? 'channel_not_found' };
}
