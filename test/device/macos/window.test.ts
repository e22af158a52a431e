/** The agent's main path, under three shells that stand in for the one of macOS. */
import { describe, expect } from 'vitest';
import { isAdmin, macTest, REQUEST, tool } from './setup.js';

const REASON = 'a "quoted"\n\\ reason with $(touch x) and `y` and ünïcode';

for (const [program, ...args] of [['dash'], ['bash', '--posix'], ['zsh', '--emulate', 'sh']] as const) {
  const path = tool(program);
  describe.concurrent(`under ${[program, ...args].join(' ')}`, () => {
    const it = macTest.extend({ options: { shell: [path ?? program, ...args] } });

    it.skipIf(path === undefined)('gives access for the window, takes it back and sends the log', async ({ b }) => {
      const { mac, server } = b;
      const asked = await mac.acts.request({ localUser: 'alice', windowMs: 900_000, category: 'install', reason: REASON });
      expect(asked).toEqual({ ok: true, output: `${REQUEST} requested` });
      expect(b.called('requests')[0]?.body).toEqual({
        localUser: 'alice',
        windowMs: 900_000,
        category: 'install',
        reason: REASON,
        askId: expect.stringMatching(/^[0-9a-f]{32}$/),
      });

      server.script.windowS = 6;
      server.script.order = 'start';
      await b.until('alice is an administrator', () => isAdmin(mac));
      await b.until('confirmed', () => server.script.deadlineMs > 0);
      expect(mac.truth().dropin).toBe(true);
      expect(mac.acts.sudo('alice', '/usr/bin/id').ok).toBe(true);

      const ended = await b.gone();
      expect(ended).toBeLessThan(server.script.deadlineMs + 2000);
      expect(ended).toBeGreaterThan(server.script.deadlineMs - 3000);
      await b.evidenceComplete();
      expect(server.evidence()).toContain('COMMAND=/usr/bin/id');
      expect(server.lastReport()).toMatchObject({ requestId: REQUEST, localUser: 'alice', admin: false, standing: false });
      await b.tidy();
      expect(mac.truth().admins).toEqual(['itadmin', 'root']);
      expect(server.badSignatures).toEqual([]);
    });
  });
}
