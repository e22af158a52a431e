/** The call signature: what a stranger, a proxy or a replayed recording may change, and what then happens. */
import { createHash, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isStintError } from '../../../contract/errors.js';
import { keyIdOf, openCall, type SignedCall, verifyCall, verifyP256 } from '../../../device/api/signature.js';

const NOW = Date.UTC(2026, 4, 4, 9, 0, 0);
const mac = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const stranger = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const COVERED = '("@method" "@authority" "@path" "@query" "content-digest" "content-type")';

interface Parts {
  method: string;
  authority: string;
  path: string;
  query: string;
  body: string;
  params: string;
  headers: Record<string, string[]>;
}

const sha = (text: string): string => `sha-256=:${createHash('sha256').update(text).digest('base64')}:`;

/** A signed call, written from RFC 9421 by hand and not with the code under test. */
function signed(change: Partial<Parts> & { created?: number; expires?: number; key?: KeyObject } = {}): Parts {
  const created = change.created ?? NOW / 1000;
  const expires = change.expires ?? created + 60;
  const parts: Parts = {
    method: 'POST',
    authority: 'stint.example:8443',
    path: '/device/v1/report',
    query: '?',
    body: '{"admin":false}',
    params: `${COVERED};created=${created};expires=${expires};nonce="AAAAAAAAAAAAAAAAAAAAAA";keyid="${keyIdOf(mac.publicKey)}";alg="ecdsa-p256-sha256";tag="stint-device-v1"`,
    headers: {},
    ...change,
  };
  const base = `"@method": ${parts.method}\n"@authority": ${parts.authority}\n"@path": ${parts.path}\n"@query": ${parts.query}\n"content-digest": ${sha(parts.body)}\n"content-type": application/json\n"@signature-params": ${parts.params}`;
  const raw = sign('sha256', Buffer.from(base), { key: change.key ?? mac.privateKey, dsaEncoding: 'ieee-p1363' });
  parts.headers = {
    'content-type': ['application/json'],
    'content-digest': [sha(parts.body)],
    'signature-input': [`stint=${parts.params}`],
    signature: [`stint=:${raw.toString('base64')}:`],
    ...change.headers,
  };
  return parts;
}

const callOf = (parts: Parts): SignedCall => ({
  ...parts,
  body: Buffer.from(parts.body),
  header: (name) => parts.headers[name] ?? [],
});

/** `ok`, or the code of the refusal; any other error fails the test. */
function judge(parts: Parts, now = NOW, key: KeyObject = mac.publicKey): string {
  try {
    const call = callOf(parts);
    verifyCall(call, openCall(call, now), key);
    return 'ok';
  } catch (error) {
    if (isStintError(error)) return error.code;
    throw error;
  }
}

describe('a signed call', () => {
  it('is accepted as the Mac made it, with and without a query', () => {
    expect(judge(signed())).toBe('ok');
    expect(judge(signed({ method: 'GET', path: '/device/v1/orders', query: '?wait=20', body: '' }))).toBe('ok');
  });

  it('names its key by the first 16 hex digits of the SHA-256 of the public key', () => {
    const der = mac.publicKey.export({ type: 'spki', format: 'der' });
    expect(keyIdOf(mac.publicKey)).toBe(createHash('sha256').update(der).digest('hex').slice(0, 16));
  });

  it('is refused when any covered part is another', () => {
    for (const change of [
      { method: 'PUT' },
      { authority: 'evil.example' },
      { path: '/device/v1/orders' },
      { query: '?x=1' },
      { body: '{}' },
    ]) {
      expect(judge({ ...signed(), ...change }), JSON.stringify(change)).toBe('bad-signature');
    }
  });

  it('is refused when any one character of any header changes', () => {
    const good = signed();
    for (const [name, [value = '']] of Object.entries(good.headers)) {
      for (let at = 0; at < value.length; at++) {
        const other = value[at] === 'A' ? 'B' : 'A';
        const changed = value.slice(0, at) + other + value.slice(at + 1);
        const verdict = judge({ ...good, headers: { ...good.headers, [name]: [changed] } });
        expect(['bad-signature', 'stale-call'], `${name} ${at}`).toContain(verdict);
      }
    }
  });

  it('is refused when a character is added or lost anywhere in a header', () => {
    const good = signed();
    const names = Object.keys(good.headers);
    fc.assert(
      fc.property(fc.constantFrom(...names), fc.nat(), fc.string({ maxLength: 2 }), (name, where, text) => {
        const value = good.headers[name]?.[0] ?? '';
        const at = where % value.length;
        const changed = text === '' ? value.slice(0, at) + value.slice(at + 1) : value.slice(0, at) + text + value.slice(at);
        return ['bad-signature', 'stale-call'].includes(judge({ ...good, headers: { ...good.headers, [name]: [changed] } }));
      }),
      { numRuns: 500 },
    );
  });

  it('is refused when any one byte of the body changes', () => {
    const good = signed();
    for (let at = 0; at < good.body.length; at++) {
      const body = `${good.body.slice(0, at)}~${good.body.slice(at + 1)}`;
      expect(judge({ ...good, body })).toBe('bad-signature');
    }
  });

  it('is refused when a header is missing or there twice', () => {
    const good = signed();
    for (const name of Object.keys(good.headers)) {
      const value = good.headers[name]?.[0] ?? '';
      expect(judge({ ...good, headers: { ...good.headers, [name]: [] } })).toBe('bad-signature');
      expect(judge({ ...good, headers: { ...good.headers, [name]: [value, value] } })).toBe('bad-signature');
    }
  });

  it('is refused when it was made with another key', () => {
    expect(judge(signed({ key: stranger.privateKey }))).toBe('bad-signature');
    expect(judge(signed(), NOW, stranger.publicKey)).toBe('bad-signature');
  });

  it('is refused when its key is no P-256 key', () => {
    const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' });
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
    expect(judge(signed(), NOW, p384.publicKey)).toBe('bad-signature');
    expect(judge(signed(), NOW, rsa.publicKey)).toBe('bad-signature');
  });
});

describe('the time of a call', () => {
  const s = NOW / 1000;
  it('may be a minute off in either direction, and no more', () => {
    expect(judge(signed({ created: s + 60 }))).toBe('ok');
    expect(judge(signed({ created: s + 61 }))).toBe('stale-call');
    expect(judge(signed({ created: s - 120 }))).toBe('ok');
    expect(judge(signed({ created: s - 121 }))).toBe('stale-call');
  });

  it('may not give itself more than a minute, nor none', () => {
    for (const expires of [s + 61, s, s - 1, s + 10 ** 6]) {
      expect(judge(signed({ created: s, expires }))).toBe('bad-signature');
    }
  });

  it('tells until when the nonce has to be remembered', () => {
    const call = callOf(signed({ created: s }));
    const { refusedAfter } = openCall(call, NOW);
    expect(judge(signed({ created: s }), refusedAfter * 1000)).toBe('ok');
    expect(judge(signed({ created: s }), (refusedAfter + 1) * 1000)).toBe('stale-call');
  });
});

describe('the signature input', () => {
  const s = NOW / 1000;
  const tail = `;created=${s};expires=${s + 60};nonce="AAAAAAAAAAAAAAAAAAAAAA";keyid="${keyIdOf(mac.publicKey)}";alg="ecdsa-p256-sha256";tag="stint-device-v1"`;
  const withParams = (params: string) => judge(signed({ params }));

  it('must cover exactly the required components, although the signature over less is genuine', () => {
    expect(withParams(COVERED + tail)).toBe('ok');
    for (const list of [
      '()',
      '("@method")',
      '("@method" "@authority" "@path" "@query" "content-type")',
      '("@authority" "@method" "@path" "@query" "content-digest" "content-type")',
      '("@method" "@authority" "@path" "@query" "content-digest" "content-type" "date")',
      '("@method"  "@authority" "@path" "@query" "content-digest" "content-type")',
      '("@method";req "@authority" "@path" "@query" "content-digest" "content-type")',
    ]) {
      expect(withParams(list + tail), list).toBe('bad-signature');
    }
  });

  it('takes its parameters in any order, each once, and no others', () => {
    const [, ...parameters] = tail.split(';');
    expect(withParams(`${COVERED};${[...parameters].reverse().join(';')}`)).toBe('ok');
    for (const one of parameters) {
      const without = parameters.filter((p) => p !== one);
      expect(withParams(`${COVERED};${without.join(';')}`), `without ${one}`).toBe('bad-signature');
      expect(withParams(`${COVERED};${[...parameters, one].join(';')}`), `twice ${one}`).toBe('bad-signature');
    }
    expect(withParams(`${COVERED}${tail};x=1`)).toBe('bad-signature');
    expect(withParams(`${COVERED}${tail} `)).toBe('bad-signature');
    expect(withParams(`${COVERED}${tail.replace(`created=${s}`, `created=0${s}`)}`)).toBe('bad-signature');
    expect(withParams(`${COVERED}${tail.replace(`created=${s}`, `created=${s}.0`)}`)).toBe('bad-signature');
    expect(withParams(`${COVERED}${tail.replace(`created=${s}`, `created="${s}"`)}`)).toBe('bad-signature');
  });

  it('may not name another algorithm or another purpose', () => {
    expect(withParams(COVERED + tail.replace('ecdsa-p256-sha256', 'hmac-sha256'))).toBe('bad-signature');
    expect(withParams(COVERED + tail.replace('stint-device-v1', 'stint-device-v2'))).toBe('bad-signature');
  });

  it('has a nonce of exactly 16 bytes in its one spelling', () => {
    for (const nonce of ['', 'AAAA', 'AAAAAAAAAAAAAAAAAAAAAB', 'AAAAAAAAAAAAAAAAAAAAA=', 'A'.repeat(86)]) {
      expect(withParams(COVERED + tail.replace('AAAAAAAAAAAAAAAAAAAAAA', nonce)), nonce).toBe('bad-signature');
    }
  });

  it('may carry no second signature, under whatever label', () => {
    const good = signed();
    const [input = ''] = good.headers['signature-input'] ?? [];
    const [signature = ''] = good.headers.signature ?? [];
    const also = (name: string, values: string[]) => judge({ ...good, headers: { ...good.headers, [name]: values } });
    expect(also('signature-input', [`${input}, other=${good.params}`])).toBe('bad-signature');
    expect(also('signature-input', [`other=${good.params}`])).toBe('bad-signature');
    expect(also('signature', [`${signature}, other=:AAAA:`])).toBe('bad-signature');
    expect(also('signature', [signature.replace('stint', 'other')])).toBe('bad-signature');
  });

  it('is refused at once when it is huge', () => {
    expect(withParams(`${COVERED}${tail};x="${'a'.repeat(100_000)}"`)).toBe('bad-signature');
  });
});

describe('the algorithm', () => {
  it('verifies the example of RFC 9421, appendix B.2.4', () => {
    const key = createPublicKey(
      '-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEqIVYZVLCrPZHGHjP17CTW0/+D9Lf\nw0EkjqF7xB4FivAxzic30tMM4GF+hR6Dxh71Z50VGGdldkkDXZCnTNnoXQ==\n-----END PUBLIC KEY-----\n',
    );
    const base = [
      '"@status": 200',
      '"content-type": application/json',
      '"content-digest": sha-512=:mEWXIS7MaLRuGgxOBdODa3xqM1XdEvxoYhvlCFJ41QJgJc4GTsPp29l5oGX69wWdXymyU0rjJuahq4l5aGgfLQ==:',
      '"content-length": 23',
      '"@signature-params": ("@status" "content-type" "content-digest" "content-length");created=1618884473;keyid="test-key-ecc-p256"',
    ].join('\n');
    const signature = Buffer.from(
      'wNmSUAhwb5LxtOtOpNa6W5xj067m5hFrj0XQ4fvpaCLx0NKocgPquLgyahnzDnDAUy5eCdlYUEkLIj+32oiasw==',
      'base64',
    );
    expect(verifyP256(base, signature, key)).toBe(true);
    expect(verifyP256(`${base} `, signature, key)).toBe(false);
  });

  it('takes no DER signature, of which one message has many spellings', () => {
    const der = sign('sha256', Buffer.from('x'), mac.privateKey);
    expect(verifyP256('x', der, mac.publicKey)).toBe(false);
  });
});
