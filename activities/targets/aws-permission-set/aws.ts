/**
 * All of AWS for one process: the driver, the catalogue and who is who, over one set of clients and one budget. Two of these
 * in a process would each believe to have the whole share.
 */
import type { AssignmentCalls } from './calls.js';
import { type Catalogue, createCatalogue } from './catalogue.js';
import type { AwsSettings } from './client.js';
import { createSdk, type SdkDeps } from './clients.js';
import { type AwsDriver, createAwsDriver } from './driver.js';
import { createHeldLook, type HeldLook } from './held.js';
import { createIdentity, type Identity } from './identity.js';
import { createOrganisation } from './organisation.js';
import { createUserCalls } from './people.js';
import { createAssignmentCalls } from './sdk.js';
import { systemTime } from './time.js';
import type { Marks, Time } from './types.js';
import { createUsers } from './users.js';

export interface AwsDeps {
  readonly settings: AwsSettings;
  /** Where the organisation's own instance is not meant. */
  readonly instanceArn?: string;
  /** Among how many processes the organisation's calls a second are shared; 1 to 7. */
  readonly processes: number;
  /** How many of them are workers, who alone write: the outstanding writes are shared among these. All of them by default. */
  readonly workers?: number;
  readonly perSecond?: SdkDeps['perSecond'];
  readonly marks: Marks;
  readonly time?: Time;
}

export interface Aws {
  readonly driver: AwsDriver;
  readonly catalogue: Catalogue;
  readonly identity: Identity;
  /** What somebody has already, for who asks. */
  readonly held: HeldLook;
  /** For who walks pairs in the background. */
  readonly calls: AssignmentCalls;
  /** Begins to read what there is and who, in the background; `hear` is told what can't be read, once while it lasts. */
  start(hear: (sentence: string) => void): void;
  close(): void;
}

/** Makes no call until asked or started. */
export function createAws(deps: AwsDeps): Aws {
  const { settings, instanceArn, processes, workers = processes, perSecond = {}, marks, time = systemTime } = deps;
  const sdk = createSdk({ settings, time, processes, perSecond });
  const organisation = createOrganisation(sdk);
  const catalogue = createCatalogue({ organisation, time, ...(instanceArn ? { instanceArn } : {}) });
  const identityStoreId = async (): Promise<string> => (await catalogue.loaded()).instance.identityStoreId;
  const userCalls = createUserCalls(sdk, identityStoreId);
  const users = createUsers({ calls: userCalls, time });
  const calls = createAssignmentCalls(sdk, identityStoreId);
  const driver = createAwsDriver({ calls, marks, time, workers });
  return {
    driver,
    catalogue,
    calls,
    identity: createIdentity(userCalls, users),
    held: createHeldLook(sdk, identityStoreId),
    start: (hear) => {
      catalogue.start(hear);
      users.start(hear);
    },
    close: () => {
      driver.close();
      catalogue.close();
      users.close();
      sdk.close();
    },
  };
}
