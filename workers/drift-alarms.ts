/** What the reconciler's findings are called, and what to do about them. Pure. */
import type { Alarm } from '../contract/alarms.js';
import { isStintError } from '../contract/errors.js';
import { HOUSE, shortId } from '../contract/ids.js';
import { holderWords } from '../contract/request.js';
import { sha256 } from '../seal/canonical.js';
import { accountOf, type Finding } from './drift.js';

/** What became of a finding. `known`: told before. `later`: this run's cap was reached, or another elevation comes first. */
export type Did = 'removed' | 'told' | 'known' | 'failed' | 'later' | 'untouched';

const TODO = {
  'left-behind':
    'Find out what ended the workflow without its revoke: "stint show" has what was recorded. Cancel workflows; never terminate them.',
  reappeared: 'Look who else can give this access, and whether this target was restored. It is watched for a day.',
  missing:
    'Nothing is granted again. If the person still needs it, they ask anew; end this one with "stint revoke" or from its card.',
  foreign: 'Nothing was touched. Decide whether this access should stand; if not, take it away by your own means.',
} as const;

/** The alarm for one finding and what became of it. */
export function alarmOf(finding: Omit<Finding, 'remedy'>, did: Did, why?: string): Alarm {
  const { what, requestId, target, how, likely } = finding;
  const said = sentence(finding, did);
  return {
    key: `reconciler/${what}/${requestId === HOUSE ? accountOf(target) : requestId}/${did}`,
    severity: what === 'foreign' ? 'info' : what === 'missing' ? 'warning' : 'error',
    sentence: `${said} ${how} Likely cause: ${likely}.${why ? ` The removal failed: ${why}` : ''}`,
    todo: TODO[what],
    ...(requestId !== HOUSE && { requestId }),
    target: target.key,
  };
}

const WORDS = {
  'left-behind': 'Something of ours that should be gone was found',
  reappeared: 'Access that was gone is there again',
  missing: 'Access that should be there is not',
  foreign: 'Access that is not of Stint was found',
} as const;

const OUTCOME: { readonly [D in Did]: string } = {
  removed: '; it was removed and seen gone.',
  failed: '; it could not be removed and is tried again at the next run.',
  later: '; it is removed at a later run.',
  told: '.',
  known: '.',
  untouched: '.',
};

function sentence({ what, requestId, target }: Omit<Finding, 'remedy'>, did: Did): string {
  const of = requestId === HOUSE ? '' : ` (${shortId(requestId)})`;
  return `${WORDS[what]} on ${target.display}, ${target.key}, ${holderWords(target)}${of}${OUTCOME[did]}`;
}

const NAMED = 5;

/** By what people know it; by ids only where the far end told no name. */
function nameOf({ target, holder }: Finding): string {
  return holder ? `${target.display}, held by ${holder}` : `${target.display} (${target.key}, ${holderWords(target)})`;
}

/** One alarm for all accesses that are not ours and were found in one run. */
export function foreignAlarm(findings: readonly Finding[]): Alarm {
  const names = findings.map(nameOf).sort();
  const many = names.length > NAMED;
  const those = many
    ? `${names.length} accesses stand that Stint did not give: "stint reconcile --json" lists them. Among them`
    : `${names.length === 1 ? 'Access that is not of Stint was' : `${names.length} accesses that are not of Stint were`} found`;
  return {
    key: `reconciler/foreign/${sha256(
      findings
        .map(({ target }) => accountOf(target))
        .sort()
        .join('\n'),
    ).slice(0, 16)}`,
    severity: 'info',
    sentence: `${those}: ${names.slice(0, NAMED).join('; ')}.`,
    todo: TODO.foreign,
  };
}

/** An error in words that are safe to show. */
export function sentenceOf(error: unknown): string {
  if (isStintError(error)) return error.sentence;
  return error instanceof Error ? error.name : 'an unknown error';
}
