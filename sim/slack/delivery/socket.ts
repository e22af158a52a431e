/** Socket Mode: single-use tickets, up to ten connections, envelopes, acknowledgements, and every way to lose a connection. */
import { randomInt, randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Faults } from '../faults.js';
import { isObject, parseJson } from '../json.js';
import type { Delivery, Truth } from '../truth.js';
import type { World } from '../world.js';
import type { Reply, SendOptions, Wire } from './deliver.js';

const MAX_CONNECTIONS = 10;
const TICKET_MS = 60_000;
export type DisconnectReason = 'warning' | 'refresh_requested' | 'link_disabled';

interface Connection {
  id: string;
  socket: WebSocket;
  /** A frozen connection is dead but open: nothing is answered, what is sent is lost. */
  frozen: boolean;
  record: Truth['connections'][number];
}
export interface SocketHub extends Wire {
  ticket(): string;
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** How many connections are open. */
  count(): number;
  /** Announces the end of all connections, or of the oldest one, as Slack does every few hours. */
  disconnect(reason: DisconnectReason, only?: 'oldest'): number;
  /** Cuts the TCP connections; `silent` lets them stand open and dead instead. */
  drop(silent: boolean): number;
  close(): void;
}

/** The server's side of Socket Mode. */
export function createSocketHub(world: World, truth: Truth, faults: Faults): SocketHub {
  const server = new WebSocketServer({ noServer: true, autoPong: false });
  const tickets = new Map<string, number>();
  const connections = new Map<string, Connection>();
  const waiting = new Map<string, (reply: Reply) => void>();
  const timers = new Set<NodeJS.Timeout>();

  const pings = setInterval(() => {
    for (const { socket, frozen } of connections.values()) if (!frozen) socket.ping('Ping from the server');
  }, world.data.settings.serverPingMs);
  pings.unref();

  const accept = (socket: WebSocket) => {
    const id = randomUUID();
    const record: Truth['connections'][number] = { id, openedAt: world.now() };
    truth.connections.push(record);
    const connection: Connection = { id, socket, frozen: false, record };
    if (connections.size >= MAX_CONNECTIONS) return tooMany(connection);
    connections.set(id, connection);
    socket.on('ping', (data) => {
      if (!connection.frozen) socket.pong(data);
    });
    socket.on('message', (data) => {
      if (!connection.frozen) onAck(parseJson(String(data)));
    });
    socket.on('error', () => socket.terminate());
    socket.on('close', () => {
      connections.delete(id);
      record.closedAt = world.now();
      world.changed({ kind: 'truth' });
    });
    socket.send(JSON.stringify(hello(world, connections.size)));
    world.changed({ kind: 'truth' });
  };
  const tooMany = ({ socket, record }: Connection) => {
    record.closedAt = world.now();
    record.why = 'too_many_websockets';
    socket.send(JSON.stringify({ type: 'disconnect', reason: 'too_many_websockets', debug_info: { host: 'stand-in' } }));
    socket.close();
  };

  const onAck = (frame: unknown) => {
    if (!isObject(frame) || typeof frame.envelope_id !== 'string') return;
    const delivery = truth.deliveries.findLast((one) => one.id === frame.envelope_id);
    delivery?.acks.push({ at: world.now(), payload: frame.payload });
    waiting.get(frame.envelope_id)?.({ outcome: 'ok', payload: frame.payload });
  };

  const post = (frame: string): string | undefined => {
    const open = [...connections.values()].filter(({ socket }) => socket.readyState === socket.OPEN);
    const chosen = open[open.length > 0 ? randomInt(open.length) : 0];
    if (!chosen) return undefined;
    if (!chosen.frozen) chosen.socket.send(frame);
    return chosen.id;
  };

  const refuse = (socket: Duplex) => {
    socket.on('error', () => socket.destroy());
    socket.end('HTTP/1.1 401 Unauthorized\r\nconnection: close\r\ncontent-length: 0\r\n\r\n');
  };

  return {
    via: 'socket',
    ticket() {
      const ticket = randomUUID();
      tickets.set(ticket, world.now());
      return `${world.url.replace(/^http/, 'ws')}/link/?ticket=${ticket}&app_id=${world.seed.bot.appId}`;
    },
    upgrade(request, socket, head) {
      if (faults.isDown()) return void socket.destroy();
      const url = new URL(request.url ?? '/', 'http://localhost');
      const ticket = url.searchParams.get('ticket') ?? '';
      const issuedAt = tickets.get(ticket);
      tickets.delete(ticket);
      if (url.pathname !== '/link/' || issuedAt === undefined || world.now() - issuedAt > TICKET_MS) return refuse(socket);
      server.handleUpgrade(request, socket, head, accept);
    },
    count: () => connections.size,
    send(delivery, how) {
      const frame = JSON.stringify(envelope(delivery, how));
      return new Promise<Reply>((resolve) => {
        const finish = (reply: Reply) => {
          clearTimeout(timer);
          timers.delete(timer);
          waiting.delete(delivery.id);
          resolve(reply);
        };
        const timer = setTimeout(() => finish({ outcome: 'timeout' }), how.ackMs);
        timers.add(timer);
        waiting.set(delivery.id, finish);
        const connection = post(frame);
        if (connection === undefined) return finish({ outcome: 'no-connection' });
        delivery.connection = connection;
        if (how.twice) post(frame);
      });
    },
    disconnect(reason, only) {
      const chosen = [...connections.values()].slice(0, only === 'oldest' ? 1 : undefined);
      for (const { socket, record, frozen } of chosen) {
        if (frozen) continue;
        record.why = reason;
        socket.send(JSON.stringify({ type: 'disconnect', reason, debug_info: { host: 'stand-in' } }));
        const wait = reason === 'warning' ? world.data.settings.warningMs : 100;
        const timer = setTimeout(() => socket.close(), wait);
        timer.unref();
        timers.add(timer);
      }
      return chosen.length;
    },
    drop(silent) {
      const chosen = [...connections.values()];
      for (const connection of chosen) {
        connection.record.why = silent ? 'silent-drop' : 'drop';
        connection.frozen = silent;
        if (!silent) connection.socket.terminate();
      }
      return chosen.length;
    },
    close() {
      clearInterval(pings);
      for (const timer of timers) clearTimeout(timer);
      for (const finish of [...waiting.values()]) finish({ outcome: 'no-connection' });
      for (const { socket } of connections.values()) socket.terminate();
      server.close();
    },
  };
}

function hello(world: World, count: number) {
  return {
    type: 'hello',
    num_connections: count,
    connection_info: { app_id: world.seed.bot.appId },
    debug_info: { host: 'stand-in', build_number: 1, approximate_connection_time: 18_060 },
  };
}

function envelope(delivery: Delivery, how: SendOptions) {
  return {
    envelope_id: delivery.id,
    type: delivery.type,
    payload: delivery.payload,
    accepts_response_payload: how.accepts,
    ...(delivery.retry === undefined ? {} : { retry_attempt: delivery.retry, retry_reason: delivery.retry > 0 ? 'timeout' : '' }),
  };
}
