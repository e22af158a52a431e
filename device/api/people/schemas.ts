/** What people may say from a command line, and what they hear. Strict: unknown keys are refused and nothing is coerced. */
import * as z from 'zod';
import { CATEGORIES, TARGET_KINDS } from '../../../contract/request.js';
import { breakingGlass, instantText, personId, requestId, windowMs } from '../../../seal/shapes.js';

/** Targets that one search answers. */
export const FOUND_MAX = 50;

const subject = personId.optional().describe('For whom, where that is somebody else; a rule has to let both ask.');

export const TargetsQuery = z.strictObject({
  q: z.string().max(300).describe('Words that are all to be found.'),
  subject,
  kind: z.enum(TARGET_KINDS).optional().describe('Only targets of this kind.'),
  breakGlass: z.literal('1').optional().describe('Only what may be taken by break-glass.'),
});
export const TargetsReply = z.strictObject({
  note: z.string().optional().describe('Why something may be missing now, where nothing was found.'),
  targets: z.array(
    z.strictObject({
      key: z.string(),
      kind: z.string(),
      display: z.string(),
      detail: z.string(),
      setName: z.string().optional().describe('The permission set.'),
      confirmBy: z.string().describe('What whoever asks for tier 0 has to repeat.'),
      windowsMs: z.array(z.int()),
      tier: z.int().optional(),
      barred: z.string().optional().describe('Why it cannot be had.'),
      notes: z.array(z.string()),
      approvers: z.array(z.string()),
      later: z.string().optional().describe('How it may be asked for with a time at which it is to begin.'),
    }),
  ),
});

export const AskBody = z.strictObject({
  askId: z
    .string()
    .regex(/^[0-9a-f]{32}$/)
    .describe('128 random bits: the same ask is the same request.'),
  key: z.string().min(1).max(150).describe('Of a target that was found.'),
  windowMs: windowMs.describe('One of the lengths that the policy offers; milliseconds.'),
  startAt: z.string().max(24).pipe(instantText).optional().describe('When it is to begin; at once, if left out.'),
  category: z.enum(CATEGORIES),
  reason: z.string().max(4000),
  confirm: z.string().max(150).optional().describe('What a target of tier 0 asks to be repeated.'),
  subject,
  breakGlass: breakingGlass.optional().describe('Taken at once, for this incident; of a drill nothing is granted.'),
});
export const AskReply = z.strictObject({ requestId: z.string(), state: z.string(), display: z.string() });

export const ReviewBody = z.strictObject({
  id: z
    .string()
    .regex(/^[a-z2-7]{6,26}$/)
    .describe('Of the elevation, or its first characters.'),
  finding: z.string().max(4000),
});
export const ReviewReply = z.strictObject({ requestId: z.string(), closedBy: z.string() });

export const StandingParams = z.strictObject({ id: z.string().max(26).pipe(requestId) });
export const StandingReply = z.strictObject({
  requestId: z.string(),
  display: z.string(),
  state: z.string().describe('"handed-over" until it is on record.'),
  outcome: z.string().optional(),
  approvedBy: z.array(z.string()).describe('Names.'),
  needed: z.int().describe('How many have to approve.'),
  stages: z
    .array(z.strictObject({ name: z.string(), approved: z.int(), needed: z.int() }))
    .optional()
    .describe('How far each stage is, in order, where there are several.'),
  waitsFor: z.array(z.string()).optional().describe('Names of those who can decide now, while it waits; the first of many.'),
  windowMs: z.int(),
  startAt: z.string().optional().describe('When it is to begin, where it was asked for later.'),
  confirmedAt: z.string().optional(),
  deadlineAt: z.string().optional(),
  goneAt: z.string().optional(),
  why: z.array(z.string()).describe('Sentences of the policy, or why it failed.'),
});
