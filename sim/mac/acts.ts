/** What a person, the MDM or fate does to the stand-in Mac. */
import { execFile } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Launchd } from './launchd.js';
import { addUser, type Layout, newBoot } from './root.js';
import { isAdmin } from './truth.js';

export interface ActAnswer {
  readonly ok: boolean;
  readonly output: string;
}

export interface Acts {
  request(ask: {
    readonly localUser: string;
    readonly windowMs: number;
    readonly category: string;
    readonly reason: string;
  }): Promise<ActAnswer>;
  /** One command through sudo. */
  sudo(user: string, command: string): ActAnswer;
  end(): Promise<ActAnswer>;
  /** The MDM's elevate item runs. */
  kick(): Promise<ActAnswer>;
  /** Resolves when no program that an act began still runs. */
  settled(): Promise<unknown>;
  /** The MDM's collect item runs. */
  collect(): Promise<ActAnswer>;
  status(): Promise<ActAnswer>;
  reboot(): ActAnswer;
  /** The daemon dies once; launchd starts it again. */
  killDaemon(): ActAnswer;
  /** Somebody from IT, not us, makes the user an administrator for good. */
  makeStandingAdmin(user: string): Promise<ActAnswer>;
  /** The user takes the privileges back in the Privileges app. */
  privilegesRemove(user: string): Promise<ActAnswer>;
  /** Somebody starts the daemon a second time; answers when that one has ended. */
  secondDaemon(): Promise<ActAnswer>;
  /** A second administrator, as a hostile user would make one. */
  addAdmin(user: string): Promise<ActAnswer>;
}

/** The agent's commands and the acts around them. `shell` is the interpreter with its options. */
export function createActs(layout: Layout, shell: readonly string[], daemon: Launchd): Acts {
  const running = new Set<Promise<ActAnswer>>();
  const run = (...call: Parameters<typeof execute>) => {
    const answer = execute(...call);
    running.add(answer);
    void answer.finally(() => running.delete(answer));
    return answer;
  };
  const agent = (args: readonly string[], stdin = '') => run([...shell, layout.agent, ...args], stdin);
  const edit = (user: string, by: string) =>
    run([join(layout.bin, 'dseditgroup'), '-o', 'edit', '-a', user, '-t', 'user', 'admin'], '', { SIM_BY: by });
  return {
    request: (ask) =>
      agent(['request', '--user', ask.localUser, '--window', `${ask.windowMs}ms`, '--category', ask.category], ask.reason),
    sudo: (user, command) => sudo(layout, user, command),
    end: () => agent(['end']),
    kick: () => agent(['kick']),
    settled: () => Promise.all(running),
    collect: () => agent(['collect']),
    status: () => agent(['status']),
    reboot: () => {
      daemon.kill(false);
      newBoot(layout.mac);
      daemon.start();
      return { ok: true, output: '' };
    },
    killDaemon: () => {
      daemon.kill(true);
      return { ok: true, output: '' };
    },
    makeStandingAdmin: (user) => edit(user, 'it'),
    privilegesRemove: (user) => run([privileges(layout), '--remove'], '', { SIM_AS: user }),
    secondDaemon: () => agent(['daemon']),
    addAdmin: (user) => {
      if (!existsSync(join(layout.mac, 'users', user))) addUser(layout.mac, user, 600, 20);
      return edit(user, 'second-admin');
    },
  };
}

const privileges = (layout: Layout) => join(layout.root, 'Applications/Privileges.app/Contents/MacOS/PrivilegesCLI');

function execute(command: readonly string[], stdin: string, env: Record<string, string> = {}): Promise<ActAnswer> {
  const [program = '', ...args] = command;
  return new Promise((resolve) => {
    const child = execFile(
      program,
      args,
      { env: { PATH: process.env.PATH ?? '', ...env }, timeout: 120_000 },
      (error, stdout, stderr) => resolve({ ok: error === null, output: `${stdout}${stderr}`.trim() }),
    );
    // The agent may refuse before it reads: a closed pipe is no error of ours.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(stdin);
  });
}

/**
 * sudo with its event log: the line goes where the drop-in says, in the classic format of sudo 1.9.13. From macOS 15 on a command
 * that was allowed is only logged with `log_allowed`.
 */
function sudo(layout: Layout, user: string, command: string): ActAnswer {
  const rules = existsSync(layout.dropin) ? readFileSync(layout.dropin, 'utf8') : '';
  const admin = isAdmin(layout.mac, user);
  const file = /logfile="([^"]+)"/.exec(rules)?.[1];
  if (file !== undefined && rules.includes(admin ? 'log_allowed' : 'log_denied')) {
    const said = admin ? '' : 'user NOT in sudoers ; ';
    const line = `${stamp(new Date())} : ${user} : ${said}HOST=mac : TTY=ttys001 ; PWD=/Users/${user} ; USER=root ; COMMAND=${escaped(command)}\n`;
    mkdirSync(dirname(file), { recursive: true });
    // sudo opens the file for each line; root's umask of the agent's folder keeps others out.
    for (const to of [file, join(layout.mac, 'sudo.log')]) appendFileSync(to, line, { mode: 0o600 });
    if (admin && rules.includes('log_exit_status'))
      for (const to of [file, join(layout.mac, 'sudo.log')]) appendFileSync(to, line.replace(/\n$/, ' ; EXIT=0\n'));
  }
  return admin ? { ok: true, output: '' } : { ok: false, output: `${user} is not in the sudoers file.` };
}

/** `Nov 21 14:09:33 2026`, as sudo writes it with `log_year`. */
function stamp(at: Date): string {
  const [, month = '', day = '', year = '', time = ''] = at.toString().split(' ');
  return `${month} ${day.replace(/^0/, ' ')} ${time} ${year}`;
}

/** sudo writes control characters as `#` and three octal digits (1.9.13; macOS 14 and later). */
function escaped(command: string): string {
  return [...command].map((c) => (c < ' ' || c === '\x7f' ? `#${c.charCodeAt(0).toString(8).padStart(3, '0')}` : c)).join('');
}
