/** Messages are opened for one elevation; whatever else arrives has a code, and never an exception. */
import { describe, expect, it } from 'vitest';
import { createSealDuties } from '../../activities/seals.js';
import { isRequestId, workflowIdOf } from '../../contract/ids.js';
import { KINDS } from '../../contract/messages.js';
import { extensionDigest } from '../../seal/canonical.js';
import { type KeyRing, loadTrustedKeys, trustedKeysText } from '../../seal/keys.js';
import { BODIES, KEYS, NOW, REQUEST_ID, RING, sealed } from '../seal/samples.js';

const duties = (ring: () => KeyRing = () => RING) => createSealDuties({ ring, clock: () => NOW });
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
  it('that is sealed for this very id is opened', async () => {
    const opened = await duties().openStart(workflowIdOf(REQUEST_ID), sealed('start'));
    expect(opened).toMatchObject({ ok: true, recordAs: REQUEST_ID, envelope: { kind: 'start' } });
  });

  it('under the id of another elevation is refused, and recorded under that', async () => {
    const other = 'b'.repeat(26);
    expect(await duties().openStart(`elevation/${other}`, sealed('start'))).toEqual({
      ok: false,
      code: 'bad-seal',
      kind: 'start',
      recordAs: other,
    });
  });

  it('under an id that names no elevation is recorded under one made from it, the same each time', async () => {
    const first = await duties().openStart('elevation/not-an-id', sealed('start'));
    expect(first).toMatchObject({ ok: false, code: 'bad-input', kind: 'unknown' });
    expect(isRequestId(first.recordAs)).toBe(true);
    expect((await duties().openStart('elevation/not-an-id', undefined)).recordAs).toBe(first.recordAs);
    expect((await duties().openStart('elevation/other', undefined)).recordAs).not.toBe(first.recordAs);
  });

  it('that is another message is none', async () => {
    expect(await duties().openStart(workflowIdOf(REQUEST_ID), sealed('approve'))).toMatchObject({ ok: false, kind: 'approve' });
  });

  it.each(HOSTILE.map((raw, i) => [i, raw]))('of hostile content %i is refused', async (_, raw) => {
    expect(await duties().openStart(workflowIdOf(REQUEST_ID), raw)).toMatchObject({ ok: false, recordAs: REQUEST_ID });
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

  it('that are too old say so', async () => {
    const late = createSealDuties({ ring: () => RING, clock: () => NOW + 24 * 60 * 60 * 1000 });
    expect(await late.openMessages(REQUEST_ID, [{ name: 'approve', raw: sealed('approve') }])).toMatchObject([
      { ok: false, code: 'seal-expired', kind: 'approve' },
    ]);
  });
});
