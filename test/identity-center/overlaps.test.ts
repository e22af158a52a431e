/**
 * The judge is judged: random changes by calls, a sync and groups over a few (account, set, person), some answers lost,
 * held against a second, simpler account of who has access, kept only by what this test did and what came back.
 */
import { describe, expect, it } from 'vitest';
import { EXAMPLE, seeded } from '../../sim/identity-center/index.js';
import { seedOfThisTree } from '../seed.js';
import { rigOf } from './rig.js';

type Rig = Awaited<ReturnType<typeof rigOf>>;
interface Key {
  readonly accountId: string;
  readonly setArn: string;
  readonly userId: string;
}
/** At this instant, this assignment begins or ends. */
interface Event {
  readonly at: number;
  readonly key: Key;
  readonly what: 'create' | 'delete' | 'add' | 'remove';
}

const KEYS: readonly Key[] = [EXAMPLE.ada, EXAMPLE.grace].flatMap((userId) =>
  [EXAMPLE.production, EXAMPLE.sandbox].map((accountId) => ({ accountId, setArn: EXAMPLE.readOnly, userId })),
);
const STANDING = KEYS.filter((key) => key.userId === EXAMPLE.grace && key.accountId === EXAMPLE.sandbox);
const IN_PROGRESS: readonly [number, number] = [200, 3000];

describe('the record of access', () => {
  it.each([
    [1, 'pair'],
    [2, 'pair'],
    [3, 'none'],
    [seedOfThisTree(), 'none'],
  ] as const)('is what a second account of the same events comes to (seed %i, conflicts: %s)', async (seed, conflictScope) => {
    const free = Number.POSITIVE_INFINITY;
    const rig = await rigOf({
      conflictScope,
      inProgressMs: IN_PROGRESS,
      statusDelayMs: [0, 1000],
      listDelayMs: [0, 2000],
      callsPerSecond: { ssoAdmin: free, identityStore: free, organizations: free },
    });
    const events = await happen(rig, seeded(seed));
    expect(events.length).toBeGreaterThan(40);
    rig.pass(10_000);
    for (const key of KEYS) expect(rig.aws.truth.intervals(key)).toEqual(second(events, key));
    for (const accountId of [EXAMPLE.production, EXAMPLE.sandbox]) {
      const now = KEYS.filter((key) => key.accountId === accountId && rig.aws.truth.hasAccess(key)).map((key) => key.userId);
      const listed = (await rig.listed({ accountId, setArn: EXAMPLE.readOnly })).filter((id) => id !== EXAMPLE.operators);
      expect(listed.sort()).toEqual(now.sort());
    }
    if (conflictScope === 'pair') expect(overlapping(rig)).toEqual([]);
    const spans = rig.aws.truth.access();
    expect(new Set(spans).size).toBe(spans.length);
  });
});

/** Does 120 random things; gives what must come of them. */
async function happen(rig: Rig, random: () => number): Promise<Event[]> {
  const events: Event[] = [];
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)] as T;
  for (let n = 0; n < 120; n += 1) {
    rig.pass(Math.floor(random() * 900));
    const key = pick(KEYS);
    const what = pick(['create', 'delete', 'add', 'remove'] as const);
    if (what === 'add' || what === 'remove') {
      rig.aws.sync[what]({ ...key, principalType: 'USER', principalId: key.userId });
      events.push({ at: rig.now(), key, what });
      continue;
    }
    if (random() < 0.2) rig.aws.faults.add({ kind: random() < 0.5 ? 'drop-after' : '500-after', times: 1 });
    const before = rig.aws.truth.changes().length;
    await (what === 'create' ? rig.create(key) : rig.remove(key)).catch(() => undefined);
    const begun = rig.aws.truth.changes()[before];
    if (begun) events.push({ at: begun.dueAt, key, what });
  }
  return events;
}

/** Who had access when, told from the events alone. */
function second(events: readonly Event[], key: Key): { from: number; to: number }[] {
  const own = events.filter((one) => one.key === key).map((one, n) => ({ ...one, n }));
  own.sort((a, b) => a.at - b.at || a.n - b.n);
  const found: { from: number; to: number }[] = [];
  let since: number | undefined = STANDING.includes(key) ? 0 : undefined;
  for (const { at, what } of own) {
    const gives = what === 'create' || what === 'add';
    if (gives) since ??= at;
    else if (since !== undefined) {
      if (since < at) found.push({ from: since, to: at });
      since = undefined;
    }
  }
  if (since !== undefined) found.push({ from: since, to: Number.POSITIVE_INFINITY });
  return found;
}

/** Changes of one account and set that were in progress together: there must be none. */
function overlapping(rig: Rig): string[] {
  const changes = rig.aws.truth.changes();
  return changes.flatMap((one, n) =>
    changes
      .slice(n + 1)
      .filter((other) => other.wanted.accountId === one.wanted.accountId && other.createdAt < one.statusAt)
      .map((other) => `${one.requestId} ${other.requestId}`),
  );
}
