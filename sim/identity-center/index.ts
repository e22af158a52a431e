/**
 * A stand-in of IAM Identity Center, the Identity Store and Organizations on one port, to which the unmodified AWS SDK
 * talks. It refuses, delays, fails and limits as AWS does, and keeps a record of who really had access, by which tests
 * judge. README.md beside this file says what it knows and where it guesses.
 */
import { createServer } from 'node:http';
import { close, EventStream, listen, parse, readBody } from '../edge.js';
import { createChanges } from './changes.js';
import { createControl } from './control.js';
import { AwsError, validation } from './errors.js';
import { createFaults, type Faults } from './faults.js';
import { createJournal } from './journal.js';
import { createLimits } from './limits.js';
import { overview } from './overview.js';
import { createPager } from './paging.js';
import { type Random, seeded } from './random.js';
import { answerAws, type Inside } from './server.js';
import { createSync, replay, type Sync } from './sync.js';
import { createTruth, type Truth } from './truth.js';
import { DEFAULTS, type OrganizationSeed, type Settings } from './types.js';
import { createWorld, type World } from './world.js';

export interface IdentityCenterOptions {
  readonly seed: OrganizationSeed;
  /** The system chooses a port when it is 0 or absent. */
  readonly port?: number;
  /** The region that signatures must be for. */
  readonly region?: string;
  readonly settings?: Partial<Settings>;
  /** Where it is kept what happened. A second start with the same file and seed goes on with the same truth; calls are forgotten. */
  readonly dataFile?: string;
  /** Milliseconds since 1970. Only the length of a latency runs in real time. */
  readonly clock?: () => number;
  /** Numbers from 0 up to 1; the same ones in every run when absent. */
  readonly random?: Random;
}

export interface IdentityCenterStandIn {
  /** `http://host:port`, the endpoint for all three clients. */
  readonly url: string;
  readonly region: string;
  readonly world: World;
  readonly faults: Faults;
  readonly truth: Truth;
  /** May be changed while it runs. */
  readonly settings: Settings;
  readonly sync: Sync;
  close(): Promise<void>;
}

/** Starts the stand-in on 127.0.0.1 and resolves once it listens. */
export async function startIdentityCenter(options: IdentityCenterOptions): Promise<IdentityCenterStandIn> {
  const { seed, clock = Date.now, random = seeded(1), region = 'us-east-1' } = options;
  const settings: Settings = { ...DEFAULTS, ...options.settings };
  const world = createWorld(seed);
  const journal = createJournal(options.dataFile);
  const changes = createChanges({ world, settings, clock, random, journal });
  replay({ world, changes, journal });
  const limits = createLimits(settings, clock);
  const truth = createTruth({ world, changes, limits, clock });
  const pager = createPager(settings, random, () => validation('The provided NextToken is invalid.'));
  const organizationsPager = createPager(settings, random, badOrganizationsToken);
  const context = { world, settings, changes, clock, pager, organizationsPager };
  const faults = createFaults(random);
  const events = new EventStream();
  const inside: Inside = { context, faults, limits, truth, random, region, emit: (name, data) => events.emit(name, data) };
  const sync = createSync({ world, changes, clock, journal });
  const control = createControl({
    faults,
    truth,
    settings,
    sync,
    events,
    overview: () => overview({ world, changes, limits, clock, region }),
  });
  const server = createServer((request, response) => {
    const answered = readBody(request).then((text) =>
      request.url?.startsWith('/sim/') ? control(request, parse(text), response) : answerAws(inside, request, text, response),
    );
    answered.catch(() => response.destroy());
  });
  const url = await listen(server, options.port ?? 0);
  return { url, region, world, faults, truth, settings, sync, close: () => close(server, events) };
}

const badOrganizationsToken = (): AwsError =>
  new AwsError('InvalidInputException', 'You provided an invalid pagination token.', 400, { Reason: 'INVALID_PAGINATION_TOKEN' });

export type { FaultKind } from './faults.js';
export { seeded } from './random.js';
export { bigOrganization, EXAMPLE, exampleOrganization } from './seeds.js';
export type { OrganizationSeed, Settings } from './types.js';
export { HARSH } from './types.js';
