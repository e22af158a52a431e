/** Everything that can go wrong between the order to start and the confirmation: the user ends up as before. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { Mac } from '../../../sim/mac/mac.js';
import { type DeviceServer, problem } from './server.js';
import { type Bench, bench, isAdmin, REQUEST, until } from './setup.js';

let open: Bench | undefined;
afterEach(async () => {
  await open?.close();
  open = undefined;
});

const called = (server: DeviceServer, name: string) => server.calls.filter((call) => call.path.endsWith(`/${name}`));
const says = (text: string) => () => open?.mac.truth().agentLog.some((line) => line.includes(text)) ?? false;
/** The session is closed and the drop-in away. */
const tidy = (mac: Mac) =>
  until('nothing is left behind', () => mac.truth().session === undefined && !mac.truth().dropin, 10_000, agentLog);
const agentLog = () => open?.mac.truth().agentLog.join('\n');

async function ordered(prepare: (bench: Bench) => void): Promise<Bench> {
  open = await bench();
  prepare(open);
  open.server.script.order = 'start';
  return open;
}

describe('a start that is not authorised', () => {
  it.each([403, 409, 500])('a claim answered with %i gives nothing', async (status) => {
    const { mac, server } = await ordered(({ server: s }) => s.hooks.set('claim', problem(status)));
    await until('the claim is made', says('claim not answered with yes'), 15_000, agentLog);
    expect(called(server, 'confirm')).toEqual([]);
    expect(mac.truth()).toMatchObject({ adminLog: [], dropin: false });
  });

  it.each(['wrong', 'nonce', 'none'] as const)('an order whose reply signature is %s is not heard', async (kind) => {
    const { mac, server } = await ordered(({ server: s }) => {
      s.replySignature = kind;
    });
    await until('two polls', () => called(server, 'orders').length >= 2);
    expect(called(server, 'claim')).toEqual([]);
    expect(mac.truth().adminLog).toEqual([]);
  });

  it('a claim whose reply is forged gives nothing', async () => {
    const { mac } = await ordered(({ server: s }) =>
      s.hooks.set('claim', (_call, response) => {
        response
          .writeHead(200, { 'content-type': 'application/json', 'stint-reply-signature': 'MEUCIQ==' })
          .end('{"authorised":true,"localUser":"alice","maxS":900,"startByS":900}');
        return 'handled';
      }),
    );
    await until('the claim is refused', says('claim not answered with yes'));
    expect(mac.truth().adminLog).toEqual([]);
  });

  it('a claim for another account gives nothing to either', async () => {
    const { mac } = await ordered(({ server: s }) => {
      s.script.localUser = 'itadmin';
    });
    await until('the claim is refused', says('claim reply refused'));
    expect(mac.truth()).toMatchObject({ adminLog: [], admins: ['itadmin', 'root'] });
  });
});

describe('a start that fails half-way is undone', () => {
  it.each([403, 500])('a confirmation answered with %i', async (status) => {
    const { mac, server } = await ordered(({ server: s }) => {
      s.hooks.set('confirm', (call, response) => {
        s.script.order = 'none';
        return problem(status)(call, response);
      });
    });
    await until('it was told', () => server.lastReport()?.admin === false, 15_000, agentLog);
    expect(mac.truth().adminLog.map((change) => change.admin)).toEqual([true, false]);
    await tidy(mac);
    expect(server.lastReport()).toMatchObject({ requestId: REQUEST, localUser: 'alice', standing: false });
  });

  it('a confirmation that arrives while its answer is lost', async () => {
    const { mac, server } = await ordered(({ server: s }) => {
      s.hooks.set('confirm', (_call, response) => {
        s.script.order = 'none';
        response.destroy();
        return 'handled';
      });
    });
    await until('it was told', () => server.lastReport()?.admin === false, 15_000, agentLog);
    expect(isAdmin(mac)).toBe(false);
  });

  it('a daemon that is killed between the flip and the confirmation', async () => {
    const { mac, server } = await ordered(({ server: s }) => {
      s.hooks.set('confirm', () => {
        s.script.order = 'none';
        open?.mac.acts.killDaemon();
        return 'handled';
      });
    });
    await until('the daemon runs again and has told', () => server.lastReport()?.admin === false, 15_000, agentLog);
    expect(mac.truth().adminLog.map((change) => change.admin)).toEqual([true, false]);
    expect(mac.truth().daemonStarts).toBe(2);
    await tidy(mac);
  });

  it('a Mac whose directory refuses to add the user', async () => {
    const { mac, server } = await ordered(({ mac: m }) => {
      m.faults.set({ kind: 'privileges-lies' });
      m.faults.set({ kind: 'dseditgroup-fails' });
    });
    await until('it was told', () => server.lastReport()?.admin === false, 15_000, agentLog);
    expect(called(server, 'confirm')).toEqual([]);
    expect(mac.truth().adminLog).toEqual([]);
    await tidy(mac);
  });

  it('a Mac whose sudoers would not read the drop-in', async () => {
    const { mac, server } = await ordered(({ mac: m }) =>
      writeFileSync(join(m.layout.root, 'private/etc/sudoers'), '%admin ALL=(ALL) ALL\n'),
    );
    await until('it was told', () => server.lastReport()?.admin === false, 15_000, agentLog);
    expect(mac.truth().adminLog).toEqual([]);
  });
});

describe('how the user is made an administrator', () => {
  it('by Privileges when there is a desktop', async () => {
    const { mac } = await ordered(() => undefined);
    await until('alice is an administrator', () => mac.truth().adminLog.length > 0, 15_000, agentLog);
    expect(mac.truth().adminLog[0]?.by).toBe('PrivilegesCLI');
  });

  it('by dseditgroup when PrivilegesCLI says 0 and did nothing', async () => {
    const { mac } = await ordered(({ mac: m }) => m.faults.set({ kind: 'privileges-lies' }));
    await until('alice is an administrator', () => mac.truth().adminLog.length > 0, 15_000, agentLog);
    expect(mac.truth().adminLog[0]?.by).toBe('dseditgroup');
  });

  it('by dseditgroup when somebody else sits at the screen', async () => {
    const { mac } = await ordered(({ mac: m }) => writeFileSync(join(m.layout.mac, 'console'), 'itadmin\n'));
    await until('alice is an administrator', () => mac.truth().adminLog.length > 0, 15_000, agentLog);
    expect(mac.truth().adminLog[0]?.by).toBe('dseditgroup');
  });
});

it('I12: a standing administrator is reported and left alone', async () => {
  open = await bench();
  const { mac, server } = open;
  await mac.acts.makeStandingAdmin('alice');
  server.script.order = 'start';
  await until('it was told', () => server.lastReport()?.standing === true, 15_000, agentLog);
  expect(server.lastReport()).toMatchObject({ admin: true, localUser: 'alice' });
  server.script.order = 'end';
  const before = server.calls.length;
  await until(
    'the end order was answered',
    () => server.calls.slice(before).some((call) => call.path.endsWith('/report')),
    20_000,
    agentLog,
  );
  expect(called(server, 'claim')).toEqual([]);
  expect(isAdmin(mac)).toBe(true);
});

it('of two daemons only one acts', async () => {
  open = await bench();
  const { mac, server } = open;
  await until('the first polls', () => server.calls.length > 0);
  const second = await mac.acts.secondDaemon();
  expect(second).toMatchObject({ ok: false, output: expect.stringContaining('another agent is running') });
  expect(mac.truth().daemonStarts).toBe(1);
});
