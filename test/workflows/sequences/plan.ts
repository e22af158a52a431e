/** What a sequence is made of, as plain data that a person can read. Lengths are in minutes. */

/** Groups that decide; each sequence has its own. */
export const POOLS = ['a', 'b', 'c'] as const;
export type PoolName = (typeof POOLS)[number];

/** Who there is: who asks, whose the access is where that is somebody else, those who may decide, and one who is of no group until somebody puts them into one. */
export const VOTERS = ['v0', 'v1', 'v2', 'v3'] as const;
export const CAST = ['asker', 'holder', ...VOTERS, 'stranger'] as const;
export type Name = (typeof CAST)[number];

/** One stage. `later`: who joins while it waits, and whether that has begun before the first click, or never begins. */
export interface Stage {
  readonly groups: readonly PoolName[];
  readonly people: readonly Name[];
  readonly quorum: number;
  readonly later?: { readonly group: PoolName; readonly begun: boolean } | undefined;
}

export interface Rule {
  readonly stages: readonly Stage[];
  readonly windows: readonly number[];
  readonly max: number;
  readonly extend?: {
    readonly times?: number | undefined;
    readonly windows?: readonly number[] | undefined;
    readonly by?: Stage | undefined;
  };
  /** The policy itself approves five minutes, so many times a day. */
  readonly ownPerDay?: number | undefined;
  /** It may be asked for with a later start. */
  readonly starts: boolean;
  readonly glass?:
    | {
        readonly may: readonly Name[];
        readonly max: number;
        readonly review: readonly PoolName[];
        readonly named: readonly Name[];
      }
    | undefined;
  readonly limits?: { readonly live?: number; readonly perHour?: number; readonly coolDown?: number } | undefined;
}

export interface Setting {
  /** The first is in force when it is asked. */
  readonly rules: readonly [Rule, ...Rule[]];
  readonly groups: { readonly [N in Name]: readonly PoolName[] };
  /** What is asked for. */
  readonly minutes: number;
  readonly onBehalf: boolean;
  /** For now, for later, or at once by break-glass. */
  readonly how: 'now' | 'later' | 'glass';
  /** Of a break-glass: who tries to close its review. */
  readonly reviewer: Name;
  /** How it is brought to its end, once the acts are over. */
  readonly last: 'time' | 'person' | 'revoke';
}

/** `door`: clicked as in Slack, where the policy of now has a word first; otherwise as if that had let it through. */
export type Act =
  | {
      readonly do: 'approve' | 'ext-approve';
      readonly who: Name;
      readonly minutes: number;
      readonly door: boolean;
      readonly account: 0 | 1;
    }
  | { readonly do: 'deny' | 'ext-deny'; readonly who: Name }
  | { readonly do: 'revoke' | 'end' | 'withdraw'; readonly who: Name }
  | { readonly do: 'extend'; readonly who: Name; readonly minutes: number }
  | { readonly do: 'leave' | 'return'; readonly who: Name }
  | { readonly do: 'move'; readonly who: Name; readonly to: readonly PoolName[] }
  | { readonly do: 'reload'; readonly rule: number }
  | { readonly do: 'ask-more'; readonly minutes: number };

export interface Sequence {
  readonly setting: Setting;
  readonly acts: readonly Act[];
}
