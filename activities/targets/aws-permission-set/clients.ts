/** The three clients of the AWS SDK, each within its share of the quota. Makes no call by itself. */
import { IdentitystoreClient } from '@aws-sdk/client-identitystore';
import { OrganizationsClient } from '@aws-sdk/client-organizations';
import { SSOAdminClient } from '@aws-sdk/client-sso-admin';
import { type Budget, CALLS_PER_SECOND, createBudget } from './budget.js';
import type { How } from './calls.js';
import { type AwsSettings, createSender, inTime, isWithoutCredentials, type Sender, sdkOptions } from './client.js';
import type { Time } from './types.js';

/** Calls a second. AWS names no figure for all calls of Organizations, and throttles them below Identity Center's. */
const PER_SECOND = { sso: CALLS_PER_SECOND, users: CALLS_PER_SECOND, organizations: 5 };

interface Clients {
  readonly sso: SSOAdminClient;
  readonly users: IdentitystoreClient;
  readonly organizations: OrganizationsClient;
}
export type ClientName = keyof Clients;

interface CallOptions {
  readonly abortSignal: AbortSignal;
}
type Run<Name extends ClientName, T> = (client: Clients[Name], options: CallOptions) => Promise<T>;

export interface Sdk {
  /** Calls one client, when the budget lets it; `what` names the thing in sentences. */
  ask<Name extends ClientName, T>(name: Name, how: How, what: string, run: Run<Name, T>): Promise<T>;
  /** How far AWS' clock is ahead of ours, in ms. */
  skewMs(): number;
  /** The account of the credentials, where their source tells it. */
  callerAccount(): Promise<string | undefined>;
  close(): void;
}

export interface SdkDeps {
  readonly settings: AwsSettings;
  readonly time: Time;
  /** Among how many processes the quota is shared. */
  readonly processes: number;
  /** Where AWS has raised a quota of the organisation, in calls a second. */
  readonly perSecond?: Partial<Record<ClientName, number>>;
}

/**
 * The SDK asks for credentials once, and lets everybody wait for that one answer. Where it does not come, clients are made
 * anew, but no oftener than this, in ms: a process that hangs goes on hanging.
 */
const RENEW_EVERY_MS = 5 * 60_000;

export function createSdk({ settings, time, processes, perSecond = {} }: SdkDeps): Sdk {
  const sender = createSender(time);
  const fresh = (): Clients => createClients(settings, sender);
  let clients = fresh();
  let renewedAt = Number.NEGATIVE_INFINITY;
  const renewing = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } catch (error) {
      if (isWithoutCredentials(error) && time.steady() - renewedAt >= RENEW_EVERY_MS) {
        renewedAt = time.steady();
        // The old ones are left alone: others of their calls may be on their way.
        clients = fresh();
      }
      throw error;
    }
  };
  const budget = (name: ClientName): Budget => createBudget(time, (perSecond[name] ?? PER_SECOND[name]) / processes);
  const budgets = { sso: budget('sso'), users: budget('users'), organizations: budget('organizations') };
  return {
    skewMs: sender.skewMs,
    ask: (name, how, what, run) => {
      const client = clients[name];
      const [prepare, call] = [() => ready(client.config), (options: CallOptions) => run(client, options)];
      return renewing(sender.send({ how, what, budget: budgets[name], prepare, run: call }));
    },
    callerAccount: async () => {
      const { accountId } = await renewing(inTime(time, clients.sso.config.credentials(), 'the account of its credentials'));
      return accountId;
    },
    close: () => {
      for (const client of Object.values(clients)) client.destroy();
    },
  };
}

function createClients(settings: AwsSettings, { lastLook }: Sender): Clients {
  const clients: Clients = {
    sso: new SSOAdminClient(sdkOptions(settings)),
    users: new IdentitystoreClient(sdkOptions(settings)),
    organizations: new OrganizationsClient(sdkOptions(settings)),
  };
  const last = { step: 'deserialize', priority: 'low', name: 'lastLook' } as const;
  clients.sso.middlewareStack.add((next) => lastLook(next), last);
  clients.users.middlewareStack.add((next) => lastLook(next), last);
  clients.organizations.middlewareStack.add((next) => lastLook(next), last);
  return clients;
}

/** Region and credentials, which the SDK may have to fetch, are there. */
async function ready(config: {
  readonly region: () => Promise<unknown>;
  readonly credentials: () => Promise<unknown>;
}): Promise<void> {
  await Promise.all([config.region(), config.credentials()]);
}
