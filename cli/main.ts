#!/usr/bin/env node
/** The command line `stint`. Each command is one file in `commands/`, loaded only when it is asked for. */
import { Command } from 'commander';
import { isStintError } from '../contract/errors.js';
import { addDemo } from './commands/demo.js';
import { addDevice } from './commands/device.js';
import { addDoctor } from './commands/doctor.js';
import { addElevations } from './commands/elevations.js';
import { addEnroll } from './commands/enroll.js';
import { addFreeze } from './commands/freeze.js';
import { addKeys } from './commands/keys.js';
import { addLedger } from './commands/ledger.js';
import { addPeople } from './commands/people.js';
import { addPolicy } from './commands/policy.js';
import { addProcesses } from './commands/processes.js';
import { addReconcile } from './commands/reconcile.js';
import { addRequest } from './commands/request.js';
import { addRevoke } from './commands/revoke.js';
import { packageVersion } from './package-root.js';

/** The whole command tree; built anew for tests. */
export function program(): Command {
  const stint = new Command('stint')
    .description('Just-in-time elevation: access for a stint, taken back on time, proved gone.')
    .version(packageVersion())
    .showHelpAfterError('(add --help for examples)')
    .addHelpText(
      'after',
      `
Examples:
  $ stint demo                     everything on this computer, with a page to press buttons on
  $ stint demo --script            one whole elevation without a person, in about a minute
  $ stint all                      worker, Slack app and device API in one process
  $ stint list --live --json       what is going on now, for a script
  $ stint request aws --help       access for yourself, asked for from here
  $ stint doctor                   what is wrong with the set-up, and how to mend it
  $ stint revoke --person ada      takes back what somebody holds, also while Temporal or Slack is down
  $ stint freeze --reason INC-417  nothing new is granted anywhere
  $ stint reconcile --dry-run      what targets show that the store does not know
  $ stint show 3kq7mzv2            one elevation with everything that was recorded

Configuration comes from the environment; see .env.example. Every command has its own --help.`,
    );
  for (const add of [
    addDemo,
    addProcesses,
    addDoctor,
    addElevations,
    addRequest,
    addEnroll,
    addRevoke,
    addReconcile,
    addFreeze,
    addPeople,
    addPolicy,
    addKeys,
    addDevice,
    addLedger,
  ])
    add(stint);
  return stint;
}

/** Time for what is being written to get out. */
const LINGER_MS = 1000;

/** Runs a command line. Exit codes: 0 done, 1 refused or failed with a sentence, 2 a bug with its stack. */
async function main(argv: readonly string[]): Promise<void> {
  try {
    await program().parseAsync([...argv]);
  } catch (error) {
    if (isStintError(error)) process.stderr.write(`stint: ${error.sentence}\n`);
    else
      process.stderr.write(`stint: this is a bug, please report it: ${error instanceof Error ? error.stack : String(error)}\n`);
    const code = isStintError(error) ? 1 : 2;
    process.exitCode = code;
    // What was already open (a connection that tries again) would keep a process that failed to start hanging, and no
    // supervisor would start it anew.
    setTimeout(() => process.exit(code), LINGER_MS).unref();
  }
}

await main(process.argv);
