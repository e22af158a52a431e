/** A Mac as the protocol describes it, over real HTTP: signs its calls and believes only replies that verify. */
import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign, verify } from 'node:crypto';
import { request } from 'node:http';
import type { Serial } from '../../../contract/ids.js';
import type { DeviceKey } from '../../../contract/ports.js';

export interface Reply {
  readonly status: number;
  readonly body: Record<string, unknown>;
  readonly headers: Record<string, string | string[] | undefined>;
  /** Whether the reply's signature fits the nonce, the status and the body of this very call. */
  readonly verified: boolean;
}

export interface CallOptions {
  readonly nonce?: string;
  /** Unix seconds. */
  readonly created?: number;
  /** Sent in the place of what was signed. */
  readonly send?: { readonly body?: string; readonly path?: string; readonly headers?: Record<string, string | string[]> };
}

export class TestMac {
  readonly pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  /** What its calls name as their key. */
  keyId: string;
  readonly serial: Serial;
  private readonly url: URL;
  private readonly serverKey: KeyObject;
  private readonly clock: () => number;

  constructor(serial: Serial, url: string, serverKey: KeyObject, clock: () => number) {
    this.serial = serial;
    this.url = new URL(url);
    this.serverKey = serverKey;
    this.clock = clock;
    const der = this.pair.publicKey.export({ type: 'spki', format: 'der' });
    this.keyId = createHash('sha256').update(der).digest('hex').slice(0, 16);
  }

  key(): DeviceKey {
    const publicKey = this.pair.publicKey.export({ type: 'spki', format: 'pem' }).toString();
    return { serial: this.serial, keyId: this.keyId, publicKey };
  }

  get = (path: string, options?: CallOptions) => this.call('GET', path, '', options);
  post = (path: string, body: unknown, options?: CallOptions) => this.call('POST', path, JSON.stringify(body), options);

  async call(method: string, pathAndQuery: string, body: string, options: CallOptions = {}): Promise<Reply> {
    const nonce = options.nonce ?? randomBytes(16).toString('base64url');
    const created = options.created ?? Math.floor(this.clock() / 1000);
    const [path = '', query = ''] = pathAndQuery.split('?');
    const digest = `sha-256=:${createHash('sha256').update(body).digest('base64')}:`;
    const params = `("@method" "@authority" "@path" "@query" "content-digest" "content-type");created=${created};expires=${created + 60};nonce="${nonce}";keyid="${this.keyId}";alg="ecdsa-p256-sha256";tag="stint-device-v1"`;
    const base = `"@method": ${method}\n"@authority": ${this.url.host}\n"@path": ${path}\n"@query": ?${query}\n"content-digest": ${digest}\n"content-type": application/json\n"@signature-params": ${params}`;
    const signature = sign('sha256', Buffer.from(base), { key: this.pair.privateKey, dsaEncoding: 'ieee-p1363' });
    const headers = {
      'content-type': 'application/json',
      'content-digest': digest,
      'signature-input': `stint=${params}`,
      signature: `stint=:${signature.toString('base64')}:`,
      ...options.send?.headers,
    };
    const sent = { path: options.send?.path ?? pathAndQuery, body: options.send?.body ?? body };
    return this.exchange(method, sent.path, sent.body, headers, nonce);
  }

  private exchange(
    method: string,
    path: string,
    body: string,
    headers: Record<string, string | string[]>,
    nonce: string,
  ): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const call = request({ host: this.url.hostname, port: this.url.port, method, path, headers }, (response) => {
        const parts: Buffer[] = [];
        response.on('data', (part: Buffer) => parts.push(part));
        response.on('end', () => {
          const text = Buffer.concat(parts).toString('utf8');
          const status = response.statusCode ?? 0;
          const verified = this.believes(nonce, status, text, response.headers['stint-reply-signature']);
          resolve({ status, body: JSON.parse(text) as Record<string, unknown>, headers: response.headers, verified });
        });
      });
      call.on('error', reject);
      call.end(method === 'GET' && body === '' ? undefined : body);
    });
  }

  believes(nonce: string, status: number, body: string, signature: string | string[] | undefined): boolean {
    const said = `stint-reply-v1\n${nonce}\n${status}\n${createHash('sha256').update(body).digest('hex')}\n`;
    return typeof signature === 'string' && verify('sha256', Buffer.from(said), this.serverKey, Buffer.from(signature, 'base64'));
  }
}
