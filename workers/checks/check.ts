/**
 * What a check of the set-up is, and how many of them are run at once. A check only looks: it makes nothing, changes
 * nothing and sends nothing to a person, so it may be run beside a system at work, and as often as anybody likes.
 */
import { isStintError, StintError } from '../../contract/errors.js';

/** In the order in which a person mends them: without settings nothing else can be looked at. */
export const AREAS = [
  'configuration',
  'keys',
  'policy',
  'on-call',
  'tickets',
  'store',
  'temporal',
  'slack',
  'mdm',
  'aws',
  'mail',
  'clock',
] as const;
export type Area = (typeof AREAS)[number];

/** `warn`: it runs, but not as well as it should. `fail`: something of it does not run, or must not. */
export type Level = 'ok' | 'warn' | 'fail';

/** Of many names, serial numbers and the like a row shows so many. */
export const SHOWN = 10;

export interface Finding {
  readonly area: Area;
  /** What was looked at, in a word or two. */
  readonly check: string;
  readonly level: Level;
  /** What was found; never a secret. */
  readonly found: string;
  /** What to do about it; absent when it is `ok`, or when `found` says it already. */
  readonly fix?: string;
}

/** How a check says what it found; each call is one row of the table. */
export interface Say {
  ok(check: string, found: string): void;
  warn(check: string, found: string, fix?: string): void;
  fail(check: string, found: string, fix?: string): void;
}

/**
 * Looks at one area. A `StintError` that it throws is a row, too; any other error is a bug. Stops when `signal` aborts,
 * as far as it can.
 */
export type Check = (say: Say, signal: AbortSignal) => Promise<void>;

export interface Examined {
  readonly findings: readonly Finding[];
  /** Errors that are nobody's set-up but defects of ours, to be thrown once the table is shown. */
  readonly bugs: readonly unknown[];
}

export interface Examination {
  readonly checks: Partial<Readonly<Record<Area, Check>>>;
  /** For one area, in milliseconds. What it found until then still counts. */
  readonly limitMs: number;
  /** Told when an area is done. */
  readonly done?: (area: Area) => void;
}

/** Runs all checks at once, each within its limit, and answers what they found in the order of the areas. Never throws. */
export async function examine({ checks, limitMs, done = () => {} }: Examination): Promise<Examined> {
  const bugs: unknown[] = [];
  const look = async (area: Area): Promise<readonly Finding[]> => {
    const check = checks[area];
    const { findings, say, shut } = notebook(area);
    if (check) {
      await within(limitMs, (signal) => check(say, signal)).catch((error: unknown) => {
        if (!isStintError(error)) bugs.push(error);
        say.fail(area, isStintError(error) ? error.sentence : 'This check itself failed; that is a bug of Stint.');
      });
    }
    shut();
    done(area);
    return findings;
  };
  const all = await Promise.all(AREAS.filter((area) => checks[area]).map(look));
  return { findings: all.flat(), bugs };
}

/** Collects rows until it is shut: what comes after the limit is not half shown. */
function notebook(area: Area): { readonly findings: readonly Finding[]; readonly say: Say; shut(): void } {
  const findings: Finding[] = [];
  let open = true;
  const at = (level: Level) => (check: string, found: string, fix?: string) => {
    if (open) findings.push({ area, check, level, found, ...(fix !== undefined && { fix }) });
  };
  return {
    findings,
    say: { ok: at('ok'), warn: at('warn'), fail: at('fail') },
    shut: () => {
      open = false;
    },
  };
}

async function within(limitMs: number, work: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const abort = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new StintError('not-ready', `No answer within ${limitMs / 1000} s; what is missing here was not looked at.`));
      abort.abort();
    }, limitMs);
  });
  try {
    await Promise.race([work(abort.signal), late]);
  } finally {
    clearTimeout(timer);
  }
}

/** The worst level among these; `ok` when there are none. */
export function worst(findings: readonly Pick<Finding, 'level'>[]): Level {
  if (findings.some(({ level }) => level === 'fail')) return 'fail';
  return findings.some(({ level }) => level === 'warn') ? 'warn' : 'ok';
}
