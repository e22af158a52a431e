/** A sealed message of each kind, and the keys that sealed them, for the tests of seals. */
import { createPrivateKey } from 'node:crypto';
import type { Digest, Instant, LocalUser, PersonId, RequestId, Serial, SlackUserId } from '../../contract/ids.js';
import type { Actor, Bodies, MessageKind, Sender } from '../../contract/messages.js';
import type { ElevationRequest } from '../../contract/request.js';
import { requestDigest, requestIdFrom, sha256 } from '../../seal/canonical.js';
import { createSealer, type Seal } from '../../seal/envelope.js';
import { generateSealKey, loadTrustedKeys, type SealKey, trustedKeysText } from '../../seal/keys.js';

export const NOW = Date.parse('2026-03-02T09:00:00.000Z');
export const REQUEST_ID: RequestId = requestIdFrom('slack', 'V0001');
const serial = 'C02ADA000001' as Serial;
const localUser = 'ada' as LocalUser;
const digest: Digest = sha256('a text');

export const REQUEST: ElevationRequest = {
  v: 1,
  requestId: REQUEST_ID,
  requester: { personId: 'ada' as PersonId, name: 'Ada L.', slackTeamId: 'T0001', slackUserId: 'U0ADA' as SlackUserId },
  subject: { personId: 'ada' as PersonId, name: 'Ada L.' },
  target: { kind: 'mac-admin', key: `mac-admin/${serial}`, serial, localUser, display: 'ada-mac' },
  windowMs: 600_000,
  category: 'debug',
  reasonDigest: digest,
  via: 'slack',
  askedAt: '2026-03-02T08:59:59.000Z' as Instant,
};
export const ROUND: Digest = requestDigest(REQUEST);

export const KEYS: { readonly [S in Sender]: SealKey } = {
  'slack-app': generateSealKey('slack-app'),
  'device-api': generateSealKey('device-api'),
  cli: generateSealKey('cli'),
};
export const RING = loadTrustedKeys(trustedKeysText(Object.values(KEYS)));

export const BODIES: Bodies = {
  start: { request: REQUEST },
  approve: { windowMs: 300_000, commentDigest: digest },
  deny: { commentDigest: digest },
  revoke: {},
  end: {},
  withdraw: {},
  askExtension: { windowMs: 300_000 },
  closeUnproven: { findingDigest: digest },
  contactLost: { lastHeardAt: '2026-03-02T08:58:00.000Z' as Instant },
  evidenceComplete: { chunks: 3, bytes: 1024, digest },
  claim: { serial, localUser, bootSession: 'B1' },
  confirm: { serial, localUser, bootSession: 'B1' },
};
export const ACTOR: Actor = { personId: 'ada' as PersonId };

/** A sealer of one sender, with a clock that stands at `now` and real randomness. */
export function sealerOf(sender: Sender, now = NOW): Seal {
  const { keyId, privatePem } = KEYS[sender];
  const random = (bytes: number) => crypto.getRandomValues(new Uint8Array(bytes));
  return createSealer({ sender, keyId, privateKey: createPrivateKey(privatePem), clock: () => now, random });
}

/** One valid message, sealed by a sender that may say it. */
export function sealed<K extends MessageKind>(kind: K, sender: Sender = kindSender(kind)) {
  return sealerOf(sender)(kind, REQUEST_ID, ROUND, BODIES[kind], ACTOR, sender === 'slack-app' ? 'slack' : 'device');
}

function kindSender(kind: MessageKind): Sender {
  return ['contactLost', 'evidenceComplete', 'claim', 'confirm'].includes(kind) ? 'device-api' : 'slack-app';
}
