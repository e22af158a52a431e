/** By which rule a target was taken: as the store wrote it down then, since whoever may write to Temporal can answer in the policy's place. */
import type { Digest, RequestId } from '../contract/ids.js';
import type { Fence } from '../contract/ports.js';
import type { Rule } from './rules.js';

/** Undefined where nothing was taken; `rule` is where its policy can't be read any more. Errors pass through. */
export async function takenBy(
  grants: Pick<Fence, 'grant'>,
  rulesOf: (policy: Digest) => Promise<readonly Rule[]>,
  requestId: RequestId,
): Promise<{ readonly rule: Rule | undefined } | undefined> {
  const grant = await grants.grant(requestId);
  if (grant?.policyHash === undefined) return undefined;
  const rules = await rulesOf(grant.policyHash);
  return { rule: rules.find(({ id }) => id === grant.rule) };
}
