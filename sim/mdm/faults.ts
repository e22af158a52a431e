/** Fault switches: how a test makes the stand-in slow, broken or dishonest, for some calls or until cleared. */
import { SHAPES, type Shape } from './answers.js';

export const FAULT_KINDS = ['latency', '429', '500', 'drop-before', 'drop-after', 'lie', 'down', 'error-shape'] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

export interface Fault {
  readonly kind: FaultKind;
  /** Only calls whose path contains this. */
  readonly path?: string;
  readonly method?: string;
  /** Latency, or the Retry-After of a 429. */
  readonly ms?: number;
  /** How many calls; until cleared when absent. */
  readonly times?: number;
  /** For `error-shape`. */
  readonly shape?: Shape;
  /** For `error-shape`; 400 when absent. */
  readonly status?: number;
}

export class Faults {
  private active: { fault: Fault; left: number }[] = [];

  add(fault: Fault): void {
    this.active.push({ fault, left: fault.times ?? Number.POSITIVE_INFINITY });
  }

  clear(): void {
    this.active = [];
  }

  list(): readonly Fault[] {
    return this.active.map((a) => a.fault);
  }

  /** The faults that hit this call: at most one latency and one other. Each is used up once. */
  take(method: string, path: string): { latencyMs: number; fault?: Fault } {
    const hits = this.active.filter(
      (a) => (a.fault.path ? path.includes(a.fault.path) : true) && (a.fault.method ?? method) === method,
    );
    const slow = hits.find((a) => a.fault.kind === 'latency');
    const other = hits.find((a) => a.fault.kind !== 'latency');
    for (const used of [slow, other]) if (used) used.left -= 1;
    this.active = this.active.filter((a) => a.left > 0);
    const latencyMs = slow?.fault.ms ?? 0;
    return other ? { latencyMs, fault: other.fault } : { latencyMs };
  }
}

/** A fault read from a control call; a sentence when it is not one. */
export function readFault(input: unknown): Fault | string {
  if (typeof input !== 'object' || input === null) return 'a fault is an object';
  const given = input as Partial<Record<keyof Fault, unknown>>;
  if (!FAULT_KINDS.some((kind) => kind === given.kind)) return `kind is one of ${FAULT_KINDS.join(', ')}`;
  for (const key of ['ms', 'times', 'status'] as const) {
    if (given[key] !== undefined && typeof given[key] !== 'number') return `${key} is a number`;
  }
  for (const key of ['path', 'method'] as const) {
    if (given[key] !== undefined && typeof given[key] !== 'string') return `${key} is a string`;
  }
  if (given.shape !== undefined && !SHAPES.some((s) => s === given.shape)) return `shape is one of ${SHAPES.join(', ')}`;
  return given as Fault;
}
