/** What the process that people's command lines reach may say for them: to ask in a named person's name, to take that back, and nothing else. */
import { describe, expect, it } from 'vitest';
import { KINDS } from '../../contract/messages.js';
import { requestDigest } from '../../seal/canonical.js';
import { openEnvelope } from '../../seal/envelope.js';
import { ACTOR, BODIES, NOW, REQUEST, REQUEST_ID, RING, ROUND, sealerOf } from './samples.js';

const request = { ...REQUEST, via: 'cli' as const };
const digest = requestDigest(request);
const open = (raw: unknown) => openEnvelope(raw, { ring: RING, now: NOW, expect: { requestId: REQUEST_ID, kinds: ['start'] } });

describe('the device API for people', () => {
  it('may ask in the name of the person it proved', () => {
    expect(open(sealerOf('device-api')('start', REQUEST_ID, digest, { request }, ACTOR, 'cli'))).toMatchObject({ ok: true });
  });

  it('may take back what the person it proved asked for, by name alone; a Mac may not', () => {
    const seal = sealerOf('device-api');
    const opened = (raw: unknown) =>
      openEnvelope(raw, { ring: RING, now: NOW, expect: { requestId: REQUEST_ID, kinds: ['withdraw'] } });
    expect(opened(seal('withdraw', REQUEST_ID, ROUND, {}, ACTOR, 'cli'))).toMatchObject({ ok: true });
    expect(opened(seal('withdraw', REQUEST_ID, ROUND, {}, {}, 'cli'))).toMatchObject({ ok: false, code: 'bad-seal' });
    expect(() => seal('withdraw', REQUEST_ID, ROUND, {}, ACTOR, 'device')).toThrow(/wrong-sender/);
  });

  it('may say nothing else at a command line', () => {
    for (const kind of KINDS) {
      if (kind === 'start' || kind === 'withdraw') continue;
      expect(() => sealerOf('device-api')(kind, REQUEST_ID, ROUND, BODIES[kind], ACTOR, 'cli')).toThrow(/wrong-sender/);
    }
  });

  it('must name who asks, and the one whose request it is', () => {
    const seal = sealerOf('device-api');
    expect(open(seal('start', REQUEST_ID, digest, { request }, {}, 'cli'))).toMatchObject({ ok: false, code: 'bad-seal' });
    const mallory = { personId: 'mallory' as never };
    expect(open(seal('start', REQUEST_ID, digest, { request }, mallory, 'cli'))).toMatchObject({ ok: false, code: 'bad-seal' });
    // A Mac's key does not make a command line's request, nor the reverse.
    expect(open(seal('start', REQUEST_ID, digest, { request }, ACTOR, 'device'))).toMatchObject({ ok: false, code: 'bad-seal' });
  });
});
