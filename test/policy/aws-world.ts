/** The facts of AWS over the stand-in of Identity Center, a memory for bindings, and people of the example organisation. */
import { expect } from 'vitest';
import { createAws } from '../../activities/targets/aws-permission-set/aws.js';
import { createAwsFacts } from '../../activities/targets/aws-permission-set/facts.js';
import { StintError } from '../../contract/errors.js';
import type { Instant } from '../../contract/ids.js';
import type { Binding, Bindings, Grant, Person, TargetFacts } from '../../contract/ports.js';
import type { AwsPermissionSetTarget } from '../../contract/request.js';
import { directoryFrom } from '../../policy/people.js';
import { EXAMPLE } from '../../sim/identity-center/index.js';
import { memoryMarks } from '../activities/aws/marks.js';
import { type RigOptions, startRig } from '../activities/aws/rig.js';
import { person } from './world.js';

export const ADMIN_KEY = `aws/${EXAMPLE.production}/ps-1111aaaa2222bbbb`;
export const READER_KEY = `aws/${EXAMPLE.sandbox}/ps-3333cccc4444dddd`;

export const GRACE = person('grace', { email: 'grace@example.com', macs: [] });
export const LINUS = person('linus', { email: 'linus@example.com', groups: ['staff', 'platform'], macs: [] });
/** Two users of Identity Center have this address. */
export const ADA = person('ada', { email: 'ada@example.com' });

export function memoryBindings(): Bindings & { readonly rows: Binding[] } {
  const rows: Binding[] = [];
  const of = (personId: string, kind: string) => rows.find((row) => row.personId === personId && row.kind === kind)?.farId;
  return {
    rows,
    get: async (personId, kind) => of(personId, kind),
    holder: async (kind, farId) => rows.find((row) => row.kind === kind && row.farId === farId)?.personId,
    bind: async (personId, kind, farId, at) => {
      if (of(personId, kind) === undefined) {
        if (rows.some((row) => row.kind === kind && row.farId === farId)) throw new StintError('state-conflict');
        rows.push({ personId, kind, farId, at });
      }
      return of(personId, kind) ?? farId;
    },
    unbind: async (personId, kind) => {
      const at = rows.findIndex((row) => row.personId === personId && row.kind === kind);
      return at < 0 ? undefined : rows.splice(at, 1)[0]?.farId;
    },
    all: async () => rows,
  };
}

export interface AwsWorld {
  readonly rig: Awaited<ReturnType<typeof startRig>>;
  readonly aws: ReturnType<typeof createAws>;
  readonly facts: TargetFacts<AwsPermissionSetTarget>;
  readonly bindings: ReturnType<typeof memoryBindings>;
  /** The people file. */
  people: readonly Person[];
  /** What whoever reads the people file meets. */
  unreadable: StintError | undefined;
  /** What the store's fence has live. */
  live: Grant | undefined;
  /** What the clock says. */
  now: number;
  close(): Promise<void>;
}

/** Loaded, unless told not to. */
export async function awsWorld(options: RigOptions & { readonly cold?: boolean } = {}): Promise<AwsWorld> {
  const rig = await startRig({
    ...options,
    settings: { callsPerSecond: { ssoAdmin: 100, identityStore: 100, organizations: 1000 }, ...options.settings },
  });
  const aws = createAws({
    settings: { region: options.region ?? 'us-east-1', endpoint: rig.aws.url },
    processes: 1,
    perSecond: { organizations: 500 },
    marks: memoryMarks(),
  });
  const bindings = memoryBindings();
  const world: AwsWorld = {
    rig,
    aws,
    bindings,
    people: [],
    unreadable: undefined,
    live: undefined,
    now: Date.now(),
    facts: createAwsFacts({
      catalogue: aws.catalogue,
      identity: aws.identity,
      bindings,
      directory: {
        personByAwsUser: async (id) => {
          if (world.unreadable) throw world.unreadable;
          return directoryFrom(world.people).personByAwsUser(id);
        },
      },
      held: aws.held,
      fence: { live: async () => world.live },
      now: () => world.now,
    }),
    close: async () => {
      aws.close();
      await rig.close();
    },
  };
  if (options.cold) return world;
  await aws.catalogue.loaded();
  await expect.poll(() => aws.catalogue.state().untagged ?? 0, { timeout: 10_000 }).toBe(0);
  return world;
}

/** Somebody, as the store has it. */
export const bound = (who: Person, farId: string): Binding => ({
  personId: who.personId,
  kind: 'aws-permission-set',
  farId,
  at: '2026-03-02T09:00:00.000Z' as Instant,
});
