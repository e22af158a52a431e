/** What the script can see and do: the stand-ins' control sides, over HTTP, as the page does. */
import type { Overview } from '../../sim/identity-center/overview.js';

export interface SeenMessage {
  readonly ts: string;
  readonly text: string;
  readonly blocks: readonly unknown[];
  readonly ephemeral?: boolean;
  readonly replies: readonly SeenMessage[];
  readonly files: readonly { readonly name: string; readonly url: string }[];
}
interface SeenChannel {
  readonly id: string;
  readonly kind: string;
  readonly messages: readonly SeenMessage[];
}
export interface SeenState {
  readonly channels: readonly SeenChannel[];
  readonly modals: readonly {
    readonly id: string;
    readonly callbackId: string;
    readonly title: string;
    readonly blocks: readonly unknown[];
  }[];
}
export interface MacTruth {
  readonly admins: readonly string[];
  readonly adminLog: readonly { readonly at: string; readonly user: string; readonly admin: boolean }[];
  readonly countdown?: number;
}
export interface Acted {
  readonly ack: string;
  readonly errors?: Readonly<Record<string, string>>;
  readonly saw?: string;
  /** What a search offered. */
  readonly options?: readonly { readonly text: { readonly text: string }; readonly value: string }[];
}
/** One call that AWS's stand-in got, in milliseconds since 1970. */
export interface AwsCall {
  readonly at: number;
  readonly operation: string;
  readonly input: Readonly<Record<string, unknown>>;
  readonly outcome: string;
}

export interface Sight {
  slack(as: string): Promise<SeenState>;
  act(what: string, body: object): Promise<Acted>;
  mac(serial: string): Promise<MacTruth>;
  macAct(serial: string, what: string, body: object): Promise<{ readonly ok: boolean; readonly output: string }>;
  tags(serial: string): Promise<readonly string[]>;
  /** The organisation as it is, whatever AWS says of it. */
  aws(): Promise<Overview>;
  awsCalls(operation: string): Promise<readonly AwsCall[]>;
  /** The messages of one channel, or of all DMs, as that person sees them. */
  messages(as: string, channel: string): Promise<readonly SeenMessage[]>;
  dms(as: string): Promise<readonly SeenMessage[]>;
  text(path: string): Promise<string>;
}

/** Looks through the demo page's own address. */
export function createSight(base: string): Sight {
  const get = async <T>(path: string): Promise<T> =>
    (await (await fetch(base + path, { signal: AbortSignal.timeout(5000) })).json()) as T;
  const post = async <T>(path: string, body: object): Promise<T> => {
    const response = await fetch(base + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(20_000),
    });
    const answer = (await response.json()) as T & { readonly error?: string; readonly message?: string };
    if (!response.ok && answer.error) throw new Error(`${path}: ${answer.error} ${answer.message ?? ''}`);
    return answer;
  };
  const slack = (as: string) => get<SeenState>(`/slack/sim/state?as=${as}`);
  return {
    slack,
    act: (what, body) => post<Acted>(`/slack/sim/act/${what}`, body),
    mac: (serial) => get<MacTruth>(`/mac/${serial}/truth`),
    macAct: (serial, what, body) => post(`/mac/${serial}/act/${what}`, body),
    tags: async (serial) => {
      const truth = await get<{ devices: readonly { serial: string; tags: readonly string[] }[] }>('/mdm/sim/truth');
      return truth.devices.find((device) => device.serial === serial)?.tags ?? [];
    },
    aws: () => get<Overview>('/aws/sim/overview'),
    awsCalls: async (operation) =>
      (await get<{ calls: readonly AwsCall[] }>('/aws/sim/truth')).calls.filter((call) => call.operation === operation),
    messages: async (as, channel) => (await slack(as)).channels.find((c) => c.id === channel)?.messages ?? [],
    dms: async (as) => (await slack(as)).channels.filter((c) => c.kind === 'im').flatMap((c) => c.messages),
    text: async (path) => (await fetch(path.startsWith('http') ? path : base + path)).text(),
  };
}
