/**
 * One signed call of a Mac, written from the protocol: RFC 9421 out, a signature over the nonce back. What does not verify
 * was not said. The network between can be made to lose, repeat or delay.
 */
import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign, verify } from 'node:crypto';
import { request } from 'node:http';

export interface DeviceKeys {
  readonly privateKey: KeyObject;
  readonly publicKeyPem: string;
  readonly keyId: string;
}

export function makeDeviceKeys(): DeviceKeys {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const der = publicKey.export({ type: 'spki', format: 'der' });
  return {
    privateKey,
    publicKeyPem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    keyId: createHash('sha256').update(der).digest('hex').slice(0, 16),
  };
}

export interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
  /** The server's Date header, for a Mac whose clock is wrong. */
  readonly date: number;
}

export interface CallDeps {
  readonly url: URL;
  readonly keys: DeviceKeys;
  readonly serverKey: KeyObject;
}

export interface Call {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: object;
  /** Unix seconds, by the Mac's own clock. */
  readonly created: number;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Sent again, byte for byte, at the same time. */
  readonly twice?: boolean;
}

/** A verified answer, or any refusal; rejects when nothing that can be believed came in time. */
export async function deviceCall(deps: CallDeps, call: Call): Promise<Answer> {
  const body = call.body === undefined ? '' : JSON.stringify(call.body);
  const nonce = randomBytes(16).toString('base64url');
  const headers = signed(deps, call, body, nonce);
  const [answer] = await Promise.all([
    exchange(deps, call, body, headers),
    ...(call.twice ? [exchange(deps, call, body, headers).catch(() => undefined)] : []),
  ]);
  const said = `stint-reply-v1\n${nonce}\n${answer.status}\n${createHash('sha256').update(answer.text).digest('hex')}\n`;
  const believed = verify('sha256', Buffer.from(said), deps.serverKey, Buffer.from(answer.seal, 'base64'));
  if (answer.status < 300 && !believed) throw new Error('the answer does not verify');
  return { status: answer.status, date: answer.date, body: parsed(answer.text) };
}

function signed({ url, keys }: CallDeps, { method, path: whole, created }: Call, body: string, nonce: string) {
  const [path = '', query = ''] = whole.split('?');
  const digest = `sha-256=:${createHash('sha256').update(body).digest('base64')}:`;
  const params = `("@method" "@authority" "@path" "@query" "content-digest" "content-type");created=${created};expires=${created + 60};nonce="${nonce}";keyid="${keys.keyId}";alg="ecdsa-p256-sha256";tag="stint-device-v1"`;
  const base = `"@method": ${method}\n"@authority": ${url.host}\n"@path": ${path}\n"@query": ?${query}\n"content-digest": ${digest}\n"content-type": application/json\n"@signature-params": ${params}`;
  const signature = sign('sha256', Buffer.from(base), { key: keys.privateKey, dsaEncoding: 'ieee-p1363' });
  return {
    'content-type': 'application/json',
    'content-digest': digest,
    'signature-input': `stint=${params}`,
    signature: `stint=:${signature.toString('base64')}:`,
  };
}

function exchange({ url }: CallDeps, call: Call, body: string, headers: Record<string, string>) {
  return new Promise<{ status: number; text: string; seal: string; date: number }>((resolve, reject) => {
    const signal = AbortSignal.any([call.signal, AbortSignal.timeout(call.timeoutMs)]);
    const out = request(
      { host: url.hostname, port: url.port, method: call.method, path: call.path, headers, signal },
      (response) => {
        const parts: Buffer[] = [];
        response.on('error', reject);
        response.on('data', (part: Buffer) => parts.push(part));
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            text: Buffer.concat(parts).toString('utf8'),
            seal: String(response.headers['stint-reply-signature'] ?? ''),
            date: Date.parse(response.headers.date ?? ''),
          }),
        );
      },
    );
    out.on('error', reject);
    out.end(body === '' ? undefined : body);
  });
}

function parsed(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
