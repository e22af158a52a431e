/** Loopback ports: one that is free, and a clear word about one that is not. */
import { createServer } from 'node:net';
import { StintError } from '../../contract/errors.js';

/** A port that was free a moment ago. Whoever uses it must be ready for a neighbour that was quicker. */
export async function freePort(): Promise<number> {
  return listen(0);
}

/**
 * Make sure that a port can be listened on.
 * @param what who wants it, for the sentence
 * @param option the option that chooses another
 * @throws StintError `port-used`
 */
export async function insistFree(port: number, what: string, option: string): Promise<void> {
  try {
    await listen(port);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && (error.code === 'EADDRINUSE' || error.code === 'EACCES'))) throw error;
    throw new StintError('port-used', `Port ${port}, which ${what} needs, is in use. Choose another with ${option}.`, {
      cause: error,
    });
  }
}

function listen(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      const bound = server.address();
      const chosen = typeof bound === 'object' && bound ? bound.port : port;
      server.close(() => resolve(chosen));
    });
  });
}
