/** The judge of timelines, on short ones made by hand: what AWS can't tell apart is allowed, and the fault next to it is found. */
import { expect, test } from 'vitest';
import type { Elevation, Scene } from './elevations.js';
import { targetOf } from './rig.js';
import { faultsOf } from './timeline.js';
import { type Accepted, idOf, type Landed } from './world.js';

const [ID, TARGET] = [idOf(1), targetOf()];
const { key } = TARGET;
const LOOK = 1_000;
const REMOVED = 'we removed what another writer had given';

interface Told {
  /** When another writer's call of AWS began a create, and when it came into force. */
  readonly theirCreate: readonly [begunAt: number, dueAt: number];
  /** When another writer gave it at once. */
  readonly added: number;
  readonly looks?: readonly number[];
  /** When a process died, or the store did not answer. */
  readonly falls: readonly number[];
}

/** An elevation whose one create AWS refused, and which all the same takes away what is there at 60,000. */
function removing({ theirCreate: [begunAt, dueAt], added, looks = [LOOK], falls }: Told): Scene {
  const elevation: Elevation = { id: ID, target: TARGET, approvedAt: 0, approvedMs: 0, refusedAt: 50_000, goneAt: 61_000 };
  const accepted: Accepted[] = [
    { kind: 'create', target: TARGET, by: 'foreign', at: begunAt, dueAt },
    { kind: 'delete', target: TARGET, by: 'call', at: 55_000, dueAt: 60_000 },
  ];
  const landed: Landed[] = [
    { kind: 'create', key, by: 'foreign', askedAt: begunAt, at: dueAt, was: false },
    { kind: 'create', key, by: 'foreign', askedAt: added, at: added, was: false },
    { kind: 'delete', key, by: 'call', askedAt: 55_000, at: 60_000, was: true },
  ];
  const sent = [{ kind: 'create', key, at: LOOK + 10, overAt: LOOK + 50, refused: true }] as const;
  const notes = looks.map((at) => ({ id: ID, at, before: 'absent' }) as const);
  const world = { accepted, landed: landed.sort((a, b) => a.at - b.at), sent, troubles: [] };
  return { world, elevations: [elevation], notes, falls } as unknown as Scene;
}

const DIED = [LOOK + 50];
const faults = (told: Told) => faultsOf(removing(told), [TARGET], 0).map(({ what }) => what);

test('a create of another writer where ours got no answer passes for ours, and what is added to it goes with it', () => {
  expect(faults({ theirCreate: [10_000, 40_000], added: 30_000, falls: DIED })).toEqual([]);
});

test.each<[string, Told]>([
  ['AWS was heard to refuse ours', { theirCreate: [10_000, 40_000], added: 30_000, falls: [] }],
  ['theirs began when ours could not come any more', { theirCreate: [25_000, 40_000], added: 30_000, falls: DIED }],
  [
    'a new look came after theirs had begun',
    { theirCreate: [10_000, 20_000], added: 45_000, looks: [LOOK, 15_000], falls: DIED },
  ],
])('what another writer gave is not ours to remove: %s', (_why, told) => {
  expect(faults(told)).toEqual([REMOVED]);
});

test('given at once, with no create in the list of AWS, it is not ours to remove after the doubt is over', () => {
  const scene = removing({ theirCreate: [10_000, 40_000], added: 30_000, falls: DIED });
  const { world } = scene;
  const listed = {
    ...scene,
    world: { ...world, accepted: world.accepted.slice(1), landed: world.landed.filter(({ at }) => at !== 40_000) },
  };
  expect(faultsOf(listed, [TARGET], 0)).toMatchObject([{ at: 60_000, what: REMOVED }]);
});
