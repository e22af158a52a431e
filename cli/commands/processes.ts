/** `stint all | worker | slack-app | device-api`: the processes of a deployment. */
import type { Command } from 'commander';
import type { Process } from '../../workers/processes.js';

const TEXTS = {
  all: ['worker, Slack app and device API in one process, with the embedded store', 'for one computer, or to try Stint'],
  worker: ['the workers: workflows, grants, revokes, Slack posts, and the overdue sweep', 'run two or more of them'],
  'slack-app': ['the Slack app: /elevate, buttons, /admin-status', 'run two of them, so that none of Slack’s refreshes is felt'],
  'device-api': ['the API that Macs call', 'put it behind your TLS proxy'],
} as const;
type Name = keyof typeof TEXTS;

/** Adds the four commands. */
export function addProcesses(stint: Command): void {
  for (const name of Object.keys(TEXTS) as Name[]) {
    const [what, hint] = TEXTS[name];
    stint
      .command(name)
      .summary(what)
      .description(
        `Runs ${what} (${hint}). Stops cleanly at SIGINT or SIGTERM. At SIGHUP it puts its policy file in force, if it is valid.`,
      )
      .addHelpText(
        'after',
        `
Examples:
  $ stint ${name}
  $ STINT_CONFIG=stint.yaml SLACK_BOT_TOKEN_FILE=/run/secrets/bot-token stint ${name}

The variables that it needs are in .env.example; one that is missing or wrong is named with its fix.
A PostgreSQL that is down is waited for without end: the log says so every five seconds, and /healthz answers
503 until all has started. A password, database or right that is wrong ends the start at once.`,
      )
      .action(() => run(name));
  }
}

async function run(name: Name): Promise<void> {
  const [{ loadConfig }, { readText }, { NEEDS, startProcess }, { createLog }] = await Promise.all([
    import('../../workers/config.js'),
    import('../../workers/file-text.js'),
    import('../../workers/processes.js'),
    import('../../workers/log.js'),
  ]);
  const config = loadConfig({ env: process.env, readFile: readText, parts: NEEDS[name] });
  const log = createLog(config.logLevel, name);
  // Socket Mode rejects out of a timer that nobody awaits when its retries run out (facts: slack 1.5): the supervisor restarts us.
  process.on('unhandledRejection', (error) => {
    log.fatal({ err: error }, 'unhandled rejection; ending so that the supervisor starts a new process');
    process.exit(70);
  });
  // Before anything is started: a start may wait for its database for hours, and is to end cleanly then, too.
  const stopped = new AbortController();
  const asked = new Promise<void>((resolve) => {
    stopped.signal.addEventListener('abort', () => resolve(), { once: true });
  });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopped.abort());
  let running: Process | undefined;
  // In a terminal it means that the window was closed; to a service it says that its files are to be read anew.
  const hangUp = () => (process.stdout.isTTY ? stopped.abort() : void running?.reload());
  process.on('SIGHUP', hangUp);
  running = await startProcess(name, config, log, stopped.signal);
  await asked;
  await running.stop();
}
