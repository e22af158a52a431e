/** The device API as a part of a process: it answers Macs, with and without Temporal, and notices when one falls silent. */
import { createContactWatch } from '../device/api/contact-watch.js';
import { createDeviceApi } from '../device/api/server.js';
import { createPreview } from '../policy/preview.js';
import { createAskPreview } from './ask-preview.js';
import { limitedGate } from './limit-gate.js';
import { checkLimitsOf, clock, crowd, factsOf, gateOf, peopleOf, replyKeyOf, temporalClient } from './parts.js';
import { fitClockOf, type StartPart } from './process-part.js';

export const deviceApi: StartPart = async (config, store, log, self) => {
  const { device } = config;
  const people = peopleOf(config, store);
  const client = temporalClient(config);
  const gate = gateOf(config, client, store, 'device-api', 'device');
  const checkLimits = checkLimitsOf(config, store, people);
  // Reports are compared with grant calls of other processes: a clock that is far off would prove what was not there yet.
  const fitClock = fitClockOf(self);
  const api = await createDeviceApi({
    store,
    gate: limitedGate(gate, checkLimits, store.ledger),
    directory: people.directory,
    preview: createAskPreview({ directory: people.directory, preview: createPreview({ ...people, clock }) }),
    people: {
      keys: store.personKeys,
      directory: people.directory,
      preview: createPreview({
        ...people,
        policies: store.policies,
        grants: store.fence,
        targets: factsOf(config, store, people.directory),
        clock,
      }),
      gate: limitedGate(gateOf(config, client, store, 'device-api', 'cli'), checkLimits, store.ledger),
    },
    teamId: config.workspace.teamId,
    replyKey: replyKeyOf(config),
    ...(device.authorities.length > 0 && { authorities: device.authorities }),
    ...(device.trustProxy && { trustProxy: device.trustProxy }),
    clock: fitClock,
    afterRevokes: () => crowd.passed(),
    contactGraceMs: config.contactGraceMs,
    logger: log,
    random: Math.random,
  });
  const watch = createContactWatch({ store, gate, clock: fitClock, graceMs: config.contactGraceMs, logger: log });
  await api.listen({ host: device.host, port: device.port });
  watch.start();
  log.info({ port: device.port }, 'device API listens');
  return {
    stop: async () => {
      watch.stop();
      await api.close();
      await client.connection.close();
    },
  };
};
