/**
 * Places among the writes that AWS has taken and not finished. Each create and delete of this process holds one, from before it
 * leaves until it is known to be over.
 *
 * When a window ends its delete must find a place, and a create gives its own back only when AWS is done with it. So no create takes
 * a place that an end will need meanwhile: the store knows when windows end, and how long AWS takes is seen here. A third is kept for
 * the ends that nobody foresees. Where there are more of those than places, a delete leaves all the same after a moment.
 *
 * AWS: 15 outstanding writes for the whole organisation, not raisable ("IAM Identity Center quotas").
 */
import { StintError } from '../../../contract/errors.js';
import { waitAWhile } from './lanes.js';
import { createLine, once, type Release } from './line.js';
import type { Rank, Time } from './types.js';

export const OUTSTANDING_WRITES = 15;

export interface Slots {
  /** Resolves when this create may become outstanding. Rejects with the signal's reason. */
  forGrant(signal?: AbortSignal): Promise<Release>;
  /** The same for a delete, which goes before all creates, and without a place after so long, in ms: AWS itself says then whether it is too much. */
  forRevoke(patienceMs: number, signal: AbortSignal): Promise<Release>;
}

/** The places of one worker. */
interface Share {
  readonly all: number;
  readonly forGrants: number;
}

interface SlotsDeps {
  readonly time: Time;
  /** Among how many the organisation's 15 are shared; others have no writes. */
  readonly workers: number;
  /** When windows end, of whichever process, before that instant and with no delete begun yet; all in ms since 1970. */
  readonly ends: (before: number) => Promise<readonly number[]>;
}

/** What ends soon is asked for this often, in ms, while a grant waits. */
const ASK_EVERY_MS = 1_000;

interface Held {
  readonly rank: Rank;
  /** On the steady clock. */
  readonly from: number;
}

/** Among how many the organisation's 15 are shared. Throws `bad-config` when that leaves none for grants. */
export function shareOf(workers: number): Share {
  const all = Math.floor(OUTSTANDING_WRITES / workers);
  const forGrants = all - Math.ceil(all / 3);
  if (!Number.isInteger(workers) || workers < 1 || forGrants < 1) {
    throw new StintError('bad-config', `STINT_AWS_WORKERS is ${workers}: it must be a whole number from 1 to 7.`);
  }
  return { all, forGrants };
}

/** Throws `bad-config` as `shareOf` does. */
export function createSlots({ time, workers, ends }: SlotsDeps): Slots {
  const { all, forGrants } = shareOf(workers);
  const line = createLine();
  const lengths = createLengths();
  const held = new Set<Held>();
  let near: { readonly ends: readonly number[]; readonly askedAt: number } = { ends: [], askedAt: Number.NEGATIVE_INFINITY };

  /** Whether every end that is near finds its place though one more create takes one. Other workers see to their part of the ends. */
  const leavesRoom = (): boolean => {
    const [now, lengthMs] = [time.now(), lengths.usual()];
    const leftMs = [...held].map(({ from }) => from + lengthMs - time.steady());
    // What takes longer than usual may go on for as long as anybody can see.
    const stillHeld = (inMs: number) => leftMs.filter((left) => left > inMs || left <= 0).length;
    const inMs = near.ends.map((at) => at - now).filter((ms) => ms < lengthMs);
    return inMs.every((ms, n) => stillHeld(ms) + 1 + Math.ceil((n + 1) / workers) <= all);
  };
  const may = (rank: Rank): boolean => {
    if (held.size >= all || rank === 'revoke') return held.size < all;
    const isKnown = time.steady() - near.askedAt <= 2 * ASK_EVERY_MS;
    return isKnown && [...held].filter((one) => one.rank === 'grant').length < forGrants && leavesRoom();
  };
  const settle = (): void => {
    let admitted = line.admit(may);
    while (admitted) admitted = line.admit(may);
  };
  let attending = false;
  const attendGrants = async (): Promise<void> => {
    if (attending) return;
    attending = true;
    while (line.size('grant') > 0) {
      // What the store said last is gone by where it is silent: a create is noted there before it leaves, anyway.
      const last = (): readonly number[] => near.ends;
      const asked = ends(time.now() + lengths.usual() + ASK_EVERY_MS).catch(last);
      const said = await Promise.race([asked, time.sleep(ASK_EVERY_MS).then(last)]);
      near = { ends: [...said].sort((a, b) => a - b), askedAt: time.steady() };
      settle();
      if (line.size('grant') > 0) await time.sleep(ASK_EVERY_MS);
    }
    // With nothing to wait for since the last look at the line: whoever comes now is attended anew.
    attending = false;
  };
  const hold = (rank: Rank): Release => {
    const mine: Held = { rank, from: time.steady() };
    held.add(mine);
    return once(() => {
      held.delete(mine);
      lengths.add(time.steady() - mine.from);
      settle();
    });
  };
  /** Of whoever lines up, the place is theirs from the moment in which they are admitted. */
  const lineUp = async (rank: Rank, signal?: AbortSignal): Promise<Release> => {
    let release: Release | undefined;
    const turn = line.wait(rank, signal, () => {
      release = hold(rank);
    });
    settle();
    void attendGrants();
    await turn;
    return release ?? hold(rank);
  };
  return {
    forGrant: (signal) => lineUp('grant', signal),
    // What leaves without a place is outstanding as well, and no create must take it for room.
    forRevoke: async (patienceMs, signal) =>
      (await waitAWhile(time, patienceMs, signal, (until) => lineUp('revoke', until))) ?? hold('revoke'),
  };
}

/** So many of the last writes tell how long one holds its place. */
const LENGTHS = 20;
/** Before any was seen, and at most, in ms. AWS takes "seconds to minutes". */
const FIRST_LENGTH_MS = 5_000;
const LENGTH_MAX_MS = 60_000;

interface Lengths {
  add(ms: number): void;
  /** How long a write holds its place, in ms; three of four are shorter. */
  usual(): number;
}

function createLengths(): Lengths {
  let last: number[] = [];
  return {
    add: (ms) => {
      last = [...last, ms].slice(-LENGTHS);
    },
    usual: () => {
      const sorted = last.toSorted((a, b) => a - b);
      return Math.min(LENGTH_MAX_MS, sorted[Math.floor(sorted.length * 0.75)] ?? FIRST_LENGTH_MS);
    },
  };
}
