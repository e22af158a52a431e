/** Who: auth.test, apps.connections.open, team, bots, users, usergroups. */
import { createHash } from 'node:crypto';
import { defined, type Json, text } from '../json.js';
import type { UsergroupSeed, UserSeed } from '../types.js';
import { domainOf, teamOf, type World } from '../world.js';
import { knownUser, type Method } from './context.js';
import { SlackError } from './errors.js';

const authTest: Method = ({ world }) => {
  const { team, bot } = world.seed;
  return {
    url: `https://${domainOf(world)}.slack.com/`,
    team: team.name,
    user: bot.name ?? 'app',
    team_id: team.id,
    user_id: bot.userId,
    bot_id: bot.botId,
    is_enterprise_install: false,
  };
};

const teamInfo: Method = ({ world }, args) => {
  const { team } = world.seed;
  if (args.team !== undefined && args.team !== team.id) throw new SlackError('team_not_found');
  const domain = domainOf(world);
  return { team: { id: team.id, name: team.name, domain, email_domain: '', icon: {}, url: `https://${domain}.slack.com/` } };
};

const botsInfo: Method = ({ world }, args) => {
  const { bot } = world.seed;
  if (args.bot !== undefined && args.bot !== bot.botId) throw new SlackError('bot_not_found');
  return {
    bot: {
      id: bot.botId,
      deleted: false,
      name: bot.name ?? 'app',
      updated: 0,
      app_id: bot.appId,
      user_id: bot.userId,
      icons: {},
    },
  };
};

/** A person as users.info shows them; the address only with `users:read.email`. */
function userJson(world: World, user: UserSeed): Json {
  const teamId = teamOf(world, user);
  const email = world.seed.bot.scopes.includes('users:read.email') && user.email ? user.email : undefined;
  const names = {
    real_name: user.realName,
    real_name_normalized: user.realName,
    display_name: user.name,
    display_name_normalized: user.name,
  };
  return defined({
    id: user.id,
    team_id: teamId,
    name: user.name,
    deleted: user.deleted ?? false,
    color: createHash('sha256').update(user.id).digest('hex').slice(0, 6),
    real_name: user.realName,
    tz: user.tz ?? 'Etc/UTC',
    tz_label: 'Coordinated Universal Time',
    tz_offset: 0,
    profile: defined({ title: '', phone: '', skype: '', ...names, status_text: '', status_emoji: '', email, team: teamId }),
    is_admin: user.isAdmin ?? false,
    is_owner: user.isOwner ?? false,
    is_primary_owner: false,
    is_restricted: (user.isRestricted ?? false) || (user.isUltraRestricted ?? false),
    is_ultra_restricted: user.isUltraRestricted ?? false,
    is_bot: user.isBot ?? false,
    is_app_user: false,
    is_email_confirmed: user.isEmailConfirmed ?? true,
    is_stranger: user.isStranger,
    is_invited_user: user.isInvitedUser,
    is_workflow_bot: user.isWorkflowBot,
    is_connector_bot: user.isConnectorBot,
    enterprise_user: user.enterpriseId
      ? { id: user.id, enterprise_id: user.enterpriseId, enterprise_name: '', is_admin: false, is_owner: false, teams: [teamId] }
      : undefined,
    updated: 0,
    who_can_share_contact_card: 'EVERYONE',
  });
}

const lookupByEmail: Method = ({ world }, args) => {
  const wanted = (text(args.email) ?? '').toLowerCase();
  const user = Object.values(world.data.users).find(
    (one) => one.email.toLowerCase() === wanted && !one.deleted && !one.isBot && teamOf(world, one) === world.seed.team.id,
  );
  if (!user) throw new SlackError('users_not_found');
  return { user: userJson(world, user) };
};

function groupJson(world: World, group: UsergroupSeed, args: Json): Json {
  return defined({
    id: group.id,
    team_id: world.seed.team.id,
    is_usergroup: true,
    is_subteam: true,
    name: group.name,
    description: '',
    handle: group.handle,
    is_external: false,
    date_create: 0,
    date_update: 0,
    date_delete: group.disabled ? 1 : 0,
    auto_type: null,
    created_by: '',
    updated_by: '',
    prefs: { channels: [], groups: [] },
    users: args.include_users === true ? [...group.users] : undefined,
    user_count: args.include_count === true ? group.users.length : undefined,
  });
}

const usergroupsList: Method = ({ world }, args) => ({
  usergroups: Object.values(world.data.usergroups)
    .filter((group) => !group.disabled || args.include_disabled === true)
    .map((group) => groupJson(world, group, args)),
});

/** Deactivated people are no members any more. */
const usergroupsUsers: Method = ({ world }, args) => {
  const group = world.data.usergroups[text(args.usergroup) ?? ''];
  if (!group || (group.disabled && args.include_disabled !== true)) throw new SlackError('no_such_subteam');
  return { users: group.users.filter((id) => world.user(id)?.deleted !== true) };
};

export const directoryMethods: Record<string, Method> = {
  'auth.test': authTest,
  'apps.connections.open': (context) => ({ url: context.ticket() }),
  'team.info': teamInfo,
  'bots.info': botsInfo,
  'users.info': ({ world }, args) => ({ user: userJson(world, knownUser(world, args.user)) }),
  'users.lookupByEmail': lookupByEmail,
  'usergroups.list': usergroupsList,
  'usergroups.users.list': usergroupsUsers,
};
