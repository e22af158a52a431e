/**
 * Whether a Slack account is a full, living member of our workspace. Asked of Slack itself (`users.info`), remembered
 * for at most a minute, and a question that cannot be asked is a refusal.
 */
import type { UsersInfoResponse, WebClient } from '@slack/web-api';
import { StintError } from '../contract/errors.js';
import type { SlackUserId } from '../contract/ids.js';
import { errorText, type Log } from './log.js';

/** Milliseconds for which a good answer may be used again. */
const FRESH_MS = 60_000;
const KEPT = 5_000;

export interface Member {
  readonly userId: SlackUserId;
  readonly teamId: string;
}

export interface Members {
  /** Throws `guest-account`, `foreign-workspace`, or `slack-unavailable` when Slack did not say. */
  require(userId: SlackUserId): Promise<Member>;
  /** Forgets what was known (Slack's `user_change` event). */
  forget(userId: string): void;
}

type User = NonNullable<UsersInfoResponse['user']>;

/**
 * Flags that no account of a colleague has. `is_stranger` alone proves nothing: it is false for an external member who
 * shares a channel with the app (docs.slack.dev/reference/objects/user-object), hence the team check beside it.
 */
const FLAGS = [
  'deleted',
  'is_bot',
  'is_workflow_bot',
  'is_connector_bot',
  'is_restricted',
  'is_ultra_restricted',
  'is_stranger',
  'is_invited_user',
] as const satisfies readonly (keyof User)[];

export function createMembers(deps: {
  readonly api: WebClient;
  readonly teamId: string;
  readonly enterpriseId?: string;
  readonly clock: () => number;
  readonly logger: Log;
}): Members {
  const known = new Map<string, { readonly member: Member; readonly until: number }>();

  async function ask(userId: SlackUserId): Promise<User> {
    try {
      const { user } = await deps.api.users.info({ user: userId });
      if (user?.id === userId) return user;
    } catch (error) {
      deps.logger.warn({ slackUserId: userId, error: errorText(error) }, 'users.info failed');
    }
    throw new StintError(
      'slack-unavailable',
      'Stint could not check your account with Slack, so nothing was done. Try again shortly.',
    );
  }

  return {
    async require(userId) {
      const now = deps.clock();
      const hit = known.get(userId);
      if (hit && hit.until > now) return hit.member;
      known.delete(userId);
      const member = judge(await ask(userId), userId, deps);
      if (known.size >= KEPT) known.clear();
      known.set(userId, { member, until: now + FRESH_MS });
      return member;
    },
    forget: (userId) => void known.delete(userId),
  };
}

function judge(user: User, userId: SlackUserId, ours: { teamId: string; enterpriseId?: string }): Member {
  if (FLAGS.some((flag) => user[flag] === true)) throw new StintError('guest-account');
  const sameTeam = user.team_id === ours.teamId;
  const sameOrg = ours.enterpriseId !== undefined && user.enterprise_user?.enterprise_id === ours.enterpriseId;
  if (!user.team_id || !(sameTeam || sameOrg)) throw new StintError('foreign-workspace');
  return { userId, teamId: user.team_id };
}
