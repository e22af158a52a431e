/**
 * What a process looks at in itself, at its start, every few minutes and whenever its clock was set: whether its clock agrees with those that it talks
 * to, and whether the people file can be read. Neither ends the process, for revoking needs neither; but a worker
 * whose clock is off grants nothing, and everybody who looks at the log or at `/healthz` is told.
 */
import type { Logger } from 'pino';
import type { GrantDuties } from '../contract/duties.js';
import { isStintError, StintError } from '../contract/errors.js';
import { type AskClock, CLOCK_FIX, FAIL_MS, inWords, offBy, readClocks, WARN_MS } from './checks/clock.js';
import { peopleFileOf, STILL_ENDS } from './checks/policy.js';
import type { PartConfigs } from './config.js';
import { readText } from './file-text.js';

export interface SelfWatchDeps {
  readonly policy: PartConfigs['policy'];
  readonly clocks: readonly AskClock[];
  readonly log: Pick<Logger, 'error' | 'warn' | 'info'>;
  /** Must not keep the process alive. */
  readonly wait: (ms: number) => Promise<void>;
}

export interface SelfWatch {
  /** What is wrong now, each a sentence with its fix. */
  troubles(): readonly string[];
  /** How far this clock is ahead of the others (behind: negative), in ms; 0 unless it is so far off that it must not be used. */
  clockOffMs(): number;
  /** Settles when the clocks were looked at since this one was last set; never rejects. */
  looked(): Promise<void>;
  stop(): void;
}

const TURN_MS = 5_000;
/** Files and clocks are looked at every so many turns; the clocks also in any turn in which ours was set. */
const TURNS = 60;
/** The first grant of a process, and the first after its clock was set, wait at most this long for the clocks. */
const ANSWER_MS = 3_000;

/** Begins at once; the file is read before it returns, the clocks are asked behind it. */
export function startSelfWatch(deps: SelfWatchDeps): SelfWatch {
  let stopped = false;
  let offMs = 0;
  let files = lookAtFiles(deps);
  let clock: string | undefined;
  let unset = sinceUnset();
  const ask = async () => {
    offMs = offBy(await readClocks(deps.clocks, ANSWER_MS));
    clock = sayClock(offMs, deps.log);
  };
  const look = () => {
    unset = sinceUnset();
    looked = ask();
    return looked;
  };
  const wasSet = () => Math.abs(sinceUnset() - unset) > WARN_MS;
  let looked = ask();
  const loop = async () => {
    await looked;
    for (let turn = 1; ; turn += 1) {
      await deps.wait(TURN_MS);
      if (stopped) return;
      const due = turn % TURNS === 0;
      if (due) files = lookAtFiles(deps);
      if (due || wasSet()) await look();
    }
  };
  void loop();
  return {
    troubles: () => [...files, ...(clock === undefined ? [] : [clock])],
    clockOffMs: () => (Math.abs(offMs) > FAIL_MS ? offMs : 0),
    looked: () => (wasSet() ? look() : looked),
    stop: () => {
      stopped = true;
    },
  };
}

/** Changes only when somebody sets this computer's clock, or while it sleeps: the second clock cannot be set. In ms. */
function sinceUnset(): number {
  return Date.now() - performance.now();
}

function sayClock(offMs: number, log: SelfWatchDeps['log']): string | undefined {
  if (Math.abs(offMs) <= WARN_MS) return undefined;
  const off = Math.abs(offMs) > FAIL_MS;
  const what = `This computer's clock is ${inWords(offMs)} every other that Stint talks to.`;
  const sentence = `${what} ${off ? 'It is not used: this process grants nothing until it is right. ' : ''}${CLOCK_FIX}`;
  if (off) log.error({ offMs }, sentence);
  else log.warn({ offMs }, sentence);
  return sentence;
}

/** A broken people file stops every grant, and nobody sees that before somebody asks; so it is said now. */
function lookAtFiles({ policy, log }: SelfWatchDeps): readonly string[] {
  try {
    peopleFileOf({ policy, readFile: readText });
    return [];
  } catch (error) {
    if (!isStintError(error)) throw error;
    const sentence = `Nothing is granted until this is mended: ${error.sentence} ${STILL_ENDS}`;
    log.error({}, sentence);
    return [sentence];
  }
}

/** The grant of a worker whose clock is off is refused, for another worker or a later try: it could leave after its time. */
export function withFitClock({ grant, ...others }: GrantDuties, watch: Pick<SelfWatch, 'looked' | 'clockOffMs'>): GrantDuties {
  return {
    ...others,
    grant: async (order) => {
      await watch.looked();
      const off = watch.clockOffMs();
      if (off === 0) return grant(order);
      const sentence = `This worker's clock is off by ${Math.round(off / 1000)} s, so it grants nothing. ${CLOCK_FIX}`;
      throw new StintError('temporal-unavailable', sentence);
    },
  };
}
