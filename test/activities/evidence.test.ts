/** Reading sudo logs. The lines are sudo 1.9.13's own, with the drop-in's settings; 1.9.5 does not quote arguments. */
import { describe, expect, it } from 'vitest';
import { countCommands, readCommands } from '../../activities/evidence.js';

const bytes = (text: string) => new TextEncoder().encode(text);
const HEAD = 'Nov 21 15:20:01 2026 : ada : HOST=mac : TTY=ttys001 ; PWD=/Users/ada ; USER=root ; COMMAND=';
const commands = (...lines: string[]) => readCommands(bytes(`${lines.join('\n')}\n`)).map((c) => c.command);

describe('a sudo log', () => {
  it('gives each command with its time', () => {
    expect(readCommands(bytes(`${HEAD}/bin/ls -l\n`))).toEqual([
      { at: 'Nov 21 15:20:01 2026', command: '/bin/ls -l', allowed: true },
    ]);
  });

  it('without a year or a host gives them as well', () => {
    const line = 'Nov  1 05:20:01 : ada : TTY=ttys001 ; PWD=/ ; USER=root ; COMMAND=/bin/ls';
    expect(readCommands(bytes(line))).toEqual([{ at: 'Nov  1 05:20:01', command: '/bin/ls', allowed: true }]);
  });

  it('of an old Mac whose command contains the mark is split at the first', () => {
    expect(commands(`${HEAD}/bin/echo x ; COMMAND=/bin/false`)).toEqual(['/bin/echo x ; COMMAND=/bin/false']);
  });

  it('of a folder that looks like a command still shows the command', () => {
    const line = 'Nov 21 15:20:01 2026 : ada : HOST=mac : PWD=/tmp/COMMAND=nothing ; USER=root ; COMMAND=/bin/launchctl bootout';
    expect(commands(line)).toEqual(['/bin/launchctl bootout']);
  });

  it('that tells how a command ended does not count it twice', () => {
    expect(commands(`${HEAD}/bin/sh -c 'exit 3'`, `${HEAD}/bin/sh -c 'exit 3' ; EXIT=3`)).toEqual(["/bin/sh -c 'exit 3'"]);
    expect(commands(`${HEAD}/bin/a`, `${HEAD}/bin/a ; SIGNAL=TERM ; EXIT=143`)).toEqual(['/bin/a']);
  });

  it('counts a command that ends in the words of an exit status', () => {
    const forged = `${HEAD}/bin/rm -rf /Library/x ; EXIT=0`;
    expect(commands(forged)).toEqual(['/bin/rm -rf /Library/x ; EXIT=0']);
    expect(commands(forged, `${forged} ; EXIT=0`)).toEqual(['/bin/rm -rf /Library/x ; EXIT=0']);
    expect(commands(`${HEAD}/bin/ls`, `${HEAD}/bin/ls ; EXIT=0`, forged)).toHaveLength(2);
  });

  it('counts the same command as often as it was run, side by side too', () => {
    const [run, end] = [`${HEAD}/bin/true`, `${HEAD}/bin/true ; EXIT=0`];
    expect(commands(run, end, run, end)).toHaveLength(2);
    expect(commands(run, run, end, end)).toHaveLength(2);
    expect(commands(run, end, end)).toHaveLength(2); // an end without a beginning is something that was run
  });

  it('pairs an end that came later with its beginning', () => {
    expect(commands(`${HEAD}/bin/sleep 5`, `${HEAD.replace('15:20:01', '15:20:06')}/bin/sleep 5 ; EXIT=0`)).toHaveLength(1);
  });

  it.each(['command not allowed', 'user NOT in sudoers', '3 incorrect password attempts', 'a password is required'])(
    'says that %s was refused',
    (reason) => {
      const line = HEAD.replace('TTY=', `${reason} ; TTY=`);
      expect(readCommands(bytes(`${line}/bin/ls`))[0]).toMatchObject({ command: '/bin/ls', allowed: false });
    },
  );

  it('does not take the name of a folder for a refusal', () => {
    const line = HEAD.replace('/Users/ada', '/tmp/command not allowed');
    expect(readCommands(bytes(`${line}/bin/ls`))[0]?.allowed).toBe(true);
  });

  it('leaves out what the agent noted', () => {
    const note = '# still running: 71 root sudo COMMAND=x ; COMMAND=/bin/ls';
    expect(commands(note, '# ended on the Mac: deadline', '', 'a line of something else')).toEqual([]);
  });

  it('keeps letters of more than one byte, and goes on after bytes that are no text', () => {
    expect(commands(`${HEAD}/bin/echo ünï 印刷`)).toEqual(['/bin/echo ünï 印刷']);
    const broken = new Uint8Array([...bytes(`${HEAD}/bin/echo `), 0xff, 0xc3, 0x0a, ...bytes(`${HEAD}/bin/ls\n`)]);
    expect(readCommands(broken).map((c) => c.command)).toEqual(['/bin/echo \ufffd\ufffd', '/bin/ls']);
  });

  it('with Windows line ends gives commands without them, and pairs their ends', () => {
    expect(readCommands(bytes(`${HEAD}/bin/ls\r\n${HEAD}/bin/ls ; EXIT=0\r\n`)).map((c) => c.command)).toEqual(['/bin/ls']);
  });

  it('that is empty or not ended by a line break is read all the same', () => {
    expect(countCommands(bytes(''))).toBe(0);
    expect(countCommands(bytes(`${HEAD}/bin/ls`))).toBe(1);
  });

  it('of 8 MiB is read in moments, however odd its lines are', () => {
    const line = `${HEAD}/bin/echo ${'; COMMAND= ; EXIT=0 '.repeat(8)}\n`;
    const count = Math.floor((8 * 1024 * 1024) / line.length);
    const started = performance.now();
    expect(countCommands(bytes(line.repeat(count)))).toBe(count);
    expect(countCommands(bytes(`${HEAD}${' ; EXIT='.repeat(1024 * 1024)}`))).toBe(1);
    expect(performance.now() - started).toBeLessThan(3000);
  });
});
