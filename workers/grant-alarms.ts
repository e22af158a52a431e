/** What is said of access that was ended past its workflow: overdue, or its person has left; and of cards out of place. Pure. */
import type { Alarm } from '../contract/alarms.js';
import { isStintError } from '../contract/errors.js';
import { type PersonId, shortId } from '../contract/ids.js';
import type { Grant } from '../contract/ports.js';
import type { ElevationView } from '../contract/view.js';

/** What the sweep says of a grant that it took away. */
export const SWEPT = 'A grant was overdue; the sweep revoked it and saw it gone.';

const whose = ({ personId, target, targetKey }: Grant): string => `${personId} to ${target.display} (${targetKey})`;

/** The sweep took it away. Said once in a day (`step`): it is told by the sweep, and again from its entry. */
export function sweptAlarm(grant: Grant, sentence = SWEPT): Alarm {
  return {
    key: `sweep/${grant.requestId}/swept`,
    step: 1,
    severity: 'error',
    sentence: `${sentence} It was the access of ${whose(grant)}.`,
    todo: 'Find out what kept the workflow from it: it was ended, or there was no worker or no Temporal in time. "stint show" has what was recorded. Cancel workflows; never terminate them.',
    requestId: grant.requestId,
    target: grant.targetKey,
  };
}

/**
 * The sweep could not take it away, or not clear what it left. How long it waits is told as a pending revoke; what the far end
 * said, which names what to mend (a right that is missing, a quota), is told here alone.
 */
export function sweepFailedAlarm(grant: Grant, sentence: string, error?: unknown): Alarm {
  return {
    key: `sweep/${grant.requestId}/failed`,
    severity: 'warning',
    sentence: `${sentence} It was the access of ${whose(grant)}.${isStintError(error) ? ` ${error.sentence}` : ''}`,
    todo: 'Mend what it names, if it names something: it is tried again all the time. See "A revoke stays pending" in docs/operations.md.',
    requestId: grant.requestId,
    target: grant.targetKey,
  };
}

/** A person left, so it was ended. `leaver` where it is known: it may be who asked and not who holds it. Once in a day. */
export function leftAlarm(grant: Grant, leaver?: PersonId): Alarm {
  const { requestId, targetKey } = grant;
  const who = leaver ?? 'A person';
  // A tombstone of what never held anything is gone in the instant it is ended.
  const waited = grant.goneAt !== undefined && grant.goneAt === grant.endedAt;
  const what = waited
    ? `the request for access of ${whose(grant)} was ended before anything was granted`
    : `the access of ${whose(grant)} is being taken away`;
  return {
    key: `left/${requestId}`,
    step: 1,
    severity: 'warning',
    sentence: `${who} is no longer active in the people file, so ${what} (elevation ${shortId(requestId)}).`,
    todo: waited
      ? 'Nothing, if they have left. If they have not, mend the people file; they then ask anew.'
      : 'Nothing, if they have left: "stint show" says when it is proved gone, and an alarm follows if that takes long. If they have not, mend the people file; they then ask anew.',
    requestId,
    target: targetKey,
  };
}

/** A card could not be posted in the channel of its rule; `why`: a sentence that names the fix. */
export function misplacedAlarm({ request, verdict }: ElevationView, why: string): Alarm {
  const { requestId, target } = request;
  const where = verdict.channel ?? '';
  return {
    key: `room/${where}`,
    severity: 'warning',
    sentence: `The card of elevation ${shortId(requestId)} stands in the approver channel, and not in ${where}, the channel of rule ${verdict.rule ?? ''}. ${why}`,
    todo: 'Mend the channel, or name another one in the policy. Cards that stand stay where they are; who may decide is the same there.',
    requestId,
    target: target.key,
  };
}
