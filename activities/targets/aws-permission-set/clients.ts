/** The three clients of the AWS SDK, each within its share of the quota. Makes no call by itself. */
import { IdentitystoreClient } from '@aws-sdk/client-identitystore';
import { OrganizationsClient } from '@aws-sdk/client-organizations';
import { SSOAdminClient } from '@aws-sdk/client-sso-admin';
import { type Budget, CALLS_PER_SECOND, createBudget } from './budget.js';
import type { How } from './calls.js';
import { type AwsSettings, createSender, sdkOptions } from './client.js';
import type { Time } from './types.js';

/** Calls a second. AWS names no figure for all calls of Organizations, and throttles them below Identity Center's. */
const PER_SECOND = { sso: CALLS_PER_SECOND, users: CALLS_PER_SECOND, organizations: 5 };

interface Clients {
  readonly sso: SSOAdminClient;
  readonly users: IdentitystoreClient;
  readonly organizations: OrganizationsClient;
}
export type ClientName = keyof Clients;

type Run<Name extends ClientName, T> = (client: Clients[Name], options: { readonly abortSignal: AbortSignal }) => Promise<T>;

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

export function createSdk({ settings, time, processes, perSecond = {} }: SdkDeps): Sdk {
  const sender = createSender(time);
  const clients: Clients = {
    sso: new SSOAdminClient(sdkOptions(settings)),
    users: new IdentitystoreClient(sdkOptions(settings)),
    organizations: new OrganizationsClient(sdkOptions(settings)),
  };
  const last = { step: 'deserialize', priority: 'low', name: 'lastLook' } as const;
  clients.sso.middlewareStack.add((next) => sender.lastLook(next), last);
  clients.users.middlewareStack.add((next) => sender.lastLook(next), last);
  clients.organizations.middlewareStack.add((next) => sender.lastLook(next), last);
  const budget = (name: ClientName): Budget => createBudget(time, (perSecond[name] ?? PER_SECOND[name]) / processes);
  const budgets = { sso: budget('sso'), users: budget('users'), organizations: budget('organizations') };
  return {
    skewMs: sender.skewMs,
    ask: (name, how, what, run) =>
      sender.send({
        how,
        what,
        budget: budgets[name],
        prepare: () => ready(clients[name].config),
        run: (options) => run(clients[name], options),
      }),
    callerAccount: async () => (await clients.sso.config.credentials()).accountId,
    close: () => {
      for (const client of Object.values(clients)) client.destroy();
    },
  };
}

/** Region and credentials, which the SDK may have to fetch, are there. */
async function ready(config: {
  readonly region: () => Promise<unknown>;
  readonly credentials: () => Promise<unknown>;
}): Promise<void> {
  await Promise.all([config.region(), config.credentials()]);
}
