/** The ports that a process will listen on, looked at before anything is started: one that is taken is named at once. */
import { createServer } from 'node:net';
import { StintError } from '../contract/errors.js';
import type { Config, ConfigPart } from './config.js';

interface Wanted {
  readonly variable: string;
  readonly host: string;
  readonly port: number | undefined;
}

/** Throws `port-used` with every port that cannot be had, and its variable. Port 0 is always free. */
export async function insistFreePorts(config: Config, parts: readonly ConfigPart[]): Promise<void> {
  const taken = (await Promise.all(wantedOf(config, parts).map(whyNot))).filter((sentence) => sentence !== undefined);
  if (taken.length > 0) throw new StintError('port-used', taken.join('\n'));
}

function wantedOf({ healthPort, metricsPort, device, slack }: Config, parts: readonly ConfigPart[]): readonly Wanted[] {
  const local = '127.0.0.1';
  return [
    { variable: 'STINT_HEALTH_PORT', host: local, port: healthPort },
    { variable: 'STINT_METRICS_PORT', host: local, port: metricsPort },
    ...(parts.includes('device') ? [{ variable: 'DEVICE_API_PORT', host: device.host, port: device.port }] : []),
    ...(parts.includes('slack') && slack.mode === 'http' ? [{ variable: 'SLACK_PORT', host: slack.host, port: slack.port }] : []),
  ];
}

async function whyNot({ variable, host, port }: Wanted): Promise<string | undefined> {
  if (!port) return undefined;
  try {
    await listenBriefly(host, port);
    return undefined;
  } catch (error) {
    return sentenceOf(error, variable, host, port);
  }
}

function listenBriefly(host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen({ host, port }, () => server.close(() => resolve()));
  });
}

function sentenceOf(error: unknown, variable: string, host: string, port: number): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'no answer';
  switch (code) {
    case 'EADDRINUSE':
      return `Port ${port} (${variable}) is used by another program. Stop that one, or choose another port.`;
    case 'EACCES':
      return `Port ${port} (${variable}) may not be listened on by this account. Choose one from 1024 on.`;
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return `${host} is no address of this computer (${code}), so ${variable} cannot be listened on there. Correct its host.`;
    default:
      return `Port ${port} (${variable}) cannot be listened on (${code}).`;
  }
}

/** A port that was taken since is an answer, too, and not a bug; any other error stays as it is. */
export function portError(error: unknown): unknown {
  if (!(error instanceof Error) || !('code' in error) || error.code !== 'EADDRINUSE') return error;
  const port = 'port' in error ? ` ${String(error.port)}` : '';
  return new StintError('port-used', `Port${port} is used by another program. Stop that one, or choose another port.`, {
    cause: error,
  });
}
