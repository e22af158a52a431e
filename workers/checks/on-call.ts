/**
 * Who is on call: whether PagerDuty can be asked for the rotas that it keeps, whom it names, and whether the people file knows
 * them. Every approval that turns on such a rota waits while it can't be. Only reads.
 */
import { createPagerDuty } from '../../activities/on-call/pagerduty.js';
import { isStintError } from '../../contract/errors.js';
import { few } from '../../contract/few.js';
import { type Duty, dutyOf, unpaged } from '../../policy/duty.js';
import type { PeopleFile } from '../../policy/people.js';
import { isPaged } from '../../policy/rota.js';
import type { PartConfigs } from '../config.js';
import { type Check, type Say, SHOWN } from './check.js';

export interface OnCallCheckDeps {
  readonly oncall: PartConfigs['oncall'];
  /** Undefined while the file is not valid (the check of the policy says so). */
  readonly people: () => Promise<PeopleFile | undefined>;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
}

const CALL_MS = 8_000;

/** A row for each rota. */
export function checkOnCall({ oncall: { url, token }, people, clock }: OnCallCheckDeps): Check {
  return async (say) => {
    const file = await people();
    if (!file) return say.warn('rotas', 'not looked at: the people file cannot be read');
    if (file.rotas.length === 0) return say.ok('rotas', 'the people file has none: nobody is on call');
    const asking = token && { baseUrl: url, token: () => token.reveal(), timeoutMs: CALL_MS, clock };
    const duty = dutyOf(file, asking ? createPagerDuty(asking) : unpaged, clock);
    // One after the other: PagerDuty's limit of calls is for the whole account.
    for (const rota of file.rotas) await examine(rota.name, isPaged(rota), { duty, file, say });
  };
}

interface Look {
  readonly duty: Duty;
  readonly file: PeopleFile;
  readonly say: Say;
}

async function examine(name: string, paged: boolean, { duty, file, say }: Look): Promise<void> {
  try {
    const people = (await duty(name))?.people ?? [];
    const there = file.people.filter(({ personId, active }) => active && people.includes(personId)).map(({ name }) => name);
    if (there.length > 0) say.ok(name, `on call now: ${few(there, SHOWN)}`);
    else if (paged) say.warn(name, 'PagerDuty names nobody who is active in the people file', UNKNOWN);
    else say.warn(name, 'nobody who is active is on call now', 'See the turns of this rota in the people file.');
  } catch (error) {
    if (!isStintError(error)) throw error;
    say.fail(name, error.sentence, 'Until then nothing is approved that turns on this rota.');
  }
}

const UNKNOWN = 'Give whoever is on call there their PagerDuty id in the people file (pagerduty: PUSER01).';
