#!/usr/bin/env node
/** The process of the command line `stint`. */
import { runLine } from './program.js';

/** Time for what is being written to get out. */
const LINGER_MS = 1000;

// Whoever reads what is printed may stop in the middle of it (`stint … | head`). What the command does goes on all the same.
for (const stream of [process.stdout, process.stderr])
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });

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
