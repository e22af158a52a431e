/** The store's small table of marks, in memory, that can be down. */

import type { AwsTarget, Mark, Marks } from '../../../activities/targets/aws-permission-set/types.js';
import { StintError } from '../../../contract/errors.js';
import { instant, msOf, type RequestId } from '../../../contract/ids.js';

export interface MarksDouble extends Marks {
  down: boolean;
  /** When windows end, in ms since 1970, as the store's fence has it. */
  readonly ends: Map<RequestId, number>;
  of(requestId: RequestId): Mark | undefined;
  /** As after a power failure, or from an older backup. */
  lose(requestId: RequestId): void;
}

export function memoryMarks(): MarksDouble {
  const rows = new Map<RequestId, { target: AwsTarget; mark: Mark }>();
  const double: MarksDouble = {
    down: false,
    ends: new Map(),
    of: (requestId) => rows.get(requestId)?.mark,
    lose: (requestId) => void rows.delete(requestId),
    read: async (requestId) => {
      up();
      return rows.get(requestId)?.mark;
    },
    note: async (requestId, target, before, at, { until, instead } = {}) => {
      up();
      const row = rows.get(requestId);
      const isOpen = !row || (row.mark.at === instead && !row.mark.create && !row.mark.delete);
      const kept = isOpen ? { target, mark: { before, at, ...(until && { until }) } } : row;
      rows.set(requestId, kept);
      return kept.mark;
    },
    bound: async (requestId, at, until) => {
      up();
      const row = rows.get(requestId);
      if (row?.mark.at === at) rows.set(requestId, { ...row, mark: { ...row.mark, until } });
    },
    request: async (requestId, kind, id) => {
      up();
      const row = rows.get(requestId);
      if (row) rows.set(requestId, { ...row, mark: { ...row.mark, [kind]: id } });
    },
    open: async () => {
      up();
      const open = [...rows].filter(([, { mark }]) => mark.before === 'absent');
      return open.map(([requestId, { target }]) => ({ requestId, target }));
    },
    ending: async (from, before) => {
      up();
      const isDue = (at: number) => at >= msOf(from) && at < msOf(before);
      return [...double.ends].filter(([id, at]) => isDue(at) && !rows.get(id)?.mark.delete).map(([, at]) => instant(at));
    },
  };
  const up = (): void => {
    if (double.down) throw new StintError('store-unavailable');
  };
  return double;
}
