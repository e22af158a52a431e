/** The committed histories, and what can be read out of them. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';

/** A comment that the recorded approver wrote: it must not be in any history. */
export const COMMENT = 'Approved after a call with the vendor, ticket 4711';

const FOLDER = fileURLToPath(new URL('./histories/', import.meta.url));

export type History = ReturnType<typeof historyFromJSON>;
export type HistoryEvent = NonNullable<History['events']>[number];

export interface Recorded {
  readonly name: string;
  readonly workflowId: string;
  readonly bytes: number;
  readonly text: string;
  readonly history: History;
  readonly events: readonly HistoryEvent[];
}

/** All of them, by name. Read anew, so that a test may tamper with what it got. */
export function recorded(): readonly Recorded[] {
  return readdirSync(FOLDER)
    .filter((file) => file.endsWith('.json'))
    .sort()
    .map((file) => {
      const text = readFileSync(`${FOLDER}${file}`, 'utf8');
      const { workflowId, ...rest } = JSON.parse(text) as { workflowId: string };
      const history = historyFromJSON(rest);
      return {
        name: file.slice(0, -'.json'.length),
        workflowId,
        bytes: text.length,
        text,
        history,
        events: history.events ?? [],
      };
    });
}

/** One of them. Throws when it was not recorded. */
export function history(name: string): Recorded {
  const found = recorded().find((each) => each.name === name);
  if (!found) throw new Error(`no history of ${name}`);
  return found;
}
