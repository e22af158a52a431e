/** The policy file, version 1, as a strict schema. Lengths become milliseconds here. */
import { z } from 'zod';
import { TELLINGS } from '../contract/notify.js';
import type { TargetKind } from '../contract/request.js';
import { TIERS } from '../contract/verdict.js';
import { personId } from '../seal/shapes.js';
import { hours, message, pattern, reason } from './condition-schema.js';
import { LENGTH, parseDuration } from './duration.js';
import type { MatchOf } from './kinds.js';

const EXAMPLES = 'must be a length of time such as 30s, 5m, 4h, 1h30m or 1d';

/** A length in milliseconds between two lengths, both included. What editors are told of it stands in its `meta`. */
export function lengthOf(least: string, most: string) {
  const length = z.unknown().transform((value, context) => {
    const ms = typeof value === 'string' ? parseDuration(value) : undefined;
    const [min, max] = [parseDuration(least) ?? 0, parseDuration(most) ?? 0];
    if (ms !== undefined && ms >= min && ms <= max) return ms;
    const message = ms === undefined ? EXAMPLES : `must be between ${least} and ${most}`;
    context.issues.push({ code: 'custom', input: value, message });
    return z.NEVER;
  });
  return length.meta({ type: 'string', pattern: LENGTH.source, title: `A length of time from ${least} to ${most}` });
}

/** A group of the people file. */
export const groupName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, { error: 'must be a group name: 1 to 64 letters, digits and . _ -' });

/** In a policy: such a group, or whoever is on call by a rota. Nobody can be put into `oncall:` by hand. */
const policyGroup = z.string().regex(/^(oncall:)?[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, {
  error: 'must be a group name (1 to 64 letters, digits and . _ -), or oncall:<rota>',
});

/** The id of a rule. */
export const ruleId = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,39}$/, { error: 'must be 1 to 40 lower-case letters, digits and dashes, beginning with a letter' });

const serialPattern = z.string().regex(/^[A-Z0-9*-]{1,32}$/, {
  error: 'must be a serial number in upper case, in which * stands for any characters',
});

const groups = z.array(policyGroup).max(50).optional();
const people = z.array(personId).max(200).optional();
const SOMEBODY = { error: 'must name somebody: groups, people or both' };
const names = ({ groups = [], people = [] }: { groups?: unknown[] | undefined; people?: unknown[] | undefined }) =>
  groups.length + people.length > 0;

const who = z.strictObject({ groups, people }).refine(names, SOMEBODY);

/** Who approves their own request has to prove that it is them and no stolen session (invariant I2), and nothing here can take that proof. */
const self = z
  .boolean({ error: 'must be true or false' })
  .refine((value) => !value, {
    error:
      'lets people approve their own requests, which needs a step-up with a passkey, and this version of Stint has none: leave it out, and name others who approve',
  })
  .meta({ const: false })
  .optional();

/** Who joins a pool, and when (`escalation.ts`). */
const step = z
  .strictObject({ after: lengthOf('1s', '30d').optional(), outside: hours.optional(), groups, people })
  .refine(names, SOMEBODY)
  .refine(({ after, outside }) => after !== undefined || outside !== undefined, {
    error: 'must say when: after, outside or both',
  });

const pool = {
  groups,
  people,
  manager: z.boolean({ error: 'must be true or false' }).optional(),
  quorum: z.int({ error: 'must be a whole number' }).min(1).max(10).optional(),
  self,
  escalate: z.array(step).min(1).max(5).optional(),
};
type Named = { readonly manager?: boolean | undefined; readonly self?: boolean | undefined } & Parameters<typeof names>[0];
// What `self` says is refused with its own sentence, so it is not also nobody.
const decides = (all: Named) => all.manager === true || all.self === true || names(all);
const DECIDING = 'must name somebody: groups, people, manager or several of them';
const stage = z.strictObject(pool).refine(decides, { error: DECIDING });
/** What the policy approves in its own name, beside the people who decide everything else. */
const cap = () => z.int({ error: 'must be a whole number' }).min(1).max(100).optional();
const automatic = z
  .strictObject({ upTo: lengthOf('1s', '24h'), perHour: cap(), perDay: cap(), perWeek: cap(), hours: hours.optional() })
  .refine(({ perHour, perDay, perWeek }) => (perHour ?? perDay ?? perWeek) !== undefined, {
    error: 'must say how often: perHour, perDay, perWeek or several of them',
  });
const approve = z
  .strictObject({ ...pool, stages: z.array(stage).min(1).max(4).optional(), policy: automatic.optional() })
  .refine(
    ({ stages, policy: _, ...alone }) => (stages ? Object.values(alone).every((part) => part === undefined) : decides(alone)),
    {
      error: `${DECIDING}; or stages, with nobody beside them`,
    },
  );
export type ApproveEntry = z.output<typeof approve>;

const deadlines = z.strictObject({
  pending: lengthOf('1s', '30d').optional(),
  start: lengthOf('1s', '7d').optional(),
  evidence: lengthOf('1s', '1d').optional(),
});
const reminders = z.strictObject({
  every: lengthOf('1s', '7d').optional(),
  for: lengthOf('0s', '30d').optional(),
  // biome-ignore lint/suspicious/noThenProperty: the file's word; what stands there is a schema and later a number
  then: lengthOf('1s', '7d').optional(),
});
const warn = z.strictObject({ before: lengthOf('0s', '1d').optional(), minWindow: lengthOf('0s', '1d').optional() });

const patterns = (what: RegExp, error: string) => z.array(z.string().regex(what, { error })).min(1).max(1000);
const LINE = String.raw`[^\p{Cc}\p{Zl}\p{Zp}]`;
const accounts = patterns(
  new RegExp(`^${LINE}{1,128}$`, 'u'),
  'must be an account id of 12 digits, or an account name, in which * stands for any characters',
);
const ous = patterns(
  new RegExp(`^${LINE}{1,128}$`, 'u'),
  'must be the id of an organisational unit (ou-…), or its name, in which * stands for any characters',
);
const sets = patterns(/^[\w+=,.@*-]{1,64}$/, 'must be the name of a permission set, in which * stands for any characters');
const tags = z
  .record(
    z.string().min(1).max(128),
    z.string().regex(new RegExp(`^${LINE}{0,256}$`, 'u'), { error: 'must be one line, in which * stands for any characters' }),
  )
  .refine((all) => Object.keys(all).length > 0, { error: 'must name at least one tag' });

/** What a rule of each kind may say of its targets. */
const MATCH = {
  'mac-admin': z.strictObject({ serials: z.array(serialPattern).min(1).max(10_000) }),
  'aws-permission-set': z
    .strictObject({ accounts: accounts.optional(), ous: ous.optional(), tags: tags.optional(), sets: sets.optional() })
    .refine((match) => Object.values(match).some((part) => part !== undefined), {
      error: 'must name something: accounts, ous, tags, sets or several of them',
    }),
} satisfies { readonly [K in TargetKind]: z.ZodType<MatchOf<K>> };

const windows = z.array(lengthOf('1s', '24h')).min(1).max(10);

/** Nobody is asked twice whether the policy may approve by itself: what it gave is short, and more of it is for people to give. */
const approveMore = approve
  .refine(({ policy }) => policy === undefined, {
    path: ['policy'],
    error: 'must not stand here: only people approve an extension. Leave it out, and name who decides',
  })
  .meta({ not: { required: ['policy'] } });

const extend = z
  .strictObject({
    times: z.int({ error: 'must be a whole number' }).min(0).max(100).optional(),
    windows: windows.optional(),
    approve: approveMore.optional(),
  })
  .refine((all) => Object.values(all).some((one) => one !== undefined), {
    error: 'must say something: times, windows, approve or several of them',
  })
  .refine(({ times, ...rest }) => times !== 0 || Object.values(rest).every((one) => one === undefined), {
    error: 'has times: 0, by which nothing is extended, so nothing may stand beside it',
  });
export type ExtendEntry = z.output<typeof extend>;

/** That it may be asked for with a time at which it is to begin (`later.ts`). */
const later = z.strictObject({ ahead: lengthOf('1m', '30d'), missed: lengthOf('1s', '1d').optional() });
export type LaterEntry = z.output<typeof later>;

/** Limits, of the file or of a rule (`limits.ts`). */
const limits = z
  .strictObject({
    live: z.int({ error: 'must be a whole number' }).min(1).max(100).optional(),
    perHour: z.int({ error: 'must be a whole number' }).min(1).max(100).optional(),
    perWeek: lengthOf('1m', '30d').optional(),
    coolDown: lengthOf('1s', '30d').optional(),
  })
  .refine((all) => Object.values(all).some((one) => one !== undefined), {
    error: 'must name a limit: live, perHour, perWeek or coolDown',
  });
export type LimitsEntry = z.output<typeof limits>;

const slackChannel = z.string().regex(/^[CG][A-Z0-9]{2,20}$/, { error: 'must be the id of a Slack channel (C…), not its name' });
/** NB: goes into an envelope and a header. */
const mailbox = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._+-]{0,63}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.){1,8}[A-Za-z]{2,63}$/, {
    error: 'must be an e-mail address such as sec@example.com',
  });

/** Who else is told, and of what. */
const notify = z
  .strictObject({
    on: z.array(z.enum(TELLINGS)).min(1).max(TELLINGS.length),
    slack: slackChannel.optional(),
    email: z.array(mailbox).min(1).max(20).optional(),
  })
  .refine(({ slack, email }) => slack !== undefined || email !== undefined, { error: 'must say where: slack, email or both' });
/** What may be taken at once for an incident, and who reviews it. */
const breakGlass = z.strictObject({ ask: who, max: lengthOf('1s', '1h'), incident: pattern.optional(), review: who });

const common = {
  tier: z.literal(TIERS).optional(),
  channel: slackChannel.optional(),
  ask: who,
  for: z.enum(['self', 'others']).optional(),
  approve,
  revoke: who.optional(),
  windows,
  max: lengthOf('1s', '24h'),
  extend: extend.optional(),
  later: later.optional(),
  warn: warn.optional(),
  deadlines: deadlines.optional(),
  hours: hours.optional(),
  reason: reason.optional(),
  limits: limits.optional(),
  notify: z.array(notify).min(1).max(10).optional(),
  breakGlass: breakGlass.optional(),
};

const targetOfKind = <K extends TargetKind>(kind: K) =>
  z.strictObject({ id: ruleId, kind: z.literal(kind), match: MATCH[kind], effect: z.literal('allow').optional(), ...common });

/** Nobody who changes with the hour: a rule that denies holds even where nobody can be asked who is on call. */
const keptOut = z
  .strictObject({ groups: z.array(groupName).max(50).optional(), people })
  .refine(names, { error: "must name somebody: groups, people or both. A rota can't be named where a rule denies" });
const denyOfKind = <K extends TargetKind>(kind: K) =>
  z.strictObject({
    id: ruleId,
    kind: z.literal(kind),
    match: MATCH[kind],
    effect: z.literal('deny'),
    ask: keptOut.optional(),
    except: keptOut.optional(),
    say: message.optional(),
  });

const allows = z.discriminatedUnion('kind', [targetOfKind('mac-admin'), targetOfKind('aws-permission-set')]);
const denies = z.discriminatedUnion('kind', [denyOfKind('mac-admin'), denyOfKind('aws-permission-set')]);
export type RuleEntry = z.output<typeof allows>;
export type DenyEntry = z.output<typeof denies>;

export const policyFile = z.strictObject({
  version: z.literal(1),
  deadlines: deadlines.optional(),
  reminders: reminders.optional(),
  warn: warn.optional(),
  limits: limits.optional(),
  targets: z
    .array(z.discriminatedUnion('effect', [allows, denies]))
    .min(1)
    .max(2000),
});
export type PolicyFile = z.output<typeof policyFile>;
