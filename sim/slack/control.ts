/** Everything that a test, a demo or a page can do to the stand-in: act as people, switch faults, administer, look. */

import { deleteMessage } from './api/chat.js';
import type { DisconnectReason, SocketHub } from './delivery/socket.js';
import type { Fault, FaultInput, Faults } from './faults.js';
import type { Json } from './json.js';
import { closeView, options, submit } from './people/modal.js';
import { click, select } from './people/press.js';
import { see, seeModals } from './people/see.js';
import { ActError, type ActResult, type Stage } from './people/stage.js';
import { command, event, openHome, reload, say } from './people/talk.js';
import type { Truth } from './truth.js';
import type { Channel, FileRecord, Message, Settings, UsergroupSeed, UserSeed, View } from './types.js';
import type { Change, World } from './world.js';

type Forge = { forge?: Json };
type CommandInput = { user: string; channel: string; command: string; text?: string } & Forge;
type ElementInput = {
  user: string;
  channel?: string;
  ts?: string;
  viewId?: string;
  actionId?: string;
  label?: string;
  blockId?: string;
};
type ClickInput = ElementInput & { decline?: boolean } & Forge;
type SelectInput = ElementInput & { value?: string | string[] | null };
type SubmitInput = { user: string; viewId?: string; values?: Json } & Forge;
type OptionsInput = { user: string; viewId?: string; actionId: string; query?: string };

interface Act {
  command(input: CommandInput): Promise<ActResult>;
  click(input: ClickInput): Promise<ActResult>;
  select(input: SelectInput): Promise<ActResult>;
  submit(input: SubmitInput): Promise<ActResult>;
  closeView(input: { user: string; viewId?: string; all?: boolean }): Promise<ActResult>;
  openHome(input: { user: string } & Forge): Promise<ActResult>;
  options(input: OptionsInput): Promise<ActResult>;
  say(input: { user: string; channel: string; text: string; threadTs?: string }): { ts: string; channel: string };
  reload(input: { user: string }): { dropped: number };
  event(input: { event: Json; user?: string } & Forge): Promise<ActResult>;
  replay(input: { delivery: string }): Promise<ActResult>;
}
interface Admin {
  archive(input: { channel: string }): void;
  unarchive(input: { channel: string }): void;
  deleteMessage(input: { channel: string; ts: string }): void;
  removeBot(input: { channel: string }): void;
  addBot(input: { channel: string }): void;
  addMember(input: { channel: string; user: string }): void;
  removeMember(input: { channel: string; user: string }): void;
  /** Makes a channel another: shared with a foreign team, public, renamed. */
  setChannel(input: { channel: string } & Partial<Pick<Channel, 'name' | 'extShared' | 'kind'>>): void;
  deactivateUser(input: { user: string }): void;
  activateUser(input: { user: string }): void;
  /** Adds a person, or changes what is known of one. */
  setUser(input: { id: string } & Partial<UserSeed>): void;
  setUsergroup(input: UsergroupSeed): void;
  revokeToken(input: { kind: 'bot' | 'app' }): void;
  restoreToken(input: { kind: 'bot' | 'app' }): void;
  settings(input: Partial<Settings>): Settings;
  /** Everything back to the seed; record and faults are emptied too. */
  reset(): void;
}
export interface TruthView {
  calls: Truth['calls'];
  deliveries: Truth['deliveries'];
  errors: Truth['errors'];
  connections: Truth['connections'];
  faults: Fault[];
  settings: Settings;
  users: UserSeed[];
  channels: Channel[];
  usergroups: UsergroupSeed[];
  /** Every message, also deleted and ephemeral ones. */
  messages: Message[];
  views: View[];
  /** Files; their bytes in base64. */
  files: FileRecord[];
}
export interface Control {
  act: Act;
  admin: Admin;
  socket: { disconnect(reason: DisconnectReason, only?: 'oldest'): number; drop(silent?: boolean): number; count(): number };
  state(as: string): Json;
  /** Of that only the modals that this person has before them. */
  modals(as: string): Json[];
  /**
   * A copy: what happens later doesn't change it. With `since` (milliseconds since 1970) without older calls, deliveries, errors
   * and files, and without messages that were neither posted nor edited from then on.
   */
  truth(since?: number): TruthView;
  /** Of that only the messages: calls and deliveries hold a card each, and after an hour there are as many as are kept. */
  messages(): Message[];
  fault(input: FaultInput): Fault;
  faults(): Fault[];
  clearFaults(id?: number): void;
  onChange(listener: (change: Change) => void): () => void;
}

/** The control of one stand-in. */
export function createControl(stage: Stage, faults: Faults, hub: SocketHub): Control {
  const { world, truth } = stage;
  const timers = new Set<NodeJS.Timeout>();
  const control: Control = {
    act: createAct(stage),
    admin: createAdmin(world, truth, faults),
    socket: { disconnect: hub.disconnect, drop: (silent = false) => hub.drop(silent), count: hub.count },
    state: (as) => see(world, as),
    modals: (as) => seeModals(world, as),
    truth: (since = 0) => structuredClone(from(since, truthView(world, truth, faults))),
    messages: () => structuredClone(Object.values(world.data.messages).flat()),
    fault(input) {
      const { kind, ms } = input;
      const ends = kind === 'down' || kind === '429' ? ms : undefined;
      const fault = faults.add({ ...input, ...(ends !== undefined && { until: world.now() + ends }) });
      if (kind === 'down') hub.drop(false);
      if (ends !== undefined) timers.add(setTimeout(() => control.clearFaults(fault.id), ends).unref());
      world.changed({ kind: 'fault' });
      return fault;
    },
    faults: faults.list,
    clearFaults(id) {
      faults.clear(id);
      world.changed({ kind: 'fault' });
    },
    onChange: world.onChange,
  };
  return control;
}

function createAct(stage: Stage): Act {
  return {
    command: (input) => command(stage, input),
    click: (input) => click(stage, input),
    select: (input) => select(stage, input),
    submit: (input) => submit(stage, input),
    closeView: (input) => closeView(stage, input),
    openHome: (input) => openHome(stage, input),
    options: (input) => options(stage, input),
    say: (input) => say(stage, input),
    reload: (input) => reload(stage, input),
    event: (input) => event(stage, input),
    async replay({ delivery }) {
      const { outcome, payload, id } = await stage.deliverer.replay(delivery);
      return { ack: outcome, delivery: id, ms: 0, modals: [], ...(payload === undefined ? {} : { response: payload }) };
    },
  };
}

function createAdmin(world: World, truth: Truth, faults: Faults): Admin {
  const changeChannel = (id: string, change: (channel: Channel) => void) => {
    const channel = world.channel(id);
    if (!channel) throw new ActError('no_such_channel', `There is no channel ${id}.`);
    change(channel);
    world.changed({ kind: 'admin', channel: id });
  };
  const changeUser = (id: string, change: Partial<UserSeed>) => {
    const user = world.user(id) ?? { id, name: id.toLowerCase(), realName: id, email: '' };
    world.data.users[id] = { ...user, ...change };
    world.changed({ kind: 'admin', user: id });
  };
  const without = (list: string[], id: string) => list.filter((one) => one !== id);
  const join = (channel: string, user: string) =>
    changeChannel(channel, (one) => {
      one.members = [...without(one.members, user), user];
    });
  const leave = (channel: string, user: string) =>
    changeChannel(channel, (one) => {
      one.members = without(one.members, user);
    });
  const archived = (channel: string, value: boolean) =>
    changeChannel(channel, (one) => {
      one.archived = value;
    });
  const bot = world.seed.bot.userId;
  return {
    archive: ({ channel }) => archived(channel, true),
    unarchive: ({ channel }) => archived(channel, false),
    deleteMessage({ channel, ts }) {
      const message = world.messages(channel).find((one) => one.ts === ts);
      if (!message) throw new ActError('no_such_message', `There is no message ${ts} in ${channel}.`);
      deleteMessage(world, message);
    },
    removeBot: ({ channel }) => leave(channel, bot),
    addBot: ({ channel }) => join(channel, bot),
    addMember: ({ channel, user }) => join(channel, user),
    removeMember: ({ channel, user }) => leave(channel, user),
    setChannel: ({ channel, ...change }) => changeChannel(channel, (one) => void Object.assign(one, change)),
    deactivateUser: ({ user }) => changeUser(user, { deleted: true }),
    activateUser: ({ user }) => changeUser(user, { deleted: false }),
    setUser: ({ id, ...change }) => changeUser(id, change),
    setUsergroup(group) {
      world.data.usergroups[group.id] = { ...group, users: [...group.users] };
      world.changed({ kind: 'admin' });
    },
    revokeToken({ kind }) {
      world.data.revoked[kind] = true;
      world.changed({ kind: 'admin' });
    },
    restoreToken({ kind }) {
      world.data.revoked[kind] = false;
      world.changed({ kind: 'admin' });
    },
    settings(change) {
      Object.assign(world.data.settings, change);
      world.changed({ kind: 'admin' });
      return { ...world.data.settings };
    },
    reset() {
      faults.clear();
      truth.clear();
      world.reset();
    },
  };
}

function from(since: number, view: TruthView): TruthView {
  if (since === 0) return view;
  const recent = <T extends { at: number }>(list: T[]) => list.filter(({ at }) => at >= since);
  const messages = view.messages.filter(({ ts, edited = '0' }) => Math.max(Number(ts), Number(edited)) * 1000 >= since);
  const files = view.files.filter(({ created }) => created >= since);
  return {
    ...view,
    messages,
    files,
    calls: recent(view.calls),
    deliveries: recent(view.deliveries),
    errors: recent(view.errors),
  };
}

function truthView({ data }: World, truth: Truth, faults: Faults): TruthView {
  return {
    calls: truth.calls,
    deliveries: truth.deliveries,
    errors: truth.errors,
    connections: truth.connections,
    faults: faults.list(),
    settings: data.settings,
    users: Object.values(data.users),
    channels: Object.values(data.channels),
    usergroups: Object.values(data.usergroups),
    messages: Object.values(data.messages).flat(),
    views: Object.values(data.views),
    files: Object.values(data.files),
  };
}
