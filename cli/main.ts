#!/usr/bin/env node
/** The process of the command line `stint`. */
import { runLine } from './program.js';

/** Time for what is being written to get out. */
const LINGER_MS = 1000;

const code = await runLine(process.argv, {
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
});
if (code !== undefined) {
  process.exitCode = code;
  // What was already open (a connection that tries again) would keep a process that failed to start hanging, and no
  // supervisor would start it anew.
  setTimeout(() => process.exit(code), LINGER_MS).unref();
}
