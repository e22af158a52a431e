/**
 * Extensions: what a rule says of them, and why one is not to be had. A rule says how often, by how much and who decides; what
 * it leaves out is as for the request. The maximum of the rule caps them whatever they say.
 */
import type { Extending, Round } from '../contract/verdict.js';
import { durationText } from './duration.js';
import { approvalOf, pastReach, poolsName } from './pools.js';
import type { Extend, Rule } from './rules.js';
import type { ExtendEntry } from './schema.js';

/** Reads `extend`. */
export function extendOf({ times, windows, approve }: ExtendEntry): Extend {
  return {
    ...(times === undefined ? {} : { times }),
    ...(windows === undefined ? {} : { windowsMs: windows }),
    ...(approve === undefined ? {} : { by: approvalOf(approve) }),
  };
}

/**
 * The rule as it goes for a round: for an extension with the approvers and the lengths that it has for those, and without steps,
 * for nobody joins by waiting where the access goes on meanwhile.
 */
export function ruleOfRound(rule: Rule, kind: Round['kind']): Rule {
  if (kind === 'request' || !(rule.extend || rule.stages)) return rule;
  const { stages: first, ...rest } = rule;
  const { windowsMs = rule.windowsMs, by = { ...(first ? { stages: first } : {}) } } = rule.extend ?? {};
  const { stages, ...approval } = by;
  const unstepped = stages?.map(({ escalate: _, ...pool }) => pool);
  return { ...rest, ...approval, windowsMs, ...(unstepped ? { stages: unstepped } : {}) };
}

/** The rule for either round: for what goes by everybody who has a say in it. */
export function ruleOfEach(rule: Rule): readonly Rule[] {
  return rule.extend?.by ? [rule, ruleOfRound(rule, 'extension')] : [rule];
}

/** What a verdict says of extensions; nothing where the rule says nothing. */
export function extendingOf({ extend, windowsMs }: Pick<Rule, 'extend' | 'windowsMs'>): Extending | undefined {
  if (!extend) return undefined;
  return { ...(extend.times === undefined ? {} : { times: extend.times }), windowsMs: extend.windowsMs ?? windowsMs };
}

/** What policies say of extensions, each with its lengths. */
interface Says {
  readonly extend?: Extending;
  readonly windowsMs: readonly number[];
}

/** The stricter of two policies: the fewer times, and the lengths that both have. */
export function stricterExtending(then: Says, now: Says): Extending | undefined {
  if (!then.extend && !now.extend) return undefined;
  const times = [then.extend?.times, now.extend?.times].filter((count) => count !== undefined);
  const both = (then.extend ?? then).windowsMs;
  const windowsMs = (now.extend ?? now).windowsMs.filter((windowMs) => both.includes(windowMs));
  return { ...(times.length === 0 ? {} : { times: Math.min(...times) }), windowsMs };
}

const ANEW = 'You can ask anew once it has ended.';

/** Why no extension is left, and what is; nothing for a request. How many there were is the story's own count. */
export function extensionRefusals(extend: Extending | undefined, { kind, granted }: Pick<Round, 'kind' | 'granted'>): string[] {
  const times = extend?.times;
  if (kind === 'request' || times === undefined) return [];
  if (times === 0) return [`The policy does not let this be extended. ${ANEW}`];
  // NB: an unknown count is none that can be compared: it refuses.
  if (granted === undefined) return ['How often this was extended is not known, so it is not extended.'];
  if (granted < times) return [];
  return [`The policy lets this be extended ${often(times)}, and it was. No extension is left. ${ANEW}`];
}

const often = (times: number): string => (times === 1 ? 'once' : times === 2 ? 'twice' : `${times} times`);

/** In words, such as `extended at most twice, by 15m, to 1h in all, decided by 1 of security`. */
export function extensionText(rule: Rule): string {
  const { times, windowsMs, by } = rule.extend ?? {};
  if (times === 0) return 'never extended';
  return [
    `extended${times === undefined ? '' : ` at most ${often(times)}`} to at most ${durationText(rule.maxMs)}`,
    ...(windowsMs ? [`by ${windowsMs.map(durationText).join(' or ')}`] : []),
    ...(by ? [`decided by ${poolsName(ruleOfRound(rule, 'extension'))}`] : []),
  ].join(', ');
}

/** What makes no sense of it: approvers who can't be enough, and lengths that there is never room for. */
export function extensionProblems(rule: Rule): readonly { readonly path: readonly PropertyKey[]; readonly what: string }[] {
  if (!rule.extend || rule.extend.times === 0) return [];
  const ours = ruleOfRound(rule, 'extension');
  const [[shortest = 0], [least = 0]] = [rule.windowsMs, ours.windowsMs];
  const room = rule.maxMs - shortest;
  return [
    ...(rule.extend.by?.stages?.some(({ escalate }) => escalate) ? [{ path: ['approve'], what: NO_STEPS }] : []),
    ...(rule.extend.by ? pastReach(ours).map(({ path, what }) => ({ path: ['approve', ...path], what })) : []),
    ...(least <= room ? [] : [{ path: [], what: noRoom(rule, shortest, least, room) }]),
  ];
}

const NO_STEPS = 'must not escalate: a step is of the request alone, and nobody joins the approvers of an extension by waiting';

function noRoom({ maxMs }: Rule, shortest: number, least: number, room: number): string {
  const [max, window, length] = [maxMs, shortest, least].map(durationText);
  const left = room === 0 ? 'no room' : `${durationText(room)}`;
  return `can never be granted: of max (${max}) the shortest window (${window}) leaves ${left}, and the shortest extension is ${length}`;
}
