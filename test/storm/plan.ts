/**
 * What is going to be tried, from the seed alone: each person's stories, and what fate does and when. Pure, so the same
 * seed is the same plan; how it then meets the running product is the storm's own business.
 */
import { WINDOWS_MS } from './law.js';
import { type Random, random } from './random.js';

/** How the people of one elevation decide it. */
export type Decision = 'approve' | 'deny' | 'withdraw' | 'ignore' | 'approve-and-deny' | 'approve-and-withdraw';
/** How it is ended, once it is there. */
export type Ending = 'window' | 'revoke' | 'end-in-slack' | 'end-on-mac' | 'extend' | 'extend-denied';

/** One elevation as people mean it to go. */
export interface Story {
  readonly via: 'slack' | 'mac';
  readonly windowMs: number;
  /** What the approver chooses. */
  readonly approvedMs: number;
  readonly decision: Decision;
  /** Which of the approvers, by index. */
  readonly by: number;
  /** Somebody without a say, and the requester, press Approve first. */
  readonly meddling: boolean;
  /** The approver presses twice, at once. */
  readonly twice: boolean;
  readonly ending: Ending;
  /** After the start, in milliseconds. */
  readonly endAfterMs: number;
  /** Buttons of the finished card are pressed by somebody who still has it on screen. */
  readonly oldButtons: boolean;
  readonly pauseMs: number;
}

/** The stories of one person, without end. */
export function stories(seed: number, personId: string): () => Story {
  const r = random(seed, `stories/${personId}`);
  return () => ({
    via: r.chance(0.12) ? 'mac' : 'slack',
    windowMs: r.pick(WINDOWS_MS),
    approvedMs: r.pick(WINDOWS_MS),
    decision: r.weighted<Decision>({
      approve: 74,
      deny: 5,
      withdraw: 4,
      ignore: 3,
      'approve-and-deny': 7,
      'approve-and-withdraw': 7,
    }),
    by: r.int(0, 2),
    meddling: r.chance(0.3),
    twice: r.chance(0.4),
    ending: r.weighted<Ending>({ window: 40, revoke: 18, 'end-in-slack': 12, 'end-on-mac': 10, extend: 14, 'extend-denied': 6 }),
    endAfterMs: r.int(0, 7000),
    oldButtons: r.chance(0.4),
    pauseMs: r.int(0, 3000),
  });
}

/** Whether a story that is asked for in Slack is about AWS, and about which account and set, as a share of all there are. */
export interface Wish {
  readonly aws: boolean;
  readonly pair: number;
}

/** The wishes of one person, one for each story. Drawn apart from the stories: those stay what they are without AWS. */
export function wishes(seed: number, personId: string): () => Wish {
  const r = random(seed, `wishes/${personId}`);
  return () => ({ aws: r.chance(0.4), pair: r.next() });
}

/** How access is asked for: as ever, at once by break-glass, or for a time that lies ahead. */
export interface Way {
  readonly how: 'now' | 'glass' | 'later';
  /** What is taken by break-glass: not always what a rule allows. */
  readonly glass: { readonly windowMs: number; readonly incident: string; readonly drill: boolean };
  /** Who closes its review: nobody, somebody else, or somebody else after the person has tried to. */
  readonly review: 'nobody' | 'other' | 'own-first';
  /** How far ahead the start lies, in milliseconds. */
  readonly aheadMs: number;
  /** How what was approved for later is taken back before it begins. */
  readonly calledOff: 'not' | 'withdraw' | 'revoke';
}

/** The ways of one person, one for each story; a story that is told on the Mac goes as ever. Drawn apart, as wishes are. */
export function ways(seed: number, personId: string): () => Way {
  const r = random(seed, `ways/${personId}`);
  return () => ({
    how: r.weighted<Way['how']>({ now: 58, glass: 26, later: 16 }),
    glass: {
      windowMs: Number(r.weighted({ 10000: 12, 15000: 5, 20000: 1 })),
      incident: r.chance(0.92) ? `INC-${r.int(1, 999)}` : 'a-hunch',
      drill: r.chance(0.12),
    },
    review: r.weighted<Way['review']>({ nobody: 25, other: 45, 'own-first': 30 }),
    aheadMs: r.int(10_000, 25_000),
    calledOff: r.weighted<Way['calledOff']>({ not: 70, withdraw: 15, revoke: 15 }),
  });
}

/** One SIGKILL of a server process. */
export interface Kill {
  /** After it was healthy again from its last, in milliseconds. */
  readonly lifeMs: number;
  /** How long it stays down. */
  readonly downMs: number;
}

/** Kills of one process without end. */
export function kills(seed: number, victim: string): () => Kill {
  const r = random(seed, `kills/${victim}`);
  return () => ({ lifeMs: r.int(50, 3500), downMs: r.chance(0.1) ? r.int(2000, 6000) : r.int(0, 900) });
}

/**
 * The weather of kills: gusts, in which each process is killed as soon as it lives again, and lulls, in which elevations get
 * somewhere; `fury`: how many times as long as usual gusts last. Without lulls nothing would: a workflow task that was under way waits ten seconds for its worker.
 */
export function weather(seed: number, fury = 1): () => { readonly gustMs: number; readonly lullMs: number } {
  const r = random(seed, 'weather');
  return () => ({ gustMs: fury * r.int(4000, 16_000), lullMs: r.chance(0.2) ? r.int(3000, 10_000) : r.int(15_000, 28_000) });
}

export const FAULTS = {
  'slack-delay': 6,
  'slack-429': 5,
  'slack-500': 4,
  'slack-500-after': 5,
  'slack-drop-before': 4,
  'slack-drop-after': 7,
  'slack-hang': 3,
  'slack-html': 2,
  'slack-html-after': 3,
  'slack-down': 4,
  'slack-click-twice': 6,
  'slack-click-no-ack': 5,
  'slack-click-late': 5,
  'slack-click-lost': 3,
  'slack-socket-cut': 4,
  'slack-socket-warning': 2,
  'slack-card-deleted': 2,
  'mdm-latency': 4,
  'mdm-429': 3,
  'mdm-500': 4,
  'mdm-drop-before': 3,
  'mdm-drop-after': 5,
  'mdm-lie': 3,
  'mdm-down': 3,
  'mdm-tag-delay': 4,
  'mac-offline': 6,
  'mac-slow': 3,
  'mac-reply-lost': 7,
  'mac-call-twice': 3,
  'mac-clock': 6,
  'mac-sleep': 5,
  'mac-reboot': 3,
  'mac-agent-killed': 8,
  'mac-directory-refuses': 3,
  'temporal-cancel': 3,
  'temporal-reset-first': 3,
  'temporal-reset-last': 2,
  'temporal-terminate': 2,
  'policy-reload': 5,
  leaver: 8,
  'aws-drop-before': 4,
  'aws-drop-after': 7,
  'aws-late-reply': 3,
  'aws-500': 4,
  'aws-500-after': 5,
  'aws-throttle': 4,
  'aws-conflict': 3,
  'aws-fail-change': 3,
  'aws-expired': 2,
  'aws-down': 2,
  'aws-slow': 3,
  'aws-slow-work': 3,
  'aws-lists-late': 5,
  'aws-other-hands': 5,
  'aws-user-deleted': 1,
} as const;
export type FaultKind = keyof typeof FAULTS;

/** Every fault of AWS; without AWS there is none of them, and the plan is what it was before there was AWS. */
export const AWS_FAULTS = (Object.keys(FAULTS) as FaultKind[]).filter((kind) => kind.startsWith('aws-'));
/** In the notebook: what struck AWS, and no one target. */
export const AWS_ANYWHERE = 'aws';

/** One thing that goes wrong. */
export interface PlannedFault {
  readonly kind: FaultKind;
  readonly afterMs: number;
  /** Which Mac, method or run, as a share of all there are. */
  readonly whom: number;
  readonly ms: number;
  readonly times: number;
}

/** Faults without end. */
export function faults(seed: number, without: readonly FaultKind[] = []): () => PlannedFault {
  const r: Random = random(seed, 'faults');
  const weights = Object.fromEntries(Object.entries(FAULTS).filter(([kind]) => !without.includes(kind as FaultKind)));
  return () => ({
    kind: r.weighted(weights) as FaultKind,
    afterMs: r.int(200, 2200),
    whom: r.next(),
    ms: r.int(300, 6000),
    times: r.int(1, 4),
  });
}
