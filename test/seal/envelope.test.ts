import { createPrivateKey, sign } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KINDS, type MessageKind, SENDERS, type Sender } from '../../contract/messages.js';
import type { AwsPermissionSetTarget } from '../../contract/request.js';
import { canonical, requestDigest, requestIdFrom } from '../../seal/canonical.js';
import { openEnvelope, TTL_MS } from '../../seal/envelope.js';
import { loadTrustedKeys, trustedKeysText } from '../../seal/keys.js';
import { ACTOR, BODIES, KEYS, NOW, REQUEST, REQUEST_ID, RING, ROUND, sealed, sealerOf } from './samples.js';

const open = (raw: unknown, now = NOW, kinds: readonly MessageKind[] = KINDS, ring = RING) =>
  openEnvelope(raw, { ring, now, expect: { requestId: REQUEST_ID, kinds } });
const codeOf = (raw: unknown, now = NOW) => {
  const result = open(raw, now);
  return result.ok ? 'ok' : result.code;
};

/** Signs any fields with a real key: what a sender that was taken over could send. */
function signRaw(fields: Record<string, unknown>, sender: Sender = 'slack-app'): Record<string, unknown> {
  const { sig: _, ...unsigned } = fields;
  const all = { ...unsigned, keyId: KEYS[sender].keyId };
  const bytes = Buffer.from(`stint-envelope-v1\n${canonical(all)}`);
  return { ...all, sig: sign(null, bytes, createPrivateKey(KEYS[sender].privatePem)).toString('base64url') };
}

/** Every path to a leaf (or an empty object) in a JSON value. */
function paths(value: unknown, at: readonly string[] = []): (readonly string[])[] {
  if (typeof value !== 'object' || value === null || Object.keys(value).length === 0) return [at];
  return Object.entries(value).flatMap(([key, inner]) => paths(inner, [...at, key]));
}

function replaced(value: unknown, [key, ...rest]: readonly string[], by: unknown): unknown {
  if (key === undefined) return by;
  const object = value as Record<string, unknown>;
  return { ...object, [key]: replaced(object[key], rest, by) };
}

function at(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((inner, key) => (inner as Record<string, unknown>)[key], value);
}

describe('a sealed message', () => {
  it.each(KINDS)('of kind %s opens as it was sealed', (kind) => {
    const envelope = sealed(kind);
    expect(open(JSON.parse(JSON.stringify(envelope)))).toEqual({ ok: true, envelope, sender: expect.any(String) });
  });

  it.each(KINDS)('of kind %s is refused after any single change of any field', (kind) => {
    const envelope = sealed(kind);
    const leaf = fc.constantFrom(...paths(envelope));
    fc.assert(
      fc.property(leaf, fc.oneof(fc.jsonValue(), fc.string(), fc.integer()), (path, by) => {
        fc.pre(canonical(by) !== canonical(at(envelope, path)));
        expect(open(replaced(envelope, path, by)).ok).toBe(false);
      }),
    );
  });

  it('is refused when one character of any text in it is another', () => {
    const envelope = sealed('start');
    for (const path of paths(envelope)) {
      const text = at(envelope, path);
      if (typeof text !== 'string') continue;
      for (let i = 0; i < text.length; i++) {
        const other = text[i] === 'A' ? 'B' : 'A';
        expect(open(replaced(envelope, path, text.slice(0, i) + other + text.slice(i + 1))).ok).toBe(false);
      }
    }
  });

  it('is refused with a key too many or too few, at every depth', () => {
    const envelope = sealed('start');
    for (const inside of [[], ['body'], ['body', 'request'], ['body', 'request', 'target'], ['actor']]) {
      const object = at(envelope, inside) as Record<string, unknown>;
      expect(open(replaced(envelope, inside, { ...object, extra: 1 })).ok).toBe(false);
      expect(open(signRaw(replaced(envelope, inside, { ...object, extra: 1 }) as Record<string, unknown>)).ok).toBe(false);
      for (const key of Object.keys(object)) {
        const { [key]: _, ...rest } = object;
        expect(open(replaced(envelope, inside, rest)).ok).toBe(false);
      }
    }
  });

  it('comes back as a copy: what the sender changes afterwards does not reach the reader', () => {
    const raw = JSON.parse(JSON.stringify(sealed('approve')));
    const opened = open(raw);
    raw.body.windowMs = 86_400_000;
    expect(opened.ok && opened.envelope.kind === 'approve' && opened.envelope.body.windowMs).toBe(300_000);
  });
});

describe('opening never throws', () => {
  it('whatever is given', () => {
    fc.assert(fc.property(fc.anything({ withNullPrototype: true, withBigInt: true, withMap: true }), (raw) => !open(raw).ok));
    fc.assert(
      fc.property(fc.constantFrom(...KINDS), fc.dictionary(fc.string(), fc.jsonValue()), (kind, rest) => {
        expect(open({ ...rest, kind }).ok).toBe(false);
      }),
    );
  });

  it('when the object itself throws', () => {
    const trap = () => {
      throw new Error('trap');
    };
    expect(codeOf(new Proxy({}, { get: trap, getOwnPropertyDescriptor: trap, ownKeys: trap }))).toBe('bad-input');
    const { sig, ...rest } = sealed('approve');
    expect(codeOf(Object.defineProperty({ ...rest }, 'sig', { get: trap, enumerable: true }))).toBe('bad-input');
    expect(sig).toHaveLength(86);
  });

  it('on lone surrogates, huge texts and prototype keys', () => {
    const envelope = sealed('start');
    expect(codeOf(replaced(envelope, ['body', 'request', 'target', 'display'], '\ud800'))).not.toBe('ok');
    expect(codeOf(replaced(envelope, ['nonce'], 'x'.repeat(5_000_000)))).toBe('bad-input');
    expect(codeOf(JSON.parse('{"kind":"start","__proto__":{"v":1}}'))).toBe('bad-input');
    expect(codeOf(JSON.parse('{"kind":"__proto__"}'))).toBe('bad-input');
    expect(codeOf(JSON.parse('{"kind":"constructor"}'))).toBe('bad-input');
  });
});

describe('who may say what', () => {
  it('a sender cannot say a kind that is not its own, although its signature is genuine', () => {
    for (const sender of Object.keys(SENDERS) as Sender[]) {
      for (const kind of KINDS) {
        if ((SENDERS[sender] as readonly MessageKind[]).includes(kind)) continue;
        const via = sender === 'slack-app' ? 'slack' : sender === 'cli' ? 'cli' : 'device';
        expect(codeOf(signRaw({ ...sealed(kind), via }, sender))).toBe('wrong-sender');
        expect(() => sealerOf(sender)(kind, REQUEST_ID, ROUND, BODIES[kind], ACTOR, via)).toThrow(/wrong-sender/);
      }
    }
  });

  it('the device API cannot make a message look as if it came from Slack', () => {
    expect(codeOf(signRaw({ ...sealed('end'), via: 'slack' }, 'device-api'))).toBe('wrong-sender');
  });

  it('an unknown, revoked or outdated key is not trusted, and a message of before cannot be dated back', () => {
    const envelope = sealed('approve');
    const ringWith = (change: object) => {
      const file = JSON.parse(trustedKeysText(Object.values(KEYS)));
      Object.assign(file.keys[0], change);
      return loadTrustedKeys(JSON.stringify(file));
    };
    const outcome = (change: object) => {
      const result = open(envelope, NOW, KINDS, ringWith(change));
      return result.ok ? 'ok' : result.code;
    };
    expect(outcome({})).toBe('ok');
    expect(outcome({ revoked: true })).toBe('bad-seal');
    expect(outcome({ notAfter: '2026-03-02T09:00:00.000Z' })).toBe('bad-seal');
    expect(outcome({ notAfter: '2026-03-02T09:00:00.001Z' })).toBe('ok');
    expect(open(envelope, NOW, KINDS, loadTrustedKeys('{"keys":[]}')).ok).toBe(false);
  });

  it('a message is refused under the key of another sender', () => {
    expect(codeOf({ ...sealed('end'), keyId: KEYS.cli.keyId })).toBe('bad-seal');
  });
});

describe('where and when', () => {
  it('a message for another elevation, or of a kind not expected here, is refused', () => {
    const other = { ring: RING, now: NOW, expect: { requestId: requestIdFrom('slack', 'V2'), kinds: KINDS } };
    expect(openEnvelope(sealed('approve'), other)).toMatchObject({ ok: false, code: 'bad-seal', claimedKind: 'approve' });
    expect(open(sealed('approve'), NOW, ['claim', 'confirm'])).toMatchObject({ ok: false, code: 'bad-input' });
  });

  it('counts until its expiry and not at it', () => {
    const envelope = sealed('claim');
    expect(codeOf(envelope, NOW + TTL_MS.claim - 1)).toBe('ok');
    expect(codeOf(envelope, NOW + TTL_MS.claim)).toBe('seal-expired');
    expect(codeOf(sealed('approve'), NOW + TTL_MS.approve - 1)).toBe('ok');
  });

  it('may be a minute ahead of our clock and no more', () => {
    const envelope = sealed('approve');
    expect(codeOf(envelope, NOW - 60_000)).toBe('ok');
    expect(codeOf(envelope, NOW - 60_001)).toBe('stale-call');
  });

  it('cannot be made to live for longer than a day, even by a sender that was taken over', () => {
    const envelope = sealed('approve');
    expect(codeOf(signRaw({ ...envelope, exp: '2026-03-03T09:00:00.001Z' }))).toBe('bad-seal');
    expect(codeOf(signRaw({ ...envelope, exp: '2026-03-03T09:00:00.000Z' }))).toBe('ok');
    const asked = sealerOf('slack-app')('deny', REQUEST_ID, ROUND, {}, ACTOR, 'slack', 10 ** 12);
    expect(asked.exp).toBe('2026-03-03T09:00:00.000Z');
  });
});

const start = sealed('start');
const withRequest = (change: object, roundDigest?: string) => {
  const request = { ...REQUEST, ...change };
  return signRaw({ ...start, body: { request }, roundDigest: roundDigest ?? requestDigest(request) });
};

describe('a start message', () => {
  it('must name its request by digest', () => {
    expect(codeOf(withRequest({}))).toBe('ok');
    expect(codeOf(withRequest({ windowMs: 1_800_000 }))).toBe('ok');
    expect(codeOf(withRequest({ windowMs: 1_800_000 }, ROUND))).toBe('bad-seal');
  });

  it('must speak of the elevation that it is sent to, of its own entrance and of the person who asks', () => {
    expect(codeOf(withRequest({ requestId: requestIdFrom('slack', 'V2') }))).toBe('bad-seal');
    expect(codeOf(withRequest({ via: 'device' }))).toBe('bad-seal');
    expect(codeOf(withRequest({ requester: { personId: 'grace', name: 'Grace' } }))).toBe('bad-seal');
  });

  it('cannot name one Mac and lock another', () => {
    expect(codeOf(withRequest({ target: { ...REQUEST.target, key: 'mac-admin/C02OTHER0001' } }))).toBe('bad-input');
  });

  it.each([
    ['a leading dash in the account', { target: { ...REQUEST.target, localUser: '-ada' } }],
    ['a blank in the account', { target: { ...REQUEST.target, localUser: 'ada root' } }],
    ['a line break in a name', { subject: { personId: 'ada', name: 'Ada\nroot' } }],
    ['a text-direction override in a name', { subject: { personId: 'ada', name: 'Ada\u202egrace' } }],
    ['a fraction of a millisecond', { windowMs: 600_000.5 }],
    ['a window beyond a day', { windowMs: 86_400_001 }],
    ['an instant in another spelling', { askedAt: '2026-03-02T08:59:59Z' }],
    ['an instant that does not exist', { askedAt: '2026-02-30T08:59:59.000Z' }],
  ])('is refused with %s', (_what, change) => {
    expect(codeOf(withRequest(change))).toBe('bad-input');
  });
});

describe('a request for an AWS permission set', () => {
  const [accountId, set, user] = ['111122223333', 'ps-0123456789abcdef', '906712ab3d-0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0'];
  const instance = 'ssoins-7223a1b2c3d4e5f6';
  const AWS: AwsPermissionSetTarget = {
    kind: 'aws-permission-set',
    key: `aws/${accountId}/${set}/${user}`,
    instanceArn: `arn:aws:sso:::instance/${instance}`,
    accountId,
    permissionSetArn: `arn:aws:sso:::permissionSet/${instance}/${set}`,
    principalId: user,
    accountName: 'Prod',
    setName: 'Admin',
    display: 'Admin in Prod',
    sessionMs: 4 * 3_600_000,
  };
  const codeOfTarget = (change: object) => codeOf(withRequest({ target: { ...AWS, ...change } }));

  it('is taken whole', () => {
    expect(codeOfTarget({})).toBe('ok');
    const plain = '0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0';
    expect(codeOfTarget({ principalId: plain, key: `aws/${accountId}/${set}/${plain}` })).toBe('ok');
    const gov = (arn: string) => arn.replace('arn:aws:', 'arn:aws-us-gov:');
    expect(codeOfTarget({ instanceArn: gov(AWS.instanceArn), permissionSetArn: gov(AWS.permissionSetArn) })).toBe('ok');
  });

  it.each<[string, object]>([
    ['the key of another account', { key: `aws/444455556666/${set}/${user}` }],
    ['the key of another permission set', { key: `aws/${accountId}/ps-fedcba9876543210/${user}` }],
    ['the key of another user', { key: `aws/${accountId}/${set}/0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0` }],
    ['another account than its key', { accountId: '444455556666' }],
    ['another permission set than its key', { permissionSetArn: `arn:aws:sso:::permissionSet/${instance}/ps-fedcba9876543210` }],
    ['another user than its key', { principalId: '0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0' }],
    ['a permission set of another instance', { permissionSetArn: `arn:aws:sso:::permissionSet/ssoins-ffffffffffffffff/${set}` }],
    ['an account id of eleven digits', { accountId: '11112222333', key: `aws/11112222333/${set}/${user}` }],
    ['a group for a user', { principalId: 'admins', key: `aws/${accountId}/${set}/admins` }],
    ['a line break after an id', { accountId: `${accountId}\n`, key: `aws/${accountId}\n/${set}/${user}` }],
    ['no instance', { instanceArn: null }],
    ['an instance of another service', { instanceArn: `arn:aws:iam:::instance/${instance}` }],
    ['a role of an account', { permissionSetArn: `arn:aws:iam::${accountId}:role/Admin` }],
    ['a slash in the id of the set', { permissionSetArn: `arn:aws:sso:::permissionSet/${instance}/ps-0123456/89abcdef` }],
    ['sessions of a minute', { sessionMs: 60_000 }],
    ['sessions of a day', { sessionMs: 24 * 3_600_000 }],
    ['sessions of half a millisecond more', { sessionMs: 3_600_000.5 }],
    ['a name of a set that is a link', { setName: 'Admin|https://evil.example' }],
    ['a name of a set that is longer than AWS allows', { setName: 'x'.repeat(33) }],
    ['a name of an account of two lines', { accountName: 'Prod\n' }],
    ['a name of an account that turns the text', { accountName: 'Prod\u202egnib' }],
    ['a name of an account that is longer than AWS allows', { accountName: 'x'.repeat(51) }],
    ['no name of its account', { accountName: '' }],
    ['a Mac beside it', { serial: 'C02ADA000001' }],
    ['the kind of a Mac', { kind: 'mac-admin' }],
    ['a kind that nobody knows', { kind: 'aws-role' }],
  ])('is refused with %s', (_what, change) => {
    expect(codeOfTarget(change)).toBe('bad-input');
  });

  it('is refused from a device', () => {
    const request = { ...REQUEST, target: AWS, via: 'device' as const };
    const message = { ...start, via: 'device', body: { request }, roundDigest: requestDigest(request) };
    expect(codeOf(signRaw(message, 'device-api'))).toBe('bad-input');
  });
});

describe('a claim', () => {
  it('must come from the Mac that it speaks of', () => {
    const claim = sealed('claim');
    const from = (serial: string) => codeOf(signRaw({ ...claim, actor: { serial } }, 'device-api'));
    expect(from(claim.body.serial)).toBe('ok');
    expect(from('C02OTHER0001')).toBe('bad-seal');
  });
});

describe('sealing', () => {
  it('refuses at the sender what no reader would accept', () => {
    const body = { windowMs: 0 };
    expect(() => sealerOf('slack-app')('approve', REQUEST_ID, ROUND, body, ACTOR, 'slack')).toThrow(/body.windowMs/);
  });

  it('gives the same content another nonce each time', () => {
    expect(sealed('approve').nonce).not.toBe(sealed('approve').nonce);
  });
});
