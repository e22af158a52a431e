/** The production topology without containers. */
import type { startEmbedded } from './embedded.js';
import type { Skipped, Topology } from './topology.js';

export async function startPostgresTopology(_places: Parameters<typeof startEmbedded>[0]): Promise<Topology | Skipped> {
  return { skipped: 'the production topology is not there yet' };
}
