/** The process that holds the stand-ins: starts them and stays until it is told to stop. */
import { openHome } from './home.js';
import { startStandIns } from './standins.js';
import { portsFrom } from './world.js';

/** Runs until SIGINT or SIGTERM. */
export async function holdStandIns(dir: string, port: number): Promise<void> {
  const standIns = await startStandIns(openHome(dir, false), portsFrom(port));
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
  await standIns.close();
  process.exit(0);
}
