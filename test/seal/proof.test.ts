/** The last look before a grant: whose signatures count then, when keys were revoked or came to their end in between. */
import { expect, it } from 'vitest';
import { sealedBy } from '../../activities/proof.js';
import type { ArmInput } from '../../contract/duties.js';
import { instant, type PersonId } from '../../contract/ids.js';
import type { Sender } from '../../contract/messages.js';
import type { ElevationRequest } from '../../contract/request.js';
import type { Vote } from '../../contract/verdict.js';
import { requestDigest } from '../../seal/canonical.js';
import { loadTrustedKeys, type TrustedEntry, textOf, trustedEntry } from '../../seal/keys.js';
import { KEYS, NOW, REQUEST, REQUEST_ID, sealerOf } from './samples.js';

const HOUR = 60 * 60_000;
const windowMs = 300_000;

/** Asked for on the Mac at `NOW`, so under another key than the approvals. */
const request: ElevationRequest = { ...REQUEST, via: 'device' };
const digest = requestDigest(request);
const start = sealerOf('device-api')('start', REQUEST_ID, digest, { request }, {}, 'device');

function approvalOf(personId: string, at: number): { readonly vote: Vote; readonly sealed: unknown } {
  const actor = { personId: personId as PersonId };
  const sealed = sealerOf('slack-app', at)('approve', REQUEST_ID, digest, { windowMs }, actor, 'slack');
  return { sealed, vote: { decision: 'approve', ...actor, roundDigest: digest, windowMs, at: sealed.at } };
}
const early = approvalOf('grace', NOW);
const late = approvalOf('linus', NOW + 2 * HOUR);

function arming(...approvals: readonly (typeof early)[]): ArmInput {
  const votes = approvals.map(({ vote }) => vote);
  const proof = { start, approvals: approvals.map(({ sealed }) => sealed) };
  return { request, digest, votes, proof } as unknown as ArmInput;
}

function ringWith(sender: Sender, change: Partial<TrustedEntry>) {
  const keys = Object.values(KEYS).map((key) => ({ ...trustedEntry(key), ...(key.sender === sender ? change : {}) }));
  return loadTrustedKeys(textOf({ keys }));
}

it('believes what is sealed by keys that are trusted', () => {
  expect(sealedBy(ringWith('cli', {}), arming(early, late))).toBe(true);
  expect(sealedBy(ringWith('cli', { revoked: true }), arming(early, late))).toBe(true);
});

it('believes no approval whose key was revoked since, and no request whose was', () => {
  expect(sealedBy(ringWith('slack-app', { revoked: true }), arming(early))).toBe(false);
  expect(sealedBy(ringWith('device-api', { revoked: true }), arming(early))).toBe(false);
});

it('believes what was sealed before its key came to its end, and nothing that was sealed after it', () => {
  const ring = ringWith('slack-app', { notAfter: instant(NOW + HOUR) });
  expect(sealedBy(ring, arming(early))).toBe(true);
  expect(sealedBy(ring, arming(late))).toBe(false);
  expect(sealedBy(ring, arming(early, late))).toBe(false);
});

it('believes nothing when the key of one is not known at all', () => {
  const without = (sender: Sender) =>
    loadTrustedKeys(
      textOf({
        keys: Object.values(KEYS)
          .filter((key) => key.sender !== sender)
          .map(trustedEntry),
      }),
    );
  expect(sealedBy(without('slack-app'), arming(early))).toBe(false);
  expect(sealedBy(without('device-api'), arming(early))).toBe(false);
});

it('believes no vote without an approval that says the same', () => {
  const ring = ringWith('cli', {});
  const other = { ...early, vote: { ...early.vote, windowMs: windowMs * 2 } };
  const foreign = { ...early, vote: { ...early.vote, personId: 'linus' as PersonId } };
  for (const wrong of [arming(other), arming(foreign), { ...arming(early), digest: requestDigest(REQUEST) }])
    expect(sealedBy(ring, wrong)).toBe(false);
});

it('believes a request that nobody voted on by its own seal alone: whether the policy approves it is judged, not told', () => {
  expect(sealedBy(ringWith('cli', {}), arming())).toBe(true);
  expect(sealedBy(ringWith('device-api', { revoked: true }), arming())).toBe(false);
  expect(sealedBy(ringWith('cli', {}), { ...arming(), digest: early.vote.roundDigest.replace(/^./, 'x') as typeof digest })).toBe(
    false,
  );
});
