/** Which driver serves which kind of target. The only place that asks for the kind. */
import { StintError } from '../../contract/errors.js';
import type { TargetDriver } from '../../contract/ports.js';
import type { TargetKind } from '../../contract/request.js';

const NOT_SET_UP: { readonly [K in TargetKind]: string } = {
  'mac-admin': 'Stint is not set up for Macs: its settings name no MDM.',
  'aws-permission-set':
    'Stint is not set up for AWS. Set STINT_AWS_REGION and STINT_AWS_START_URL for the workers and the Slack app.',
};

export type DriverRegistry = (kind: TargetKind) => TargetDriver;

/** Answers the driver of a kind. Throws `unknown-target` for a kind without one, `bad-config` when two serve the same. */
export function createRegistry(drivers: readonly TargetDriver[]): DriverRegistry {
  const byKind = new Map(drivers.map((driver) => [driver.kind, driver]));
  if (byKind.size !== drivers.length) throw new StintError('bad-config', 'Two drivers are set up for the same kind of target.');
  return (kind) => {
    const driver = byKind.get(kind);
    if (!driver) throw new StintError('unknown-target', NOT_SET_UP[kind]);
    return driver;
  };
}
