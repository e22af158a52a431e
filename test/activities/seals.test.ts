/** Messages are opened for one elevation; whatever else arrives has a code, and never an exception. */
import { describe, expect, it } from 'vitest';
import { createSealDuties, type OpenedStart, openStart } from '../../activities/seals.js';
import { isRequestId, workflowIdOf } from '../../contract/ids.js';
import { KINDS } from '../../contract/messages.js';
import { extensionDigest } from '../../seal/canonical.js';
import { type KeyRing, loadTrustedKeys, trustedKeysText } from '../../seal/keys.js';
import { BODIES, KEYS, NOW, REQUEST_ID, RING, sealed } from '../seal/samples.js';

const duties = (ring: () => KeyRing = () => RING) => createSealDuties({ ring, clock: () => NOW });
const DEPS = { ring: () => RING, clock: () => NOW };
const recordedAs = (opened: OpenedStart) => (opened.ok ? undefined : opened.recordAs);
const HOSTILE = [
  undefined,
  null,
  7,
  'approve',
  [],
  {},
  { kind: 'approve' },
  { __undecodable: true, encoding: 'x', size: 3 },
  JSON.parse('{"__proto__":{"kind":"approve"}}'),
  new Proxy(
    {},
    {
      get() {
        throw new Error('trap');
      },
      getOwnPropertyDescriptor() {
        throw new Error('trap');
      },
    },
  ),
];

describe('a start', () => {
  it('that is sealed for this very id is opened', () => {
    const opened = openStart(DEPS, workflowIdOf(REQUEST_ID), sealed('start'));
    expect(opened).toMatchObject({ ok: true, envelope: { kind: 'start' } });
  });

  it('under the id of another elevation is refused, and recorded under that', () => {
    const other = 'b'.repeat(26);
    expect(openStart(DEPS, `elevation/${other}`, sealed('start'))).toEqual({
      ok: false,
      code: 'bad-seal',
      recordAs: other,
    });
  });

  it('under an id that names no elevation is recorded under one made from it, the same each time', () => {
    const first = openStart(DEPS, 'elevation/not-an-id', sealed('start'));
    expect(first).toMatchObject({ ok: false, code: 'bad-input' });
    expect(isRequestId(recordedAs(first))).toBe(true);
    expect(recordedAs(openStart(DEPS, 'elevation/not-an-id', undefined))).toBe(recordedAs(first));
    expect(recordedAs(openStart(DEPS, 'elevation/other', undefined))).not.toBe(recordedAs(first));
  });

  it('that is another message is none', () => {
    expect(openStart(DEPS, workflowIdOf(REQUEST_ID), sealed('approve'))).toMatchObject({ ok: false });
  });

  it.each(HOSTILE.map((raw, i) => [i, raw]))('of hostile content %i is refused', (_, raw) => {
    expect(openStart(DEPS, workflowIdOf(REQUEST_ID), raw)).toMatchObject({ ok: false, recordAs: REQUEST_ID });
  });
});

describe('messages to a running elevation', () => {
  const open = async (...raws: unknown[]) =>
    duties().openMessages(
      REQUEST_ID,
      raws.map((raw) => ({ name: 'approve', raw })),
    );

  it('are opened each for itself, in their order, whatever stands between them', async () => {
    const opened = await open(sealed('approve'), ...HOSTILE, sealed('revoke'));
    expect(opened).toHaveLength(HOSTILE.length + 2);
    expect(opened.map((one) => one.ok)).toEqual([true, ...HOSTILE.map(() => false), true]);
  });

  it.each(KINDS.filter((kind) => kind !== 'start'))('may be %s', async (kind) => {
    expect(await open(sealed(kind))).toMatchObject([{ ok: true, envelope: { kind } }]);
  });

  it('may not be a second start', async () => {
    expect(await open(sealed('start'))).toMatchObject([{ ok: false, code: 'bad-input', kind: 'start' }]);
  });

  it('that open an extension name its round by the message itself', async () => {
    const [a, b] = [sealed('askExtension'), sealed('askExtension')];
    const [first, second] = await open(a, b);
    expect(first).toMatchObject({ ok: true, newRound: extensionDigest(REQUEST_ID, a.nonce, BODIES.askExtension.windowMs) });
    expect(second).not.toMatchObject({ newRound: first?.ok && first.newRound });
    expect((await open(sealed('approve')))[0]).not.toHaveProperty('newRound');
  });

  it('stop counting at once when their key is taken from the ring', async () => {
    let ring = RING;
    const living = duties(() => ring);
    const message = [{ name: 'approve', raw: sealed('approve') }];
    expect(await living.openMessages(REQUEST_ID, message)).toMatchObject([{ ok: true }]);
    ring = loadTrustedKeys(trustedKeysText([KEYS['device-api']]));
    expect(await living.openMessages(REQUEST_ID, message)).toMatchObject([{ ok: false, code: 'bad-seal' }]);
  });

  it('that came in time are not too old because they had to wait; what came too late is, and so is one of a key that was revoked', async () => {
    const DAY = 24 * 60 * 60 * 1000;
    let ring = RING;
    const late = createSealDuties({ ring: () => ring, clock: () => NOW + DAY + 60_000 });
    const waited = async (waitedMs: number) =>
      (await late.openMessages(REQUEST_ID, [{ name: 'approve', raw: sealed('approve'), waitedMs }]))[0];
    expect(await waited(60_001)).toMatchObject({ ok: true });
    expect(await waited(60_000)).toMatchObject({ ok: false, code: 'seal-expired' });
    // Nothing is of before it was sealed.
    expect(await waited(2 * DAY)).toMatchObject({ ok: false });
    ring = loadTrustedKeys(trustedKeysText([KEYS['device-api']]));
    expect(await waited(60_001)).toMatchObject({ ok: false, code: 'bad-seal' });
  });

  it('that are too old say so', async () => {
    const late = createSealDuties({ ring: () => RING, clock: () => NOW + 24 * 60 * 60 * 1000 });
    expect(await late.openMessages(REQUEST_ID, [{ name: 'approve', raw: sealed('approve') }])).toMatchObject([
      { ok: false, code: 'seal-expired', kind: 'approve' },
    ]);
  });
});
