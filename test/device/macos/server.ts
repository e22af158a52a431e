/**
 * A small device API for tests of the agent: keeps to the protocol between Mac and server, checks every RFC 9421 signature with
 * node:crypto, signs its replies, and misbehaves when told to.
 */
import { createHash, createPublicKey, generateKeyPairSync, type KeyObject, sign, verify } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Call {
  readonly at: number;
  readonly method: string;
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/** What the server says next; tests change it while it runs. */
export interface Script {
  order: 'none' | 'start' | 'end' | 'collect';
  requestId: string;
  localUser: string;
  /** The account that the orders reply names, if it names one. */
  orderUser: string | undefined;
  maxS: number;
  /** What a report reply says of the policy's cap, if it says it. */
  capS: number | undefined;
  startByS: number;
  /** Instant (ms) at which the confirmed window ends. */
  deadlineMs: number;
  windowS: number;
  waiting: boolean;
}

type Hook = (call: Call, response: ServerResponse) => 'handled' | 'go-on';

export interface DeviceServer {
  readonly url: string;
  readonly publicKeyPem: string;
  readonly script: Script;
  readonly calls: Call[];
  readonly chunks: Map<number, Buffer>;
  /** Signatures that did not verify. */
  readonly badSignatures: string[];
  total: number;
  /** Runs before the answer to a path that ends in the key. */
  readonly hooks: Map<string, Hook>;
  /** `wrong`: replies are signed by another key. `nonce`: a signature over another nonce. */
  replySignature: 'right' | 'wrong' | 'nonce' | 'none';
  trust(publicKeyPem: string): void;
  /** The evidence, joined. */
  evidence(): string;
  lastReport(): Readonly<Record<string, unknown>> | undefined;
  close(): Promise<void>;
}

const COVERED = '("@method" "@authority" "@path" "@query" "content-digest" "content-type")';
const PARAMS =
  /^stint=(\(.*?\);created=(\d+);expires=(\d+);nonce="([A-Za-z0-9_-]{22})";keyid="([0-9a-f]{16})";alg="ecdsa-p256-sha256";tag="stint-device-v1")$/;

export async function startDeviceServer(): Promise<DeviceServer> {
  const key = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const other = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const trusted = new Map<string, KeyObject>();
  const nonces = new Set<string>();
  const hooks = new Map<string, Hook>();
  const state: Omit<DeviceServer, 'url' | 'close'> = {
    publicKeyPem: key.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    script: {
      order: 'none',
      requestId: 'a'.repeat(26),
      localUser: 'alice',
      orderUser: undefined,
      maxS: 60,
      capS: undefined,
      startByS: 60,
      deadlineMs: 0,
      windowS: 60,
      waiting: false,
    },
    calls: [],
    chunks: new Map(),
    badSignatures: [],
    total: 0,
    hooks,
    replySignature: 'right',
    trust: (pem) => {
      const publicKey = createPublicKey(pem);
      trusted.set(
        createHash('sha256')
          .update(publicKey.export({ type: 'spki', format: 'der' }))
          .digest('hex')
          .slice(0, 16),
        publicKey,
      );
    },
    evidence: () => Buffer.concat([...state.chunks.entries()].sort(([a], [b]) => a - b).map(([, data]) => data)).toString('utf8'),
    lastReport: () => state.calls.filter((call) => call.path === '/device/v1/report').at(-1)?.body,
  };

  const checkSignature = (request: IncomingMessage, body: Buffer): string => {
    const input = PARAMS.exec(String(request.headers['signature-input']));
    if (input === null) throw new Error(`shape of ${request.headers['signature-input']}`);
    const [, params = '', created = '0', expires = '0', nonce = '', keyId = ''] = input;
    if (!params.startsWith(`${COVERED};`)) throw new Error('covered components');
    if (Math.abs(Date.now() / 1000 - Number(created)) > 60 || Number(expires) !== Number(created) + 60) throw new Error('time');
    if (nonces.has(nonce)) throw new Error('nonce');
    nonces.add(nonce);
    const digest = `sha-256=:${createHash('sha256').update(body).digest('base64')}:`;
    if (request.headers['content-digest'] !== digest) throw new Error('digest');
    const [path = '', query = ''] = (request.url ?? '').split('?');
    const base = [
      `"@method": ${request.method}`,
      `"@authority": ${request.headers.host}`,
      `"@path": ${path}`,
      `"@query": ?${query}`,
      `"content-digest": ${digest}`,
      `"content-type": ${request.headers['content-type']}`,
      `"@signature-params": ${params}`,
    ].join('\n');
    const signature = /^stint=:([A-Za-z0-9+/=]+):$/.exec(String(request.headers.signature))?.[1] ?? '';
    const raw = Buffer.from(signature, 'base64');
    const publicKey = trusted.get(keyId);
    if (publicKey === undefined) throw new Error(`key ${keyId}`);
    if (raw.length !== 64 || !verify('sha256', Buffer.from(base), { key: publicKey, dsaEncoding: 'ieee-p1363' }, raw))
      throw new Error('signature');
    return nonce;
  };

  const reply = (response: ServerResponse, nonce: string, status: number, body: Record<string, unknown>) => {
    const text = JSON.stringify(body);
    const hash = createHash('sha256').update(text).digest('hex');
    const said = `stint-reply-v1\n${state.replySignature === 'nonce' ? 'A'.repeat(22) : nonce}\n${status}\n${hash}\n`;
    const by = state.replySignature === 'wrong' ? other.privateKey : key.privateKey;
    const signature = sign('sha256', Buffer.from(said), by).toString('base64');
    const header = state.replySignature === 'none' ? {} : { 'Stint-Reply-Signature': signature };
    response.writeHead(status, { 'content-type': 'application/json', ...header });
    response.end(text);
  };

  const remaining = () => Math.max(0, Math.floor((state.script.deadlineMs - Date.now()) / 1000));
  const answers: Record<string, (call: Call) => [number, Record<string, unknown>] | Promise<[number, Record<string, unknown>]>> =
    {
      requests: () => [201, { requestId: state.script.requestId, state: 'requested' }],
      orders: async () => {
        for (let i = 0; i < 20 && state.script.order === 'none'; i++) await new Promise((resolve) => setTimeout(resolve, 100));
        const { order, requestId, waiting, orderUser } = state.script;
        return [
          200,
          {
            order,
            requestId: order === 'none' && !waiting ? '' : requestId,
            ...(orderUser && { localUser: orderUser }),
            pollAfterS: 0,
            waiting,
            state: 'granting',
            remainingS: 0,
          },
        ];
      },
      claim: () => [
        200,
        { authorised: true, localUser: state.script.localUser, maxS: state.script.maxS, startByS: state.script.startByS },
      ],
      confirm: () => {
        if (state.script.deadlineMs === 0) state.script.deadlineMs = Date.now() + state.script.windowS * 1000;
        if (state.script.order === 'start') state.script.order = 'none';
        return [200, { remainingS: remaining(), deadlineAt: new Date(state.script.deadlineMs).toISOString() }];
      },
      report: () => {
        const { order, capS } = state.script;
        const cap = capS === undefined ? {} : { maxS: capS };
        return [200, { order: order === 'end' ? 'end' : 'none', remainingS: remaining(), ...cap, state: 'active' }];
      },
      end: () => [200, { accepted: true }],
      log: ({ body }) => {
        const data = Buffer.from(String(body.data), 'base64');
        if (createHash('sha256').update(data).digest('hex') !== body.sha256) throw new Error('chunk hash');
        if (data.length > 48 * 1024) throw new Error('chunk size');
        state.chunks.set(Number(body.seq), data);
        if (Number(body.total) > 0) state.total = Number(body.total);
        return [200, { received: Number(body.seq), missing: state.total === 0 ? 0 : state.total - state.chunks.size }];
      },
    };

  const server = createServer((request, response) => {
    void (async () => {
      const parts: Buffer[] = [];
      for await (const part of request) parts.push(part as Buffer);
      const body = Buffer.concat(parts);
      const path = (request.url ?? '').split('?')[0] ?? '';
      let nonce = '';
      try {
        nonce = checkSignature(request, body);
      } catch (error) {
        state.badSignatures.push(String(error));
        response.writeHead(401, { 'content-type': 'application/problem+json' }).end('{"title":"no"}');
        return;
      }
      const parsed = body.length === 0 ? {} : (JSON.parse(body.toString('utf8')) as Record<string, unknown>);
      const call: Call = { at: Date.now(), method: request.method ?? '', path, body: parsed };
      state.calls.push(call);
      const name = path.split('/').at(-1) ?? '';
      if (hooks.get(name)?.(call, response) === 'handled') return;
      const answer = answers[name];
      if (answer === undefined) throw new Error(`no answer to ${path}`);
      const [status, said] = await answer(call);
      if (!response.writableEnded) reply(response, nonce, status, said);
    })().catch((error: unknown) => {
      state.badSignatures.push(`bug: ${String(error)}`);
      response.destroy();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const close = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return Object.assign(state, { url: `http://127.0.0.1:${port}`, close });
}

/** A refusal as the server words it. */
export function problem(status: number): Hook {
  return (_call, response) => {
    response
      .writeHead(status, { 'content-type': 'application/problem+json' })
      .end(JSON.stringify({ type: 'about:blank', title: 'refused', status, code: 'refused', detail: 'This is not allowed.' }));
    return 'handled';
  };
}
