/** The HTTP edge of the stand-in: bodies in, answers out, and event streams. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Answer } from './answers.js';

const BODY_MAX = 1024 * 1024;

/** The whole body as text; rejects above 1 MiB. */
export async function readBody(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request) {
    size += (part as Buffer).length;
    if (size > BODY_MAX) throw new Error('body too large');
    parts.push(part as Buffer);
  }
  return Buffer.concat(parts).toString('utf8');
}

/** JSON, or undefined when the text is none. */
export function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

export function send(response: ServerResponse, answer: Answer, headers: Readonly<Record<string, string>> = {}): void {
  const text = answer.body === undefined ? '' : JSON.stringify(answer.body);
  response.writeHead(answer.status, { 'content-type': 'application/json', ...headers, ...answer.headers });
  response.end(text);
}

/** Server-sent events to whoever listens. */
export class EventStream {
  private readonly listeners = new Set<ServerResponse>();

  join(response: ServerResponse): void {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store', connection: 'keep-alive' });
    response.write(': hello\n\n');
    this.listeners.add(response);
    response.on('close', () => this.listeners.delete(response));
  }

  emit(name: string, data: unknown): void {
    for (const listener of this.listeners) listener.write(`event: ${name}\ndata: ${JSON.stringify(data)}\n\n`);
  }

  close(): void {
    for (const listener of this.listeners) listener.end();
  }
}
