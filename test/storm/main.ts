/** `npm run -s storm -- --help`. Exit codes: 0 all held (or skipped, said loudly), 1 something was broken, 2 not understood. */
import { randomInt } from 'node:crypto';
import { BadOption, HELP, readOptions } from './options.js';
import { inWords } from './report.js';
import { runStorm } from './run.js';

async function main(): Promise<number> {
  const options = readOptions(process.argv.slice(2), randomInt(1_000_000));
  if (options === 'help') {
    process.stdout.write(HELP);
    return 0;
  }
  const say = (line: string) => void process.stderr.write(`${line}\n`);
  say(
    `storm: seed ${options.seed}, ${options.topology}, until ${options.kills} kills and ${options.elevations} elevations, ${options.minutes} min at most`,
  );
  const result = await runStorm(options, say);
  if ('skipped' in result) {
    say(`SKIPPED: ${result.skipped}`);
    if (options.json) process.stdout.write(`${JSON.stringify(result)}\n`);
    return process.env.CI ? 1 : 0;
  }
  if (options.json) process.stdout.write(`${JSON.stringify(result)}\n`);
  else process.stdout.write(`${inWords(result)}\n`);
  return result.ok ? 0 : 1;
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    const known = error instanceof BadOption;
    process.stderr.write(known ? `${error.message} See --help.\n` : `storm: ${error instanceof Error ? error.stack : error}\n`);
    process.exit(known ? 2 : 1);
  },
);
