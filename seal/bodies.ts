/** The strict shape of every message: each field checked and capped, unknown keys refused. All of it is attacker-controlled. */
import { z } from 'zod';
import type { Bodies, Envelope, MessageKind } from '../contract/messages.js';
import { CATEGORIES, type ElevationRequest, ENTRANCES } from '../contract/request.js';
import { awsAccount, awsAccountName, awsUser, identityCenter, permissionSet, permissionSetName } from './aws-shapes.js';
import {
  breakingGlass,
  digest,
  displayName,
  instantText,
  localUser,
  personId,
  requestId,
  serial,
  slackTeamId,
  slackUserId,
  windowMs,
} from './shapes.js';

const personRef = z.strictObject({
  personId,
  name: displayName,
  slackTeamId: slackTeamId.optional(),
  slackUserId: slackUserId.optional(),
});

const macAdmin = z
  .strictObject({ kind: z.literal('mac-admin'), key: z.string().max(64), serial, localUser, display: displayName })
  // The fence goes by the key: one that named another Mac would let two elevations hold the same one.
  .refine((target) => target.key === `mac-admin/${target.serial}`, { error: 'the key must name the serial number' });

/** How long AWS lets a session of a permission set last, in ms: 1 to 12 hours (API reference of `CreatePermissionSet`). */
const [SESSION_MIN_MS, SESSION_MAX_MS] = [3_600_000, 12 * 3_600_000];

const awsPermissionSet = z
  .strictObject({
    kind: z.literal('aws-permission-set'),
    key: z.string().max(120),
    instanceArn: identityCenter,
    accountId: awsAccount,
    permissionSetArn: permissionSet,
    principalId: awsUser,
    accountName: awsAccountName,
    setName: permissionSetName,
    display: displayName,
    sessionMs: z.int().min(SESSION_MIN_MS).max(SESSION_MAX_MS),
  })
  .refine(({ instanceArn, permissionSetArn }) => instanceOf(permissionSetArn) === instanceOf(instanceArn), {
    error: 'the permission set must be of the instance',
  })
  .refine((target) => target.key === `aws/${target.accountId}/${lastOf(target.permissionSetArn)}/${target.principalId}`, {
    error: 'the key must name the account, the permission set and the user',
  });

const instanceOf = (arn: string): string | undefined => arn.split('/')[1];
const lastOf = (arn: string): string | undefined => arn.split('/').at(-1);

/** The request as it stands in a `start` message; also for requests read back from elsewhere. */
export const requestShape: z.ZodType<ElevationRequest> = z
  .strictObject({
    v: z.literal(1),
    requestId,
    requester: personRef,
    subject: personRef,
    target: z.discriminatedUnion('kind', [macAdmin, awsPermissionSet]),
    windowMs,
    category: z.enum(CATEGORIES),
    reasonDigest: digest,
    via: z.enum(ENTRANCES),
    askedAt: instantText,
    startAt: instantText.optional(),
    breakGlass: breakingGlass.optional(),
  })
  // A Mac has a say over itself, and its key over nothing else.
  .refine(({ via, target }) => via !== 'device' || target.kind === 'mac-admin', { error: 'a device may only ask for a Mac' });

const comment = { commentDigest: digest.optional() };
const mac = { serial, localUser, bootSession: z.string().regex(/^[A-Za-z0-9-]{1,64}$/) };

const bodies: { readonly [K in MessageKind]: z.ZodType<Bodies[K]> } = {
  start: z.strictObject({ request: requestShape }),
  approve: z.strictObject({ windowMs, ...comment }),
  deny: z.strictObject(comment),
  revoke: z.strictObject(comment),
  end: z.strictObject({}),
  withdraw: z.strictObject({}),
  askExtension: z.strictObject({ windowMs, ...comment }),
  closeUnproven: z.strictObject({ findingDigest: digest }),
  contactLost: z.strictObject({ lastHeardAt: instantText }),
  evidenceComplete: z.strictObject({
    chunks: z.int().min(0).max(1_000_000),
    bytes: z
      .int()
      .min(0)
      .max(2 ** 40),
    digest,
  }),
  claim: z.strictObject(mac),
  confirm: z.strictObject(mac),
};

const envelopeOf = <K extends MessageKind>(kind: K) =>
  z.strictObject({
    v: z.literal(1),
    requestId,
    roundDigest: digest,
    kind: z.literal(kind),
    body: bodies[kind],
    actor: z.strictObject({
      personId: personId.optional(),
      slackTeamId: slackTeamId.optional(),
      slackUserId: slackUserId.optional(),
      serial: serial.optional(),
    }),
    via: z.enum(['slack', 'device', 'cli', 'http']),
    at: instantText,
    exp: instantText,
    nonce: z.string().regex(/^[A-Za-z0-9_-]{22}$/), // 128 bits, base64url
    keyId: z.string().regex(/^[a-z-]{1,20}-[0-9a-f]{12}$/),
    sig: z.string().regex(/^[A-Za-z0-9_-]{86}$/), // 64 bytes, base64url
  });

/** Any envelope, as a union that `kind` discriminates. */
export type AnyEnvelope<K extends MessageKind = MessageKind> = { [P in K]: Envelope<P> }[K];

const ENVELOPES: { readonly [K in MessageKind]: z.ZodType<AnyEnvelope> } = {
  start: asAny(envelopeOf('start')),
  approve: asAny(envelopeOf('approve')),
  deny: asAny(envelopeOf('deny')),
  revoke: asAny(envelopeOf('revoke')),
  end: asAny(envelopeOf('end')),
  withdraw: asAny(envelopeOf('withdraw')),
  askExtension: asAny(envelopeOf('askExtension')),
  closeUnproven: asAny(envelopeOf('closeUnproven')),
  contactLost: asAny(envelopeOf('contactLost')),
  evidenceComplete: asAny(envelopeOf('evidenceComplete')),
  claim: asAny(envelopeOf('claim')),
  confirm: asAny(envelopeOf('confirm')),
};

function asAny(schema: z.ZodType<unknown>): z.ZodType<AnyEnvelope> {
  return schema as z.ZodType<AnyEnvelope>;
}

/** The strict schema of one kind's envelope. */
export function envelopeShape(kind: MessageKind): z.ZodType<AnyEnvelope> {
  return ENVELOPES[kind];
}
