/** Fault switches: how a test makes AWS or the network misbehave, for some calls or until cleared. */
import { AwsError, denied, internal, notFound, tooFast } from './errors.js';
import type { Random } from './random.js';

export const FAULT_KINDS = [
  'latency',
  'throttle',
  '500',
  '500-after',
  'drop-before',
  'drop-after',
  'late-reply',
  'down',
  'expired',
  'denied',
  'conflict',
  'not-found',
  'fail-change',
] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

export interface Fault {
  /**
   * `…-before`, `throttle`, `500`, `expired`, `denied`, `conflict`, `not-found`, `down`: nothing is done. `…-after`: it is done and the
   * answer is lost or an error; `late-reply` gives it after `ms`. `fail-change`: the create or delete is accepted and FAILS later, with `reason`.
   */
  readonly kind: FaultKind;
  /** One operation, `CreateAccountAssignment`; all when absent. */
  readonly operation?: string;
  /** Length of a latency, which comes before the work, or of a late reply. */
  readonly ms?: number;
  /** How many calls; until cleared when absent. */
  readonly times?: number;
  readonly reason?: string;
  /** How probably it strikes a call that it fits, 0 to 1; always when absent. */
  readonly chance?: number;
}

export interface Faults {
  add(fault: Fault): void;
  clear(): void;
  list(): readonly Fault[];
  /** The faults that strike this call: at most one latency and one other. Each is used up once. */
  take(operation: string): { latencyMs: number; fault?: Fault };
}

/** A switchboard with nothing switched on. */
export function createFaults(random: Random): Faults {
  let active: { fault: Fault; left: number }[] = [];
  return {
    add: (fault) => void active.push({ fault, left: fault.times ?? Number.POSITIVE_INFINITY }),
    clear: () => {
      active = [];
    },
    list: () => active.map((one) => one.fault),
    take(operation) {
      const hits = active.filter(
        ({ fault }) => fits(fault, operation) && (fault.chance === undefined || random() < fault.chance),
      );
      const slow = hits.find(({ fault }) => fault.kind === 'latency');
      const other = hits.find(({ fault }) => fault.kind !== 'latency');
      for (const used of [slow, other]) if (used) used.left -= 1;
      active = active.filter(({ left }) => left > 0);
      return { latencyMs: slow?.fault.ms ?? 0, ...(other && { fault: other.fault }) };
    },
  };
}

const CHANGES = ['CreateAccountAssignment', 'DeleteAccountAssignment'];
const fits = ({ kind, operation: only }: Fault, operation: string): boolean =>
  (only === undefined || only === operation) && ((kind !== 'fail-change' && kind !== 'conflict') || CHANGES.includes(operation));

/** In the words of public reports. */
export const CONFLICT = 'There is a conflicting operation in process.';

/** The error that a fault puts in the place of the work, when it does. */
export function errorOf(fault: Fault | undefined): AwsError | undefined {
  switch (fault?.kind) {
    case 'throttle':
      return tooFast();
    case '500':
      return internal();
    case 'expired':
      return new AwsError('ExpiredTokenException', 'The security token included in the request is expired');
    case 'denied':
      return denied('You do not have sufficient access to perform this action.');
    case 'conflict':
      return new AwsError('ConflictException', CONFLICT);
    case 'not-found':
      return notFound(fault.reason ?? 'What was named');
    default:
      return undefined;
  }
}

/** A fault read from a control call; a sentence when it is none. */
export function readFault(input: unknown): Fault | string {
  if (typeof input !== 'object' || input === null) return 'a fault is an object';
  const given = input as Partial<Record<keyof Fault, unknown>>;
  if (!FAULT_KINDS.some((kind) => kind === given.kind)) return `kind is one of ${FAULT_KINDS.join(', ')}`;
  for (const key of ['ms', 'times', 'chance'] as const) {
    if (given[key] !== undefined && typeof given[key] !== 'number') return `${key} is a number`;
  }
  for (const key of ['operation', 'reason'] as const) {
    if (given[key] !== undefined && typeof given[key] !== 'string') return `${key} is a string`;
  }
  return given as Fault;
}
