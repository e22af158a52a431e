/** Puts a policy's text in force, once it was read as any policy is: a text with a mistake changes nothing. */
import type { Digest, Instant } from '../contract/ids.js';
import type { PolicyApplied, PolicyOrder, Store } from '../contract/ports.js';
import { parsePolicy } from '../policy/load.js';

export interface PolicyText extends Omit<PolicyOrder, 'hash'> {
  /** What the file is called, for the places of mistakes. */
  readonly name: string;
}

export interface PolicyTaken extends PolicyApplied {
  readonly hash: Digest;
}

/** From its answer on every process judges by this policy. Throws `bad-policy` with line and column, and what the store throws. */
export async function takePolicy(
  { policies }: Pick<Store, 'policies'>,
  { name, ...order }: PolicyText,
  at: Instant,
): Promise<PolicyTaken> {
  const { hash } = parsePolicy(order.text, name);
  return { ...(await policies.apply({ ...order, hash }, at)), hash };
}
