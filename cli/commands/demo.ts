/** `stint demo`: everything on this computer, with stand-ins for Slack, the MDM, AWS and three Macs. */
import type { Command } from 'commander';
import { StintError } from '../../contract/errors.js';

/** What `--script` can tell; `cli/demo/script.ts` has a story for each. */
const STORIES = ['mac', 'aws'] as const;

export interface DemoOptions {
  readonly port: string;
  readonly dir: string;
  readonly fresh?: boolean;
  readonly script?: boolean | string;
  readonly json?: boolean;
  readonly temporal?: string;
}

/** Adds the command, and the hidden one that holds the stand-ins. */
export function addDemo(stint: Command): void {
  stint
    .command('demo')
    .description(
      'Brings up everything on this computer: Temporal with its Web UI, an embedded store, stand-ins for Slack, the Iru MDM, AWS and three Macs, and Stint itself. Stays up until Ctrl-C; a second start goes on with the same data.',
    )
    .option('--port <n>', 'the page; the other ports are the ten after it', '4400')
    .option('--dir <folder>', 'where the demo keeps its data', '.stint/demo')
    .option('--fresh', 'forget what an earlier demo left in the folder')
    .option(
      '--script [story]',
      `run one whole elevation without a person (${STORIES.join(' or ')}), check what the stand-ins saw, and end`,
    )
    .option('--json', 'with --script: the result as JSON on the last line')
    .option('--temporal <path>', 'a Temporal CLI to use instead of looking for one')
    .addHelpText(
      'after',
      `
Examples:
  $ npm run demo                       then open http://127.0.0.1:4400
  $ npm run demo -- --fresh            begin with nothing
  $ npm run demo -- --port 5500        when a port is used by something else
  $ npm run demo -- --script           about a minute, exit code 0 when all is as it should be
  $ npm run demo -- --script aws       the same for an account in AWS`,
    )
    .action(async (options: DemoOptions) => {
      const { runDemo } = await import('../demo/run.js');
      const { script, ...rest } = options;
      await runDemo({ ...rest, port: basePort(options.port), ...(script !== undefined && { script: storyOf(script) }) });
    });
  stint
    .command('demo-standins', { hidden: true })
    .description('The far ends of the demo, in a process of their own.')
    .requiredOption('--port <n>')
    .requiredOption('--dir <folder>')
    .action(async ({ port, dir }: { port: string; dir: string }) => {
      const { holdStandIns } = await import('../demo/hold-standins.js');
      await holdStandIns(dir, basePort(port));
    });
}

/** Without a name it is the Mac's. */
function storyOf(script: boolean | string): (typeof STORIES)[number] {
  const found = STORIES.find((story) => story === (script === true ? 'mac' : script));
  if (!found) throw new StintError('bad-input', `--script knows the stories ${STORIES.join(' and ')}, not ${script}.`);
  return found;
}

function basePort(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1024 || port > 65_500)
    throw new StintError('bad-input', `--port must be a whole number from 1024 to 65500, not ${text}.`);
  return port;
}
