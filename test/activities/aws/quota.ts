/**
 * The driver with the SDK's commands against the stand-in's own judgement, in virtual time: a minute of load takes a second, and
 * what the stand-in counts (calls, changes in progress) is what it counts over HTTP.
 */

import { type Budget, CALLS_PER_SECOND, createBudget } from '../../../activities/targets/aws-permission-set/budget.js';
import type { AssignmentCalls } from '../../../activities/targets/aws-permission-set/calls.js';
import type { Sdk } from '../../../activities/targets/aws-permission-set/clients.js';
import { type AwsDriver, createAwsDriver } from '../../../activities/targets/aws-permission-set/driver.js';
import { awsError, classOfError } from '../../../activities/targets/aws-permission-set/errors.js';
import { createAssignmentCalls } from '../../../activities/targets/aws-permission-set/sdk.js';
import { StintError } from '../../../contract/errors.js';
import type { Context } from '../../../sim/identity-center/api/context.js';
import { ssoAdminOperations } from '../../../sim/identity-center/api/sso-admin.js';
import { type Changes, createChanges } from '../../../sim/identity-center/changes.js';
import { AwsError } from '../../../sim/identity-center/errors.js';
import { type OrganizationSeed, type Settings, seeded } from '../../../sim/identity-center/index.js';
import { createJournal } from '../../../sim/identity-center/journal.js';
import { createLimits, type Limits } from '../../../sim/identity-center/limits.js';
import { createPager } from '../../../sim/identity-center/paging.js';
import { DEFAULTS } from '../../../sim/identity-center/types.js';
import { createWorld } from '../../../sim/identity-center/world.js';
import { type MarksDouble, memoryMarks } from './marks.js';
import type { VirtualTime } from './time.js';

/** A call that AWS refused because it was too much. */
export interface Refused {
  readonly at: number;
  readonly operation: string;
  readonly why: string;
  /** Changes in progress at that moment. */
  readonly outstanding: number;
}

export interface QuotaScene {
  readonly driver: AwsDriver;
  readonly calls: AssignmentCalls;
  readonly marks: MarksDouble;
  readonly changes: Changes;
  readonly limits: Limits;
  readonly refused: readonly Refused[];
}

/** One process that has the whole quota, over an organisation that behaves as `over` says. */
export function quotaScene(time: VirtualTime, seed: OrganizationSeed, over: Partial<Settings>): QuotaScene {
  const settings: Settings = { ...DEFAULTS, ...over };
  const random = seeded(1);
  const clock = time.now;
  const world = createWorld(seed);
  const changes = createChanges({ world, settings, clock, random, journal: createJournal(undefined) });
  const limits = createLimits(settings, clock);
  const pager = createPager(settings, random, () => new AwsError('ValidationException', 'a token'));
  const context: Context = { world, settings, changes, clock, pager, organizationsPager: pager };
  const refused: Refused[] = [];
  const answer = (operation: string, input: unknown): Record<string, unknown> => {
    changes.settle();
    try {
      const tooMuch = limits.take('ssoAdmin');
      if (tooMuch) throw tooMuch;
      return ssoAdminOperations[operation]?.(context, JSON.parse(JSON.stringify(input))) ?? {};
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      const outstanding = changes.all().filter((one) => changes.statusOf(one) === 'IN_PROGRESS').length;
      if (error.code === 'ThrottlingException') refused.push({ at: clock(), operation, why: error.message, outstanding });
      throw Object.assign(new Error(error.message), { name: error.code });
    }
  };
  const budget = createBudget(time, CALLS_PER_SECOND);
  const marks = memoryMarks();
  const calls = createAssignmentCalls(sdkOver(time, budget, answer), async () => seed.identityStoreId);
  const driver = createAwsDriver({ calls, marks, time, workers: 1 });
  return { driver, calls, marks, changes, limits, refused };
}

/** The SDK's clients, whose commands are answered after a moment on the wire. */
function sdkOver(time: VirtualTime, budget: Budget, answer: (operation: string, input: unknown) => unknown): Sdk {
  const wire = (signal?: AbortSignal) => time.sleep(5 + time.random() * 40, signal);
  const client = {
    async send(command: { readonly input: unknown }) {
      await wire();
      const result = answer(command.constructor.name.replace(/Command$/, ''), command.input);
      await wire();
      return withDates(result);
    },
  };
  return {
    skewMs: () => 0,
    callerAccount: async () => undefined,
    close: () => undefined,
    async ask(_name, how, what, run) {
      await budget.take(how.rank, how.signal);
      how.signal?.throwIfAborted();
      if (how.sendBefore !== undefined && time.now() >= how.sendBefore) throw new StintError('too-late');
      try {
        return await run(client as never, { abortSignal: how.signal ?? new AbortController().signal });
      } catch (error) {
        const told = awsError(error, what);
        if (classOfError(told) === 'throttled') budget.throttled();
        throw told;
      }
    },
  };
}

/** Instants, which the JSON protocol writes as seconds, as the SDK's own objects. */
function withDates(result: unknown): unknown {
  return JSON.parse(JSON.stringify(result), (key, value) => (key === 'CreatedDate' ? new Date(value * 1000) : value));
}
