/**
 * Payloads as Slack delivers them, narrowed to what we use. Everything here is attacker-controlled: Bolt checks neither
 * the app id nor the team, and nobody promises that a button's value is the one that was posted.
 */
import { z } from 'zod';
import { CALLBACKS } from '../cards/modals.js';
import { fieldOf } from '../cards/request-fields/part.js';
import { StintError } from '../contract/errors.js';
import type { SlackUserId } from '../contract/ids.js';

const id = z.string().min(1).max(64);
const userId = z
  .string()
  .regex(/^[UW][A-Z0-9]{1,40}$/)
  .transform((text) => text as SlackUserId);

/** Who a payload says is acting, and for which app and workspace. */
export interface Claim {
  readonly appId: string;
  readonly teamId?: string;
  readonly enterpriseId?: string;
  readonly orgInstall: boolean;
  readonly userId: SlackUserId;
  /** The acting user's own workspace; another one for a member of a connected organisation. */
  readonly userTeamId?: string;
}

/** Where an answer to the person can be sent. */
export interface ReplyTo {
  readonly userId: SlackUserId;
  readonly responseUrl?: string;
  readonly channelId?: string;
}

const interactive = z.object({
  api_app_id: id,
  team: z.object({ id, enterprise_id: id.nullish() }).nullish(),
  enterprise: z.object({ id }).nullish(),
  is_enterprise_install: z.boolean().nullish(),
  user: z.object({ id: userId, team_id: id.nullish() }),
});

const clickBody = interactive.extend({
  type: z.literal('block_actions'),
  container: z.object({
    type: z.string(),
    message_ts: z.string().max(32).nullish(),
    channel_id: id.nullish(),
    is_ephemeral: z.boolean().nullish(),
  }),
  view: z.object({ type: z.string().max(20) }).nullish(),
  channel: z.object({ id }).nullish(),
  trigger_id: z.string().max(255).nullish(),
  response_url: z.string().max(2000).nullish(),
  // Our messages never offer two actions in one payload: more than one is not from our card.
  actions: z
    .array(z.object({ action_id: z.string().max(255), action_ts: z.string().max(32), value: z.string().max(2000).nullish() }))
    .length(1),
});

/** Where a click happened, as the payload says. */
export interface Place {
  readonly channelId?: string;
  readonly messageTs?: string;
  readonly ephemeral: boolean;
  /** In App Home, which Slack shows to that one person. */
  readonly home?: boolean;
}

/** A press of any button, its meaning not yet looked at. */
export interface Press {
  readonly claim: Claim;
  readonly place: Place;
  readonly replyTo: ReplyTo;
  readonly triggerId?: string;
  readonly actionId: string;
  readonly actionTs: string;
  readonly value?: string;
}

/** Throws `bad-input` when the payload has not the shape of one button press. */
export function parsePress(body: unknown): Press {
  const b = parsed(clickBody, body);
  const [action] = b.actions;
  if (!action) throw new StintError('bad-input');
  const channelId = b.channel?.id ?? b.container.channel_id ?? undefined;
  // The two places where Slack names the channel must agree: a payload that says both is not one of Slack's.
  if (b.channel && b.container.channel_id && b.channel.id !== b.container.channel_id) throw new StintError('wrong-place');
  const home = b.container.type === 'view' && b.view?.type === 'home' && channelId === undefined;
  return {
    claim: claimOf(b),
    place: { channelId, messageTs: b.container.message_ts ?? undefined, ephemeral: b.container.is_ephemeral === true, home },
    replyTo: { userId: b.user.id, channelId, responseUrl: b.response_url ?? undefined },
    triggerId: b.trigger_id ?? undefined,
    actionId: action.action_id,
    actionTs: action.action_ts,
    value: action.value ?? undefined,
  };
}

const stateValue = z.looseObject({
  value: z.string().max(10_000).nullish(),
  selected_option: z.object({ value: z.string().max(150) }).nullish(),
  selected_date_time: z.int().nullish(),
});
const form = z.object({
  id,
  hash: z.string().max(255).nullish(),
  callback_id: z.string().max(255),
  private_metadata: z.string().max(3000).nullish(),
  state: z.object({ values: z.record(z.string(), z.record(z.string(), stateValue)) }),
});
const submissionBody = interactive.extend({ type: z.literal('view_submission'), view: form });

/** What stands in a form: one value per field, selects by the chosen option's value. */
export interface Filled {
  readonly claim: Claim;
  readonly viewId: string;
  readonly callbackId: string;
  readonly privateMetadata: string;
  readonly values: ReadonlyMap<string, string>;
  /** The block of each field: what an error is shown at. */
  readonly blocks: ReadonlyMap<string, string>;
}
export type Submission = Filled;

/** Throws `bad-input` when the payload has not the shape of a submitted form. */
export function parseSubmission(body: unknown): Submission {
  const b = parsed(submissionBody, body);
  return filled(claimOf(b), b.view);
}

const choiceBody = interactive.extend({
  type: z.literal('block_actions'),
  container: z.object({ type: z.literal('view') }),
  view: form,
  trigger_id: z.string().max(255).nullish(),
  actions: z.array(z.object({ action_id: z.string().max(255), action_ts: z.string().max(32) })).length(1),
});

/** Something was chosen in a form that is still open. */
export interface Choice extends Filled {
  /** Which state of the form it was chosen in. */
  readonly hash?: string;
  readonly actionTs: string;
  readonly triggerId?: string;
}

/** Throws `bad-input` when the payload has not the shape of a choice in the request form. */
export function parseChoice(body: unknown): Choice {
  const b = parsed(choiceBody, body);
  const [action] = b.actions;
  // Other forms have fields of the same names, and are not drawn anew.
  if (!action || b.view.callback_id !== CALLBACKS.elevate) throw new StintError('bad-input');
  return {
    ...filled(claimOf(b), b.view),
    hash: b.view.hash ?? undefined,
    actionTs: action.action_ts,
    triggerId: b.trigger_id ?? undefined,
  };
}

const suggestionBody = interactive.extend({
  type: z.literal('block_suggestion'),
  container: z.object({ type: z.literal('view') }),
  value: z.string().max(3000).nullish(),
  view: z.object({ private_metadata: z.string().max(3000).nullish() }),
});

/** Somebody types into a search of a form. */
export interface Suggestion {
  readonly claim: Claim;
  readonly text: string;
  readonly privateMetadata: string;
}

/** Throws `bad-input` when the payload has not the shape of a search in a form. */
export function parseSuggestion(body: unknown): Suggestion {
  const b = parsed(suggestionBody, body);
  return { claim: claimOf(b), text: (b.value ?? '').trim(), privateMetadata: b.view.private_metadata ?? '' };
}

function filled(claim: Claim, view: z.infer<typeof form>): Filled {
  const values = new Map<string, string>();
  const blocks = new Map<string, string>();
  for (const [block, fields] of Object.entries(view.state.values)) {
    const [field] = Object.values(fields);
    const value = field?.selected_option?.value ?? field?.selected_date_time?.toString() ?? field?.value;
    if (typeof value === 'string') values.set(fieldOf(block), value);
    blocks.set(fieldOf(block), block);
  }
  return {
    claim,
    viewId: view.id,
    callbackId: view.callback_id,
    privateMetadata: view.private_metadata ?? '',
    values,
    blocks,
  };
}

const commandBody = z.object({
  api_app_id: id,
  team_id: id.nullish(),
  enterprise_id: z.string().max(64).nullish(),
  is_enterprise_install: z.string().nullish(),
  user_id: userId,
  channel_id: id.nullish(),
  command: z.string().max(64),
  text: z.string().max(10_000).nullish(),
  trigger_id: z.string().max(255),
  response_url: z.string().max(2000).nullish(),
});

export interface Command {
  readonly claim: Claim;
  readonly replyTo: ReplyTo;
  readonly text: string;
  readonly triggerId: string;
}

/** Throws `bad-input` when the payload has not the shape of a slash command. */
export function parseCommand(body: unknown): Command {
  const b = parsed(commandBody, body);
  const team = b.team_id ?? undefined;
  return {
    // Slack limits slash commands to members of the installing workspace: the one team stands for both.
    claim: {
      appId: b.api_app_id,
      teamId: team,
      enterpriseId: b.enterprise_id || undefined,
      orgInstall: b.is_enterprise_install === 'true',
      userId: b.user_id,
      userTeamId: team,
    },
    replyTo: { userId: b.user_id, channelId: b.channel_id ?? undefined, responseUrl: b.response_url ?? undefined },
    text: (b.text ?? '').trim(),
    triggerId: b.trigger_id,
  };
}

const homeBody = z.object({
  api_app_id: id,
  team_id: id.nullish(),
  event: z.object({ user: userId, tab: z.string() }),
});

/** Throws `bad-input` when the event is not `app_home_opened`. */
export function parseHomeOpened(body: unknown): { readonly claim: Claim; readonly tab: string } {
  const b = parsed(homeBody, body);
  const team = b.team_id ?? undefined;
  return {
    claim: { appId: b.api_app_id, teamId: team, orgInstall: false, userId: b.event.user, userTeamId: team },
    tab: b.event.tab,
  };
}

function claimOf(b: z.infer<typeof interactive>): Claim {
  return {
    appId: b.api_app_id,
    teamId: b.team?.id,
    enterpriseId: b.enterprise?.id || b.team?.enterprise_id || undefined,
    orgInstall: b.is_enterprise_install === true,
    userId: b.user.id,
    userTeamId: b.user.team_id ?? undefined,
  };
}

function parsed<T>(schema: z.ZodType<T>, body: unknown): T {
  const result = schema.safeParse(body);
  if (!result.success) throw new StintError('bad-input', 'Slack sent something that Stint does not understand.');
  return result.data;
}
