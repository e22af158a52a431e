/**
 * Temporal's core inside our process: its log lines go through our logger, and its metrics to a Prometheus endpoint.
 * Installed once, before the first connection.
 */
import { Runtime } from '@temporalio/worker';
import type { Logger } from 'pino';

const LEVELS = { TRACE: 'trace', DEBUG: 'debug', INFO: 'debug', WARN: 'info', ERROR: 'error' } as const;

/** Lines that say nothing wrong: our queues serve either workflows or activities, never both. */
const EXPECTED = /^No (workflows|Nexus services|activities) registered/;

/**
 * Installs the runtime, and answers how to end it: it ends by itself only with the last worker, and a process that never
 * had one would not end. The endpoint listens on loopback only; without a port there is none.
 */
export function installRuntime(log: Logger, metricsPort: number | undefined): () => Promise<void> {
  const write = (level: keyof typeof LEVELS, message: string, meta?: Record<string, unknown>) => {
    if (EXPECTED.test(message)) return;
    const { error, sdkComponent, taskQueue, workflowId, activityType, attempt, kind, why } = meta ?? {};
    log[LEVELS[level]](
      { sdkComponent, taskQueue, workflowId, activityType, attempt, kind, why, ...(error !== undefined && { err: error }) },
      message,
    );
  };
  const runtime = Runtime.install({
    logger: {
      log: (level, message, meta) => write(level, message, meta),
      trace: (message, meta) => write('TRACE', message, meta),
      debug: (message, meta) => write('DEBUG', message, meta),
      info: (message, meta) => write('INFO', message, meta),
      warn: (message, meta) => write('WARN', message, meta),
      error: (message, meta) => write('ERROR', message, meta),
    },
    // SIGINT and SIGTERM are the process's own: it stops all parts in order.
    shutdownSignals: [],
    telemetryOptions: {
      logging: { filter: { core: 'WARN', other: 'ERROR' }, forward: {} },
      ...(metricsPort !== undefined && { metrics: { prometheus: { bindAddress: `127.0.0.1:${metricsPort}` } } }),
    },
  });
  return () => runtime.shutdown();
}
