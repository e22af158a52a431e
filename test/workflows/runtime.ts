/** Makes the SDK's core silent: its warnings on faults that tests make on purpose are many. */
import { DefaultLogger, Runtime } from '@temporalio/worker';

let installed = false;

/** Once a process; the runtime can be installed only before its first use. */
export function quietRuntime(): void {
  if (!installed)
    Runtime.install({ logger: new DefaultLogger('ERROR', () => {}), telemetryOptions: { logging: { filter: 'off' } } });
  installed = true;
}
