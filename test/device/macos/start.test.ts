/** Everything that can go wrong between the order to start and the confirmation: the user ends up as before. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { addUser } from '../../../sim/mac/root.js';
import { problem } from './server.js';
import { isAdmin, macTest as it, REQUEST } from './setup.js';

describe.concurrent('a start that is not authorised', () => {
  for (const status of [403, 409, 500])
    it(`a claim answered with ${status} gives nothing`, async ({ b }) => {
      b.server.hooks.set('claim', problem(status));
      b.server.script.order = 'start';
      await b.said('claim not answered with yes');
      expect(b.called('confirm')).toEqual([]);
      expect(b.mac.truth()).toMatchObject({ adminLog: [], dropin: false });
    });

  for (const kind of ['wrong', 'nonce', 'none'] as const)
    it(`an order whose reply signature is ${kind} is not heard`, async ({ b }) => {
      b.server.replySignature = kind;
      b.server.script.order = 'start';
      const before = b.called('orders').length;
      await b.until('two polls', () => b.called('orders').length >= before + 2);
      expect(b.called('claim')).toEqual([]);
      expect(b.mac.truth().adminLog).toEqual([]);
    });

  it('a claim whose reply is forged gives nothing', async ({ b }) => {
    b.server.hooks.set('claim', (_call, response) => {
      response
        .writeHead(200, { 'content-type': 'application/json', 'stint-reply-signature': 'MEUCIQ==' })
        .end('{"authorised":true,"localUser":"alice","maxS":900,"startByS":900}');
      return 'handled';
    });
    b.server.script.order = 'start';
    await b.said('claim not answered with yes');
    expect(b.mac.truth().adminLog).toEqual([]);
  });

  it('a claim for another account gives nothing to either', async ({ b }) => {
    Object.assign(b.server.script, { localUser: 'itadmin', order: 'start' });
    await b.said('claim reply refused');
    expect(b.mac.truth()).toMatchObject({ adminLog: [], admins: ['itadmin', 'root'] });
  });

  it('a claim whose numbers are commands runs nothing', async ({ b }) => {
    const never = join(b.mac.layout.root, 'never');
    Object.assign(b.server.script, { maxS: `a[$(touch '${never}')]`, order: 'start' });
    await b.said('claim reply refused');
    expect(existsSync(never)).toBe(false);
    expect(b.mac.truth().adminLog).toEqual([]);
  });
});

describe.concurrent('a start that fails half-way is undone', () => {
  for (const status of [403, 500])
    it(`a confirmation answered with ${status}`, async ({ b }) => {
      b.server.hooks.set('confirm', (call, response) => {
        b.server.script.order = 'none';
        return problem(status)(call, response);
      });
      b.server.script.order = 'start';
      await b.told();
      expect(b.mac.truth().adminLog.map((change) => change.admin)).toEqual([true, false]);
      expect(b.server.lastReport()).toMatchObject({ requestId: REQUEST, localUser: 'alice', standing: false });
      await b.tidy();
    });

  it('a confirmation that gives more than was claimed', async ({ b }) => {
    Object.assign(b.server.script, { maxS: 60, windowS: 90, order: 'start' });
    await b.told();
    await b.said('more than was claimed');
    expect(b.mac.truth().adminLog.map((change) => change.admin)).toEqual([true, false]);
  });

  it('a confirmation that arrives while its answer is lost', async ({ b }) => {
    b.server.hooks.set('confirm', (_call, response) => {
      b.server.script.order = 'none';
      response.destroy();
      return 'handled';
    });
    b.server.script.order = 'start';
    await b.told();
    expect(isAdmin(b.mac)).toBe(false);
  });

  it('a confirmation whose reply is signed by another', async ({ b }) => {
    b.server.hooks.set('confirm', () => {
      b.server.replySignature = 'wrong';
      b.server.script.order = 'none';
      return 'go-on';
    });
    b.server.script.order = 'start';
    await b.gone();
    expect(b.mac.truth().adminLog.map((change) => change.admin)).toEqual([true, false]);
  });

  it('a daemon that is killed between the flip and the confirmation', async ({ b }) => {
    b.server.hooks.set('confirm', () => {
      b.server.script.order = 'none';
      b.mac.acts.killDaemon();
      return 'handled';
    });
    b.server.script.order = 'start';
    await b.told();
    expect(b.mac.truth().adminLog.map((change) => change.admin)).toEqual([true, false]);
    expect(b.mac.truth().daemonStarts).toBe(2);
    await b.tidy();
  });

  it('a Mac whose directory refuses to add the user', async ({ b }) => {
    b.mac.faults.set({ kind: 'privileges-lies' });
    b.mac.faults.set({ kind: 'dseditgroup-fails' });
    b.server.script.order = 'start';
    await b.told();
    expect(b.called('confirm')).toEqual([]);
    expect(b.mac.truth().adminLog).toEqual([]);
    await b.tidy();
  });

  it('a Mac whose sudoers would not read the drop-in', async ({ b }) => {
    writeFileSync(join(b.mac.layout.root, 'private/etc/sudoers'), '%admin ALL=(ALL) ALL\n');
    b.server.script.order = 'start';
    await b.told();
    expect(b.mac.truth().adminLog).toEqual([]);
  });
});

describe.concurrent('how the user is made an administrator', () => {
  it('by Privileges when there is a desktop', async ({ b }) => {
    await b.hold(60);
    expect(b.mac.truth().adminLog[0]?.by).toBe('PrivilegesCLI');
  });

  it('by dseditgroup when PrivilegesCLI says 0 and did nothing', async ({ b }) => {
    b.mac.faults.set({ kind: 'privileges-lies' });
    await b.hold(60);
    expect(b.mac.truth().adminLog[0]?.by).toBe('dseditgroup');
  });

  it('by dseditgroup when somebody else sits at the screen', async ({ b }) => {
    writeFileSync(join(b.mac.layout.mac, 'console'), 'itadmin\n');
    await b.hold(60);
    expect(b.mac.truth().adminLog[0]?.by).toBe('dseditgroup');
  });
});

describe.concurrent('on a Mac with two accounts', () => {
  it('the one that the order names is elevated, and the other asked for nothing', async ({ b }) => {
    addUser(b.mac.layout.mac, 'bob', 503, 20);
    Object.assign(b.server.script, { orderUser: 'bob', localUser: 'bob', order: 'start' });
    await b.until('the window is open', () => b.mac.truth().session?.phase === 'active');
    expect(b.mac.truth().admins).toEqual(['bob', 'itadmin', 'root']);
    expect(b.called('claim')[0]?.body).toMatchObject({ localUser: 'bob' });
    b.server.script.order = 'end';
    await b.told();
    expect(b.mac.truth().admins).toEqual(['itadmin', 'root']);
    expect(b.mac.truth().adminLog.map((change) => change.user)).toEqual(['bob', 'bob']);
    await b.tidy();
    // The order stays open until the server has closed it: what is true is said of the same account.
    const reports = b.called('report').length;
    await b.until('said again', () => b.called('report').length > reports, 20_000);
    expect(b.server.lastReport()).toMatchObject({ requestId: REQUEST, localUser: 'bob', admin: false, standing: false });
  });

  it('polls do not push out whom other requests were for', async ({ b }) => {
    const users = join(b.mac.layout.state, 'users');
    writeFileSync(users, `${'b'.repeat(26)} bob\n`);
    Object.assign(b.server.script, { orderUser: 'alice', waiting: true });
    const polls = b.called('orders').length;
    await b.until('some polls', () => b.called('orders').length >= polls + 3, 20_000);
    expect(readFileSync(users, 'utf8')).toBe(`${'b'.repeat(26)} bob\n${REQUEST} alice\n`);
  });
});

describe.concurrent('who is left alone', () => {
  it('I12: a standing administrator is reported and keeps what was there before', async ({ b }) => {
    await b.mac.acts.makeStandingAdmin('alice');
    b.server.script.order = 'start';
    await b.until('it was told', () => b.server.lastReport()?.standing === true);
    expect(b.server.lastReport()).toMatchObject({ admin: true, localUser: 'alice' });
    b.server.script.order = 'end';
    const before = b.called('report').length;
    await b.until('the end order was answered', () => b.called('report').length > before, 20_000);
    expect(b.called('claim')).toEqual([]);
    expect(isAdmin(b.mac)).toBe(true);
  });

  it('of two daemons only one acts', async ({ b }) => {
    await b.until('the first polls', () => b.server.calls.length > 0);
    const second = await b.mac.acts.secondDaemon();
    expect(second).toMatchObject({ ok: false, output: expect.stringContaining('another agent is running') });
    expect(b.mac.truth().daemonStarts).toBe(1);
  });
});
