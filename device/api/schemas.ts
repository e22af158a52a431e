/**
 * What Macs may say, and what they hear. Strict: unknown keys are refused and nothing is coerced. Answers are flat
 * objects of texts, numbers and booleans without null, because a shell script takes them apart with `plutil`.
 */
import * as z from 'zod';
import { CATEGORIES } from '../../contract/request.js';
import { localUser, requestId, windowMs } from '../../seal/shapes.js';

/** A chunk of log after decoding, and a whole log; bytes. */
export const CHUNK_MAX = 48 * 1024;
export const LOG_MAX = 8 * 1024 * 1024;
const CHUNKS_MAX = 2048;
export const WAIT_MAX_S = 20;

const user = z.string().max(64).pipe(localUser).describe('Short name of the local account.');
const request = z.string().max(26).pipe(requestId).describe('The elevation.');
const session = z
  .string()
  .regex(/^[A-Za-z0-9-]{1,64}$/)
  .describe('Identifies the boot: kern.bootsessionuuid.');
const seconds = z.int().min(0);
const state = z.string().describe('The state of the elevation; "none" without one.');

export const AskBody = z.strictObject({
  askId: z
    .string()
    .regex(/^[0-9a-f]{32}$/)
    .describe('128 random bits: the same ask is the same request.'),
  localUser: user,
  windowMs: windowMs.describe('One of the lengths that the policy offers; milliseconds.'),
  category: z.enum(CATEGORIES),
  reason: z.string().max(4000),
});
export const AskReply = z.strictObject({ requestId: z.string(), state });

export const PollQuery = z.strictObject({
  wait: z
    .string()
    .regex(/^\d{1,2}$/)
    .optional()
    .describe(`Seconds to wait for an order, at most ${WAIT_MAX_S}.`),
});
export const PollReply = z.strictObject({
  order: z.enum(['none', 'start', 'end', 'collect']),
  requestId: z.string().describe('Empty without an elevation.'),
  localUser: z.string().optional().describe('The account that the order is about; absent without an elevation.'),
  pollAfterS: seconds,
  waiting: z.boolean().describe('Whether something of this Mac is under way here.'),
  state,
  remainingS: seconds.optional().describe('Seconds left of the window; absent while there is no deadline.'),
});

export const ElevationParams = z.strictObject({ id: request });
export const ClaimBody = z.strictObject({ localUser: user, bootSession: session });
export const ClaimReply = z.strictObject({
  authorised: z.literal(true),
  localUser: z.string(),
  maxS: seconds.describe('The longest window; the Mac arms its own deadline with it.'),
  startByS: seconds.describe('Seconds left to start.'),
});
export const ConfirmReply = z.strictObject({ remainingS: seconds, deadlineAt: z.string() });

export const ReportBody = z.strictObject({
  requestId: z.union([request, z.literal('')]).optional(),
  localUser: user,
  admin: z.boolean(),
  standing: z.boolean().describe('Whether the account was an admin before any elevation.'),
  bootSession: session,
});
export const ReportReply = z.strictObject({
  order: z.enum(['none', 'end']),
  state,
  remainingS: seconds.optional(),
  maxS: seconds
    .optional()
    .describe('How long the window is in all, extensions that were granted included, since its start; no report gives more.'),
});

export const EndBody = z.strictObject({ localUser: user.optional() }).nullish();
export const EndReply = z.strictObject({ accepted: z.literal(true) });

export const LogBody = z.strictObject({
  seq: z
    .int()
    .min(0)
    .max(CHUNKS_MAX - 1),
  total: z.int().min(0).max(CHUNKS_MAX).describe('How many chunks there are; 0 while that is not known.'),
  data: z
    .string()
    .max((CHUNK_MAX / 3) * 4)
    .describe('Base64.'),
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .describe('Of the decoded chunk.'),
});
export const LogReply = z.strictObject({
  received: seconds.describe('The number of the chunk that was taken.'),
  missing: seconds.describe('How many are still missing; at least 1 while the total is not known.'),
});

export const ProblemReply = z.strictObject({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  code: z.string(),
  detail: z.string(),
});
