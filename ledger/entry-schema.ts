/**
 * What the ledger takes: a closed set of event types with closed keys. Whatever else arrives is refused here, so that
 * nothing stands in the record that a later reader would not know.
 */
import { z } from 'zod';
import { StintError } from '../contract/errors.js';
import { type AnyEvent, DRIFTS, type EventData, type EventType, type RevokeCause, VIAS } from '../contract/events.js';
import type { RunId } from '../contract/ids.js';
import type { Limit } from '../contract/limits.js';
import { KINDS, type MessageKind, SENDERS, type Sender } from '../contract/messages.js';
import type { TargetKind } from '../contract/request.js';
import { OUTCOMES } from '../contract/states.js';
import type { Condition, Extending, OnDuty, StageCount, Verdict, Vote } from '../contract/verdict.js';
import { requestShape } from '../seal/bodies.js';
import { digest, incident, instantText, localUser, personId, requestId, serial, slackUserId } from '../seal/shapes.js';

/** A strict object that must name every key of `T`, the optional ones too: a key added to the contract fails to compile here. */
function strict<T extends object>(shape: { readonly [K in keyof T]-?: z.ZodType<T[K]> }): z.ZodType<T> {
  return z.strictObject(shape) as unknown as z.ZodType<T>;
}

const ms = z.int().min(0);
const count = z.int().min(0);
const code = z.string().min(1).max(100);
const nothing = strict<Record<string, never>>({});
/**
 * Words that came from outside (a vendor, a signal's name). They are shortened and made well-formed rather than
 * refused: a strange name in a refused message must not keep the elevation's other entries from being written.
 */
const words = z.string().transform((text) => Buffer.from(text.slice(0, 500), 'utf8').toString('utf8'));

const vote = strict<Vote>({
  decision: z.enum(['approve', 'deny']),
  personId,
  roundDigest: digest,
  windowMs: ms.optional(),
  commentDigest: digest.optional(),
  at: instantText,
});

const condition = strict<Condition>({
  name: z.enum(['hours', 'reason', 'ticket']),
  state: z.enum(['satisfied', 'unsatisfied', 'failed']),
  sentence: words,
});

const limit = strict<Limit>({
  rule: z.string().max(200).optional(),
  live: count.optional(),
  perHour: count.optional(),
  perWeekMs: ms.optional(),
  coolDownMs: ms.optional(),
  automaticPerHour: count.optional(),
  automaticPerDay: count.optional(),
  automaticPerWeek: count.optional(),
});

const verdict = strict<Verdict>({
  outcome: z.enum(['deny', 'needs-approval', 'satisfied', 'auto']),
  rule: z.string().max(200).optional(),
  policyHash: digest,
  policyNow: digest.optional(),
  factsDigest: digest,
  quorum: count,
  approvedBy: z.array(personId),
  approvers: z.array(personId),
  stages: z
    .array(strict<StageCount>({ name: words, quorum: count, approved: count }))
    .max(4)
    .optional(),
  onCall: z
    .array(strict<OnDuty>({ rota: z.string().max(64), people: z.array(personId) }))
    .max(20)
    .optional(),
  again: instantText.optional(),
  untold: z.array(words).max(20).optional(),
  windowsMs: z.array(ms),
  maxWindowMs: ms,
  extend: strict<Extending>({ times: count.optional(), windowsMs: z.array(ms) }).optional(),
  windowMs: ms.optional(),
  warnBeforeMs: ms,
  warnMinWindowMs: ms,
  deadlines: strict<Verdict['deadlines']>({
    pendingMs: ms,
    startMs: ms,
    evidenceMs: ms,
    remindEveryMs: ms,
    remindForMs: ms,
    remindThenMs: ms,
  }),
  tier: z.union([z.literal(0), z.literal(1), z.literal(2), z.literal(3)]).optional(),
  channel: z.string().max(40).optional(),
  conditions: z.array(condition).max(20).optional(),
  limits: z.array(limit).max(20).optional(),
  startBefore: instantText.optional(),
  breakGlass: z.literal(true).optional(),
  sentences: z.array(words),
});

const farEnd = { kind: z.enum<TargetKind[]>(['mac-admin', 'aws-permission-set']), farId: z.string().min(1).max(300) };
const sealKeys = z.array(z.strictObject({ keyId: code, sender: z.enum(Object.keys(SENDERS) as Sender[]) })).max(1_000);
const ousted = { personId, cause: z.enum(['left', 'operator']), byDigest: digest.optional() };

const DATA: { readonly [T in EventType]: z.ZodType<EventData[T]> } = {
  requested: strict<EventData['requested']>({ request: requestShape, digest, verdict }),
  refused: strict<EventData['refused']>({
    kind: z.enum<(MessageKind | 'unknown')[]>([...KINDS, 'unknown']),
    code,
    name: words.optional(),
    total: count.optional(),
  }),
  'glass-broken': strict<EventData['glass-broken']>({ incident, drill: z.literal(true).optional() }),
  drilled: nothing,
  'review-closed': strict<EventData['review-closed']>({ findingDigest: digest }),
  voted: strict<EventData['voted']>({ vote, verdict }),
  reminded: strict<EventData['reminded']>({ count }),
  rejudged: strict<EventData['rejudged']>({ verdict, called: z.array(personId) }),
  approved: strict<EventData['approved']>({ windowMs: ms, startBy: instantText, verdict }),
  denied: strict<EventData['denied']>({ rule: z.string().max(200).optional() }),
  lapsed: nothing,
  withdrawn: nothing,
  armed: strict<EventData['armed']>({ notAfter: instantText }),
  'arm-refused': strict<EventData['arm-refused']>({ code, reason: words.optional() }),
  'grant-sent': strict<EventData['grant-sent']>({ sendBefore: instantText }),
  'grant-failed': strict<EventData['grant-failed']>({ code, reason: words.optional() }),
  'start-missed': nothing,
  claimed: strict<EventData['claimed']>({ serial, localUser }),
  confirmed: strict<EventData['confirmed']>({ confirmedAt: instantText, deadlineAt: instantText }),
  warned: nothing,
  expired: nothing,
  revoked: strict<EventData['revoked']>({
    cause: z.enum<RevokeCause[]>(['approver', 'operator', 'cancel', 'left']),
    commentDigest: digest.optional(),
  }),
  ended: nothing,
  'contact-lost': strict<EventData['contact-lost']>({ lastHeardAt: instantText }),
  alarm: strict<EventData['alarm']>({ what: z.enum(['revoke-pending', 'evidence-missing']), minutes: count }),
  gone: strict<EventData['gone']>({ observedAt: instantText, how: words }),
  'unproven-asked': strict<EventData['unproven-asked']>({ findingDigest: digest }),
  'closed-unproven': strict<EventData['closed-unproven']>({ findingDigests: z.array(digest) }),
  'extension-asked': strict<EventData['extension-asked']>({ roundDigest: digest, windowMs: ms }),
  extended: strict<EventData['extended']>({ roundDigest: digest, windowMs: ms, deadlineAt: instantText }),
  'extension-closed': strict<EventData['extension-closed']>({ roundDigest: digest, why: z.enum(['denied', 'lapsed']) }),
  'evidence-settled': strict<EventData['evidence-settled']>({
    complete: z.boolean(),
    lines: count,
    digest: digest.optional(),
  }),
  closed: strict<EventData['closed']>({ outcome: z.enum(OUTCOMES) }),
  'late-evidence': strict<EventData['late-evidence']>({ lines: count, digest }),
  swept: strict<EventData['swept']>({ observedAt: instantText, how: words }),
  drift: strict<EventData['drift']>({
    what: z.enum(DRIFTS),
    targetKey: z.string().min(1).max(300),
    how: words,
    likely: words,
  }),
  frozen: strict<EventData['frozen']>({ reasonDigest: digest }),
  unfrozen: strict<EventData['unfrozen']>({ reasonDigest: digest }),
  'key-enrolled': strict<EventData['key-enrolled']>({ keyId: code }),
  'key-removed': strict<EventData['key-removed']>({ keyId: code }),
  'keys-revoked': strict<EventData['keys-revoked']>({ ...ousted, keyIds: z.array(code).min(1) }),
  'device-registered': strict<EventData['device-registered']>({ serial, keyId: code, byDigest: digest }),
  'device-keys-withdrawn': strict<EventData['device-keys-withdrawn']>({
    serial,
    keyIds: z.array(code).min(1),
    byDigest: digest,
  }),
  bound: strict<EventData['bound']>({ personId, ...farEnd }),
  unbound: strict<EventData['unbound']>({ ...ousted, ...farEnd }),
  'policy-applied': strict<EventData['policy-applied']>({ before: digest.optional(), after: digest, byDigest: digest }),
  'seal-keys-changed': strict<EventData['seal-keys-changed']>({ came: sealKeys, went: sealKeys }),
};

type Common = Omit<AnyEvent, 'data' | 'type'> & { readonly type: EventType; readonly data: unknown };
const common = strict<Common>({
  id: z.string().min(1).max(300),
  type: z.enum(Object.keys(DATA) as EventType[]),
  requestId,
  // The sweep may find a grant of which nothing else was stored; it then has no digest to name.
  requestDigest: z.union([digest, z.custom<AnyEvent['requestDigest']>((value) => value === '')]),
  runId: z.custom<RunId | 'no-run'>((value) => typeof value === 'string' && /^[A-Za-z0-9._-]{1,100}$/.test(value)),
  at: instantText,
  actor: strict<AnyEvent['actor']>({
    personId: personId.optional(),
    via: z.enum(VIAS),
    slackUserId: slackUserId.optional(),
    serial: serial.optional(),
  }),
  data: z.unknown(),
});

/** The event as the ledger keeps it. Throws `bad-input`, naming the field, for anything that is not in the contract. */
export function parseEvent(event: unknown): AnyEvent {
  const outer = common.safeParse(event);
  if (!outer.success) throw refusal('event', outer.error);
  const data = DATA[outer.data.type].safeParse(outer.data.data);
  if (!data.success) throw refusal(outer.data.type, data.error);
  // `data` was checked against the schema of exactly this type.
  const parsed = { ...outer.data, data: data.data } as AnyEvent;
  requireWhole(parsed);
  return parsed;
}

/** What one field says of another. */
function requireWhole(event: AnyEvent): void {
  const { type, requestId, requestDigest } = event;
  const refuse = (what: string) => new StintError('bad-input', `The ledger refuses this ${type}: ${what}.`);
  if (requestDigest.length === 0 && type !== 'swept') throw refuse('requestDigest is empty');
  if (type === 'requested' && event.data.request.requestId !== requestId) throw refuse('its request has another id');
}

function refusal(what: string, error: z.ZodError): StintError {
  const [issue] = error.issues;
  const where = issue?.path.join('.') || what;
  return new StintError('bad-input', `The ledger refuses this ${what}: ${where}: ${issue?.message ?? 'not valid'}.`);
}
