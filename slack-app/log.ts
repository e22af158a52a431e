/**
 * Logging: the pino-like logger that the product uses, and the face of it that Bolt is given. Bolt's own clients write
 * whole request bodies (reasons, logs) and socket tickets at debug level, so debug never passes, whatever the level.
 */
import { type Logger as BoltLogger, LogLevel } from '@slack/bolt';

export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** Bolt's logger over ours: one line of text, tokens struck out, never debug. */
export function boltLogger(log: Log): BoltLogger {
  const at =
    (level: 'info' | 'warn' | 'error') =>
    (...parts: unknown[]) =>
      log[level]({ from: 'slack-sdk' }, line(parts));
  return {
    debug: () => undefined,
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    setLevel: () => undefined,
    setName: () => undefined,
    getLevel: () => LogLevel.INFO,
  };
}

/** What may be logged of an unknown error: its name and message, tokens struck out. Never its attached request or body. */
export function errorText(error: unknown): string {
  return redact(error instanceof Error ? `${error.name}: ${error.message}` : String(error)).slice(0, 500);
}

function line(parts: readonly unknown[]): string {
  return parts
    .map((part) => (typeof part === 'string' ? redact(part) : errorText(part)))
    .join(' ')
    .slice(0, 1000);
}

function redact(text: string): string {
  return text.replace(/\bx(?:ox[a-z]|app)-[\w-]+/g, 'x…').replace(/([?&]ticket=)[^&\s]+/g, '$1…');
}
