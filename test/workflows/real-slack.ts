/**
 * Slack as it is in production under the harness's workflows: the real notices and posting client against the stand-in.
 * Each elevation may have a workspace of its own, so that faults of a whole workspace hit nobody else's elevation.
 */
import { createNotices, type NoticeDeps } from '../../activities/notices.js';
import type { SlackDuties } from '../../contract/duties.js';
import type { RequestId } from '../../contract/ids.js';
import type { Directory, MessageRef, Store } from '../../contract/ports.js';
import type { ElevationView } from '../../contract/view.js';
import { directoryFrom } from '../../policy/people.js';
import { type SlackSim, startSlack } from '../../sim/slack/index.js';
import type { Config } from '../../workers/config.js';
import { noticesOf } from '../../workers/parts.js';
import { Secret } from '../../workers/secrets.js';
import { everyone, TEAM } from '../fixtures/people.js';

export const CHANNEL = 'C0APPROVE';
const BOT = 'U0STINT';
const TOKEN = 'xoxb-for-tests';
const SCOPES = ['chat:write', 'im:write', 'im:history', 'channels:history', 'groups:history', 'files:write', 'files:read'];

/** One workspace, and the process that posts there. */
export interface Workspace {
  readonly sim: SlackSim;
  /** The process ends; another begins, which has nothing in its memory but the store. */
  restart(): void;
  /** While set, each process dies just before it writes this down for the first time. Slack has the message by then. */
  diesBefore: ((key: string, ref: MessageRef) => boolean) | undefined;
  readonly deaths: readonly string[];
  /** The keys of all messages that stand now, by the stand-in's own truth; a key that is there twice comes twice. */
  keys(): readonly string[];
  /** The keys of all that were ever posted, also of what was taken away since. */
  everPosted(): readonly string[];
  /** What the one card says now. Throws when there is none, or more than one. */
  card(): { readonly ts: string; readonly says: string };
  /** The thread in which a message stands. */
  threadOf(key: string): string | undefined;
  tsOf(key: string): string | undefined;
  /** The logs in the channel, as messages with a file. */
  logs(): readonly string[];
  /** When each call came, and whether it was answered, by method. */
  calls(method?: string): ReturnType<SlackSim['truth']>['calls'];
}

type Post = ReturnType<SlackSim['truth']>['messages'][number];

function keyOf({ metadata }: Post): string | undefined {
  const payload = metadata?.event_payload;
  const key: unknown = typeof payload === 'object' && payload !== null && 'key' in payload ? payload.key : undefined;
  return typeof key === 'string' ? key : undefined;
}

function startSim(): Promise<SlackSim> {
  return startSlack({
    mode: 'socket',
    settings: { shareDelayMs: 50 },
    seed: {
      team: { id: TEAM, name: 'Team' },
      bot: {
        userId: BOT,
        botId: 'B0STINT',
        appId: 'A0STINT',
        token: TOKEN,
        appToken: 'xapp-for-tests',
        signingSecret: 's',
        scopes: SCOPES,
      },
      users: everyone.map(({ personId, name, slack }) => ({
        id: slack[0]?.userId ?? '',
        name: personId,
        realName: name,
        email: `${personId}@example.com`,
      })),
      channels: [{ id: CHANNEL, name: 'approvals', private: true, members: [BOT, 'U0GRACE', 'U0LINUS'] }],
    },
  });
}

export interface RealSlack {
  /** For the harness. */
  readonly duties: (store: Store) => SlackDuties;
  /** A workspace for one elevation. */
  workspace(requestId: RequestId): Promise<Workspace>;
  close(): Promise<void>;
}

/** `directory`: who is who for whoever posts. */
export function createRealSlack(directory: Directory = directoryFrom(everyone)): RealSlack {
  const processes = new Map<RequestId, () => SlackDuties>();
  const sims: SlackSim[] = [];
  let store: Store | undefined;
  const of = (requestId: RequestId): SlackDuties => {
    const found = processes.get(requestId);
    if (!found) throw new Error(`no workspace for ${requestId}`);
    return found();
  };
  const ofView = ({ request }: ElevationView) => of(request.requestId);
  return {
    duties: (harnessStore) => {
      store = harnessStore;
      return {
        paint: async (view) => ofView(view).paint(view),
        dm: async (kind, view) => ofView(view).dm(kind, view),
        line: async (kind, view, key) => ofView(view).line(kind, view, key),
        call: async (view) => ofView(view).call(view),
        answer: async (requestId, actor, code) => of(requestId).answer(requestId, actor, code),
        fileEvidence: async (view) => ofView(view).fileEvidence(view),
      };
    },
    async workspace(requestId) {
      if (!store) throw new Error('the harness is not there yet');
      const sim = await startSim();
      sims.push(sim);
      const made = createWorkspace(sim, store, directory);
      processes.set(requestId, made.duties);
      return made.workspace;
    },
    close: async () => {
      await Promise.all(sims.map((sim) => sim.close()));
    },
  };
}

/** A process that died does no more: what it had in hand fails, and what is sent to it goes to its successor. */
function createWorkspace(
  sim: SlackSim,
  store: Store,
  directory: Directory,
): { readonly workspace: Workspace; readonly duties: () => SlackDuties } {
  const deaths: string[] = [];
  const posting = { botToken: new Secret(TOKEN), apiUrl: sim.apiUrl, approverChannel: CHANNEL };
  const settings = { posting, workspace: { teamId: TEAM } };
  const config: Config<'posting' | 'workspace'> = { home: '', logLevel: 'error', contactGraceMs: 0, ...settings };
  const born = (): SlackDuties => {
    const put = async (key: string, ref: MessageRef) => {
      if (workspace.diesBefore?.(key, ref) && !deaths.includes(key)) {
        deaths.push(key);
        workspace.restart();
        throw new Error('killed');
      }
      await store.messages.put(key, ref);
    };
    const mine: Store = { ...store, messages: { get: store.messages.get, put } };
    const deps: NoticeDeps = noticesOf(config, mine, directory);
    return createNotices(deps);
  };
  const posted = () => sim.truth().messages.filter(({ onlyFor }) => onlyFor === undefined);
  const keysOf = (posts: readonly Post[]) => posts.flatMap((post) => keyOf(post) ?? []).sort();
  const workspace: Workspace = {
    sim,
    deaths,
    diesBefore: undefined,
    restart: () => {
      alive = born();
    },
    keys: () => keysOf(posted().filter(({ deleted }) => !deleted)),
    everPosted: () => keysOf(posted()),
    card: () => {
      const found = posted().filter((post) => !post.deleted && keyOf(post)?.startsWith('card/'));
      const [one] = found;
      if (found.length !== 1 || !one) throw new Error(`there are ${found.length} cards`);
      return { ts: one.ts, says: JSON.stringify([one.text, one.blocks]) };
    },
    threadOf: (key) => posted().find((post) => keyOf(post) === key)?.threadTs,
    tsOf: (key) => posted().find((post) => keyOf(post) === key)?.ts,
    logs: () => posted().flatMap(({ files }) => files),
    calls: (method) => sim.truth().calls.filter((call) => method === undefined || call.method === method),
  };
  let alive = born();
  return { workspace, duties: () => alive };
}
