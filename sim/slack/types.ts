/** What the stand-in keeps: the seed it starts from, and the shapes of its own data. */
import type { Json } from './json.js';

export interface UserSeed {
  id: string;
  name: string;
  realName: string;
  email: string;
  /** Another team than ours makes the person an external member (Slack Connect). */
  teamId?: string;
  tz?: string;
  deleted?: boolean;
  isAdmin?: boolean;
  isOwner?: boolean;
  isBot?: boolean;
  isRestricted?: boolean;
  isUltraRestricted?: boolean;
  isStranger?: boolean;
  isInvitedUser?: boolean;
  isWorkflowBot?: boolean;
  isConnectorBot?: boolean;
  isEmailConfirmed?: boolean;
  enterpriseId?: string;
  /** Away people get no ephemeral messages: Slack doesn't guarantee them. Default true. */
  present?: boolean;
}
export interface ChannelSeed {
  id: string;
  name: string;
  private?: boolean;
  /** The bot is in the channel only when its user id is in this list. */
  members: string[];
  archived?: boolean;
  extShared?: boolean;
}
export interface UsergroupSeed {
  id: string;
  name: string;
  handle: string;
  users: string[];
  disabled?: boolean;
}
export interface BotSeed {
  userId: string;
  botId: string;
  appId: string;
  name?: string;
  /** `xoxb-…` */
  token: string;
  /** `xapp-…` */
  appToken: string;
  signingSecret: string;
  scopes: string[];
}
export interface Seed {
  team: { id: string; name: string; domain?: string };
  bot: BotSeed;
  users: UserSeed[];
  channels: ChannelSeed[];
  usergroups?: UsergroupSeed[];
}

/** Behaviour that can be switched while running. Lengths are milliseconds. */
export interface Settings {
  /** One message a second per channel (429 beyond). */
  perChannelLimit: boolean;
  /** The published tier of each method, per minute (429 beyond). */
  tierLimits: boolean;
  /** Whether `client_msg_id` makes a repeated post a duplicate. Undocumented at Slack, so both worlds are to be tested. */
  dedupeClientMsgId: boolean;
  /** How long the malware scan takes until `shares` of a file are filled and its message is there. */
  shareDelayMs: number;
  /** Slack gives an app 3 s to acknowledge. */
  ackMs: number;
  triggerMs: number;
  /** Waits before the repeats of an unacknowledged event. */
  eventRetryMs: number[];
  /** After a `disconnect` of the kind `warning`, the socket is cut after this long. */
  warningMs: number;
  /** How often the server pings each socket. */
  serverPingMs: number;
}
export const DEFAULT_SETTINGS: Settings = {
  perChannelLimit: false,
  tierLimits: false,
  dedupeClientMsgId: false,
  shareDelayMs: 150,
  ackMs: 3000,
  triggerMs: 3000,
  eventRetryMs: [0, 60_000, 300_000],
  warningMs: 10_000,
  serverPingMs: 10_000,
};

export interface Channel {
  id: string;
  name: string;
  kind: 'public' | 'private' | 'im';
  members: string[];
  archived: boolean;
  extShared: boolean;
  created: number;
  /** The person at the other end of a direct message. */
  userId?: string;
}
export type Values = Record<string, Record<string, Json>>;
interface Reaction {
  name: string;
  users: string[];
}
export interface Message {
  channel: string;
  ts: string;
  threadTs?: string;
  broadcast?: boolean;
  user: string;
  text: string;
  blocks: Json[];
  attachments?: Json[];
  metadata?: Json;
  clientMsgId?: string;
  edited?: string;
  deleted?: boolean;
  files: string[];
  reactions: Reaction[];
  /** How often the app changed it: 0 as posted. */
  revision: number;
  /** Set for a message that only this person sees. */
  onlyFor?: string;
}
export interface View {
  id: string;
  userId: string;
  type: 'modal' | 'home';
  /** Title, submit, close, blocks, private_metadata, … as the app gave them (block ids filled in). */
  body: Json;
  hash: string;
  externalId?: string;
  rootId: string;
  previousId?: string;
  values: Values;
  /** What the app's last refusal of a submission said, by block id. */
  errors: Record<string, string>;
  /** Options that an external select was last offered, by action id. */
  offered: Record<string, Json[]>;
}
export interface FileRecord {
  id: string;
  name: string;
  title: string;
  length: number;
  snippetType?: string;
  /** Base64; undefined until uploaded. */
  content?: string;
  uploadToken: string;
  created: number;
  completed: boolean;
  share?: { channel: string; threadTs?: string; comment?: string; blocks: Json[]; dueAt: number; ts?: string };
}
export interface Trigger {
  userId: string;
  issuedAt: number;
  used: boolean;
  /** The modal out of which it came; only such a trigger can push. */
  viewId?: string;
}
export interface ResponseUrl {
  userId: string;
  channel: string;
  /** The message that was clicked, for `replace_original` and `delete_original`. */
  originalTs?: string;
  threadTs?: string;
  issuedAt: number;
  uses: number;
}
/** A sentence that Slack itself showed to a person: the app did not answer, or answered nonsense. */
interface Notice {
  at: number;
  user: string;
  what: string;
}

export interface Data {
  version: 1;
  lastMicros: number;
  users: Record<string, UserSeed>;
  channels: Record<string, Channel>;
  usergroups: Record<string, UsergroupSeed>;
  messages: Record<string, Message[]>;
  views: Record<string, View>;
  stacks: Record<string, string[]>;
  homes: Record<string, string>;
  files: Record<string, FileRecord>;
  triggers: Record<string, Trigger>;
  responseUrls: Record<string, ResponseUrl>;
  /** What a person set in the inputs of a message, by `user channel ts`. */
  inputs: Record<string, Values>;
  notices: Notice[];
  revoked: { bot: boolean; app: boolean };
  settings: Settings;
}
