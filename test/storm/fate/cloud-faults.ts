/** What goes wrong in AWS, and what other hands do there. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { FaultKind as AwsFaultKind } from '../../../sim/identity-center/index.js';
import type { Cloud } from '../far/cloud.js';
import { PAIRS } from '../far/organisation.js';
import type { Notebook } from '../notebook.js';
import { AWS_ANYWHERE, type PlannedFault } from '../plan.js';

export interface CloudFaultDeps {
  readonly cloud: Cloud;
  readonly notebook: Notebook;
  readonly over: AbortSignal;
}

const OPERATIONS = [
  undefined,
  'CreateAccountAssignment',
  'DeleteAccountAssignment',
  'ListAccountAssignments',
  'DescribeAccountAssignmentCreationStatus',
  'DescribeAccountAssignmentDeletionStatus',
] as const;
/** Of those who ask, in one storm: they can ask for nothing more in AWS. */
const DELETED_MAX = 3;

export async function cloudFault(deps: CloudFaultDeps, fault: PlannedFault): Promise<string> {
  const { cloud, notebook, over } = deps;
  const { aws } = cloud;
  const { kind, whom, ms, times } = fault;
  switch (kind) {
    case 'aws-other-hands':
      return otherHands(cloud, whom, times);
    case 'aws-user-deleted':
      return deleteUser(cloud, whom);
    case 'aws-down': {
      aws.faults.add({ kind: 'down' });
      notebook.outages.push({ serial: AWS_ANYWHERE, kind, from: Date.now(), to: Date.now() + ms });
      await sleep(ms, undefined, { signal: over }).catch(() => undefined);
      aws.faults.clear();
      return `for ${ms} ms`;
    }
    case 'aws-slow':
      aws.faults.add({ kind: 'latency', ms: Math.round(ms / 2), times });
      notebook.outages.push({ serial: AWS_ANYWHERE, kind, from: Date.now(), to: Date.now() + 2 * ms });
      return `${times} calls by ${Math.round(ms / 2)} ms`;
    case 'aws-slow-work':
      aws.settings.inProgressMs = [ms, 2 * ms];
      return `${ms} to ${2 * ms} ms for each change`;
    case 'aws-lists-late':
      aws.settings.listDelayMs = [0, ms];
      aws.settings.statusDelayMs = [0, Math.round(ms / 4)];
      aws.settings.statusListDelayMs = [0, Math.round(ms / 2)];
      return `up to ${ms} ms`;
    default: {
      const operation = OPERATIONS[Math.floor(whom * OPERATIONS.length)];
      const only = kind === 'aws-conflict' || kind === 'aws-fail-change' ? undefined : operation;
      const name = kind.slice('aws-'.length) as AwsFaultKind;
      aws.faults.add({ kind: name, times, ms, ...(only && { operation: only }) });
      return `${only ?? 'any call'}, ${times} times`;
    }
  }
}

/** A sync takes away what we gave, or gives and takes what people have who never ask. */
function otherHands({ aws, organisation }: Cloud, whom: number, times: number): string {
  const ours = aws.truth.access().filter((one) => one.to === undefined && one.cause.by === 'call' && one.via === 'direct');
  const one = ours[Math.floor(whom * ours.length)];
  if (one && times === 1) {
    const { accountId, setArn, userId } = one;
    aws.sync.remove({ accountId, setArn, principalType: 'USER', principalId: userId });
    return `took ${userId} out of ${accountId}`;
  }
  const pair = PAIRS[Math.floor(whom * PAIRS.length)];
  const principalId = organisation.bystanders[2];
  if (!pair || !principalId) throw new Error('nobody to strike');
  const { accountId, setArn } = pair;
  const wanted = { accountId, setArn, principalType: 'USER', principalId } as const;
  if (aws.world.holds(wanted)) aws.sync.remove(wanted);
  else aws.sync.add(wanted);
  return `${accountId} ${principalId}`;
}

/** Somebody who has, or is about to get, access leaves the company. */
function deleteUser({ aws, organisation }: Cloud, whom: number): string {
  const users = [...organisation.users.values()];
  const there = users.filter((id) => aws.world.users.has(id));
  if (users.length - there.length >= DELETED_MAX) throw new Error('enough people have left');
  const holding = aws.truth.access().filter((one) => one.to === undefined && one.cause.by === 'call');
  const id = holding[0]?.userId ?? there[Math.floor(whom * there.length)];
  if (!id) throw new Error('nobody to strike');
  aws.sync.deleteUser(id, whom > 0.5 ? 'leave-orphans' : 'with-assignments');
  return id;
}
