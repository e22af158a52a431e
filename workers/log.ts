/** The log of a process: one JSON object a line on standard output. Secrets have types that print as a placeholder. */
import { type Logger, pino } from 'pino';

/** Keys whose values are never written, wherever they stand. */
const HIDDEN = ['token', '*.token', 'authorization', '*.authorization', 'reason', '*.reason', 'data.chunk'];

/** A logger that names its process in every line. */
export function createLog(level: string, process: string): Logger {
  return pino({
    level,
    base: { process },
    redact: { paths: HIDDEN, censor: '[hidden]' },
    timestamp: pino.stdTimeFunctions.isoTime,
  });
}
