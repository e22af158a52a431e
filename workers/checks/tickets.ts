/**
 * Whether the far ends that keep tickets can be asked, one row for each check. Every approval by a rule that names one waits while it
 * can't be. Only reads.
 */
import { createTickets } from '../../activities/tickets/tickets.js';
import { isStintError } from '../../contract/errors.js';
import type { PartConfigs } from '../config.js';
import type { Check } from './check.js';

export interface TicketsCheckDeps {
  readonly tickets: PartConfigs['tickets'];
  readonly readFile: (path: string) => string;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
}

const CALL_MS = 8_000;
/** Of a check that names no ticket that is there: whatever is answered shows that it can be asked. */
const ANY = 'STINT-0';

/** A row for each check. */
export function checkTickets({ tickets: { checks }, readFile, clock }: TicketsCheckDeps): Check {
  return async (say) => {
    if (checks.length === 0) return say.ok('tickets', 'no checks are set up (STINT_TICKETS): rules can ask for none');
    // What is asked of a ticket's fields need not hold for the one that is known.
    const bare = checks.map((check) => ({ ...check, fields: [] }));
    const far = createTickets({ checks: bare, secret: readFile, timeoutMs: CALL_MS, clock });
    const looks = checks.map(async ({ name, known }) => {
      try {
        const answer = await far.look(name, known ?? ANY, {});
        if (known === undefined) return say.ok(name, `answers (asked for ${ANY})`);
        if (answer.there) return say.ok(name, `answers, and has ${known}`);
        say.fail(name, answer.why, 'See whether Stint may see it there, and whether the address is right.');
      } catch (error) {
        if (!isStintError(error)) throw error;
        say.fail(name, error.sentence, 'Until then nothing is approved by rules that name this check.');
      }
    });
    await Promise.all(looks);
  };
}
