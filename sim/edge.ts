/** The HTTP edge that stand-ins share: bodies in, event streams out, a server that begins on a free port and ends at once. */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

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

/** Answers the address, once it listens; port 0 is a free one. */
export async function listen(server: Server, port: number): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

export async function close(server: Server, events: EventStream): Promise<void> {
  events.close();
  server.closeAllConnections();
  await new Promise<void>((resolve) => server.close(() => resolve()));
}
