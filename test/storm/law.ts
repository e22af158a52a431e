/**
 * The storm's policies, once as data that the judge goes by and once as the text that is applied. Windows are so short that many
 * elevations live through. `plain` is in force at first; fate applies `strict`, which asks two where one was enough.
 */

/** The windows, the cap and the deadlines of the policy, in milliseconds. */
export const WINDOWS_MS = [10_000, 15_000, 20_000] as const;
export const MAX_MS = 60_000;
const START_MS = 80_000;
const DEADLINES_MS = { pending: 75_000, start: START_MS, evidence: 20_000 } as const;

export type Group = 'it' | 'security';
export type Law = 'plain' | 'strict';

/** So many different people of a group; `later`: who joins them when a request has waited so long, in milliseconds. */
export interface Stage {
  readonly group: Group;
  readonly quorum: number;
  readonly later?: { readonly group: Group; readonly afterMs: number };
}

/** What whoever is on duty may take at once, in an incident. */
export interface Glass {
  readonly maxMs: number;
  /** Who closes its review. */
  readonly review: Group;
}

/** Who may break the glass, and what the id of an incident has to look like. */
export const DUTY = 'duty';
export const INCIDENT = '^INC-[0-9]+$';
/** How far ahead a start may lie, and how late after it access may still begin, in milliseconds. */
export const LATER = { aheadMs: 60_000, missedMs: 40_000 } as const;

export interface Terms {
  readonly id: string;
  readonly stages: readonly Stage[];
  /** Who decides an extension, where that is somebody else, and how often at most. */
  readonly extend?: { readonly times: number; readonly stage: Stage };
  /** Without it nobody may break the glass there. */
  readonly glass?: Glass;
  /** How many of one person there may be at once by this rule, whichever way they came to be. */
  readonly live?: number;
}

interface Rule extends Terms {
  readonly kind: 'mac-admin' | 'aws-permission-set';
  readonly match: object;
  readonly tier?: number;
}

const one = (group: Group): Stage => ({ group, quorum: 1 });
const two = (group: Group): Stage => ({ group, quorum: 2 });

/** In the order of the file: the first that covers a target decides about it. Of Macs some have a rule of their own, by the last digit. */
const rulesOf = (law: Law): readonly Rule[] => {
  const usual = { stages: [law === 'plain' ? one('it') : two('it')] };
  const glass = (review: Group): { readonly glass: Glass } => ({ glass: { maxMs: law === 'plain' ? 15_000 : 10_000, review } });
  const mac = (id: string, serial: string, terms: Omit<Terms, 'id'>): Rule => ({
    id,
    kind: 'mac-admin',
    match: { serials: [serial] },
    ...terms,
  });
  return [
    mac('macs-two', 'C02STORML*5', { stages: [two('it')], ...glass('security') }),
    mac('macs-stages', 'C02STORML*6', { stages: [one('it'), one('security')] }),
    mac('macs-later', 'C02STORML*7', {
      stages: [{ ...one('security'), later: { group: 'it', afterMs: 4000 } }],
      ...glass('it'),
    }),
    mac('macs-longer', 'C02STORML*8', { ...usual, extend: { times: 1, stage: one('security') } }),
    mac('macs', 'C02STORM*', { ...usual, ...glass('it') }),
    { id: 'aws-core', kind: 'aws-permission-set', match: { tags: { tier: '0' } }, tier: 0, stages: [two('it')] },
    { id: 'aws', kind: 'aws-permission-set', match: { accounts: ['storm-*'] }, ...usual, ...glass('security'), live: 1 },
  ];
};

/** The accounts of tier 0, by the id in the key of a target. */
const CORE = /^aws\/220000000014\//;

/** What a law says of a place: a Mac's serial number, or the key of a target in AWS. */
export function termsOf(law: Law, place: string): Terms {
  const id = place.startsWith('aws/') ? (CORE.test(place) ? 'aws-core' : 'aws') : macRule(place);
  const rule = rulesOf(law).find((rule) => rule.id === id);
  if (!rule) throw new RangeError(`no rule for ${place}`);
  return rule;
}

function macRule(serial: string): string {
  const own = { 5: 'macs-two', 6: 'macs-stages', 7: 'macs-later', 8: 'macs-longer' } as const;
  const [, digit] = /^C02STORML\d*(\d)$/.exec(serial) ?? [];
  return own[Number(digit) as keyof typeof own] ?? 'macs';
}

/** The stages of a round; nobody joins the approvers of an extension by waiting. */
export function stagesOf({ stages, extend }: Terms, round: 'request' | 'extension'): readonly Stage[] {
  if (round === 'request') return stages;
  return extend ? [extend.stage] : stages.map(({ later: _, ...stage }) => stage);
}

/** Everybody who may have a say in a round by these terms, by group. */
export function groupsOf(terms: Terms, round: 'request' | 'extension'): readonly Group[] {
  return stagesOf(terms, round).flatMap(({ group, later }) => [group, ...(later ? [later.group] : [])]);
}

const seconds = (ms: number) => `${ms / 1000}s`;

/** JSON is YAML. */
export function policyText(law: Law): string {
  return JSON.stringify({
    version: 1,
    deadlines: Object.fromEntries(Object.entries(DEADLINES_MS).map(([name, ms]) => [name, seconds(ms)])),
    // biome-ignore lint/suspicious/noThenProperty: the file's word
    reminders: { every: '15s', for: '30s', then: '15s' },
    warn: { before: '5s', minWindow: '14s' },
    targets: rulesOf(law).map(({ stages, extend, glass, live, ...rule }) => ({
      ...rule,
      ask: { groups: ['staff'] },
      approve: stages.length > 1 ? { stages: stages.map(poolOf) } : poolOf(stages[0] ?? one('it')),
      windows: WINDOWS_MS.map(seconds),
      max: seconds(MAX_MS),
      ...(extend && { extend: { times: extend.times, approve: poolOf(extend.stage) } }),
      later: { ahead: seconds(LATER.aheadMs), missed: seconds(LATER.missedMs) },
      ...(glass && { breakGlass: glassOf(glass) }),
      ...(live !== undefined && { limits: { live } }),
    })),
  });
}

/** Has a mistake, and must be refused: a rule whose longest window is longer than its maximum, and which nobody approves. */
export const BROKEN_POLICY = JSON.stringify({
  version: 1,
  targets: [
    {
      id: 'macs',
      kind: 'mac-admin',
      match: { serials: ['*'] },
      ask: { groups: ['staff'] },
      approve: { groups: [] },
      windows: ['1h'],
      max: '1m',
    },
  ],
});

function glassOf({ maxMs, review }: Glass) {
  return { ask: { groups: [DUTY] }, max: seconds(maxMs), incident: INCIDENT, review: { groups: [review] } };
}

function poolOf({ group, quorum, later }: Stage) {
  const escalate = later && { escalate: [{ after: seconds(later.afterMs), groups: [later.group] }] };
  return { groups: [group], quorum, ...escalate };
}
