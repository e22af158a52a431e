/** The agent's main path, under three shells that stand in for the one of macOS. */
import { afterEach, describe, expect, it } from 'vitest';
import { type Bench, bench, isAdmin, REQUEST, tool, until } from './setup.js';

const SHELLS = [['dash'], ['bash', '--posix'], ['zsh', '--emulate', 'sh']] as const;

let open: Bench | undefined;
afterEach(async () => {
  await open?.close();
  open = undefined;
});
const agentLog = () => open?.mac.truth().agentLog.join('\n');

describe.each(SHELLS.map((shell) => ({ shell, name: shell.join(' ') })))('under $name', ({ shell }) => {
  const [program, ...args] = shell;
  const path = tool(program);

  it.skipIf(path === undefined)(
    'gives access for the window, logs sudo, takes access back at the deadline and sends the log',
    async () => {
      open = await bench({ shell: [path ?? program, ...args] });
      const { mac, server } = open;
      const asked = await mac.acts.request({
        localUser: 'alice',
        windowMs: 900_000,
        category: 'software',
        reason: 'a "quoted"\n\\ reason',
      });
      expect(asked).toEqual({ ok: true, output: `${REQUEST} requested` });
      expect(server.calls.find((call) => call.path === '/device/v1/requests')?.body).toMatchObject({
        localUser: 'alice',
        windowMs: 900_000,
        category: 'software',
        reason: 'a "quoted"\n\\ reason',
        askId: expect.stringMatching(/^[0-9a-f]{32}$/),
      });

      server.script.windowS = 6;
      server.script.order = 'start';
      await until('alice is an administrator', () => isAdmin(mac), 15_000, agentLog);
      await until('confirmed', () => server.script.deadlineMs > 0);
      expect(mac.truth().dropin).toBe(true);
      expect(mac.acts.sudo('alice', '/usr/bin/id').ok).toBe(true);

      await until(
        'alice is a standard user again',
        () => !isAdmin(mac) && mac.truth().adminLog.at(-1)?.admin === false,
        15_000,
        agentLog,
      );
      const ended = Date.parse(mac.truth().adminLog.at(-1)?.at ?? '');
      expect(ended).toBeLessThan(server.script.deadlineMs + 2000);
      expect(ended).toBeGreaterThan(server.script.deadlineMs - 3000);
      await until('the log is complete', () => server.total > 0 && server.chunks.size === server.total, 15_000, agentLog);
      expect(server.evidence()).toContain('COMMAND=/usr/bin/id');
      expect(server.lastReport()).toMatchObject({ requestId: REQUEST, localUser: 'alice', admin: false, standing: false });
      await until('the session is closed', () => mac.truth().session === undefined);
      expect(mac.truth()).toMatchObject({ dropin: false, admins: ['itadmin', 'root'] });
      expect(server.badSignatures).toEqual([]);
    },
  );
});
