/** The ledger after the storm, read as an operator would, and folded anew. */
import type { AnyEvent } from '../../../contract/events.js';
import type { LedgerEntry } from '../../../contract/ports.js';
import { type ElevationView, foldAll } from '../../../contract/view.js';
import { eventOf } from '../../../ledger/entry.js';
import type { Ask } from '../../../workers/questions.js';

export interface Recorded {
  readonly requestId: string;
  readonly events: readonly AnyEvent[];
  readonly view: ElevationView;
}

const PAGE = 1000;

/** Every elevation of the ledger that began as one. */
export async function readLedger(ask: Ask): Promise<Recorded[]> {
  const byRequest = new Map<string, AnyEvent[]>();
  for (let from = 0; ; from += PAGE) {
    const page = await ask<readonly LedgerEntry[]>({ ask: 'entries', from, limit: PAGE });
    for (const { body } of page) {
      const event = eventOf(body);
      byRequest.set(event.requestId, [...(byRequest.get(event.requestId) ?? []), event]);
    }
    if (page.length < PAGE) break;
  }
  return [...byRequest].flatMap(([requestId, events]) => {
    const view = foldAll(events);
    return view ? [{ requestId, events, view }] : [];
  });
}

export function only<T extends AnyEvent['type']>(
  events: readonly AnyEvent[],
  type: T,
): readonly Extract<AnyEvent, { type: T }>[] {
  return events.filter((event): event is Extract<AnyEvent, { type: T }> => event.type === type);
}
