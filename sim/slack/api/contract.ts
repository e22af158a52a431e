/**
 * The Web API methods that the stand-in knows: arguments, scopes, tier, whether a JSON body is read. Taken from Slack's
 * machine-readable method reference (docs.slack.dev/methods/*.json, 2026-08-20); a test compares the two.
 */

type ArgType = 'string' | 'boolean' | 'number' | 'json';
export interface MethodSpec {
  /** Calls a minute; 0 for the methods with rules of their own. */
  perMinute: number;
  /** Bot scopes; one of them is enough. */
  scopes: string[];
  /** Whether the arguments may come as a JSON body. */
  json: boolean;
  token: 'bot' | 'app';
  args: Record<string, { type: ArgType; required: boolean }>;
}

const TYPES: Record<string, ArgType> = { s: 'string', b: 'boolean', n: 'number', j: 'json' };
const PER_MINUTE = { t1: 1, t2: 20, t3: 50, t4: 100, t5: 0 };

/** `args` is written as `name:type`, the type being s, b, n or j(son), with `!` when required. */
function spec(tier: keyof typeof PER_MINUTE, scopes: string[], json: boolean, args: string): MethodSpec {
  const entries = args
    .split(' ')
    .filter(Boolean)
    .map((word) => {
      const [name = '', kind = 's'] = word.split(':');
      return [name, { type: TYPES[kind.charAt(0)] ?? 'string', required: kind.endsWith('!') }] as const;
    });
  return { perMinute: PER_MINUTE[tier], scopes, json, token: 'bot', args: Object.fromEntries(entries) };
}

const HISTORY = ['groups:history', 'im:history', 'mpim:history', 'channels:history'];
const READ = ['groups:read', 'im:read', 'mpim:read', 'channels:read'];
const OPEN = ['channels:manage', 'groups:write', 'im:write', 'mpim:write'];
const LOOK = 'username:s icon_url:s icon_emoji:s';
const BODY = 'attachments:j blocks:j markdown_text:s metadata:j parse:s text:s link_names:b as_user:b';
const RANGE = 'channel:s! cursor:s include_all_metadata:b inclusive:b latest:s limit:n oldest:s';

export const METHODS: Record<string, MethodSpec> = {
  'apps.connections.open': { ...spec('t3', [], true, ''), token: 'app' },
  'auth.test': spec('t5', [], true, ''),
  'bots.info': spec('t3', ['users:read'], false, 'bot:s team_id:s'),
  'chat.delete': spec('t3', ['chat:write'], true, 'as_user:b channel:s! ts:s!'),
  'chat.getPermalink': spec('t5', [], false, 'channel:s! message_ts:s!'),
  'chat.postEphemeral': spec('t4', ['chat:write'], true, `channel:s! user:s! thread_ts:s ${BODY} ${LOOK}`),
  'chat.postMessage': spec(
    't5',
    ['chat:write'],
    true,
    `channel:s! thread_ts:s reply_broadcast:b mrkdwn:b unfurl_links:b unfurl_media:b current_draft_last_updated_ts:s ${BODY} ${LOOK}`,
  ),
  'chat.update': spec('t3', ['chat:write'], true, `channel:s! ts:s! unfurled_attachments:j reply_broadcast:b file_ids:j ${BODY}`),
  'conversations.history': spec('t3', HISTORY, true, RANGE),
  'conversations.info': spec('t3', READ, false, 'channel:s! include_locale:b include_num_members:b'),
  'conversations.members': spec('t4', READ, false, 'channel:s! cursor:s limit:n'),
  'conversations.open': spec('t3', OPEN, true, 'channel:s return_im:b users:s prevent_creation:b'),
  'conversations.replies': spec('t3', HISTORY, false, `${RANGE} ts:s!`),
  'files.completeUploadExternal': spec(
    't4',
    ['files:write'],
    true,
    `files:j! channel_id:s thread_ts:s channels:s initial_comment:s blocks:j ${LOOK}`,
  ),
  'files.getUploadURLExternal': spec('t4', ['files:write'], false, 'length:n! filename:s! snippet_type:s alt_txt:s'),
  'files.info': spec('t4', ['files:read'], false, 'count:n cursor:s file:s! limit:n page:n'),
  'reactions.add': spec('t3', ['reactions:write'], true, 'channel:s! name:s! timestamp:s!'),
  'team.info': spec('t3', ['team:read'], true, 'domain:s team:s'),
  'usergroups.list': spec('t2', ['usergroups:read'], false, 'include_count:b include_disabled:b include_users:b team_id:s'),
  'usergroups.users.list': spec('t2', ['usergroups:read'], false, 'include_disabled:b usergroup:s! team_id:s'),
  'users.info': spec('t4', ['users:read'], false, 'include_locale:b user:s!'),
  'users.lookupByEmail': spec('t3', ['users:read.email'], false, 'email:s!'),
  'views.open': spec('t4', [], true, 'trigger_id:s interactivity_pointer:s view:j!'),
  'views.publish': spec('t4', [], true, 'user_id:s! view:j! hash:s interactivity_pointer:s'),
  'views.push': spec('t4', [], true, 'trigger_id:s interactivity_pointer:s view:j!'),
  'views.update': spec('t4', [], true, 'view_id:s external_id:s view:j! hash:s'),
};

/** Arguments that are no part of the reference yet are sent by Slack's own SDK, or known from practice. */
export const TOLERATED = new Set(['token', 'team_id', 'client_msg_id']);
