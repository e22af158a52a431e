/** The command line `stint`, apart from its process. Each command is one file in `commands/`, loaded only when it is asked for. */
import { Command, CommanderError } from 'commander';
import { type ErrorCode, isStintError } from '../contract/errors.js';
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
import { addReview } from './commands/review.js';
import { addRevoke } from './commands/revoke.js';
import { packageVersion } from './package-root.js';

/** Where a command line writes what commander says of it. */
export interface Streams {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
}

function program({ out, err }: Streams): Command {
  const stint = new Command('stint')
    .exitOverride()
    .configureOutput({ writeOut: out, writeErr: err })
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
  $ stint request mac --help       access for yourself, asked for from here
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
    addReview,
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

/** What is said wrongly on the command line itself. What a file holds, or a part of Stint refuses, is none of these. */
const MISTAKES: ReadonlySet<ErrorCode> = new Set(['bad-input', 'unknown-target']);

/**
 * Runs a command line (`argv` as a process has it). Answers how it failed: 1 refused or failed, with a sentence; 2 called in a
 * way that is none, with what is; 2 also for a bug, with its stack. Undefined when it did what it was to do.
 */
export async function runLine(argv: readonly string[], streams: Streams): Promise<1 | 2 | undefined> {
  try {
    await program(streams).parseAsync([...argv]);
    return undefined;
  } catch (error) {
    // Commander has said it already; help and the version that were asked for are no failure.
    if (error instanceof CommanderError) return error.exitCode === 0 ? undefined : 2;
    if (isStintError(error)) streams.err(`stint: ${error.sentence}\n`);
    else streams.err(`stint: this is a bug, please report it: ${error instanceof Error ? error.stack : String(error)}\n`);
    return isStintError(error) && !MISTAKES.has(error.code) ? 1 : 2;
  }
}
