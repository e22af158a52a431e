/** Limits as the file says them: those of the file and those of a rule together, and what makes no sense of them. */
import type { Limit } from '../contract/limits.js';
import { durationText } from './duration.js';
import type { Used } from './limits.js';
import type { Rule } from './rules.js';
import type { LimitsEntry } from './schema.js';

/** The limits of one rule. The file's count everything, the rule's own what is asked and given by it; none replaces another. */
export function limitsOf(rule: string, ofFile: LimitsEntry | undefined, ofRule: LimitsEntry | undefined): readonly Limit[] {
  return [...(ofFile ? [limitOf(ofFile)] : []), ...(ofRule ? [{ rule, ...limitOf(ofRule) }] : [])];
}

function limitOf({ live, perHour, perWeek, coolDown }: LimitsEntry): Limit {
  return {
    ...(live === undefined ? {} : { live }),
    ...(perHour === undefined ? {} : { perHour }),
    ...(perWeek === undefined ? {} : { perWeekMs: perWeek }),
    ...(coolDown === undefined ? {} : { coolDownMs: coolDown }),
  };
}

/** The limits of two policies: all of both hold. */
export function allLimits(then: readonly Limit[], now: readonly Limit[]): readonly Limit[] {
  const both = [...then, ...now].map((limit) => [JSON.stringify(limit), limit] as const);
  return [...new Map(both).values()];
}

/** Each of them in a few words, and what is left where it is known how much is used. */
export function limitTexts({ rule, live, perHour, perWeekMs, coolDownMs }: Limit, used: Used = {}): readonly string[] {
  const scope = rule === undefined ? 'in all' : `by the rule ${rule}`;
  const left = (most: number, count: number | undefined) => (count === undefined ? '' : `, ${Math.max(0, most - count)} left`);
  return [
    ...(live === undefined ? [] : [`at most ${live} at once ${scope}${left(live, used.live)}`]),
    ...(perHour === undefined ? [] : [`at most ${perHour} requests an hour ${scope}${left(perHour, used.asked)}`]),
    ...(perWeekMs === undefined
      ? []
      : [`at most ${durationText(perWeekMs)} of access in seven days ${scope}${timeLeft(perWeekMs, used.ms)}`]),
    ...(coolDownMs === undefined ? [] : [`nothing ${scope} for ${durationText(coolDownMs)} after a revoke`]),
  ];
}

/** In whole minutes, never more than there is. */
function timeLeft(most: number, used: number | undefined): string {
  if (used === undefined) return '';
  const minutes = Math.floor((most - used) / 60_000);
  return minutes > 0 ? `, ${durationText(minutes * 60_000)} left` : ', nothing left';
}

/** Under which the rule could never grant anything. */
export function limitProblems({ limits = [], windowsMs: [shortest = 0] }: Rule): readonly string[] {
  return limits.flatMap(({ rule, perWeekMs }) => {
    if (perWeekMs === undefined || perWeekMs >= shortest) return [];
    const whose = rule === undefined ? 'perWeek of the file' : 'perWeek';
    const [least, given] = [durationText(shortest), durationText(perWeekMs)];
    return [
      `${whose} (${given}) is shorter than its shortest window (${least}), so nothing could be granted: raise it to ${least}`,
    ];
  });
}
